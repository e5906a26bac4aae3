use proptest::prelude::*;

use super::*;

/// A line's parts: tags in order and unescaped, source, command, parameters.
type Parts<'a> = (&'a [(&'a str, &'a str)], &'a str, &'a str, &'a [&'a str]);

/// How lines fall into parts: the facts of `msg-split` in ircdocs' parser tests (CC0,
/// <https://github.com/ircdocs/parser-tests>). Of duplicate tags the table has the last only.
#[rustfmt::skip]
const SPLIT: &[(&str, Parts<'_>)] = &[
    // Words, and a last parameter that may hold anything.
    ("foo bar baz asdf", (&[], "", "foo", &["bar", "baz", "asdf"])),
    (":coolguy foo bar baz asdf", (&[], "coolguy", "foo", &["bar", "baz", "asdf"])),
    ("foo bar baz :asdf quux", (&[], "", "foo", &["bar", "baz", "asdf quux"])),
    ("foo bar baz :", (&[], "", "foo", &["bar", "baz", ""])),
    ("foo bar baz ::asdf", (&[], "", "foo", &["bar", "baz", ":asdf"])),
    (":coolguy foo bar baz :asdf quux", (&[], "coolguy", "foo", &["bar", "baz", "asdf quux"])),
    (":coolguy foo bar baz :  asdf quux ", (&[], "coolguy", "foo", &["bar", "baz", "  asdf quux "])),
    (":coolguy PRIVMSG bar :lol :) ", (&[], "coolguy", "PRIVMSG", &["bar", "lol :) "])),
    (":coolguy foo bar baz :", (&[], "coolguy", "foo", &["bar", "baz", ""])),
    (":coolguy foo bar baz :  ", (&[], "coolguy", "foo", &["bar", "baz", "  "])),
    (":src JOIN #chan", (&[], "src", "JOIN", &["#chan"])),
    (":src JOIN :#chan", (&[], "src", "JOIN", &["#chan"])),
    (":src AWAY", (&[], "src", "AWAY", &[])),
    (":src AWAY ", (&[], "src", "AWAY", &[])),
    ("COMMAND", (&[], "", "COMMAND", &[])),
    (":irc.example.com COMMAND param1 param2 :param3 param3", (&[], "irc.example.com", "COMMAND", &["param1", "param2", "param3 param3"])),
    (":SomeOp MODE #channel :+i", (&[], "SomeOp", "MODE", &["#channel", "+i"])),
    (":SomeOp MODE #channel +oo SomeUser :AnotherUser", (&[], "SomeOp", "MODE", &["#channel", "+oo", "SomeUser", "AnotherUser"])),
    // A tab parts nothing; formatting codes do no harm.
    (":cool\tguy foo bar baz", (&[], "cool\tguy", "foo", &["bar", "baz"])),
    (":coolguy!ag@net\x035w\x03ork.admin PRIVMSG foo :bar baz", (&[], "coolguy!ag@net\x035w\x03ork.admin", "PRIVMSG", &["foo", "bar baz"])),
    (":coolguy!~ag@n\x02et\x0305w\x0fork.admin PRIVMSG foo :bar baz", (&[], "coolguy!~ag@n\x02et\x0305w\x0fork.admin", "PRIVMSG", &["foo", "bar baz"])),
    // Runs of spaces, as some servers send them.
    (":gravel.mozilla.org 432  #momo :Erroneous Nickname: Illegal characters", (&[], "gravel.mozilla.org", "432", &["#momo", "Erroneous Nickname: Illegal characters"])),
    (":gravel.mozilla.org MODE #tckk +n ", (&[], "gravel.mozilla.org", "MODE", &["#tckk", "+n"])),
    (":services.esper.net MODE #foo-bar +o foobar  ", (&[], "services.esper.net", "MODE", &["#foo-bar", "+o", "foobar"])),
    // Tags.
    ("@a=b;c=32;k;rt=ql7 foo", (&[("a", "b"), ("c", "32"), ("k", ""), ("rt", "ql7")], "", "foo", &[])),
    ("@a=b\\\\and\\nk;c=72\\s45;d=gh\\:764 foo", (&[("a", "b\\and\nk"), ("c", "72 45"), ("d", "gh;764")], "", "foo", &[])),
    ("@c;h=;a=b :quux ab cd", (&[("c", ""), ("h", ""), ("a", "b")], "quux", "ab", &["cd"])),
    ("@tag1=value1;tag2;vendor1/tag3=value2;vendor2/tag4= :irc.example.com COMMAND param1 param2 :param3 param3",
        (&[("tag1", "value1"), ("tag2", ""), ("vendor1/tag3", "value2"), ("vendor2/tag4", "")], "irc.example.com", "COMMAND", &["param1", "param2", "param3 param3"])),
    ("@tag1=value1;tag2;vendor1/tag3=value2;vendor2/tag4 COMMAND param1 param2 :param3 param3",
        (&[("tag1", "value1"), ("tag2", ""), ("vendor1/tag3", "value2"), ("vendor2/tag4", "")], "", "COMMAND", &["param1", "param2", "param3 param3"])),
    ("@foo=\\\\\\\\\\:\\\\s\\s\\r\\n COMMAND", (&[("foo", "\\\\;\\s \r\n")], "", "COMMAND", &[])),
    ("@tag1=value\\\\ntest COMMAND", (&[("tag1", "value\\ntest")], "", "COMMAND", &[])),
    ("@tag1=value\\1 COMMAND", (&[("tag1", "value1")], "", "COMMAND", &[])),
    ("@tag1=value1\\ COMMAND", (&[("tag1", "value1")], "", "COMMAND", &[])),
    ("@tag1=1;tag2=3;tag3=4;tag1=5 COMMAND", (&[("tag1", "5"), ("tag2", "3"), ("tag3", "4")], "", "COMMAND", &[])),
    ("@tag1=1;tag2=3;tag3=4;tag1=5;vendor/tag2=8 COMMAND", (&[("tag1", "5"), ("tag2", "3"), ("tag3", "4"), ("vendor/tag2", "8")], "", "COMMAND", &[])),
    // What ircdocs' table has not.
    ("  @a  :src   PING   x  ", (&[("a", "")], "src", "PING", &["x"])),
    ("@;;=x;a=b=c; PING", (&[("a", "b=c")], "", "PING", &[])),
    ("@ PING", (&[], "", "PING", &[])),
    (": PING x", (&[], "", "PING", &["x"])),
    ("c 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 :17 ", (&[], "", "c", &["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15 16 :17 "])),
    ("c 1 2 3 4 5 6 7 8 9 10 11 12 13 14  :15 16", (&[], "", "c", &["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15 16"])),
    ("c 1 2 3 4 5 6 7 8 9 10 11 12 13 14  ", (&[], "", "c", &["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14"])),
];

#[test]
fn lines_fall_into_parts_as_ircdocs_has_it() {
    for (line, (tags, source, command, params)) in SPLIT {
        let message = Message::parse(line).expect(line);
        assert_eq!(message.source().unwrap_or(""), *source, "{line}");
        assert_eq!(message.command(), *command, "{line}");
        assert_eq!(message.params(), *params, "{line}");
        for (key, value) in *tags {
            assert_eq!(message.tag(key).as_deref(), Some(*value), "{line}");
        }
        let unknown = message.tags().find(|(key, _)| !tags.iter().any(|(own, _)| own == key));
        assert_eq!(unknown, None, "{line}");
    }
}

/// How parts become a line: the facts of `msg-join` in ircdocs' parser tests (CC0), where they
/// allow several lines the one that is written here.
#[rustfmt::skip]
const JOIN: &[(Parts<'_>, &str)] = &[
    ((&[], "", "foo", &["bar", "baz", "asdf"]), "foo bar baz asdf"),
    ((&[], "src", "AWAY", &[]), ":src AWAY"),
    ((&[], "src", "AWAY", &[""]), ":src AWAY :"),
    ((&[], "coolguy", "foo", &["bar", "baz", "asdf"]), ":coolguy foo bar baz asdf"),
    ((&[], "", "foo", &["bar", "baz", "asdf quux"]), "foo bar baz :asdf quux"),
    ((&[], "", "foo", &["bar", "baz", ""]), "foo bar baz :"),
    ((&[], "", "foo", &["bar", "baz", ":asdf"]), "foo bar baz ::asdf"),
    ((&[], "coolguy", "foo", &["bar", "baz", "asdf quux"]), ":coolguy foo bar baz :asdf quux"),
    ((&[], "coolguy", "foo", &["bar", "baz", "  asdf quux "]), ":coolguy foo bar baz :  asdf quux "),
    ((&[], "coolguy", "PRIVMSG", &["bar", "lol :) "]), ":coolguy PRIVMSG bar :lol :) "),
    ((&[], "coolguy", "foo", &["bar", "baz", ""]), ":coolguy foo bar baz :"),
    ((&[], "coolguy", "foo", &["bar", "baz", "  "]), ":coolguy foo bar baz :  "),
    ((&[], "coolguy", "foo", &["b\tar", "baz"]), ":coolguy foo b\tar baz"),
    ((&[("asd", "")], "coolguy", "foo", &["bar", "baz", "  "]), "@asd :coolguy foo bar baz :  "),
    ((&[("a", "b\\and\nk"), ("d", "gh;764")], "", "foo", &[]), "@a=b\\\\and\\nk;d=gh\\:764 foo"),
    ((&[("a", "b\\and\nk"), ("d", "gh;764")], "", "foo", &["par1", "par2"]), "@a=b\\\\and\\nk;d=gh\\:764 foo par1 par2"),
    ((&[("foo", "\\\\;\\s \r\n")], "", "COMMAND", &[]), "@foo=\\\\\\\\\\:\\\\s\\s\\r\\n COMMAND"),
];

fn print(parts: &Parts<'_>) -> String {
    let (tags, source, command, params) = parts;
    let mut out = Vec::new();
    let mut line = LineWriter::new(&mut out);
    for (key, value) in *tags {
        line = line.tag(key, Some(value));
    }
    let mut line = line.source(source).command(command);
    for param in *params {
        line = line.param(param);
    }
    line.end();
    let text = String::from_utf8(out).expect("text stays text");
    text.strip_suffix("\r\n").expect("a line ends with CR LF").to_owned()
}

#[test]
fn parts_become_lines_as_ircdocs_has_it() {
    for (parts, line) in JOIN {
        assert_eq!(print(parts), *line);
    }
}

#[test]
fn what_is_no_message_says_why() {
    for (line, why) in [
        ("", BadMessage::NoCommand),
        ("   ", BadMessage::NoCommand),
        ("@a=b", BadMessage::NoCommand),
        ("@a=b :src ", BadMessage::NoCommand),
        (":src", BadMessage::NoCommand),
        ("PING a\rb", BadMessage::Control),
        ("PING\n", BadMessage::Control),
        ("PING a\0", BadMessage::Control),
    ] {
        assert_eq!(Message::parse(line), Err(why), "{line:?}");
    }
}

#[test]
fn a_tag_value_is_unescaped_once() {
    for (raw, value) in [
        ("", ""),
        ("a", "a"),
        ("\\\\s", "\\s"),
        ("\\s\\", " "),
        ("\\é\\:", "é;"),
        ("\\\\\\n", "\\\n"),
    ] {
        assert_eq!(unescape(raw), value, "{raw:?}");
    }
    assert!(matches!(unescape("plain"), Cow::Borrowed(_)), "what needs no copy is not copied");
}

#[test]
fn tag_keys_are_known() {
    for key in ["a", "+a", "msgid", "draft/reply", "+draft/reply", "example.com/a-b", "+1"] {
        assert!(is_tag_key(key), "{key:?}");
    }
    for key in ["", "+", "/", "a/", "/a", "++a", "a b", "a=b", "a;b", "a_b", "a.b", "a/b/c", "é"] {
        assert!(!is_tag_key(key), "{key:?}");
    }
}

#[test]
fn lines_are_written_with_tags_masks_and_numerics() {
    let mut out = b"before\r\n".to_vec();
    LineWriter::new(&mut out)
        .tag("time", Some("2024-01-01T00:00:00.000Z"))
        .raw_tag("+a", "x\\sy\\")
        .tag("no key", Some("x"))
        .tag("bot", None)
        .source_mask("ana", "~a", "host")
        .command("PRIVMSG")
        .param("#tea")
        .trailing("hello")
        .end();
    LineWriter::new(&mut out).source("irc.example").numeric(1).param("ana").trailing("").end();
    LineWriter::new(&mut out).tag("bot", None).command("PING").param("x").end();
    let text = "before\r\n\
        @time=2024-01-01T00:00:00.000Z;+a=x\\sy;bot :ana!~a@host PRIVMSG #tea :hello\r\n\
        :irc.example 001 ana :\r\n\
        @bot PING x\r\n";
    assert_eq!(String::from_utf8_lossy(&out), text);
}

#[test]
fn what_can_only_be_last_is_made_plain_when_another_follows() {
    for (params, line) in [
        (&["", "x"][..], "C _ x"),
        (&[":a b", "x"], "C _a_b x"),
        (&[" ", "", ":"], "C _ _ ::"),
        (&["a\r\nb\0", "c\rd e"], "C ab :cd e"),
        (&["\r\n", "\0"], "C _ :"),
    ] {
        assert_eq!(print(&(&[], "", "C", params)), line);
    }
    let mut out = Vec::new();
    LineWriter::new(&mut out).command("C").trailing("a").trailing("b c").param("d").end();
    assert_eq!(out, b"C a b_c d\r\n");
}

#[test]
fn a_source_stays_one_word() {
    assert_eq!(print(&(&[], " a b\r\n", "C", &[])), ":ab C");
    assert_eq!(print(&(&[], " ", "C", &[])), "C");
    assert_eq!(print(&(&[], "::", "C", &[])), "::: C");
}

#[test]
fn parameters_beyond_the_fifteenth_are_not_written() {
    let params = ["p"; 20];
    assert_eq!(print(&(&[], "", "C", &params)), format!("C{}", " p".repeat(15)));
}

#[test]
fn a_text_is_cut_at_a_character_to_fit() {
    for (body_bytes_max, text) in
        [(0, ""), (10, ""), (11, "a"), (12, "a"), (13, "aé"), (100, "aéb")]
    {
        let mut out = b"x".to_vec();
        LineWriter::new(&mut out)
            .tag("t", None)
            .source("s")
            .command("C")
            .param("p")
            .trailing_within("aéb", body_bytes_max)
            .end();
        assert_eq!(String::from_utf8_lossy(&out), format!("x@t :s C p :{text}\r\n"));
        assert!(body_bytes_max < 10 || out.len() <= "x@t ".len() + body_bytes_max);
    }
}

/// Text in which what matters to the codec is frequent.
fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[ :;@=\\\\\r\n\0aé,]{0,12}", "\\PC{0,12}", any::<String>()]
}

fn cleaned(text: &str) -> String {
    text.replace(['\r', '\n', '\0'], "")
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(line in text()) {
        if let Ok(message) = Message::parse(&line) {
            prop_assert!(message.params().len() <= PARAMS_MAX);
            for (key, raw) in message.tags() {
                prop_assert!(message.tag(key).is_some());
                prop_assert!(unescape(raw).len() <= raw.len());
            }
        }
    }

    #[test]
    fn what_is_read_and_written_is_read_again_as_the_same(
        head in "(@([+a]?[a=;\\\\:é]){0,9} +)?(: {1,2}|:[a:!@]{1,9} +)? ?([a-z]{1,9}|[0-9]{3})",
        tail in "( [ :aé]{0,4}){0,20}",
    ) {
        let line = head + &tail;
        let message = Message::parse(&line).expect(&line);
        let tags: Vec<_> = message
            .tags()
            .filter(|(key, _)| is_tag_key(key))
            .map(|(key, raw)| (key, unescape(raw).into_owned()))
            .collect();
        let tags: Vec<_> = tags.iter().map(|(key, value)| (*key, &**value)).collect();
        let source = message.source().unwrap_or("");
        let again = print(&(&tags, source, message.command(), message.params()));
        let read = Message::parse(&again).expect(&again);
        prop_assert_eq!(read.source(), message.source());
        prop_assert_eq!(read.command(), message.command());
        prop_assert_eq!(read.params(), message.params());
        let read_tags: Vec<_> = read.tags().map(|(key, raw)| (key, unescape(raw))).collect();
        let read_tags: Vec<_> = read_tags.iter().map(|(key, value)| (*key, &**value)).collect();
        prop_assert_eq!(read_tags, tags);
    }

    #[test]
    fn whatever_is_written_is_one_line_with_these_parts(
        tags in prop::collection::vec(("[+a/.; é]{0,4}", text()), 0..4),
        source in text(),
        params in prop::collection::vec(text(), 0..18),
    ) {
        let tags: Vec<_> = tags.iter().map(|(key, value)| (&**key, &**value)).collect();
        let params: Vec<_> = params.iter().map(|param| &**param).collect();
        let line = print(&(&tags, &source, "CMD", &params));
        let message = Message::parse(&line).expect("what is written is read");
        prop_assert_eq!(message.command(), "CMD");
        prop_assert_eq!(message.source().unwrap_or(""), cleaned(&source).replace(' ', ""));
        let kept = params.get(..PARAMS_MAX).unwrap_or(&params);
        prop_assert_eq!(message.params().len(), kept.len());
        for (number, (read, given)) in (1..).zip(message.params().iter().zip(kept)) {
            let given = cleaned(given);
            let stands_last = given.is_empty() || given.contains(' ') || given.starts_with(':');
            if number == kept.len() || !stands_last {
                prop_assert_eq!(*read, given);
            }
        }
        let read: Vec<_> = message.tags().map(|(key, raw)| (key, unescape(raw).into_owned())).collect();
        let given = tags.iter().filter(|(key, _)| is_tag_key(key));
        let given: Vec<_> = given.map(|(key, value)| (*key, value.replace('\0', ""))).collect();
        prop_assert_eq!(read, given);
    }

    #[test]
    fn a_value_that_is_escaped_and_unescaped_is_the_same(value in text()) {
        let mut raw = Vec::new();
        escape_into(&value, &mut raw);
        let raw = String::from_utf8(raw).expect("text stays text");
        prop_assert!(!raw.contains([' ', ';', '\r', '\n', '\0']));
        prop_assert_eq!(unescape(&raw), value.replace('\0', ""));
    }
}
