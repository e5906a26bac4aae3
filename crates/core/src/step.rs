//! One request in its place: what a rule reads, and what a commit needs.

use chinwag_model::effect::Effect;
use chinwag_model::id::{PersonId, Place, Timestamp};
use chinwag_model::intent::Origin;
use chinwag_model::outcome::{Done, Refusal};

use crate::state::{Person, State};

/// Where and when a request stands, and who made it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) place: Place,
    pub(crate) time: Timestamp,
    pub(crate) origin: Origin,
}

/// Where the effects of a commit go, in order.
pub(crate) type Effects = Vec<Effect>;

impl Step {
    /// The person who asks.
    ///
    /// # Errors
    /// [`Refusal::NotIn`] where the session has not come in, or is over.
    pub(crate) fn asker<'s>(&self, state: &'s State) -> Result<(PersonId, &'s Person), Refusal> {
        let session = state.sessions.get(&self.origin.session).ok_or(Refusal::NotIn)?;
        let person = state.persons.get(&session.person).ok_or(Refusal::NotIn)?;
        Ok((session.person, person))
    }

    /// Tells the asker that it is done.
    pub(crate) fn done(&self, done: Done, out: &mut Effects) {
        out.push(Effect::Reply(self.origin, Ok(done)));
    }
}
