//! How people come into rooms and go out of them. Who may, [`crate::access`] says.

use chinwag_model::effect::Effect;
use chinwag_model::id::{PersonId, RoomId};
use chinwag_model::message::RoomCard;
use chinwag_model::rank::{Rank, Ranks};

use crate::state::{Member, Person, Room, State};
use crate::step::{Effects, Step};

/// Makes a room with nobody in it yet.
pub(super) fn make(state: &mut State, room: Room) -> RoomId {
    let id = state.room_next;
    state.room_next = RoomId(id.0 + 1);
    state.insert_room(id, room);
    id
}

/// Makes a person a member. Who comes into an empty room leads it, and its founder does always; but
/// nobody leads the lobby.
pub(super) fn come_in(
    state: &mut State,
    step: &Step,
    who: PersonId,
    id: RoomId,
    out: &mut Effects,
) -> Option<RoomCard> {
    let room = state.rooms.get(&id)?;
    let card = room.card(id);
    let ranks = match room.founder {
        Some(founder) if founder == who => Ranks::one(Rank::Founder),
        None if room.members.is_empty() && id != RoomId::LOBBY => Ranks::one(Rank::Operator),
        _ => Ranks::NONE,
    };
    state.join(who, id, Member { ranks, ..Member::plain(step.place) });
    let sessions = state.persons.get(&who).map_or_else(Vec::new, Person::sessions);
    out.push(Effect::Subscribe(id, sessions));
    Some(card)
}

/// Ends a membership, and what the person's sessions see of the room.
pub(super) fn go_out(state: &mut State, who: PersonId, id: RoomId, out: &mut Effects) {
    let sessions = state.persons.get(&who).map_or_else(Vec::new, Person::sessions);
    if !sessions.is_empty() {
        out.push(Effect::Unsubscribe(id, sessions));
    }
    super::read::forget(state, who, id);
    state.part(who, id);
}

/// The ranks that someone has in a room; operators of the server lead the lobby.
pub(super) fn power(state: &State, id: RoomId, who: PersonId) -> Ranks {
    let Some(room) = state.rooms.get(&id) else { return Ranks::NONE };
    let operator = state.operators.contains(&who) && id == RoomId::LOBBY;
    if operator { Ranks::one(Rank::Operator) } else { room.ranks(who) }
}
