//! Into a room by name and perhaps with a key; it is made if there is none.

use chinwag_model::id::{PersonId, RoomId};
use chinwag_model::intent::ROOMS_PER_PERSON_MAX;
use chinwag_model::mode::RoomFlag;
use chinwag_model::name::Name;
use chinwag_model::outcome::{Done, Refusal};
use chinwag_model::record::What;
use chinwag_model::text::Text;

use super::admission::{come_in, make};
use super::claim::free_for_channel;
use super::presence;
use crate::access::may_come_in;
use crate::state::{Room, State};
use crate::step::{Effects, Step};

/// Someone goes into a room.
#[derive(Debug)]
pub(crate) struct Change {
    who: PersonId,
    room: Which,
}

#[derive(Debug)]
enum Which {
    /// They are there already.
    Same,
    There(RoomId),
    New(Name),
}

/// May the asker go into the room of this name, or make it?
pub(crate) fn decide(
    state: &State,
    step: &Step,
    name: &Name,
    key: Option<&Text>,
) -> Result<Change, Refusal> {
    let (who, person) = step.asker(state)?;
    let room = match state.channel(name) {
        Some((_, room)) if room.members.contains_key(&who) => Which::Same,
        Some((id, room)) => {
            let admitted = may_come_in(room, who, person, key, step.time);
            admitted.map_err(|no| Refusal::Room(room.card(id), no))?;
            Which::There(id)
        }
        None => {
            free_for_channel(state, who, name, None)?;
            Which::New(name.clone())
        }
    };
    if person.rooms.len() >= ROOMS_PER_PERSON_MAX && !matches!(room, Which::Same) {
        return Err(Refusal::TooManyRooms(person.name.clone()));
    }
    Ok(Change { who, room })
}

impl Change {
    pub(crate) fn commit(self, state: &mut State, step: &Step, out: &mut Effects) {
        let id = match self.room {
            Which::Same => return step.done(Done::Noted, out),
            Which::There(id) => id,
            Which::New(name) => {
                let mut room = Room::new(name, false, step.time);
                room.apart = true;
                room.mode.flags = room.mode.flags.with(RoomFlag::TopicLocked, true);
                make(state, room)
            }
        };
        let Some(card) = come_in(state, step, self.who, id, out) else { return };
        presence::arrive(state, step, self.who, id, out);
        step.done(Done::Joined(card), out);
        step.happened_in(state, id, self.who, What::Joined, out);
    }
}
