//! Putting someone out of a room.

use chinwag_model::effect::{Audience, Event};
use chinwag_model::id::{PersonId, RoomId};
use chinwag_model::message::Card;
use chinwag_model::name::Name;
use chinwag_model::outcome::{Done, Refusal, RoomNo};
use chinwag_model::rank::Rank;
use chinwag_model::record::What;
use chinwag_model::text::Text;

use super::admission::{go_out, power};
use crate::state::State;
use crate::step::{Effects, Step};

/// Someone is put out of a room.
#[derive(Debug)]
pub(crate) struct Change {
    room: RoomId,
    who: PersonId,
    by: Card,
    reason: Option<Text>,
}

/// May the asker put this person out of that room? Nobody is put out by who ranks below them.
pub(crate) fn decide(
    state: &State,
    step: &Step,
    room: &Name,
    who: &Name,
    reason: Option<&Text>,
) -> Result<Change, Refusal> {
    let (asker, person) = step.asker(state)?;
    let (id, there) = state.known_room(asker, person, room)?;
    let no = |no| Refusal::Room(there.card(id), no);
    let power = power(state, id, asker);
    if !person.rooms.contains(&id) {
        return Err(no(RoomNo::NotIn));
    }
    if !power.at_least(Rank::HalfOperator) {
        return Err(no(RoomNo::RankNeeded(Rank::HalfOperator)));
    }
    let (other_id, other) =
        state.person_called(who).ok_or_else(|| Refusal::NoSuchPerson(who.clone()))?;
    let Some(member) = there.members.get(&other_id) else {
        return Err(no(RoomNo::NotThere(other.card(other_id))));
    };
    if let Some(highest) = member.ranks.highest()
        && !power.at_least(highest)
    {
        return Err(no(RoomNo::RankNeeded(highest)));
    }
    let inside = |session| state.sessions.get(session).is_some_and(|session| session.inside);
    if id == RoomId::LOBBY && other.sessions.iter().any(inside) {
        return Err(no(RoomNo::ForEver));
    }
    Ok(Change { room: id, who: other_id, by: person.card(asker), reason: reason.cloned() })
}

impl Change {
    pub(crate) fn commit(self, state: &mut State, step: &Step, out: &mut Effects) {
        let Self { room: id, who, by, reason } = self;
        let (Some(person), Some(room)) = (state.persons.get(&who), state.rooms.get(&id)) else {
            return;
        };
        let (card, room) = (person.card(who), room.card(id));
        let what = What::Kicked(card.clone(), reason.clone());
        let event = Event::Kicked { room, who: card, by: by.clone(), reason };
        step.show(Audience::Room(id), event, out);
        go_out(state, who, id, out);
        // Whoever was put out does not come back by an invitation, nor do those whom they invited.
        if let Some(room) = state.rooms.get_mut(&id) {
            room.invited.remove(who);
            room.invited.remove_by(who);
        }
        step.done(Done::Noted, out);
        if state.rooms.contains_key(&id) {
            step.happened(id, by, what, out);
        }
    }
}
