//! Taking something back that was said: by who said it, by who leads the room, by an operator.

use std::sync::Arc;

use chinwag_model::effect::{Audience, Effect, Event, Redaction};
use chinwag_model::id::{PersonId, Place, RoomId};
use chinwag_model::message::{Card, Conversation, RoomCard};
use chinwag_model::mode::PersonFlag;
use chinwag_model::outcome::{Done, Refusal, RoomNo};
use chinwag_model::rank::Rank;
use chinwag_model::record::{Happening, Record, What};
use chinwag_model::text::Text;

use super::admission::power;
use crate::access::Access;
use crate::state::State;
use crate::step::{Effects, Step};

/// Something is taken back.
#[derive(Debug)]
pub(crate) struct Change {
    message: Place,
    conversation: Conversation,
    room: Option<RoomCard>,
    to: Option<Card>,
    by: Card,
    reason: Option<Text>,
    audience: Audience,
}

/// What is to be taken back, as the archive has it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Said<'i> {
    pub(crate) message: Place,
    pub(crate) author: PersonId,
    pub(crate) room: Option<RoomId>,
    pub(crate) to: Option<PersonId>,
    pub(crate) reason: Option<&'i Text>,
}

/// May the asker take this back?
pub(crate) fn decide(state: &State, step: &Step, said: Said<'_>) -> Result<Change, Refusal> {
    let (asker, person) = step.asker(state)?;
    let own = said.author == asker || person.flags.has(PersonFlag::Operator);
    let base = |conversation, room, to, audience| Change {
        message: said.message,
        conversation,
        room,
        to,
        by: person.card(asker),
        reason: said.reason.cloned(),
        audience,
    };
    if let Some(id) = said.room {
        let room = state.rooms.get(&id).ok_or(Refusal::NoSuchMessage)?;
        let card = room.card(id);
        if !person.rooms.contains(&id) {
            return Err(match state.access(asker, person, id, room) {
                Access::Hidden => Refusal::NoSuchMessage,
                _ => Refusal::Room(card, RoomNo::NotIn),
            });
        }
        if !own && !power(state, id, asker).at_least(Rank::HalfOperator) {
            return Err(Refusal::NotYours);
        }
        return Ok(base(Conversation::Room(id), Some(card), None, Audience::Room(id)));
    }
    let other = said.to.ok_or(Refusal::NoSuchMessage)?;
    if asker != said.author && asker != other {
        return Err(Refusal::NoSuchMessage);
    }
    if asker != said.author {
        return Err(Refusal::NotYours);
    }
    let to = state.persons.get(&other).ok_or(Refusal::NoSuchMessage)?;
    let sessions = person.sessions.union(&to.sessions);
    let conversation = Conversation::pair(said.author, other);
    Ok(base(conversation, None, Some(to.card(other)), Audience::Sessions(sessions)))
}

impl Change {
    pub(crate) fn commit(self, step: &Step, out: &mut Effects) {
        let Self { message, conversation, room, to, by, reason, audience } = self;
        let happening = Happening {
            place: step.place,
            time: step.time,
            conversation,
            who: by.clone(),
            what: What::Redacted(message, reason.clone()),
        };
        let happening = Arc::new(happening);
        out.push(Effect::Keep(Record::Redacted { message, happening }));
        let redaction = Redaction { message, conversation, room, to, by, reason };
        step.show(audience, Event::Redacted(Arc::new(redaction)), out);
        step.done(Done::Noted, out);
    }
}
