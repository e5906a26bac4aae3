//! Values that persons and rooms have for clients to show: an avatar, a colour, a homepage.

use std::sync::Arc;

use chinwag_model::effect::{Audience, Event};
use chinwag_model::id::{PersonId, RoomId};
use chinwag_model::intent::Owner;
use chinwag_model::message::Card;
use chinwag_model::message::Subject;
use chinwag_model::outcome::{Done, Refusal, RoomNo};
use chinwag_model::rank::Rank;
use chinwag_model::text::Text;

use super::admission::power;
use super::presence;
use crate::state::State;
use crate::step::{Effects, Step};

/// The longest key, in bytes.
const KEY_BYTES_MAX: usize = 128;

/// Values are set, or taken away.
#[derive(Debug)]
pub(crate) struct Change {
    of: Whose,
    by: Card,
    values: Vec<(Box<str>, Option<Text>)>,
}

#[derive(Clone, Copy, Debug)]
enum Whose {
    Person(PersonId),
    Room(RoomId),
}

/// May the asker set this value? One's own, and those of rooms that one leads.
pub(crate) fn decide(
    state: &State,
    step: &Step,
    of: &Owner,
    key: Option<&str>,
    value: Option<&Text>,
    keys_max: u32,
) -> Result<Change, Refusal> {
    let (asker, person) = step.asker(state)?;
    let (of, values) = match of {
        Owner::Person(name) => {
            let (id, _) =
                state.person_called(name).ok_or_else(|| Refusal::NoSuchPerson(name.clone()))?;
            if id != asker {
                return Err(Refusal::NotYours);
            }
            (Whose::Person(id), &*person.metadata)
        }
        Owner::Room(name) => {
            let (id, room) = state.known_room(asker, person, name)?;
            if !power(state, id, asker).at_least(Rank::HalfOperator) {
                let no = RoomNo::RankNeeded(Rank::HalfOperator);
                return Err(Refusal::Room(room.card(id), no));
            }
            (Whose::Room(id), &room.metadata)
        }
    };
    let changes = match key {
        None => values.keys().map(|key| (key.clone(), None)).collect(),
        Some(key) => {
            let new = !values.contains_key(key);
            if value.is_none() && new {
                return Err(Refusal::NoSuchKey);
            }
            let full = values.len() >= usize::try_from(keys_max).unwrap_or(usize::MAX);
            if key.len() > KEY_BYTES_MAX || new && full {
                return Err(Refusal::TooMany);
            }
            vec![(key.into(), value.cloned())]
        }
    };
    Ok(Change { of, by: person.card(asker), values: changes })
}

impl Change {
    pub(crate) fn commit(self, state: &mut State, step: &Step, out: &mut Effects) {
        let Self { of, by, values } = self;
        let (subject, audience, held) = match of {
            Whose::Person(id) => {
                let Some(person) = state.persons.get_mut(&id) else { return };
                let subject = Subject::Person(person.card(id));
                (subject, presence::peers(person), &mut *person.metadata)
            }
            Whose::Room(id) => {
                let Some(room) = state.rooms.get_mut(&id) else { return };
                (Subject::Room(room.card(id)), Audience::Room(id), &mut room.metadata)
            }
        };
        for (key, value) in &values {
            match value {
                Some(value) => held.insert(key.clone(), value.clone()),
                None => held.remove(key),
            };
            let key = Arc::from(&**key);
            let (of, by, value) = (subject.clone(), by.clone(), value.clone());
            step.show(audience.clone(), Event::Metadata { of, by, key, value }, out);
        }
        step.done(Done::Metadata(subject, values), out);
    }
}
