//! What is true of every state, whatever entries led to it.

use std::collections::{BTreeMap, BTreeSet};

use chinwag_model::id::{PersonId, RoomId, SessionId};
use chinwag_model::mode::PersonFlag;
use chinwag_model::name::Name;

use crate::state::{Few, Holder, Key, Numbers, Part, Person, State};

/// Panics where something that must be true of the state is not.
pub(crate) fn check(state: &State) {
    check_names(state);
    check_sessions(state);
    check_rooms(state);
    check_lives(state);
}

/// Nobody is there by a node whose life is over.
fn check_lives(state: &State) {
    for (node, life) in &state.lives {
        if life.is_over() {
            assert_eq!(state.sessions_of(*node).count(), 0, "{node:?} is over");
        }
    }
    let known = state.all_living().map(|living| living.incarnation.knows).min();
    assert!(known.is_none_or(|known| known >= state.level), "all who live know the level");
}

fn check_names(state: &State) {
    fn take<P: Part>(map: &mut BTreeMap<Key<P>, Holder>, name: &Name, holder: Holder) {
        let before = map.insert(Key::from(name), holder);
        assert!(before.is_none_or(|before| before == holder), "no two have {name}");
    }
    let mut names = BTreeMap::new();
    let mut looks = BTreeMap::new();
    for (id, person) in &state.persons {
        let holder = Holder::Person(*id);
        take(&mut names, &person.name, holder);
        take(&mut names, person.registered_name(), holder);
        if person.guest.is_none() {
            take(&mut looks, person.registered_name(), holder);
        }
    }
    let mut channels = BTreeMap::new();
    let mut room_looks: BTreeMap<Key<_>, Few<RoomId>> = BTreeMap::new();
    for (id, room) in &state.rooms {
        assert!(channels.insert(Key::from(&room.name), *id).is_none(), "no two rooms have it");
        room_looks.entry(Key::from(&room.name)).or_default().insert(*id);
        if !room.apart {
            take(&mut names, &room.name, Holder::Room(*id));
            take(&mut looks, &room.name, Holder::Room(*id));
        }
    }
    assert_eq!(state.names, names, "the index of names is of persons and rooms");
    assert_eq!(state.looks, looks, "the index of looks is of persons and rooms, but no guests");
    assert_eq!(state.channels, channels, "the index of rooms is of rooms");
    assert_eq!(state.room_looks, room_looks, "the index of their looks is of rooms");
    assert!(state.persons.keys().all(|id| *id < state.person_next), "persons' ids are given");
    assert!(state.rooms.keys().all(|id| *id < state.room_next), "rooms' ids are given");
}

fn check_sessions(state: &State) {
    let clients: BTreeMap<u32, SessionId> =
        state.sessions.iter().map(|(id, session)| (session.index, *id)).collect();
    assert_eq!(clients.len(), state.sessions.len(), "each session has its own index");
    assert_eq!(state.clients, clients, "the index of clients is of sessions");
    assert!(!clients.contains_key(&0), "clients count from 1");

    let mut sessions: BTreeMap<PersonId, Few<SessionId>> = BTreeMap::new();
    for (id, session) in &state.sessions {
        assert!(state.persons.contains_key(&session.person), "sessions are of persons there are");
        sessions.entry(session.person).or_default().insert(*id);
    }
    for (id, person) in &state.persons {
        assert_eq!(person.sessions, sessions.remove(id).unwrap_or_default(), "of {id:?}");
        assert!(person.is_online() || person.away.is_none(), "nobody is away and offline");
        assert_eq!(person.badge.account.as_ref(), person.account(), "an account is shown");
        if let Some(number) = person.guest {
            assert!(person.is_online(), "a guest is online");
            assert!(person.password.is_none(), "a guest has no password");
            assert!(person.registered.is_none(), "a guest has one name");
            if number > 0 {
                assert_eq!(person.name.shown(), format!("guest-{number}"), "a guest is called so");
            }
        }
    }
    let guests: Numbers =
        state.persons.values().filter_map(|p| p.guest).filter(|number| *number > 0).collect();
    let of = |is: fn(&Person) -> bool| -> BTreeSet<PersonId> {
        state.persons.iter().filter(|(_, p)| is(p)).map(|(id, _)| *id).collect()
    };
    assert_eq!(state.there, of(Person::is_there), "who is there");
    assert_eq!(state.subscribers, of(|p| p.devices.is_some()), "who has devices");
    let none = |p: &Person| p.devices.as_ref().is_some_and(BTreeMap::is_empty);
    assert!(of(none).is_empty(), "who has no devices has no list of them");
    let operator = |p: &Person| p.is_there() && p.flags.has(PersonFlag::Operator);
    assert_eq!(state.operators, of(operator), "who is an operator");
    let invisible = |p: &Person| p.is_there() && p.flags.has(PersonFlag::Invisible);
    assert_eq!(state.invisible, of(invisible), "who is invisible");
    assert_eq!(state.guests, guests, "the guests' numbers are those of guests");
}

fn check_rooms(state: &State) {
    let lobby = &state.rooms[&RoomId::LOBBY];
    for session in state.sessions.values().filter(|session| session.inside) {
        assert!(lobby.members.contains_key(&session.person), "whose face has it is in the lobby");
    }

    let mut rooms: BTreeMap<PersonId, Few<RoomId>> = BTreeMap::new();
    for (id, room) in &state.rooms {
        for (member, member_of) in &room.members {
            assert!(member_of.since.seq <= state.seq, "nobody is member from a later time on");
            let person = state.persons.get(member).expect("members are persons there are");
            assert!(!room.group || person.guest.is_none(), "no guest is in a group");
            assert!(room.group || person.is_there(), "who is in a public room is there");
            rooms.entry(*member).or_default().insert(*id);
        }
        let kept = room.spoken || room.group || room.founder.is_some();
        assert!(kept || !room.members.is_empty(), "an empty room is kept only once spoken in");
        assert!(!room.group || !room.members.is_empty(), "a group has members");
    }
    for (id, person) in &state.persons {
        assert_eq!(person.rooms, rooms.remove(id).unwrap_or_default(), "of {id:?}");
    }
}
