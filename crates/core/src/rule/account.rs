//! What is told where a person has an account from here on, or is shown with another badge.

use std::sync::Arc;

use chinwag_model::effect::Event;
use chinwag_model::id::PersonId;
use chinwag_model::message::{Badge, Card};

use super::presence;
use crate::state::State;
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

fn place(badge: &Badge) -> (&str, &str) {
    (&badge.user, &badge.host)
}
