//! The name one has becomes an account, with a password.

use chinwag_model::effect::Effect;
use chinwag_model::id::PersonId;
use chinwag_model::intent::Mark;
use chinwag_model::name::NewName;
use chinwag_model::outcome::Refusal;
use chinwag_model::record::Record;
use chinwag_model::secret::Verifier;

use super::account;
use super::claim::free_to_show;
use super::claim::not_held;
use crate::state::{Password, State};
use crate::step::{Effects, Step};

/// Someone has an account.
#[derive(Debug)]
pub(crate) struct Change {
    who: PersonId,
    verifier: Verifier,
}

/// May the name that the asker has be an account's?
pub(crate) fn decide(
    state: &State,
    step: &Step,
    name: &NewName,
    verifier: &Verifier,
) -> Result<Change, Refusal> {
    let who = may(state, step, name)?;
    Ok(Change { who, verifier: verifier.clone() })
}

/// Who asks, if the name may be their account.
pub(super) fn may(state: &State, step: &Step, name: &NewName) -> Result<PersonId, Refusal> {
    let (who, person) = step.asker(state)?;
    if let Some(account) = person.account() {
        return Err(Refusal::AccountExists(account.clone()));
    }
    if state.person_called(name.name()).is_some_and(|(id, _)| id != who) {
        return Err(Refusal::AccountExists(name.name().clone()));
    }
    if *person.registered_name() != *name.name() {
        return Err(Refusal::NotTakeable(name.name().clone()));
    }
    not_held(state, step, name.name())?;
    free_to_show(state, name.name(), Some(who))?;
    Ok(who)
}

impl Change {
    pub(crate) fn commit(self, state: &mut State, step: &Step, out: &mut Effects) {
        let Self { who, verifier } = self;
        let was_guest = state.persons.get(&who).is_some_and(|person| person.guest.is_some());
        state.change_person(who, |person| {
            person.guest = None;
            person.password = Some(Password::new(verifier, step.place.seq));
        });
        state.silent.end(who);
        if was_guest {
            let mark = Mark { person: who, upto: step.place };
            out.push(Effect::Keep(Record::Delivered(mark)));
        }
        account::show(state, step, who, out);
        account::registered(state, step, who, out);
    }
}
