//! A session that came in as someone else proves an account, and is that person's from here on.
//!
//! A guest alone under a name brings it along, with the rooms they are in: others see that they have
//! an account now. Where the person is there already, the session joins them.

use chinwag_model::effect::{Effect, Event};
use chinwag_model::id::{PersonId, RoomId, SessionId};
use chinwag_model::name::Name;
use chinwag_model::outcome::{Done, Refusal};
use chinwag_model::proof::Proof;
use chinwag_model::text::Text;

use super::claim::proved;
use super::enter::entered;
use super::{account, presence};
use crate::state::{Member, Person, SESSIONS_PER_PERSON_MAX, Session, State};
use crate::step::{Effects, Step};

/// A session is someone else's.
#[derive(Debug)]
pub(crate) struct Change {
    from: PersonId,
    to: PersonId,
}

/// Has the session proved this account?
pub(crate) fn decide(
    state: &State,
    step: &Step,
    account: &Name,
    proof: &Proof,
) -> Result<Change, Refusal> {
    let (from, _) = step.asker(state)?;
    let (to, person) = proved(state, account, proof)?;
    if from != to && person.sessions.len() >= SESSIONS_PER_PERSON_MAX {
        return Err(Refusal::TooManySessions(person.name.clone()));
    }
    Ok(Change { from, to })
}

/// A session of one person is the other one's, who was proved.
pub(super) fn change(from: PersonId, to: PersonId) -> Change {
    Change { from, to }
}

impl Change {
    pub(crate) fn commit(self, state: &mut State, step: &Step, out: &mut Effects) {
        let Self { from, to } = self;
        let was_online = state.persons.get(&to).is_some_and(Person::is_online);
        if from != to {
            let alone = state
                .persons
                .get(&from)
                .is_some_and(|guest| guest.guest.is_some() && guest.sessions.len() == 1);
            let there = state.persons.get(&to).is_some_and(Person::is_there);
            if alone && !there {
                inherit(state, step, from, to, out);
            } else {
                move_over(state, step, from, to, out);
            }
        }
        if let Some(entered) = entered(state, step, to, false, was_online) {
            step.done(Done::LoggedIn(Box::new(entered)), out);
        }
    }
}

/// The person takes the guest's place: the name, the rooms, and all that is shown.
fn inherit(state: &mut State, step: &Step, from: PersonId, to: PersonId, out: &mut Effects) {
    let session = step.origin.session;
    let Some(of) = state.remove_session(session) else { return };
    let rooms: Vec<(RoomId, Member)> = state.persons.get(&from).map_or_else(Vec::new, |guest| {
        let member = |id: &RoomId| Some((*id, *state.rooms.get(id)?.members.get(&from)?));
        guest.rooms.iter().filter_map(member).collect()
    });
    let Some(guest) = state.persons.get(&from).cloned() else { return };
    for (room, _) in &rooms {
        if let Some(room) = state.rooms.get_mut(room) {
            room.members.remove(&from);
        }
    }
    state.remove_person(from);
    state.change_person(to, |person| {
        let registered = person.registered_name().clone();
        let numbered = guest.guest.is_some_and(|number| number > 0);
        if !numbered {
            person.registered = (registered != guest.name).then_some(registered);
            person.name = guest.name.clone();
        }
        // As others saw them until now, so that they see what has changed.
        person.badge = guest.badge.clone();
        person.cloak = guest.cloak.clone();
        person.real_name = guest.real_name.clone();
        person.flags = guest.flags;
        person.away = guest.away.clone();
        person.since = guest.since;
        person.spoke = guest.spoke;
        person.stays_else = guest.stays_else;
    });
    out.push(Effect::Detach(session));
    let groups: Vec<RoomId> =
        state.persons.get(&to).map_or_else(Vec::new, |p| p.rooms.iter().copied().collect());
    for (room, member) in rooms {
        state.join(to, room, member);
    }
    for room in groups {
        presence::arrive(state, step, to, room, out);
    }
    attach(state, session, Session { person: to, ..of }, out);
    if let Some(person) = state.persons.get(&to) {
        let was = guest.card(from);
        if was.name != person.name {
            let event = Event::Renamed { was, who: person.card(to) };
            step.show(presence::peers(person), event, out);
        }
    }
    account::show(state, step, to, out);
}

/// The session leaves whom it was, and joins the person.
fn move_over(state: &mut State, step: &Step, from: PersonId, to: PersonId, out: &mut Effects) {
    let session = step.origin.session;
    let Some(of) = state.sessions.get(&session).copied() else { return };
    let reason = state
        .persons
        .get(&to)
        .and_then(|person| Text::parse(&format!("Now with {}", person.name)).ok());
    presence::end(state, step, session, reason.as_ref(), out);
    let was_online = state.persons.get(&to).is_some_and(Person::is_online);
    presence::begin(state, step, session, Session { person: to, ..of }, out);
    if from != to && !was_online {
        presence::announce(state, step, to, out);
    }
}

fn attach(state: &mut State, session: SessionId, of: Session, out: &mut Effects) {
    state.insert_session(session, of);
    let rooms = state
        .persons
        .get(&of.person)
        .map_or_else(Vec::new, |person| person.rooms.iter().copied().collect());
    out.push(Effect::Attach { session, person: of.person, rooms });
}
