//! Who may be called what, and whose an account is.

use chinwag_model::id::{PersonId, RoomId};
use chinwag_model::mode::RoomFlag;
use chinwag_model::name::Name;
use chinwag_model::outcome::Refusal;

use crate::state::{Holder, Person, Room, State};

/// Refuses a name that looks like one that is registered, or that a room had until a short time ago.
pub(super) fn free_to_show(
    state: &State,
    name: &Name,
    own: Option<PersonId>,
) -> Result<(), Refusal> {
    free_to_look(state, name, own, own)
}

/// The same, for what is to be `own`'s, if it is a person's.
pub(super) fn free_to_look(
    state: &State,
    name: &Name,
    own: Option<PersonId>,
    asker: Option<PersonId>,
) -> Result<(), Refusal> {
    if let Some(holder) = state.look_alike(name, own) {
        return Err(alike(state, asker, name, holder));
    }
    match state.former_names.like(name, state.time) {
        Some(former) if former.shared => Err(Refusal::NameKept(name.clone())),
        _ => Ok(()),
    }
}

/// Refuses a name for a room that another room has, or had until a short time ago, or for which one
/// that people know could be taken. `own` is the room that is to have it, if there is one.
pub(super) fn free_for_channel(
    state: &State,
    asker: PersonId,
    name: &Name,
    own: Option<RoomId>,
) -> Result<(), Refusal> {
    if state.channel(name).is_some_and(|(id, _)| own != Some(id)) {
        return Err(Refusal::Taken(name.clone()));
    }
    let former = state.former_names.like(name, state.time);
    if former.is_some_and(|former| former.founder != asker) {
        return Err(Refusal::NameKept(name.clone()));
    }
    match state.room_alike(name, own) {
        Some(room) => Err(alike_room(Some(asker), name, room)),
        None => Ok(()),
    }
}

/// Why a name that looks like another one is not to be had.
fn alike(state: &State, asker: Option<PersonId>, wanted: &Name, holder: Holder) -> Refusal {
    match holder {
        Holder::Person(id) => match state.persons.get(&id) {
            Some(person) => {
                Refusal::LooksLike { wanted: wanted.clone(), existing: person.name.clone() }
            }
            None => Refusal::NotTakeable(wanted.clone()),
        },
        Holder::Room(id) => match state.rooms.get(&id) {
            Some(room) => alike_room(asker, wanted, room),
            None => Refusal::NotTakeable(wanted.clone()),
        },
    }
}

/// The same for a room; the name of a hidden one is told to its members only.
fn alike_room(asker: Option<PersonId>, wanted: &Name, room: &Room) -> Refusal {
    let member = asker.is_some_and(|asker| room.members.contains_key(&asker));
    if !member && (room.group || room.has(RoomFlag::Secret)) {
        return Refusal::NotTakeable(wanted.clone());
    }
    Refusal::LooksLike { wanted: wanted.clone(), existing: room.name.clone() }
}

/// Whose account this is, proved with this version of its verifier.
pub(super) fn proved<'s>(
    state: &'s State,
    account: &Name,
    version: u32,
) -> Result<(PersonId, &'s Person), Refusal> {
    let none = || Refusal::NoSuchAccount(account.clone());
    let Some(Holder::Person(id)) = state.holder(account) else { return Err(none()) };
    let person = state.persons.get(&id).filter(|person| person.account() == Some(account));
    let person = person.ok_or_else(none)?;
    match &person.password {
        Some(password) if password.version == version => Ok((id, person)),
        _ => Err(none()),
    }
}
