//! A certificate proves the asker's account, or no longer.

use chinwag_model::id::PersonId;
use chinwag_model::outcome::{Done, Refusal};

use crate::state::{Fingerprint, State};
use crate::step::{Effects, Step};

/// Most certificates of one account.
const CERTIFICATES_MAX: usize = 16;

/// A certificate is added, or taken away.
#[derive(Debug)]
pub(crate) struct Change {
    who: PersonId,
    fingerprint: Fingerprint,
    on: bool,
}

/// May the asker have this certificate prove their account?
pub(crate) fn decide(
    state: &State,
    step: &Step,
    fingerprint: [u8; 32],
    on: bool,
) -> Result<Change, Refusal> {
    let (who, person) = step.asker(state)?;
    if person.account().is_none() {
        return Err(Refusal::AccountNeeded);
    }
    let own = person.certificates.contains(&Fingerprint(fingerprint));
    match state.certificates.get(&fingerprint) {
        Some(holder) if on && *holder != who => return Err(Refusal::NotYours),
        _ if !on && !own => return Err(Refusal::NotYours),
        _ if on && !own && person.certificates.len() >= CERTIFICATES_MAX => {
            return Err(Refusal::TooMany);
        }
        _ => {}
    }
    Ok(Change { who, fingerprint: Fingerprint(fingerprint), on })
}

impl Change {
    pub(crate) fn commit(self, state: &mut State, step: &Step, out: &mut Effects) {
        let Self { who, fingerprint, on } = self;
        state.change_person(who, |person| {
            if on {
                person.certificates.insert(fingerprint);
            } else {
                person.certificates.remove(&fingerprint);
            }
        });
        step.done(Done::Noted, out);
    }
}
