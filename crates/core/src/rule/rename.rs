//! Taking another name. A guest who does so is registered under it.

use chinwag_model::effect::{Audience, Effect, Event};
use chinwag_model::id::{PersonId, RoomId};
use chinwag_model::intent::Mark;
use chinwag_model::name::{Name, NewName};
use chinwag_model::outcome::{Done, Refusal};
use chinwag_model::record::Record;

use crate::state::{Holder, State};
use crate::step::{Effects, Step};

/// Someone has another name.
#[derive(Debug)]
pub(crate) struct Change {
    who: PersonId,
    name: Name,
}

/// May the asker take this name?
pub(crate) fn decide(state: &State, step: &Step, name: &NewName) -> Result<Change, Refusal> {
    let (who, _) = step.asker(state)?;
    let name = name.name();
    match state.holder(name) {
        // The same name in other letters.
        Some(Holder::Person(id)) if id == who => {}
        Some(_) => return Err(Refusal::Taken(name.clone())),
        None => {}
    }
    match state.look_alike(name, Some(who)) {
        Some(existing) => {
            Err(Refusal::LooksLike { wanted: name.clone(), existing: existing.clone() })
        }
        None => Ok(Change { who, name: name.clone() }),
    }
}

impl Change {
    pub(crate) fn commit(self, state: &mut State, step: &Step, out: &mut Effects) {
        let Some(mut person) = state.remove_person(self.who) else { return };
        let was = std::mem::replace(&mut person.name, self.name);
        if person.guest.take().is_some() {
            let mark = Mark { person: self.who, upto: step.place };
            out.push(Effect::Keep(Record::Delivered(mark)));
        }
        let card = person.card(self.who);
        state.insert_person(self.who, person);
        step.done(Done::Renamed(card.clone()), out);
        let event = Event::Renamed { was, who: card };
        out.push(Effect::Show { audience: Audience::Room(RoomId::LOBBY), event });
    }
}
