//! A node of a cluster is there no more: it says so itself as it stops, or another one says so that
//! has heard nothing of it for long.
//!
//! Whether another one is right is not known, and need not be: the first such intent in order counts,
//! if it names the last entry that came from the node. From that place on its life is over on every
//! node, its own included; whatever it still sent comes of an epoch that is over.

use chinwag_model::id::{NodeId, Seq};
use chinwag_model::outcome::{Done, Refusal};
use chinwag_model::text::Text;

use super::presence;
use crate::state::State;
use crate::step::{Effects, Step};

/// This node's life is over.
#[derive(Debug)]
pub(crate) struct Change {
    node: NodeId,
    reason: String,
}

/// Has nothing come from the node since, and may this one say so?
pub(crate) fn decide(
    state: &State,
    step: &Step,
    node: NodeId,
    epoch: u64,
    last: Seq,
) -> Result<Change, Refusal> {
    let asker = step.member(state)?;
    let living = state.living(node).ok_or(Refusal::Gone)?;
    if asker.node == node || (living.epoch, living.seen) != (epoch, last) {
        return Err(Refusal::Gone);
    }
    Ok(Change { node, reason: format!("Server {} is gone", living.incarnation.name) })
}

/// May this one stop?
pub(crate) fn decide_end(state: &State, step: &Step) -> Result<Change, Refusal> {
    let living = step.member(state)?;
    let reason = format!("Server {} has stopped", living.incarnation.name);
    Ok(Change { node: living.node, reason })
}

impl Change {
    pub(crate) fn commit(self, state: &mut State, step: &Step, out: &mut Effects) {
        let sessions: Vec<_> = state.sessions_of(self.node).collect();
        let reason = Text::parse(&self.reason).ok();
        for session in sessions {
            presence::end(state, step, session, reason.as_ref(), out);
        }
        let life = state.lives.get_mut(&self.node);
        if let Some(member) = life.and_then(|life| life.member.as_mut()) {
            member.over = true;
        }
        state.raise_level();
        step.done(Done::Noted, out);
    }
}

#[cfg(test)]
mod tests {
    use crate::stage::{Stage, check};

    #[test]
    fn the_sessions_of_a_node_that_is_gone_end_at_one_place_and_what_it_sends_later_counts_no_more()
    {
        check(
            "node1: begin as a
             node2: begin as b
             ana@1: enter
             bo@2: enter
             cy@2: enter
             --
             node1: gone 2 1
             bo: say am I there
             node2: beat
             ana: say hello",
            "ana cy see: bo is offline
             ana sees: cy is offline
             node told: noted
             kept: [lobby] ana: hello
             ana sees: [lobby] ana: hello
             ana told: said",
        );
    }

    #[test]
    fn only_the_first_to_say_it_counts_and_only_if_nothing_came_since() {
        check(
            "node1: begin as a
             node2: begin as b
             node3: begin as c
             bo@2: enter
             --
             node1: gone 2 1 seen 2
             node1: gone 2 9
             node1: gone 7 1
             node1: gone 1 1
             node2: beat
             node1: gone 2 1
             node3: gone 2 1",
            "node told: refused, that person has gone
             node told: refused, that person has gone
             node told: refused, that person has gone
             node told: refused, that person has gone
             node told: noted
             nobody sees: bo is offline
             node told: noted
             node told: refused, that person has gone",
        );
    }

    #[test]
    fn only_a_node_of_a_cluster_says_it() {
        check(
            "node1: begin as a
             node2: begin as b
             ana@1: enter
             node: begin
             --
             ana: gone 2 1
             ana: end
             node1: end
             node1: gone 2 1",
            "ana told: refused, not in
             ana told: refused, not in
             node told: refused, not in
             node told: refused, not in",
        );
    }

    #[test]
    fn a_node_that_stops_is_gone_at_once_and_may_come_back_under_the_next_epoch() {
        check(
            "node1: begin as a
             node2: begin as b
             ana@1: enter
             bo@2: enter
             --
             node2: end
             node2: beat
             node1: gone 2 1
             node2: begin as b
             node2: beat",
            "ana sees: bo is offline
             node told: noted
             node told: refused, that person has gone
             node told: noted
             node told: noted",
        );
    }

    #[test]
    fn the_level_is_what_all_who_live_know_and_never_falls() {
        let mut stage = Stage::new();
        assert_eq!(stage.state().level(), 0);
        stage.play("node1: begin as a knows 4");
        assert_eq!(stage.state().level(), 4);
        let mut stage = Stage::new();
        stage.play("node1: begin as a knows 3\nnode2: begin as b knows 5");
        assert_eq!(stage.state().level(), 3);
        stage.play("node1: end");
        assert_eq!(stage.state().level(), 5);
        stage.play("node1: begin as a knows 4");
        assert!(stage.state().living(chinwag_model::id::NodeId(1)).is_none(), "it is too old");
        stage.play("node1: begin as a knows 6");
        assert!(stage.state().living(chinwag_model::id::NodeId(1)).is_some());
        assert_eq!(stage.state().level(), 5);
        stage.play("node2: gone 1 9\nnode2: end\nnode1: end");
        assert_eq!(stage.state().level(), 6, "once only the newer one was left");
    }
}
