//! An operator ends a person's sessions.

use chinwag_model::effect::{Audience, Event};
use chinwag_model::id::SessionId;
use chinwag_model::message::Card;
use chinwag_model::mode::PersonFlag;
use chinwag_model::name::Name;
use chinwag_model::outcome::{Done, Refusal};
use chinwag_model::text::Text;

use super::presence;
use crate::state::State;
use crate::step::{Effects, Step};

/// These sessions are ended.
#[derive(Debug)]
pub(crate) struct Change {
    by: Card,
    sessions: Vec<SessionId>,
    reason: Option<Text>,
}

/// Is the asker an operator, and is there someone?
pub(crate) fn decide(
    state: &State,
    step: &Step,
    who: &Name,
    reason: Option<&Text>,
) -> Result<Change, Refusal> {
    let (asker, person) = step.asker(state)?;
    if !person.flags.has(PersonFlag::Operator) {
        return Err(Refusal::OperatorNeeded);
    }
    let (_, other) = state.person_called(who).ok_or_else(|| Refusal::NoSuchPerson(who.clone()))?;
    if !other.is_online() {
        return Err(Refusal::NoSuchPerson(who.clone()));
    }
    Ok(Change { by: person.card(asker), sessions: other.sessions(), reason: reason.cloned() })
}

/// Which other sessions of the asker's does it end?
pub(crate) fn decide_ghost(state: &State, step: &Step, who: &Name) -> Result<Change, Refusal> {
    let (asker, person) = step.asker(state)?;
    let (id, _) = state.person_called(who).ok_or_else(|| Refusal::NoSuchPerson(who.clone()))?;
    if id != asker {
        return Err(Refusal::NotYours);
    }
    let mut sessions = person.sessions();
    sessions.retain(|session| *session != step.origin.session);
    Ok(Change { by: person.card(asker), sessions, reason: None })
}

impl Change {
    pub(crate) fn commit(self, state: &mut State, step: &Step, out: &mut Effects) {
        let Self { by, sessions, reason } = self;
        let why = match &reason {
            Some(reason) => format!("Killed ({}: {reason})", by.name),
            None => format!("Killed ({})", by.name),
        };
        let why = Text::parse(&why).ok();
        let event = Event::Ended { by, reason };
        step.show(Audience::Sessions(sessions.clone()), event, out);
        step.done(Done::Noted, out);
        for session in sessions {
            presence::end(state, step, session, why.as_ref(), out);
        }
    }
}
