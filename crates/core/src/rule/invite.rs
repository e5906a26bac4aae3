//! Telling someone of a room, or making them member of a group.

use chinwag_model::effect::{Audience, Effect, Event};
use chinwag_model::id::{PersonId, RoomId};
use chinwag_model::message::{Card, RoomCard};
use chinwag_model::name::Name;
use chinwag_model::outcome::{Done, Refusal};

use super::group::may_be_member;
use crate::state::State;
use crate::step::{Effects, Step};

/// Someone is told of a room, or added to a group.
#[derive(Debug)]
pub(crate) struct Change {
    by: Card,
    who: PersonId,
    card: Card,
    room: RoomCard,
}

/// May the asker have this person in that room?
pub(crate) fn decide(
    state: &State,
    step: &Step,
    who: &Name,
    room: RoomId,
) -> Result<Change, Refusal> {
    let (asker, person) = step.asker(state)?;
    let there = state
        .rooms
        .get(&room)
        .filter(|_| person.rooms.contains(&room))
        .ok_or(Refusal::NotInRoom)?;
    let (id, other) = state.person_called(who).ok_or_else(|| Refusal::NoSuchPerson(who.clone()))?;
    let (card, room) = (other.card(id), there.card(room));
    if other.rooms.contains(&room.id) {
        return Err(Refusal::AlreadyMember(card, room));
    }
    if room.group {
        may_be_member(other)?;
    } else if !other.is_online() {
        return Err(Refusal::Offline(other.name.clone()));
    }
    Ok(Change { by: person.card(asker), who: id, card, room })
}

impl Change {
    pub(crate) fn commit(self, state: &mut State, step: &Step, out: &mut Effects) {
        let Self { by, who, card, room } = self;
        let sessions = state.persons.get(&who).map_or_else(Vec::new, |other| other.sessions());
        let (event, done) = if room.group {
            state.join(who, room.id, step.place);
            out.push(Effect::Subscribe(room.id, sessions.clone()));
            (Event::Added { by, group: room.clone() }, Done::Added(card, room))
        } else {
            (Event::Invited { by, room: room.clone() }, Done::Invited(card, room))
        };
        out.push(Effect::Show { audience: Audience::Sessions(sessions), event });
        step.done(done, out);
    }
}
