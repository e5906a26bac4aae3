//! A node begins a life: the sessions of its earlier ones are over.
//!
//! A node without a cluster and a cluster are never there together: where one begins on the other's
//! state, the other's sessions are over as well.

use chinwag_model::id::{NodeId, SessionId};
use chinwag_model::outcome::{Done, Refusal};

use super::presence;
use crate::state::State;
use crate::step::{Effects, Step};

/// These sessions are over, and these lives.
#[derive(Debug)]
pub(crate) struct Change {
    sessions: Vec<SessionId>,
    ended: Vec<NodeId>,
}

/// Which sessions does a new life of this node end?
pub(crate) fn decide(state: &State, step: &Step, in_cluster: bool) -> Result<Change, Refusal> {
    if step.origin.session.number != 0 {
        return Err(Refusal::NotIn);
    }
    let node = step.origin.session.node;
    let is_of_another_kind =
        |other: &NodeId| state.lives.get(other).is_some_and(|l| l.member.is_some() != in_cluster);
    let others: Vec<NodeId> = state.lives.keys().filter(|other| **other != node).copied().collect();
    let ended: Vec<NodeId> = others.into_iter().filter(is_of_another_kind).collect();
    let nodes = std::iter::once(node).chain(ended.iter().copied());
    let sessions = nodes.flat_map(|node| state.sessions_of(node)).collect();
    Ok(Change { sessions, ended })
}

impl Change {
    pub(crate) fn commit(self, state: &mut State, step: &Step, out: &mut Effects) {
        for session in self.sessions {
            presence::end(state, step, session, None, out);
        }
        for node in self.ended {
            let life = state.lives.get_mut(&node);
            if let Some(member) = life.and_then(|life| life.member.as_mut()) {
                member.over = true;
            }
        }
        state.raise_level();
        step.done(Done::Noted, out);
    }
}

#[cfg(test)]
mod tests {
    use crate::stage::check;

    #[test]
    fn a_new_life_ends_all_sessions_of_its_node_and_no_others() {
        check(
            "ana: enter with v
             bo: enter
             bo: join tea
             cy@2: enter
             cy: join tea
             ana2@2: enter checked 1
             guest: enter guest
             --
             node: begin
             cy: in tea hello",
            "guest cy ana2 see: bo is offline
             cy ana2 see: guest-1 is offline
             node told: noted
             kept: [tea] cy: hello
             cy sees: [tea] cy: hello
             cy told: said",
        );
    }

    #[test]
    fn who_was_ended_may_come_back() {
        check(
            "ana: enter
             node: begin
             --
             ana: say hello
             ana: enter",
            "ana told: refused, not in
             ana told: in as ana
             ana sees: ana is online",
        );
    }

    #[test]
    fn only_a_node_itself_begins() {
        check(
            "ana: enter
             --
             ana: begin
             ana: say hello",
            "ana told: refused, not in
             kept: [lobby] ana: hello
             ana sees: [lobby] ana: hello
             ana told: said",
        );
    }

    #[test]
    fn where_a_cluster_begins_the_sessions_of_a_single_node_are_over_and_the_other_way_round() {
        check(
            "ana: enter
             bo@2: enter
             --
             node3: begin as c
             cy@3: enter
             node4: begin as d
             node: begin
             node3: beat",
            "bo sees: ana is offline
             nobody sees: bo is offline
             node told: noted
             kept: cy has all up to here
             cy told: in as cy, new
             cy sees: cy is online
             node told: noted
             nobody sees: cy is offline
             node told: noted",
        );
    }
}
