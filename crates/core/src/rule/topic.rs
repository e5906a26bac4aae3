//! A room's topic is set, or taken away: by anyone who is in it, unless it is locked.

use chinwag_model::effect::{Audience, Event};
use chinwag_model::id::RoomId;
use chinwag_model::message::Card;
use chinwag_model::mode::RoomFlag;
use chinwag_model::outcome::{Done, Refusal, RoomNo};
use chinwag_model::rank::Rank;
use chinwag_model::record::What;
use chinwag_model::text::Text;

use super::admission::power;
use crate::state::{State, TopicMark};
use crate::step::{Effects, Step};

/// A topic is set.
#[derive(Debug)]
pub(crate) struct Change {
    room: RoomId,
    by: Card,
    topic: Option<Text>,
}

/// May the asker set this topic?
pub(crate) fn decide(
    state: &State,
    step: &Step,
    room: RoomId,
    topic: Option<&Text>,
) -> Result<Change, Refusal> {
    let (id, person) = step.asker(state)?;
    let there = state.rooms.get(&room).filter(|_| person.rooms.contains(&room));
    let there = there.ok_or(Refusal::NotInRoom)?;
    let leads = power(state, room, id).at_least(Rank::HalfOperator);
    if there.has(RoomFlag::TopicLocked) && !leads {
        return Err(Refusal::Room(there.card(room), RoomNo::RankNeeded(Rank::HalfOperator)));
    }
    Ok(Change { room, by: person.card(id), topic: topic.cloned() })
}

impl Change {
    pub(crate) fn commit(self, state: &mut State, step: &Step, out: &mut Effects) {
        let Some(room) = state.rooms.get_mut(&self.room) else { return };
        room.topic.clone_from(&self.topic);
        let mark = TopicMark { by: self.by.name.shown().into(), time: step.time };
        room.topic_mark = self.topic.is_some().then_some(mark);
        let what = What::Topic(self.topic.clone());
        step.happened(self.room, self.by.clone(), what, out);
        let event = Event::Topic { room: room.card(self.room), by: self.by, topic: self.topic };
        step.show(Audience::Room(self.room), event, out);
        step.done(Done::TopicSet, out);
    }
}

#[cfg(test)]
mod tests {
    use crate::stage::check;

    #[test]
    fn whoever_is_in_a_room_sets_its_topic_or_takes_it_away() {
        check(
            "ana: enter
             bo: enter
             guest: enter guest
             ana: join tea
             guest: join tea
             ana: group grp bo
             --
             ana: topic tea biscuits
             guest: topic tea
             bo: topic grp us
             bo: topic lobby all",
            "ana guest see: ana set the topic of tea: biscuits
             ana told: topic set
             ana guest see: guest-1 took the topic of tea away
             guest told: topic set
             ana bo see: bo set the topic of grp: us
             bo told: topic set
             ana bo guest see: bo set the topic of lobby: all
             bo told: topic set",
        );
    }

    #[test]
    fn only_who_is_in_a_room_sets_its_topic() {
        check(
            "ana: enter
             bo: enter
             ana: join tea
             ana: group grp
             --
             bo: topic tea biscuits
             bo: topic grp us
             bo: topic nowhere all
             cy: topic lobby all",
            "bo told: refused, not in that room
             bo told: refused, not in that room
             bo told: refused, not in that room
             cy told: refused, not in",
        );
    }
}
