//! A room's topic is set, or taken away, by anyone who is in it.

use chinwag_model::effect::{Audience, Effect, Event};
use chinwag_model::id::RoomId;
use chinwag_model::message::Card;
use chinwag_model::outcome::{Done, Refusal};
use chinwag_model::text::Text;

use crate::state::State;
use crate::step::{Effects, Step};

/// A topic is set.
#[derive(Debug)]
pub(crate) struct Change {
    room: RoomId,
    by: Card,
    topic: Option<Text>,
}

/// May the asker set this topic?
pub(crate) fn decide(
    state: &State,
    step: &Step,
    room: RoomId,
    topic: Option<&Text>,
) -> Result<Change, Refusal> {
    let (id, person) = step.asker(state)?;
    if !person.rooms.contains(&room) {
        return Err(Refusal::NotInRoom);
    }
    Ok(Change { room, by: person.card(id), topic: topic.cloned() })
}

impl Change {
    pub(crate) fn commit(self, state: &mut State, step: &Step, out: &mut Effects) {
        let Some(room) = state.rooms.get_mut(&self.room) else { return };
        room.topic.clone_from(&self.topic);
        let event = Event::Topic { room: room.card(self.room), by: self.by, topic: self.topic };
        out.push(Effect::Show { audience: Audience::Room(self.room), event });
        step.done(Done::TopicSet, out);
    }
}
