//! Out of a room by name.

use chinwag_model::effect::{Audience, Event};
use chinwag_model::id::{PersonId, RoomId};
use chinwag_model::name::Name;
use chinwag_model::outcome::{Done, Refusal, RoomNo};
use chinwag_model::record::What;
use chinwag_model::text::Text;

use super::admission::go_out;
use crate::state::State;
use crate::step::{Effects, Step};

/// Someone goes out of a room.
#[derive(Debug)]
pub(crate) struct Change {
    who: PersonId,
    room: RoomId,
    reason: Option<Text>,
}

/// May the asker go out of the room of this name?
pub(crate) fn decide(
    state: &State,
    step: &Step,
    name: &Name,
    reason: Option<&Text>,
) -> Result<Change, Refusal> {
    let (who, person) = step.asker(state)?;
    let (id, room) = state.known_room(who, person, name)?;
    let no = |no| Err(Refusal::Room(room.card(id), no));
    if !person.rooms.contains(&id) {
        return no(RoomNo::NotIn);
    }
    // On some faces everyone is in the lobby.
    let inside = |session| state.sessions.get(session).is_some_and(|session| session.inside);
    if id == RoomId::LOBBY && person.sessions.iter().any(inside) {
        return no(RoomNo::ForEver);
    }
    Ok(Change { who, room: id, reason: reason.cloned() })
}

impl Change {
    pub(crate) fn commit(self, state: &mut State, step: &Step, out: &mut Effects) {
        let Self { who, room: id, reason } = self;
        let (Some(person), Some(room)) = (state.persons.get(&who), state.rooms.get(&id)) else {
            return;
        };
        let (card, left) = (person.card(who), room.card(id));
        let event = Event::Left { who: card.clone(), room: left.clone(), reason: reason.clone() };
        step.show(Audience::Room(id), event, out);
        go_out(state, who, id, out);
        step.done(Done::Left(left), out);
        if state.rooms.contains_key(&id) {
            step.happened(id, card, What::Left(reason), out);
        }
    }
}
