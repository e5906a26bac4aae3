//! Going: a session ends.

use chinwag_model::effect::Effect;
use chinwag_model::id::{PersonId, Place};
use chinwag_model::intent::Mark;
use chinwag_model::outcome::{Done, Refusal};
use chinwag_model::record::Record;

use super::presence;
use crate::state::State;
use crate::step::{Effects, Step};

/// The session is over.
#[derive(Debug)]
pub(crate) struct Change {
    delivered: Option<(PersonId, Place)>,
}

/// Is there a session to end, and whose mark moves with it?
pub(crate) fn decide(
    state: &State,
    step: &Step,
    delivered: Option<Place>,
) -> Result<Change, Refusal> {
    let (id, person) = step.asker(state)?;
    // Nothing waits for a guest.
    let delivered = delivered.filter(|_| person.guest.is_none()).map(|upto| (id, upto));
    Ok(Change { delivered })
}

impl Change {
    pub(crate) fn commit(self, state: &mut State, step: &Step, out: &mut Effects) {
        if let Some((person, upto)) = self.delivered {
            out.push(Effect::Keep(Record::Delivered(Mark { person, upto })));
        }
        step.done(Done::Exited, out);
        presence::end(state, step.origin.session, out);
    }
}
