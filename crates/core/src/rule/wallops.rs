//! Operators tell something to all who want to hear it.

use chinwag_model::effect::{Audience, Event};
use chinwag_model::message::Card;
use chinwag_model::mode::PersonFlag;
use chinwag_model::outcome::{Done, Refusal};
use chinwag_model::text::Text;

use crate::state::State;
use crate::step::{Effects, Step};

/// Something is told.
#[derive(Debug)]
pub(crate) struct Change {
    by: Card,
    text: Text,
}

/// Is the asker an operator?
pub(crate) fn decide(state: &State, step: &Step, text: &Text) -> Result<Change, Refusal> {
    let (asker, person) = step.asker(state)?;
    if !person.flags.has(PersonFlag::Operator) {
        return Err(Refusal::OperatorNeeded);
    }
    Ok(Change { by: person.card(asker), text: text.clone() })
}

impl Change {
    pub(crate) fn commit(self, step: &Step, out: &mut Effects) {
        let event = Event::Wallops { by: self.by, text: self.text };
        step.show(Audience::Everyone, event, out);
        step.done(Done::Noted, out);
    }
}
