//! How far someone has read a conversation: it only ever moves on, to the present at most, and only
//! they are told. Of rooms, it is kept of those that they may read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chinwag_model::effect::{Audience, Event};
use chinwag_model::id::{PersonId, RoomId, Timestamp};
use chinwag_model::name::Name;
use chinwag_model::outcome::{Done, Refusal};

use crate::state::State;
use crate::step::{Effects, Step};

/// Most conversations of one person for which this is known, and most bytes of their names. Beyond,
/// what is of no more use is forgotten: of rooms they are not in, and of persons whom nobody is called
/// like; and then the ones that were read up to the earliest time.
const READ_MAX: usize = 1000;
pub(super) const BYTES_MAX: usize = 32 * 1024;

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
        if is_too_much(&person.read) {
            forget_useless(state, who, &target);
        }
        let Some(person) = state.persons.get_mut(&who) else { return };
        while is_too_much(&person.read) {
            let others = person.read.iter().filter(|(other, _)| **other != target);
            let earliest = others.min_by_key(|(_, upto)| **upto).map(|(other, _)| other.clone());
            let Some(earliest) = earliest else { break };
            person.read.remove(&earliest);
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

fn is_too_much(read: &BTreeMap<Box<str>, Timestamp>) -> bool {
    read.len() > READ_MAX || read.keys().map(|target| target.len()).sum::<usize>() > BYTES_MAX
}

/// Forgets what is of no more use, but for one conversation.
fn forget_useless(state: &mut State, who: PersonId, but: &str) {
    let Some(person) = state.persons.get(&who) else { return };
    let useful = |target: &str| match target.strip_prefix(ROOM_SIGN) {
        Some(room) => state.channels.get(room).is_some_and(|room| person.rooms.contains(room)),
        None => state.names.contains_key(target),
    };
    let useless: BTreeSet<_> =
        person.read.keys().filter(|target| &***target != but && !useful(target)).cloned().collect();
    if let Some(person) = state.persons.get_mut(&who) {
        person.read.retain(|target, _| !useless.contains(target));
    }
}

/// What a room is called where it is remembered how far it was read.
fn key(room: &Name) -> Box<str> {
    format!("{ROOM_SIGN}{}", room.folded()).into()
}

/// Forgets how far someone has read a room that they leave.
pub(super) fn forget(state: &mut State, who: PersonId, room: RoomId) {
    let Some(room) = state.rooms.get(&room).map(|room| key(&room.name)) else { return };
    if let Some(person) = state.persons.get_mut(&who)
        && person.read.contains_key(&room)
    {
        person.read.remove(&room);
    }
}

/// Takes along how far its members have read a room that was called otherwise.
pub(super) fn rename(state: &mut State, was: &Name, room: RoomId) {
    let State { rooms, persons, .. } = state;
    let Some(room) = rooms.get(&room) else { return };
    let (old, new) = (key(was), key(&room.name));
    for member in room.members.keys() {
        if let Some(person) = persons.get_mut(member)
            && person.read.contains_key(&old)
            && let Some(upto) = person.read.remove(&old)
        {
            person.read.insert(new.clone(), upto);
        }
    }
}

#[cfg(test)]
mod tests {
    use chinwag_model::id::{SessionId, Timestamp};
    use chinwag_model::intent::Intent;

    use super::{BYTES_MAX, READ_MAX};
    use crate::stage::{Stage, name};

    fn read(stage: &mut Stage, session: SessionId, target: &str, upto: i64) {
        let read = Intent::Read { target: target.into(), upto: Timestamp(upto) };
        assert!(stage.want(session, read).is_ok(), "{target}");
    }

    fn marks(stage: &Stage) -> Vec<(String, i64)> {
        let ana = stage.state().person_called(&name("ana")).unwrap().1;
        ana.read.iter().map(|(target, upto)| (target.to_string(), upto.0)).collect()
    }

    fn ana(stage: &Stage) -> SessionId {
        stage.state().person_called(&name("ana")).unwrap().1.sessions()[0]
    }

    #[test]
    fn attack_marks_have_no_more_bytes_than_a_bound_and_useful_ones_stay() {
        let mut stage = Stage::new();
        stage.play("ana: enter\nbo: enter\nana: visit tea");
        let session = ana(&stage);
        read(&mut stage, session, "#tea", 1);
        read(&mut stage, session, "bo", 2);
        for n in 0..2000 {
            let target = format!("{n:0width$}", width = if n % 2 == 0 { 500 } else { 8 });
            read(&mut stage, session, &target, 1000 + n);
        }
        let marks = marks(&stage);
        assert!(marks.len() <= READ_MAX);
        assert!(marks.iter().map(|(target, _)| target.len()).sum::<usize>() <= BYTES_MAX);
        assert!(marks.contains(&("#tea".to_owned(), 1)) && marks.contains(&("bo".to_owned(), 2)));
    }

    #[test]
    fn who_leaves_a_room_has_no_mark_there_and_a_renamed_room_keeps_it() {
        for (script, left) in [
            ("ana: part tea", None),
            ("ana: leave tea", None),
            ("ana: rename tea coffee", Some("#coffee")),
        ] {
            let mut stage = Stage::new();
            stage.play("bo: enter\nana: enter\nana: join tea\nbo: join tea");
            let session = ana(&stage);
            read(&mut stage, session, "#tea", 5);
            stage.play(script);
            let left: Vec<_> = left.into_iter().map(|room: &str| (room.to_owned(), 5)).collect();
            assert_eq!(marks(&stage), left, "{script}");
        }
    }
}
