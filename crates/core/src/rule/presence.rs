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
