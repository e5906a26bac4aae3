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

#[cfg(test)]
mod tests {
    use crate::stage::check;

    #[test]
    fn all_in_a_room_hear_what_is_said_and_the_speaker_too() {
        check(
            "ana: enter with v
             ana2: enter ana checked 1
             bo: enter
             guest: enter guest
             ana: join tea
             guest: join tea
             --
             ana: say hello
             ana: me waves
             guest: in tea hello",
            "kept: [lobby] ana: hello
             ana ana2 bo guest see: [lobby] ana: hello
             ana told: said
             kept: [lobby] * ana waves
             ana ana2 bo guest see: [lobby] * ana waves
             ana told: said
             kept: [tea] guest-1: hello
             ana ana2 guest see: [tea] guest-1: hello
             guest told: said",
        );
    }

    #[test]
    fn only_who_is_in_a_room_or_group_speaks_there() {
        check(
            "ana: enter
             bo: enter
             ana: join tea
             ana: group grp
             --
             bo: in tea hello
             bo: in grp hello
             bo: in nowhere hello",
            "bo told: refused, not in that room
             bo told: refused, not in that room
             bo told: refused, not in that room",
        );
    }

    #[test]
    fn all_devices_of_two_people_see_what_one_says_to_the_other() {
        check(
            "ana: enter with v
             ana2: enter ana checked 1
             bo: enter with v
             bo2: enter bo checked 1
             cy: enter
             --
             ana: tell BO hello
             bo2: to ana hello
             ana: either bo hello",
            "kept: [to bo] ana: hello
             ana ana2 bo bo2 see: [to bo] ana: hello
             ana told: said
             kept: [to ana] bo: hello
             ana ana2 bo bo2 see: [to ana] bo: hello
             bo2 told: said
             kept: [to bo] ana: hello
             ana ana2 bo bo2 see: [to bo] ana: hello
             ana told: said",
        );
    }

    #[test]
    fn who_speaks_to_themselves_hears_it_once() {
        check(
            "ana: enter
             --
             ana: tell ana hello",
            "kept: [to ana] ana: hello
             ana sees: [to ana] ana: hello
             ana told: said",
        );
    }

    #[test]
    fn the_speaker_learns_that_someone_is_offline_or_away() {
        check(
            "ana: enter
             bo: enter
             cy: enter
             bo: away lunch
             cy: exit
             --
             ana: tell bo hello
             ana: tell cy hello",
            "kept: [to bo] ana: hello
             ana bo see: [to bo] ana: hello
             ana told: said, bo is away: lunch
             kept: [to cy] ana: hello
             ana sees: [to cy] ana: hello
             ana told: said, cy is offline",
        );
    }

    #[test]
    fn a_guest_who_has_gone_is_no_person_any_more() {
        check(
            "ana: enter
             guest: enter guest
             guest: exit
             --
             ana: tell guest-1 hello
             ana: either guest-1 hello
             ana: to guest-1 hello",
            "ana told: refused, no such person guest-1
             ana told: refused, no person or room guest-1
             ana told: refused, that person has gone",
        );
    }

    #[test]
    fn by_name_one_speaks_to_a_person_or_to_a_room_that_one_is_in() {
        check(
            "ana: enter
             bo: enter
             ana: join tea
             ana: group grp
             --
             ana: either tea hello
             ana: either grp hello
             bo: either tea hello
             bo: either grp hello
             bo: either nowhere hello
             ana: tell tea hello
             ana: tell grp hello
             ana: tell dora hello",
            "kept: [tea] ana: hello
             ana sees: [tea] ana: hello
             ana told: said
             kept: [grp] ana: hello
             ana sees: [grp] ana: hello
             ana told: said
             bo told: refused, no person or room tea
             bo told: refused, no person or room grp
             bo told: refused, no person or room nowhere
             ana told: refused, no such person tea
             ana told: refused, no such person grp
             ana told: refused, no such person dora",
        );
    }

    #[test]
    fn what_is_said_to_everyone_is_seen_by_all_who_are_in() {
        check(
            "ana: enter
             bo@2: enter
             guest: enter guest
             cy: enter
             cy: exit
             --
             guest: broad hello",
            "kept: [to everyone] guest-1: hello
             ana guest bo see: [to everyone] guest-1: hello
             guest told: said",
        );
    }

    #[test]
    fn who_is_not_in_says_nothing() {
        check(
            "bo: enter
             ana: enter
             ana: exit
             --
             ana: say hello
             ana: tell bo hello
             ana: broad hello",
            "ana told: refused, not in
             ana told: refused, not in
             ana told: refused, not in",
        );
    }
}
