//! Setting a password, or another one: from then on the name is the account's.

use chinwag_model::id::PersonId;
use chinwag_model::outcome::{Done, Refusal};
use chinwag_model::secret::Verifier;

use super::account;
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
            let new = person.password.is_none();
            person.password = Some(Box::new(self.password));
            if new {
                account::show(state, step, self.who, out);
            }
        }
        step.done(Done::PasswordSet, out);
    }
}

#[cfg(test)]
mod tests {
    use crate::stage::{Stage, check, name};

    #[test]
    fn an_open_name_gets_its_first_password_unchecked() {
        check(
            "ana: enter
             --
             ana: password v
             ana2: enter ana checked 1",
            "ana told: password set
             ana2 told: in as ana, on another device too",
        );
    }

    #[test]
    fn each_password_has_the_next_version() {
        let mut stage = Stage::new();
        stage.play(
            "ana: enter
             ana: password v
             ana: password w checked 1
             ana: password x checked 2",
        );
        let held = stage.state().credential(&name("ANA")).unwrap();
        assert_eq!((held.verifier.phc(), held.version), ("x", 3));
    }

    #[test]
    fn of_two_who_change_a_password_at_a_time_the_first_one_wins() {
        check(
            "ana: enter with v
             ana2: enter ana checked 1
             --
             ana: password w checked 1
             ana2: password x checked 1
             ana2: password x
             ana3: enter ana checked 1
             ana3: enter ana checked 2",
            "ana told: password set
             ana2 told: refused, ana has a password
             ana2 told: refused, ana has a password
             ana3 told: refused, ana has a password
             ana3 told: in as ana, on another device too",
        );
    }

    #[test]
    fn a_check_where_there_is_no_password_does_not_count() {
        check(
            "ana: enter
             --
             ana: password v checked 1",
            "ana told: refused, ana has a password",
        );
    }

    #[test]
    fn a_guest_has_no_password() {
        check(
            "guest: enter guest
             --
             guest: password v",
            "guest told: refused, guest-1 is a guest",
        );
    }

    #[test]
    fn who_is_not_in_sets_no_password() {
        check("ana: password v", "ana told: refused, not in");
    }
}
