//! Holding a name for who is to verify a mail address.

use chinwag_model::effect::Effect;
use chinwag_model::id::Timestamp;
use chinwag_model::intent::Claim;
use chinwag_model::mail::MailAddress;
use chinwag_model::name::NewName;
use chinwag_model::outcome::Refusal;
use chinwag_model::secret::CodeHash;

use super::{create, register};
use crate::state::{HELD_MAX, HELD_MS, Held, State};
use crate::step::{Effects, Step};

/// A name is held.
#[derive(Debug)]
pub(crate) struct Change {
    held: Held,
}

/// May the name be held for the asker? With the password by which it is held already, it is so with
/// another address and another code, and no longer than before.
pub(crate) fn decide(
    state: &State,
    step: &Step,
    name: &NewName,
    address: &MailAddress,
    claim: &Claim,
    code: CodeHash,
) -> Result<Change, Refusal> {
    let session = step.origin.session;
    let (verifier, version, until) = match claim {
        Claim::Again(version) => {
            let held = state.held(name.name(), step.time);
            let held = held.filter(|held| held.name == *name.name() && held.version == *version);
            let held = held.ok_or_else(|| Refusal::NoSuchAccount(name.name().clone()))?;
            if step.asker(state).is_ok_and(|(_, person)| person.account().is_some()) {
                return Err(Refusal::AccountExists(name.name().clone()));
            }
            (held.verifier.clone(), held.version, held.until)
        }
        Claim::New(verifier) => {
            // Whoever could have it as an account at once.
            if state.has_session(session) {
                register::may(state, step, name)?;
            } else {
                create::may(state, step, name)?;
            }
            let living = |held: &&Held| held.until > step.time;
            if state.mail.held.values().filter(living).count() >= HELD_MAX {
                return Err(Refusal::TooMany);
            }
            let until = Timestamp(step.time.0.saturating_add(HELD_MS));
            (verifier.clone(), step.place.seq, until)
        }
    };
    let held = Held {
        name: name.name().clone(),
        verifier,
        version,
        address: address.clone(),
        code,
        until,
        session,
        epoch: state.epoch(session.node),
    };
    Ok(Change { held })
}

impl Change {
    pub(crate) fn commit(self, state: &mut State, step: &Step, out: &mut Effects) {
        state.mail.clean(step.time);
        let Held { name, address, .. } = &self.held;
        out.push(Effect::Mail { origin: step.origin, to: address.clone() });
        state.mail.held.insert(name.look().into(), self.held);
    }
}

#[cfg(test)]
mod tests {
    use crate::stage::check;

    #[test]
    fn a_held_name_is_nobody_elses_in_any_way() {
        check(
            "x: visits
             ana: hold c1
             y@2: enter
             grp: enter
             --
             bo: create ana
             y: nick Ana
             y: shown ana
             y: shown аna
             y: join ana
             y: group ana grp
             ana2: enter new ana
             ana2: visits as ana",
            "bo told: refused, ana is taken
             y told: refused, Ana is taken
             y told: refused, ana is taken
             y told: refused, аna looks like ana
             y told: refused, ana is taken
             y told: refused, ana is taken
             ana2 told: refused, ana is taken
             ana2 told: refused, ana is taken",
        );
    }

    #[test]
    fn who_holds_a_name_may_come_in_and_go_by_it_meanwhile() {
        check(
            "ana: hold c1
             --
             ana: visits
             ana: shown anna
             ana: shown ana
             ana: exit",
            "ana told: in as ana, a guest, new
             nobody sees: ana is online
             ana sees: ana is now anna
             ana told: called anna
             ana sees: anna is now ana
             ana told: called ana
             ana told: out
             nobody sees: ana is offline",
        );
    }

    #[test]
    fn an_open_name_is_not_entered_while_it_is_held() {
        check(
            "ana: enter
             ana: hold c1
             ana: exit
             --
             ana2: enter known ana
             ana3: visits as ana",
            "ana2 told: refused, ana is taken
             ana3 told: refused, ana is taken",
        );
    }

    #[test]
    fn a_name_is_held_for_a_day_and_then_free() {
        check(
            "ana: hold c1
             clock: 86398
             --
             bo: create ana
             bo: create ana",
            "bo told: refused, ana is taken
             kept: ana has all up to here
             bo told: registered as ana",
        );
    }

    #[test]
    fn another_code_takes_the_password_the_name_is_held_with_and_holds_it_no_longer() {
        check(
            "ana: hold c1
             clock: 40000
             ana2: hold c2 as ana
             ana2: hold c2 as ana again 99
             ana2: hold c2 as ana again 2
             --
             ana: verify c1
             clock: 46390
             ana: verify c2
             ana: verify c2",
            "ana told: refused, no such account ana
             kept: ana has all up to here
             ana told: registered as ana
             ana told: refused, no such account ana",
        );
    }

    #[test]
    fn a_name_that_cannot_be_an_account_is_not_held() {
        check(
            "ana: enter with v
             tea: enter
             bo: visits
             tea: join coco
             --
             ana: hold c1
             ana2: hold c1 as ana
             bo: hold c1 as bob
             cy: hold c1 as coco
             cy: hold c1 as c0co",
            "ana told: refused, ana is an account
             ana2 told: refused, ana is an account
             bo told: refused, bob can't be taken
             cy told: refused, coco is an account
             cy told: refused, c0co looks like coco",
        );
    }

    #[test]
    fn what_could_not_be_mailed_is_taken_back() {
        check(
            "ana: hold c1
             --
             node: withdraw ana c2
             node: withdraw ana c1
             ana: verify c1
             bo: create ana",
            "node told: refused, not mailed: Refused
             node told: refused, not mailed: Refused
             ana told: refused, no such account ana
             kept: ana has all up to here
             bo told: registered as ana",
        );
    }
}
