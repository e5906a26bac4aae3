//! What is true of every state, whatever entries led to it.

use std::collections::{BTreeMap, BTreeSet};

use chinwag_model::id::{PersonId, RoomId, SessionId};

use crate::state::{Holder, State};

/// Panics where something that must be true of the state is not.
pub(crate) fn check(state: &State) {
    check_names(state);
    check_sessions(state);
    check_rooms(state);
}

fn check_names(state: &State) {
    let persons =
        state.persons.iter().map(|(id, p)| (&p.name, Holder::Person(*id), p.guest.is_some()));
    let rooms = state.rooms.iter().map(|(id, room)| (&room.name, Holder::Room(*id), false));
    let held: Vec<_> = persons.chain(rooms).collect();
    let names: BTreeMap<Box<str>, Holder> =
        held.iter().map(|(name, holder, _)| (name.folded().into(), *holder)).collect();
    let looks: BTreeMap<Box<str>, Holder> = held
        .iter()
        .filter(|(.., guest)| !guest)
        .map(|(name, holder, _)| (name.look().into(), *holder))
        .collect();
    assert_eq!(names.len(), held.len(), "no two have the same name");
    assert_eq!(
        looks.len(),
        held.iter().filter(|(.., guest)| !guest).count(),
        "no two look the same"
    );
    assert_eq!(state.names, names, "the index of names is of persons and rooms");
    assert_eq!(state.looks, looks, "the index of looks is of persons and rooms, but no guests");
    assert!(state.persons.keys().all(|id| *id < state.person_next), "persons' ids are given");
    assert!(state.rooms.keys().all(|id| *id < state.room_next), "rooms' ids are given");
}

fn check_sessions(state: &State) {
    let clients: BTreeMap<u32, SessionId> =
        state.sessions.iter().map(|(id, session)| (session.index, *id)).collect();
    assert_eq!(clients.len(), state.sessions.len(), "each session has its own index");
    assert_eq!(state.clients, clients, "the index of clients is of sessions");
    assert!(!clients.contains_key(&0), "clients count from 1");

    let mut sessions: BTreeMap<PersonId, BTreeSet<SessionId>> = BTreeMap::new();
    for (id, session) in &state.sessions {
        assert!(state.persons.contains_key(&session.person), "sessions are of persons there are");
        sessions.entry(session.person).or_default().insert(*id);
    }
    for (id, person) in &state.persons {
        assert_eq!(person.sessions, sessions.remove(id).unwrap_or_default(), "of {id:?}");
        assert!(person.is_online() || person.away.is_none(), "nobody is away and offline");
        if let Some(number) = person.guest {
            assert!(person.is_online(), "a guest is online");
            assert!(person.password.is_none(), "a guest has no password");
            assert_eq!(person.name.shown(), format!("guest-{number}"), "a guest is called so");
        }
    }
    let guests: BTreeSet<u32> = state.persons.values().filter_map(|p| p.guest).collect();
    assert_eq!(state.guests, guests, "the guests' numbers are those of guests");
}

fn check_rooms(state: &State) {
    let lobby = &state.rooms[&RoomId::LOBBY];
    let online = state.persons.iter().filter(|(_, p)| p.is_online()).map(|(id, _)| id);
    assert!(lobby.members.keys().eq(online), "the lobby is who is online, and only they");

    let mut rooms: BTreeMap<PersonId, BTreeSet<RoomId>> = BTreeMap::new();
    for (id, room) in &state.rooms {
        for (member, since) in &room.members {
            assert!(since.seq <= state.seq, "nobody is member from a later time on");
            let person = state.persons.get(member).expect("members are persons there are");
            assert!(!room.group || person.guest.is_none(), "no guest is in a group");
            assert!(room.group || person.is_online(), "who is in a public room is online");
            rooms.entry(*member).or_default().insert(*id);
        }
        let kept = room.spoken || room.group;
        assert!(kept || !room.members.is_empty(), "an empty room is kept only once spoken in");
        assert!(!room.group || !room.members.is_empty(), "a group has its members for ever");
    }
    for (id, person) in &state.persons {
        assert_eq!(person.rooms, rooms.remove(id).unwrap_or_default(), "of {id:?}");
    }
}
