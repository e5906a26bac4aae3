//! Into a public room, which is made if there is none.

use std::collections::BTreeMap;

use chinwag_model::effect::{Audience, Effect, Event};
use chinwag_model::id::{PersonId, RoomId};
use chinwag_model::name::{Name, NewName};
use chinwag_model::outcome::{Done, Refusal};

use crate::state::{Holder, ROOMS_PER_PERSON_MAX, Room, State};
use crate::step::{Effects, Step};

/// Someone goes into a room.
#[derive(Debug)]
pub(crate) struct Change {
    who: PersonId,
    room: Which,
}

#[derive(Debug)]
enum Which {
    /// They are there already.
    Same(RoomId),
    There(RoomId),
    New(Name),
}

/// May the asker go into the room of this name, or make it?
pub(crate) fn decide(
    state: &State,
    step: &Step,
    name: &Name,
    new: Option<&NewName>,
) -> Result<Change, Refusal> {
    let (who, person) = step.asker(state)?;
    let room = match state.room_called(name) {
        Some((id, _)) if person.rooms.contains(&id) => Which::Same(id),
        Some((_, room)) if room.group => return Err(Refusal::Taken(name.clone())),
        Some((id, _)) => Which::There(id),
        None => {
            let new = new.filter(|new| new.name() == name);
            let wanted = new.ok_or_else(|| match state.person_called(name) {
                Some(_) => Refusal::TakenByPerson(name.clone()),
                None => Refusal::NotTakeable(name.clone()),
            })?;
            free_for_room(state, wanted.name())?;
            Which::New(wanted.name().clone())
        }
    };
    if person.rooms.len() >= ROOMS_PER_PERSON_MAX && !matches!(room, Which::Same(_)) {
        return Err(Refusal::TooManyRooms(person.name.clone()));
    }
    Ok(Change { who, room })
}

/// Refuses a name that a person or a room has, or that looks like one.
pub(super) fn free_for_room(state: &State, name: &Name) -> Result<(), Refusal> {
    match state.holder(name) {
        Some(Holder::Person(_)) => return Err(Refusal::TakenByPerson(name.clone())),
        Some(Holder::Room(_)) => return Err(Refusal::Taken(name.clone())),
        None => {}
    }
    match state.look_alike(name, None) {
        Some(existing) => {
            Err(Refusal::LooksLike { wanted: name.clone(), existing: existing.clone() })
        }
        None => Ok(()),
    }
}

impl Change {
    pub(crate) fn commit(self, state: &mut State, step: &Step, out: &mut Effects) {
        let id = match self.room {
            Which::Same(id) => {
                if let Some(room) = state.rooms.get(&id) {
                    step.done(Done::Joined(room.card(id)), out);
                }
                return;
            }
            Which::There(id) => id,
            Which::New(name) => {
                let id = state.room_next;
                state.room_next = RoomId(id.0 + 1);
                let members = BTreeMap::new();
                state.insert_room(
                    id,
                    Room { name, group: false, topic: None, members, spoken: false },
                );
                id
            }
        };
        state.join(self.who, id, step.place);
        let (Some(person), Some(room)) = (state.persons.get(&self.who), state.rooms.get(&id))
        else {
            return;
        };
        let card = room.card(id);
        out.push(Effect::Subscribe(id, person.sessions()));
        step.done(Done::Joined(card.clone()), out);
        let event = Event::Joined(person.card(self.who), card);
        out.push(Effect::Show { audience: Audience::Room(id), event });
    }
}
