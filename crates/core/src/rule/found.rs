//! A room is its founder's for ever, or no longer: it stays as it is while nobody is in it.

use std::sync::Arc;

use chinwag_model::effect::{Audience, Event};
use chinwag_model::id::{PersonId, RoomId};
use chinwag_model::message::Card;
use chinwag_model::mode::RoomChanged;
use chinwag_model::name::Name;
use chinwag_model::outcome::{Done, Refusal, RoomNo};
use chinwag_model::rank::Rank;

use crate::state::State;
use crate::step::{Effects, Step};

/// A room has a founder, or none any more.
#[derive(Debug)]
pub(crate) struct Change {
    who: PersonId,
    card: Card,
    room: RoomId,
    on: bool,
}

/// May the asker call this room theirs? They lead it, and have an account.
pub(crate) fn decide(state: &State, step: &Step, name: &Name, on: bool) -> Result<Change, Refusal> {
    let (who, person) = step.asker(state)?;
    let (id, room) = state.known_room(who, person, name)?;
    let no = |no| Err(Refusal::Room(room.card(id), no));
    if person.account().is_none() {
        return Err(Refusal::AccountNeeded);
    }
    match room.founder {
        Some(_) if on => return no(RoomNo::Founded(true)),
        Some(founder) if founder != who => return no(RoomNo::RankNeeded(Rank::Founder)),
        None if !on => return no(RoomNo::Founded(false)),
        _ => {}
    }
    if room.group || on && !room.is_at_least(who, Rank::Operator) {
        return no(RoomNo::RankNeeded(Rank::Operator));
    }
    Ok(Change { who, card: person.card(who), room: id, on })
}

impl Change {
    pub(crate) fn commit(self, state: &mut State, step: &Step, out: &mut Effects) {
        let Self { who, card, room: id, on } = self;
        let Some(room) = state.rooms.get_mut(&id) else { return };
        room.founder = on.then_some(who);
        let mut changed = false;
        if let Some(member) = room.members.get_mut(&who) {
            changed = member.ranks.has(Rank::Founder) != on;
            member.ranks = member.ranks.with(Rank::Founder, on);
        }
        if changed {
            let changes = Arc::from(vec![RoomChanged::Rank(card, Rank::Founder, on)]);
            let event = Event::Changed { room: room.card(id), by: None, changes };
            step.show(Audience::Room(id), event, out);
        }
        step.done(Done::Noted, out);
    }
}
