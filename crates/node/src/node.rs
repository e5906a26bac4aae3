//! One node: batches, order, and the sessions that ask.

use std::collections::{BTreeMap, VecDeque};

use chinwag_core::answer::Response;
use chinwag_core::answer::reader::Reader;
use chinwag_core::core::{Core, Gap};
use chinwag_core::state::State;
use chinwag_model::effect::{Audience, Effect, Event, Push, Stamp};
use chinwag_model::entry::{Entry, PACKET_REQUESTS_MAX, Packet};
use chinwag_model::id::{NodeId, PersonId, RoomId, SessionId};
use chinwag_model::intent::{Intent, Mark, Origin, Request, Target};
use chinwag_model::mail::MailAddress;
use chinwag_model::outcome::{Done, NotStored, Outcome, Refusal};
use chinwag_model::push::Endpoint;
use chinwag_model::query::{Answer, Census, Query, Reading};
use chinwag_model::record::Record;
use chinwag_model::tag::Tags;
use chinwag_model::text::Text;

use crate::delivery::{Delivery, SessionNumber, Shown};
use crate::route::Routes;
use crate::watch::Watches;

/// The request number of what a node asks for a session on its own; sessions count from 1.
pub const OWN_REQUEST: u32 = 0;

/// A node's part in the one order.
///
/// The caller takes [`next_packet`](Self::next_packet) to the log whenever it gives one, brings
/// back what the log says by [`take_entry`](Self::take_entry) or
/// [`take_refused`](Self::take_refused), and then takes the deliveries, records and readings that
/// came of it.
#[derive(Debug)]
pub struct Node {
    id: NodeId,
    epoch: u64,
    core: Core,
    /// The number of the next request that is offered.
    next: u64,
    /// What waits for the packet in flight to land. Bounded by what each session may have in
    /// flight, which its face keeps to.
    queue: VecDeque<Request>,
    in_flight: bool,
    pending: BTreeMap<SessionNumber, Pending>,
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
    intents: usize,
    queries: VecDeque<(u32, Query)>,
}

impl Node {
    /// A node that goes on from `core`, in a new epoch, with so many shards. Its first packet
    /// begins the epoch.
    #[must_use]
    pub fn new(id: NodeId, core: Core, shards: usize, presence_notices_max: usize) -> Self {
        let mut node = Self {
            id,
            epoch: core.state().epoch(id) + 1,
            core,
            next: 0,
            queue: VecDeque::new(),
            in_flight: false,
            pending: BTreeMap::new(),
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
        };
        node.enqueue(0, OWN_REQUEST, Intent::Begin);
        node
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
        if self.archive_behind
            && matches!(intent, Intent::Say { .. } | Intent::Tag { .. } | Intent::Relay { .. })
        {
            let refusal = Refusal::NotStored(NotStored::ArchiveBehind);
            return self.reply(session, request, Err(refusal));
        }
        self.pending.entry(session).or_default().intents += 1;
        self.enqueue(session, request, intent);
    }

    /// A session wants to know something; it is answered after all that it asked before.
    pub fn query(&mut self, session: SessionNumber, request: u32, query: Query) {
        match self.pending.get_mut(&session) {
            Some(pending) => pending.queries.push_back((request, query)),
            None => self.answer(session, request, &query),
        }
    }

    /// A connection is gone, for a reason that others may be told.
    pub fn closed(&mut self, session: SessionNumber, reason: Option<Text>) {
        self.watches.forget(session);
        // It may be coming in just now, by an intent that is on its way.
        let id = SessionId { node: self.id, number: session };
        if self.pending.contains_key(&session) || self.state().has_session(id) {
            self.pending.entry(session).or_default().intents += 1;
            self.enqueue(session, OWN_REQUEST, Intent::Exit { delivered: None, reason });
        }
    }

    /// A session puts tags on something that may be lost and decide nothing. They are seen at once,
    /// or refused; like everything, after what the session asked before.
    pub fn whisper(&mut self, session: SessionNumber, request: u32, to: &Target, tags: &Tags) {
        let id = SessionId { node: self.id, number: session };
        let outcome = match self.state().whisper(Origin { session: id, request }, to, tags) {
            Ok((audience, event, stamp)) => {
                self.routes.show(audience, &[], Shown { event, stamp, crowded: false });
                Ok(Done::Said(None))
            }
            Err(refusal) => Err(refusal),
        };
        self.reply(session, request, outcome);
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
        !self.in_flight && self.queue.is_empty()
    }

    /// Whether there is something to offer to the log now.
    #[must_use]
    pub fn has_next_packet(&self) -> bool {
        !self.in_flight && !self.queue.is_empty()
    }

    /// What to offer to the log now; `None` while a packet is in flight, or with nothing to say.
    pub fn next_packet(&mut self) -> Option<Packet> {
        if !self.has_next_packet() {
            return None;
        }
        self.in_flight = true;
        let count = self.queue.len().min(PACKET_REQUESTS_MAX);
        let requests = self.queue.drain(..count).collect();
        Some(Packet { node: self.id, epoch: self.epoch, first: self.next, requests })
    }

    /// The packet in flight has landed; the next one can be offered before its entry is taken, so
    /// that the log works while this node does.
    pub fn landed(&mut self, packet: &Packet) {
        if packet.node == self.id && packet.epoch == self.epoch {
            self.in_flight = false;
            self.next = packet.first + packet.requests.len() as u64;
        }
    }

    /// Takes the next entry of the log, of whichever node.
    ///
    /// # Errors
    /// [`Gap`] if one is missing before it.
    pub fn take_entry(&mut self, entry: &Entry) -> Result<(), Gap> {
        let mut effects = std::mem::take(&mut self.effects);
        self.core.apply(entry, &mut effects)?;
        let own = entry.packet.node == self.id && entry.packet.epoch == self.epoch;
        for effect in effects.drain(..) {
            // Of all nodes, the one that asked tells the devices.
            if let Effect::Show { event, stamp, .. } = &effect
                && own
                && self.pushing
            {
                self.push(event, stamp);
            }
            self.route(effect);
        }
        self.effects = effects;
        self.most = self.most.max(self.state().there());
        if own {
            self.settled += entry.packet.requests.len() as u64;
            for request in &entry.packet.requests {
                self.finish(request.origin.session.number);
            }
            self.pass_barriers();
        }
        Ok(())
    }

    /// The log could not store the packet in flight: those who asked are told. What must be done
    /// in any case (connections that are gone) is offered again with the next packet.
    pub fn take_refused(&mut self, packet: Packet, why: NotStored) {
        self.in_flight = false;
        let mut again = VecDeque::new();
        for request in packet.requests {
            let Origin { session, request: number } = request.origin;
            if session.number == 0 || number == OWN_REQUEST {
                again.push_back(request);
            } else {
                self.settled += 1;
                self.reply(session.number, number, Err(Refusal::NotStored(why)));
                self.finish(session.number);
            }
        }
        self.pass_barriers();
        again.append(&mut self.queue);
        self.queue = again;
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
        let session = SessionId { node: self.id, number: session };
        self.accepted += 1;
        self.queue.push_back(Request { origin: Origin { session, request }, intent });
    }

    /// One intent of a session is finished; if it was the last one, what it wanted to know after
    /// it is answered.
    fn finish(&mut self, session: SessionNumber) {
        let Some(pending) = self.pending.get_mut(&session) else { return };
        pending.intents = pending.intents.saturating_sub(1);
        if pending.intents == 0 {
            let queries = std::mem::take(&mut pending.queries);
            self.pending.remove(&session);
            for (request, query) in queries {
                self.answer(session, request, &query);
            }
        }
    }

    fn pass_barriers(&mut self) {
        while let Some((_, session, request)) =
            self.raised.pop_front_if(|(upto, ..)| *upto <= self.settled)
        {
            self.barriers.push((session, request));
        }
    }

    fn answer(&mut self, session: SessionNumber, request: u32, query: &Query) {
        let id = SessionId { node: self.id, number: session };
        match query {
            Query::Barrier => {
                // Also what others asked before it: they may have been told of each other elsewhere.
                self.raised.push_back((self.accepted, session, request));
                return self.pass_barriers();
            }
            Query::Watch { names, on } => self.watches.set(session, names, *on),
            _ => {}
        }
        match self.state().answer(id, query) {
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
        let presence = matches!(
            event,
            Event::Online(_)
                | Event::Offline(_)
                | Event::Joined(_)
                | Event::Left { .. }
                | Event::Quit { .. }
                | Event::Away { .. }
                | Event::Account(_)
                | Event::RealName { .. }
                | Event::Badge { .. }
                | Event::Renamed { .. }
        );
        let large = |room: &RoomId| self.state().members(*room) > self.presence_notices_max;
        presence
            && match audience {
                Audience::Room(room) => large(room),
                Audience::Peers { rooms, .. } => rooms.iter().all(large) && !rooms.is_empty(),
                _ => false,
            }
    }
}
