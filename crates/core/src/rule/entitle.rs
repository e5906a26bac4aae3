//! The topic of a room by name is set, or taken away.

use chinwag_model::name::Name;
use chinwag_model::outcome::{Refusal, RoomNo};
use chinwag_model::text::Text;

use super::topic;
use crate::state::State;
use crate::step::Step;

/// May the asker set this topic?
pub(crate) fn decide(
    state: &State,
    step: &Step,
    name: &Name,
    topic: Option<&Text>,
) -> Result<topic::Change, Refusal> {
    let (who, person) = step.asker(state)?;
    let (id, room) = state.known_room(who, person, name)?;
    if !person.rooms.contains(&id) {
        return Err(Refusal::Room(room.card(id), RoomNo::NotIn));
    }
    topic::decide(state, step, id, topic)
}
