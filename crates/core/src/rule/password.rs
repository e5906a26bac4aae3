//! Setting a password, or another one: from then on the name is the account's, and all other sessions
//! are ended.

use chinwag_model::id::PersonId;
use chinwag_model::outcome::Refusal;
use chinwag_model::proof::Proof;
use chinwag_model::secret::Verifier;

use super::account;
use crate::state::State;
use crate::step::{Effects, Step};

/// A password is set.
#[derive(Debug)]
pub(crate) struct Change {
    who: PersonId,
    verifier: Verifier,
}

/// May the asker set a password, having proved the old one, if there is one?
pub(crate) fn decide(
    state: &State,
    step: &Step,
    verifier: &Verifier,
    proof: Option<&Proof>,
) -> Result<Change, Refusal> {
    let (who, person) = step.asker(state)?;
    if person.guest.is_some() {
        return Err(Refusal::Guest(person.name.clone()));
    }
    let may = match (&person.password, proof) {
        (None, None) => true,
        (Some(_), Some(proof)) => person.is_proved_by(who, proof),
        _ => false,
    };
    if !may {
        return Err(Refusal::PasswordNeeded(person.name.clone()));
    }
    Ok(Change { who, verifier: verifier.clone() })
}

impl Change {
    pub(crate) fn commit(self, state: &mut State, step: &Step, out: &mut Effects) {
        account::set_password(state, step, self.who, self.verifier, out);
    }
}

#[cfg(test)]
mod tests {
    use chinwag_model::id::{PersonId, Seq};
    use chinwag_model::proof::{Proof, Proves};

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
    fn each_password_has_its_entry_as_its_version() {
        let mut stage = Stage::new();
        stage.play(
            "ana: enter
             ana: password v
             ana: password w checked 1
             ana: password x checked 2",
        );
        let held = stage.state().credential(&name("ANA")).unwrap();
        assert_eq!(
            (held.verifier.phc(), held.proves),
            ("x", Proves::Account(Proof::of(PersonId(1), Seq(5))))
        );
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
            "ana2 sees: out, as ana has another password
             ana told: password set, 1 others out
             ana2 told: refused, not in
             ana2 told: refused, not in
             ana3 told: refused, ana has a password
             ana3 told: in as ana, on another device too",
        );
    }

    #[test]
    fn attack_who_knew_the_old_password_is_out_with_the_new_one() {
        check(
            "ana: enter with v
             thief: enter ana checked 1
             web: visits as x ana 1
             bo: enter
             ana: add a
             ana: device phone
             --
             ana: password w checked 1
             thief: say still there
             late: visits as y ana 1
             bo: say hello
             ana: say hello",
            "thief web see: out, as ana has another password
             ana told: password set, 2 others out, 1 certificates left, 1 devices left
             thief told: refused, not in
             late told: refused, no such account ana
             kept: [lobby] bo: hello
             ana bo see: [lobby] bo: hello
             bo told: said
             kept: [lobby] ana: hello
             ana bo see: [lobby] ana: hello
             ana told: said",
        );
    }

    #[test]
    fn attack_a_code_that_was_mailed_is_void_once_another_password_is_set() {
        check(
            "ana: visits
             ana: hold c1
             ana: verify c1
             bo: visits
             bo: forget ana
             --
             ana: password w checked 1
             bo: reset ana r1 x",
            "ana told: password set
             bo told: refused, no such account ana",
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
