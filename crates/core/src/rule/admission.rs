//! Who may come into a room, and how they do.

use chinwag_model::effect::Effect;
use chinwag_model::id::{PersonId, RoomId};
use chinwag_model::message::RoomCard;
use chinwag_model::mode::{RoomFlag, RoomList};
use chinwag_model::outcome::RoomNo;
use chinwag_model::rank::{Rank, Ranks};
use chinwag_model::text::Text;

use crate::state::{Member, Person, Room, State, Suspect};
use crate::step::{Effects, Step};

/// May this person come into this room, with this key? Who is invited, and whose room it is, may.
pub(super) fn may_come_in(
    room: &Room,
    id: PersonId,
    person: &Person,
    key: Option<&Text>,
) -> Result<(), RoomNo> {
    if room.founder == Some(id) || room.invited.contains(&id) {
        return Ok(());
    }
    let suspect = Suspect::new(person);
    if room.bans(&suspect) {
        return Err(RoomNo::Banned);
    }
    if room.group || room.has(RoomFlag::InviteOnly) && !room.lists(RoomList::Invited, &suspect) {
        return Err(RoomNo::InviteOnly);
    }
    if room.mode.key.is_some() && room.mode.key.as_ref() != key {
        return Err(RoomNo::WrongKey);
    }
    let full = |limit: u32| room.members.len() >= usize::try_from(limit).unwrap_or(usize::MAX);
    if room.mode.limit.is_some_and(full) {
        return Err(RoomNo::Full);
    }
    if room.has(RoomFlag::AccountsOnly) && person.account().is_none() {
        return Err(RoomNo::AccountsOnly);
    }
    Ok(())
}

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
    state.join(who, id, Member { since: step.place, ranks });
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
    state.part(who, id);
}

/// The ranks that someone has in a room; operators of the server lead the lobby.
pub(super) fn power(state: &State, id: RoomId, who: PersonId) -> Ranks {
    let Some(room) = state.rooms.get(&id) else { return Ranks::NONE };
    let operator = state.operators.contains(&who) && id == RoomId::LOBBY;
    if operator { Ranks::one(Rank::Operator) } else { room.ranks(who) }
}
