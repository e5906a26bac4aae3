//! What a node says of itself: that it lives, or what its state is. That it said something is noted
//! already as its packet came in its turn; nothing else follows.

use chinwag_model::outcome::{Done, Refusal};

use crate::state::State;
use crate::step::{Effects, Step};

/// Nothing changes.
#[derive(Debug)]
pub(crate) struct Change;

/// Does a node itself say it?
pub(crate) fn decide(state: &State, step: &Step) -> Result<Change, Refusal> {
    step.member(state).map(|_| Change)
}

impl Change {
    pub(crate) fn commit(self, step: &Step, out: &mut Effects) {
        step.done(Done::Noted, out);
    }
}

#[cfg(test)]
mod tests {
    use chinwag_model::id::{NodeId, Seq};

    use crate::stage::{Stage, check};

    #[test]
    fn only_a_node_of_a_cluster_says_that_it_lives() {
        check(
            "ana: enter
             node2: begin as b
             --
             ana: beat
             node1: beat
             node2: beat
             node2: nothing
             node2: digest",
            "ana told: refused, not in
             node told: refused, not in
             node told: noted
             node told: noted
             node told: noted",
        );
    }

    #[test]
    fn whatever_comes_from_a_node_in_its_turn_is_a_sign_of_its_life() {
        let mut stage = Stage::new();
        let seen = |stage: &Stage| stage.state().living(NodeId(2)).map(|living| living.seen);
        stage.play("node1: begin as a\nnode2: begin as b");
        assert_eq!(seen(&stage), Some(Seq(2)));
        stage.play("node2: beat");
        assert_eq!(seen(&stage), Some(Seq(3)));
        stage.play("node1: beat\nana@2: say hello");
        assert_eq!(seen(&stage), Some(Seq(5)), "even what is refused");
    }
}
