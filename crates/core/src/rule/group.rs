//! Making a group: of members only, which stays until the last one leaves it. Who may be put into one
//! by whom, and how fast, is decided here for invitations, too.

use std::collections::BTreeMap;

use chinwag_model::effect::{Audience, Effect, Event};
use chinwag_model::id::{PersonId, RoomId};
use chinwag_model::intent::{GROUP_NAMED_MAX, ROOMS_PER_PERSON_MAX};
use chinwag_model::mode::PersonFlag;
use chinwag_model::name::{Name, NewName};
use chinwag_model::outcome::{Done, Refusal};

use super::join::free_for_room;
use crate::state::{GROUPS_BY_OTHERS_MAX, Member, Person, Room, State};
use crate::step::{Effects, Step};

/// A group is made.
#[derive(Debug)]
pub(crate) struct Change {
    name: Name,
    /// The maker first, then those named, each once.
    members: Vec<PersonId>,
}

/// May the asker make this group of these people?
pub(crate) fn decide(
    state: &State,
    step: &Step,
    name: &NewName,
    named: &[Name],
) -> Result<Change, Refusal> {
    let (asker, person) = step.asker(state)?;
    if named.len() > GROUP_NAMED_MAX {
        return Err(Refusal::TooManyNamed(named.len()));
    }
    may_be_member(person)?;
    free_for_room(state, step, asker, name.name())?;
    let mut members = vec![asker];
    for name in named {
        let (id, person) =
            state.person_called(name).ok_or_else(|| Refusal::NoSuchPerson(name.clone()))?;
        if id != asker {
            may_be_put(state, (asker, step), (id, person))?;
        }
        if !members.contains(&id) {
            members.push(id);
        }
    }
    not_too_fast(state, step, asker)?;
    Ok(Change { name: name.name().clone(), members })
}

/// Whether the asker may put this person into a group. In the same words it is refused by who ignores
/// them, and by who was put into as many groups as others can: nobody learns who ignores them.
pub(super) fn may_be_put(
    state: &State,
    (asker, step): (PersonId, &Step),
    (id, person): (PersonId, &Person),
) -> Result<(), Refusal> {
    may_be_member(person)?;
    let (_, by) = step.asker(state)?;
    let strange = by.account().is_none() && !person.accepts.contains(&asker);
    if person.flags.has(PersonFlag::AccountsOnly) && strange {
        return Err(Refusal::Closed(person.name.clone()));
    }
    let put = |room: &RoomId| {
        let room = state.rooms.get(room).filter(|room| room.group);
        room.and_then(|room| room.members.get(&id)).is_some_and(|member| member.put)
    };
    let full = || person.rooms.iter().filter(|room| put(room)).count() >= GROUPS_BY_OTHERS_MAX;
    if person.ignores.contains(&asker) || full() {
        return Err(Refusal::NotAddable(person.name.clone()));
    }
    Ok(())
}

/// Refuses who makes groups, and adds people to them, faster than people do.
pub(super) fn not_too_fast(state: &State, step: &Step, asker: PersonId) -> Result<(), Refusal> {
    match state.paces.wait(asker, step.time) {
        0 => Ok(()),
        seconds => Err(Refusal::TooFast(seconds)),
    }
}

/// A group stays, and a guest does not; and nobody is in more rooms than can be told.
pub(super) fn may_be_member(person: &Person) -> Result<(), Refusal> {
    if person.guest.is_some() {
        return Err(Refusal::Guest(person.name.clone()));
    }
    if person.rooms.len() >= ROOMS_PER_PERSON_MAX {
        return Err(Refusal::TooManyRooms(person.name.clone()));
    }
    Ok(())
}

impl Change {
    pub(crate) fn commit(self, state: &mut State, step: &Step, out: &mut Effects) {
        let id = state.room_next;
        state.room_next = RoomId(id.0 + 1);
        let maker = self.members.first().copied();
        let member = |id: &PersonId| match maker {
            Some(maker) if maker == *id => Member::plain(step.place),
            _ => Member::put(step.place),
        };
        let members: BTreeMap<_, _> = self.members.iter().map(|id| (*id, member(id))).collect();
        if let Some(maker) = maker {
            state.paces.count(maker, step.time);
        }
        let room = Room { members, ..Room::new(self.name, true, step.time) };
        let card = room.card(id);
        state.insert_room(id, room);

        let people: Vec<_> =
            self.members.iter().filter_map(|m| Some((*m, state.persons.get(m)?))).collect();
        let names = people.iter().map(|(_, person)| person.name.clone()).collect();
        let everyone = people.iter().flat_map(|(_, person)| person.sessions()).collect();
        out.push(Effect::Subscribe(id, everyone));
        step.done(Done::GroupMade(card.clone(), names), out);
        let Some(((maker, by), named)) = people.split_first() else { return };
        let told: Vec<_> = named.iter().flat_map(|(_, person)| person.sessions()).collect();
        if !told.is_empty() {
            let event = Event::Added { by: by.card(*maker), group: card };
            step.show(Audience::Sessions(told), event, out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::{Stage, check};

    #[test]
    fn a_group_is_of_its_maker_and_those_named_each_once() {
        check(
            "ana: enter
             bo: enter
             cy: enter
             dora: enter
             bo: exit
             --
             ana: group grp BO cy bo ana
             cy: in grp hello",
            "ana told: group grp: ana bo cy
             cy sees: ana added you to grp
             kept: [grp] cy: hello
             ana cy see: [grp] cy: hello
             cy told: said",
        );
    }

    #[test]
    fn a_group_of_one_is_told_to_nobody_else() {
        check(
            "ana: enter
             bo: enter
             --
             ana: group grp
             ana: group grp2 ana",
            "ana told: group grp: ana
             ana told: group grp2: ana",
        );
    }

    #[test]
    fn a_group_is_on_all_devices_of_its_members_those_to_come_too() {
        check(
            "ana: enter with v
             ana2: enter ana checked 1
             bo: enter with v
             bo2: enter bo checked 1
             ana: group grp bo
             bo: exit
             bo2: exit
             bo3: enter bo checked 1
             --
             ana: in grp hello",
            "kept: [grp] ana: hello
             ana ana2 bo3 see: [grp] ana: hello
             ana told: said",
        );
    }

    #[test]
    fn members_are_so_since_the_group_was_made_or_they_were_added() {
        let mut stage = Stage::new();
        stage.play(
            "ana: enter
             bo: enter
             ana: group grp
             ana: in grp hello
             ana: invite bo grp
             bo: exit
             bo: enter",
        );
        let members = &stage.state().rooms[&stage.room("grp")].members;
        let since = |name| members[&stage.person(name)].since.seq.0;
        assert_eq!((since("ana"), since("bo")), (4, 6));
    }

    #[test]
    fn the_first_name_unknown_is_refused_and_no_group_is_made() {
        check(
            "ana: enter
             bo: enter
             bo: join tea
             --
             ana: group grp bo dora eve
             ana: group grp tea
             bo: join grp",
            "ana told: refused, no such person dora
             ana told: refused, no such person tea
             bo told: in grp
             bo sees: bo joined grp",
        );
    }

    #[test]
    fn a_group_takes_no_name_that_is_taken_or_looks_so() {
        check(
            "ana: enter
             bo: enter
             bo: exit
             ana: join coco
             ana: group grp
             --
             ana: group bo
             ana: group COCO
             ana: group grp
             ana: group c0co",
            "ana told: refused, bo is a person
             ana told: refused, COCO is taken
             ana told: refused, grp is taken
             ana told: refused, c0co looks like coco",
        );
    }

    #[test]
    fn guests_make_no_groups_and_are_in_none() {
        check(
            "ana: enter
             guest: enter guest
             --
             ana: group grp guest-1
             guest: group grp ana",
            "ana told: refused, guest-1 is a guest
             guest told: refused, guest-1 is a guest",
        );
    }

    #[test]
    fn no_more_are_named_than_a_group_takes() {
        let named = |count| vec!["ana"; count].join(" ");
        check(
            &format!(
                "ana: enter
                 --
                 ana: group grp {}
                 ana: group grp {}",
                named(GROUP_NAMED_MAX + 1),
                named(GROUP_NAMED_MAX),
            ),
            "ana told: refused, 33 are too many
             ana told: group grp: ana",
        );
    }

    #[test]
    fn nobody_is_in_more_rooms_than_can_be_told() {
        let rooms: String =
            (1..ROOMS_PER_PERSON_MAX).map(|n| format!("ana: join room{n}\n")).collect();
        check(
            &format!(
                "ana: enter
                 bo: enter
                 bo: join tea
                 bo: group grp
                 {rooms}
                 --
                 ana: group more
                 ana: join more
                 ana: join tea
                 bo: group more ana
                 bo: invite ana grp
                 ana: join lobby"
            ),
            "ana told: refused, ana is in too many rooms
             ana told: refused, ana is in too many rooms
             ana told: refused, ana is in too many rooms
             bo told: refused, ana is in too many rooms
             bo told: refused, ana is in too many rooms
             ana told: in lobby",
        );
    }

    #[test]
    fn who_is_not_in_makes_no_group() {
        check("ana: group grp", "ana told: refused, not in");
    }
}
