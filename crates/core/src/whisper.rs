//! What may be lost and decides nothing: that someone is typing. It never enters the log.

use std::sync::Arc;

use chinwag_model::effect::{Audience, Event, Stamp};
use chinwag_model::id::Place;
use chinwag_model::intent::{Origin, Target};
use chinwag_model::message::{Manner, Message};
use chinwag_model::outcome::Refusal;
use chinwag_model::tag::Tags;
use chinwag_model::text::Text;

use crate::rule::speech::Speaker;
use crate::state::State;

impl State {
    /// Who sees tags that a session puts on something, as things stand: an audience, an event whose
    /// place is no place, and its stamp.
    ///
    /// # Errors
    /// The refusal, as if it were said.
    pub fn whisper(
        &self,
        origin: Origin,
        to: &Target,
        tags: &Tags,
    ) -> Result<(Audience, Event, Stamp), Refusal> {
        let session = self.sessions.get(&origin.session).ok_or(Refusal::NotIn)?;
        let person = self.persons.get(&session.person).ok_or(Refusal::NotIn)?;
        let speaker = Speaker { id: session.person, person, manner: Manner::Tags, text: "" };
        let heard = speaker.reach(self, to)?;
        let (place, author) = (Place::default(), person.card(session.person));
        let plain = Message::plain(place, self.time, author, heard.to, Manner::Tags, Text::empty());
        let message = Message { tags: tags.clone(), rank: heard.rank, ..plain };
        let stamp = Stamp { place, time: self.time, origin };
        Ok((heard.audience, Event::Said(Arc::new(message)), stamp))
    }
}
