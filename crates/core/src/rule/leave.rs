//! Out of a public room.

use chinwag_model::effect::{Audience, Effect, Event};
use chinwag_model::id::{PersonId, RoomId};
use chinwag_model::outcome::{Done, Refusal};

use crate::state::State;
use crate::step::{Effects, Step};

/// Someone goes out of a room.
#[derive(Debug)]
pub(crate) struct Change {
    who: PersonId,
    room: RoomId,
}

/// May the asker go out of this room?
pub(crate) fn decide(state: &State, step: &Step, room: RoomId) -> Result<Change, Refusal> {
    let (who, person) = step.asker(state)?;
    if room == RoomId::LOBBY {
        return Err(Refusal::LobbyIsForEver);
    }
    let there = state.rooms.get(&room).filter(|_| person.rooms.contains(&room));
    match there {
        None => Err(Refusal::NotInRoom),
        Some(there) if there.group => Err(Refusal::GroupIsForEver(there.name.clone())),
        Some(_) => Ok(Change { who, room }),
    }
}

impl Change {
    pub(crate) fn commit(self, state: &mut State, step: &Step, out: &mut Effects) {
        let (Some(person), Some(room)) =
            (state.persons.get(&self.who), state.rooms.get(&self.room))
        else {
            return;
        };
        let (card, left) = (person.card(self.who), room.card(self.room));
        out.push(Effect::Unsubscribe(self.room, person.sessions()));
        step.done(Done::Left(left.clone()), out);
        state.part(self.who, self.room);
        if state.rooms.contains_key(&self.room) {
            let event = Event::Left(card, left);
            out.push(Effect::Show { audience: Audience::Room(self.room), event });
        }
    }
}
