//! Telling someone of a room, or making them member of a group.

use chinwag_model::effect::{Audience, Effect, Event};
use chinwag_model::id::{PersonId, RoomId};
use chinwag_model::message::{Card, RoomCard};
use chinwag_model::name::Name;
use chinwag_model::outcome::{Done, Refusal};

use super::group::may_be_member;
use crate::state::{Member, State};
use crate::step::{Effects, Step};

/// Someone is told of a room, or added to a group.
#[derive(Debug)]
pub(crate) struct Change {
    by: Card,
    who: PersonId,
    card: Card,
    room: RoomCard,
}

/// May the asker have this person in that room?
pub(crate) fn decide(
    state: &State,
    step: &Step,
    who: &Name,
    room: RoomId,
) -> Result<Change, Refusal> {
    let (asker, person) = step.asker(state)?;
    let there = state
        .rooms
        .get(&room)
        .filter(|_| person.rooms.contains(&room))
        .ok_or(Refusal::NotInRoom)?;
    let (id, other) = state.person_called(who).ok_or_else(|| Refusal::NoSuchPerson(who.clone()))?;
    let (card, room) = (other.card(id), there.card(room));
    if other.rooms.contains(&room.id) {
        return Err(Refusal::AlreadyMember(card, room));
    }
    if room.group {
        may_be_member(other)?;
    } else if !other.is_online() {
        return Err(Refusal::Offline(other.name.clone()));
    }
    Ok(Change { by: person.card(asker), who: id, card, room })
}

impl Change {
    pub(crate) fn commit(self, state: &mut State, step: &Step, out: &mut Effects) {
        let Self { by, who, card, room } = self;
        let sessions = state.persons.get(&who).map_or_else(Vec::new, |other| other.sessions());
        let (event, done) = if room.group {
            state.join(who, room.id, Member::plain(step.place));
            out.push(Effect::Subscribe(room.id, sessions.clone()));
            (Event::Added { by, group: room.clone() }, Done::Added(card, room))
        } else {
            let event = Event::Invited { by, who: card.clone(), room: room.clone() };
            if let Some(there) = state.rooms.get_mut(&room.id) {
                there.invite(who);
            }
            (event, Done::Invited(card, room))
        };
        step.show(Audience::Sessions(sessions), event, out);
        step.done(done, out);
    }
}

#[cfg(test)]
mod tests {
    use crate::stage::check;

    #[test]
    fn to_a_public_room_one_is_invited_and_may_then_join() {
        check(
            "ana: enter
             bo: enter
             ana: join tea
             --
             ana: invite BO tea
             ana: in tea hello
             bo: join tea",
            "bo sees: ana invites bo to tea
             ana told: bo is told of tea
             kept: [tea] ana: hello
             ana sees: [tea] ana: hello
             ana told: said
             bo told: in tea
             ana bo see: bo joined tea",
        );
    }

    #[test]
    fn to_a_group_one_is_added_at_once_by_any_member_even_while_offline() {
        check(
            "ana: enter
             bo: enter
             cy: enter
             cy: exit
             ana: group grp
             --
             ana: invite bo grp
             bo: invite cy grp
             bo: in grp hello
             cy: enter
             bo: in grp hello again",
            "bo sees: ana added you to grp
             ana told: bo is in grp
             nobody sees: bo added you to grp
             bo told: cy is in grp
             kept: [grp] bo: hello
             ana bo see: [grp] bo: hello
             bo told: said
             cy told: in as cy
             ana bo cy see: cy is online
             kept: [grp] bo: hello again
             ana bo cy see: [grp] bo: hello again
             bo told: said",
        );
    }

    #[test]
    fn an_invitation_to_a_public_room_does_not_wait() {
        check(
            "ana: enter
             bo: enter
             bo: exit
             ana: join tea
             --
             ana: invite bo tea
             ana: invite bo lobby",
            "ana told: refused, bo is offline
             ana told: refused, bo is offline",
        );
    }

    #[test]
    fn a_guest_is_invited_to_rooms_but_added_to_no_group() {
        check(
            "ana: enter
             guest: enter guest
             ana: join tea
             ana: group grp
             --
             ana: invite guest-1 tea
             ana: invite guest-1 grp",
            "guest sees: ana invites guest-1 to tea
             ana told: guest-1 is told of tea
             ana told: refused, guest-1 is a guest",
        );
    }

    #[test]
    fn who_is_there_already_is_not_invited() {
        check(
            "ana: enter
             bo: enter
             ana: group grp bo
             --
             ana: invite bo grp
             ana: invite bo lobby
             ana: invite ana grp",
            "ana told: refused, bo is in grp already
             ana told: refused, bo is in lobby already
             ana told: refused, ana is in grp already",
        );
    }

    #[test]
    fn only_who_is_in_a_room_invites_to_it() {
        check(
            "ana: enter
             bo: enter
             cy: enter
             ana: join tea
             ana: group grp
             --
             bo: invite cy tea
             bo: invite cy grp
             bo: invite cy nowhere
             dora: invite cy tea",
            "bo told: refused, not in that room
             bo told: refused, not in that room
             bo told: refused, not in that room
             dora told: refused, not in",
        );
    }

    #[test]
    fn only_persons_are_invited() {
        check(
            "ana: enter
             ana: join tea
             ana: group grp
             --
             ana: invite dora tea
             ana: invite grp tea",
            "ana told: refused, no such person dora
             ana told: refused, no such person grp",
        );
    }
}
