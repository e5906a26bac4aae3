//! Wanting to see nothing of someone, or to see them again.

use std::collections::BTreeSet;

use chinwag_model::effect::{Audience, Event};
use chinwag_model::id::PersonId;
use chinwag_model::message::Card;
use chinwag_model::name::Name;
use chinwag_model::outcome::{Done, Refusal};

use crate::state::{IGNORES_PER_PERSON_MAX, State};
use crate::step::{Effects, Step};

/// Someone ignores someone, or no longer does.
#[derive(Debug)]
pub(crate) struct Change {
    asker: PersonId,
    who: Card,
    on: bool,
    ignores: BTreeSet<PersonId>,
}

/// May the asker ignore one more?
pub(crate) fn decide(state: &State, step: &Step, who: &Name, on: bool) -> Result<Change, Refusal> {
    let (asker, person) = step.asker(state)?;
    let (id, other) = state.person_called(who).ok_or_else(|| Refusal::NoSuchPerson(who.clone()))?;
    // Guests who have gone never come back under the same id.
    let mut ignores: BTreeSet<_> =
        person.ignores.iter().copied().filter(|id| state.persons.contains_key(id)).collect();
    if !on {
        ignores.remove(&id);
    } else if ignores.insert(id) && ignores.len() > IGNORES_PER_PERSON_MAX {
        return Err(Refusal::TooManyIgnored);
    }
    Ok(Change { asker, who: other.card(id), on, ignores })
}

impl Change {
    pub(crate) fn commit(self, state: &mut State, step: &Step, out: &mut Effects) {
        let Some(person) = state.persons.get_mut(&self.asker) else { return };
        person.ignores = self.ignores.into();
        let event = Event::Ignoring { who: self.who.id, on: self.on };
        step.show(Audience::Sessions(person.sessions()), event, out);
        step.done(Done::Ignoring(self.who, self.on), out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::check;

    #[test]
    fn all_devices_of_the_one_who_ignores_are_told_and_nobody_else() {
        check(
            "ana: enter with v
             ana2: enter ana checked 1
             bo: enter
             --
             ana: ignore BO
             ana: ignore bo
             ana2: unignore bo
             ana2: unignore bo",
            "ana ana2 see: ignoring bo
             ana told: ignoring bo
             ana ana2 see: ignoring bo
             ana told: ignoring bo
             ana ana2 see: not ignoring bo
             ana2 told: not ignoring bo
             ana ana2 see: not ignoring bo
             ana2 told: not ignoring bo",
        );
    }

    #[test]
    fn who_is_offline_can_be_ignored_under_any_later_name() {
        check(
            "bo: enter
             bo: exit
             ana: enter
             ana: ignore bo
             ana: exit
             bo: enter
             bo: nick bobby
             --
             ana: enter",
            "ana told: in as ana, ignoring bobby
             bo ana see: ana is online",
        );
    }

    #[test]
    fn only_persons_are_ignored() {
        check(
            "ana: enter
             ana: join tea
             --
             ana: ignore dora
             ana: ignore tea
             ana: unignore dora",
            "ana told: refused, no such person dora
             ana told: refused, no such person tea
             ana told: refused, no such person dora",
        );
    }

    #[test]
    fn one_ignores_only_so_many() {
        let people: String = (1..=IGNORES_PER_PERSON_MAX)
            .map(|n| format!("x: enter p{n}\nx: exit\nana: ignore p{n}\n"))
            .collect();
        check(
            &format!(
                "ana: enter
                 bo: enter
                 {people}
                 --
                 ana: ignore bo
                 ana: ignore p1
                 ana: unignore p1
                 ana: ignore bo"
            ),
            "ana told: refused, too many ignored
             ana sees: ignoring p1
             ana told: ignoring p1
             ana sees: not ignoring p1
             ana told: not ignoring p1
             ana sees: ignoring bo
             ana told: ignoring bo",
        );
    }

    #[test]
    fn guests_who_have_gone_are_not_counted() {
        let guests =
            "x: enter guest\nana: ignore guest-1\nx: exit\n".repeat(IGNORES_PER_PERSON_MAX);
        check(
            &format!(
                "ana: enter
                 bo: enter
                 {guests}
                 --
                 ana: ignore bo
                 ana: exit
                 ana: enter"
            ),
            "ana sees: ignoring bo
             ana told: ignoring bo
             ana told: out
             bo sees: ana is offline
             ana told: in as ana, ignoring bo
             ana bo see: ana is online",
        );
    }

    #[test]
    fn who_is_not_in_ignores_nobody() {
        check("ana: ignore bo", "ana told: refused, not in");
    }
}
