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
            presence::end(state, session, out);
        }
        step.done(Done::Noted, out);
    }
}
