//! Coming in: as a guest, as someone new, or as someone known.

use std::sync::Arc;

use chinwag_model::effect::Effect;
use chinwag_model::id::PersonId;
use chinwag_model::intent::{Identity, Mark, Visitor};
use chinwag_model::name::{Name, NewName};
use chinwag_model::outcome::{Done, Entered, Refusal};
use chinwag_model::proof::Proof;
use chinwag_model::record::Record;
use chinwag_model::secret::Verifier;

use super::claim::not_held;
use super::claim::{free_to_show, proved};
use super::presence;
use crate::state::{Holder, Password, Person, SESSIONS_PER_PERSON_MAX, Session, State};
use crate::step::{Effects, Step};

/// Someone comes in.
#[derive(Debug)]
pub(crate) struct Change {
    who: Who,
    index: u32,
    visitor: Visitor,
}

#[derive(Debug)]
enum Who {
    Guest(u32),
    Visitor(Name),
    New { name: Name, verifier: Option<Verifier> },
    Known { id: PersonId, verifier: Option<Verifier>, shown: Option<Name> },
}

/// May this session come in, and as whom?
pub(crate) fn decide(
    state: &State,
    step: &Step,
    identity: &Identity,
    visitor: Option<&Visitor>,
) -> Result<Change, Refusal> {
    if state.sessions.contains_key(&step.origin.session) {
        return Err(Refusal::AlreadyIn);
    }
    let who = match identity {
        Identity::Guest => Who::Guest(state.guests.lowest().unwrap_or(0)),
        Identity::Known { name, verifier, proof } => {
            decide_known(state, step, name, proof.as_ref(), verifier.clone())?
        }
        Identity::New { name, verifier } => decide_new(state, step, name, verifier.clone())?,
        Identity::Nick { name, login: None } => decide_nick(state, step, name)?,
        Identity::Nick { name, login: Some((account, proof)) } => {
            decide_account(state, step, name, account, proof)?
        }
    };
    // Beyond the highest in use, so that the indexes tell the order of coming.
    let index = state.clients.last_key_value().map_or(1, |(last, _)| last.saturating_add(1));
    Ok(Change { who, index, visitor: visitor.cloned().unwrap_or_default() })
}

fn decide_known(
    state: &State,
    step: &Step,
    name: &Name,
    proof: Option<&Proof>,
    verifier: Option<Verifier>,
) -> Result<Who, Refusal> {
    let (id, person) =
        state.person_called(name).ok_or_else(|| Refusal::NoSuchPerson(name.clone()))?;
    if person.guest.is_some() || person.registered_name() != name {
        return Err(Refusal::Taken(name.clone()));
    }
    match &person.password {
        Some(_) if !proof.is_some_and(|proof| person.is_proved_by(id, proof)) => {
            return Err(Refusal::PasswordNeeded(person.name.clone()));
        }
        Some(_) if person.sessions.len() >= SESSIONS_PER_PERSON_MAX => {
            return Err(Refusal::TooManySessions(person.name.clone()));
        }
        Some(_) => return Ok(Who::Known { id, verifier: None, shown: None }),
        None if person.is_online() => return Err(Refusal::AlreadyOnline(person.name.clone())),
        None => not_held(state, step, name)?,
    }
    Ok(Who::Known { id, verifier, shown: None })
}

fn decide_new(
    state: &State,
    step: &Step,
    name: &NewName,
    verifier: Option<Verifier>,
) -> Result<Who, Refusal> {
    let name = name.name();
    match state.holder(name) {
        // Someone else was quicker: they may still come in as that person, if the name is open.
        Some(Holder::Person(_)) => decide_known(state, step, name, None, verifier),
        Some(Holder::Room(_)) => Err(Refusal::Taken(name.clone())),
        None => {
            not_held(state, step, name)?;
            free_to_show(state, name, None)?;
            Ok(Who::New { name: name.clone(), verifier })
        }
    }
}

fn decide_nick(state: &State, step: &Step, name: &NewName) -> Result<Who, Refusal> {
    let name = name.name();
    match state.holder(name) {
        Some(Holder::Person(_)) => decide_known(state, step, name, None, None),
        Some(Holder::Room(_)) => Err(Refusal::Taken(name.clone())),
        None => {
            not_held(state, step, name)?;
            free_to_show(state, name, None)?;
            Ok(Who::Visitor(name.clone()))
        }
    }
}

fn decide_account(
    state: &State,
    step: &Step,
    name: &NewName,
    account: &Name,
    proof: &Proof,
) -> Result<Who, Refusal> {
    let name = name.name();
    let (id, person) = proved(state, account, proof)?;
    if person.sessions.len() >= SESSIONS_PER_PERSON_MAX {
        return Err(Refusal::TooManySessions(person.name.clone()));
    }
    // All sessions of a person are shown under one name.
    let shown = if person.is_online() {
        None
    } else {
        match state.holder(name) {
            Some(Holder::Person(holder)) if holder == id => {}
            Some(_) => return Err(Refusal::Taken(name.clone())),
            None => {
                not_held(state, step, name)?;
                free_to_show(state, name, Some(id))?;
            }
        }
        Some(name.clone())
    };
    Ok(Who::Known { id, verifier: None, shown })
}

impl Change {
    /// Whether a name is registered by it.
    pub(crate) fn is_new(&self) -> bool {
        matches!(self.who, Who::New { .. })
    }

    pub(crate) fn commit(self, state: &mut State, step: &Step, out: &mut Effects) {
        let (id, new) = match self.who {
            Who::Guest(number) => {
                (add(state, Person::new(Name::guest(number), Some(number), None)), true)
            }
            Who::Visitor(name) => (add(state, Person::new(name, Some(0), None)), true),
            Who::New { name, verifier } => {
                let is_open = verifier.is_none();
                let password = verifier.map(|verifier| Password::new(verifier, step.place.seq));
                let id = add(state, Person::new(name, None, password));
                if is_open {
                    state.silent.begin(id, step.place, step.time);
                }
                // What was said to everyone before was not said to them.
                let mark = Mark { person: id, upto: step.place };
                out.push(Effect::Keep(Record::Delivered(mark)));
                (id, true)
            }
            Who::Known { id, verifier, shown } => {
                if let (Some(person), Some(verifier)) = (state.persons.get_mut(&id), verifier) {
                    person.password = Some(Password::new(verifier, step.place.seq));
                    state.silent.end(id);
                }
                if let Some(shown) = shown {
                    super::nick::show(state, step, id, shown, out);
                }
                (id, false)
            }
        };
        let was_online = state.persons.get(&id).is_some_and(Person::is_online);
        if let Some(person) = state.persons.get_mut(&id) {
            if !was_online {
                person.dress(&self.visitor);
            }
            person.stays_else = self.visitor.stays;
        }
        let session = Session {
            person: id,
            index: self.index,
            secure: self.visitor.secure,
            inside: !self.visitor.outside,
        };
        presence::begin(state, step, step.origin.session, session, out);
        let Some(entered) = entered(state, step, id, new, was_online) else { return };
        step.done(Done::Entered(Box::new(entered)), out);
        if !was_online {
            presence::announce(state, step, id, out);
        }
    }
}

/// What a session learns of the person that it is now.
pub(super) fn entered(
    state: &State,
    step: &Step,
    id: PersonId,
    new: bool,
    was_online: bool,
) -> Option<Entered> {
    let person = state.persons.get(&id)?;
    Some(Entered {
        person: person.card(id),
        place: step.place,
        guest: person.guest.is_some(),
        new,
        was_online,
        rested: person.rested.filter(|_| !was_online),
        ignores: person.ignores.iter().copied().collect(),
        rooms: person.rooms.iter().filter_map(|room| presence::card(state, *room)).collect(),
        flags: person.flags,
        away: person.away.clone(),
        real_name: Arc::from(&*person.real_name),
    })
}

fn add(state: &mut State, person: Person) -> PersonId {
    let id = state.person_next;
    state.person_next = PersonId(id.0 + 1);
    state.insert_person(id, person);
    id
}

#[cfg(test)]
mod tests {
    use chinwag_model::id::{PersonId, Seq};
    use chinwag_model::proof::{Proof, Proves};

    use crate::stage::{Stage, check};

    #[test]
    fn a_new_name_is_registered_and_nothing_from_before_waits_for_it() {
        check(
            "ana: enter
             bo: enter new bo",
            "kept: ana has all up to here
             ana told: in as ana, new
             ana sees: ana is online
             kept: bo has all up to here
             bo told: in as bo, new
             ana bo see: bo is online",
        );
    }

    #[test]
    fn a_known_name_without_a_password_is_open_to_all() {
        check(
            "ana: enter
             ana: exit
             --
             somebody: enter known ANA",
            "somebody told: in as ana
             somebody sees: ana is online",
        );
    }

    #[test]
    fn an_open_name_is_not_entered_twice_at_a_time() {
        check(
            "ana: enter
             --
             ana2: enter known ana
             ana3: enter new ana",
            "ana2 told: refused, ana is already online
             ana3 told: refused, ana is already online",
        );
    }

    #[test]
    fn a_name_with_a_password_is_entered_only_when_it_was_checked() {
        check(
            "ana: enter with v
             ana: exit
             --
             ana: enter known ana
             ana: enter new ana
             ana: enter ana with v2
             ana: enter ana checked 0
             ana: enter ana checked 1",
            "ana told: refused, ana has a password
             ana told: refused, ana has a password
             ana told: refused, ana has a password
             ana told: refused, ana has a password
             ana told: in as ana
             ana sees: ana is online",
        );
    }

    #[test]
    fn a_check_against_a_password_that_was_changed_meanwhile_does_not_count() {
        check(
            "ana: enter with v
             ana: password v2 checked 1
             --
             ana2: enter ana checked 1
             ana2: enter ana checked 2",
            "ana2 told: refused, ana has a password
             ana2 told: in as ana, on another device too",
        );
    }

    #[test]
    fn a_verifier_is_set_with_a_new_name_and_with_an_open_one() {
        check(
            "ana: enter with v
             bo: enter
             bo: exit
             bo: enter with v
             --
             ana2: enter ana
             bo2: enter bo
             ana2: enter ana checked 1
             bo2: enter bo checked 1",
            "ana2 told: refused, ana has a password
             bo2 told: refused, bo has a password
             ana2 told: in as ana, on another device too
             bo2 told: in as bo, on another device too",
        );
    }

    #[test]
    fn a_verifier_given_by_who_knows_the_password_does_not_replace_it() {
        let mut stage = Stage::new();
        stage.play(
            "ana: enter with v
             ana2: enter ana checked 1 with other",
        );
        let held = stage.state().credential(&crate::stage::name("ana")).unwrap();
        assert_eq!(
            (held.verifier.phc(), held.proves),
            ("v", Proves::Account(Proof::of(PersonId(1), Seq(2))))
        );
    }

    #[test]
    fn who_is_second_to_a_new_name_is_that_person_if_the_name_is_open_and_free() {
        check(
            "ana: enter new ana
             ana: exit
             --
             other: enter new Ana",
            "other told: in as ana
             other sees: ana is online",
        );
    }

    #[test]
    fn the_name_of_a_room_or_group_is_nobodys() {
        check(
            "ana: enter
             ana: join tea
             ana: group grp
             --
             bo: enter new TEA
             bo: enter new grp
             bo: enter known tea",
            "bo told: refused, TEA is taken
             bo told: refused, grp is taken
             bo told: refused, no such person tea",
        );
    }

    #[test]
    fn a_name_that_looks_like_another_is_not_for_taking() {
        check(
            "alice: enter
             alice: exit
             bo: enter
             bo: join coco
             --
             other: enter new A1ice
             other: enter new c0co",
            "other told: refused, A1ice looks like alice
             other told: refused, c0co looks like coco",
        );
    }

    #[test]
    fn a_name_that_nobody_has_is_not_known() {
        check("ana: enter known ana", "ana told: refused, no such person ana");
    }

    #[test]
    fn nobody_comes_in_as_a_guest_that_is_there() {
        check(
            "guest: enter guest
             --
             other: enter known guest-1",
            "other told: refused, guest-1 is taken",
        );
    }

    #[test]
    fn guests_get_the_lowest_free_number() {
        check(
            "one: enter guest
             two: enter guest
             three: enter guest
             two: exit
             --
             four: enter guest
             five: enter guest",
            "four told: in as guest-2, a guest, new
             one three four see: guest-2 is online
             five told: in as guest-4, a guest, new
             one three four five see: guest-4 is online",
        );
    }

    #[test]
    fn a_session_comes_in_once() {
        check(
            "ana: enter with v
             --
             ana: enter ana checked 1
             ana: enter guest
             ana: enter new bo",
            "ana told: refused, already in
             ana told: refused, already in
             ana told: refused, already in",
        );
    }

    #[test]
    fn a_person_has_at_most_so_many_sessions() {
        let most = super::SESSIONS_PER_PERSON_MAX;
        let more = |from: usize, to: usize| {
            (from..=to).map(|n| format!("ana{n}: enter ana checked 1\n")).collect::<String>()
        };
        check(
            &format!("ana: enter with v\n{}--\n{}", more(2, most), more(most + 1, most + 1)),
            &format!("ana{} told: refused, ana has too many sessions", most + 1),
        );
    }

    #[test]
    fn whoever_comes_in_learns_whom_they_ignore() {
        check(
            "bo: enter
             ana: enter
             ana: ignore bo
             ana: exit
             --
             ana: enter",
            "ana told: in as ana, ignoring bo
             bo ana see: ana is online",
        );
    }
}
