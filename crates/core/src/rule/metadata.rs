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

/// Most bytes of all keys and values that a person has, or a room. Someone may lead hundreds of rooms.
pub(super) const PERSON_BYTES_MAX: usize = 32 * 1024;
const ROOM_BYTES_MAX: usize = 8 * 1024;

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
    let (of, values, bytes_max) = match of {
        Owner::Person(name) => {
            let (id, _) =
                state.person_called(name).ok_or_else(|| Refusal::NoSuchPerson(name.clone()))?;
            if id != asker {
                return Err(Refusal::NotYours);
            }
            (Whose::Person(id), &*person.metadata, PERSON_BYTES_MAX)
        }
        Owner::Room(name) => {
            let (id, room) = state.known_room(asker, person, name)?;
            if !power(state, id, asker).at_least(Rank::HalfOperator) {
                let no = RoomNo::RankNeeded(Rank::HalfOperator);
                return Err(Refusal::Room(room.card(id), no));
            }
            (Whose::Room(id), &room.metadata, ROOM_BYTES_MAX)
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
            if let Some(value) = value {
                let others = values.iter().filter(|(other, _)| &***other != key);
                let bytes = |key: &str, value: &Text| key.len() + value.as_str().len();
                let all = others.map(|(key, value)| bytes(key, value)).sum::<usize>();
                if all + bytes(key, value) > bytes_max {
                    return Err(Refusal::TooMany);
                }
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

#[cfg(test)]
mod tests {
    use chinwag_model::id::SessionId;
    use chinwag_model::intent::{Intent, Owner};
    use chinwag_model::outcome::{Done, Refusal};
    use chinwag_model::text::Text;

    use super::{PERSON_BYTES_MAX, ROOM_BYTES_MAX};
    use crate::stage::{Stage, name};

    fn set(
        stage: &mut Stage,
        session: SessionId,
        of: Owner,
        key: usize,
        bytes: usize,
    ) -> Result<Done, Refusal> {
        let value = Text::parse(&"x".repeat(bytes)).unwrap();
        let key = Some(format!("key{key:05}").into());
        stage.want(session, Intent::SetMetadata { of, key, value: Some(value), keys_max: 100_000 })
    }

    #[test]
    fn attack_all_values_of_a_person_or_room_have_no_more_bytes_than_a_bound() {
        let mut stage = Stage::new();
        stage.play("ana: enter\nana: visit tea");
        let ana = stage.state().person_called(&name("ana")).unwrap().1.sessions()[0];
        for (of, max) in [
            (Owner::Person(name("ana")), PERSON_BYTES_MAX),
            (Owner::Room(name("tea")), ROOM_BYTES_MAX),
        ] {
            let fits = max / (8 + 400);
            for key in 0..fits {
                assert!(set(&mut stage, ana, of.clone(), key, 400).is_ok(), "{key}");
            }
            assert_eq!(set(&mut stage, ana, of.clone(), fits, 400), Err(Refusal::TooMany));
            // In place of another one it may stand, and a longer one may not.
            assert!(set(&mut stage, ana, of.clone(), 0, 400).is_ok());
            assert_eq!(set(&mut stage, ana, of.clone(), 0, 4000), Err(Refusal::TooMany));
            assert!(set(&mut stage, ana, of.clone(), 0, 10).is_ok());
            assert!(set(&mut stage, ana, of, fits, 390).is_ok());
        }
    }
}
