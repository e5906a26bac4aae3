//! How far someone has read a conversation: it only ever moves on, to the present at most, and only
//! they are told. Of rooms, it is kept of those that they may read.

use std::sync::Arc;

use chinwag_model::effect::{Audience, Event};
use chinwag_model::id::{PersonId, Timestamp};
use chinwag_model::name::Name;
use chinwag_model::outcome::{Done, Refusal};

use crate::state::State;
use crate::step::{Effects, Step};

/// Most conversations of one person for which this is known; beyond, the one that was read up to the
/// earliest time is forgotten.
const READ_MAX: usize = 1000;

/// What the name of a room begins with, where it is told apart from a person's.
const ROOM_SIGN: char = '#';

/// The longest name of a conversation, in bytes.
const TARGET_BYTES_MAX: usize = 512;

/// Someone has read so far.
#[derive(Debug)]
pub(crate) struct Change {
    who: PersonId,
    target: Box<str>,
    upto: Timestamp,
}

/// Has the asker read further than before?
pub(crate) fn decide(
    state: &State,
    step: &Step,
    target: &str,
    upto: Timestamp,
) -> Result<Change, Refusal> {
    let (who, person) = step.asker(state)?;
    if target.len() > TARGET_BYTES_MAX {
        return Err(Refusal::TooMany);
    }
    if let Some(room) = target.strip_prefix(ROOM_SIGN) {
        let known = Name::parse_room(room).ok().and_then(|name| state.channel(&name));
        if !known.is_some_and(|(room, _)| state.may_read(who, person, room)) {
            return Err(Refusal::NotInRoom);
        }
    }
    let upto = upto.min(step.time);
    let before = person.read.get(target).copied();
    Ok(Change { who, target: target.into(), upto: upto.max(before.unwrap_or_default()) })
}

impl Change {
    pub(crate) fn commit(self, state: &mut State, step: &Step, out: &mut Effects) {
        let Self { who, target, upto } = self;
        let Some(person) = state.persons.get_mut(&who) else { return };
        let moved = person.read.insert(target.clone(), upto) != Some(upto);
        if person.read.len() > READ_MAX {
            let earliest = person.read.iter().min_by_key(|(_, upto)| **upto);
            if let Some(earliest) = earliest.map(|(target, _)| target.clone()) {
                person.read.remove(&earliest);
            }
        }
        if moved {
            let asking = step.origin.session;
            let others = person.sessions.iter().copied().filter(|session| *session != asking);
            let event = Event::Read { target: Arc::from(target), upto };
            step.show(Audience::Sessions(others.collect()), event, out);
        }
        step.done(Done::Read(upto), out);
    }
}
