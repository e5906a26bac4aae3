//! Saying something: to a room or group, to one person, to everyone.

use std::sync::Arc;

use chinwag_model::effect::{Audience, Effect, Event};
use chinwag_model::id::{PersonId, RoomId};
use chinwag_model::intent::Target;
use chinwag_model::message::{Card, Destination, Manner, Message};
use chinwag_model::outcome::{Done, Refusal, Unheard};
use chinwag_model::record::Record;
use chinwag_model::text::Text;

use crate::state::{Person, State};
use crate::step::{Effects, Step};

/// Something is said.
#[derive(Debug)]
pub(crate) struct Change {
    author: Card,
    to: Destination,
    audience: Audience,
    unheard: Option<Unheard>,
    manner: Manner,
    text: Text,
}

/// May the asker say this there, and who hears it?
pub(crate) fn decide(
    state: &State,
    step: &Step,
    to: &Target,
    manner: Manner,
    text: &Text,
) -> Result<Change, Refusal> {
    let (id, person) = step.asker(state)?;
    let author = person.card(id);
    let (to, audience, unheard) = match to {
        Target::Room(room) => to_room(state, person, *room).ok_or(Refusal::NotInRoom)?,
        Target::Person(other) => to_person(state, person, *other).ok_or(Refusal::Gone)?,
        Target::Called(name) => state
            .person_called(name)
            .and_then(|(other, _)| to_person(state, person, other))
            .ok_or_else(|| Refusal::NoSuchPerson(name.clone()))?,
        Target::Either(name) => match state.room_called(name) {
            Some((room, _)) => to_room(state, person, room),
            None => {
                state.person_called(name).and_then(|(other, _)| to_person(state, person, other))
            }
        }
        .ok_or_else(|| Refusal::NoSuchTarget(name.clone()))?,
        Target::Everyone => (Destination::Everyone, Audience::Everyone, None),
    };
    Ok(Change { author, to, audience, unheard, manner, text: text.clone() })
}

type Heard = (Destination, Audience, Option<Unheard>);

fn to_room(state: &State, speaker: &Person, room: RoomId) -> Option<Heard> {
    let there = state.rooms.get(&room).filter(|_| speaker.rooms.contains(&room))?;
    Some((Destination::Room(there.card(room)), Audience::Room(room), None))
}

fn to_person(state: &State, speaker: &Person, other: PersonId) -> Option<Heard> {
    let person = state.persons.get(&other)?;
    let card = person.card(other);
    let sessions = speaker.sessions.union(&person.sessions).copied().collect();
    let unheard = match &person.away {
        _ if !person.is_online() => Some(Unheard::Offline(card.clone())),
        Some(text) => Some(Unheard::Away(card.clone(), text.clone())),
        None => None,
    };
    Some((Destination::Person(card), Audience::Sessions(sessions), unheard))
}

impl Change {
    pub(crate) fn commit(self, state: &mut State, step: &Step, out: &mut Effects) {
        if let Destination::Room(card) = &self.to
            && let Some(room) = state.rooms.get_mut(&card.id)
        {
            room.spoken = true;
        }
        let message = Arc::new(Message {
            place: step.place,
            time: step.time,
            author: self.author,
            to: self.to,
            manner: self.manner,
            text: self.text,
        });
        out.push(Effect::Keep(Record::Message(Arc::clone(&message))));
        out.push(Effect::Show { audience: self.audience, event: Event::Said(message) });
        step.done(Done::Said(self.unheard), out);
    }
}
