//! A log of rules version 2, whose replay must always come to the same.
//!
//! A node that replays an old log, or that runs beside an older version, must decide as was
//! decided then. So where this test fails, either a mistake changed a rule, or the layout of
//! packets or snapshots; or a rule was meant to change: then it is a new version of the rules, with
//! a golden log of its own. `CHINWAG_GOLDEN=write cargo test -p chinwag-core --test golden` writes
//! the log anew from what `script` holds; look at the difference before you keep it.

#![expect(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use std::fmt::Write as _;

use chinwag_core::core::Core;
use chinwag_model::effect::Effect;
use chinwag_model::entry::{Entry, Packet};
use chinwag_model::id::{NodeId, PersonId, Place, RoomId, Seq, SessionId, Timestamp};
use chinwag_model::intent::{Identity, Intent, Mark, Origin, Request, Target};
use chinwag_model::message::Manner;
use chinwag_model::name::{Name, NewName};
use chinwag_model::secret::Verifier;
use chinwag_model::text::Text;

const LOG: &str = include_str!("golden/rules-2.txt");

/// Heads the log.
const HEAD: &str = "\
# The golden log of rules version 2. A line is an entry: the packet in hex, what became of each of
# its requests (+ done, - refused), and the first 16 digits of the state's digest behind it.
";

#[test]
fn the_golden_log_comes_to_the_same() {
    if rewrite() {
        return;
    }
    let packets = LOG.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let hex = line.split(' ').next().unwrap();
        Packet::from_bytes(&bytes(hex)).unwrap()
    });
    let replayed = replay(packets);
    for (number, (now, then)) in replayed.lines().zip(LOG.lines()).enumerate() {
        assert_eq!(now, then, "line {}", number + 1);
    }
    assert_eq!(replayed, LOG);
}

/// Takes packets as entries, and tells what came of them: the text of a golden log.
fn replay(packets: impl Iterator<Item = Packet>) -> String {
    let mut core = Core::default();
    let mut log = HEAD.to_owned();
    for (seq, packet) in (1..).zip(packets) {
        let hex: String = packet.to_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        let mut effects = Vec::new();
        let entry = Entry { seq: Seq(seq), time: Timestamp(1000 * seq as i64), packet };
        core.apply(&entry, &mut effects).unwrap();
        let outcomes: String = effects
            .iter()
            .filter_map(|effect| match effect {
                Effect::Reply(_, outcome) => Some(if outcome.is_ok() { '+' } else { '-' }),
                _ => None,
            })
            .collect();
        let digest = format!("{:?}", core.state().digest());
        writeln!(log, "{hex} [{outcomes}] {}", &digest[..16]).unwrap();
    }
    log
}

/// Writes the log anew, if that is asked for; the next build has it.
#[expect(clippy::disallowed_methods, reason = "the test stands outside of the core")]
fn rewrite() -> bool {
    let asked = std::env::var("CHINWAG_GOLDEN").is_ok_and(|what| what == "write");
    if asked {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/rules-2.txt");
        std::fs::write(path, replay(script().into_iter())).unwrap();
    }
    asked
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits = hex.as_bytes().chunks(2).map(|two| std::str::from_utf8(two).unwrap());
    digits.map(|two| u8::from_str_radix(two, 16).unwrap()).collect()
}

/// Every kind of intent, granted and refused, by two nodes, one of which comes back.
fn script() -> Vec<Packet> {
    let tea = RoomId(1);
    let grp = RoomId(2);
    vec![
        packet(1, 1, 0, vec![(0, Intent::Begin)]),
        packet(
            1,
            1,
            1,
            vec![
                (1, enter_new("Ana", None)),
                (2, enter_new("bo", Some("v1"))),
                (3, Intent::Enter(Identity::Guest, None)),
                (4, enter_new("A-na", None)),
                (5, enter_new("ANA", None)),
                (5, enter_known("bo", None)),
                (5, enter_known("bo", Some(1))),
                (6, enter_new("alice", None)),
                (7, enter_new("A1ice", None)),
            ],
        ),
        packet(2, 7, 0, vec![(0, Intent::Begin), (1, enter_new("Zoë", None))]),
        packet(
            1,
            1,
            10,
            vec![
                (1, join("Tea")),
                (2, join("tea")),
                (3, join("tea")),
                (1, Intent::MakeGroup { name: new("grp"), named: vec![name("BO"), name("zoë")] }),
                (1, Intent::MakeGroup { name: new("grp2"), named: vec![name("nobody-here")] }),
                (3, Intent::MakeGroup { name: new("grp2"), named: vec![] }),
                (3, join("grp")),
                (3, join("bo")),
                (3, join("operator")),
                (4, join("empty")),
            ],
        ),
        packet(
            2,
            7,
            2,
            vec![
                (1, say(Target::Room(grp), "hello")),
                (1, say(Target::Room(tea), "hello")),
                (1, say(Target::Person(PersonId(3)), "hello, guest")),
                (1, say(Target::Called(name("ana")), "hello, Ana")),
                (1, say(Target::Either(name("grp")), "hello, group")),
                (1, say(Target::Either(name("tea")), "not in there")),
                (1, say(Target::Everyone, "hello, all")),
                (1, say(Target::Room(RoomId::LOBBY), "two\nlines")),
                (9, say(Target::Everyone, "not in")),
            ],
        ),
        // A repeat, a hole and an epoch that is over change nothing.
        packet(2, 7, 2, vec![(1, say(Target::Everyone, "again"))]),
        packet(2, 7, 99, vec![(1, say(Target::Everyone, "too far"))]),
        packet(2, 6, 11, vec![(1, say(Target::Everyone, "from before"))]),
        packet(
            1,
            1,
            20,
            vec![
                (1, Intent::SetTopic { room: tea, topic: Some(text("biscuits")) }),
                (2, Intent::SetTopic { room: RoomId(77), topic: None }),
                (2, Intent::Invite { who: name("Zoë"), room: tea }),
                (2, Intent::Invite { who: name("a-na"), room: grp }),
                (2, Intent::Invite { who: name("guest-1"), room: grp }),
                (4, Intent::Leave(RoomId(3))),
                (4, Intent::Leave(grp)),
                (4, Intent::Leave(RoomId::LOBBY)),
                (4, Intent::Rename(new("Anna"))),
                (4, Intent::Rename(new("bo"))),
                (3, Intent::Rename(new("dora"))),
                (3, say(Target::Room(tea), "registered now")),
                (1, Intent::SetAway(Some(text("lunch")))),
                (2, Intent::Ignore { who: name("ana"), on: true }),
                (2, Intent::Ignore { who: name("zoë"), on: true }),
                (5, Intent::Ignore { who: name("zoë"), on: false }),
                (5, Intent::Ignore { who: name("nemo"), on: true }),
                (2, password("v2", Some(1))),
                (5, password("v3", Some(1))),
                (3, password("v1", None)),
                (0, Intent::Delivered(vec![mark(1, 5), mark(2, 5), mark(99, 5)])),
                (1, Intent::Delivered(vec![mark(1, 5)])),
            ],
        ),
        packet(
            1,
            1,
            42,
            vec![
                (5, Intent::Exit { delivered: Some(place(5)), reason: None }),
                (3, Intent::Exit { delivered: None, reason: None }),
                (3, Intent::Exit { delivered: None, reason: None }),
                (1, say(Target::Called(name("dora")), "it waits")),
                (8, Intent::Enter(Identity::Guest, None)),
                (9, enter_known("Dora", Some(1))),
                (9, Intent::Begin),
            ],
        ),
        // Node 1 comes back: who was there by it is offline, the guest forgotten.
        packet(1, 2, 0, vec![(0, Intent::Begin), (1, enter_known("ANA", None))]),
        packet(
            1,
            2,
            2,
            vec![
                (1, say(Target::Room(grp), "back again")),
                (1, say(Target::Room(tea), "not there any more")),
                (1, join("TEA")),
                (1, Intent::SetTopic { room: tea, topic: None }),
                (2, enter_known("bo", Some(2))),
                (2, Intent::SetAway(None)),
            ],
        ),
    ]
}

fn packet(node: u32, epoch: u64, first: u64, wants: Vec<(u64, Intent)>) -> Packet {
    let request = |(request, (number, intent))| {
        let session = SessionId { node: NodeId(node), number };
        Request { origin: Origin { session, request }, intent }
    };
    Packet { node: NodeId(node), epoch, first, requests: (1..).zip(wants).map(request).collect() }
}

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn new(text: &str) -> NewName {
    NewName::parse(text).unwrap()
}

fn text(text: &str) -> Text {
    Text::parse(text).unwrap()
}

fn place(seq: u64) -> Place {
    Place { seq: Seq(seq), index: 0 }
}

fn mark(person: u64, seq: u64) -> Mark {
    Mark { person: PersonId(person), upto: place(seq) }
}

fn verifier(phc: &str) -> Verifier {
    Verifier::new(phc.to_owned())
}

fn enter_new(name: &str, phc: Option<&str>) -> Intent {
    Intent::Enter(Identity::New { name: new(name), verifier: phc.map(verifier) }, None)
}

fn enter_known(name: &str, checked: Option<u32>) -> Intent {
    Intent::Enter(Identity::Known { name: self::name(name), checked, verifier: None }, None)
}

fn join(room: &str) -> Intent {
    Intent::Join { room: name(room), new: NewName::parse(room).ok() }
}

fn say(to: Target, words: &str) -> Intent {
    Intent::say(to, Manner::Speech, text(words))
}

fn password(phc: &str, checked: Option<u32>) -> Intent {
    Intent::SetPassword { verifier: verifier(phc), checked }
}
