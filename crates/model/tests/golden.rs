//! Packets as each version stored them: every later one reads them.
//!
//! A file in `golden` belongs to the version that wrote it and is never changed. Where the layout
//! grows, the old file stays with what it is read as now, and a new one is put beside it.
#![allow(clippy::unwrap_used, reason = "it is a test, its small functions too")]

use chinwag_model::entry::Packet;
use chinwag_model::id::{NodeId, PersonId, Place, RoomId, Seq, SessionId};
use chinwag_model::intent::{Identity, Intent, Mark, Origin, Request, Target};
use chinwag_model::message::Manner;
use chinwag_model::name::{Name, NewName};
use chinwag_model::proof::{Fingerprint, Proof};
use chinwag_model::secret::Verifier;
use chinwag_model::text::Text;

/// One packet a line: the kinds of intent in it, and its bytes in hex.
const V1: &str = include_str!("golden/v1.hex");
/// The same, once proofs named a person.
const V2: &str = include_str!("golden/v2.hex");

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn new(text: &str) -> NewName {
    NewName::parse(text).unwrap()
}

fn text(text: &str) -> Text {
    Text::parse(text).unwrap()
}

fn place(seq: u64, index: u32) -> Place {
    Place { seq: Seq(seq), index }
}

fn verifier() -> Verifier {
    Verifier::new("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA".to_owned())
}

/// Every kind of intent, with every kind of what is in it.
fn packets() -> Vec<(&'static str, Vec<Intent>)> {
    let proof = Proof::of(PersonId(12), Seq(34));
    let by = Proof { certificate: Some(Fingerprint([7; 32])), ..proof };
    let login = |account, proof| Intent::Login { account: name(account), proof };
    let nick = |login| Intent::Enter(Identity::Nick { name: new("Al"), login }, None);
    let certify = |on, shown| Intent::Certify { fingerprint: [7; 32], on, shown };
    let mut packets = oldest(Some(proof));
    packets.extend([
        ("login", vec![login("Alice", proof), login("Bob", by)]),
        ("nick", vec![nick(None), nick(Some((name("Alice"), by)))]),
        ("certify", vec![certify(true, true), certify(true, false), certify(false, false)]),
        (
            "confirm",
            vec![Intent::ConfirmCertificate { account: name("Bob"), fingerprint: [7; 32] }],
        ),
    ]);
    packets
}

/// The kinds that there were from the first. What the first version had for a proof, the version of a
/// password alone, proves nothing any more.
fn oldest(proof: Option<Proof>) -> Vec<(&'static str, Vec<Intent>)> {
    let say = |to, manner, said| Intent::say(to, manner, text(said));
    vec![
        ("begin", vec![Intent::Begin]),
        (
            "enter",
            vec![
                Intent::Enter(Identity::Guest, None),
                Intent::Enter(Identity::Known { name: name("Alice"), verifier: None, proof }, None),
                Intent::Enter(
                    Identity::Known { name: name("Zoë"), verifier: Some(verifier()), proof: None },
                    None,
                ),
                Intent::Enter(Identity::New { name: new("Ирина"), verifier: None }, None),
                Intent::Enter(Identity::New { name: new("Bob"), verifier: Some(verifier()) }, None),
            ],
        ),
        (
            "exit",
            vec![
                Intent::Exit { delivered: None, reason: None },
                Intent::Exit { delivered: Some(place(70_000, 1023)), reason: None },
            ],
        ),
        (
            "say",
            vec![
                say(Target::Room(RoomId::LOBBY), Manner::Speech, "hello"),
                say(Target::Person(PersonId(u64::MAX)), Manner::Action, "waves"),
                say(Target::Called(name("Bob")), Manner::Speech, "two\nlines"),
                say(Target::Either(name("tea")), Manner::Speech, "\u{1f375}"),
                say(Target::Everyone, Manner::Speech, "news"),
            ],
        ),
        (
            "group",
            vec![
                Intent::MakeGroup { name: new("grp1"), named: vec![name("Alice"), name("Bob")] },
                Intent::MakeGroup { name: new("grp2"), named: Vec::new() },
            ],
        ),
        (
            "join",
            vec![
                Intent::Join { room: name("tea"), new: Some(new("tea")) },
                Intent::Join { room: name("lobby"), new: None },
            ],
        ),
        ("leave", vec![Intent::Leave(RoomId(7))]),
        (
            "topic",
            vec![
                Intent::SetTopic { room: RoomId(7), topic: Some(text("biscuits")) },
                Intent::SetTopic { room: RoomId(7), topic: None },
            ],
        ),
        ("invite", vec![Intent::Invite { who: name("Bob"), room: RoomId(300) }]),
        ("rename", vec![Intent::Rename(new("Ally"))]),
        ("away", vec![Intent::SetAway(Some(text("lunch"))), Intent::SetAway(None)]),
        (
            "ignore",
            vec![
                Intent::Ignore { who: name("Bob"), on: true },
                Intent::Ignore { who: name("Bob"), on: false },
            ],
        ),
        (
            "password",
            vec![
                Intent::SetPassword { verifier: verifier(), proof },
                Intent::SetPassword { verifier: verifier(), proof: None },
            ],
        ),
        (
            "delivered",
            vec![Intent::Delivered(vec![
                Mark { person: PersonId(1), upto: place(1, 0) },
                Mark { person: PersonId(1 << 40), upto: Seq(9).end() },
            ])],
        ),
        ("nothing", Vec::new()),
    ]
}

fn packet(intents: Vec<Intent>) -> Packet {
    let request = |(n, intent)| {
        let session = SessionId { node: NodeId(2), number: n as u64 * 1000 };
        Request { origin: Origin { session, request: 70_000 }, intent }
    };
    let requests = intents.into_iter().enumerate().map(request).collect();
    Packet { node: NodeId(2), epoch: 5, first: 1 << 33, requests, expires: None }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(hex: &str) -> Vec<u8> {
    let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    (0..hex.len()).step_by(2).map(byte).collect()
}

/// What is equal in two names is what is compared; here they are to be the same in all parts.
fn parts(packet: &Packet) -> String {
    format!("{packet:?}")
}

#[test]
fn what_the_first_version_stored_is_read_as_it_was_meant() {
    check(V1, oldest(None));
}

#[test]
fn what_this_version_stores_is_read_as_it_was_meant() {
    check(V2, packets());
}

fn check(stored: &str, packets: Vec<(&'static str, Vec<Intent>)>) {
    let mut lines = stored.lines();
    for (kind, intents) in packets {
        let (found, bytes) = lines.next().unwrap().split_once(' ').unwrap();
        assert_eq!(found, kind);
        let read = Packet::from_bytes(&unhex(bytes)).unwrap();
        let meant = packet(intents);
        assert_eq!(read, meant, "{kind}");
        assert_eq!(parts(&read), parts(&meant), "{kind}");
    }
    assert_eq!(lines.next(), None);
}

#[test]
fn what_this_version_stores_is_in_the_newest_file() {
    let now: String = packets()
        .into_iter()
        .map(|(kind, intents)| format!("{kind} {}\n", hex(&packet(intents).to_bytes())))
        .collect();
    assert_eq!(now, V2, "the layout has changed; a version that stores so needs a new file");
}
