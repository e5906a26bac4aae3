//! Tests of the IRC face, against the rules themselves: what sessions ask is decided, and what comes
//! of it is told.

mod login;
pub(super) mod world;

use chinwag_wire::irc::message::Message;
use proptest::prelude::*;

use self::world::World;
use super::command;

/// Words that lines are made of beside the commands: targets, and what stands between.
const WORDS: &[&str] = &[
    "NONSENSE",
    "#tea",
    "#tea,#x",
    "ana",
    "bo",
    "cy",
    "ana,bo",
    "+",
    "-",
    "*",
    ":",
    ":hello",
    ":two words",
    "LS",
    "302",
    "REQ",
    "END",
    ":batch labeled-response echo-message message-tags server-time draft/multiline sasl",
    "+o",
    "-o",
    "+b",
    "+ikl",
    "5",
    "0",
    "PLAIN",
    "SCRAM-SHA-256",
    "amlsbGVz",
    "LATEST",
    "BETWEEN",
    "msgid=1.0",
    "timestamp=2020-01-01T00:00:00.000Z",
    "10",
    "REGISTER",
    "IDENTIFY",
    "secret",
    "+7",
    "-7",
    "draft/multiline",
    "GET",
    "SET",
    "SUB",
    "UNREGISTER",
    "VAPIDPUBKEY",
    "https://push.example/a",
    "p256dh=BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4;auth=BTBZMqHH6r4Tts7J_aSIgg",
    "LIST",
    "avatar",
    "%tcuihsnfdlaor,7",
    "text=hello;in=#tea",
    "\u{1}ACTION",
    "é",
    "ana!*@*",
];

const TAGS: &[&str] = &["", "", "", "@label=l ", "@batch=7 ", "@+typing=active ", "@+a=b;label=m "];

fn line() -> impl Strategy<Value = String> {
    let all: Vec<&str> = command::names().chain(WORDS.iter().copied()).collect();
    let words = prop::collection::vec(prop::sample::select(all), 1..6);
    (prop::sample::select(TAGS), words).prop_map(|(tags, words)| tags.to_owned() + &words.join(" "))
}

proptest! {
    #[test]
    fn whatever_is_typed_is_answered_in_whole_lines_and_the_session_goes_on(
        acts in prop::collection::vec((0..3usize, line()), 0..60)
    ) {
        let mut world = World::new(3);
        for (who, line) in acts {
            world.types(who, &line);
            for who in 0..3 {
                let told = world.take(who);
                prop_assert!(told.is_empty() || told.ends_with("\r\n"), "{told:?}");
                for line in told.split_terminator("\r\n") {
                    let read = Message::parse(line);
                    prop_assert!(read.is_ok(), "{line:?} is {read:?}");
                    let body = line.strip_prefix('@').and_then(|l| l.split_once(' '));
                    let body = body.map_or(line, |(_, body)| body);
                    prop_assert!(body.len() <= 510, "{} bytes: {line}", body.len());
                }
            }
        }
    }

    #[test]
    fn any_bytes_are_answered_or_refused(pieces in prop::collection::vec(any::<Vec<u8>>(), 0..20)) {
        let mut world = World::new(1);
        for piece in pieces {
            world.sends(0, &piece);
        }
    }
}

#[test]
fn a_label_is_on_the_echo_or_on_an_acknowledgement() {
    let mut world = World::new(2);
    world.types(0, "CAP REQ :labeled-response batch message-tags");
    world.types(0, "JOIN #tea");
    world.take(0);
    world.types(0, "@label=a PRIVMSG #tea :hello");
    assert_eq!(world.take(0), "@label=a :srv ACK\r\n");
    world.types(0, "CAP REQ :echo-message");
    world.take(0);
    world.types(0, "@label=b PRIVMSG #tea :hello");
    let echo = world.take(0);
    assert!(
        echo.starts_with("@label=b;msgid=") && echo.ends_with("PRIVMSG #tea :hello\r\n"),
        "{echo}"
    );
    world.types(0, "@label=c PRIVMSG nobody :hello");
    assert_eq!(world.take(0), "@label=c :srv 401 p0 nobody :No such nick\r\n");
}

#[test]
fn who_asks_for_less_is_not_told_who_comes_to_a_crowded_room() {
    let mut world = World::new(3);
    world.types(0, "CAP REQ :no-implicit-names");
    world.types(0, "JOIN #tea");
    world.types(1, "JOIN #tea");
    world.crowded = true;
    (0..3).for_each(|who| drop(world.take(who)));
    world.types(2, "JOIN #tea");
    assert_eq!(world.take(0), "");
    assert_eq!(world.take(1), ":p2!~u@host JOIN #tea\r\n");
}

#[test]
fn what_is_said_while_the_past_is_told_comes_once_and_after_it() {
    // Beyond what is kept back it comes before the past, and nothing is lost either way.
    for (meanwhile, in_order) in [(1, true), (63, true), (64, false), (100, false)] {
        let mut world = World::new(2);
        world.types(0, "JOIN #tea");
        world.types(0, "PRIVMSG #tea :past");
        world.types(1, "CAP REQ :server-time");
        world.slow = true;
        world.types(1, "JOIN #tea");
        assert!(!world.hears(1));
        let mut live = Vec::new();
        for number in 0..meanwhile {
            world.types(0, &format!("PRIVMSG #tea :live{number}"));
            live.push(format!("live{number}"));
        }
        world.read();
        assert!(world.hears(1));
        let told = world.take(1);
        let said: Vec<&str> = told
            .lines()
            .filter_map(|line| line.split_once("PRIVMSG #tea :"))
            .map(|l| l.1)
            .collect();
        let past = said.iter().position(|text| *text == "past");
        assert_eq!(past == Some(0), in_order, "{told}");
        let others: Vec<&str> = said.into_iter().filter(|text| *text != "past").collect();
        assert_eq!((past.is_some(), others), (true, live.iter().map(String::as_str).collect()));
    }
}

#[test]
fn adv_ergo_5_a_request_of_http_brings_nobody_in() {
    let about = super::About {
        session: chinwag_model::id::SessionId { node: chinwag_model::id::NodeId(0), number: 1 },
        host: "host".into(),
        address: "".into(),
        secure: false,
        certificate: None,
    };
    let mut face = super::IrcFace::new(std::sync::Arc::new(world::policy()), about);
    let mut out = crate::output::Output::default();
    for line in ["POST / HTTP/1.1", "Host: srv:6667", "", "NICK eve", "USER e 0 * :e"] {
        face.receive(format!("{line}\r\n").as_bytes());
        assert_eq!(face.next_ask(&mut out), None, "{line}");
    }
    assert!(face.is_finished());
    let said = String::from_utf8(out.bytes).unwrap();
    assert_eq!(said, "ERROR :Closing link: (This is IRC, and that was a request of HTTP)\r\n");
}
