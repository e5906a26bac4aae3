//! What goes to the log: requests wait, leave as packets, and land in the order in which they left.

use std::collections::VecDeque;

use chinwag_model::entry::{PACKET_REQUESTS_MAX, Packet};
use chinwag_model::id::{NodeId, SessionId, Timestamp};
use chinwag_model::intent::{Intent, Origin, Request};

/// The request number of what a node asks for a session on its own; sessions count from 1.
pub const OWN_REQUEST: u32 = 0;

/// Where several packets may be on their way, one holds at most so many bytes of requests, or else
/// one request.
const PACKET_BYTES_MAX: usize = 32 * 1024;

/// With so many packets on their way, the next one leaves only once it is worth it.
const SPARE: usize = 2;

/// From so many requests on, a packet is worth it.
const WORTH: usize = 32;

/// Requests that wait, and packets on their way.
///
/// Each request has a number, and keeps it: the core takes only the one whose turn it is. Where one
/// packet is on its way at a time, a refused one is as if it had never been. Where others follow
/// it, they may stand in the log already, out of their turn; then the refused one goes again under
/// its numbers, with nothing in it for those who were told, and the others go again after it.
#[derive(Debug)]
pub(crate) struct Pipeline {
    node: NodeId,
    epoch: u64,
    /// The number of the next request that leaves.
    next: u64,
    /// What waits to leave. Bounded by what each session may have in flight, which its face keeps
    /// to.
    queue: VecDeque<Request>,
    flights: VecDeque<Flight>,
    /// Most packets that may be on their way.
    depth: usize,
    /// A packet was refused, and those offered after it have not all come back.
    is_rewinding: bool,
    /// Packets that go again, before anything new.
    again: VecDeque<Packet>,
}

/// A packet on its way.
#[derive(Debug)]
struct Flight {
    first: u64,
    /// Who asks in it; only known where several may be on their way.
    askers: Vec<Asker>,
    /// The packet, once it came back without having counted.
    back: Option<Packet>,
}

/// Who asks for something that is on its way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asker {
    pub(crate) origin: Origin,
    /// Whether it is something said.
    pub(crate) is_speech: bool,
}

impl Pipeline {
    pub(crate) fn new(node: NodeId, epoch: u64, depth: usize) -> Self {
        Self {
            node,
            epoch,
            next: 0,
            queue: VecDeque::new(),
            flights: VecDeque::new(),
            depth,
            is_rewinding: false,
            again: VecDeque::new(),
        }
    }

    pub(crate) fn epoch(&self) -> u64 {
        self.epoch
    }

    pub(crate) fn push(&mut self, request: Request) {
        self.queue.push_back(request);
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.queue.is_empty() && self.flights.is_empty() && self.again.is_empty()
    }

    /// How many packets are on their way.
    pub(crate) fn on_their_way(&self) -> usize {
        self.flights.len()
    }

    /// Whether the packet is of the present epoch.
    pub(crate) fn is_own(&self, packet: &Packet) -> bool {
        packet.node == self.node && packet.epoch == self.epoch
    }

    /// Whether something may leave now.
    pub(crate) fn has_next(&self) -> bool {
        let (on_their_way, waiting) = (self.flights.len(), self.queue.len());
        let is_worth_it = waiting > 0 && (on_their_way < SPARE || waiting >= WORTH);
        !self.is_rewinding && on_their_way < self.depth && (is_worth_it || !self.again.is_empty())
    }

    /// What leaves now; `None` while enough is on its way, or with nothing to say. `expires` is asked
    /// for where people want something in it.
    pub(crate) fn leave(&mut self, expires: Option<Timestamp>) -> Option<Packet> {
        if !self.has_next() {
            return None;
        }
        if let Some(packet) = self.again.pop_front() {
            self.flights.push_back(Flight::of(&packet, self.depth));
            return Some(packet);
        }
        let count = self.count_next();
        let requests: Vec<_> = self.queue.drain(..count).collect();
        let expires = expires.filter(|_| requests.iter().any(is_of_session));
        let packet =
            Packet { node: self.node, epoch: self.epoch, first: self.next, requests, expires };
        self.next += packet.requests.len() as u64;
        self.flights.push_back(Flight::of(&packet, self.depth));
        Some(packet)
    }

    /// How many of the waiting requests the next packet holds.
    fn count_next(&self) -> usize {
        // The beginning of a node of a cluster has a packet of its own: it is to count whenever it
        // comes, whatever waits behind it.
        if matches!(self.queue.front(), Some(first) if matches!(first.intent, Intent::BeginAs(_))) {
            return 1;
        }
        let most = self.queue.len().min(PACKET_REQUESTS_MAX);
        if self.depth == 1 {
            return most;
        }
        let mut bytes = 0;
        let fits = |request: &&Request| {
            bytes += request.size();
            bytes <= PACKET_BYTES_MAX
        };
        self.queue.iter().take(most).take_while(fits).count().max(1)
    }

    /// A packet of the present epoch has landed, as far as the log is concerned.
    pub(crate) fn landed(&mut self, packet: &Packet) {
        if self.is_own(packet) && self.flights.front().is_some_and(|f| f.first == packet.first) {
            self.flights.pop_front();
        }
    }

    /// An entry of the present epoch was passed over. Mostly it is a repeat; after a refusal it may be
    /// one that came before its turn, and goes again.
    pub(crate) fn passed_over(&mut self, packet: &Packet) {
        if self.is_rewinding
            && let Some(flight) = self.flights.iter_mut().find(|f| f.first == packet.first)
        {
            flight.back.get_or_insert_with(|| packet.clone());
            self.rewind();
        }
    }

    /// A packet was refused, and will not be stored. Gives who is to be told; what must be done in any
    /// case goes again.
    pub(crate) fn refused(&mut self, mut packet: Packet) -> Vec<Origin> {
        if !self.is_own(&packet) {
            return Vec::new();
        }
        let origins = packet.requests.iter().filter(|request| is_of_session(request));
        let told = origins.map(|request| request.origin).collect();
        if self.depth == 1 {
            self.flights.clear();
            self.next = packet.first;
            packet.requests.retain(|request| !is_of_session(request));
            packet.requests.extend(self.queue.drain(..));
            self.queue = packet.requests.into();
            return told;
        }
        let own = SessionId { node: self.node, number: 0 };
        let origin = Origin { session: own, request: OWN_REQUEST };
        for request in packet.requests.iter_mut().filter(|request| is_of_session(request)) {
            *request = Request { origin, intent: Intent::Nothing };
        }
        packet.expires = None;
        self.is_rewinding = true;
        if let Some(flight) = self.flights.iter_mut().find(|f| f.first == packet.first) {
            flight.askers.clear();
            flight.back = Some(packet);
        }
        self.rewind();
        told
    }

    /// Once all that were on their way have come back, they go again in their order.
    fn rewind(&mut self) {
        if self.flights.iter().all(|flight| flight.back.is_some()) {
            let back = self.flights.drain(..).filter_map(|flight| flight.back);
            self.again = back.chain(std::mem::take(&mut self.again)).collect();
            self.is_rewinding = false;
        }
    }

    /// Who asks for what is on its way.
    pub(crate) fn askers(&self) -> impl Iterator<Item = Asker> {
        self.flights.iter().flat_map(|flight| flight.askers.iter().copied())
    }

    /// Takes out of what waits all that sessions ask for, but that they go.
    pub(crate) fn take_waiting(&mut self) -> Vec<Origin> {
        let mut taken = Vec::new();
        self.queue.retain(|request| {
            let is_taken = is_of_session(request);
            taken.extend(is_taken.then_some(request.origin));
            !is_taken
        });
        taken
    }

    /// A new epoch begins, with this request in front of all that waits. What was on its way belongs to
    /// an epoch that is over. Gives how many requests wait then.
    pub(crate) fn begin(&mut self, epoch: u64, begin: Request) -> u64 {
        let mut queue = std::mem::take(&mut self.queue);
        queue.push_front(begin);
        *self = Self { queue, ..Self::new(self.node, epoch, self.depth) };
        self.queue.len() as u64
    }

    /// Forgets what waits of sessions that are over, and all that is of no use to another life.
    pub(crate) fn forget_sessions(&mut self) {
        let stays = |i: &Intent| matches!(i, Intent::Delivered(_) | Intent::LoseDevice { .. });
        self.queue.retain(|request| stays(&request.intent));
    }
}

impl Flight {
    fn of(packet: &Packet, depth: usize) -> Self {
        let asker = |request: &Request| Asker {
            origin: request.origin,
            is_speech: request.intent.is_speech(),
        };
        let askers = packet.requests.iter().filter(|request| is_of_session(request));
        let askers = if depth > 1 { askers.map(asker).collect() } else { Vec::new() };
        Self { first: packet.first, askers, back: None }
    }
}

/// Whether a session asks for it, and is to be told what became of it; not the node for itself, or for
/// a connection that is gone.
pub(crate) fn is_of_session(request: &Request) -> bool {
    request.origin.session.number != 0 && request.origin.request != OWN_REQUEST
}

#[cfg(test)]
mod tests;
