//! One request in its place: what a rule reads, and what a commit needs.

use std::sync::Arc;

use chinwag_model::effect::{Audience, Effect, Event, Stamp};
use chinwag_model::id::{PersonId, Place, RoomId, Timestamp};
use chinwag_model::intent::Origin;
use chinwag_model::message::{Card, Conversation};
use chinwag_model::outcome::{Done, Refusal};
use chinwag_model::record::{Happening, Record, What};

use crate::state::{Living, Person, State};

/// Where and when a request stands, and who made it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) place: Place,
    pub(crate) time: Timestamp,
    pub(crate) origin: Origin,
}

/// Where the effects of a commit go, in order.
pub(crate) type Effects = Vec<Effect>;

impl Step {
    /// The person who asks.
    ///
    /// # Errors
    /// [`Refusal::NotIn`] where the session has not come in, or is over.
    pub(crate) fn asker<'s>(&self, state: &'s State) -> Result<(PersonId, &'s Person), Refusal> {
        let session = state.sessions.get(&self.origin.session).ok_or(Refusal::NotIn)?;
        let person = state.persons.get(&session.person).ok_or(Refusal::NotIn)?;
        Ok((session.person, person))
    }

    /// The node that asks, for itself.
    ///
    /// # Errors
    /// [`Refusal::NotIn`] where a session asks, or a node that lives in no cluster.
    pub(crate) fn member<'s>(&self, state: &'s State) -> Result<Living<'s>, Refusal> {
        let session = self.origin.session;
        let living = state.living(session.node).ok_or(Refusal::NotIn)?;
        if session.number == 0 { Ok(living) } else { Err(Refusal::NotIn) }
    }

    /// Shows an event of this request.
    pub(crate) fn show(&self, audience: Audience, event: Event, out: &mut Effects) {
        let stamp = Stamp { place: self.place, time: self.time, origin: self.origin };
        out.push(Effect::Show { audience, event, stamp });
    }

    /// Keeps for history that something happened in a room.
    pub(crate) fn happened(&self, room: RoomId, who: Card, what: What, out: &mut Effects) {
        let conversation = Conversation::Room(room);
        let happening = Happening { place: self.place, time: self.time, conversation, who, what };
        out.push(Effect::Keep(Record::Happened(Arc::new(happening))));
    }

    /// The same, of a person who is there.
    pub(crate) fn happened_in(
        &self,
        state: &State,
        room: RoomId,
        who: PersonId,
        what: What,
        out: &mut Effects,
    ) {
        if let Some(person) = state.persons.get(&who) {
            self.happened(room, person.card(who), what, out);
        }
    }

    /// Tells the asker that it is done.
    pub(crate) fn done(&self, done: Done, out: &mut Effects) {
        out.push(Effect::Reply(self.origin, Ok(done)));
    }
}
