//! A node tells how far it has sent what waits.

use chinwag_model::effect::Effect;
use chinwag_model::intent::Mark;
use chinwag_model::outcome::{Done, Refusal};
use chinwag_model::record::Record;

use crate::state::State;
use crate::step::{Effects, Step};

/// Marks move forward.
#[derive(Debug)]
pub(crate) struct Change {
    marks: Vec<Mark>,
}

/// Which of these marks count? Only a node itself tells them, and nothing waits for guests.
pub(crate) fn decide(state: &State, step: &Step, marks: &[Mark]) -> Result<Change, Refusal> {
    if step.origin.session.number != 0 {
        return Err(Refusal::NotIn);
    }
    let registered =
        |mark: &&Mark| state.persons.get(&mark.person).is_some_and(|p| p.guest.is_none());
    Ok(Change { marks: marks.iter().filter(registered).copied().collect() })
}

impl Change {
    pub(crate) fn commit(self, step: &Step, out: &mut Effects) {
        out.extend(self.marks.into_iter().map(|mark| Effect::Keep(Record::Delivered(mark))));
        step.done(Done::Noted, out);
    }
}
