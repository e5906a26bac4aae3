//! Turning one's own switches. That someone is an operator was checked by their node.

use chinwag_model::effect::{Audience, Event};
use chinwag_model::id::PersonId;
use chinwag_model::mode::Flags;
use chinwag_model::outcome::{Done, Refusal};

use crate::state::State;
use crate::step::{Effects, Step};

/// Someone is otherwise.
#[derive(Debug)]
pub(crate) struct Change {
    who: PersonId,
    flags: Flags,
}

/// Anyone who is in may.
pub(crate) fn decide(state: &State, step: &Step, on: Flags, off: Flags) -> Result<Change, Refusal> {
    let (who, person) = step.asker(state)?;
    Ok(Change { who, flags: person.flags.turned(on, off) })
}

impl Change {
    pub(crate) fn commit(self, state: &mut State, step: &Step, out: &mut Effects) {
        let Some(person) = state.persons.get_mut(&self.who) else { return };
        let was = std::mem::replace(&mut person.flags, self.flags);
        person.show_badge();
        if was != self.flags {
            let who = person.card(self.who);
            let event = Event::Flags { who, was, now: self.flags };
            step.show(Audience::Sessions(person.sessions()), event, out);
        }
        state.mark_there(self.who);
        step.done(Done::Noted, out);
    }
}
