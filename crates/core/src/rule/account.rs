//! What is told and ended where an account is made or gets another password, or where a person is
//! shown with another badge.

use std::sync::Arc;

use chinwag_model::effect::{Audience, Event};
use chinwag_model::id::PersonId;
use chinwag_model::message::{Badge, Card};
use chinwag_model::outcome::{Done, PasswordSet};
use chinwag_model::secret::Verifier;
use chinwag_model::text::Text;

use super::presence;
use crate::state::{Password, State};
use crate::step::{Effects, Step};

/// Shows a person's account, and where they come from now that they have one.
pub(super) fn show(state: &mut State, step: &Step, id: PersonId, out: &mut Effects) {
    let Some(person) = state.persons.get_mut(&id) else { return };
    let was = person.card(id).badge;
    person.show_badge();
    let (who, audience) = (person.card(id), presence::peers(person));
    if was.account != who.badge.account {
        // Still under the place that others know; what it is from now on is told next.
        let (user, host) = (was.user.clone(), was.host.clone());
        let badge = Arc::new(Badge { user, host, ..(*who.badge).clone() });
        let known = Card { badge, ..who.clone() };
        step.show(audience.clone(), Event::Account(known), out);
    }
    if place(&was) != place(&who.badge) {
        step.show(audience, Event::Badge { was, who }, out);
    }
}

/// Tells the asker that the account is made, and hands out the proof of it.
pub(super) fn registered(state: &State, step: &Step, id: PersonId, out: &mut Effects) {
    let Some(person) = state.persons.get(&id) else { return };
    if let Some(proof) = person.proof(id) {
        step.done(Done::Registered(person.card(id), proof), out);
    }
}

/// Sets a password, and tells the asker: nothing that the one before let in stays in. All other
/// sessions of the person are ended, and codes that were mailed to set a password are void.
/// Certificates and devices are told to the asker.
pub(super) fn set_password(
    state: &mut State,
    step: &Step,
    id: PersonId,
    verifier: Verifier,
    out: &mut Effects,
) {
    state.mail.resets.remove(&id);
    let Some(person) = state.persons.get_mut(&id) else { return };
    let was_open = person.password.is_none();
    person.password = Some(Password::new(verifier, step.place.seq));
    person.proposed = None;
    if was_open {
        show(state, step, id, out);
    }
    let Some(person) = state.persons.get(&id) else { return };
    let mut others = person.sessions();
    others.retain(|session| *session != step.origin.session);
    let set = PasswordSet {
        ended: others.len(),
        certificates: person.certificates.iter().map(|print| print.0).collect(),
        devices: person.devices.iter().flat_map(|devices| devices.keys().cloned()).collect(),
    };
    if !others.is_empty() {
        let event = Event::PasswordChanged { who: person.card(id) };
        step.show(Audience::Sessions(others.clone()), event, out);
    }
    step.done(Done::PasswordSet(Box::new(set)), out);
    let why = Text::parse("Password changed").ok();
    for session in others {
        presence::end(state, step, session, why.as_ref(), out);
    }
}

fn place(badge: &Badge) -> (&str, &str) {
    (&badge.user, &badge.host)
}
