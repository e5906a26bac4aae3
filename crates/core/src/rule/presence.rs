//! How a session begins and ends, and with its first and last one a person's presence.

use chinwag_model::effect::{Audience, Effect, Event};
use chinwag_model::id::{PersonId, RoomId, SessionId};

use crate::state::{Session, State};
use crate::step::{Effects, Step};

/// Attaches a session to a person, who is in the lobby from the first one on.
///
/// Announces nothing yet: what the session itself learns comes first.
pub(super) fn begin(
    state: &mut State,
    step: &Step,
    session: SessionId,
    of: Session,
    out: &mut Effects,
) {
    state.join(of.person, RoomId::LOBBY, step.place);
    state.insert_session(session, of);
    let rooms = state.persons.get(&of.person).map_or_else(Vec::new, |person| {
        // The lobby is there for whoever is online, and only then.
        person.rooms.iter().copied().collect()
    });
    out.push(Effect::Attach { session, person: of.person, rooms });
}

/// Tells the lobby that a person has come.
pub(super) fn announce(state: &State, person: PersonId, out: &mut Effects) {
    if let Some(who) = state.persons.get(&person) {
        let event = Event::Online(who.card(person));
        out.push(Effect::Show { audience: Audience::Room(RoomId::LOBBY), event });
    }
}

/// Ends a session. With the last one the person leaves all rooms but groups, and the lobby is
/// told (everyone is there, so that no other room need be); a guest is forgotten.
pub(super) fn end(state: &mut State, session: SessionId, out: &mut Effects) {
    let Some(Session { person, .. }) = state.remove_session(session) else { return };
    out.push(Effect::Detach(session));
    let Some(who) = state.persons.get_mut(&person) else { return };
    if who.is_online() {
        return;
    }
    who.away = None;
    let card = who.card(person);
    let guest = who.guest.is_some();
    let rooms: Vec<RoomId> = who.rooms.iter().copied().collect();
    for room in rooms {
        if state.rooms.get(&room).is_some_and(|room| !room.group) {
            state.part(person, room);
        }
    }
    if guest {
        state.remove_person(person);
    }
    let event = Event::Offline(card);
    out.push(Effect::Show { audience: Audience::Room(RoomId::LOBBY), event });
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
