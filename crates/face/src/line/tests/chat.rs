//! What can be typed, what it asks for, and what is seen of it.

use chinwag_model::ask::{Ask, Slowed};
use chinwag_model::id::{NodeId, SessionId};
use chinwag_model::intent::{Intent, Target};
use chinwag_model::message::Subject;
use chinwag_model::name::NewName;
use chinwag_model::outcome::{NotStored, PasswordSet, RoomNo, Unheard};
use chinwag_model::push::Endpoint;
use chinwag_model::query::{Client, GroupRow, Page, Query, RoomRow};
use chinwag_model::secret::{Secret, Verifier};

use super::*;

fn say(to: Target, manner: Manner, said: &str) -> Ask {
    Ask::Intent(Intent::say(to, manner, text(said)))
}

fn page<Row, Cursor>(rows: Vec<Row>) -> Page<Row, Cursor> {
    Page { rows, next: None }
}

fn answer(answer: Answer) -> Reply {
    Reply::Answer(answer)
}

#[test]
fn each_line_leads_to_what_the_contract_says() {
    let lobby = || Target::Room(RoomId::LOBBY);
    let new = |text| NewName::parse(text).unwrap();
    let intent = Ask::Intent;
    let query = Ask::Query;
    let cases = [
        ("hello", say(lobby(), Manner::Speech, "hello")),
        ("/say bye", say(lobby(), Manner::Speech, "bye")),
        ("/me waves", say(lobby(), Manner::Action, "waves")),
        ("https://example.org", say(lobby(), Manner::Speech, "https://example.org")),
        ("Bob: hello", say(Target::Either(name("Bob")), Manner::Speech, "hello")),
        ("lobby: hello", say(Target::Either(name("lobby")), Manner::Speech, "hello")),
        ("chat Bob \"hello\"", say(Target::Called(name("Bob")), Manner::Speech, "hello")),
        ("broad: hello", say(Target::Everyone, Manner::Speech, "hello")),
        (
            "mk_grp:grp1:Bob:Carol",
            intent(Intent::MakeGroup {
                name: new("grp1"),
                named: vec![name("Bob"), name("Carol")],
            }),
        ),
        ("get_users", query(Query::People { after: None })),
        ("LIST", query(Query::Clients { after: 0 })),
        ("/rooms", query(Query::Rooms { after: None })),
        ("/groups", query(Query::Groups { after: None })),
        ("/who", query(Query::Present { room: RoomId::LOBBY, after: None })),
        ("/who tea", query(Query::Room(name("tea")))),
        ("/room tea", query(Query::OwnRoom(name("tea")))),
        ("/join tea", intent(Intent::Join { room: name("tea"), new: Some(new("tea")) })),
        ("/join lobby", intent(Intent::Join { room: name("lobby"), new: None })),
        ("/leave", intent(Intent::Leave(RoomId::LOBBY))),
        ("/leave tea", query(Query::OwnRoom(name("tea")))),
        ("/topic", query(Query::Topic(RoomId::LOBBY))),
        (
            "/topic so it is",
            intent(Intent::SetTopic { room: RoomId::LOBBY, topic: Some(text("so it is")) }),
        ),
        ("/invite Bob", intent(Intent::Invite { who: name("Bob"), room: RoomId::LOBBY })),
        ("/invite Bob tea", query(Query::OwnRoom(name("tea")))),
        ("/history", query(Query::RoomHistory { room: RoomId::LOBBY, limit: 20 })),
        ("/history 999", query(Query::RoomHistory { room: RoomId::LOBBY, limit: 200 })),
        ("/history 0", query(Query::RoomHistory { room: RoomId::LOBBY, limit: 1 })),
        ("/history Bob 5", query(Query::History { of: name("Bob"), limit: 5 })),
        ("/history broadcast", query(Query::BroadcastHistory { limit: 20 })),
        (
            "/search two words",
            query(Query::Search {
                words: "two words".to_owned(),
                filter: Box::default(),
                limit: 50,
            }),
        ),
        ("/nick Ally", intent(Intent::Rename(new("Ally")))),
        ("/away", intent(Intent::SetAway(None))),
        ("/away lunch", intent(Intent::SetAway(Some(text("lunch"))))),
        ("/ignore Bob", intent(Intent::Ignore { who: name("Bob"), on: true })),
        ("/unignore Bob", intent(Intent::Ignore { who: name("Bob"), on: false })),
        ("/password", query(Query::Standing(name("Alice")))),
        ("bye", intent(Intent::Exit { delivered: None, reason: None })),
    ];
    for (typed, ask) in cases {
        let mut stage = Stage::alice();
        stage.play(&format!("{typed}\n"), []);
        assert_eq!(stage.asks, [ask], "{typed}");
        assert_eq!(stage.take(), "", "{typed}");
    }
}

#[test]
fn what_cannot_be_is_said_without_asking() {
    let crowd = format!("mk_grp:grp1{}", ":Bob".repeat(40));
    let cases = [
        ("", ""),
        ("   ", ""),
        ("/foo", "</foo is not a command. Type /help.>\n"),
        ("/join", "<Usage: /join ROOM>\n"),
        ("/join g!1", "<\"g!1\" is not a name: it holds \"!\".>\n"),
        ("/room a!b", "<You are not in a!b.>\n"),
        ("chat a!b \"hi\"", "<User a!b does not exist.>\n"),
        ("/ignore a!b", "<User a!b does not exist.>\n"),
        ("/history a!b", "<No room, group or user is called \"a!b\".>\n"),
        ("/nick 1x", "<\"1x\" is not a name: it begins with a digit.>\n"),
        (&crowd, "<A group has at most 32 named members; you named 40. No group was made.>\n"),
        ("mk_grp:g 1:Bob", "<\"g 1\" is not a name: it holds a blank. No group was made.>\n"),
        ("mk_grp:grp1:a!b", "<User a!b does not exist. No group was made.>\n"),
    ];
    for (typed, seen) in cases {
        let mut stage = Stage::alice();
        stage.play(&format!("{typed}\n"), []);
        assert_eq!((stage.take().as_str(), stage.asks.len()), (seen, 0), "{typed}");
    }
}

#[test]
fn what_cannot_be_read_is_said() {
    let mut stage = Stage::alice();
    stage.face.receive(b"\xc3(\n");
    stage.face.receive(&[b'x'; 5000]);
    stage.face.receive(b"\nhello\n");
    stage.play("", [said()]);
    assert_eq!(
        stage.take(),
        "<That line is not UTF-8. Nothing was sent.>\n\
         <That line is longer than 4096 bytes. Nothing was sent.>\n"
    );
    assert_eq!(stage.asks.len(), 1);
}

#[test]
fn what_became_of_a_request_is_told() {
    let members = vec![name("Alice"), name("Bob"), name("Carol")];
    let away = Unheard::Away(bob(), text("lunch"));
    let here = |rows| answer(Answer::Present(page(rows)));
    let in_tea = || answer(Answer::Room(Some(tea())));
    let nowhere = || answer(Answer::Room(None));
    let cases: Vec<(&str, Vec<Reply>, &str)> = vec![
        ("hello", vec![said()], ""),
        (
            "Bob: hi",
            vec![done(Done::Said(Some(Unheard::Offline(bob()))))],
            "<User Bob is offline and will see it on the next login.>\n",
        ),
        ("Bob: hi", vec![done(Done::Said(Some(away)))], "<User Bob is away: lunch>\n"),
        (
            "note: milk",
            vec![refused(Refusal::NoSuchTarget(name("note")))],
            "<No user or group is called \"note\". Nothing was sent; to say it to the room, use \
             /say.>\n",
        ),
        (
            "chat Bob \"hi\"",
            vec![refused(Refusal::NoSuchPerson(name("Bob")))],
            "<User Bob does not exist.>\n",
        ),
        (
            "hello",
            vec![refused(Refusal::NotStored(NotStored::Stopping))],
            "<Not stored, so not sent: the server is stopping.>\n",
        ),
        (
            "hello",
            vec![refused(Refusal::NotInRoom)],
            "<You are no longer in lobby. Nothing was sent; choose where to talk with /room lobby or \
             /join ROOM.>\n",
        ),
        (
            "hello",
            vec![refused(Refusal::Internal)],
            "<That failed in the server; nothing was changed.>\n",
        ),
        (
            "mk_grp:grp1:Bob:Carol",
            vec![done(Done::GroupMade(grp1(), members))],
            "<Group grp1: Alice, Bob, Carol.>\n",
        ),
        (
            "mk_grp:grp1:Dora",
            vec![refused(Refusal::NoSuchPerson(name("Dora")))],
            "<User Dora does not exist. No group was made.>\n",
        ),
        (
            "mk_grp:grp1:Bob",
            vec![refused(Refusal::Taken(name("grp1")))],
            "<\"grp1\" is taken. No group was made.>\n",
        ),
        (
            "mk_grp:Bob:Bob",
            vec![refused(Refusal::TakenByPerson(name("Bob")))],
            "<\"Bob\" is taken. No group was made.>\n",
        ),
        (
            "mk_grp:grp1:Bob",
            vec![refused(Refusal::NotStored(NotStored::StoreFailed))],
            "<Not stored, so not sent: the store failed.>\n",
        ),
        (
            "/join tea",
            vec![done(Done::Joined(tea())), here(vec![(name("Alice"), None), (name("Bob"), None)])],
            "<You are in tea: Alice, Bob.>\n",
        ),
        (
            "/join Bob",
            vec![refused(Refusal::TakenByPerson(name("Bob")))],
            "<\"Bob\" is taken by a person.>\n",
        ),
        ("/join grp1", vec![refused(Refusal::Taken(name("grp1")))], "<\"grp1\" is taken.>\n"),
        (
            "/join exit",
            vec![refused(Refusal::NotTakeable(name("exit")))],
            "<\"exit\" is not a name: it is a word of this server.>\n",
        ),
        ("/leave tea", vec![in_tea(), done(Done::Left(tea()))], "<You left tea.>\n"),
        ("/leave tea", vec![nowhere()], "<You are not in tea.>\n"),
        ("/leave", vec![refused(Refusal::LobbyIsForEver)], "<Everyone is in lobby.>\n"),
        ("/room nowhere", vec![nowhere()], "<You are not in nowhere.>\n"),
        ("/room TEA", vec![in_tea()], "<You are talking in tea.>\n"),
        ("/who nowhere", vec![nowhere()], "<You are not in nowhere.>\n"),
        (
            "/who tea",
            vec![in_tea(), here(vec![(name("Alice"), None), (name("Bob"), Some(text("lunch")))])],
            "Alice\nBob (away: lunch)\n",
        ),
        ("/topic", vec![answer(Answer::Topic(None))], "<lobby has no topic.>\n"),
        ("/topic", vec![answer(Answer::Topic(Some(text("so"))))], "<Topic of lobby: so>\n"),
        ("/topic so", vec![done(Done::TopicSet)], ""),
        (
            "/invite Bob tea",
            vec![in_tea(), done(Done::Invited(bob(), tea()))],
            "<You invited Bob to tea.>\n",
        ),
        (
            "/invite Bob grp1",
            vec![answer(Answer::Room(Some(grp1()))), done(Done::Added(bob(), grp1()))],
            "<Bob is now in group grp1.>\n",
        ),
        ("/invite Bob tea", vec![nowhere()], "<You are not in tea.>\n"),
        (
            "/invite Bob",
            vec![refused(Refusal::Room(lobby(), RoomNo::AlreadyThere(bob())))],
            "<Bob is already in lobby.>\n",
        ),
        ("/nick Ally", vec![done(Done::Renamed(card(1, "Ally")))], "<You are now called Ally.>\n"),
        ("/nick bob", vec![refused(Refusal::Taken(name("bob")))], "<\"bob\" is taken.>\n"),
        ("/away lunch", vec![done(Done::Away(Some(text("lunch"))))], "<You are away: lunch>\n"),
        ("/away", vec![done(Done::Away(None))], "<You are back.>\n"),
        ("/ignore Bob", vec![done(Done::Ignoring(bob(), true))], "<You no longer see Bob.>\n"),
        ("/unignore Bob", vec![done(Done::Ignoring(bob(), false))], "<You see Bob again.>\n"),
        (
            "get_users",
            vec![answer(Answer::People(page(vec![(name("Alice"), true), (name("Bob"), false)])))],
            "o Alice\nx Bob\n",
        ),
        (
            "LIST",
            vec![answer(Answer::Clients(page(vec![Client {
                index: 1,
                name: name("Alice"),
                session: SessionId { node: NodeId(0), number: 12 },
            }])))],
            "Client 1 is Alice at socket 12.\n",
        ),
        (
            "/rooms",
            vec![answer(Answer::Rooms(page(vec![
                RoomRow { name: name("lobby"), members: 2, topic: None },
                RoomRow { name: name("tea"), members: 1, topic: Some(text("two\nlines\u{1b}")) },
            ])))],
            "lobby (2)\ntea (1): two lines\n",
        ),
        ("/groups", vec![answer(Answer::Groups(page(vec![])))], "<You are in no group.>\n"),
        (
            "/groups",
            vec![answer(Answer::Groups(page(vec![
                GroupRow { room: grp1(), names: vec![name("Alice"), name("Bob")], more: 0 },
                GroupRow { room: grp1(), names: vec![name("Alice")], more: 7 },
            ])))],
            "grp1: Alice, Bob\ngrp1: Alice, and 7 more\n",
        ),
        ("/history", vec![answer(Answer::History(vec![]))], "<No messages.>\n"),
        (
            "/history Dora",
            vec![answer(Answer::NoSuchHistory(name("Dora")))],
            "<No room, group or user is called \"Dora\".>\n",
        ),
        ("/history", vec![answer(Answer::Unavailable)], "<That cannot be read now. Try again.>\n"),
        ("/search milk", vec![answer(Answer::Found(vec![]))], "<Nothing found.>\n"),
        ("exit", vec![done(Done::Exited)], "<Goodbye, Alice.>\n"),
        // What does not fit is nothing to stop at.
        (
            "/groups",
            vec![answer(Answer::Topic(None))],
            "<That failed in the server; nothing was changed.>\n",
        ),
    ];
    for (typed, replies, seen) in cases {
        let mut stage = Stage::alice();
        stage.play(&format!("{typed}\n"), replies);
        assert_eq!(stage.take(), seen, "{typed}");
        assert_eq!(stage.face.is_finished(), typed == "exit");
    }
}

#[test]
fn messages_of_the_past_look_as_they_did_with_the_time_in_front() {
    let to_bob = || speech(2, alice(), Destination::Person(bob()), "hi");
    let from_bob = || speech(3, bob(), Destination::Person(alice()), "ho");
    let in_lobby = || speech(4, alice(), Destination::Room(lobby()), "hello");
    let to_all = || speech(5, bob(), Destination::Everyone, "all");
    let time = "2026-11-21 14:03:05";
    let mut stage = Stage::alice();
    let messages = vec![to_bob(), from_bob(), in_lobby(), to_all()];
    stage.play("/history Bob\n", [answer(Answer::History(messages.clone()))]);
    assert_eq!(
        stage.take(),
        format!(
            "{time} <To Bob> hi\n{time} <Message from Bob: \"ho\">\n{time} [lobby] Alice: hello\n\
             {time} [broadcast] Bob: all\n"
        )
    );
    stage.play("/search h\n", [answer(Answer::Found(messages))]);
    assert_eq!(
        stage.take(),
        format!(
            "{time} Bob <To Bob> hi\n{time} Bob <Message from Bob: \"ho\">\n\
             {time} lobby [lobby] Alice: hello\n{time} broadcast [broadcast] Bob: all\n"
        )
    );
}

#[test]
fn a_list_of_many_pages_is_told_to_its_end() {
    let mut stage = Stage::alice();
    let first = Page { rows: vec![(name("Alice"), true)], next: Some(name("Alice")) };
    let last = page(vec![(name("Bob"), false)]);
    stage.play("get_users\n", [answer(Answer::People(first)), answer(Answer::People(last))]);
    assert_eq!(stage.take(), "o Alice\nx Bob\n");
    assert_eq!(stage.asks[1], Ask::Query(Query::People { after: Some(name("Alice")) }));
}

#[test]
fn who_joins_a_large_room_is_told_100_names() {
    for (count, next, end) in [
        (100, None, "n99.>\n"),
        (103, None, "n99, and 3 more.>\n"),
        (500, Some(PersonId(500)), "n99 and more.>\n"),
    ] {
        let rows = (0..count).map(|n| (name(&format!("n{n}")), None)).collect();
        let mut stage = Stage::alice();
        let present = answer(Answer::Present(Page { rows, next }));
        stage.play("/join tea\n", [done(Done::Joined(tea())), present]);
        let seen = stage.take();
        assert!(seen.ends_with(end), "{seen}");
    }
}

#[test]
fn the_room_that_was_joined_is_the_current_one_until_it_is_left() {
    let mut stage = Stage::alice();
    let present = answer(Answer::Present(page(vec![(name("Alice"), None)])));
    stage.play(
        "/join tea\none\n/leave\ntwo\n",
        [done(Done::Joined(tea())), present, said(), done(Done::Left(tea())), said()],
    );
    let tea = say(Target::Room(RoomId(1)), Manner::Speech, "one");
    let lobby = say(Target::Room(RoomId::LOBBY), Manner::Speech, "two");
    assert_eq!([&stage.asks[2], &stage.asks[4]], [&tea, &lobby]);
}

#[test]
fn send_asks_for_an_index_and_a_message() {
    let index = "Enter client index to send message to: ";
    let found = || answer(Answer::Client(Some(bob())));
    let gone = || refused(Refusal::Gone);
    let cases = [
        ("2\nhello", vec![found(), said()], format!("{index}Enter message: ")),
        ("2\n", vec![found()], format!("{index}Enter message: ")),
        ("9", vec![answer(Answer::Client(None))], format!("{index}<There is no client 9.>\n")),
        ("nine", vec![], format!("{index}<There is no client nine.>\n")),
        (
            "9\nhello",
            vec![found(), gone()],
            format!("{index}Enter message: <There is no client 9.>\n"),
        ),
    ];
    for (typed, replies, seen) in cases {
        let mut stage = Stage::alice();
        stage.play(&format!("SEND\n{typed}\n"), replies);
        assert_eq!(stage.take(), seen, "{typed:?}");
        stage.asks.clear();
        stage.play("again\n", [said()]);
        assert_eq!(stage.asks, [say(Target::Room(RoomId::LOBBY), Manner::Speech, "again")]);
    }
    let mut stage = Stage::alice();
    stage.play("SEND\n2\nhello\n", [found(), said()]);
    assert_eq!(stage.asks[1], say(Target::Person(bob().id), Manner::Speech, "hello"));
}

#[test]
fn attack_an_old_password_counts_for_a_minute() {
    let hashed = || Reply::Checked(Checked::Hashed(Verifier::new("$argon2id$".to_owned())));
    for (ms, seen) in [
        (60_000, "<Password set.>\n"),
        (60_001, "<That took more than 60 seconds. Nothing was changed.>\n"),
        (-1, "<That took more than 60 seconds. Nothing was changed.>\n"),
    ] {
        let mut stage = Stage::alice();
        let right = Reply::Checked(Checked::Right(proves(3)));
        stage.play("/password\no\nx\n", [standing(Standing::Protected), right]);
        stage.take();
        stage.out.now = Timestamp(ms);
        let set = [hashed(), done(Done::PasswordSet(Box::default()))];
        stage.play("x\n", set.into_iter().take(if ms == 60_000 { 2 } else { 0 }));
        assert_eq!(stage.take(), seen, "after {ms} ms");
    }
}

#[test]
fn who_is_put_out_by_another_password_is_told_so() {
    let mut stage = Stage::alice();
    stage.play("SEND\n", []);
    stage.take();
    stage.show(&Event::PasswordChanged { who: alice() });
    assert_eq!(stage.take(), "\n<The password of Alice was changed. Come in again with it.>\n");
    assert!(stage.face.is_finished());
}

#[test]
fn a_password_is_set_by_prompts() {
    let verifier = || Verifier::new("$argon2id$".to_owned());
    let hashed = || Reply::Checked(Checked::Hashed(verifier()));
    let right = || Reply::Checked(Checked::Right(proves(3)));
    let set = || done(Done::PasswordSet(Box::default()));
    let open = || standing(Standing::Open);
    let protected = || standing(Standing::Protected);
    let cases: Vec<(&str, Vec<Reply>, &str)> = vec![
        ("x\nx", vec![open(), hashed(), set()], "NEW PASSWORD: AGAIN: <Password set.>\n"),
        (
            "o\nx\nx",
            vec![protected(), right(), hashed(), set()],
            "OLD PASSWORD: NEW PASSWORD: AGAIN: <Password set.>\n",
        ),
        (
            "o",
            vec![protected(), Reply::Checked(Checked::Wrong)],
            "OLD PASSWORD: <Wrong password.>\n",
        ),
        (
            "o",
            vec![
                protected(),
                Reply::Checked(Checked::Limited { why: Slowed::Guesses, seconds: 9 }),
            ],
            "OLD PASSWORD: <Too many wrong passwords. Try again in 9 seconds.>\n",
        ),
        ("x\ny", vec![open()], "NEW PASSWORD: AGAIN: <The two differ. Nothing was changed.>\n"),
        (
            "",
            vec![open()],
            "NEW PASSWORD: <A password has at least 1 character. Nothing was changed.>\n",
        ),
    ];
    for (typed, replies, seen) in cases {
        let mut stage = Stage::alice();
        stage.play(&format!("/password\n{typed}\n"), replies);
        assert_eq!(stage.take(), seen, "{typed:?}");
        assert!(!stage.face.is_finished());
    }
    let rest = PasswordSet {
        ended: 2,
        certificates: vec![[7; 32]],
        devices: vec![Endpoint::parse("https://push.example/a").unwrap()],
    };
    let mut stage = Stage::alice();
    let set_all = done(Done::PasswordSet(Box::new(rest)));
    stage.play("/password\nx\nx\n", [open(), hashed(), set_all]);
    assert_eq!(
        stage.take(),
        "NEW PASSWORD: AGAIN: <Password set.>\n<Your 2 other connections are ended.>\n<1 certificate \
         logs you in still. Remove what is not yours with an IRC client: /msg NickServ CERT LIST, then \
         CERT DEL.>\n<1 device is told still of what is said to you. Remove what is not yours with an \
         IRC client:>\n</quote WEBPUSH UNREGISTER https://push.example/a>\n"
    );
    let mut stage = Stage::alice();
    stage.play("/password\no\nx\nx\n", [protected(), right(), hashed(), set()]);
    let old = Ask::Check { name: name("Alice"), password: Secret::new("o".to_owned()) };
    let change = Intent::SetPassword { verifier: verifier(), proof: Some(proof(3)) };
    assert_eq!(stage.asks[1..], [old, Ask::Hash(Secret::new("x".to_owned())), Ask::Intent(change)]);
}

#[test]
fn what_was_done_is_never_told_as_failed() {
    let Reply::Outcome(Ok(Done::Entered(entered))) = entered(true) else { panic!("not entered") };
    let tea = || RoomCard { id: RoomId(7), name: name("tea"), group: false };
    for done in [
        Done::Entered(entered.clone()),
        Done::Exited,
        Done::Said(None),
        Done::Said(Some(Unheard::Offline(bob()))),
        Done::GroupMade(tea(), vec![name("Bob")]),
        Done::Joined(tea()),
        Done::Left(tea()),
        Done::TopicSet,
        Done::Invited(bob(), tea()),
        Done::Uninvited(bob(), tea()),
        Done::Added(bob(), tea()),
        Done::Renamed(alice()),
        Done::Away(None),
        Done::Ignoring(bob(), true),
        Done::PasswordSet(Box::default()),
        Done::Changed(vec![]),
        Done::Changed(vec![Refusal::NotYours]),
        Done::Noted,
        Done::Metadata(Subject::Person(bob()), vec![]),
        Done::Stays(Some(true)),
        Done::Stays(Some(false)),
        Done::Stays(None),
        Done::Read(Timestamp(0)),
        Done::Registered(alice(), proof(3)),
        Done::LoggedIn(entered),
        Done::CertificateProposed,
        Done::CodeSent,
        Done::WrongCode { left: 2 },
    ] {
        // Of a command, of a message, and where an answer was waited for.
        for typed in ["/away\n", "hello\n", "/join tea\n", "SEND\n1\n", "/rooms\n"] {
            let mut stage = Stage::alice();
            stage.play(typed, [Reply::Outcome(Ok(done.clone()))]);
            let told = stage.take();
            assert!(!told.contains("failed"), "{typed}{done:?} is told as {told}");
        }
    }
}
