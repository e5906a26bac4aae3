//! Taking back an invitation: by who gave it, and by those who lead the room.

use chinwag_model::id::PersonId;
use chinwag_model::message::{Card, RoomCard};
use chinwag_model::name::Name;
use chinwag_model::outcome::{Done, Refusal, RoomNo};

use super::admission::power;
use super::invite::LETS_IN;
use crate::state::State;
use crate::step::{Effects, Step};

/// An invitation is taken back.
#[derive(Debug)]
pub(crate) struct Change {
    who: PersonId,
    card: Card,
    room: RoomCard,
}

/// May the asker take back the invitation of this person to that room?
pub(crate) fn decide(
    state: &State,
    step: &Step,
    who: &Name,
    name: &Name,
) -> Result<Change, Refusal> {
    let (asker, person) = step.asker(state)?;
    let (id, room) = state.known_room(asker, person, name)?;
    let no = |no| Refusal::Room(room.card(id), no);
    if !person.rooms.contains(&id) {
        return Err(no(RoomNo::NotIn));
    }
    let (other, invited) =
        state.person_called(who).ok_or_else(|| Refusal::NoSuchPerson(who.clone()))?;
    let leads = power(state, id, asker).at_least(LETS_IN);
    match room.invitation(other, step.time) {
        Some(invitation) if leads || invitation.by == asker => {}
        None if leads => return Err(no(RoomNo::NotInvited(invited.card(other)))),
        _ => return Err(no(RoomNo::RankNeeded(LETS_IN))),
    }
    Ok(Change { who: other, card: invited.card(other), room: room.card(id) })
}

impl Change {
    pub(crate) fn commit(self, state: &mut State, step: &Step, out: &mut Effects) {
        let Self { who, card, room } = self;
        if let Some(there) = state.rooms.get_mut(&room.id) {
            there.invited.remove(who);
        }
        step.done(Done::Uninvited(card, room), out);
    }
}
