//! Being shown under another name. What one is registered under stays one's own.

use chinwag_model::effect::{Audience, Event};
use chinwag_model::id::PersonId;
use chinwag_model::name::{Name, NewName};
use chinwag_model::outcome::{Done, Refusal};

use super::claim::free_to_show;
use super::claim::not_held;
use super::presence;
use crate::state::{Holder, State};
use crate::step::{Effects, Step};

/// Someone is shown under another name.
#[derive(Debug)]
pub(crate) struct Change {
    who: PersonId,
    name: Name,
}

/// May the asker be shown under this name?
pub(crate) fn decide(state: &State, step: &Step, name: &NewName) -> Result<Change, Refusal> {
    let (who, _) = step.asker(state)?;
    let name = name.name();
    match state.holder(name) {
        // The same name in other letters, or the one they are registered under.
        Some(Holder::Person(id)) if id == who => {}
        Some(_) => return Err(Refusal::Taken(name.clone())),
        None => {
            not_held(state, step, name)?;
            free_to_show(state, name, Some(who))?;
        }
    }
    Ok(Change { who, name: name.clone() })
}

impl Change {
    pub(crate) fn commit(self, state: &mut State, step: &Step, out: &mut Effects) {
        show(state, step, self.who, self.name, out);
        if let Some(person) = state.persons.get(&self.who) {
            step.done(Done::Renamed(person.card(self.who)), out);
        }
    }
}

/// Shows a person under a name that is free, or theirs.
pub(super) fn show(state: &mut State, step: &Step, id: PersonId, name: Name, out: &mut Effects) {
    let Some(person) = state.persons.get(&id) else { return };
    if person.name.shown() == name.shown() {
        return;
    }
    let (was, audience) = (person.card(id), presence::peers(person));
    let (past, there) = (person.past(id, step.time), person.is_there());
    state.change_person(id, |person| {
        if let Some(number) = &mut person.guest {
            *number = 0;
            person.name = name;
        } else {
            let registered = person.registered_name().clone();
            person.registered = (registered != name).then_some(registered);
            person.name = name;
        }
        // In other letters, the name that is registered is another one, and so is the account.
        person.show_badge();
    });
    let Some(person) = state.persons.get(&id) else { return };
    let who = person.card(id);
    let (old, new) = (was.name.clone(), who.name.clone());
    if !there {
        return;
    }
    state.remember(past);
    presence::renamed(state, step, &was, &who, out);
    step.show(audience, Event::Renamed { was, who: who.clone() }, out);
    if old != new {
        let gone = Event::Watched { name: old.clone(), who: None };
        step.show(Audience::Watchers(old), gone, out);
        let come = Event::Watched { name: new.clone(), who: Some(who) };
        step.show(Audience::Watchers(new), come, out);
    }
}

#[cfg(test)]
mod tests {
    use crate::stage::Stage;

    #[test]
    fn the_own_name_in_other_letters_is_the_accounts_after_a_restart_too() {
        let mut stage = Stage::new();
        stage.play("ana: enter with v\nana: shown ANA");
        let mut restored = Stage::new();
        restored.play("ana: enter with v\nana: shown ANA");
        restored.restore();
        stage.play("ana: exit");
        restored.play("ana: exit");
        assert_eq!(stage.state().digest(), restored.state().digest());
    }
}
