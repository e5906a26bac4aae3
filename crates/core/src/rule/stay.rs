//! Whether one stays in the rooms without a connection.

use chinwag_model::id::PersonId;
use chinwag_model::outcome::{Done, Refusal};

use crate::state::State;
use crate::step::{Effects, Step};

/// Someone stays, or does not, or does as the server has it.
#[derive(Debug)]
pub(crate) struct Change {
    who: PersonId,
    stays: Option<bool>,
}

/// Who has an account may choose.
pub(crate) fn decide(state: &State, step: &Step, stays: Option<bool>) -> Result<Change, Refusal> {
    let (who, person) = step.asker(state)?;
    if person.account().is_none() {
        return Err(Refusal::AccountNeeded);
    }
    Ok(Change { who, stays })
}

impl Change {
    pub(crate) fn commit(self, state: &mut State, step: &Step, out: &mut Effects) {
        if let Some(person) = state.persons.get_mut(&self.who) {
            person.stays = self.stays;
        }
        step.done(Done::Stays(self.stays), out);
    }
}
