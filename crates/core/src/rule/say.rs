//! Saying something: to a room or group, to one person, to everyone; in words, or by tags alone.

use std::sync::Arc;

use chinwag_model::effect::{Audience, Effect, Event};
use chinwag_model::id::PersonId;
use chinwag_model::intent::Target;
use chinwag_model::message::{Card, Destination, Manner, Message};
use chinwag_model::mode::PersonFlag;
use chinwag_model::outcome::{Done, Refusal, Unheard};
use chinwag_model::rank::Rank;
use chinwag_model::record::Record;
use chinwag_model::tag::Tags;
use chinwag_model::text::Text;

use super::speech::{Heard, Speaker};
use crate::state::State;
use crate::step::{Effects, Step};

/// What someone wants to say.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Words<'i> {
    pub(crate) to: &'i Target,
    pub(crate) manner: Manner,
    pub(crate) text: &'i Text,
    pub(crate) tags: &'i Tags,
    pub(crate) joints: Option<&'i [u32]>,
}

/// Something is said.
#[derive(Debug)]
pub(crate) struct Change {
    author: Card,
    to: Destination,
    audience: Audience,
    unheard: Option<Unheard>,
    manner: Manner,
    text: Text,
    tags: Tags,
    rank: Option<Rank>,
    joints: Option<Arc<[u32]>>,
    /// From whom the speaker takes an answer, although they take none from those without an account.
    accepts: Option<PersonId>,
    /// Whether it is to a name under which nothing was said yet, for which it waits.
    is_told_silent: bool,
}

/// May the asker say this there, and who hears it?
pub(crate) fn decide(state: &State, step: &Step, words: Words<'_>) -> Result<Change, Refusal> {
    let Words { to, manner, text, tags, joints } = words;
    let (id, person) = step.asker(state)?;
    let speaker = Speaker { id, person, manner, text: text.as_str() };
    let Heard { to, audience, unheard, rank } = speaker.reach(state, to)?;
    // What waits for a name keeps it; tags alone, and what the other one ignores, don't wait.
    let is_told_silent = match &to {
        Destination::Person(other) if manner != Manner::Tags && state.silent.has(other.id) => {
            let other = state.persons.get(&other.id);
            other.is_some_and(|other| !other.ignores.contains(&id))
        }
        _ => false,
    };
    let accepts = match &to {
        Destination::Person(other) if person.flags.has(PersonFlag::AccountsOnly) => Some(other.id),
        _ => None,
    };
    Ok(Change {
        author: person.card(id),
        to,
        audience,
        // To tags alone nobody wants to hear that someone is away.
        unheard: unheard.filter(|_| manner != Manner::Tags),
        manner,
        text: text.clone(),
        tags: tags.clone(),
        rank,
        joints: joints.map(Arc::from),
        accepts,
        is_told_silent,
    })
}

impl Change {
    pub(crate) fn commit(self, state: &mut State, step: &Step, out: &mut Effects) {
        if let Destination::Room(card) = &self.to
            && let Some(room) = state.rooms.get_mut(&card.id)
        {
            room.spoken = true;
        }
        match &self.to {
            Destination::Person(other) if self.is_told_silent => {
                state.silent.told(other.id, step.place);
            }
            Destination::Everyone => state.silent.told_everyone(step.place),
            _ => {}
        }
        if let Some(person) = state.persons.get_mut(&self.author.id) {
            if !person.has_spoken() {
                state.silent.end(self.author.id);
            }
            person.speak(step.time);
            if self.accepts.is_some() && person.accepts.len() < super::accept::ACCEPTS_MAX {
                person.accepts.extend(self.accepts);
            }
        }
        let message = Arc::new(Message {
            place: step.place,
            time: step.time,
            author: self.author,
            to: self.to,
            manner: self.manner,
            text: self.text,
            tags: self.tags,
            rank: self.rank,
            joints: self.joints,
        });
        out.push(Effect::Keep(Record::Message(Arc::clone(&message))));
        step.show(self.audience, Event::Said(message), out);
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
