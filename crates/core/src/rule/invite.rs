//! Inviting someone to a room, or making them member of a group: one rule for all faces.
//!
//! Where the room is for those who are invited, only those who lead it invite. An invitation by
//! someone who leads it lets in once, whatever keeps others out: they could lift it as well. One by
//! anybody else tells of the room, and lets nobody in who could not come in without it.

use chinwag_model::effect::{Audience, Effect, Event};
use chinwag_model::id::{PersonId, RoomId};
use chinwag_model::message::{Card, RoomCard};
use chinwag_model::mode::RoomFlag;
use chinwag_model::name::Name;
use chinwag_model::outcome::{Done, Refusal, RoomNo};
use chinwag_model::rank::Rank;

use super::admission::power;
use super::group::{may_be_put, not_too_fast};
use crate::state::{Member, Person, State};
use crate::step::{Effects, Step};

/// The rank from which on someone can lift what keeps others out of a room.
pub(super) const LETS_IN: Rank = Rank::HalfOperator;

/// Someone is told of a room, or added to a group.
#[derive(Debug)]
pub(crate) struct Change {
    by: Card,
    who: PersonId,
    card: Card,
    room: RoomCard,
    /// Whether it lets in, whatever keeps others out.
    lets_in: bool,
}

/// May the asker have this person in that room?
pub(crate) fn decide(
    state: &State,
    step: &Step,
    who: &Name,
    id: RoomId,
) -> Result<Change, Refusal> {
    let (asker, person) = step.asker(state)?;
    let there = state.rooms.get(&id).filter(|_| person.rooms.contains(&id));
    let there = there.ok_or(Refusal::NotInRoom)?;
    let (other_id, other) =
        state.person_called(who).ok_or_else(|| Refusal::NoSuchPerson(who.clone()))?;
    let (card, room) = (other.card(other_id), there.card(id));
    if other.rooms.contains(&id) {
        return Err(Refusal::Room(room, RoomNo::AlreadyThere(card)));
    }
    let lets_in = power(state, id, asker).at_least(LETS_IN);
    if room.group {
        may_be_put(state, (asker, step), (other_id, other))?;
        not_too_fast(state, step, asker)?;
    } else if !other.is_there() {
        return Err(Refusal::Offline(other.name.clone()));
    } else if there.has(RoomFlag::InviteOnly) && !lets_in {
        return Err(Refusal::Room(room, RoomNo::RankNeeded(LETS_IN)));
    }
    Ok(Change { by: person.card(asker), who: other_id, card, room, lets_in })
}

impl Change {
    pub(crate) fn commit(self, state: &mut State, step: &Step, out: &mut Effects) {
        let Self { by, who, card, room, lets_in } = self;
        let sessions = state.persons.get(&who).map_or_else(Vec::new, Person::sessions);
        if room.group {
            state.paces.count(by.id, step.time);
            state.join(who, room.id, Member::put(step.place));
            out.push(Effect::Subscribe(room.id, sessions.clone()));
            let event = Event::Added { by, group: room.clone() };
            step.show(Audience::Sessions(sessions), event, out);
            return step.done(Done::Added(card, room), out);
        }
        let Some(there) = state.rooms.get_mut(&room.id) else { return };
        if lets_in {
            there.invited.insert(who, by.id, step.time);
        }
        // Those who may invite are told that somebody did.
        let open = !there.has(RoomFlag::InviteOnly);
        let may = there.members.iter().filter(|(_, member)| open || member.ranks.at_least(LETS_IN));
        let told: Vec<_> = may
            .filter_map(|(member, _)| state.persons.get(member))
            .flat_map(Person::sessions)
            .collect();
        let event = Event::Invited { by, who: card.clone(), room: room.clone() };
        step.show(Audience::Sessions(sessions), event.clone(), out);
        step.show(Audience::Sessions(told), event, out);
        step.done(Done::Invited(card, room), out);
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
             ana sees: ana invites bo to tea
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
             ana sees: ana invites guest-1 to tea
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
