//! One node: batches, order, and the sessions that ask.
// Size: one state, with a method for each thing that comes to it or is taken from it.

mod cluster;

use std::collections::{BTreeMap, VecDeque};

use chinwag_core::answer::Response;
use chinwag_core::answer::reader::Reader;
use chinwag_core::core::{Core, Fate};
use chinwag_core::state::State;
use chinwag_model::effect::{Audience, Effect, Event, Push, Stamp};
use chinwag_model::entry::{Entry, Packet};
use chinwag_model::id::{NodeId, PersonId, RoomId, SessionId};
use chinwag_model::intent::{Intent, Mark, Origin, Request, Target};
use chinwag_model::mail::MailAddress;
use chinwag_model::outcome::{Done, NotStored, Outcome, Refusal};
use chinwag_model::push::Endpoint;
use chinwag_model::query::{Answer, Census, Query, Reading};
use chinwag_model::record::Record;
use chinwag_model::tag::Tags;
use chinwag_model::text::Text;
use chinwag_model::whisper::Murmur;

use self::cluster::Cluster;
pub use self::cluster::{Compared, DEPTH, Part};
use crate::delivery::{Delivery, SessionNumber, Shown};
pub use crate::pipeline::OWN_REQUEST;
use crate::pipeline::Pipeline;
use crate::questions::Questions;
use crate::route::Routes;
use crate::stop::Stop;
use crate::watch::Watches;

/// A node's part in the one order.
///
/// The caller takes [`next_packet`](Self::next_packet) to the log whenever it gives one, brings
/// back what the log says by [`take_entry`](Self::take_entry) or
/// [`take_refused`](Self::take_refused), and then takes the deliveries, records and readings that
/// came of it. In a cluster it is also told the time ([`tick`](Self::tick)), and whispers go to the
/// other nodes and come from them.
#[derive(Debug)]
pub struct Node {
    id: NodeId,
    core: Core,
    pipeline: Pipeline,
    /// Its part in a cluster, if there is one.
    cluster: Option<Box<Cluster>>,
    /// Whether connections that go are told to nobody, as all end together.
    has_farewell: bool,
    pending: BTreeMap<SessionNumber, Pending>,
    /// Long questions, and what is to be done after them.
    questions: Questions<(u32, Waiting)>,
    presence_notices_max: usize,
    archive_behind: bool,
    routes: Routes,
    effects: Vec<Effect>,
    records: Vec<Record>,
    readings: Vec<Asked>,
    /// Whether devices are told of what is said to their owners.
    pushing: bool,
    pushes: Vec<Push>,
    /// Requests taken from sessions, and those of them that are done or refused.
    accepted: u64,
    settled: u64,
    /// Who waits until so many are settled.
    raised: VecDeque<(u64, SessionNumber, u32)>,
    /// Codes that are to be mailed.
    mails: Vec<Mailing>,
    /// Who wants to know that all before lies in every outbox.
    barriers: Vec<(SessionNumber, u32)>,
    watches: Watches,
    /// Most persons who were there at a time, since the node began.
    most: usize,
    /// Connections that have not come in yet.
    strangers: usize,
}

/// A reading of the archive, and who asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// The session.
    pub session: SessionNumber,
    /// Its number for the query.
    pub request: u32,
    /// What is asked of the archive.
    pub reading: Reading,
    /// Who reads the answer.
    pub reader: Reader,
}

/// A code that this node has made is to be mailed; who asked waits to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailing {
    /// The session.
    pub session: SessionNumber,
    /// Its number for the request.
    pub request: u32,
    /// To which address.
    pub to: MailAddress,
}

/// What a session asked and was not yet told.
#[derive(Debug, Default)]
struct Pending {
    /// Intents that were offered to the log, and those of them of which it was told.
    asked: u64,
    settled: u64,
    /// What is done once so many are settled, and the request that it is of: a client may know by the
    /// order alone to what a refusal belongs.
    waiting: VecDeque<(u64, u32, Waiting)>,
}

/// What takes no way through the log, and is not to overtake what does.
#[derive(Debug)]
enum Waiting {
    Refused(Refusal),
    Whisper(Target, Tags),
    Query(Query),
}

impl Node {
    /// A node that goes on from `core`, in a new epoch, with so many shards. Its first packet
    /// begins the epoch.
    #[must_use]
    pub fn new(id: NodeId, core: Core, shards: usize, presence_notices_max: usize) -> Self {
        let mut node = Self::bare(id, core, shards, presence_notices_max, 1);
        node.enqueue(0, OWN_REQUEST, Intent::Begin);
        node
    }

    fn bare(
        id: NodeId,
        core: Core,
        shards: usize,
        presence_notices_max: usize,
        depth: usize,
    ) -> Self {
        let epoch = core.state().epoch(id) + 1;
        Self {
            id,
            core,
            pipeline: Pipeline::new(id, epoch, depth),
            cluster: None,
            has_farewell: false,
            pending: BTreeMap::new(),
            questions: Questions::default(),
            presence_notices_max,
            archive_behind: false,
            routes: Routes::new(id, shards),
            effects: Vec::new(),
            records: Vec::new(),
            readings: Vec::new(),
            pushing: false,
            pushes: Vec::new(),
            accepted: 0,
            settled: 0,
            raised: VecDeque::new(),
            mails: Vec::new(),
            barriers: Vec::new(),
            watches: Watches::default(),
            most: 0,
            strangers: 0,
        }
    }

    /// Which node it is.
    #[must_use]
    pub fn id(&self) -> NodeId {
        self.id
    }

    /// The state now.
    #[must_use]
    pub fn state(&self) -> &State {
        self.core.state()
    }

    /// In a room with more members than this, nobody is told of comings and goings.
    pub fn set_presence_notices_max(&mut self, members: usize) {
        self.presence_notices_max = members;
    }

    /// Devices are to be told of what is said to their owners, as
    /// [`take_pushes`](Self::take_pushes) gives it.
    pub fn set_pushing(&mut self, pushing: bool) {
        self.pushing = pushing;
    }

    /// Nothing reaches a device any more.
    pub fn device_lost(&mut self, person: PersonId, endpoint: Endpoint) {
        self.enqueue(0, OWN_REQUEST, Intent::LoseDevice { person, endpoint });
    }

    /// So many connections have not come in yet.
    pub fn set_strangers(&mut self, count: usize) {
        self.strangers = count;
    }

    /// While the archive can't keep up, what is said is refused, so that history misses nothing.
    pub fn set_archive_behind(&mut self, behind: bool) {
        self.archive_behind = behind;
    }

    /// A session wants something.
    pub fn ask(&mut self, session: SessionNumber, request: u32, intent: Intent) {
        if let Some(why) = self.why_not(&intent) {
            let refused = Waiting::Refused(Refusal::NotStored(why));
            return match intent.is_speech() {
                true => self.in_turn(session, request, refused),
                false => self.go_on(session, request, refused),
            };
        }
        self.pending.entry(session).or_default().asked += 1;
        self.enqueue(session, request, intent);
    }

    /// A session is refused what it wants before that is offered to the log, after all that it asked
    /// before.
    pub fn refuse(&mut self, session: SessionNumber, request: u32, refusal: Refusal) {
        self.in_turn(session, request, Waiting::Refused(refusal));
    }

    /// Why something is refused before it is offered to the log.
    fn why_not(&self, intent: &Intent) -> Option<NotStored> {
        if self.archive_behind && intent.is_speech() {
            return Some(NotStored::ArchiveBehind);
        }
        let cluster = self.cluster.as_ref()?;
        if cluster.is_cut_off {
            Some(NotStored::CutOff)
        } else if cluster.is_leaving() {
            Some(NotStored::Stopping)
        } else {
            (!cluster.knows(self.core.state(), intent)).then_some(NotStored::OlderNode)
        }
    }

    /// A session wants to know something; it is answered after all that it asked before, but where
    /// that waits for a cluster from which this node is cut off.
    pub fn query(&mut self, session: SessionNumber, request: u32, query: Query) {
        self.in_turn(session, request, Waiting::Query(query));
    }

    /// Whether questions wait for [`answer_some`](Self::answer_some).
    #[must_use]
    pub fn has_questions(&self) -> bool {
        !self.questions.is_empty()
    }

    /// Answers long questions, a step of each asker's in turn, until so much was looked at (see
    /// [`WORK_MAX`](chinwag_core::answer::WORK_MAX), which is that of one step), or none is left. They
    /// wait for this, so that what others want is done between: call it whenever that is done.
    pub fn answer_some(&mut self, work_max: usize) {
        let mut work = 0;
        while work < work_max
            && let Some((session, (request, waiting))) = self.questions.next()
        {
            work += self.go_on_now(session, request, waiting);
        }
    }

    /// A connection is gone, for a reason that others may be told.
    pub fn closed(&mut self, session: SessionNumber, reason: Option<Text>) {
        self.watches.forget(session);
        self.questions.forget(session);
        if self.has_farewell {
            return;
        }
        // It may be coming in just now, by an intent that is on its way.
        let id = SessionId { node: self.id, number: session };
        if self.pending.contains_key(&session) || self.state().has_session(id) {
            self.pending.entry(session).or_default().asked += 1;
            self.enqueue(session, OWN_REQUEST, Intent::Exit { delivered: None, reason });
        }
    }

    /// A session puts tags on something that may be lost and decide nothing. They are seen at once,
    /// or refused; like everything, after what the session asked before.
    pub fn whisper(&mut self, session: SessionNumber, request: u32, to: Target, tags: Tags) {
        self.in_turn(session, request, Waiting::Whisper(to, tags));
    }

    fn whisper_now(&mut self, session: SessionNumber, request: u32, to: Target, tags: Tags) {
        let session_id = SessionId { node: self.id, number: session };
        let origin = Origin { session: session_id, request };
        let outcome = self.show_tags(origin, &to, &tags);
        if outcome.is_ok()
            && let Some(cluster) = &mut self.cluster
        {
            let what = Murmur::Tags { session: session_id, request, to, tags };
            cluster.grapevine.tell(self.id, self.core.state().seq(), what);
        }
        self.reply(session, request, outcome);
    }

    /// Shows tags to those of this node's sessions that may see them.
    fn show_tags(&mut self, origin: Origin, to: &Target, tags: &Tags) -> Outcome {
        let (audience, event, stamp) = self.state().whisper(origin, to, tags)?;
        self.routes.show(audience, &[], Shown { event, stamp, crowded: false });
        Ok(Done::Said(None))
    }

    /// Connections were written what waits up to these marks.
    pub fn delivered(&mut self, marks: Vec<Mark>) {
        if !marks.is_empty() {
            self.enqueue(0, OWN_REQUEST, Intent::Delivered(marks));
        }
    }

    /// Whether everything asked so far has been stored, or refused.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.pipeline.is_idle()
    }

    /// Whether there is something to offer to the log now.
    #[must_use]
    pub fn has_next_packet(&self) -> bool {
        self.may_leave() && self.pipeline.has_next()
    }

    /// What to offer to the log now; `None` while enough is in flight, or with nothing to say. In a
    /// cluster to be asked until there is none.
    pub fn next_packet(&mut self) -> Option<Packet> {
        let expires = self.cluster.as_ref().map(|cluster| cluster.expires());
        if self.may_leave() { self.pipeline.leave(expires) } else { None }
    }

    fn may_leave(&self) -> bool {
        let on_their_way = self.pipeline.on_their_way();
        self.cluster.as_ref().is_none_or(|cluster| cluster.may_leave(on_their_way))
    }

    /// The packet in flight has landed; the next one can be offered before its entry is taken, so
    /// that the log works while this node does. In a cluster an entry may be a repeat, which is known
    /// once it is taken: there it means nothing.
    pub fn landed(&mut self, packet: &Packet) {
        if self.cluster.is_none() {
            self.pipeline.landed(packet);
        }
    }

    /// Takes the next entry of the log, of whichever node.
    ///
    /// # Errors
    /// [`Stop::Gap`] if one is missing before it; in a cluster any other where the node can't go on.
    pub fn take_entry(&mut self, entry: &Entry) -> Result<(), Stop> {
        let mut effects = std::mem::take(&mut self.effects);
        let fate = self.core.apply(entry, &mut effects)?;
        let is_own = self.pipeline.is_own(&entry.packet);
        for effect in effects.drain(..) {
            // Of all nodes, the one that asked tells the devices.
            if let Effect::Show { event, stamp, .. } = &effect
                && is_own
                && self.pushing
            {
                self.push(event, stamp);
            }
            // Who asked at another node, or in a life of this one that is over, is not here.
            if is_own || !matches!(effect, Effect::Reply(..)) {
                self.route(effect);
            }
        }
        self.effects = effects;
        self.most = self.most.max(self.state().there());
        if fate != Fate::PassedOver && is_own {
            self.pipeline.landed(&entry.packet);
            for request in &entry.packet.requests {
                let Origin { session, request: number } = request.origin;
                // What was refused before, or told to be unknown, is settled already.
                if request.intent != Intent::Nothing && !self.was_unsure(session.number, number) {
                    self.settle(session.number);
                }
            }
            self.pass_barriers();
        }
        self.follow(entry, fate)
    }

    fn was_unsure(&mut self, session: SessionNumber, request: u32) -> bool {
        let cluster = self.cluster.as_mut();
        cluster.is_some_and(|cluster| cluster.unsure.remove(&(session, request)))
    }

    fn is_cut_off(&self) -> bool {
        self.cluster.as_ref().is_some_and(|cluster| cluster.is_cut_off)
    }

    /// The log could not store a packet in flight: those who asked are told. What must be done
    /// in any case (connections that are gone) is offered again.
    pub fn take_refused(&mut self, packet: Packet, why: NotStored) {
        for Origin { session, request } in self.pipeline.refused(packet) {
            if !self.was_unsure(session.number, request) {
                self.reply(session.number, request, Err(Refusal::NotStored(why)));
                self.settle(session.number);
            }
        }
        self.pass_barriers();
    }

    /// What came for each shard, in order.
    pub fn routes(&mut self) -> &mut Routes {
        &mut self.routes
    }

    /// What came for the archive, in order.
    pub fn take_records(&mut self) -> Vec<Record> {
        std::mem::take(&mut self.records)
    }

    /// Who is to be told once all deliveries made so far lie in the outboxes of every shard: by
    /// session, and its number for the query.
    pub fn take_barriers(&mut self) -> Vec<(SessionNumber, u32)> {
        std::mem::take(&mut self.barriers)
    }

    /// What devices are to be told. It may be lost.
    pub fn take_pushes(&mut self) -> Vec<Push> {
        std::mem::take(&mut self.pushes)
    }

    /// What is to be mailed. What comes of it is brought back by [`tell`](Self::tell), or by an
    /// [`Intent::Withdraw`].
    pub fn take_mails(&mut self) -> Vec<Mailing> {
        std::mem::take(&mut self.mails)
    }

    /// Tells a session what became of a request.
    pub fn tell(&mut self, session: SessionNumber, request: u32, outcome: Outcome) {
        self.reply(session, request, outcome);
    }

    /// What is to be asked of the archive.
    pub fn take_readings(&mut self) -> Vec<Asked> {
        std::mem::take(&mut self.readings)
    }

    fn push(&mut self, event: &Event, stamp: &Stamp) {
        let pushes = self.state().pushes(event, stamp);
        self.pushes.extend(pushes.to);
        for (person, endpoint) in pushes.forgotten {
            self.device_lost(person, endpoint);
        }
    }

    fn enqueue(&mut self, session: SessionNumber, request: u32, intent: Intent) {
        if self.cluster.as_ref().is_some_and(|cluster| cluster.is_leaving()) {
            return;
        }
        let session = SessionId { node: self.id, number: session };
        self.accepted += 1;
        self.pipeline.push(Request { origin: Origin { session, request }, intent });
    }

    /// One intent of a session is finished; what was to be done after it is.
    fn finish(&mut self, session: SessionNumber) {
        let Some(pending) = self.pending.get_mut(&session) else { return };
        pending.settled += 1;
        while let Some(pending) = self.pending.get_mut(&session) {
            let (asked, settled) = (pending.asked, pending.settled);
            match pending.waiting.pop_front_if(|(at, ..)| *at <= settled) {
                Some((_, request, waiting)) => self.go_on(session, request, waiting),
                None if settled >= asked => drop(self.pending.remove(&session)),
                None => return,
            }
        }
    }

    /// Does something after all that a session asked before, but where that waits for a cluster from
    /// which this node is cut off.
    fn in_turn(&mut self, session: SessionNumber, request: u32, waiting: Waiting) {
        let waits = !self.is_cut_off();
        match self.pending.get_mut(&session).filter(|_| waits) {
            Some(pending) => pending.waiting.push_back((pending.asked, request, waiting)),
            None => self.go_on(session, request, waiting),
        }
    }

    /// Does something, or has it wait for its turn: a long question, and all that comes after one.
    fn go_on(&mut self, session: SessionNumber, request: u32, waiting: Waiting) {
        let is_long = matches!(&waiting, Waiting::Query(query) if query.is_long());
        if is_long || self.questions.has(session) {
            self.questions.push(session, (request, waiting));
        } else {
            self.go_on_now(session, request, waiting);
        }
    }

    /// Does something; gives how much was looked at for it.
    fn go_on_now(&mut self, session: SessionNumber, request: u32, waiting: Waiting) -> usize {
        match waiting {
            Waiting::Refused(refusal) => self.reply(session, request, Err(refusal)),
            Waiting::Whisper(to, tags) => self.whisper_now(session, request, to, tags),
            Waiting::Query(query) => return self.answer(session, request, &query),
        }
        1
    }

    /// One intent of a session is told what became of it.
    fn settle(&mut self, session: SessionNumber) {
        self.settled += 1;
        self.finish(session);
    }

    fn pass_barriers(&mut self) {
        while let Some((_, session, request)) =
            self.raised.pop_front_if(|(upto, ..)| *upto <= self.settled)
        {
            self.barriers.push((session, request));
        }
    }

    fn answer(&mut self, session: SessionNumber, request: u32, query: &Query) -> usize {
        let id = SessionId { node: self.id, number: session };
        match query {
            Query::Barrier => {
                if self.is_cut_off() {
                    self.barriers.push((session, request));
                } else {
                    // Also what others asked before it: they may have been told of each other elsewhere.
                    self.raised.push_back((self.accepted, session, request));
                    self.pass_barriers();
                }
                return 1;
            }
            Query::Watch { names, on } => self.watches.set(session, names, *on),
            _ => {}
        }
        let (response, work) = self.state().answer_counted(id, query);
        match response {
            Response::Now(Answer::Census(census)) => {
                let answer = Box::new(Answer::Census(Census {
                    most: self.most,
                    strangers: self.strangers,
                    ..census
                }));
                self.routes.send_session(id, |session| Delivery::Answer {
                    session,
                    request,
                    answer,
                });
            }
            Response::Now(answer) => self.routes.send_session(id, |session| Delivery::Answer {
                session,
                request,
                answer: Box::new(answer),
            }),
            Response::Later(reading) => {
                let reader = self.state().reader(id);
                self.readings.push(Asked { session, request, reading, reader });
            }
        }
        work
    }

    fn reply(&mut self, session: SessionNumber, request: u32, outcome: Outcome) {
        let id = SessionId { node: self.id, number: session };
        let outcome = Box::new(outcome);
        self.routes.send_session(id, |session| Delivery::Outcome { session, request, outcome });
    }

    fn route(&mut self, effect: Effect) {
        match effect {
            Effect::Show { audience, event, stamp } => {
                let crowded = self.is_crowded(&audience, &event);
                let watching = match &audience {
                    Audience::Peers { name, .. } | Audience::Watchers(name) => {
                        self.watches.watchers(name)
                    }
                    _ => &[],
                };
                self.routes.show(audience, watching, Shown { event, stamp, crowded });
            }
            Effect::Reply(origin, outcome) if origin.session.node == self.id => {
                let asked = (origin.session.number, origin.request);
                if self.cluster.as_ref().is_some_and(|cluster| cluster.unsure.contains(&asked)) {
                    return;
                }
                self.reply(origin.session.number, origin.request, outcome);
            }
            Effect::Mail { origin, to } if origin.session.node == self.id => {
                let Origin { session, request } = origin;
                self.mails.push(Mailing { session: session.number, request, to });
            }
            Effect::Reply(..) | Effect::Mail { .. } => {}
            Effect::Attach { session, person, rooms } => {
                self.routes.send_session(session, |session| Delivery::Attach {
                    session,
                    person,
                    rooms,
                });
            }
            Effect::Detach(session) => self.routes.send_session(session, Delivery::Detach),
            Effect::Subscribe(room, sessions) => {
                self.routes.send_holders(&sessions, |held| Delivery::Subscribe(room, held));
            }
            Effect::Unsubscribe(room, sessions) => {
                self.routes.send_holders(&sessions, |held| Delivery::Unsubscribe(room, held));
            }
            Effect::Keep(record) => self.records.push(record),
        }
    }

    /// Whether comings and goings are told in a room that is too large for all to hear of them.
    fn is_crowded(&self, audience: &Audience, event: &Event) -> bool {
        let large = |room: &RoomId| self.state().members(*room) > self.presence_notices_max;
        event.presence_of().is_some()
            && match audience {
                Audience::Room(room) => large(room),
                Audience::Peers { rooms, .. } => rooms.iter().all(large) && !rooms.is_empty(),
                _ => false,
            }
    }
}
