//! Wanting to see nothing of someone, or to see them again.

use chinwag_model::effect::{Audience, Effect, Event};
use chinwag_model::id::PersonId;
use chinwag_model::message::Card;
use chinwag_model::name::Name;
use chinwag_model::outcome::{Done, Refusal};

use crate::state::{IGNORES_PER_PERSON_MAX, State};
use crate::step::{Effects, Step};

/// Someone ignores someone, or no longer does.
#[derive(Debug)]
pub(crate) struct Change {
    asker: PersonId,
    who: Card,
    on: bool,
}

/// May the asker ignore one more?
pub(crate) fn decide(state: &State, step: &Step, who: &Name, on: bool) -> Result<Change, Refusal> {
    let (asker, person) = step.asker(state)?;
    let (id, other) = state.person_called(who).ok_or_else(|| Refusal::NoSuchPerson(who.clone()))?;
    let full = person.ignores.len() >= IGNORES_PER_PERSON_MAX;
    if on && full && !person.ignores.contains(&id) {
        return Err(Refusal::TooManyIgnored);
    }
    Ok(Change { asker, who: other.card(id), on })
}

impl Change {
    pub(crate) fn commit(self, state: &mut State, step: &Step, out: &mut Effects) {
        let Some(person) = state.persons.get_mut(&self.asker) else { return };
        if self.on {
            person.ignores.insert(self.who.id);
        } else {
            person.ignores.remove(&self.who.id);
        }
        let event = Event::Ignoring { who: self.who.id, on: self.on };
        out.push(Effect::Show { audience: Audience::Sessions(person.sessions()), event });
        step.done(Done::Ignoring(self.who, self.on), out);
    }
}
