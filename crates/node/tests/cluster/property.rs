//! Whatever happens to nodes, cables and clocks: what was refused is never stored, what was granted
//! is, once, and all have and see the same.

use std::collections::BTreeMap;

use chinwag_model::intent::{Identity, Intent};
use chinwag_model::name::NewName;
use chinwag_model::outcome::Refusal;
use chinwag_node::health::Standing;
use proptest::prelude::*;

use crate::world::{Place, World};

const NAMES: [&str; 3] = ["a", "b", "c"];

/// Something that happens.
#[derive(Clone, Copy, Debug)]
enum Act {
    /// Someone says so much at a node.
    Say(usize, u8),
    /// A node's cable is cut, or mended.
    Cut(usize, bool),
    /// All cables are.
    CutAll(bool),
    /// A process is stopped, or goes on.
    Sleep(usize, bool),
    /// A process is killed, and started again.
    Kill(usize),
    /// Answers of the log are lost, or no longer.
    Repeat(usize, bool),
    /// The log refuses, or stores again.
    Refuse(bool),
    /// The log goes by another clock.
    Jump(i64),
    /// So many milliseconds go by.
    Run(u64),
}

fn act() -> impl Strategy<Value = Act> {
    let node = 0..NAMES.len();
    prop_oneof![
        8 => (node.clone(), 1..5u8).prop_map(|(at, count)| Act::Say(at, count)),
        3 => (node.clone(), any::<bool>()).prop_map(|(at, on)| Act::Cut(at, on)),
        2 => any::<bool>().prop_map(Act::CutAll),
        2 => (node.clone(), any::<bool>()).prop_map(|(at, on)| Act::Sleep(at, on)),
        1 => node.clone().prop_map(Act::Kill),
        1 => (node, any::<bool>()).prop_map(|(at, on)| Act::Repeat(at, on)),
        1 => any::<bool>().prop_map(Act::Refuse),
        1 => (-4_000_000..4_000_000i64).prop_map(Act::Jump),
        8 => prop_oneof![0..200u64, 1_000..15_000u64, 15_000..40_000u64].prop_map(Act::Run),
    ]
}

/// What was said, by node and request.
type Said = BTreeMap<(usize, u32), String>;

/// A world in which each node has someone, who comes again when the connection was closed.
struct Play {
    world: World,
    /// The session of each node that talks, and how often connections had been closed when it came.
    sessions: Vec<(u64, usize)>,
    people: u32,
    lines: u32,
    /// What was said, by node and request.
    said: Said,
    /// What became of what was said at processes that are no more.
    past: Vec<(Said, Place)>,
}

impl Play {
    fn new() -> Self {
        let mut play = Self {
            world: World::new(&NAMES),
            sessions: vec![(0, 0); NAMES.len()],
            people: 0,
            lines: 0,
            said: BTreeMap::new(),
            past: Vec::new(),
        };
        (0..NAMES.len()).for_each(|at| play.come(at));
        play
    }

    /// Someone new comes to a node.
    fn come(&mut self, at: usize) {
        self.people += 1;
        let name = NewName::parse(&format!("person{}x", self.people)).expect("a name");
        self.sessions[at] = (u64::from(self.people), self.world.places[at].closed);
        let enter = Intent::Enter(Identity::New { name, verifier: None }, None);
        self.world.places[at].ask(self.sessions[at].0, enter);
        self.world.settle();
    }

    fn act(&mut self, act: Act) {
        let world = &mut self.world;
        match act {
            Act::Say(at, count) => {
                if self.sessions[at].1 != world.places[at].closed {
                    self.come(at);
                }
                for _ in 0..count {
                    self.lines += 1;
                    let words = format!("line {}", self.lines);
                    let request = self.world.places[at].say(self.sessions[at].0, &words);
                    self.said.insert((at, request), words);
                }
                self.world.settle();
            }
            Act::Cut(at, on) => world.places[at].is_cut = on,
            Act::CutAll(on) => world.places.iter_mut().for_each(|place| place.is_cut = on),
            Act::Sleep(at, on) => world.places[at].is_asleep = on,
            Act::Kill(at) => {
                let mut place = world.start(NAMES[at]).expect("it may join");
                std::mem::swap(&mut place, &mut world.places[at]);
                let of_it = |key: &(usize, u32), _: &mut String| key.0 == at;
                let said = self.said.extract_if(.., of_it).collect();
                self.past.push((said, place));
                self.come(at);
            }
            Act::Repeat(at, on) => world.places[at].repeats = on,
            Act::Refuse(on) => world.refuse(on),
            Act::Jump(by) => world.log_time += by,
            Act::Run(millis) => world.run(millis),
        }
    }

    /// All is mended, and time goes by.
    fn mend(&mut self) {
        self.world.refuse(false);
        for place in &mut self.world.places {
            (place.is_cut, place.is_asleep) = (false, false);
        }
        self.world.run(60_000);
        for (at, place) in self.world.places.iter().enumerate() {
            assert_eq!(place.stopped, None, "node {at} goes on");
            assert_eq!(place.node.standing(), Standing::Well, "node {at}");
        }
    }

    fn check(&self) {
        let history = self.world.history();
        let count = |words: &String| history.iter().filter(|line| *line == words).count();
        let now = (0..NAMES.len()).map(|at| (&self.said, &self.world.places[at], Some(at)));
        let past = self.past.iter().map(|(said, place)| (said, place, None));
        for (said, place, at) in now.chain(past) {
            for ((of, request), words) in
                said.iter().filter(|((of, _), _)| at.is_none_or(|a| a == *of))
            {
                let outcomes = place.outcomes.get(request).map_or(&[][..], Vec::as_slice);
                assert!(outcomes.len() <= 1, "{words:?} at {of} is told once: {outcomes:?}");
                match outcomes.first() {
                    Some(Ok(_)) => assert_eq!(count(words), 1, "{words:?} was granted"),
                    Some(Err(Refusal::Unsure)) | None => assert!(count(words) <= 1, "{words:?}"),
                    Some(Err(_)) => assert_eq!(count(words), 0, "{words:?} was refused"),
                }
            }
            for told in place.told.values() {
                let mut rest = history.iter();
                for words in told.iter().filter_map(|line| line.split_once(": ")).map(|(_, w)| w) {
                    let is_next = words.starts_with("line") && !rest.any(|line| line == words);
                    assert!(!is_next, "{words:?} is seen in the order of history");
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]
    #[test]
    fn whatever_happens_what_was_refused_is_not_stored_and_all_have_the_same(
        acts in prop::collection::vec(act(), 1..40),
    ) {
        let mut play = Play::new();
        acts.into_iter().for_each(|act| play.act(act));
        play.mend();
        play.check();
    }
}
