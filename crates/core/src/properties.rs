//! What is true whatever people and nodes ask for, in whatever order.

use std::collections::BTreeMap;
use std::sync::Arc;

use chinwag_model::effect::{Effect, Event};
use chinwag_model::entry::{Entry, Packet};
use chinwag_model::id::{NodeId, PersonId, Place, RoomId, Seq, SessionId, Timestamp};
use chinwag_model::intent::{Identity, Intent, Mark, Origin, Request, Target};
use chinwag_model::message::Manner;
use chinwag_model::name::{Name, NewName};
use chinwag_model::outcome::Refusal;
use chinwag_model::record::Record;
use chinwag_model::secret::Verifier;
use chinwag_model::text::Text;
use proptest::prelude::*;
use proptest::sample::select;

use crate::core::Core;
use crate::invariant;
use crate::stage::routes::Routes;
use crate::state::State;

/// A small world, so that people meet: names that are equal, that look alike, that are reserved.
const NAMES: &[&str] = &[
    "ana", "ANA", "bo", "cy", "alice", "A1ice", "аlice", "tea", "coco", "c0co", "grp", "guest-1",
    "guest-2", "lobby", "operator",
];

/// One step of the world.
#[derive(Clone, Debug)]
enum Act {
    /// A node's packet comes: which one, and what each of its connections wants.
    Packet { node: u32, turn: Turn, wants: Vec<(Connection, Intent)> },
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

fn checked() -> impl Strategy<Value = Option<u32>> {
    select(vec![None, None, Some(0), Some(1), Some(1), Some(2), Some(u32::MAX)])
}

fn identity() -> impl Strategy<Value = Identity> {
    let verifier = || prop::option::weighted(0.3, verifier());
    prop_oneof![
        4 => Just(Identity::Guest),
        3 => (name(), checked(), verifier())
            .prop_map(|(name, checked, verifier)| Identity::Known { name, checked, verifier }),
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
    ]
}

fn intent() -> impl Strategy<Value = Intent> {
    let join = (name(), prop::option::of(new_name()));
    let join_new = new_name().prop_map(|new| (new.name().clone(), Some(new)));
    let marks = prop::collection::vec((person(), place()), 0..4);
    prop_oneof![
        1 => Just(Intent::Begin),
        14 => identity().prop_map(Intent::Enter),
        1 => prop::option::of(place()).prop_map(|delivered| Intent::Exit { delivered }),
        4 => (target(), select(vec![Manner::Speech, Manner::Action]), text())
            .prop_map(|(to, manner, text)| Intent::Say { to, manner, text }),
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
        2 => (verifier(), checked())
            .prop_map(|(verifier, checked)| Intent::SetPassword { verifier, checked }),
        1 => marks.prop_map(|marks| {
            let mark = |(person, upto)| Mark { person, upto };
            Intent::Delivered(marks.into_iter().map(mark).collect())
        }),
    ]
}

fn connection() -> impl Strategy<Value = Connection> {
    // Mostly one of the packet's own node; 0 is a node itself.
    (prop::option::weighted(0.05, 1..=3u32), prop_oneof![1 => Just(0), 19 => 1..4u64])
}

fn act() -> impl Strategy<Value = Act> {
    let turn = prop_oneof![
        40 => Just(Turn::Next),
        1 => Just(Turn::Begins),
        1 => Just(Turn::Again),
        1 => Just(Turn::Lost),
        1 => Just(Turn::Over),
    ];
    let wants = prop::collection::vec((connection(), intent()), 0..24);
    let packet =
        (1..=2u32, turn, wants).prop_map(|(node, turn, wants)| Act::Packet { node, turn, wants });
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
            Act::Packet { node, turn, wants } => self.packet(node, turn, wants),
            Act::Restore => {
                let state = State::restore(&self.restored.state().snapshot());
                self.restored = Core::new(state.expect("a snapshot is restored"));
            }
        }
        assert_eq!(self.core.state().digest(), self.restored.state().digest());
    }

    fn packet(&mut self, node: u32, turn: Turn, mut wants: Vec<(Connection, Intent)>) {
        let life = self.lives.entry(node).or_insert((0, 0));
        if turn == Turn::Begins {
            wants.insert(0, ((None, 0), Intent::Begin));
            *life = (life.0 + 1, 0);
        }
        let (epoch, next) = *life;
        let counts = epoch > 0 && matches!(turn, Turn::Next | Turn::Begins);
        if counts {
            life.1 += wants.len() as u64;
        }
        let (epoch, first) = match turn {
            Turn::Next | Turn::Begins => (epoch, next),
            Turn::Again => (epoch, next.saturating_sub(1)),
            Turn::Lost => (epoch, next + 1),
            Turn::Over => (epoch.saturating_sub(1), next),
        };
        let request = |((other, number), intent): (Connection, Intent)| {
            self.requests += 1;
            let session = SessionId { node: NodeId(other.unwrap_or(node)), number };
            Request { origin: Origin { session, request: self.requests }, intent }
        };
        let requests: Vec<_> = wants.into_iter().map(request).collect();
        let origins: Vec<_> = requests.iter().map(|request| request.origin).collect();
        let seq = self.core.state().seq().next();
        // The clock of the log may go wrong.
        let time = Timestamp((seq.0 as i64 * 7919) % 1000);
        let entry =
            Entry { seq, time, packet: Packet { node: NodeId(node), epoch, first, requests } };

        let (mut effects, mut again) = (Vec::new(), Vec::new());
        self.core.apply(&entry, &mut effects).expect("no gap");
        self.restored.apply(&entry, &mut again).expect("no gap");
        assert_eq!(effects, again, "equal states give equal effects");
        invariant::check(self.core.state());
        for effect in &effects {
            self.routes.take(effect);
        }
        self.routes.compare(self.core.state());
        check_replies(&effects, if counts { &origins } else { &[] });
        check_messages(&effects, seq);
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
        world.packet(1, Turn::Begins, Vec::new());
        world.packet(2, Turn::Begins, Vec::new());
        for act in acts {
            world.act(act);
        }
    }
}
