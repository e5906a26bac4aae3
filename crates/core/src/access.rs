//! What someone may learn of a room, and whether they may come into it: the one place where it is
//! decided, for questions and for orders, on all faces.

use chinwag_model::id::{PersonId, RoomId, Timestamp};
use chinwag_model::mode::{RoomFlag, RoomList};
use chinwag_model::name::Name;
use chinwag_model::outcome::{Refusal, RoomNo};
use chinwag_model::text::Text;

use crate::state::{Person, Room, State, Suspect};

/// How much of a room someone may learn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Access {
    /// Nothing: every answer is that of a room that does not exist.
    Hidden,
    /// That it exists, and how its modes are.
    Known,
    /// What is said in it, its topic, its values and its members.
    Read,
}

impl State {
    /// How much of this room this person may learn.
    ///
    /// A member reads, banned or not, until the membership ends. From outside only a public room is
    /// read, and only by those who may come in now. A group, and a secret room, is hidden from
    /// everyone who is neither in it, nor invited to it, nor its founder.
    pub(crate) fn access(&self, who: PersonId, person: &Person, id: RoomId, room: &Room) -> Access {
        if person.rooms.contains(&id) {
            return Access::Read;
        }
        if !self.may_know(who, person, id, room) {
            return Access::Hidden;
        }
        if room.is_public() && may_come_in(room, who, person, None, self.time).is_ok() {
            return Access::Read;
        }
        Access::Known
    }

    /// Whether this person may know that this room exists. It is told at once; whether they may read it takes
    /// as long as holding them against its lists.
    pub(crate) fn may_know(&self, who: PersonId, person: &Person, id: RoomId, room: &Room) -> bool {
        if person.rooms.contains(&id) {
            return true;
        }
        let expected = || room.founder == Some(who) || room.invitation(who, self.time).is_some();
        !room.group && (!room.has(RoomFlag::Secret) || expected())
    }

    /// Whether this person may read this room.
    pub(crate) fn may_read(&self, who: PersonId, person: &Person, id: RoomId) -> bool {
        let room = self.rooms.get(&id);
        room.is_some_and(|room| self.access(who, person, id, room) == Access::Read)
    }

    /// The room of this name, for someone who asks something of it or wants it changed.
    ///
    /// # Errors
    /// [`Refusal::NoSuchRoom`] where there is none, or none that they may know of.
    pub(crate) fn known_room(
        &self,
        who: PersonId,
        person: &Person,
        name: &Name,
    ) -> Result<(RoomId, &Room), Refusal> {
        self.channel(name)
            .filter(|(id, room)| self.access(who, person, *id, room) >= Access::Known)
            .ok_or_else(|| Refusal::NoSuchRoom(name.clone()))
    }
}

/// May this person come into this room now, with this key? The founder may, and whoever has an
/// invitation; it does not lift a ban that was set after it.
pub(crate) fn may_come_in(
    room: &Room,
    who: PersonId,
    person: &Person,
    key: Option<&Text>,
    now: Timestamp,
) -> Result<(), RoomNo> {
    if room.founder == Some(who) {
        return Ok(());
    }
    let suspect = Suspect::new(person);
    if let Some(invitation) = room.invitation(who, now)
        && !room.bans_since(&suspect, invitation.time)
    {
        return Ok(());
    }
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
