//! Into a public room, which is made if there is none.

use chinwag_model::id::{PersonId, RoomId};
use chinwag_model::intent::ROOMS_PER_PERSON_MAX;
use chinwag_model::name::{Name, NewName};
use chinwag_model::outcome::{Done, Refusal};
use chinwag_model::record::What;

use super::admission::{come_in, make};
use super::claim::not_held;
use super::claim::{free_for_channel, free_to_look};
use super::presence;
use crate::access::may_come_in;
use crate::state::{Holder, Room, State};
use crate::step::{Effects, Step};

/// Someone goes into a room.
#[derive(Debug)]
pub(crate) struct Change {
    who: PersonId,
    room: Which,
}

#[derive(Debug)]
enum Which {
    /// They are there already.
    Same(RoomId),
    There(RoomId),
    New(Name),
}

/// May the asker go into the room of this name, or make it?
pub(crate) fn decide(
    state: &State,
    step: &Step,
    name: &Name,
    new: Option<&NewName>,
) -> Result<Change, Refusal> {
    let (who, person) = step.asker(state)?;
    let room = match state.room_called(name) {
        Some((id, _)) if person.rooms.contains(&id) => Which::Same(id),
        Some((_, room)) if room.group => return Err(Refusal::Taken(name.clone())),
        Some((id, room)) => {
            let admitted = may_come_in(room, who, person, None, step.time);
            admitted.map_err(|no| Refusal::Room(room.card(id), no))?;
            Which::There(id)
        }
        None => {
            let new = new.filter(|new| new.name() == name);
            let wanted = new.ok_or_else(|| match state.person_called(name) {
                Some(_) => Refusal::TakenByPerson(name.clone()),
                None => Refusal::NotTakeable(name.clone()),
            })?;
            free_for_room(state, step, who, wanted.name())?;
            Which::New(wanted.name().clone())
        }
    };
    if person.rooms.len() >= ROOMS_PER_PERSON_MAX && !matches!(room, Which::Same(_)) {
        return Err(Refusal::TooManyRooms(person.name.clone()));
    }
    Ok(Change { who, room })
}

/// Refuses a name that a person or a room has, or that looks like one.
pub(super) fn free_for_room(
    state: &State,
    step: &Step,
    asker: PersonId,
    name: &Name,
) -> Result<(), Refusal> {
    match state.holder(name) {
        Some(Holder::Person(_)) => return Err(Refusal::TakenByPerson(name.clone())),
        Some(Holder::Room(_)) => return Err(Refusal::Taken(name.clone())),
        None if state.channel(name).is_some() => return Err(Refusal::Taken(name.clone())),
        None => {}
    }
    not_held(state, step, name)?;
    free_to_look(state, name, None, Some(asker))?;
    free_for_channel(state, asker, name, None)
}

impl Change {
    pub(crate) fn commit(self, state: &mut State, step: &Step, out: &mut Effects) {
        let id = match self.room {
            Which::Same(id) => {
                if let Some(room) = state.rooms.get(&id) {
                    step.done(Done::Joined(room.card(id)), out);
                }
                return;
            }
            Which::There(id) => id,
            Which::New(name) => make(state, Room::new(name, false, step.time)),
        };
        let card = come_in(state, step, self.who, id, out);
        let Some(card) = card else { return };
        step.done(Done::Joined(card), out);
        presence::arrive(state, step, self.who, id, out);
        step.happened_in(state, id, self.who, What::Joined, out);
    }
}

#[cfg(test)]
mod tests {
    use crate::stage::check;

    #[test]
    fn a_room_is_made_by_who_joins_it_first_and_kept_as_they_wrote_it() {
        check(
            "ana: enter
             bo: enter
             --
             ana: join Tea
             bo: join TEA",
            "ana told: in Tea
             ana sees: ana joined Tea
             bo told: in Tea
             ana bo see: bo joined Tea",
        );
    }

    #[test]
    fn all_devices_of_a_person_join_those_to_come_too() {
        check(
            "ana: enter with v
             ana2: enter ana checked 1
             bo: enter
             --
             ana: join tea
             ana3: enter ana checked 1
             bo: join tea",
            "ana told: in tea
             ana ana2 see: ana joined tea
             ana3 told: in as ana, on another device too
             bo told: in tea
             ana ana2 bo ana3 see: bo joined tea",
        );
    }

    #[test]
    fn to_join_again_changes_nothing() {
        check(
            "ana: enter
             ana: join tea
             ana: group grp
             --
             ana: join tea
             ana: join lobby
             ana: join grp",
            "ana told: in tea
             ana told: in lobby
             ana told: in grp",
        );
    }

    #[test]
    fn a_group_is_not_joined_by_who_is_no_member() {
        check(
            "ana: enter
             bo: enter
             ana: group grp
             --
             bo: join grp",
            "bo told: refused, grp is taken",
        );
    }

    #[test]
    fn a_room_takes_no_name_that_is_a_persons_reserved_or_looks_like_another() {
        check(
            "ana: enter
             alice: enter
             alice: exit
             guest: enter guest
             ana: join coco
             --
             ana: join alice
             ana: join guest-1
             ana: join guest-2
             ana: join operator
             ana: join A1ice
             ana: join c0co",
            "ana told: refused, alice is a person
             ana told: refused, guest-1 is a person
             ana told: refused, guest-2 can't be taken
             ana told: refused, operator can't be taken
             ana told: refused, A1ice looks like alice
             ana told: refused, c0co looks like coco",
        );
    }

    #[test]
    fn guests_make_rooms_as_well() {
        check(
            "guest: enter guest
             --
             guest: join tea",
            "guest told: in tea
             guest sees: guest-1 joined tea",
        );
    }

    #[test]
    fn who_is_not_in_joins_nothing() {
        check("ana: join tea", "ana told: refused, not in");
    }
}
