//! A room is given another name; its members stay in it, and so does its history.
//!
//! The former name of a registered room is kept for its founder for a while, so that nobody else
//! makes, in this moment, a room that people take for it.

use chinwag_model::effect::{Audience, Event};
use chinwag_model::id::RoomId;
use chinwag_model::message::Card;
use chinwag_model::mode::PersonFlag;
use chinwag_model::name::Name;
use chinwag_model::outcome::{Done, Refusal, RoomNo};
use chinwag_model::rank::Rank;
use chinwag_model::text::Text;

use super::admission::power;
use super::claim::free_for_channel;
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
    let (id, there) = state.known_room(asker, person, room)?;
    let no = |no| Err(Refusal::Room(there.card(id), no));
    let operator = person.flags.has(PersonFlag::Operator);
    if !person.rooms.contains(&id) && !operator {
        return no(RoomNo::NotIn);
    }
    if id == RoomId::LOBBY || there.group {
        return no(RoomNo::ForEver);
    }
    // By its name a registered room is its founder's: whoever leads it only leads it.
    match there.founder {
        _ if operator => {}
        Some(founder) if founder != asker => return no(RoomNo::RankNeeded(Rank::Founder)),
        None if !power(state, id, asker).at_least(Rank::Operator) => {
            return no(RoomNo::RankNeeded(Rank::Operator));
        }
        _ => {}
    }
    if there.name.shown() == to.shown() {
        return Err(Refusal::Taken(to.clone()));
    }
    free_for_channel(state, there.founder.unwrap_or(asker), to, Some(id))?;
    Ok(Change { room: id, to: to.clone(), by: person.card(asker), reason: reason.cloned() })
}

impl Change {
    pub(crate) fn commit(self, state: &mut State, step: &Step, out: &mut Effects) {
        let Self { room: id, to, by, reason } = self;
        let Some(mut room) = state.remove_room(id) else { return };
        let was = std::mem::replace(&mut room.name, to);
        state.former_names.remove(&room.name);
        if let Some(founder) = room.founder
            && was != room.name
        {
            state.former_names.keep(was.clone(), founder, !room.apart, step.time);
        }
        // The new name is not one that persons and rooms share.
        room.apart = true;
        let card = room.card(id);
        state.insert_room(id, room);
        super::read::rename(state, &was, id);
        let event = Event::RoomRenamed { was, room: card, by, reason };
        step.show(Audience::Room(id), event, out);
        step.done(Done::Noted, out);
    }
}
