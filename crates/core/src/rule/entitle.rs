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
    let (_, person) = step.asker(state)?;
    let (id, room) = state
        .channel(name)
        .filter(|(id, room)| !room.group || person.rooms.contains(id))
        .ok_or_else(|| Refusal::NoSuchRoom(name.clone()))?;
    if !person.rooms.contains(&id) {
        return Err(Refusal::Room(room.card(id), RoomNo::NotIn));
    }
    topic::decide(state, step, id, topic)
}
