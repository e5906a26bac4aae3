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
    pub(crate) fn commit(self, state: &mut State, step: &Step, out: &mut Effects) {
        self.marks.iter().for_each(|mark| state.silent.sent(*mark));
        out.extend(self.marks.into_iter().map(|mark| Effect::Keep(Record::Delivered(mark))));
        step.done(Done::Noted, out);
    }
}

#[cfg(test)]
mod tests {
    use crate::stage::check;

    #[test]
    fn marks_of_registered_persons_are_kept() {
        check(
            "ana: enter
             bo: enter
             bo: exit
             --
             node: sent ana 3.0
             node: sent bo 2.7",
            "kept: ana has all up to 3.0
             node told: noted
             kept: bo has all up to 2.7
             node told: noted",
        );
    }

    #[test]
    fn marks_of_guests_and_of_nobody_are_passed_over() {
        check(
            "guest: enter guest
             --
             node: sent guest-1 1.0
             node: sent nemo 1.0",
            "node told: noted
             node told: noted",
        );
    }

    #[test]
    fn only_a_node_itself_tells_marks() {
        check(
            "ana: enter
             --
             ana: sent ana 1.0",
            "ana told: refused, not in",
        );
    }
}
