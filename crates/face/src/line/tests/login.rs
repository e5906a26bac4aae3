//! Coming in.

use chinwag_model::intent::{Identity, Intent};
use chinwag_model::name::NewName;
use chinwag_model::outcome::NotStored;
use chinwag_model::query::{Backlog, Query};
use chinwag_model::secret::Verifier;

use super::*;

const WELCOME: &str = "Welcome, Alice. You are new here. Type /help for help.\n";

/// What is seen after the greeting, and whether the connection is to be closed then.
fn come(policy: LinePolicy, typed: &str, replies: &[Reply]) -> (String, bool) {
    let mut stage = Stage::new(policy);
    assert_eq!(stage.take(), "Welcome to chat.example.org.\nUSERNAME: ");
    stage.play(typed, replies.iter().cloned());
    (stage.take(), stage.face.is_finished())
}

fn no_backlog() -> Reply {
    Reply::Answer(Answer::Backlog(Backlog { total: 0, messages: Vec::new(), next: None }))
}

fn right() -> Reply {
    Reply::Checked(Checked::Right(proves(3)))
}

fn wrong() -> Reply {
    Reply::Checked(Checked::Wrong)
}

#[test]
fn a_name_is_new_known_protected_or_refused() {
    let again = |line: &str| format!("{line}\nUSERNAME: ");
    let looks_like = Refusal::LooksLike { wanted: name("A1ice"), existing: name("Alice") };
    let not_stored = Refusal::NotStored(NotStored::DiskFull);
    let online = Refusal::AlreadyOnline(name("Alice"));
    let back = "Welcome back, Alice.\n";
    let (overlong, endless) = ("a".repeat(40), "x".repeat(4097));
    let cases: Vec<(&str, Vec<Reply>, String)> = vec![
        ("Alice", vec![standing(Standing::Free), entered(true)], WELCOME.to_owned()),
        ("Alice", vec![standing(Standing::Open), entered(false), no_backlog()], back.to_owned()),
        (
            "Alice\nsecret",
            vec![standing(Standing::Protected), right(), entered(false), no_backlog()],
            format!("PASSWORD: {back}"),
        ),
        (
            "alice",
            vec![standing(Standing::Open), refused(online)],
            again("<User Alice is already online.>"),
        ),
        (
            "Alice\nsecret",
            vec![
                standing(Standing::Open),
                refused(Refusal::PasswordNeeded(name("Alice"))),
                right(),
                entered(false),
                no_backlog(),
            ],
            format!("PASSWORD: {back}"),
        ),
        ("tea", vec![standing(Standing::Room)], again("<\"tea\" is taken.>")),
        (
            "Tea",
            vec![standing(Standing::Free), refused(Refusal::Taken(name("Tea")))],
            again("<\"Tea\" is taken.>"),
        ),
        (
            "lobby",
            vec![standing(Standing::Room)],
            again("<\"lobby\" is not a name: it is a word of this server.>"),
        ),
        (
            "goodbye",
            vec![standing(Standing::Free)],
            again("<\"goodbye\" is not a name: it is a word of this server.>"),
        ),
        (
            "A1ice",
            vec![standing(Standing::Free), refused(looks_like)],
            again("<\"A1ice\" is not a name: it looks like Alice.>"),
        ),
        ("1bob", vec![], again("<\"1bob\" is not a name: it begins with a digit.>")),
        ("a b", vec![], again("<\"a b\" is not a name: it holds a blank.>")),
        ("a!b", vec![], again("<\"a!b\" is not a name: it holds \"!\".>")),
        (
            &overlong,
            vec![],
            again(&format!(
                "<\"{}…\" is not a name: it has more than 32 characters.>",
                "a".repeat(32)
            )),
        ),
        (
            "Alice",
            vec![standing(Standing::Free), refused(not_stored)],
            again("<Not stored, so not sent: the disk is full.>"),
        ),
        (
            "Alice",
            vec![Reply::Answer(Answer::Unavailable)],
            again("<That cannot be read now. Try again.>"),
        ),
        (&endless, vec![], again("<That line is longer than 4096 bytes. Nothing was sent.>")),
    ];
    for (typed, replies, seen) in cases {
        assert_eq!(come(policy(), &format!("{typed}\n"), &replies), (seen, false), "{typed}");
    }
}

#[test]
fn nothing_but_enter_gives_a_guest_name() {
    let mut stage = Stage::new(policy());
    stage.take();
    let guest = Entered {
        person: card(9, "guest-1"),
        place: place(7),
        guest: true,
        new: true,
        was_online: false,
        rested: None,
        ignores: Vec::new(),
        rooms: Vec::new(),
        flags: Flags::default(),
        away: None,
        real_name: "".into(),
    };
    stage.play("\n", [done(Done::Entered(Box::new(guest)))]);
    assert_eq!(stage.asks, [Ask::Intent(Intent::Enter(Identity::Guest, None))]);
    assert_eq!(stage.take(), "Welcome, guest-1. You are new here. Type /help for help.\n");
    stage.play("/password\n", []);
    assert_eq!(stage.take(), "<Guests have no password. Take a name first with /nick NAME.>\n");
}

#[test]
fn three_wrong_passwords_close_the_connection() {
    let mut stage = Stage::new(policy());
    stage.take();
    stage.play("Alice\n", [standing(Standing::Protected)]);
    for typed in ["a\n", "b\n", "c\nd\n"] {
        assert!(!stage.face.is_finished());
        stage.play(typed, [wrong()]);
    }
    let wrong = "PASSWORD: <Wrong password.>\n";
    assert_eq!((stage.take(), stage.face.is_finished()), (wrong.repeat(3), true));
}

#[test]
fn attack_lines_behind_a_refused_answer_are_no_answer() {
    let online = || refused(Refusal::AlreadyOnline(name("Alice")));
    let taken = "<User Alice is already online.>\n";
    let by_hand = "<This name needs a password. Choose one at the prompt; the lines that followed \
                   the name were not read.>\n";
    let needing = LinePolicy { open_names: false, ..policy() };
    let closed = LinePolicy { guests: false, ..policy() };
    for (policy, typed, replies, seen) in [
        (policy(), "Alice\nbuild\n", vec![standing(Standing::Open), online()], taken),
        (policy(), "Alice\r\nbuild\r\n", vec![standing(Standing::Open), online()], taken),
        (policy(), "Alice\nbuild", vec![standing(Standing::Open), online()], taken),
        (policy(), "Alice\n\nbuild\n", vec![standing(Standing::Open), online()], taken),
        (policy(), "1a\nbuild\n", vec![], "<\"1a\" is not a name: it begins with a digit.>\n"),
        // Nothing was refused.
        (policy(), "Alice\n", vec![standing(Standing::Free), entered(true)], WELCOME),
        (
            policy(),
            "Alice\nthe build\nexit\n",
            vec![standing(Standing::Protected), wrong()],
            "PASSWORD: <Wrong password.>\n",
        ),
        (needing.clone(), "Alice\nthe build\nexit\n", vec![standing(Standing::Free)], by_hand),
        (needing, "Alice\nthe build\nexit\n", vec![standing(Standing::Open)], by_hand),
        (closed, "\nbuild\n", vec![], "<Guests are not welcome here. Give a name.>\n"),
    ] {
        let ends = seen != WELCOME;
        assert_eq!(come(policy, typed, &replies), (seen.to_owned(), ends), "{typed:?}");
    }
}

#[test]
fn attack_a_name_that_cannot_be_read_ends_a_script_too() {
    let long = "x".repeat(4097);
    for (line, said) in [
        (&b"J\xf6rg"[..], "That line is not UTF-8. Nothing was sent."),
        (long.as_bytes(), "That line is longer than 4096 bytes. Nothing was sent."),
    ] {
        for (rest, ends) in [(&b"\n"[..], false), (b"\nbuild\n", true)] {
            let mut stage = Stage::new(policy());
            stage.take();
            stage.face.receive(&[line, rest].concat());
            assert_eq!(stage.face.next_ask(&mut stage.out), None);
            let prompt = if ends { "" } else { "USERNAME: " };
            assert_eq!(stage.take(), format!("<{said}>\n{prompt}"));
            assert_eq!(stage.face.is_finished(), ends);
        }
    }
}

#[test]
fn what_telnet_sends_after_a_refused_name_is_not_text() {
    let online = refused(Refusal::AlreadyOnline(name("Alice")));
    for after in
        [&b""[..], b"\n", b"\r\0", b"\xff\xfb\x1f", b"\xff\xfa\x18\0xterm\xff\xf0", b"\xff\xfd"]
    {
        let mut stage = Stage::new(policy());
        stage.face.receive(&[b"Alice\r\n", after].concat());
        for reply in [standing(Standing::Open), online.clone()] {
            let Some((request, _)) = stage.face.next_ask(&mut stage.out) else { panic!("no ask") };
            stage.give(request, &reply);
        }
        assert!(stage.take().ends_with("<User Alice is already online.>\nUSERNAME: "), "{after:?}");
        assert!(!stage.face.is_finished());
    }
}

#[test]
fn exit_leaves_at_the_prompt_for_a_name() {
    for typed in ["exit", "bye", "logout", "/quit", " exit "] {
        assert_eq!(come(policy(), &format!("{typed}\n"), &[]), (String::new(), true), "{typed}");
    }
    // A password may be any text.
    let replies = [standing(Standing::Protected), wrong()];
    let seen = "PASSWORD: <Wrong password.>\nPASSWORD: ".to_owned();
    assert_eq!(come(policy(), "Alice\nexit\n", &replies), (seen, false));
}

#[test]
fn a_login_that_takes_too_long_is_told_what_was_missing() {
    let mut stage = Stage::new(policy());
    for (typed, replies, said) in [
        ("", vec![], "No name was given in 60 seconds."),
        ("Alice\n", vec![standing(Standing::Protected)], "No password was given in 60 seconds."),
        ("secret\n", vec![], "The login took more than 60 seconds. Try again."),
    ] {
        stage.play(typed, replies);
        stage.take();
        stage.face.too_slow(60, &mut stage.out);
        assert_eq!(stage.take(), format!("\n<{said}>\n"));
    }
}

#[test]
fn too_many_wrong_passwords_close_the_connection() {
    let limited = |why| Reply::Checked(Checked::Limited { why, seconds: 42 });
    assert_eq!(
        come(policy(), "Alice\na\n", &[standing(Standing::Protected), limited(Slowed::Guesses)]),
        ("PASSWORD: <Too many wrong passwords. Try again in 42 seconds.>\n".to_owned(), true)
    );
    let protected = standing(Standing::Protected);
    let busy = "PASSWORD: <The server is busy with other passwords. Try again in 42 seconds.>\n\
                PASSWORD: ";
    assert_eq!(
        come(policy(), "Alice\na\n", &[protected, limited(Slowed::Busy)]),
        (busy.to_owned(), false)
    );
}

#[test]
fn a_server_can_keep_guests_and_new_names_out() {
    for (guests, typed, replies, seen) in [
        (false, "\n", vec![], "<Guests are not welcome here. Give a name.>\nUSERNAME: "),
        (
            true,
            "Alice\n",
            vec![standing(Standing::Free)],
            "<Registration is closed; only known names and guests come in.>\nUSERNAME: ",
        ),
        (
            false,
            "Alice\n",
            vec![standing(Standing::Free)],
            "<Registration is closed; only known names come in.>\nUSERNAME: ",
        ),
    ] {
        let policy = LinePolicy { guests, registration: false, ..policy() };
        assert_eq!(come(policy, typed, &replies), (seen.to_owned(), false));
    }
}

#[test]
fn where_names_need_passwords_the_first_one_is_asked_for() {
    let verifier = Verifier::new("$argon2id$".to_owned());
    let hashed = Reply::Checked(Checked::Hashed(verifier.clone()));
    let new =
        Identity::New { name: NewName::parse("Alice").unwrap(), verifier: Some(verifier.clone()) };
    let known = Identity::Known { name: name("Alice"), verifier: Some(verifier), proof: None };
    for (stands, is_new, identity) in [(Standing::Free, true, new), (Standing::Open, false, known)]
    {
        let mut stage = Stage::new(LinePolicy { open_names: false, ..policy() });
        stage.take();
        stage.play("Alice\n", [standing(stands)]);
        stage.play("\n", []);
        stage.play("secret\n", [hashed.clone(), entered(is_new)]);
        assert!(stage.asks.contains(&Ask::Intent(Intent::Enter(identity, None))));
        let seen = stage.take();
        let prompts = "NEW PASSWORD: <A password has at least 1 character.>\nNEW PASSWORD: Welcome";
        assert!(seen.starts_with(prompts), "{seen}");
    }
}

#[test]
fn who_is_new_or_on_a_second_device_is_told_no_backlog() {
    for (new, was_online, asks) in [(true, false, 2), (false, true, 2), (false, false, 3)] {
        let mut stage = Stage::new(policy());
        let entered = Entered {
            person: alice(),
            place: place(7),
            guest: false,
            new,
            was_online,
            rested: None,
            ignores: Vec::new(),
            rooms: Vec::new(),
            flags: Flags::default(),
            away: None,
            real_name: "".into(),
        };
        stage.play("Alice\n", [standing(Standing::Open), done(Done::Entered(Box::new(entered)))]);
        assert_eq!(stage.asks.len(), asks);
    }
}

#[test]
fn what_came_while_away_is_told_before_what_comes_meanwhile() {
    let mut stage = Stage::new(policy());
    stage.play("Alice\n/rooms\n", [standing(Standing::Open), entered(false)]);
    let request = 3;
    let query = Query::Backlog { upto: place(7), after: None };
    assert_eq!(stage.asks.last(), Some(&Ask::Query(query)));
    stage.take();

    let live = speech(9, bob(), Destination::Person(alice()), "live");
    stage.show(&Event::Said(speech(8, bob(), Destination::Room(lobby()), "meanwhile")));
    assert!(stage.face.held_bytes() > "meanwhile".len());
    stage.show(&Event::Online(alice()));
    stage.show(&Event::Said(live));
    assert_eq!(stage.take(), "<User Alice is online.>\n");
    assert_eq!(stage.out.waited, None);

    let page = |total, seq, said: &str, next| {
        let messages = vec![speech(seq, bob(), Destination::Person(alice()), said)];
        Reply::Answer(Answer::Backlog(Backlog { total, messages, next }))
    };
    stage.give(request, &page(2, 4, "first", Some(place(4))));
    assert_eq!(stage.out.waited, Some(place(4)));
    let Some((request, ask)) = stage.face.next_ask(&mut stage.out) else { panic!("no next page") };
    assert_eq!(ask, Ask::Query(Query::Backlog { upto: place(7), after: Some(place(4)) }));
    stage.give(request, &page(0, 5, "second", None));
    assert_eq!(
        stage.take(),
        "<2 messages while you were away:>\n\
         2026-11-21 14:03:05 <Message from Bob: \"first\">\n\
         2026-11-21 14:03:05 <Message from Bob: \"second\">\n\
         <End of messages.>\n\
         [lobby] Bob: meanwhile\n\
         <Message from Bob: \"live\">\n"
    );
    assert_eq!(stage.out.waited, Some(place(9)));
    assert_eq!(stage.face.held_bytes(), 0);
    assert_eq!(
        stage.face.next_ask(&mut stage.out).map(|(_, ask)| ask),
        Some(Ask::Query(Query::Rooms { after: None }))
    );
}

#[test]
fn a_backlog_that_cannot_be_read_is_said_and_nothing_else_is_lost() {
    for reply in [Reply::Answer(Answer::Unavailable), refused(Refusal::Internal), wrong()] {
        let mut stage = Stage::new(policy());
        stage.play("Alice\n", [standing(Standing::Open), entered(false)]);
        stage.show(&Event::Online(bob()));
        stage.take();
        stage.give(3, &reply);
        assert_eq!(
            stage.take(),
            "<What came while you were away cannot be read now; see /history.>\n\
             <User Bob is online.>\n"
        );
    }
}
