//! A node begins a life: the sessions of its earlier ones are over.

use chinwag_model::id::SessionId;
use chinwag_model::outcome::{Done, Refusal};

use super::presence;
use crate::state::State;
use crate::step::{Effects, Step};

/// These sessions are over.
#[derive(Debug)]
pub(crate) struct Change {
    sessions: Vec<SessionId>,
}

/// Which sessions does a new life of this node end?
pub(crate) fn decide(state: &State, step: &Step) -> Result<Change, Refusal> {
    if step.origin.session.number != 0 {
        return Err(Refusal::NotIn);
    }
    let node = step.origin.session.node;
    let from = SessionId { node, number: 0 };
    let to = SessionId { node, number: u64::MAX };
    Ok(Change { sessions: state.sessions.range(from..=to).map(|(id, _)| *id).collect() })
}

impl Change {
    pub(crate) fn commit(self, state: &mut State, step: &Step, out: &mut Effects) {
        for session in self.sessions {
            presence::end(state, step, session, None, out);
        }
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
}
