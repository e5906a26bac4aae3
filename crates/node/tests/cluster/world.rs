//! A world of nodes over one log in memory, with a clock that a test moves, and cables that it cuts.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use chinwag_core::core::Core;
use chinwag_core::state::State;
use chinwag_model::effect::Event;
use chinwag_model::entry::{Entry, Packet};
use chinwag_model::id::{RoomId, Seq, Timestamp};
use chinwag_model::intent::{Identity, Intent, Target};
use chinwag_model::message::Manner;
use chinwag_model::name::NewName;
use chinwag_model::node::NodeName;
use chinwag_model::outcome::{NotStored, Outcome, Refusal};
use chinwag_model::query::{Answer, Query};
use chinwag_model::record::Record;
use chinwag_model::text::Text;
use chinwag_model::whisper::Whisper;
use chinwag_node::delivery::{Delivery, Recipients};
use chinwag_node::health::{Pace, Standing};
use chinwag_node::node::{Node, Part};
use chinwag_node::stop::Stop;
use chinwag_storage::log::{Log, Logged};
use chinwag_storage::memory::MemoryLog;

/// One turn of the world.
const TURN: Duration = Duration::from_millis(50);

/// Nodes, the log, and the time.
pub(crate) struct World {
    pub(crate) log: MemoryLog,
    /// The log's clock, apart from what the nodes go by.
    pub(crate) log_time: i64,
    now: Duration,
    pub(crate) places: Vec<Place>,
    nonces: u64,
    pub(crate) digest_period: u64,
}

/// A node and what stands around it.
pub(crate) struct Place {
    pub(crate) node: Node,
    pub(crate) stopped: Option<Stop>,
    /// Whether nothing goes to the log or comes from it.
    pub(crate) is_cut: bool,
    /// Whether what other nodes whisper does not come.
    pub(crate) is_deaf: bool,
    /// Whether the process does not run.
    pub(crate) is_asleep: bool,
    /// Words that it reads in place of the next that are said.
    pub(crate) twist: Option<&'static str>,
    /// Whether each packet is stored twice, as if the answer was lost.
    pub(crate) repeats: bool,
    /// Whether the log refuses now; what it refuses it does not also store.
    refuses: bool,
    log: MemoryLog,
    heard: Receiver<Logged>,
    /// What was offered to the log and has not come there.
    pub(crate) offered: VecDeque<Packet>,
    /// What came from the log and is not taken.
    came: VecDeque<Logged>,
    /// Connections that asked for something.
    connected: BTreeSet<u64>,
    attached: BTreeMap<u64, BTreeSet<RoomId>>,
    /// What each session was shown and told, in order.
    pub(crate) told: BTreeMap<u64, Vec<String>>,
    /// How often all connections were closed.
    pub(crate) closed: usize,
    pub(crate) records: Vec<Record>,
    /// What each request came to.
    pub(crate) outcomes: BTreeMap<u32, Vec<Outcome>>,
    requests: u32,
}

impl World {
    pub(crate) fn new(names: &[&str]) -> Self {
        let mut world = Self {
            log: MemoryLog::new(),
            log_time: 1_000_000,
            places: Vec::new(),
            now: Duration::ZERO,
            nonces: 0,
            digest_period: 10_000,
        };
        for name in names {
            let place = world.start(name).expect("it may join");
            world.places.push(place);
            world.run(200);
        }
        world
    }

    /// A process that takes part under this name, having read the log.
    pub(crate) fn start(&mut self, name: &str) -> Result<Place, Stop> {
        self.nonces += 1;
        let part = Part {
            name: NodeName::parse(name).expect("a name"),
            nonce: self.nonces,
            pace: Pace::default(),
            digest_period: self.digest_period,
        };
        let (sink, heard) = channel();
        let mut log = self.log.clone();
        let sink = Box::new(move |logged| {
            let _ = sink.send(logged);
        });
        log.follow(Seq(0), sink).expect("the log can be followed");
        let mut core = Core::new(State::new());
        let mut effects = Vec::new();
        while let Ok(Logged::Entry(entry)) = heard.try_recv() {
            core.apply(&entry, &mut effects)?;
        }
        let records = effects.drain(..).filter_map(|effect| match effect {
            chinwag_model::effect::Effect::Keep(record) => Some(record),
            _ => None,
        });
        Ok(Place {
            records: records.collect(),
            node: Node::join(core, 1, 100, part, self.now)?,
            stopped: None,
            is_cut: false,
            is_deaf: false,
            is_asleep: false,
            repeats: false,
            refuses: false,
            twist: None,
            log,
            heard,
            offered: VecDeque::new(),
            came: VecDeque::new(),
            connected: BTreeSet::new(),
            attached: BTreeMap::new(),
            told: BTreeMap::new(),
            closed: 0,
            outcomes: BTreeMap::new(),
            requests: 0,
        })
    }

    /// The log refuses from now on, or stores again.
    pub(crate) fn refuse(&mut self, on: bool) {
        self.log.refuse(on.then_some(NotStored::StoreFailed));
        self.places.iter_mut().for_each(|place| place.refuses = on);
    }

    /// Lets so many milliseconds go by.
    pub(crate) fn run(&mut self, millis: u64) {
        for _ in 0..millis.div_ceil(50) {
            self.now += TURN;
            self.log_time += 50;
            self.settle();
        }
    }

    /// Has every node do what there is to do now.
    pub(crate) fn settle(&mut self) {
        self.log.set_clock(Timestamp(self.log_time));
        for _ in 0..3 {
            for at in 0..self.places.len() {
                self.places[at].turn(self.now);
                let whispers = self.places[at].node.take_whispers();
                if !self.places[at].is_cut {
                    self.pass_on(&whispers);
                }
            }
        }
    }

    fn pass_on(&mut self, whispers: &[Whisper]) {
        for whisper in whispers {
            let bytes = whisper.to_bytes();
            for place in self.places.iter_mut().filter(|place| !place.is_cut && !place.is_deaf) {
                place.node.hear_whisper(Whisper::from_bytes(&bytes).expect("it is one"));
                place.deliver();
            }
        }
    }

    /// A connection comes to a node as someone new.
    pub(crate) fn enter(&mut self, at: usize, session: u64, name: &str) {
        let name = NewName::parse(name).expect("a name");
        self.places[at].ask(session, Intent::Enter(Identity::New { name, verifier: None }, None));
        self.settle();
    }

    /// Someone says something in the lobby. Gives the request's number.
    pub(crate) fn say(&mut self, at: usize, session: u64, words: &str) -> u32 {
        let request = self.places[at].say(session, words);
        self.settle();
        request
    }

    /// What a session was shown and told since this was asked last, a line each.
    pub(crate) fn told(&mut self, at: usize, session: u64) -> String {
        self.places[at].told.remove(&session).unwrap_or_default().join("\n")
    }

    pub(crate) fn standing(&self, at: usize) -> Standing {
        self.places[at].node.standing()
    }

    /// All that was said, by the records that every node has kept, which must be the same.
    #[track_caller]
    pub(crate) fn history(&self) -> Vec<String> {
        let of = |place: &Place| -> Vec<String> {
            let said = place.records.iter().filter_map(|record| match record {
                Record::Message(message) => Some(message.text.as_str().to_owned()),
                _ => None,
            });
            said.collect()
        };
        let first = of(&self.places[0]);
        for place in self.places.iter().filter(|place| place.stopped.is_none()) {
            assert_eq!(of(place), first, "all nodes have kept the same");
            let digest = place.node.state().digest();
            assert_eq!(digest, self.places[0].node.state().digest(), "and are in the same state");
        }
        first
    }
}

impl Place {
    pub(crate) fn ask(&mut self, session: u64, intent: Intent) -> u32 {
        self.requests += 1;
        self.connected.insert(session);
        self.node.ask(session, self.requests, intent);
        self.requests
    }

    pub(crate) fn say(&mut self, session: u64, words: &str) -> u32 {
        let text = Text::parse(words).expect("a text");
        self.ask(session, Intent::say(Target::Room(RoomId::LOBBY), Manner::Speech, text))
    }

    pub(crate) fn query(&mut self, session: u64, query: Query) {
        self.requests += 1;
        self.node.query(session, self.requests, query);
        self.deliver();
    }

    /// Everything this node can do now.
    pub(crate) fn turn(&mut self, now: Duration) {
        self.came.extend(self.heard.try_iter());
        if self.stopped.is_some() || self.is_asleep {
            return;
        }
        self.node.tick(now);
        let mut is_held = false;
        while !is_held {
            while let Some(packet) = self.node.next_packet() {
                self.offered.push_back(packet);
            }
            if !self.is_cut {
                while let Some(packet) = self.offered.pop_front() {
                    if self.repeats && !self.refuses {
                        self.log.append(packet.clone());
                    }
                    self.log.append(packet);
                }
                self.came.extend(self.heard.try_iter());
            }
            if self.is_cut || self.came.is_empty() {
                break;
            }
            while let Some(logged) = self.came.pop_front() {
                // A store that refused something is left alone for a while.
                is_held |= matches!(logged, Logged::Refused { .. });
                if let Err(stop) = self.take(logged) {
                    self.stopped = Some(stop);
                    return;
                }
            }
        }
        self.deliver();
    }

    fn take(&mut self, logged: Logged) -> Result<(), Stop> {
        match logged {
            Logged::Entry(mut entry) => {
                for request in &mut entry.packet.requests {
                    if let Intent::Say { text, .. } = &mut request.intent
                        && let Some(words) = self.twist.take()
                    {
                        *text = Text::parse(words).expect("a text");
                    }
                }
                self.take_entry(&entry)?;
            }
            Logged::Refused { packet, why } => self.node.take_refused(packet, why),
            Logged::Broken { why } => panic!("a log in memory broke: {why}"),
        }
        self.deliver();
        Ok(())
    }

    pub(crate) fn take_entry(&mut self, entry: &Entry) -> Result<(), Stop> {
        self.node.take_entry(entry)?;
        self.records.extend(self.node.take_records());
        Ok(())
    }

    /// As the shard does that holds all of the node's sessions.
    pub(crate) fn deliver(&mut self) {
        self.node.answer_some(usize::MAX);
        for delivery in self.node.routes().take(0) {
            match delivery {
                Delivery::Show { to, shown } => {
                    let Some(line) = line_of(&shown.event) else { continue };
                    for session in self.recipients(&to) {
                        self.told.entry(session).or_default().push(line.clone());
                    }
                }
                Delivery::Outcome { session, request, outcome } => {
                    if let Err(refusal) = &*outcome {
                        self.told.entry(session).or_default().push(words(refusal));
                    }
                    self.outcomes.entry(request).or_default().push(*outcome);
                }
                Delivery::Answer { session, answer, .. } => {
                    if let Answer::People(_) = *answer {
                        self.told.entry(session).or_default().push("(people)".to_owned());
                    }
                }
                Delivery::Attach { session, rooms, .. } => {
                    self.attached.insert(session, rooms.into_iter().collect());
                }
                Delivery::Detach(session) => {
                    self.attached.remove(&session);
                }
                Delivery::Subscribe(room, sessions) => {
                    for session in sessions {
                        self.attached.entry(session).or_default().insert(room);
                    }
                }
                Delivery::Unsubscribe(room, sessions) => {
                    for session in sessions {
                        self.attached.entry(session).or_default().remove(&room);
                    }
                }
                Delivery::CloseAll => {
                    self.closed += 1;
                    self.attached.clear();
                    for session in std::mem::take(&mut self.connected) {
                        self.told.entry(session).or_default().push("(closed)".to_owned());
                        self.node.closed(session, None);
                    }
                }
            }
        }
        for (session, _) in self.node.take_barriers() {
            self.told.entry(session).or_default().push("(barrier)".to_owned());
        }
    }

    fn recipients(&self, to: &Recipients) -> Vec<u64> {
        let in_any = |rooms: &[RoomId]| {
            let is_in = |(_, of): &(&u64, &BTreeSet<RoomId>)| rooms.iter().any(|r| of.contains(r));
            self.attached.iter().filter(is_in).map(|(session, _)| *session).collect::<Vec<_>>()
        };
        match to {
            Recipients::Room(room) => in_any(&[*room]),
            Recipients::Everyone => self.attached.keys().copied().collect(),
            Recipients::Sessions(sessions) => sessions.clone(),
            Recipients::Peers { rooms, .. } => in_any(rooms),
        }
    }
}

fn line_of(event: &Event) -> Option<String> {
    match event {
        Event::Said(message) if message.manner == Manner::Tags => {
            Some(format!("{} types", message.author.name.shown()))
        }
        Event::Said(message) => {
            Some(format!("{}: {}", message.author.name.shown(), message.text.as_str()))
        }
        Event::Online(who) => Some(format!("{} is online", who.name.shown())),
        Event::Offline(who) => Some(format!("{} is offline", who.name.shown())),
        _ => None,
    }
}

fn words(refusal: &Refusal) -> String {
    match refusal {
        Refusal::NotStored(NotStored::CutOff) => "(refused: cut off)".to_owned(),
        Refusal::NotStored(why) => format!("(refused: {why:?})"),
        Refusal::Unsure => "(nobody knows)".to_owned(),
        other => format!("(refused: {other:?})"),
    }
}
