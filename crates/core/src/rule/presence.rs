//! How a session begins and ends, and with its first and last one a person's presence.

use std::sync::Arc;

use chinwag_model::effect::{Arrival, Audience, Effect, Event};
use chinwag_model::id::{PersonId, RoomId, SessionId};
use chinwag_model::message::{Card, RoomCard};
use chinwag_model::record::What;
use chinwag_model::text::Text;

use crate::state::{Member, Person, Rare, Session, State};
use crate::step::{Effects, Step};

/// Attaches a session to a person; with the first one they are there, and those in their groups
/// are told.
///
/// The lobby is told by [`announce`]: what the session itself learns comes first.
pub(super) fn begin(
    state: &mut State,
    step: &Step,
    session: SessionId,
    of: Session,
    out: &mut Effects,
) {
    let id = of.person;
    let was_there = state.persons.get(&id).is_some_and(Person::is_there);
    let groups = state.persons.get(&id).map_or_else(Vec::new, |person| {
        person.rooms.iter().copied().filter(|_| !was_there).collect()
    });
    for room in groups {
        arrive(state, step, id, room, out);
    }
    if of.inside && state.rooms.get(&RoomId::LOBBY).is_some_and(|r| !r.members.contains_key(&id)) {
        let sessions = state.persons.get(&id).map_or_else(Vec::new, Person::sessions);
        state.join(id, RoomId::LOBBY, Member::plain(step.place));
        if !sessions.is_empty() {
            out.push(Effect::Subscribe(RoomId::LOBBY, sessions));
        }
        arrive(state, step, id, RoomId::LOBBY, out);
    }
    state.insert_session(session, of);
    if let Some(person) = state.persons.get_mut(&id) {
        if !was_there {
            person.since = step.time;
            person.spoke = step.time;
        }
        let rooms = person.rooms.iter().copied().collect();
        out.push(Effect::Attach { session, person: id, rooms });
    }
    state.mark_there(id);
}

/// Tells a room that someone has come in.
pub(super) fn arrive(state: &State, step: &Step, id: PersonId, room: RoomId, out: &mut Effects) {
    let (Some(person), Some(there)) = (state.persons.get(&id), state.rooms.get(&room)) else {
        return;
    };
    let arrival = Arrival {
        who: person.card(id),
        room: there.card(room),
        real_name: Arc::from(&*person.real_name),
        ranks: there.ranks(id),
        away: person.away.clone(),
        metadata: person.metadata.iter().map(|(k, v)| (k.clone(), v.clone())).collect(),
    };
    step.show(Audience::Room(room), Event::Joined(Arc::new(arrival)), out);
}

/// Tells the lobby, and those who watch the name, that a person has come.
pub(super) fn announce(state: &State, step: &Step, person: PersonId, out: &mut Effects) {
    if let Some(who) = state.persons.get(&person) {
        let card = who.card(person);
        step.show(Audience::Room(RoomId::LOBBY), Event::Online(card.clone()), out);
        let name = card.name.clone();
        let event = Event::Watched { name: name.clone(), who: Some(card) };
        step.show(Audience::Watchers(name), event, out);
    }
}

/// Those who share a room with a person, the person, and those who watch their name.
pub(super) fn peers(person: &Person) -> Audience {
    Audience::Peers {
        rooms: person.rooms.iter().copied().collect(),
        own: person.sessions(),
        name: person.name.clone(),
    }
}

/// Ends a session. With the last one a person goes offline: who stays is still in their rooms, and
/// everyone else leaves all of them but groups; a guest is forgotten.
pub(super) fn end(
    state: &mut State,
    step: &Step,
    session: SessionId,
    reason: Option<&Text>,
    out: &mut Effects,
) {
    let Some(Session { person, .. }) = state.remove_session(session) else { return };
    out.push(Effect::Detach(session));
    if state.persons.get(&person).is_none_or(Person::is_online) {
        return;
    }
    if state.persons.get(&person).is_some_and(Person::stays_offline) {
        rest(state, step, person, out);
    } else {
        go(state, step, person, reason, out);
    }
    state.mark_there(person);
}

/// A person stays in the rooms without a connection, under the name of the account.
fn rest(state: &mut State, step: &Step, id: PersonId, out: &mut Effects) {
    let Some(person) = state.persons.get(&id) else { return };
    let (was, audience) = (person.card(id), peers(person));
    state.change_person(id, |person| {
        person.away = None;
        person.rested = Some(step.place);
        person.flags = person.flags.with(chinwag_model::mode::PersonFlag::Operator, false);
        if let Some(name) = person.registered.take() {
            person.name = name;
            person.show_badge();
        }
    });
    let Some(person) = state.persons.get(&id) else { return };
    let who = person.card(id);
    if who.name != was.name {
        step.show(audience, Event::Renamed { was: was.clone(), who }, out);
        let gone = Event::Watched { name: was.name.clone(), who: None };
        step.show(Audience::Watchers(was.name.clone()), gone, out);
    }
    step.show(Audience::Room(RoomId::LOBBY), Event::Offline(was), out);
}

/// Keeps for history that someone has another name from here on.
pub(super) fn renamed(state: &State, step: &Step, was: &Card, now: &Card, out: &mut Effects) {
    let Some(person) = state.persons.get(&now.id) else { return };
    for room in &person.rooms {
        step.happened(*room, was.clone(), What::Renamed(now.clone()), out);
    }
}

/// A person goes.
fn go(state: &mut State, step: &Step, id: PersonId, reason: Option<&Text>, out: &mut Effects) {
    let Some(person) = state.persons.get(&id) else { return };
    let card = person.card(id);
    let past = person.past(id, step.time);
    let rooms: Vec<RoomId> = person.rooms.iter().copied().collect();
    let guest = person.guest.is_some();
    let quit = Event::Quit { who: card.clone(), reason: reason.cloned() };
    step.show(peers(person), quit, out);
    for room in rooms {
        if state.rooms.get(&room).is_some_and(|room| !room.group) {
            state.part(id, room);
            if state.rooms.contains_key(&room) {
                step.happened(room, card.clone(), What::Quit(reason.cloned()), out);
            }
        }
    }
    state.remember(past);
    if guest {
        state.remove_person(id);
    } else {
        state.silent.gone(id, step.time);
        state.change_person(id, |person| {
            person.away = None;
            person.flags = chinwag_model::mode::Flags::default();
            person.accepts = Rare::default();
            person.rested = None;
            person.since = chinwag_model::id::Timestamp(0);
            if let Some(name) = person.registered.take() {
                person.name = name;
            }
            person.show_badge();
        });
    }
    step.show(Audience::Room(RoomId::LOBBY), Event::Offline(card.clone()), out);
    let name = card.name;
    step.show(Audience::Watchers(name.clone()), Event::Watched { name, who: None }, out);
}

/// Whom a room is told to be to an event of a person's, which is nobody where it is not theirs.
pub(super) fn card(state: &State, room: RoomId) -> Option<RoomCard> {
    state.rooms.get(&room).map(|there| there.card(room))
}

#[cfg(test)]
mod tests {
    use crate::stage::{Stage, check};

    #[test]
    fn only_the_first_device_is_announced_and_only_the_last_one_is_missed() {
        check(
            "bo: enter
             ana: enter with v
             --
             ana2: enter ana checked 1
             ana: exit
             bo: tell ana hello
             ana2: exit",
            "ana2 told: in as ana, on another device too
             ana told: out
             kept: [to ana] bo: hello
             bo ana2 see: [to ana] bo: hello
             bo told: said
             ana2 told: out
             bo sees: ana is offline",
        );
    }

    #[test]
    fn with_the_last_device_one_is_out_of_all_rooms_but_groups() {
        check(
            "ana: enter
             bo: enter
             ana: join tea
             bo: join tea
             ana: group grp bo
             ana: exit
             ana: enter
             --
             bo: in tea hello
             bo: in grp hello
             bo: say hello",
            "kept: [tea] bo: hello
             bo sees: [tea] bo: hello
             bo told: said
             kept: [grp] bo: hello
             ana bo see: [grp] bo: hello
             bo told: said
             kept: [lobby] bo: hello
             ana bo see: [lobby] bo: hello
             bo told: said",
        );
    }

    #[test]
    fn a_room_is_forgotten_with_its_last_one_if_nothing_was_said_in_it() {
        check(
            "ana: enter
             ana: join tea
             ana: exit
             --
             tea: enter",
            "kept: tea has all up to here
             tea told: in as tea, new
             tea sees: tea is online",
        );
    }

    #[test]
    fn nobody_is_away_any_more_who_went_offline() {
        check(
            "bo: enter
             ana: enter
             ana: away lunch
             ana: exit
             ana: enter
             --
             bo: tell ana hello",
            "kept: [to ana] bo: hello
             bo ana see: [to ana] bo: hello
             bo told: said",
        );
    }

    #[test]
    fn a_guest_is_forgotten_and_the_next_one_is_someone_else() {
        let mut stage = Stage::new();
        stage.play("one: enter guest");
        let one = stage.person("guest-1");
        let told = stage.play(
            "ana: enter
             one: exit
             --
             ana: tell guest-1 hello
             ana: to guest-1 hello",
        );
        assert_eq!(
            told,
            "ana told: refused, no such person guest-1\nana told: refused, that person has gone"
        );
        stage.play("two: enter guest");
        assert_ne!(stage.person("guest-1"), one);
    }

    #[test]
    fn a_registered_person_is_the_same_for_ever() {
        let mut stage = Stage::new();
        stage.play("ana: enter");
        let ana = stage.person("ana");
        stage.play(
            "ana: exit
             ana: enter",
        );
        assert_eq!(stage.person("ana"), ana);
    }
}
