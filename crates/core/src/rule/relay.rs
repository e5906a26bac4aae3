//! A bridge says something for someone elsewhere.

use std::sync::Arc;

use chinwag_model::effect::{Audience, Effect, Event};
use chinwag_model::message::{Badge, Card, Destination, Manner, Message, RoomCard};
use chinwag_model::name::Name;
use chinwag_model::outcome::{Done, Refusal, RoomNo};
use chinwag_model::rank::Rank;
use chinwag_model::record::Record;
use chinwag_model::tag::Tags;
use chinwag_model::text::Text;

use super::admission::power;
use crate::state::State;
use crate::step::{Effects, Step};

/// Something is said for someone elsewhere.
#[derive(Debug)]
pub(crate) struct Change {
    author: Card,
    room: RoomCard,
    text: Text,
    tags: Tags,
}

/// May the asker speak for others in this room?
pub(crate) fn decide(
    state: &State,
    step: &Step,
    room: &Name,
    name: &Name,
    text: &Text,
    tags: &Tags,
) -> Result<Change, Refusal> {
    let (asker, person) = step.asker(state)?;
    let (id, there) = state.known_room(asker, person, room)?;
    if !there.members.contains_key(&asker) {
        return Err(Refusal::Room(there.card(id), RoomNo::NotIn));
    }
    if !power(state, id, asker).at_least(Rank::Operator) {
        return Err(Refusal::Room(there.card(id), RoomNo::RankNeeded(Rank::Operator)));
    }
    // What was said stays the bridge's: it may take it back, and who ignores it sees none of it.
    let badge =
        Badge { user: "relay".into(), host: person.name.shown().into(), account: None, bot: true };
    let author = Card { id: asker, name: name.clone(), badge: Arc::new(badge) };
    Ok(Change { author, room: there.card(id), text: text.clone(), tags: tags.clone() })
}

impl Change {
    pub(crate) fn commit(self, state: &mut State, step: &Step, out: &mut Effects) {
        let Self { author, room, text, tags } = self;
        if let Some(room) = state.rooms.get_mut(&room.id) {
            room.spoken = true;
        }
        state.silent.end(author.id);
        let audience = Audience::Room(room.id);
        let to = Destination::Room(room);
        let plain = Message::plain(step.place, step.time, author, to, Manner::Speech, text);
        let message = Arc::new(Message { tags, ..plain });
        out.push(Effect::Keep(Record::Message(Arc::clone(&message))));
        step.show(audience, Event::Said(message), out);
        step.done(Done::Said(None), out);
    }
}
