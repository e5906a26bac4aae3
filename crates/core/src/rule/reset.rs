//! Setting another password by a code that was mailed to an account's address. Whoever lost the old one
//! may have lost it to somebody: nothing that anyone added under it stays.

use chinwag_model::effect::Effect;
use chinwag_model::id::{PersonId, Timestamp};
use chinwag_model::mail::{MailAddress, NotMailed};
use chinwag_model::name::Name;
use chinwag_model::outcome::Refusal;
use chinwag_model::secret::{CodeHash, Verifier};

use super::account;
use crate::state::{RESET_MS, RESETS_MAX, Rare, Reset, State};
use crate::step::{Effects, Step};

/// A code is to be mailed.
#[derive(Debug)]
pub(crate) struct Asked {
    who: PersonId,
    to: MailAddress,
    reset: Reset,
}

/// Has the account an address to which a code can be mailed, and do fewer than [`RESETS_MAX`] codes
/// hold that were mailed to it?
///
/// The refusals are alike, so that nobody learns which accounts have an address.
pub(crate) fn ask(
    state: &State,
    step: &Step,
    account: &Name,
    code: CodeHash,
) -> Result<Asked, Refusal> {
    let (who, to) = owner(state, account)?;
    let resets = state.mail.resets.get(&who).into_iter().flatten();
    if resets.filter(|reset| reset.until > step.time).count() >= RESETS_MAX {
        return Err(Refusal::NoSuchAccount(account.clone()));
    }
    let until = Timestamp(step.time.0.saturating_add(RESET_MS));
    Ok(Asked { who, to: to.clone(), reset: Reset { code, until } })
}

impl Asked {
    pub(crate) fn commit(self, state: &mut State, step: &Step, out: &mut Effects) {
        state.mail.clean(step.time);
        state.mail.resets.entry(self.who).or_default().push(self.reset);
        out.push(Effect::Mail { origin: step.origin, to: self.to });
    }
}

/// A code was given.
#[derive(Debug)]
pub(crate) struct Change(PersonId, Verifier);

/// Is it a code that holds? A wrong one changes nothing, as in [`verify`](super::verify).
pub(crate) fn decide(
    state: &State,
    step: &Step,
    account: &Name,
    code: CodeHash,
    verifier: &Verifier,
) -> Result<Change, Refusal> {
    let (who, _) = owner(state, account)?;
    let resets = state.mail.resets.get(&who).into_iter().flatten();
    let mut holding = resets.filter(|reset| reset.until > step.time);
    if !holding.any(|reset| reset.code == code) {
        return Err(Refusal::NoSuchAccount(account.clone()));
    }
    Ok(Change(who, verifier.clone()))
}

impl Change {
    pub(crate) fn commit(self, state: &mut State, step: &Step, out: &mut Effects) {
        let Self(who, verifier) = self;
        state.change_person(who, |person| {
            person.certificates = Rare::default();
            person.devices = None;
        });
        account::set_password(state, step, who, verifier, out);
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
            held.is_some_and(|held| held.name == account && held.code == code)
        };
        if is_held(state) {
            state.mail.held.remove(account.look());
        }
        state.mail.resets.retain(|_, resets| {
            resets.retain(|reset| reset.code != code);
            !resets.is_empty()
        });
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
             ana sees: out, as ana has another password
             bo told: password set, 1 others out
             cy sees: ana is offline
             bo told: refused, no such account ana
             bo told: refused, no such account ana
             cy sees: bo is offline
             cy sees: ana is online
             bo told: is ana now",
        );
    }

    #[test]
    fn attack_nothing_of_a_thief_outlives_a_reset() {
        check_after(
            "ana: add a
             ana: device phone
             ana: propose b
             bo: forget ana
             --
             bo: reset ana r1 w
             bo: confirm ana b
             bo: login ana by a
             bo: login ana 2
             bo: password x checked 2",
            "ana sees: out, as ana has another password
             bo told: password set, 1 others out
             cy sees: ana is offline
             bo told: refused, no such account ana
             bo told: refused, no such account ana
             cy sees: bo is offline
             cy sees: ana is online
             bo told: is ana now
             bo told: password set",
        );
    }

    #[test]
    fn who_is_in_as_the_account_stays_in_where_the_code_is_given() {
        check_after(
            "ana2: visits as x ana 1
             ana: forget ana
             --
             ana: reset ana r1 w",
            "ana2 sees: out, as ana has another password
             ana told: password set, 1 others out",
        );
    }

    #[test]
    fn attack_a_code_to_set_a_password_holds_for_an_hour_whatever_others_give() {
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
             bo: reset ana x w
             bo: reset ana r1 w",
            "bo told: a code is mailed to ana@example.org
             bo told: refused, no such account ana
             bo told: a code is mailed to ana@example.org
             bo told: refused, no such account ana
             bo told: refused, no such account ana
             bo told: refused, no such account ana
             bo told: refused, no such account ana
             bo told: refused, no such account ana
             bo told: refused, no such account ana
             ana sees: out, as ana has another password
             bo told: password set, 1 others out
             cy sees: ana is offline",
        );
    }

    #[test]
    fn attack_others_requests_end_no_code_and_use_up_no_more_than_so_many() {
        check_after(
            "ana: forget ana r1
             bo: forget ana r2
             bo: forget ana r3
             bo: forget ana r4
             bo: forget ana r5
             bo: forget ana r6
             bo: reset ana r6 w
             node: withdraw ana r2
             bo: forget ana r7
             clock: 3600
             bo: forget ana r8
             ana: reset ana r7 w
             ana: reset ana r8 w",
            "ana told: a code is mailed to ana@example.org
             bo told: a code is mailed to ana@example.org
             bo told: a code is mailed to ana@example.org
             bo told: a code is mailed to ana@example.org
             bo told: a code is mailed to ana@example.org
             bo told: refused, no such account ana
             bo told: refused, no such account ana
             node told: refused, not mailed: Refused
             bo told: a code is mailed to ana@example.org
             bo told: a code is mailed to ana@example.org
             ana told: refused, no such account ana
             ana told: password set",
        );
        check_after(
            "ana: forget ana r1
             bo: forget ana r2
             ana: reset ana r1 w
             bo: reset ana r2 w",
            "ana told: a code is mailed to ana@example.org
             bo told: a code is mailed to ana@example.org
             ana told: password set
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
