//! Being away, and back.

use chinwag_model::id::PersonId;
use chinwag_model::outcome::{Done, Refusal};
use chinwag_model::text::Text;

use crate::state::State;
use crate::step::{Effects, Step};

/// Someone is away, or back.
#[derive(Debug)]
pub(crate) struct Change {
    who: PersonId,
    text: Option<Text>,
}

/// Anyone who is in may be away.
pub(crate) fn decide(state: &State, step: &Step, text: Option<&Text>) -> Result<Change, Refusal> {
    let (who, _) = step.asker(state)?;
    Ok(Change { who, text: text.cloned() })
}

impl Change {
    pub(crate) fn commit(self, state: &mut State, step: &Step, out: &mut Effects) {
        if let Some(person) = state.persons.get_mut(&self.who) {
            person.away.clone_from(&self.text);
        }
        step.done(Done::Away(self.text), out);
    }
}
