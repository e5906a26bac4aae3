//! Inviting someone to a room by name.

use chinwag_model::name::Name;
use chinwag_model::outcome::{Refusal, RoomNo};

use super::invite;
use crate::state::State;
use crate::step::Step;

/// May the asker invite this person to that room?
pub(crate) fn decide(
    state: &State,
    step: &Step,
    who: &Name,
    name: &Name,
) -> Result<invite::Change, Refusal> {
    let (asker, person) = step.asker(state)?;
    let (id, room) = state.known_room(asker, person, name)?;
    if !person.rooms.contains(&id) {
        return Err(Refusal::Room(room.card(id), RoomNo::NotIn));
    }
    invite::decide(state, step, who, id)
}
