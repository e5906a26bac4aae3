//! Taking another name. A guest who does so is registered under it.

use chinwag_model::effect::{Audience, Effect, Event};
use chinwag_model::id::PersonId;
use chinwag_model::intent::Mark;
use chinwag_model::name::{Name, NewName};
use chinwag_model::outcome::{Done, Refusal};
use chinwag_model::record::Record;

use super::claim::free_to_show;
use super::claim::not_held;
use super::presence;
use crate::state::{Holder, State};
use crate::step::{Effects, Step};

/// Someone has another name.
#[derive(Debug)]
pub(crate) struct Change {
    who: PersonId,
    name: Name,
}

/// May the asker take this name?
pub(crate) fn decide(state: &State, step: &Step, name: &NewName) -> Result<Change, Refusal> {
    let (who, _) = step.asker(state)?;
    let name = name.name();
    match state.holder(name) {
        // The same name in other letters.
        Some(Holder::Person(id)) if id == who => {}
        Some(_) => return Err(Refusal::Taken(name.clone())),
        None => {}
    }
    not_held(state, step, name)?;
    free_to_show(state, name, Some(who))?;
    Ok(Change { who, name: name.clone() })
}

impl Change {
    pub(crate) fn commit(self, state: &mut State, step: &Step, out: &mut Effects) {
        let Some(person) = state.persons.get(&self.who) else { return };
        let (was, audience) = (person.card(self.who), presence::peers(person));
        let past = person.past(self.who, step.time);
        let (was_guest, spoke) = (person.guest.is_some(), person.has_spoken());
        state.change_person(self.who, |person| {
            person.name = self.name;
            person.guest = None;
            person.registered = None;
            person.show_badge();
        });
        if was_guest {
            let mark = Mark { person: self.who, upto: step.place };
            out.push(Effect::Keep(Record::Delivered(mark)));
            if !spoke {
                state.silent.begin(self.who, step.place, step.time);
            }
        }
        state.remember(past);
        let Some(person) = state.persons.get(&self.who) else { return };
        let card = person.card(self.who);
        step.done(Done::Renamed(card.clone()), out);
        let (old, new) = (was.name.clone(), card.name.clone());
        presence::renamed(state, step, &was, &card, out);
        step.show(audience, Event::Renamed { was, who: card.clone() }, out);
        if old != new {
            let gone = Event::Watched { name: old.clone(), who: None };
            step.show(Audience::Watchers(old), gone, out);
            let come = Event::Watched { name: new.clone(), who: Some(card) };
            step.show(Audience::Watchers(new), come, out);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::stage::check;

    #[test]
    fn everyone_in_the_lobby_is_told_and_the_old_name_is_free() {
        check(
            "ana: enter with v
             ana2: enter ana checked 1
             bo: enter
             --
             ana: nick anna
             ana: exit
             bo: nick ana
             bo: tell anna hello",
            "ana told: called anna
             ana ana2 bo see: ana is now anna
             ana told: out
             bo told: called ana
             ana2 bo see: bo is now ana
             kept: [to anna] ana: hello
             ana2 bo see: [to anna] ana: hello
             bo told: said",
        );
    }

    #[test]
    fn one_is_the_same_person_under_another_name() {
        check(
            "ana: enter with v
             bo: enter
             ana: join tea
             ana: group grp bo
             bo: ignore ana
             ana: nick anna
             --
             ana: in tea hello
             bo: in grp hello
             ana2: enter anna checked 1
             bo: unignore anna",
            "kept: [tea] anna: hello
             ana sees: [tea] anna: hello
             ana told: said
             kept: [grp] bo: hello
             ana bo see: [grp] bo: hello
             bo told: said
             ana2 told: in as anna, on another device too
             bo sees: not ignoring anna
             bo told: not ignoring anna",
        );
    }

    #[test]
    fn ones_own_name_can_be_written_otherwise() {
        check(
            "alice: enter
             --
             alice: nick ALICE
             alice: nick A1ice
             alice: nick A1ice",
            "alice told: called ALICE
             alice sees: alice is now ALICE
             alice told: called A1ice
             alice sees: ALICE is now A1ice
             alice told: called A1ice
             alice sees: A1ice is now A1ice",
        );
    }

    #[test]
    fn a_guest_who_takes_a_name_is_registered_and_nothing_from_before_waits() {
        check(
            "guest: enter guest
             bo: enter
             guest: join tea
             --
             guest: nick ana
             other: enter guest
             guest: in tea hello
             guest: exit
             bo: tell ana hello",
            "kept: ana has all up to here
             guest told: called ana
             guest bo see: guest-1 is now ana
             other told: in as guest-1, a guest, new
             guest bo other see: guest-1 is online
             kept: [tea] ana: hello
             guest sees: [tea] ana: hello
             guest told: said
             guest told: out
             bo other see: ana is offline
             kept: [to ana] bo: hello
             bo sees: [to ana] bo: hello
             bo told: said, ana is offline",
        );
    }

    #[test]
    fn a_name_that_another_has_is_refused() {
        check(
            "ana: enter
             bo: enter
             bo: exit
             ana: join tea
             ana: group grp
             guest: enter guest
             --
             ana: nick BO
             ana: nick tea
             ana: nick grp
             guest: nick ana",
            "ana told: refused, BO is taken
             ana told: refused, tea is taken
             ana told: refused, grp is taken
             guest told: refused, ana is taken",
        );
    }

    #[test]
    fn a_name_that_looks_like_anothers_is_refused() {
        check(
            "alice: enter
             alice: exit
             bo: enter
             bo: join coco
             --
             bo: nick A1ice
             bo: nick c0co",
            "bo told: refused, A1ice looks like alice
             bo told: refused, c0co looks like coco",
        );
    }

    #[test]
    fn who_is_not_in_takes_no_name() {
        check("ana: nick anna", "ana told: refused, not in");
    }
}
