//! Changing what a room is like, and who ranks how in it.

use std::sync::Arc;

use chinwag_model::effect::{Audience, Event};
use chinwag_model::id::{PersonId, RoomId};
use chinwag_model::message::Card;
use chinwag_model::mode::{Listed, RoomChange, RoomChanged, RoomFlag, RoomList};
use chinwag_model::name::Name;
use chinwag_model::outcome::{Done, Refusal, RoomNo};
use chinwag_model::rank::{Rank, Ranks};
use chinwag_model::record::What;
use chinwag_model::text::Text;

use super::admission::power;
use super::invite::LETS_IN;
use crate::state::{Room, State, Suspect};
use crate::step::{Effects, Step};

/// A room is changed.
#[derive(Debug)]
pub(crate) struct Change {
    room: RoomId,
    by: Card,
    changes: Vec<RoomChanged>,
    /// What could not be.
    refused: Vec<Refusal>,
}

/// May the asker change this room so? What can't be is told, and the rest is done.
pub(crate) fn decide(
    state: &State,
    step: &Step,
    name: &Name,
    changes: &[RoomChange],
    entries_max: u32,
) -> Result<Change, Refusal> {
    let (asker, person) = step.asker(state)?;
    let (id, room) = state.known_room(asker, person, name)?;
    let power = power(state, id, asker);
    if !power.at_least(Rank::HalfOperator) {
        let no = if person.rooms.contains(&id) {
            RoomNo::RankNeeded(Rank::HalfOperator)
        } else {
            RoomNo::NotIn
        };
        return Err(Refusal::Room(room.card(id), no));
    }
    let view = View { state, id, room, asker, power, entries_max };
    // Each change is held against the room as those before it leave it.
    let mut after = room.clone();
    let (mut done, mut refused) = (Vec::new(), Vec::new());
    for change in changes {
        match view.one(&after, change) {
            Ok(Some(changed)) => {
                make_so(&mut after, &changed, &person.name, step);
                done.push(changed);
            }
            Ok(None) => {}
            Err(refusal) => refused.push(refusal),
        }
    }
    Ok(Change { room: id, by: person.card(asker), changes: done, refused })
}

struct View<'s> {
    state: &'s State,
    id: RoomId,
    room: &'s Room,
    asker: PersonId,
    power: Ranks,
    entries_max: u32,
}

impl View<'_> {
    /// What comes of one change: nothing, where the room is so already.
    fn one(&self, now: &Room, change: &RoomChange) -> Result<Option<RoomChanged>, Refusal> {
        Ok(match change {
            RoomChange::Flag(flag, on) => {
                (now.has(*flag) != *on).then_some(RoomChanged::Flag(*flag, *on))
            }
            RoomChange::Key(Some(key)) => {
                (now.mode.key.as_ref() != Some(key)).then(|| RoomChanged::Key(key.clone(), true))
            }
            RoomChange::Key(None) => now.mode.key.clone().map(|key| RoomChanged::Key(key, false)),
            RoomChange::Limit(limit) => {
                (now.mode.limit != *limit).then_some(RoomChanged::Limit(*limit))
            }
            RoomChange::List(list, mask, on) => {
                let entries = now.list(*list);
                let found = entries.iter().find(|entry| entry.mask.is_same(mask));
                match (found, on) {
                    (None, true) => {
                        let count =
                            now.mode.bans.len() + now.mode.exempt.len() + now.mode.invited.len();
                        if count >= usize::try_from(self.entries_max).unwrap_or(usize::MAX) {
                            return Err(self.no(RoomNo::ListFull(*list)));
                        }
                        Some(RoomChanged::List(*list, mask.clone(), true))
                    }
                    (Some(entry), false) => {
                        Some(RoomChanged::List(*list, entry.mask.clone(), false))
                    }
                    _ => None,
                }
            }
            RoomChange::Rank(name, rank, on) => self.rank(now, name, *rank, *on)?,
        })
    }

    fn rank(
        &self,
        now: &Room,
        name: &Name,
        rank: Rank,
        on: bool,
    ) -> Result<Option<RoomChanged>, Refusal> {
        let (id, person) =
            self.state.person_called(name).ok_or_else(|| Refusal::NoSuchPerson(name.clone()))?;
        let card = person.card(id);
        let Some(member) = now.members.get(&id) else {
            return Err(self.no(RoomNo::NotThere(card)));
        };
        if member.ranks.has(rank) == on {
            return Ok(None);
        }
        // Anyone may step down.
        let down = id == self.asker && !on;
        let needed = match rank {
            Rank::Voice => Rank::HalfOperator,
            Rank::HalfOperator | Rank::Operator => Rank::Operator,
            Rank::Admin | Rank::Founder => Rank::Founder,
        };
        let above = member.ranks.highest().filter(|highest| !self.power.at_least(*highest));
        if !down && (!self.power.at_least(needed) || above.is_some()) {
            return Err(self.no(RoomNo::RankNeeded(above.unwrap_or(needed))));
        }
        Ok(Some(RoomChanged::Rank(card, rank, on)))
    }

    fn no(&self, no: RoomNo) -> Refusal {
        Refusal::Room(self.room.card(self.id), no)
    }
}

fn make_so(room: &mut Room, change: &RoomChanged, by: &Name, step: &Step) {
    match change {
        RoomChanged::Flag(flag, on) => {
            room.mode.flags = room.mode.flags.with(*flag, *on);
            // From here on those come in who are invited from here on.
            if (*flag, *on) == (RoomFlag::InviteOnly, true) {
                room.invited.clear();
            }
        }
        RoomChanged::Key(key, on) => room.mode.key = on.then(|| key.clone()),
        RoomChanged::Limit(limit) => room.mode.limit = *limit,
        RoomChanged::List(list, mask, true) => {
            let entry = Listed { mask: mask.clone(), by: by.shown().into(), time: step.time };
            room.list_mut(*list).push(entry);
        }
        RoomChanged::List(list, mask, false) => {
            room.list_mut(*list).retain(|entry| !entry.mask.is_same(mask));
        }
        RoomChanged::Rank(who, rank, on) => {
            if let Some(member) = room.members.get_mut(&who.id) {
                member.ranks = member.ranks.with(*rank, *on);
                if !member.ranks.at_least(LETS_IN) {
                    room.invited.remove_by(who.id);
                }
            }
        }
    }
}

/// Ends the invitations of those whom a ban means that is set now.
fn uninvite_banned(state: &mut State, id: RoomId, changes: &[RoomChanged]) {
    let State { rooms, persons, .. } = state;
    let Some(room) = rooms.get_mut(&id) else { return };
    for change in changes {
        let RoomChanged::List(RoomList::Bans, mask, true) = change else { continue };
        let invited: Vec<_> = room.invited.people().collect();
        for who in invited {
            let meant = |person| Suspect::new(person).is_meant(mask.as_str());
            if persons.get(&who).is_none_or(meant) {
                room.invited.remove(who);
            }
        }
    }
}

/// What history tells of a change: not the key.
fn kept(change: &RoomChanged) -> RoomChange {
    match change {
        RoomChanged::Flag(flag, on) => RoomChange::Flag(*flag, *on),
        RoomChanged::Key(_, on) => RoomChange::Key(on.then(|| Text::parse("*").ok()).flatten()),
        RoomChanged::Limit(limit) => RoomChange::Limit(*limit),
        RoomChanged::List(list, mask, on) => RoomChange::List(*list, mask.clone(), *on),
        RoomChanged::Rank(who, rank, on) => RoomChange::Rank(who.name.clone(), *rank, *on),
    }
}

impl Change {
    pub(crate) fn commit(self, state: &mut State, step: &Step, out: &mut Effects) {
        let Self { room: id, by, changes, refused } = self;
        if let Some(room) = state.rooms.get_mut(&id)
            && !changes.is_empty()
        {
            changes.iter().for_each(|change| make_so(room, change, &by.name, step));
            uninvite_banned(state, id, &changes);
            let kept = changes.iter().map(kept).collect();
            let changes = Arc::from(changes);
            step.happened(id, by.clone(), What::Changed(kept), out);
            if let Some(room) = state.rooms.get(&id) {
                let event = Event::Changed { room: room.card(id), by: Some(by), changes };
                step.show(Audience::Room(id), event, out);
            }
        }
        step.done(Done::Changed(refused), out);
    }
}
