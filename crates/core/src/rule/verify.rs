//! A code that was mailed makes a held name an account, and the asker's.

use chinwag_model::effect::Effect;
use chinwag_model::id::PersonId;
use chinwag_model::intent::Mark;
use chinwag_model::name::Name;
use chinwag_model::outcome::Refusal;
use chinwag_model::record::Record;
use chinwag_model::secret::CodeHash;

use super::{account, login};
use crate::state::{Held, Holder, Password, Person, State};
use crate::step::{Effects, Step};

/// A code was given.
#[derive(Debug)]
pub(crate) struct Change {
    held: Held,
    /// Who has the name.
    holder: Option<PersonId>,
    /// Who asks, if they have come in.
    asker: Option<PersonId>,
}

/// Is it the code, and can the name be an account?
///
/// A wrong code changes nothing: nobody can end a code but the one who has it. Codes have 80 random
/// bits, and the nodes bound how often each asker may guess.
pub(crate) fn decide(
    state: &State,
    step: &Step,
    account: &Name,
    code: CodeHash,
) -> Result<Change, Refusal> {
    let asker = step.asker(state).ok();
    if let Some(own) = asker.and_then(|(_, person)| person.account()) {
        return Err(Refusal::AccountExists(own.clone()));
    }
    let held = state.held(account, step.time).filter(|held| held.name == *account);
    let held = held.filter(|held| held.code == code);
    let held = held.ok_or_else(|| Refusal::NoSuchAccount(account.clone()))?.clone();
    let holder = match state.holder(account) {
        None => None,
        Some(Holder::Room(_)) => return Err(Refusal::Taken(account.clone())),
        Some(Holder::Person(id)) => {
            let person = state.persons.get(&id);
            let free = |person: &&Person| {
                person.account().is_none() && person.registered_name() == account
            };
            // Someone who holds another account is shown under the name, or made it one otherwise.
            person.filter(free).ok_or_else(|| Refusal::Taken(account.clone()))?;
            Some(id)
        }
    };
    Ok(Change { held, holder, asker: asker.map(|(id, _)| id) })
}

impl Change {
    pub(crate) fn commit(self, state: &mut State, step: &Step, out: &mut Effects) {
        let Self { held, holder, asker } = self;
        state.mail.held.remove(held.name.look());
        let id = make(state, step, &held, holder, out);
        state.mail.addresses.insert(id, held.address);
        if let Some(asker) = asker.filter(|asker| *asker != id) {
            return login::change(asker, id).commit(state, step, out);
        }
        account::registered(state, step, id, out);
    }
}

/// Makes the account: of who has the name, or anew.
fn make(
    state: &mut State,
    step: &Step,
    held: &Held,
    holder: Option<PersonId>,
    out: &mut Effects,
) -> PersonId {
    let password = Password::new(held.verifier.clone(), step.place.seq);
    let Some(id) = holder else {
        let id = state.person_next;
        state.person_next = PersonId(id.0 + 1);
        state.insert_person(id, Person::new(held.name.clone(), None, Some(password)));
        out.push(Effect::Keep(Record::Delivered(Mark { person: id, upto: step.place })));
        return id;
    };
    let was_guest = state.persons.get(&id).is_some_and(|person| person.guest.is_some());
    state.change_person(id, |person| {
        person.guest = None;
        person.password = Some(password);
    });
    if was_guest {
        out.push(Effect::Keep(Record::Delivered(Mark { person: id, upto: step.place })));
    }
    account::show(state, step, id, out);
    id
}

#[cfg(test)]
mod tests {
    use crate::stage::{Stage, check, name};

    #[test]
    fn a_code_makes_the_name_that_one_has_an_account() {
        check(
            "ana: visits
             ana: hold c1
             --
             ana: verify c1
             ana: verify c1
             ana2: visits as ana
             ana2: visits as ana ana 1",
            "kept: ana has all up to here
             ana told: registered as ana
             ana told: refused, ana is an account
             ana2 told: refused, ana has a password
             ana2 told: in as ana, on another device too",
        );
    }

    #[test]
    fn a_code_makes_an_account_before_one_has_come_in() {
        check(
            "ana: hold c1
             --
             ana: verify c1
             ana: visits as ana ana 1",
            "kept: ana has all up to here
             ana told: registered as ana
             ana told: in as ana
             nobody sees: ana is online",
        );
    }

    #[test]
    fn a_code_given_elsewhere_logs_in_there() {
        check(
            "ana: visits
             ana: hold c1
             ana: exit
             bo: visits
             --
             bo: verify c1 as ana",
            "kept: bo has all up to here
             bo told: is bo now",
        );
    }

    #[test]
    fn who_has_the_name_meanwhile_has_the_account_too() {
        check(
            "ana: visits
             ana: hold c1
             bo: visits
             --
             bo: verify c1 as ana
             bo: shown bob",
            "kept: ana has all up to here
             nobody sees: bo is offline
             bo told: is ana now
             ana bo see: ana is now bob
             bo told: called bob",
        );
    }

    #[test]
    fn attack_wrong_codes_end_no_code_and_another_one_can_be_asked_for() {
        check(
            "ana: hold c1
             bo: visits
             --
             bo: verify x as ana
             bo: verify x as ana
             bo: verify x as ana
             bo: verify x as ana
             bo: verify x as ana
             bo: verify x as ana
             ana: hold c2 again 2
             ana: verify c1
             ana: verify c2",
            "bo told: refused, no such account ana
             bo told: refused, no such account ana
             bo told: refused, no such account ana
             bo told: refused, no such account ana
             bo told: refused, no such account ana
             bo told: refused, no such account ana
             ana told: a code is mailed to ana@example.org
             ana told: refused, no such account ana
             kept: ana has all up to here
             ana told: registered as ana",
        );
    }

    #[test]
    fn nobody_logs_in_to_a_name_that_is_not_verified() {
        check(
            "ana: hold c1
             --
             bo: visits as bo ana 2
             bo: visits
             bo: login ana 2
             bo: verify c2 as ana",
            "bo told: refused, no such account ana
             bo told: in as bo, a guest, new
             nobody sees: bo is online
             bo told: refused, no such account ana
             bo told: refused, no such account ana",
        );
    }

    #[test]
    fn what_is_held_is_there_after_a_restart() {
        let mut stage = Stage::new();
        stage.play("ana: hold c1\nana: verify x");
        stage.restore();
        assert!(stage.state().claim(&name("Ana")).is_some());
        assert!(stage.state().credential(&name("ana")).is_none());
        let told = stage.play("ana: verify x\nana: verify c1");
        assert_eq!(
            told,
            "ana told: refused, no such account ana\nkept: ana has all up to here\nana told: registered as ana"
        );
        assert!(stage.state().address(&name("ana")).is_some());
    }
}
