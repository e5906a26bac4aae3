//! What is true whatever people and nodes ask for, in whatever order.

use std::collections::BTreeMap;
use std::sync::Arc;

use chinwag_model::effect::{Effect, Event};
use chinwag_model::entry::{Entry, Packet};
use chinwag_model::id::{NodeId, PersonId, Place, RoomId, Seq, SessionId, Timestamp};
use chinwag_model::intent::{Identity, Intent, Mark, Origin, Owner, Request, Target, Visitor};
use chinwag_model::mask::Mask;
use chinwag_model::message::Manner;
use chinwag_model::mode::{Flags, PersonFlag, RoomChange, RoomFlag, RoomList};
use chinwag_model::name::{Name, NewName};
use chinwag_model::node::{Incarnation, RULES, RULES_OLDEST};
use chinwag_model::outcome::Refusal;
use chinwag_model::proof::{Fingerprint, Proof};
use chinwag_model::push::Device;
use chinwag_model::rank::Rank;
use chinwag_model::record::Record;
use chinwag_model::secret::Verifier;
use chinwag_model::text::Text;
use proptest::prelude::*;
use proptest::sample::select;

use crate::core::{Core, Fate};
use crate::invariant;
use crate::stage::routes::Routes;
use crate::state::{Life, State};

/// A small world, so that people meet: names that are equal, that look alike, that are reserved.
const NAMES: &[&str] = &[
    "ana", "ANA", "bo", "cy", "alice", "A1ice", "аlice", "tea", "coco", "c0co", "grp", "guest-1",
    "guest-2", "lobby", "operator",
];

/// One step of the world.
#[derive(Clone, Debug)]
enum Act {
    /// A node's packet comes: which one, and what each of its connections wants.
    Packet { node: u32, turn: Turn, wants: Vec<(Connection, Intent)>, expires: Option<i64> },
    /// One of the two cores goes on from a snapshot.
    Restore,
}

/// A connection by number, of this node if not the packet's own.
type Connection = (Option<u32>, u64);

/// Whether a packet comes in its turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    /// As the next one.
    Next,
    /// As the first of a new epoch.
    Begins,
    /// As the first of a new epoch of a node of a cluster.
    Joins,
    /// Once more.
    Again,
    /// After one that was lost.
    Lost,
    /// From an epoch that is over.
    Over,
}

fn name() -> impl Strategy<Value = Name> {
    select(NAMES.iter().map(|name| Name::parse(name).unwrap()).collect::<Vec<_>>())
}

fn new_name() -> impl Strategy<Value = NewName> {
    let names: Vec<_> = NAMES.iter().filter_map(|name| NewName::parse(name).ok()).collect();
    select(names)
}

fn person() -> impl Strategy<Value = PersonId> {
    (0..10u64).prop_map(PersonId)
}

fn room() -> impl Strategy<Value = RoomId> {
    prop_oneof![9 => 0..4u64, 1 => Just(u64::MAX)].prop_map(RoomId)
}

fn place() -> impl Strategy<Value = Place> {
    (any::<u64>(), any::<u32>()).prop_map(|(seq, index)| Place { seq: Seq(seq), index })
}

fn text() -> impl Strategy<Value = Text> {
    select(&["hello", "two\nlines"][..]).prop_map(|text| Text::parse(text).unwrap())
}

fn verifier() -> impl Strategy<Value = Verifier> {
    Just(Verifier::new("v".to_owned()))
}

/// A proof; where its entry is 0, a right one is put in its place if there is one, by [`proved`].
fn proof() -> impl Strategy<Value = Proof> {
    let print = prop::option::weighted(0.2, (0..2u8).prop_map(|n| Fingerprint([n; 32])));
    (person(), select(vec![0, 0, 0, 1, 3, u64::MAX]), print)
        .prop_map(|(person, seq, certificate)| Proof { person, version: Seq(seq), certificate })
}

/// An intent with what proves its account now, where that is left open.
fn proved(state: &State, mut intent: Intent) -> Intent {
    let (name, proof) = match &mut intent {
        Intent::Enter(Identity::Known { name, proof: Some(proof), .. }, _)
        | Intent::Enter(Identity::Nick { login: Some((name, proof)), .. }, _)
        | Intent::Login { account: name, proof } => (Some(&*name), proof),
        Intent::SetPassword { proof: Some(proof), .. } => (None, proof),
        _ => return intent,
    };
    let found = match name {
        Some(name) => state.person_called(name),
        None => state.persons.get(&proof.person).map(|person| (proof.person, person)),
    };
    let right = found.and_then(|(id, person)| person.proof(id));
    if let Some(right) = right.filter(|_| proof.version == Seq(0)) {
        *proof = Proof { certificate: proof.certificate, ..right };
    }
    intent
}

fn identity() -> impl Strategy<Value = Identity> {
    let verifier = || prop::option::weighted(0.3, verifier());
    prop_oneof![
        4 => Just(Identity::Guest),
        3 => (name(), verifier(), prop::option::of(proof()))
            .prop_map(|(name, verifier, proof)| Identity::Known { name, verifier, proof }),
        3 => (new_name(), verifier())
            .prop_map(|(name, verifier)| Identity::New { name, verifier }),
    ]
}

fn target() -> impl Strategy<Value = Target> {
    prop_oneof![
        room().prop_map(Target::Room),
        person().prop_map(Target::Person),
        name().prop_map(Target::Called),
        name().prop_map(Target::Either),
        Just(Target::Everyone),
        (room_name(), prop::option::of(Just(Rank::Voice)))
            .prop_map(|(room, rank)| Target::Channel(room, rank)),
    ]
}

fn intent() -> impl Strategy<Value = Intent> {
    let join = (name(), prop::option::of(new_name()));
    let join_new = new_name().prop_map(|new| (new.name().clone(), Some(new)));
    let marks = prop::collection::vec((person(), place()), 0..4);
    prop_oneof![
        1 => Just(Intent::Begin),
        14 => (identity(), prop::option::of(visitor()))
            .prop_map(|(identity, visitor)| Intent::Enter(identity, visitor)),
        1 => (prop::option::of(place()), prop::option::of(text()))
            .prop_map(|(delivered, reason)| Intent::Exit { delivered, reason }),
        4 => (target(), select(vec![Manner::Speech, Manner::Action, Manner::Notice]), text())
            .prop_map(|(to, manner, text)| {
                Intent::say(to, manner, text)
            }),
        5 => (new_name(), prop::collection::vec(name(), 0..3))
            .prop_map(|(name, named)| Intent::MakeGroup { name, named }),
        1 => (new_name(), prop::collection::vec(name(), 30..60))
            .prop_map(|(name, named)| Intent::MakeGroup { name, named }),
        4 => prop_oneof![join, join_new].prop_map(|(room, new)| Intent::Join { room, new }),
        4 => room().prop_map(Intent::Leave),
        2 => (room(), prop::option::of(text()))
            .prop_map(|(room, topic)| Intent::SetTopic { room, topic }),
        6 => (name(), room()).prop_map(|(who, room)| Intent::Invite { who, room }),
        3 => new_name().prop_map(Intent::Rename),
        1 => prop::option::of(text()).prop_map(Intent::SetAway),
        2 => (name(), any::<bool>()).prop_map(|(who, on)| Intent::Ignore { who, on }),
        2 => (verifier(), prop::option::of(proof()))
            .prop_map(|(verifier, proof)| Intent::SetPassword { verifier, proof }),
        1 => marks.prop_map(|marks| {
            let mark = |(person, upto)| Mark { person, upto };
            Intent::Delivered(marks.into_iter().map(mark).collect())
        }),
        40 => visitors_intent(),
        6 => nodes_intent(),
    ]
}

/// What only nodes of a cluster ask for.
fn nodes_intent() -> impl Strategy<Value = Intent> {
    prop_oneof![
        4 => (1..=3u32, 1..4u64, 1..30u64).prop_map(|(node, epoch, last)| Intent::Gone {
            node: NodeId(node),
            epoch,
            last: Seq(last),
        }),
        3 => Just(Intent::Beat),
        1 => Just(Intent::End),
        1 => Just(Intent::Nothing),
        1 => any::<u8>().prop_map(|n| Intent::Digest { seq: Seq(n.into()), digest: [n; 32] }),
    ]
}

fn visitor() -> impl Strategy<Value = Box<Visitor>> {
    (any::<bool>(), any::<bool>(), prop::option::of(text())).prop_map(|(outside, stays, away)| {
        Box::new(Visitor { user: "u".into(), outside, stays, away, ..Visitor::default() })
    })
}

/// The name of a room, with or without the sign as part of it.
fn room_name() -> impl Strategy<Value = Name> {
    let names = ["tea", "ana", "#x", "lobby", "grp", "TEA", "alice"];
    select(names.iter().map(|name| Name::parse_room(name).unwrap()).collect::<Vec<_>>())
}

fn change() -> impl Strategy<Value = RoomChange> {
    let flags = vec![
        RoomFlag::InviteOnly,
        RoomFlag::Moderated,
        RoomFlag::MembersOnly,
        RoomFlag::Secret,
        RoomFlag::AccountsOnly,
    ];
    let ranks = Rank::ALL.to_vec();
    let lists = vec![RoomList::Bans, RoomList::Exempt, RoomList::Invited];
    let masks = ["ana!*@*", "a:ana", "m:*!*@*", "*!*@*"].map(|mask| Mask::parse(mask).unwrap());
    prop_oneof![
        1 => (select(flags), any::<bool>()).prop_map(|(flag, on)| RoomChange::Flag(flag, on)),
        1 => prop::option::of(text()).prop_map(RoomChange::Key),
        1 => prop::option::of(0..3u32).prop_map(RoomChange::Limit),
        1 => (select(lists), select(masks.to_vec()), any::<bool>())
            .prop_map(|(list, mask, on)| RoomChange::List(list, mask, on)),
        4 => (name(), select(ranks), any::<bool>())
            .prop_map(|(who, rank, on)| RoomChange::Rank(who, rank, on)),
    ]
}

fn owner() -> impl Strategy<Value = Owner> {
    prop_oneof![name().prop_map(Owner::Person), room_name().prop_map(Owner::Room)]
}

fn visitors_intent() -> impl Strategy<Value = Intent> {
    let reason = || prop::option::of(text());
    let login = prop::option::of((name(), proof()));
    let flags = || any::<bool>().prop_map(|on| Flags::default().with(PersonFlag::Operator, on));
    prop_oneof![
        8 => (new_name(), login, prop::option::of(visitor())).prop_map(|(name, login, visitor)| {
            Intent::Enter(Identity::Nick { name, login }, visitor)
        }),
        8 => (room_name(), prop::option::of(text()))
            .prop_map(|(room, key)| Intent::Visit { room, key }),
        3 => (room_name(), reason()).prop_map(|(room, reason)| Intent::Part { room, reason }),
        3 => (room_name(), name(), reason())
            .prop_map(|(room, who, reason)| Intent::Kick { room, who, reason }),
        5 => (room_name(), prop::collection::vec(change(), 0..5))
            .prop_map(|(room, changes)| Intent::ChangeRoom { room, changes, entries_max: 3 }),
        2 => (room_name(), prop::option::of(text()))
            .prop_map(|(room, topic)| Intent::Entitle { room, topic }),
        3 => (name(), room_name()).prop_map(|(who, room)| Intent::Call { who, room }),
        2 => (name(), room_name()).prop_map(|(who, room)| Intent::Uninvite { who, room }),
        4 => new_name().prop_map(Intent::Nick),
        2 => (flags(), flags()).prop_map(|(on, off)| Intent::ChangeSelf { on, off }),
        1 => Just(Intent::SetRealName("someone".into())),
        1 => (0..5i64).prop_map(|upto| Intent::Read { target: "#tea".into(), upto: Timestamp(upto) }),
        1 => (place(), person(), prop::option::of(room()), prop::option::of(person())).prop_map(
            |(message, author, room, to)| {
                Intent::Redact { message, author, room, to, reason: None }
            }
        ),
        4 => (new_name(), verifier()).prop_map(|(name, v)| Intent::Register(name, v)),
        4 => (name(), proof()).prop_map(|(account, proof)| Intent::Login { account, proof }),
        2 => (0..2u8, any::<bool>(), any::<bool>())
            .prop_map(|(n, on, shown)| Intent::Certify { fingerprint: [n; 32], on, shown }),
        1 => (name(), 0..2u8).prop_map(|(account, n)| {
            Intent::ConfirmCertificate { account, fingerprint: [n; 32] }
        }),
        2 => (room_name(), any::<bool>()).prop_map(|(room, on)| Intent::Found { room, on }),
        2 => (name(), reason()).prop_map(|(who, reason)| Intent::Kill { who, reason }),
        1 => text().prop_map(Intent::Wallops),
        2 => (owner(), prop::option::of(text())).prop_map(|(of, value)| {
            Intent::SetMetadata { of, key: Some("k".into()), value, keys_max: 1 }
        }),
        2 => (room_name(), room_name())
            .prop_map(|(room, to)| Intent::RenameRoom { room, to, reason: None }),
        1 => (name(), any::<bool>()).prop_map(|(who, on)| Intent::Accept { who, on }),
        1 => name().prop_map(Intent::Ghost),
        2 => prop::option::of(any::<bool>()).prop_map(Intent::Stay),
        2 => (new_name(), verifier()).prop_map(|(name, v)| Intent::Create(name, v)),
        4 => device().prop_map(|device| Intent::AddDevice { device, devices_max: 2 }),
        1 => device().prop_map(|device| Intent::RemoveDevice(device.endpoint)),
        2 => (person(), device()).prop_map(|(person, device)| {
            Intent::LoseDevice { person, endpoint: device.endpoint }
        }),
    ]
}

fn device() -> impl Strategy<Value = Device> {
    select(["a", "b", "c"].map(crate::stage::device).to_vec())
}

fn connection() -> impl Strategy<Value = Connection> {
    // Mostly one of the packet's own node; 0 is a node itself.
    (prop::option::weighted(0.05, 1..=3u32), prop_oneof![1 => Just(0), 19 => 1..4u64])
}

fn act() -> impl Strategy<Value = Act> {
    let turn = prop_oneof![
        40 => Just(Turn::Next),
        1 => Just(Turn::Begins),
        2 => Just(Turn::Joins),
        1 => Just(Turn::Again),
        1 => Just(Turn::Lost),
        1 => Just(Turn::Over),
    ];
    let wants = prop::collection::vec((connection(), intent()), 0..24);
    // The log's time in these tests is between 0 and 1000, and then stands.
    let expires = prop::option::weighted(0.3, 0..1100i64);
    let packet = (1..=3u32, turn, wants, expires)
        .prop_map(|(node, turn, wants, expires)| Act::Packet { node, turn, wants, expires });
    prop_oneof![8 => packet, 1 => Just(Act::Restore)]
}

/// Gives entries to two cores, one of which is restored now and then.
#[derive(Debug, Default)]
struct World {
    core: Core,
    restored: Core,
    lives: BTreeMap<u32, (u64, u64)>,
    routes: Routes,
    requests: u32,
}

impl World {
    fn act(&mut self, act: Act) {
        match act {
            Act::Packet { node, turn, wants, expires } => {
                self.packet(node, turn, wants, expires.map(Timestamp));
            }
            Act::Restore => {
                let state = State::restore(&self.restored.state().snapshot());
                self.restored = Core::new(state.expect("a snapshot is restored"));
            }
        }
        assert_eq!(self.core.state().digest(), self.restored.state().digest());
    }

    fn packet(
        &mut self,
        node: u32,
        turn: Turn,
        mut wants: Vec<(Connection, Intent)>,
        expires: Option<Timestamp>,
    ) {
        let seq = self.core.state().seq().next();
        // The clock of the log may go wrong.
        let time = Timestamp((seq.0 as i64 * 7919) % 1000);
        let is_late = expires.is_some_and(|expires| self.core.state().time().max(time) > expires);
        let is_over = self.core.state().lives.get(&NodeId(node)).is_some_and(Life::is_over);
        let life = self.lives.entry(node).or_insert((0, 0));
        let begins = matches!(turn, Turn::Begins | Turn::Joins);
        // A node of a cluster that begins too late has not begun.
        let counts = match turn {
            Turn::Next => life.0 > 0 && !is_over,
            Turn::Begins => true,
            Turn::Joins => !is_late,
            _ => false,
        };
        let epoch_next = life.0 + 1;
        if begins {
            let incarnation = Incarnation {
                name: format!("n{node}").into(),
                nonce: epoch_next,
                knows: RULES,
                knows_since: RULES_OLDEST,
            };
            let intent = match turn {
                Turn::Begins => Intent::Begin,
                _ => Intent::BeginAs(Box::new(incarnation)),
            };
            wants.insert(0, ((None, 0), intent));
            if counts {
                *life = (epoch_next, 0);
            }
        }
        let (epoch, next) = if begins { (epoch_next, 0) } else { *life };
        if counts {
            life.1 += wants.len() as u64;
        }
        let (epoch, first) = match turn {
            Turn::Next | Turn::Begins | Turn::Joins => (epoch, next),
            Turn::Again => (epoch, next.saturating_sub(1)),
            Turn::Lost => (epoch, next + 1),
            Turn::Over => (epoch.saturating_sub(1), next),
        };
        let request = |((other, number), intent): (Connection, Intent)| {
            self.requests += 1;
            let session = SessionId { node: NodeId(other.unwrap_or(node)), number };
            let intent = proved(self.core.state(), intent);
            Request { origin: Origin { session, request: self.requests }, intent }
        };
        let requests: Vec<_> = wants.into_iter().map(request).collect();
        let origins: Vec<_> = requests.iter().map(|request| request.origin).collect();
        let packet = Packet { node: NodeId(node), epoch, first, requests, expires };
        let entry = Entry { seq, time, packet };

        let (mut effects, mut again) = (Vec::new(), Vec::new());
        let fate = self.core.apply(&entry, &mut effects).expect("no gap");
        assert_eq!(
            fate,
            match counts {
                true if is_late => Fate::Late,
                true => Fate::Taken,
                false => Fate::PassedOver,
            }
        );
        self.restored.apply(&entry, &mut again).expect("no gap");
        assert_eq!(effects, again, "equal states give equal effects");
        invariant::check(self.core.state());
        for effect in &effects {
            self.routes.take(effect);
            if let Effect::Show { event, stamp, .. } = effect {
                let (pushes, same) = (&self.core, &self.restored);
                let pushes = [pushes, same].map(|core| core.state().pushes(event, stamp).to);
                assert_eq!(pushes[0], pushes[1], "equal states tell the same devices");
            }
        }
        self.routes.compare(self.core.state());
        check_replies(&effects, if counts { &origins } else { &[] });
        check_messages(&effects, seq);
        if is_late {
            let is_reply = |effect: &Effect| matches!(effect, Effect::Reply(_, Err(_)));
            assert!(effects.iter().all(is_reply), "what comes too late does nothing");
        }
    }
}

/// Each request that counts has one reply, in their order.
fn check_replies(effects: &[Effect], origins: &[Origin]) {
    let mut replies = Vec::new();
    for effect in effects {
        if let Effect::Reply(origin, outcome) = effect {
            assert_ne!(outcome, &Err(Refusal::Internal), "no rule panics");
            replies.push(*origin);
        }
    }
    assert_eq!(replies, origins);
}

/// Each message is kept before it is shown, and has a place of its own.
fn check_messages(effects: &[Effect], seq: Seq) {
    let mut kept = Vec::new();
    let mut shown = Vec::new();
    for effect in effects {
        match effect {
            Effect::Keep(Record::Message(message)) => kept.push(Arc::clone(message)),
            Effect::Show { event: Event::Said(message), .. } => {
                shown.push(Arc::clone(message));
                assert_eq!(shown, kept, "what is shown was kept");
            }
            _ => {}
        }
    }
    assert_eq!(shown, kept, "what is kept was shown");
    assert!(kept.iter().all(|message| message.place.seq == seq));
    assert!(kept.is_sorted_by(|one, next| one.place < next.place), "places are in order");
}

proptest! {
    #[test]
    fn whatever_comes_the_state_is_sound_and_all_cores_agree(
        acts in prop::collection::vec(act(), 1..40)
    ) {
        let mut world = World::default();
        world.packet(1, Turn::Joins, Vec::new(), None);
        world.packet(2, Turn::Joins, Vec::new(), None);
        for act in acts {
            world.act(act);
        }
    }
}
