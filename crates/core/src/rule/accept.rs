//! Taking messages from someone although one takes none from those without an account.

use chinwag_model::id::PersonId;
use chinwag_model::name::Name;
use chinwag_model::outcome::{Done, Refusal};

use crate::state::State;
use crate::step::{Effects, Step};

/// Most persons that one takes messages from so.
pub(super) const ACCEPTS_MAX: usize = 200;

/// Messages are taken from someone, or no longer.
#[derive(Debug)]
pub(crate) struct Change {
    asker: PersonId,
    who: PersonId,
    on: bool,
}

/// May the asker accept one more?
pub(crate) fn decide(state: &State, step: &Step, who: &Name, on: bool) -> Result<Change, Refusal> {
    let (asker, person) = step.asker(state)?;
    let (id, _) = state.person_called(who).ok_or_else(|| Refusal::NoSuchPerson(who.clone()))?;
    if on && person.accepts.len() >= ACCEPTS_MAX {
        return Err(Refusal::TooMany);
    }
    Ok(Change { asker, who: id, on })
}

impl Change {
    pub(crate) fn commit(self, state: &mut State, step: &Step, out: &mut Effects) {
        if let Some(person) = state.persons.get_mut(&self.asker) {
            if self.on {
                person.accepts.insert(self.who);
            } else {
                person.accepts.remove(&self.who);
            }
        }
        step.done(Done::Noted, out);
    }
}
