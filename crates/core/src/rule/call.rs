//! Inviting someone to a room by name: they may come in once whatever the room is like. To a group
//! they belong from then on.

use chinwag_model::effect::{Audience, Effect, Event};
use chinwag_model::id::{PersonId, RoomId};
use chinwag_model::message::{Card, RoomCard};
use chinwag_model::mode::RoomFlag;
use chinwag_model::name::Name;
use chinwag_model::outcome::{Done, Refusal, RoomNo};
use chinwag_model::rank::Rank;

use super::admission::power;
use super::group::may_be_member;
use crate::state::{Member, Person, State};
use crate::step::{Effects, Step};

/// Someone is invited.
#[derive(Debug)]
pub(crate) struct Change {
    room: RoomId,
    card: RoomCard,
    by: Card,
    who: PersonId,
    invited: Card,
}

/// May the asker invite this person to that room?
pub(crate) fn decide(
    state: &State,
    step: &Step,
    who: &Name,
    room: &Name,
) -> Result<Change, Refusal> {
    let (asker, person) = step.asker(state)?;
    let (id, there) = state
        .channel(room)
        .filter(|(id, room)| !room.group || person.rooms.contains(id))
        .ok_or_else(|| Refusal::NoSuchRoom(room.clone()))?;
    let no = |no| Refusal::Room(there.card(id), no);
    let (other_id, other) =
        state.person_called(who).ok_or_else(|| Refusal::NoSuchPerson(who.clone()))?;
    if !person.rooms.contains(&id) {
        return Err(no(RoomNo::NotIn));
    }
    if other.rooms.contains(&id) {
        return Err(no(RoomNo::AlreadyThere(other.card(other_id))));
    }
    if there.group {
        may_be_member(other)?;
    } else if !other.is_there() {
        return Err(Refusal::NoSuchPerson(who.clone()));
    } else if there.has(RoomFlag::InviteOnly)
        && !power(state, id, asker).at_least(Rank::HalfOperator)
    {
        return Err(no(RoomNo::RankNeeded(Rank::HalfOperator)));
    }
    Ok(Change {
        room: id,
        card: there.card(id),
        by: person.card(asker),
        who: other_id,
        invited: other.card(other_id),
    })
}

impl Change {
    pub(crate) fn commit(self, state: &mut State, step: &Step, out: &mut Effects) {
        let Self { room: id, card, by, who, invited } = self;
        let sessions = state.persons.get(&who).map_or_else(Vec::new, Person::sessions);
        if card.group {
            state.join(who, id, Member::plain(step.place));
            out.push(Effect::Subscribe(id, sessions.clone()));
            let event = Event::Added { by, group: card.clone() };
            step.show(Audience::Sessions(sessions), event, out);
            return step.done(Done::Added(invited, card), out);
        }
        let Some(room) = state.rooms.get_mut(&id) else { return };
        room.invite(who);
        let open = !room.has(RoomFlag::InviteOnly);
        let may_invite = room
            .members
            .iter()
            .filter(|(_, member)| open || member.ranks.at_least(Rank::HalfOperator));
        let told: Vec<_> = may_invite
            .filter_map(|(member, _)| state.persons.get(member))
            .flat_map(Person::sessions)
            .collect();
        let event = Event::Invited { by, who: invited.clone(), room: card.clone() };
        step.show(Audience::Sessions(sessions), event.clone(), out);
        step.show(Audience::Sessions(told), event, out);
        step.done(Done::Invited(invited, card), out);
    }
}
