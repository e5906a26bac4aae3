//! Coming in: as a guest, as someone new, or as someone known.

use chinwag_model::effect::Effect;
use chinwag_model::id::PersonId;
use chinwag_model::intent::{Identity, Mark};
use chinwag_model::name::{Name, NewName};
use chinwag_model::outcome::{Done, Entered, Refusal};
use chinwag_model::record::Record;
use chinwag_model::secret::Verifier;

use super::presence;
use crate::state::{Holder, Password, Person, SESSIONS_PER_PERSON_MAX, Session, State};
use crate::step::{Effects, Step};

/// Someone comes in.
#[derive(Debug)]
pub(crate) struct Change {
    who: Who,
    index: u32,
}

#[derive(Debug)]
enum Who {
    Guest(u32),
    New { name: Name, verifier: Option<Verifier> },
    Known { id: PersonId, verifier: Option<Verifier> },
}

/// May this session come in, and as whom?
pub(crate) fn decide(state: &State, step: &Step, identity: &Identity) -> Result<Change, Refusal> {
    if state.sessions.contains_key(&step.origin.session) {
        return Err(Refusal::AlreadyIn);
    }
    let who = match identity {
        Identity::Guest => Who::Guest((1..).find(|n| !state.guests.contains(n)).unwrap_or(0)),
        Identity::Known { name, checked, verifier } => {
            decide_known(state, name, *checked, verifier.clone())?
        }
        Identity::New { name, verifier } => decide_new(state, name, verifier.clone())?,
    };
    // Beyond the highest in use, so that the indexes tell the order of coming.
    let index = state.clients.last_key_value().map_or(1, |(last, _)| last.saturating_add(1));
    Ok(Change { who, index })
}

fn decide_known(
    state: &State,
    name: &Name,
    checked: Option<u32>,
    verifier: Option<Verifier>,
) -> Result<Who, Refusal> {
    let (id, person) =
        state.person_called(name).ok_or_else(|| Refusal::NoSuchPerson(name.clone()))?;
    if person.guest.is_some() {
        return Err(Refusal::Taken(name.clone()));
    }
    match &person.password {
        Some(password) if checked != Some(password.version) => {
            return Err(Refusal::PasswordNeeded(person.name.clone()));
        }
        Some(_) if person.sessions.len() >= SESSIONS_PER_PERSON_MAX => {
            return Err(Refusal::TooManySessions(person.name.clone()));
        }
        Some(_) => return Ok(Who::Known { id, verifier: None }),
        None if person.is_online() => return Err(Refusal::AlreadyOnline(person.name.clone())),
        None => {}
    }
    Ok(Who::Known { id, verifier })
}

fn decide_new(state: &State, name: &NewName, verifier: Option<Verifier>) -> Result<Who, Refusal> {
    let name = name.name();
    match state.holder(name) {
        // Someone else was quicker: they may still come in as that person, if the name is open.
        Some(Holder::Person(_)) => decide_known(state, name, None, verifier),
        Some(Holder::Room(_)) => Err(Refusal::Taken(name.clone())),
        None => match state.look_alike(name, None) {
            Some(existing) => {
                Err(Refusal::LooksLike { wanted: name.clone(), existing: existing.clone() })
            }
            None => Ok(Who::New { name: name.clone(), verifier }),
        },
    }
}

impl Change {
    pub(crate) fn commit(self, state: &mut State, step: &Step, out: &mut Effects) {
        let (id, new) = match self.who {
            Who::Guest(number) => {
                (add(state, Person::new(Name::guest(number), Some(number), None)), true)
            }
            Who::New { name, verifier } => {
                let id = add(state, Person::new(name, None, verifier));
                // What was said to everyone before was not said to them.
                let mark = Mark { person: id, upto: step.place };
                out.push(Effect::Keep(Record::Delivered(mark)));
                (id, true)
            }
            Who::Known { id, verifier } => {
                if let (Some(person), Some(verifier)) = (state.persons.get_mut(&id), verifier) {
                    person.password = Some(Password { verifier, version: 1 });
                }
                (id, false)
            }
        };
        let was_online = state.persons.get(&id).is_some_and(Person::is_online);
        let session = Session { person: id, index: self.index };
        presence::begin(state, step, step.origin.session, session, out);
        let Some(person) = state.persons.get(&id) else { return };
        let entered = Entered {
            person: person.card(id),
            place: step.place,
            guest: person.guest.is_some(),
            new,
            was_online,
            ignores: person.ignores.iter().copied().collect(),
        };
        step.done(Done::Entered(Box::new(entered)), out);
        if !was_online {
            presence::announce(state, id, out);
        }
    }
}

fn add(state: &mut State, person: Person) -> PersonId {
    let id = state.person_next;
    state.person_next = PersonId(id.0 + 1);
    state.insert_person(id, person);
    id
}

impl Person {
    fn new(name: Name, guest: Option<u32>, verifier: Option<Verifier>) -> Self {
        Self {
            name,
            guest,
            password: verifier.map(|verifier| Password { verifier, version: 1 }),
            away: None,
            ignores: std::collections::BTreeSet::new(),
            sessions: std::collections::BTreeSet::new(),
            rooms: std::collections::BTreeSet::new(),
        }
    }
}
