//! Setting a password, or another one: from then on the name is the account's.

use chinwag_model::id::PersonId;
use chinwag_model::outcome::{Done, Refusal};
use chinwag_model::secret::Verifier;

use crate::state::{Password, State};
use crate::step::{Effects, Step};

/// A password is set.
#[derive(Debug)]
pub(crate) struct Change {
    who: PersonId,
    password: Password,
}

/// May the asker set a password, having been checked against this version of the old one?
pub(crate) fn decide(
    state: &State,
    step: &Step,
    verifier: &Verifier,
    checked: Option<u32>,
) -> Result<Change, Refusal> {
    let (who, person) = step.asker(state)?;
    if person.guest.is_some() {
        return Err(Refusal::Guest(person.name.clone()));
    }
    let held = person.password.as_ref().map(|password| password.version);
    if held != checked {
        return Err(Refusal::PasswordNeeded(person.name.clone()));
    }
    let version = held.unwrap_or(0).saturating_add(1);
    Ok(Change { who, password: Password { verifier: verifier.clone(), version } })
}

impl Change {
    pub(crate) fn commit(self, state: &mut State, step: &Step, out: &mut Effects) {
        if let Some(person) = state.persons.get_mut(&self.who) {
            person.password = Some(self.password);
        }
        step.done(Done::PasswordSet, out);
    }
}
