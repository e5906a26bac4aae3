//! What holds whatever a client sends and a server answers.

use chinwag_model::query::{Backlog, Client, Page, RoomRow};
use chinwag_model::secret::Verifier;
use proptest::prelude::*;

use super::super::BUFFERED_BYTES_MAX;
use super::*;

/// A client's bytes: lines that mean something, and bytes that may mean anything.
fn typed() -> impl Strategy<Value = Vec<u8>> {
    let lines = [
        "Alice\n",
        "\n",
        "hello\n",
        "Bob: hi\r\n",
        "chat Bob \"x\"\n",
        "SEND\n",
        "2\n",
        "/password\n",
        "secret\n",
        "/join tea\n",
        "/leave\n",
        "/rooms\n",
        "/help\n",
        "/foo\n",
        "/me waves\n",
        "exit\n",
        "mk_grp:g:Bob\n",
        "get_users\n",
        "/history 3\n",
        "a!b: x\n",
        "\u{ff}",
        "half",
    ];
    let line = prop::sample::select(lines.to_vec()).prop_map(|line| line.as_bytes().to_vec());
    let telnet = prop::sample::select(vec![
        &b"\xff\xf6"[..],
        b"\xff\xfd\x01",
        b"\xff\xfb\x1f",
        b"\xff\xfa\x18\0\xff\xf0",
    ]);
    let piece = prop_oneof![
        8 => line,
        1 => telnet.prop_map(<[u8]>::to_vec),
        1 => prop::collection::vec(any::<u8>(), 0..40),
    ];
    prop::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
}

/// A result that fits a request, always the same one.
fn fitting(ask: &Ask) -> Reply {
    use chinwag_model::intent::Intent;
    use chinwag_model::query::Query;
    match ask {
        Ask::Intent(Intent::Enter(..)) => entered(false),
        Ask::Intent(Intent::Exit { .. }) => done(Done::Exited),
        Ask::Intent(Intent::Say { .. }) => said(),
        Ask::Intent(Intent::Join { .. }) => done(Done::Joined(tea())),
        Ask::Intent(Intent::Leave(_)) => done(Done::Left(tea())),
        Ask::Intent(Intent::SetPassword { .. }) => done(Done::PasswordSet(Box::default())),
        Ask::Intent(_) => refused(Refusal::Internal),
        Ask::Check { .. } => Reply::Checked(Checked::Right(proves(1))),
        Ask::Prove(_)
        | Ask::Claim { .. }
        | Ask::HashFor { .. }
        | Ask::HashReset { .. }
        | Ask::Code(_)
        | Ask::Proof { .. }
        | Ask::Operate { .. }
        | Ask::BecomeOperator { .. }
        | Ask::Whisper { .. }
        | Ask::Reread => panic!("line mode asks no such thing: {ask:?}"),
        Ask::Hash(_) => Reply::Checked(Checked::Hashed(Verifier::new("x".to_owned()))),
        Ask::Query(Query::Standing(_)) => standing(Standing::Protected),
        Ask::Query(Query::Client(_)) => Reply::Answer(Answer::Client(Some(bob()))),
        Ask::Query(Query::Room(_) | Query::OwnRoom(_)) => Reply::Answer(Answer::Room(Some(tea()))),
        Ask::Query(Query::Present { .. }) => {
            let rows = vec![(name("Alice"), None)];
            Reply::Answer(Answer::Present(Page { rows, next: None }))
        }
        Ask::Query(Query::Backlog { .. }) => {
            let messages = vec![speech(1, bob(), Destination::Person(alice()), "hi")];
            Reply::Answer(Answer::Backlog(Backlog { total: 1, messages, next: None }))
        }
        Ask::Query(_) => Reply::Answer(Answer::Unavailable),
    }
}

/// All requests and all that is sent, with these pieces as input.
fn run(pieces: &[&[u8]]) -> (Vec<Ask>, Vec<u8>) {
    let mut stage = Stage::new(policy());
    // Before the login it matters what was sent ahead of a refusal.
    for piece in [&[&b"Alice\nsecret\n"[..]], pieces].concat() {
        stage.face.receive(piece);
        answer_all(&mut stage);
    }
    stage.face.end_of_input();
    answer_all(&mut stage);
    assert!(stage.face.is_finished());
    (stage.asks, stage.out.bytes)
}

fn answer_all(stage: &mut Stage) {
    loop {
        while let Some((request, ask)) = stage.face.next_ask(&mut stage.out) {
            let reply = fitting(&ask);
            stage.asks.push(ask);
            stage.give(request, &reply);
        }
        if !stage.face.has_more() {
            return;
        }
    }
}

fn any_reply() -> impl Strategy<Value = Reply> {
    let message = || speech(3, bob(), Destination::Person(alice()), "hi");
    let page = |seq: u64| Backlog { total: seq, messages: vec![message()], next: None };
    let more = Backlog { total: 2, messages: vec![message()], next: Some(place(3)) };
    let clients = Page::<Client, u32> { rows: Vec::new(), next: Some(4) };
    let rooms = Page::<RoomRow, Name> { rows: Vec::new(), next: Some(name("a")) };
    let present = Page { rows: vec![(name("Bob"), Some(text("x")))], next: Some(PersonId(2)) };
    prop::sample::select(vec![
        entered(true),
        entered(false),
        said(),
        done(Done::Exited),
        done(Done::Noted),
        done(Done::Joined(tea())),
        done(Done::Left(tea())),
        done(Done::Renamed(card(1, "Ally"))),
        done(Done::Ignoring(bob(), true)),
        refused(Refusal::Gone),
        refused(Refusal::NotIn),
        refused(Refusal::Guest(name("Alice"))),
        refused(Refusal::PasswordNeeded(name("Alice"))),
        standing(Standing::Free),
        standing(Standing::Open),
        standing(Standing::Protected),
        standing(Standing::Room),
        Reply::Answer(Answer::Backlog(page(0))),
        Reply::Answer(Answer::Backlog(page(1))),
        Reply::Answer(Answer::Backlog(more)),
        Reply::Answer(Answer::Clients(clients)),
        Reply::Answer(Answer::Rooms(rooms)),
        Reply::Answer(Answer::Present(present)),
        Reply::Answer(Answer::Client(Some(bob()))),
        Reply::Answer(Answer::Room(None)),
        Reply::Answer(Answer::Room(Some(grp1()))),
        Reply::Answer(Answer::History(vec![message()])),
        Reply::Answer(Answer::Unavailable),
        Reply::Checked(Checked::Right(proves(2))),
        Reply::Checked(Checked::Wrong),
        Reply::Checked(Checked::Limited { why: Slowed::Busy, seconds: 1 }),
        Reply::Checked(Checked::Hashed(Verifier::new("x".to_owned()))),
    ])
}

fn any_event() -> impl Strategy<Value = Event> {
    prop::sample::select(vec![
        Event::Said(speech(8, bob(), Destination::Room(lobby()), "hello")),
        Event::Said(speech(9, bob(), Destination::Person(alice()), "hello\nyou")),
        Event::Said(speech(9, bob(), Destination::Person(bob()), "not for Alice")),
        Event::Online(alice()),
        Event::Renamed { was: alice(), who: card(1, "Ally") },
        Event::Ignoring { who: bob().id, on: true },
        Event::Ignoring { who: bob().id, on: false },
        left(alice()),
        Event::Topic { room: tea(), by: bob(), topic: None },
    ])
}

/// Something that happens to a session.
#[derive(Clone, Debug)]
enum Happening {
    Typed(Vec<u8>),
    Reply(u32, Reply),
    Event(Event),
    EndLine,
    EndOfInput,
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        6 => typed().prop_map(Happening::Typed),
        // Small numbers are often those of requests that are on their way.
        9 => (prop_oneof![1u32..20, any::<u32>()], any_reply())
            .prop_map(|(request, reply)| Happening::Reply(request, reply)),
        4 => any_event().prop_map(Happening::Event),
        1 => Just(Happening::EndLine),
        1 => Just(Happening::EndOfInput),
    ]
}

proptest! {
    #[test]
    fn pieces_change_nothing(bytes in typed(), cuts in prop::collection::vec(0usize..400, 0..9)) {
        let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let pieces: Vec<&[u8]> = cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]]).collect();
        prop_assert_eq!(run(&pieces), run(&[&bytes]));
    }

    #[test]
    fn whatever_happens_a_session_goes_on_or_ends(
        happenings in prop::collection::vec(happening(), 0..60),
    ) {
        let mut stage = Stage::new(policy());
        for happening in happenings {
            match happening {
                Happening::Typed(bytes) => stage.face.receive(&bytes),
                Happening::Reply(request, reply) => stage.give(request, &reply),
                Happening::Event(event) => stage.show(&event),
                Happening::EndLine => stage.face.end_line(),
                Happening::EndOfInput => stage.face.end_of_input(),
            }
            while stage.face.next_ask(&mut stage.out).is_some() {}
        }
    }

    #[test]
    fn a_server_that_stops_reading_when_told_has_a_bound(
        pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..4096), 0..40),
        answered in any::<bool>(),
    ) {
        let mut stage = Stage::new(policy());
        for piece in pieces {
            if stage.face.wants_input() {
                stage.face.receive(&piece);
            }
            if answered {
                answer_all(&mut stage);
            } else {
                while stage.face.next_ask(&mut stage.out).is_some() {}
            }
            prop_assert!(stage.face.buffered() <= BUFFERED_BYTES_MAX + 4096);
        }
    }
}
