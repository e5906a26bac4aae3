//! Going: a session ends.

use chinwag_model::effect::Effect;
use chinwag_model::id::{PersonId, Place};
use chinwag_model::intent::Mark;
use chinwag_model::outcome::{Done, Refusal};
use chinwag_model::record::Record;
use chinwag_model::text::Text;

use super::presence;
use crate::state::State;
use crate::step::{Effects, Step};

/// The session is over.
#[derive(Debug)]
pub(crate) struct Change {
    delivered: Option<(PersonId, Place)>,
    reason: Option<Text>,
}

/// Is there a session to end, and whose mark moves with it?
pub(crate) fn decide(
    state: &State,
    step: &Step,
    delivered: Option<Place>,
    reason: Option<&Text>,
) -> Result<Change, Refusal> {
    let (id, person) = step.asker(state)?;
    // Nothing waits for a guest.
    let delivered = delivered.filter(|_| person.guest.is_none()).map(|upto| (id, upto));
    Ok(Change { delivered, reason: reason.cloned() })
}

impl Change {
    pub(crate) fn commit(self, state: &mut State, step: &Step, out: &mut Effects) {
        if let Some((person, upto)) = self.delivered {
            let mark = Mark { person, upto };
            state.silent.sent(mark);
            out.push(Effect::Keep(Record::Delivered(mark)));
        }
        step.done(Done::Exited, out);
        presence::end(state, step, step.origin.session, self.reason.as_ref(), out);
    }
}

#[cfg(test)]
mod tests {
    use crate::stage::check;

    #[test]
    fn who_goes_is_told_first_and_the_others_then() {
        check(
            "ana: enter
             bo: enter
             --
             ana: exit",
            "ana told: out
             bo sees: ana is offline",
        );
    }

    #[test]
    fn what_was_written_to_a_session_is_marked_when_it_goes() {
        check(
            "ana: enter
             --
             ana: exit 2.0",
            "kept: ana has all up to 2.0
             ana told: out
             nobody sees: ana is offline",
        );
    }

    #[test]
    fn nothing_is_marked_for_a_guest() {
        check(
            "guest: enter guest
             --
             guest: exit 2.0",
            "guest told: out
             nobody sees: guest-1 is offline",
        );
    }

    #[test]
    fn a_session_goes_once() {
        check(
            "ana: exit
             ana: enter
             ana: exit
             --
             ana: exit",
            "ana told: refused, not in",
        );
    }
}
