use proptest::prelude::*;

use super::*;

/// Everything a reader gives of these pieces, and its telnet replies, as text.
fn read_all(max: usize, pieces: &[&[u8]]) -> (Vec<String>, Vec<u8>) {
    let mut reader = LineReader::new(max);
    let mut seen = Vec::new();
    let mut replies = Vec::new();
    for bytes in pieces {
        reader.push(bytes);
        assert!(reader.buffered() <= max + bytes.len());
        while let Some(piece) = reader.next() {
            seen.push(format!("{piece:?}"));
        }
        assert!(reader.buffered() <= max);
        reader.take_replies(&mut replies);
    }
    reader.end_line();
    while let Some(piece) = reader.next() {
        seen.push(format!("{piece:?}"));
    }
    (seen, replies)
}

#[test]
fn lines_end_as_nc_and_telnet_end_them() {
    for (bytes, lines) in [
        (&b"a\nb\r\nc\r\0d"[..], &["a", "b", "c", "d"][..]),
        (b"\n\r\n", &["", ""]),
        (b"a\rb\0c\n", &["abc"]),
        (b"a\r\rb\n", &["ab"]),
        (b"12345\n", &["12345"]),
        (b"", &[]),
    ] {
        let seen: Vec<_> = lines.iter().map(|l| format!("{:?}", Piece::Line(l))).collect();
        assert_eq!(read_all(5, &[bytes]).0, seen, "{bytes:?}");
    }
}

#[test]
fn a_line_that_is_too_long_is_said_once_and_skipped() {
    assert_eq!(
        read_all(5, &[b"1234567", b"89\nok\n123456\n"]).0,
        ["TooLong", "Line(\"ok\")", "TooLong"]
    );
}

#[test]
fn a_line_that_is_not_utf_8_is_said() {
    assert_eq!(read_all(9, &[b"\xc3(\nok\n\xff\xff\n"]).0, ["NotUtf8", "Line(\"ok\")", "NotUtf8"]);
}

#[test]
fn what_telnet_sends_for_itself_is_no_text_and_is_refused_once() {
    let (seen, replies) = read_all(
        20,
        &[b"a\xff\xfb\x1fb\xff\xfd\x01c\xff\xfb\x1f\xff\xfa\x18\0x\xff\xf0d\xff\xf6\xff\xf4\r\n"],
    );
    assert_eq!(seen, ["Telnet(AreYouThere)", "Telnet(Interrupt)", "Line(\"abcd\")"]);
    assert_eq!(replies, b"\xff\xfe\x1f\xff\xfc\x01");
}

#[test]
fn telnet_erases_characters_and_lines() {
    assert_eq!(
        read_all(20, &["gone\u{ff}".as_bytes(), b"\xff\xf8a\xc3\xa9\xff\xf7b\n"]).0,
        ["Line(\"ab\")"]
    );
}

#[test]
fn only_telnet_is_asked_to_hide_what_is_typed() {
    for (bytes, told) in [
        (&b"ana\n"[..], &b""[..]),
        (b"an\ra\n", b""),
        (b"ana\r\n", b"\xff\xfb\x01\xff\xfc\x01"),
        (b"ana\r\0", b"\xff\xfb\x01\xff\xfc\x01"),
        (b"\xff\xf1ana\n", b"\xff\xfb\x01\xff\xfc\x01"),
    ] {
        let mut reader = LineReader::new(20);
        reader.push(bytes);
        while reader.next().is_some() {}
        reader.hide_input();
        reader.show_input();
        let mut replies = Vec::new();
        reader.take_replies(&mut replies);
        assert_eq!(replies, told);
    }
}

#[test]
fn who_is_known_for_telnet_while_input_is_hidden_is_asked_then() {
    let mut reader = LineReader::new(20);
    let mut replies = Vec::new();
    reader.hide_input();
    reader.take_replies(&mut replies);
    assert_eq!(replies, b"");
    reader.push(b"\xff\xf1");
    assert_eq!(reader.next(), None);
    reader.take_replies(&mut replies);
    assert_eq!(replies, b"\xff\xfb\x01");
}

#[test]
fn a_telnet_client_that_agrees_to_hide_input_is_not_answered() {
    let mut reader = LineReader::new(20);
    reader.push(b"ana\r\n");
    assert_eq!(reader.next(), Some(Piece::Line("ana")));
    reader.hide_input();
    reader.push(b"\xff\xfd\x01secret\r\n");
    assert_eq!(reader.next(), Some(Piece::Line("secret")));
    reader.show_input();
    reader.push(b"\xff\xfe\x01");
    assert_eq!(reader.next(), None);
    let mut replies = Vec::new();
    reader.take_replies(&mut replies);
    assert_eq!(replies, b"\xff\xfb\x01\xff\xfc\x01");
}

#[test]
fn what_has_no_line_end_can_be_ended() {
    for (pieces, lines) in [
        (&[&b"a"[..], b"b\nc"][..], &["Line(\"a\")", "Line(\"b\")", "Line(\"c\")"][..]),
        (&[b"a\n", b"b\r\n", b"c\r\0"], &["Line(\"a\")", "Line(\"b\")", "Line(\"c\")"]),
        (&[b"a\r", b"b\xff", b"\xf1c"], &["Line(\"a\")", "Line(\"b\")", "Line(\"c\")"]),
        (&[b"123456", b"78", b"ok"], &["TooLong", "Line(\"78\")", "Line(\"ok\")"]),
        (&[b"\xff\xf1", b"\0", b""], &[]),
    ] {
        // Whether each piece is read before the next one comes, or all are read at the end.
        for at_once in [true, false] {
            let mut reader = LineReader::new(5);
            let mut seen = Vec::new();
            for bytes in pieces {
                reader.push(bytes);
                reader.end_line();
                assert!(!reader.has_partial(), "{bytes:?}");
                while at_once && let Some(piece) = reader.next() {
                    seen.push(format!("{piece:?}"));
                }
            }
            while let Some(piece) = reader.next() {
                seen.push(format!("{piece:?}"));
            }
            assert_eq!(seen, lines, "{pieces:?} {at_once}");
        }
    }
}

#[test]
fn what_has_no_line_end_is_partial() {
    for (bytes, partial) in
        [(&b""[..], false), (b"a", true), (b"a\n", false), (b"a\r\0", false), (b"123456", true)]
    {
        let mut reader = LineReader::new(5);
        reader.push(bytes);
        assert_eq!(reader.has_partial(), partial, "{bytes:?}");
        while reader.next().is_some() {}
        assert_eq!(reader.has_partial(), partial, "{bytes:?}");
    }
}

#[test]
fn text_that_came_behind_a_line_is_told_from_ends_and_commands() {
    for (behind, text) in [
        (&b""[..], false),
        (b"\n\r\n\r\0", false),
        (b"\xff\xf1\xff\xfb\x01\n", false),
        (b"\xff\xfa\x18xterm\xff\xf0", false),
        (b"\xff\xfax", false),
        (b"\xff", false),
        (b"\n\nx", true),
        (b" ", true),
        (b"\xff\xff", true),
        (b"\xff\xf1x", true),
    ] {
        let mut reader = LineReader::new(5);
        reader.push(&[b"line\n", behind].concat());
        assert!(matches!(reader.next(), Some(Piece::Line(_))));
        assert_eq!(reader.has_text(), text, "{behind:?}");
        // The rest of a line that is too long is no text of its own.
        let mut reader = LineReader::new(5);
        reader.push(&[b"overlong\n", behind].concat());
        assert!(matches!(reader.next(), Some(Piece::TooLong)));
        assert_eq!(reader.has_text(), text, "{behind:?}");
    }
}

#[test]
fn who_is_read_slowly_takes_no_more_memory_for_it() {
    let mut reader = LineReader::new(20);
    reader.push(b"one\ntwo\n");
    for _ in 0..10_000 {
        reader.push(b"next\n");
        assert!(matches!(reader.next(), Some(Piece::Line(_))));
    }
    assert!(reader.buffer.capacity() < 100);
}

#[test]
fn a_subnegotiation_that_never_ends_ends() {
    let mut bytes = b"\xff\xfa".to_vec();
    bytes.extend([b'x'; 5000]);
    bytes.extend(b"\nok\n");
    assert!(read_all(9, &[&bytes]).0.contains(&"Line(\"ok\")".to_owned()));
}

/// Bytes that are often the ones that matter.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        Just(b'\n'),
        Just(b'\r'),
        Just(0),
        Just(IAC),
        0xf0u8..=0xff,
        any::<u8>(),
        b'a'..=b'c',
    ];
    prop::collection::vec(byte, 0..200)
}

/// Lines cut the plain way, of bytes that hold no telnet command and are read at once.
fn lines_cut_plainly(bytes: &[u8], max: usize) -> Vec<String> {
    let mut text = bytes.to_vec();
    for (from, to) in [("\r\0", "\n"), ("\r\n", "\n")] {
        let mut at = 0;
        while let Some(next) = text.get(at..at + 2) {
            if next == from.as_bytes() {
                text.splice(at..at + 2, to.bytes());
            }
            at += 1;
        }
    }
    let mut lines: Vec<Vec<u8>> = text.split(|b| *b == b'\n').map(<[u8]>::to_vec).collect();
    lines.iter_mut().for_each(|line| line.retain(|b| !matches!(b, b'\r' | 0)));
    if lines.last().is_some_and(Vec::is_empty) {
        lines.pop();
    }
    let piece = |line: &Vec<u8>| match std::str::from_utf8(line) {
        _ if line.len() > max => format!("{:?}", Piece::TooLong),
        Ok(line) => format!("{:?}", Piece::Line(line)),
        Err(_) => format!("{:?}", Piece::NotUtf8),
    };
    lines.iter().map(piece).collect()
}

proptest! {
    #[test]
    fn lines_are_cut_as_the_plain_way_cuts_them(mut bytes in hostile()) {
        bytes.retain(|b| *b != IAC);
        prop_assert_eq!(read_all(8, &[&bytes]).0, lines_cut_plainly(&bytes, 8));
    }

    #[test]
    fn chunking_changes_nothing(bytes in hostile(), cuts in prop::collection::vec(0usize..200, 0..9)) {
        let mut cuts: Vec<_> = cuts.into_iter().map(|c| c.min(bytes.len())).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let pieces: Vec<&[u8]> = cuts.windows(2).map(|w| &bytes[w[0]..w[1]]).collect();
        prop_assert_eq!(read_all(8, &pieces), read_all(8, &[&bytes]));
    }

    #[test]
    fn silence_holds_no_memory(bytes in hostile()) {
        let mut reader = LineReader::new(8);
        reader.push(&bytes);
        while reader.next().is_some() {}
        reader.end_line();
        while reader.next().is_some() {}
        prop_assert_eq!(reader.buffered(), 0);
        prop_assert_eq!(reader.buffer.capacity(), 0);
    }
}
