//! Logs of each version of the rules, whose replay must always come to the same.
//!
//! A node that replays an old log, or that runs beside an older version, must decide as was
//! decided then. So where this test fails, either a mistake changed a rule, or the layout of
//! packets or snapshots; or a rule was meant to change: then it is a new version of the rules, with
//! a golden log of its own. `CHINWAG_GOLDEN=write cargo test -p chinwag-core --test golden` writes
//! the newest log anew from what `script`, `cluster`, `mail`, `rooms` and `accounts` hold; look at the
//! difference before you keep it. An older log keeps its packets; what came of them was last written
//! anew when a login had to name a person beside the version of a password, as no version was released
//! before that.

#![expect(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use std::fmt::Write as _;

use chinwag_core::core::Core;
use chinwag_model::effect::Effect;
use chinwag_model::entry::{Entry, Packet};
use chinwag_model::id::{NodeId, PersonId, Place, RoomId, Seq, SessionId, Timestamp};
use chinwag_model::intent::{Claim, Identity, Intent, Mark, Origin, Request, Target};
use chinwag_model::mail::{MailAddress, NotMailed};
use chinwag_model::message::Manner;
use chinwag_model::mode::{RoomChange, RoomFlag};
use chinwag_model::name::{Name, NewName};
use chinwag_model::node::Incarnation;
use chinwag_model::proof::{Fingerprint, Proof};
use chinwag_model::secret::{CodeHash, Verifier};
use chinwag_model::text::Text;

const RULES_2: &str = include_str!("golden/rules-2.txt");
const RULES_3: &str = include_str!("golden/rules-3.txt");

#[test]
fn the_golden_logs_come_to_the_same() {
    if rewrite() {
        return;
    }
    for log in [RULES_2, RULES_3] {
        let (head, lines) = log.split_at(head_of(log).len());
        let packets = lines.lines().map(|line| {
            let hex = line.split(' ').next().unwrap();
            Packet::from_bytes(&bytes(hex)).unwrap()
        });
        let replayed = replay(packets);
        // The newest version writes packets as they stand there; an older layout is only read.
        let from = if log == RULES_3 { whole } else { outcome };
        assert_eq!(replayed.lines().count(), lines.lines().count());
        for (number, (now, then)) in replayed.lines().zip(lines.lines()).enumerate() {
            assert_eq!(from(now), from(then), "line {} below {head}", number + 1);
        }
    }
}

fn whole(line: &str) -> &str {
    line
}

/// What came of a packet: a line of a log without the packet.
fn outcome(line: &str) -> &str {
    line.split_once(' ').unwrap().1
}

/// The lines of a log that say what it is.
fn head_of(log: &str) -> &str {
    let head = log.lines().take_while(|line| line.starts_with('#'));
    &log[..head.map(|line| line.len() + 1).sum()]
}

/// Takes packets as entries, and tells what came of them: the text of a golden log.
fn replay(packets: impl Iterator<Item = Packet>) -> String {
    let mut core = Core::default();
    let (mut log, mut passed) = (String::new(), 0);
    for (seq, packet) in (1..).zip(packets) {
        let hex: String = packet.to_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        let mut effects = Vec::new();
        if packet.node == TIME {
            passed += i64::try_from(packet.first).unwrap();
        }
        let time = Timestamp(1000 * seq as i64 + passed);
        let entry = Entry { seq: Seq(seq), time, packet };
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
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/rules-3.txt");
        let first = script().into_iter().chain(cluster()).chain(mail());
        let packets = first.chain(rooms()).chain(accounts()).chain(expiry());
        let head = head_of(RULES_2).replace("version 2", "version 3");
        std::fs::write(path, head + &replay(packets)).unwrap();
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
                (5, enter_known("bo", Some(proof(2, 2)))),
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
                (2, password("v2", Some(proof(2, 2)))),
                (5, password("v3", Some(proof(2, 2)))),
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
                (9, enter_known("Dora", Some(proof(3, 9)))),
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
                (2, enter_known("bo", Some(proof(2, 9)))),
                (2, Intent::SetAway(None)),
            ],
        ),
    ]
}

/// What nodes of a cluster do, after the single node that was there before: they begin, one is gone,
/// another stops, one is too old, and something comes too late.
fn cluster() -> Vec<Packet> {
    let begin = |name: &str, knows| {
        Intent::BeginAs(Box::new(Incarnation {
            name: name.into(),
            nonce: 77,
            knows,
            knows_since: 2,
        }))
    };
    let gone = |node, epoch, last| Intent::Gone { node: NodeId(node), epoch, last: Seq(last) };
    let late = |packet, expires| Packet { expires: Some(Timestamp(expires)), ..packet };
    vec![
        packet(11, 1, 0, vec![(0, begin("a", 3))]),
        packet(12, 5, 0, vec![(0, begin("b", 3)), (1, enter_known("ana", None))]),
        packet(13, 1, 0, vec![(0, begin("c", 2))]),
        packet(13, 2, 0, vec![(0, begin("c", 4))]),
        packet(11, 1, 1, vec![(0, Intent::Beat), (1, enter_known("bo", Some(proof(2, 9))))]),
        late(packet(12, 5, 2, vec![(1, say(Target::Everyone, "in time"))]), 19_000),
        late(packet(12, 5, 3, vec![(1, say(Target::Everyone, "too late"))]), 19_000),
        packet(12, 5, 4, vec![(1, say(Target::Everyone, "after it")), (0, Intent::Nothing)]),
        packet(11, 1, 3, vec![(0, gone(12, 5, 19)), (0, gone(12, 5, 20)), (0, gone(12, 5, 20))]),
        packet(12, 5, 6, vec![(1, say(Target::Everyone, "out of a life that is over"))]),
        packet(12, 6, 0, vec![(0, begin("other", 3))]),
        packet(12, 6, 0, vec![(0, begin("b", 4)), (1, enter_known("ana", None))]),
        packet(13, 2, 1, vec![(0, Intent::Digest { seq: Seq(20), digest: [9; 32] })]),
        packet(11, 1, 6, vec![(0, Intent::End)]),
        packet(12, 6, 2, vec![(1, say(Target::Everyone, "still there")), (1, Intent::End)]),
        packet(1, 3, 0, vec![(0, Intent::Begin)]),
    ]
}

/// Names that wait for a code that is mailed, and passwords that are lost.
fn mail() -> Vec<Packet> {
    let code = |byte| CodeHash::new([byte; 32]);
    let hold = |name: &str, claim, byte| Intent::Hold {
        name: new(name),
        address: MailAddress::parse("mia@example.org").unwrap(),
        claim,
        code: code(byte),
    };
    let fresh = |phc| Claim::New(verifier(phc));
    let verify = |account, byte| Intent::Verify { account: name(account), code: code(byte) };
    let ask = |account, byte| Intent::AskReset { account: name(account), code: code(byte) };
    let reset = |account, byte, phc| Intent::Reset {
        account: name(account),
        code: code(byte),
        verifier: verifier(phc),
    };
    let withdraw = |account, byte| Intent::Withdraw {
        account: name(account),
        code: code(byte),
        why: NotMailed::Unreachable,
    };
    vec![
        packet(
            1,
            3,
            1,
            vec![
                (1, Intent::Enter(Identity::Guest, None)),
                (1, hold("mia", fresh("v1"), 1)),
                (2, hold("mia", fresh("v2"), 2)),
                (1, hold("bo", fresh("v1"), 1)),
                (1, verify("mia", 9)),
                (1, hold("mia", Claim::Again(Seq(7)), 3)),
                (1, hold("mia", Claim::Again(Seq(29)), 3)),
                (1, verify("mia", 1)),
                (3, verify("nemo", 1)),
            ],
        ),
        packet(1, 3, 10, vec![(2, enter_new("mia", None)), (1, verify("mia", 3))]),
        packet(
            1,
            3,
            12,
            vec![
                (1, verify("mia", 3)),
                (2, enter_known("bo", Some(proof(2, 9)))),
                (2, ask("bo", 4)),
                (2, ask("mia", 5)),
                (2, reset("mia", 6, "v2")),
                (2, reset("mia", 5, "v2")),
                (2, reset("mia", 5, "v3")),
                (2, ask("mia", 7)),
                (2, withdraw("mia", 7)),
                (2, reset("mia", 7, "v4")),
                (4, hold("noa", fresh("v1"), 8)),
                (4, withdraw("noa", 9)),
                (4, withdraw("noa", 8)),
                (4, verify("noa", 8)),
            ],
        ),
        // Several codes hold at a time, up to a bound, and the first one that is given ends all.
        packet(
            1,
            3,
            26,
            vec![
                (5, hold("pia", fresh("v1"), 20)),
                (6, verify("pia", 9)),
                (5, verify("pia", 20)),
                (2, ask("pia", 10)),
                (3, ask("pia", 11)),
                (3, ask("pia", 12)),
                (3, ask("pia", 13)),
                (3, ask("pia", 14)),
                (3, ask("pia", 15)),
                (3, reset("pia", 15, "v5")),
                (2, withdraw("pia", 12)),
                (2, reset("pia", 10, "v5")),
                (3, reset("pia", 11, "v6")),
            ],
        ),
    ]
}

/// Rooms by name: who is invited, who is no longer, a room that is renamed, and a group that is left.
fn rooms() -> Vec<Packet> {
    let (cake, plan, pie) = (name("cake"), name("plan"), name("pie"));
    let change = |changes| Intent::ChangeRoom { room: cake.clone(), changes, entries_max: 9 };
    let visit = |room: &Name| Intent::Visit { room: room.clone(), key: None };
    let call = |who| Intent::Call { who: name(who), room: cake.clone() };
    let uninvite = |who| Intent::Uninvite { who: name(who), room: cake.clone() };
    let rename =
        |room: &Name, to| Intent::RenameRoom { room: room.clone(), to: name(to), reason: None };
    let invite_only = RoomChange::Flag(RoomFlag::InviteOnly, true);
    vec![
        packet(1, 4, 0, vec![(0, Intent::Begin)]),
        packet(
            1,
            4,
            1,
            vec![
                (1, enter_known("bo", Some(proof(2, 9)))),
                (2, enter_known("zoë", None)),
                (3, Intent::Enter(Identity::Guest, None)),
                (1, visit(&cake)),
                (1, Intent::Found { room: cake.clone(), on: true }),
                (1, change(vec![invite_only])),
                (1, call("zoë")),
                (1, call("nemo")),
                (2, uninvite("zoë")),
                (1, uninvite("zoë")),
                (1, uninvite("zoë")),
                (2, visit(&cake)),
                (1, call("zoë")),
                (2, visit(&cake)),
                (2, call("guest-1")),
                (2, rename(&cake, "mine")),
                (1, rename(&cake, "pie")),
                (2, visit(&cake)),
                (3, visit(&name("p1e"))),
                (3, visit(&name("l0bby"))),
                (1, Intent::Kick { room: pie, who: name("zoë"), reason: None }),
                (2, Intent::MakeGroup { name: new("plan"), named: vec![name("bo")] }),
                (1, Intent::Part { room: plan.clone(), reason: None }),
                (2, Intent::Part { room: plan.clone(), reason: None }),
                (2, Intent::Part { room: plan, reason: None }),
                (2, Intent::Read { target: "#pie".into(), upto: Timestamp(5) }),
                (1, Intent::Read { target: "#pie".into(), upto: Timestamp(i64::MAX) }),
            ],
        ),
    ]
}

/// A node that never lives: each packet of it lets as many milliseconds pass as `first` says.
const TIME: NodeId = NodeId(u32::MAX);

/// Open names: one that said nothing expires, and one for which something waits does not.
fn expiry() -> Vec<Packet> {
    let exit = || Intent::Exit { delivered: None, reason: None };
    vec![
        packet(1, 5, 0, vec![(0, Intent::Begin)]),
        packet(
            1,
            5,
            1,
            vec![
                (11, enter_new("olga", None)),
                (11, exit()),
                (12, enter_new("paul", None)),
                (12, exit()),
                (13, enter_new("quin", None)),
                (13, say(Target::Called(name("paul")), "until later")),
                (13, exit()),
            ],
        ),
        packet(u32::MAX, 1, 31 * 24 * 60 * 60 * 1000, vec![]),
        packet(1, 5, 8, vec![(14, Intent::Enter(Identity::Guest, None))]),
        packet(
            1,
            5,
            9,
            vec![
                (15, enter_known("olga", None)),
                (15, enter_new("olga", None)),
                (16, enter_known("paul", None)),
                (17, enter_known("quin", None)),
            ],
        ),
    ]
}

/// Proofs of an account, by password and by certificate, and what a new password ends.
fn accounts() -> Vec<Packet> {
    let login = |proof| Intent::Login { account: name("bo"), proof };
    let nick = |nick, proof| {
        let login = Some((name("bo"), proof));
        Intent::Enter(Identity::Nick { name: new(nick), login }, None)
    };
    let certify = |n, shown| Intent::Certify { fingerprint: [n; 32], on: true, shown };
    let confirm = |n| Intent::ConfirmCertificate { account: name("bo"), fingerprint: [n; 32] };
    let by = |n| Proof { certificate: Some(Fingerprint([n; 32])), ..proof(2, 9) };
    vec![
        packet(
            1,
            4,
            28,
            vec![
                (5, Intent::Enter(Identity::Guest, None)),
                (5, login(proof(2, 2))),
                (5, login(proof(3, 9))),
                (5, login(proof(2, 9))),
                (5, certify(1, true)),
                (5, certify(2, false)),
                (9, Intent::Enter(Identity::Guest, None)),
                (9, confirm(1)),
                (9, confirm(2)),
                (9, confirm(2)),
                (6, nick("bob", by(3))),
                (6, nick("bob", by(2))),
            ],
        ),
        packet(
            1,
            4,
            40,
            vec![
                (7, nick("bob", proof(2, 9))),
                (7, password("v5", Some(proof(2, 9)))),
                (5, say(Target::Everyone, "out by the password of another session")),
                (8, nick("bob", by(2))),
                (8, nick("bob", proof(2, 9))),
                (8, nick("bob", proof(2, 35))),
                (8, nick("bob", proof(2, 36))),
            ],
        ),
    ]
}

fn proof(person: u64, entry: u64) -> Proof {
    Proof::of(PersonId(person), Seq(entry))
}

fn packet(node: u32, epoch: u64, first: u64, wants: Vec<(u64, Intent)>) -> Packet {
    let request = |(request, (number, intent))| {
        let session = SessionId { node: NodeId(node), number };
        Request { origin: Origin { session, request }, intent }
    };
    let requests = (1..).zip(wants).map(request).collect();
    Packet { node: NodeId(node), epoch, first, requests, expires: None }
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

fn enter_known(name: &str, proof: Option<Proof>) -> Intent {
    Intent::Enter(Identity::Known { name: self::name(name), verifier: None, proof }, None)
}

fn join(room: &str) -> Intent {
    Intent::Join { room: name(room), new: NewName::parse(room).ok() }
}

fn say(to: Target, words: &str) -> Intent {
    Intent::say(to, Manner::Speech, text(words))
}

fn password(phc: &str, proof: Option<Proof>) -> Intent {
    Intent::SetPassword { verifier: verifier(phc), proof }
}
