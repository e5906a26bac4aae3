//! Out of a room or group. A group ends with its last member: nobody could read it any more.

use chinwag_model::effect::{Audience, Effect, Event};
use chinwag_model::id::{PersonId, RoomId};
use chinwag_model::outcome::{Done, Refusal};
use chinwag_model::record::What;

use crate::state::State;
use crate::step::{Effects, Step};

/// Someone goes out of a room.
#[derive(Debug)]
pub(crate) struct Change {
    who: PersonId,
    room: RoomId,
}

/// May the asker go out of this room?
pub(crate) fn decide(state: &State, step: &Step, room: RoomId) -> Result<Change, Refusal> {
    let (who, person) = step.asker(state)?;
    if room == RoomId::LOBBY {
        return Err(Refusal::LobbyIsForEver);
    }
    if !person.rooms.contains(&room) {
        return Err(Refusal::NotInRoom);
    }
    Ok(Change { who, room })
}

impl Change {
    pub(crate) fn commit(self, state: &mut State, step: &Step, out: &mut Effects) {
        let (Some(person), Some(room)) =
            (state.persons.get(&self.who), state.rooms.get(&self.room))
        else {
            return;
        };
        let (card, left) = (person.card(self.who), room.card(self.room));
        let asking = step.origin.session;
        // The asker learns it from the reply, the person's other devices as everyone there.
        let others: Vec<_> = person.sessions.iter().copied().filter(|s| *s != asking).collect();
        out.push(Effect::Unsubscribe(self.room, vec![asking]));
        step.done(Done::Left(left.clone()), out);
        super::read::forget(state, self.who, self.room);
        state.part(self.who, self.room);
        if state.rooms.contains_key(&self.room) || !others.is_empty() {
            let event = Event::Left { who: card.clone(), room: left, reason: None };
            step.show(Audience::Room(self.room), event, out);
        }
        if !others.is_empty() {
            out.push(Effect::Unsubscribe(self.room, others));
        }
        if state.rooms.contains_key(&self.room) {
            step.happened(self.room, card, What::Left(None), out);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::stage::{Stage, check};

    #[test]
    fn who_leaves_hears_no_more_and_the_others_are_told() {
        check(
            "ana: enter
             bo: enter
             ana: join tea
             bo: join tea
             --
             ana: leave tea
             bo: in tea hello",
            "ana told: out of tea
             bo sees: ana left tea
             kept: [tea] bo: hello
             bo sees: [tea] bo: hello
             bo told: said",
        );
    }

    #[test]
    fn all_devices_of_a_person_leave_and_the_other_ones_are_told_of_it() {
        check(
            "ana: enter with v
             ana2: enter ana checked 1
             bo: enter
             ana: join tea
             bo: join tea
             --
             ana: leave tea
             bo: leave tea",
            "ana told: out of tea
             ana2 bo see: ana left tea
             bo told: out of tea",
        );
    }

    #[test]
    fn an_empty_room_is_forgotten_if_nothing_was_said_in_it() {
        let mut stage = Stage::new();
        let told = stage.play(
            "ana: enter
             bo: enter
             ana: join tea
             --
             ana: leave tea
             bo: nick tea",
        );
        assert_eq!(told, "ana told: out of tea\nbo told: called tea\nana bo see: bo is now tea");
    }

    #[test]
    fn an_empty_room_is_kept_if_something_was_said_in_it() {
        check(
            "ana: enter
             bo: enter
             ana: join Tea
             ana: in tea hello
             ana: topic tea biscuits
             --
             ana: leave tea
             bo: nick tea
             ana: join TEA",
            "ana told: out of Tea
             nobody sees: ana left Tea
             bo told: refused, tea is taken
             ana told: in Tea
             ana sees: ana joined Tea",
        );
    }

    #[test]
    fn the_lobby_is_left_by_nobody() {
        check("ana: enter\n--\nana: leave lobby", "ana told: refused, the lobby is for ever");
    }

    #[test]
    fn who_leaves_a_group_hears_no_more_of_it_on_any_face() {
        check(
            "ana: enter
             bo: enter
             cy: enter
             ana: group grp bo cy
             --
             bo: leave grp
             ana: in grp hello
             bo: in grp hello
             bo: leave grp
             cy: part grp
             ana: in grp alone",
            "bo told: out of grp
             ana cy see: bo left grp
             kept: [grp] ana: hello
             ana cy see: [grp] ana: hello
             ana told: said
             bo told: refused, not in that room
             bo told: refused, not in that room
             ana cy see: cy left grp
             cy told: out of grp
             kept: [grp] ana: alone
             ana sees: [grp] ana: alone
             ana told: said",
        );
    }

    #[test]
    fn a_group_ends_with_its_last_member_and_its_name_is_free() {
        check(
            "ana: enter
             bo: enter
             ana: group grp bo
             ana: in grp hello
             bo: exit
             --
             ana: leave grp
             bo: enter
             bo: leave grp
             ana: join grp",
            "ana told: out of grp
             nobody sees: ana left grp
             bo told: in as bo
             ana bo see: bo is online
             bo told: out of grp
             ana told: in grp
             ana sees: ana joined grp",
        );
    }

    #[test]
    fn only_who_is_in_a_room_leaves_it() {
        check(
            "ana: enter
             bo: enter
             ana: join tea
             --
             bo: leave tea
             bo: leave nowhere
             ana: leave tea
             ana: leave tea
             cy: leave tea",
            "bo told: refused, not in that room
             bo told: refused, not in that room
             ana told: out of tea
             ana told: refused, not in that room
             cy told: refused, not in",
        );
    }
}
