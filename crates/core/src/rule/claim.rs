//! Who may be called what, and whose an account is.

use chinwag_model::id::{PersonId, RoomId};
use chinwag_model::mode::RoomFlag;
use chinwag_model::name::Name;
use chinwag_model::outcome::Refusal;
use chinwag_model::proof::Proof;

use crate::state::{Holder, Person, Room, State};
use crate::step::Step;

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

/// The person whose account this is, if the proof is of that person and holds still.
pub(super) fn proved<'s>(
    state: &'s State,
    account: &Name,
    proof: &Proof,
) -> Result<(PersonId, &'s Person), Refusal> {
    let none = || Refusal::NoSuchAccount(account.clone());
    let Some(Holder::Person(id)) = state.holder(account) else { return Err(none()) };
    let person = state.persons.get(&id).filter(|person| person.account() == Some(account));
    let person = person.ok_or_else(none)?;
    if person.is_proved_by(id, proof) { Ok((id, person)) } else { Err(none()) }
}

/// Refuses a name that is held for another session, or that looks like one.
pub(super) fn not_held(state: &State, step: &Step, name: &Name) -> Result<(), Refusal> {
    match state.held(name, step.time) {
        Some(held) if state.is_for(held, step.origin.session) => Ok(()),
        Some(held) if held.name == *name => Err(Refusal::Taken(name.clone())),
        Some(held) => Err(Refusal::LooksLike { wanted: name.clone(), existing: held.name.clone() }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use crate::stage::check;

    #[test]
    fn attack_a_proof_is_none_of_whoever_has_the_name_next() {
        check(
            "ana: enter with v
             mal: enter guest
             ana: nick anna
             victim: create ana
             --
             mal: login ana 1
             mal2: enter ana checked 1
             mal2: visits as x ana 1
             mal2: login ana 1
             mal: login anna 1",
            "mal told: refused, no such account ana
             mal2 told: refused, ana has a password
             mal2 told: refused, no such account ana
             mal2 told: refused, not in
             ana sees: guest-1 is offline
             mal told: is anna now",
        );
    }

    #[test]
    fn attack_a_proof_by_an_open_name_that_another_took_sets_no_password() {
        check(
            "ana: enter with v
             ana: nick anna
             ana2: enter
             ana2: password w
             --
             ana2: password x checked 1
             ana2: password x checked 2",
            "ana2 told: refused, ana has a password
             ana2 told: password set",
        );
    }

    #[test]
    fn attack_a_certificate_that_was_taken_away_after_the_check_lets_nobody_in() {
        check(
            "ana: enter with v
             ana: add a
             mal: enter guest
             --
             mal2: visits as x ana by a
             ana: drop a
             mal: login ana by a
             mal3: visits as y ana by a",
            "mal2 told: in as ana, on another device too
             ana told: noted
             mal told: refused, no such account ana
             mal3 told: refused, no such account ana",
        );
    }
}
