//! Making an account without coming in.

use chinwag_model::effect::Effect;
use chinwag_model::id::PersonId;
use chinwag_model::intent::Mark;
use chinwag_model::name::{Name, NewName};
use chinwag_model::outcome::Refusal;
use chinwag_model::record::Record;
use chinwag_model::secret::Verifier;

use super::account;
use super::claim::free_to_show;
use super::claim::not_held;
use crate::state::{Password, Person, State};
use crate::step::{Effects, Step};

/// An account is made.
#[derive(Debug)]
pub(crate) struct Change {
    name: Name,
    verifier: Verifier,
}

/// Is the name free, for who has not come in?
pub(crate) fn decide(
    state: &State,
    step: &Step,
    name: &NewName,
    verifier: &Verifier,
) -> Result<Change, Refusal> {
    may(state, step, name)?;
    Ok(Change { name: name.name().clone(), verifier: verifier.clone() })
}

/// The same, whatever the password.
pub(super) fn may(state: &State, step: &Step, name: &NewName) -> Result<(), Refusal> {
    if state.sessions.contains_key(&step.origin.session) {
        return Err(Refusal::AlreadyIn);
    }
    let name = name.name();
    if state.holder(name).is_some() {
        return Err(Refusal::AccountExists(name.clone()));
    }
    not_held(state, step, name)?;
    free_to_show(state, name, None)
}

impl Change {
    pub(crate) fn commit(self, state: &mut State, step: &Step, out: &mut Effects) {
        let id = state.person_next;
        state.person_next = PersonId(id.0 + 1);
        let password = Password::new(self.verifier, step.place.seq);
        state.insert_person(id, Person::new(self.name, None, Some(password)));
        let mark = Mark { person: id, upto: step.place };
        out.push(Effect::Keep(Record::Delivered(mark)));
        account::registered(state, step, id, out);
    }
}
