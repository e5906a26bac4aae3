//! Takes entries in order: for each request a decision, a commit, and its effects.

use std::panic::{AssertUnwindSafe, catch_unwind};

use chinwag_model::effect::Effect;
use chinwag_model::entry::{Entry, Packet};
use chinwag_model::id::{Place, SessionId};
use chinwag_model::intent::Intent;
use chinwag_model::outcome::{NotStored, Refusal};
use chinwag_model::record::Record;

use crate::chain;
use crate::rule;
use crate::state::{Life, NodeMember, State};
use crate::step::Step;

/// The state and the loop that moves it.
#[derive(Debug, Default)]
pub struct Core {
    state: State,
}

/// An entry that does not follow the last one: something was lost, and nothing may go on.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("entry {got} does not follow entry {last}")]
pub struct Gap {
    /// The last entry taken.
    pub last: u64,
    /// The entry that came.
    pub got: u64,
}

/// What became of an entry's packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Its requests were decided.
    Taken,
    /// It came when it was no longer wanted: each of its requests was refused, and their numbers are
    /// used up.
    Late,
    /// It was passed over: a repeat, one whose turn it is not, or of a life that is over.
    PassedOver,
}

impl Core {
    /// Goes on from a state.
    #[must_use]
    pub fn new(state: State) -> Self {
        Self { state }
    }

    /// The state now.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Takes the next entry. What follows from it is appended to `out`, in order; a request that
    /// is refused has its refusal there. A packet of an epoch that is over, or that was taken
    /// before, changes nothing.
    ///
    /// # Errors
    /// [`Gap`] if an entry is missing before this one; nothing was changed.
    pub fn apply(&mut self, entry: &Entry, out: &mut Vec<Effect>) -> Result<Fate, Gap> {
        if entry.seq != self.state.seq.next() {
            return Err(Gap { last: self.state.seq.0, got: entry.seq.0 });
        }
        let before = self.state.time;
        self.state.seq = entry.seq;
        self.state.time = self.state.time.max(entry.time);
        if self.state.level > 0 {
            self.state.chain = chain::link(&self.state.chain, entry);
        }
        let fate = self.fate(&entry.packet);
        if fate == Fate::PassedOver {
            return Ok(fate);
        }
        for (index, request) in (0u32..).zip(&entry.packet.requests) {
            let step = Step {
                place: Place { seq: entry.seq, index },
                time: self.state.time,
                origin: request.origin,
            };
            let node = request.origin.session.node;
            let decided = if fate == Fate::Late {
                Err(Refusal::NotStored(NotStored::TooLate))
            } else if self.state.level > 0 && self.state.lives.get(&node).is_some_and(Life::is_over)
            {
                // Its end stood before it in the same packet.
                Err(Refusal::NotIn)
            } else {
                // A decision touches nothing, so that one which panics is a bug of ours and a no to
                // the asker, on every node alike; it must not stop the log at this place for ever.
                catch_unwind(AssertUnwindSafe(|| rule::decide(&self.state, &step, request)))
                    .unwrap_or(Err(Refusal::Internal))
            };
            match decided {
                Ok(change) => change.commit(&mut self.state, &step, out),
                Err(refusal) => out.push(Effect::Reply(request.origin, Err(refusal))),
            }
        }
        // Behind the requests, so that whoever logs in in time has their name.
        if self.state.expires_names(before) {
            let expired = self.state.expire_names();
            out.extend(expired.into_iter().map(|id| Effect::Keep(Record::Expired(id))));
        }
        Ok(fate)
    }

    /// Whether a packet counts: the next one of a living epoch, or the first of a new one; and whether
    /// it came in time. Takes note of the turn.
    ///
    /// In time is what stands at a moment up to the one it names, by the state's time. That never runs
    /// back, so that once it is past, the packet is refused wherever it still comes, whatever the
    /// clocks of the log's machines do meanwhile.
    fn fate(&mut self, packet: &Packet) -> Fate {
        let State { lives, time, seq, level, .. } = &mut self.state;
        let length = packet.requests.len() as u64;
        let in_time = packet.expires.is_none_or(|expires| *time <= expires);
        let life = lives.get(&packet.node);
        let epoch = life.map_or(0, |life| life.epoch);
        if packet.first == 0 && packet.epoch > epoch {
            let Some(first) = packet.requests.first() else { return Fate::PassedOver };
            let member = match &first.intent {
                Intent::Begin => None,
                Intent::BeginAs(incarnation) => {
                    let is_own = first.origin.session == SessionId { node: packet.node, number: 0 };
                    let known = life.and_then(|life| life.member.as_ref());
                    let is_other = known.is_some_and(|m| m.incarnation.name != incarnation.name);
                    if !is_own || is_other || !in_time || incarnation.knows < *level {
                        return Fate::PassedOver;
                    }
                    let incarnation = (**incarnation).clone();
                    Some(Box::new(NodeMember { incarnation, seen: *seq, over: false }))
                }
                _ => return Fate::PassedOver,
            };
            let life = Life { epoch: packet.epoch, next: length, member };
            lives.insert(packet.node, life);
            return if in_time { Fate::Taken } else { Fate::Late };
        }
        let Some(life) = lives.get_mut(&packet.node) else { return Fate::PassedOver };
        if (life.epoch, life.next) != (packet.epoch, packet.first) || life.is_over() {
            return Fate::PassedOver;
        }
        life.next = life.next.saturating_add(length);
        if let Some(member) = &mut life.member {
            member.seen = *seq;
        }
        if in_time { Fate::Taken } else { Fate::Late }
    }
}

#[cfg(test)]
mod tests {
    use chinwag_model::id::{NodeId, Seq, Timestamp};
    use chinwag_model::intent::{Identity, Origin, Request};
    use chinwag_model::node::Incarnation;

    use super::*;

    const NODE: NodeId = NodeId(1);

    /// A request of this connection of the node; 0 is the node itself.
    fn request(number: u64, intent: Intent) -> Request {
        let session = SessionId { node: NODE, number };
        Request { origin: Origin { session, request: 1 }, intent }
    }

    fn begin() -> Request {
        request(0, Intent::Begin)
    }

    /// Someone comes in as a guest: what can be told from the state.
    fn guest(number: u64) -> Request {
        request(number, Intent::Enter(Identity::Guest, None))
    }

    /// Takes the node's packet as the next entry, and tells how many effects came of it.
    fn take(core: &mut Core, epoch: u64, first: u64, requests: Vec<Request>) -> usize {
        let mut effects = Vec::new();
        let entry = Entry {
            seq: core.state().seq().next(),
            time: Timestamp(1000),
            packet: Packet { node: NODE, epoch, first, requests, expires: None },
        };
        core.apply(&entry, &mut effects).unwrap();
        effects.len()
    }

    /// All of the state but the number of the last entry and the chain, which every entry moves.
    fn rest(core: &Core) -> Vec<u8> {
        let mut state = State::restore(&core.state().snapshot()).unwrap();
        (state.seq, state.chain) = (Seq(0), [0; 32]);
        state.snapshot()
    }

    fn guests(core: &Core) -> usize {
        core.state().sessions.len()
    }

    #[test]
    fn packets_that_follow_each_other_count() {
        let mut core = Core::default();
        assert_eq!(take(&mut core, 7, 0, vec![begin(), guest(1)]), 6);
        assert_eq!(take(&mut core, 7, 2, vec![guest(2), guest(3)]), 10);
        assert_eq!(take(&mut core, 7, 4, vec![]), 0);
        assert_eq!(take(&mut core, 7, 4, vec![guest(4)]), 5);
        assert_eq!((core.state().epoch(NODE), guests(&core)), (7, 4));
    }

    #[test]
    fn packets_out_of_their_turn_change_nothing() {
        for (epoch, first, requests, why) in [
            (2, 0, vec![begin(), guest(9)], "a repeat of the beginning"),
            (2, 1, vec![guest(9)], "a repeat"),
            (2, 4, vec![guest(9)], "a packet before it was lost"),
            (1, 0, vec![begin(), guest(9)], "a beginning of an epoch that is over"),
            (1, 3, vec![guest(9)], "an epoch that is over"),
            (3, 0, vec![guest(9)], "an epoch that did not begin"),
            (3, 3, vec![begin(), guest(9)], "a beginning that is not the first packet"),
            (3, 0, vec![guest(9), begin()], "a beginning that is not the first request"),
            (3, 0, vec![], "an epoch that begins with nothing"),
        ] {
            let mut core = Core::default();
            take(&mut core, 1, 0, vec![begin(), guest(1)]);
            take(&mut core, 2, 0, vec![begin(), guest(2), guest(3)]);
            let before = rest(&core);
            assert_eq!(take(&mut core, epoch, first, requests), 0, "{why}");
            assert_eq!(rest(&core), before, "{why}");
            assert_eq!(core.state().seq(), Seq(3), "{why}");
            take(&mut core, 2, 3, vec![guest(4)]);
            assert_eq!(guests(&core), 3, "and the next packet counts after {why}");
        }
    }

    #[test]
    fn a_node_that_never_began_changes_nothing() {
        for (epoch, requests) in [(0, vec![begin(), guest(1)]), (0, vec![guest(1)]), (1, vec![])] {
            let mut core = Core::default();
            take(&mut core, epoch, 0, requests);
            let empty = State { time: Timestamp(1000), ..State::new() };
            assert_eq!(rest(&core), empty.snapshot());
            assert_eq!(core.state().epoch(NODE), 0);
        }
    }

    #[test]
    fn a_new_epoch_ends_the_sessions_of_the_old_one() {
        let mut core = Core::default();
        take(&mut core, 1, 0, vec![begin(), guest(1), guest(2)]);
        take(&mut core, 5, 0, vec![begin(), guest(1)]);
        assert_eq!((core.state().epoch(NODE), guests(&core)), (5, 1));
    }

    fn begin_as(name: &str, knows: u32) -> Request {
        let (name, nonce, knows_since) = (name.into(), 1, 1);
        request(0, Intent::BeginAs(Box::new(Incarnation { name, nonce, knows, knows_since })))
    }

    /// Takes a packet that is wanted up to a moment, as an entry of a moment.
    fn take_at(
        core: &mut Core,
        time: i64,
        first: u64,
        requests: Vec<Request>,
        expires: i64,
    ) -> Fate {
        let expires = Some(Timestamp(expires));
        let packet = Packet { node: NODE, epoch: 1, first, requests, expires };
        let entry = Entry { seq: core.state().seq().next(), time: Timestamp(time), packet };
        core.apply(&entry, &mut Vec::new()).unwrap()
    }

    #[test]
    fn what_comes_too_late_is_refused_and_what_follows_it_counts() {
        let mut core = Core::default();
        take(&mut core, 1, 0, vec![begin_as("a", 3)]);
        assert_eq!(take_at(&mut core, 1010, 1, vec![guest(1)], 1010), Fate::Taken);
        assert_eq!(take_at(&mut core, 1011, 2, vec![guest(2), guest(3)], 1010), Fate::Late);
        assert_eq!(take_at(&mut core, 1011, 2, vec![guest(2), guest(3)], 2000), Fate::PassedOver);
        assert_eq!(take_at(&mut core, 1012, 4, vec![guest(4)], 2000), Fate::Taken);
        assert_eq!(guests(&core), 2);
    }

    #[test]
    fn a_clock_that_runs_back_makes_nothing_in_time_that_was_too_late() {
        let mut core = Core::default();
        take(&mut core, 1, 0, vec![begin_as("a", 3)]);
        assert_eq!(take_at(&mut core, 5000, 1, vec![guest(1)], 5000), Fate::Taken);
        assert_eq!(take_at(&mut core, 1500, 2, vec![guest(2)], 4999), Fate::Late);
    }

    #[test]
    fn a_beginning_that_is_too_late_too_old_or_of_another_name_is_passed_over() {
        let mut core = Core::default();
        assert_eq!(take_at(&mut core, 10, 0, vec![begin_as("a", 3)], 9), Fate::PassedOver);
        take(&mut core, 1, 0, vec![begin_as("a", 3)]);
        for (first, why) in [
            (begin_as("b", 3), "another name with the same number"),
            (begin_as("a", 2), "too old for what may be in the log"),
            (request(1, begin_as("a", 3).intent), "a session begins nothing"),
        ] {
            let before = rest(&core);
            assert_eq!(take(&mut core, 2, 0, vec![first]), 0, "{why}");
            assert_eq!(rest(&core), before, "{why}");
        }
        assert_eq!(take(&mut core, 2, 0, vec![begin_as("a", 3)]), 1);
    }

    #[test]
    fn behind_its_end_nothing_of_a_packet_counts() {
        let mut core = Core::default();
        take(&mut core, 1, 0, vec![begin_as("a", 3), request(0, Intent::End), guest(1)]);
        assert_eq!(guests(&core), 0);
    }

    #[test]
    fn an_entry_after_a_hole_is_an_error_and_so_is_one_again() {
        let mut core = Core::default();
        take(&mut core, 1, 0, vec![begin()]);
        for seq in [0, 1, 3, u64::MAX] {
            let requests = vec![guest(1)];
            let packet = Packet { node: NODE, epoch: 1, first: 1, requests, expires: None };
            let entry = Entry { seq: Seq(seq), time: Timestamp(9000), packet };
            let before = core.state().digest();
            let mut effects = Vec::new();
            assert_eq!(core.apply(&entry, &mut effects), Err(Gap { last: 1, got: seq }));
            assert_eq!((core.state().digest(), effects.len()), (before, 0));
        }
        assert_eq!(Gap { last: 1, got: 3 }.to_string(), "entry 3 does not follow entry 1");
    }

    #[test]
    fn time_never_runs_back() {
        let mut core = Core::default();
        for (time, then) in [(5, 5), (3, 5), (i64::MIN, 5), (6, 6)] {
            let packet = Packet { node: NODE, epoch: 0, first: 0, requests: vec![], expires: None };
            let entry = Entry { seq: core.state().seq().next(), time: Timestamp(time), packet };
            core.apply(&entry, &mut Vec::new()).unwrap();
            assert_eq!(core.state().time(), Timestamp(then));
        }
    }

    #[test]
    fn a_request_is_known_by_its_entry_and_its_index_there() {
        let mut core = Core::default();
        take(&mut core, 1, 0, vec![begin()]);
        take(&mut core, 1, 1, vec![guest(1), guest(1), guest(2)]);
        let places: Vec<_> = core.state().rooms[&chinwag_model::id::RoomId::LOBBY]
            .members
            .values()
            .map(|member| member.since.to_string())
            .collect();
        assert_eq!(places, ["2.0", "2.2"]);
    }
}
