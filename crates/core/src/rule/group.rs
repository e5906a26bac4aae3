//! Making a group: of members only, kept for ever.

use std::collections::BTreeMap;

use chinwag_model::effect::{Audience, Effect, Event};
use chinwag_model::id::{PersonId, RoomId};
use chinwag_model::intent::GROUP_NAMED_MAX;
use chinwag_model::name::{Name, NewName};
use chinwag_model::outcome::{Done, Refusal};

use super::join::free_for_room;
use crate::state::{Person, ROOMS_PER_PERSON_MAX, Room, State};
use crate::step::{Effects, Step};

/// A group is made.
#[derive(Debug)]
pub(crate) struct Change {
    name: Name,
    /// The maker first, then those named, each once.
    members: Vec<PersonId>,
}

/// May the asker make this group of these people?
pub(crate) fn decide(
    state: &State,
    step: &Step,
    name: &NewName,
    named: &[Name],
) -> Result<Change, Refusal> {
    let (asker, person) = step.asker(state)?;
    if named.len() > GROUP_NAMED_MAX {
        return Err(Refusal::TooManyNamed(named.len()));
    }
    may_be_member(person)?;
    free_for_room(state, name.name())?;
    let mut members = vec![asker];
    for name in named {
        let (id, person) =
            state.person_called(name).ok_or_else(|| Refusal::NoSuchPerson(name.clone()))?;
        may_be_member(person)?;
        if !members.contains(&id) {
            members.push(id);
        }
    }
    Ok(Change { name: name.name().clone(), members })
}

/// A group is for ever, and a guest is not; and nobody is in more rooms than can be told.
pub(super) fn may_be_member(person: &Person) -> Result<(), Refusal> {
    if person.guest.is_some() {
        return Err(Refusal::Guest(person.name.clone()));
    }
    if person.rooms.len() >= ROOMS_PER_PERSON_MAX {
        return Err(Refusal::TooManyRooms(person.name.clone()));
    }
    Ok(())
}

impl Change {
    pub(crate) fn commit(self, state: &mut State, step: &Step, out: &mut Effects) {
        let id = state.room_next;
        state.room_next = RoomId(id.0 + 1);
        let members: BTreeMap<_, _> = self.members.iter().map(|m| (*m, step.place)).collect();
        let room = Room { name: self.name, group: true, topic: None, members, spoken: false };
        let card = room.card(id);
        state.insert_room(id, room);

        let people: Vec<_> =
            self.members.iter().filter_map(|m| Some((*m, state.persons.get(m)?))).collect();
        let names = people.iter().map(|(_, person)| person.name.clone()).collect();
        let everyone = people.iter().flat_map(|(_, person)| person.sessions()).collect();
        out.push(Effect::Subscribe(id, everyone));
        step.done(Done::GroupMade(card.clone(), names), out);
        let Some(((maker, by), named)) = people.split_first() else { return };
        let told: Vec<_> = named.iter().flat_map(|(_, person)| person.sessions()).collect();
        if !told.is_empty() {
            let event = Event::Added { by: by.card(*maker), group: card };
            out.push(Effect::Show { audience: Audience::Sessions(told), event });
        }
    }
}
