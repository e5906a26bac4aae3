//! A room is given another name; who is in it stays in it, and so does its history.

use chinwag_model::effect::{Audience, Event};
use chinwag_model::id::RoomId;
use chinwag_model::message::Card;
use chinwag_model::name::Name;
use chinwag_model::outcome::{Done, Refusal, RoomNo};
use chinwag_model::rank::Rank;
use chinwag_model::text::Text;

use super::admission::power;
use crate::state::State;
use crate::step::{Effects, Step};

/// A room has another name.
#[derive(Debug)]
pub(crate) struct Change {
    room: RoomId,
    to: Name,
    by: Card,
    reason: Option<Text>,
}

/// May the asker give this room that name?
pub(crate) fn decide(
    state: &State,
    step: &Step,
    room: &Name,
    to: &Name,
    reason: Option<&Text>,
) -> Result<Change, Refusal> {
    let (asker, person) = step.asker(state)?;
    let (id, there) = state
        .channel(room)
        .filter(|(id, room)| !room.group || person.rooms.contains(id))
        .ok_or_else(|| Refusal::NoSuchRoom(room.clone()))?;
    if !person.rooms.contains(&id) {
        return Err(Refusal::Room(there.card(id), RoomNo::NotIn));
    }
    if id == RoomId::LOBBY || there.group {
        return Err(Refusal::Room(there.card(id), RoomNo::ForEver));
    }
    if !power(state, id, asker).at_least(Rank::Operator) {
        return Err(Refusal::Room(there.card(id), RoomNo::RankNeeded(Rank::Operator)));
    }
    let same = there.name.shown() == to.shown();
    if same || state.channel(to).is_some_and(|(other, _)| other != id) {
        return Err(Refusal::Taken(to.clone()));
    }
    Ok(Change { room: id, to: to.clone(), by: person.card(asker), reason: reason.cloned() })
}

impl Change {
    pub(crate) fn commit(self, state: &mut State, step: &Step, out: &mut Effects) {
        let Self { room: id, to, by, reason } = self;
        let Some(mut room) = state.remove_room(id) else { return };
        let was = std::mem::replace(&mut room.name, to);
        // The new name is not one that persons and rooms share.
        room.apart = true;
        let card = room.card(id);
        state.insert_room(id, room);
        let event = Event::RoomRenamed { was, room: card, by, reason };
        step.show(Audience::Room(id), event, out);
        step.done(Done::Noted, out);
    }
}
