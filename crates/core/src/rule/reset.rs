//! Setting another password by a code that was mailed to an account's address.

use chinwag_model::effect::Effect;
use chinwag_model::id::{PersonId, Timestamp};
use chinwag_model::mail::{MailAddress, NotMailed};
use chinwag_model::name::Name;
use chinwag_model::outcome::{Done, Refusal};
use chinwag_model::secret::{CodeHash, Verifier};

use crate::state::{Code, Password, RESET_MS, Reset, State};
use crate::step::{Effects, Step};

/// A code is to be mailed.
#[derive(Debug)]
pub(crate) struct Asked {
    who: PersonId,
    to: MailAddress,
    reset: Reset,
}

/// Has the account an address to which a code can be mailed?
pub(crate) fn ask(
    state: &State,
    step: &Step,
    account: &Name,
    code: CodeHash,
) -> Result<Asked, Refusal> {
    let (who, to) = owner(state, account)?;
    let until = Timestamp(step.time.0.saturating_add(RESET_MS));
    Ok(Asked { who, to: to.clone(), reset: Reset { code: Code::new(code), until } })
}

impl Asked {
    pub(crate) fn commit(self, state: &mut State, step: &Step, out: &mut Effects) {
        state.mail.clean(step.time);
        state.mail.resets.insert(self.who, self.reset);
        out.push(Effect::Mail { origin: step.origin, to: self.to });
    }
}

/// A code was given.
#[derive(Debug)]
pub(crate) enum Change {
    /// Another one.
    Wrong(PersonId),
    Right(PersonId, Verifier),
}

/// Is it the code?
pub(crate) fn decide(
    state: &State,
    step: &Step,
    account: &Name,
    code: CodeHash,
    verifier: &Verifier,
) -> Result<Change, Refusal> {
    let (who, _) = owner(state, account)?;
    let reset = state.mail.resets.get(&who).filter(|reset| reset.until > step.time);
    let reset = reset.filter(|reset| reset.code.holds());
    let reset = reset.ok_or_else(|| Refusal::NoSuchAccount(account.clone()))?;
    if reset.code.hash != code {
        return Ok(Change::Wrong(who));
    }
    Ok(Change::Right(who, verifier.clone()))
}

impl Change {
    pub(crate) fn commit(self, state: &mut State, step: &Step, out: &mut Effects) {
        match self {
            Self::Wrong(who) => {
                let reset = state.mail.resets.get_mut(&who);
                let left = reset.map_or(0, |reset| reset.code.count_wrong());
                step.done(Done::WrongCode { left }, out);
            }
            Self::Right(who, verifier) => {
                state.mail.resets.remove(&who);
                if let Some(person) = state.persons.get_mut(&who) {
                    let held = person.password.as_ref().map_or(0, |password| password.version);
                    let version = held.saturating_add(1);
                    person.password = Some(Box::new(Password { verifier, version }));
                }
                step.done(Done::PasswordSet, out);
            }
        }
    }
}

/// What waits for a code that could not be mailed is taken back.
#[derive(Debug)]
pub(crate) struct Withdrawal {
    account: Name,
    code: CodeHash,
    why: NotMailed,
}

/// Nothing stands against taking it back: it was never told to anyone.
pub(crate) fn withdraw(account: &Name, code: CodeHash, why: NotMailed) -> Withdrawal {
    Withdrawal { account: account.clone(), code, why }
}

impl Withdrawal {
    pub(crate) fn commit(self, state: &mut State, step: &Step, out: &mut Effects) {
        let Self { account, code, why } = self;
        let is_held = |state: &State| {
            let held = state.mail.held.get(account.look());
            held.is_some_and(|held| held.name == account && held.code.hash == code)
        };
        if is_held(state) {
            state.mail.held.remove(account.look());
        }
        state.mail.resets.retain(|_, reset| reset.code.hash != code);
        out.push(Effect::Reply(step.origin, Err(Refusal::NotMailed(why))));
    }
}

fn owner<'s>(state: &'s State, account: &Name) -> Result<(PersonId, &'s MailAddress), Refusal> {
    let none = || Refusal::NoSuchAccount(account.clone());
    let (who, _) = state.person_called(account).ok_or_else(none)?;
    Ok((who, state.address(account).ok_or_else(none)?))
}

#[cfg(test)]
mod tests {
    use crate::stage::check;

    /// Someone with an account and an address, and another one.
    const BEFORE: &str = "ana: visits
        ana: hold c1
        ana: verify c1
        bo: visits
        cy: enter with v
        --\n";

    #[track_caller]
    fn check_after(script: &str, expected: &str) {
        check(&format!("{BEFORE}{script}"), expected);
    }

    #[test]
    fn a_code_sets_another_password_once() {
        check_after(
            "bo: forget ana
             bo: reset ana r1 w
             bo: reset ana r1 w
             bo: login ana 1
             bo: login ana 2",
            "bo told: a code is mailed to ana@example.org
             bo told: password set
             bo told: refused, no such account ana
             bo told: refused, no such account ana
             cy sees: bo is offline
             bo told: is ana now",
        );
    }

    #[test]
    fn a_code_to_set_a_password_holds_for_an_hour_and_five_wrong_ones() {
        check_after(
            "bo: forget ana
             clock: 3600
             bo: reset ana r1 w
             bo: forget ana
             bo: reset ana x w
             bo: reset ana x w
             bo: reset ana x w
             bo: reset ana x w
             bo: reset ana x w
             bo: reset ana r1 w",
            "bo told: a code is mailed to ana@example.org
             bo told: refused, no such account ana
             bo told: a code is mailed to ana@example.org
             bo told: a wrong code, 4 more
             bo told: a wrong code, 3 more
             bo told: a wrong code, 2 more
             bo told: a wrong code, 1 more
             bo told: a wrong code, 0 more
             bo told: refused, no such account ana",
        );
    }

    #[test]
    fn only_an_account_with_an_address_is_sent_a_code() {
        check_after(
            "bo: forget cy
             bo: forget nobody
             bo: reset cy r1 w
             node: withdraw ana r1",
            "bo told: refused, no such account cy
             bo told: refused, no such account nobody
             bo told: refused, no such account cy
             node told: refused, not mailed: Refused",
        );
    }
}
