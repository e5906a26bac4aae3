//! Being called otherwise beside the name.

use std::sync::Arc;

use chinwag_model::effect::Event;
use chinwag_model::id::PersonId;
use chinwag_model::outcome::{Done, Refusal};

use super::presence;
use crate::state::State;
use crate::step::{Effects, Step};

/// Someone is called otherwise.
#[derive(Debug)]
pub(crate) struct Change {
    who: PersonId,
    real_name: Box<str>,
}

/// Anyone who is in may.
pub(crate) fn decide(state: &State, step: &Step, real_name: &str) -> Result<Change, Refusal> {
    let (who, _) = step.asker(state)?;
    Ok(Change { who, real_name: real_name.into() })
}

impl Change {
    pub(crate) fn commit(self, state: &mut State, step: &Step, out: &mut Effects) {
        let Some(person) = state.persons.get_mut(&self.who) else { return };
        let real_name = Arc::from(&*self.real_name);
        person.real_name = self.real_name;
        let event = Event::RealName { who: person.card(self.who), real_name };
        step.show(presence::peers(person), event, out);
        step.done(Done::Noted, out);
    }
}
