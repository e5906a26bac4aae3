//! What came while someone was away is told first; what comes meanwhile is held back.

use chinwag_model::ask::Ask;
use chinwag_model::effect::Event;
use chinwag_model::id::Place;
use chinwag_model::query::{Backlog, Query};

use super::talk::{Talk, Why};
use super::{Output, Sight, render};

/// Events that wait until the backlog is told.
#[derive(Debug, Default)]
pub(super) struct Held {
    events: Vec<Event>,
    bytes: usize,
}

impl Held {
    pub(super) fn push(&mut self, event: &Event) {
        // The text may well be shared with others; who holds it back alone pays for it.
        self.bytes += size_of::<Event>()
            + match event {
                Event::Said(message) => size_of_val(&**message) + message.text.as_str().len(),
                Event::Topic { topic: Some(topic), .. } => topic.as_str().len(),
                _ => 0,
            };
        self.events.push(event.clone());
    }
}

impl Talk {
    pub(super) fn held_bytes(&self) -> usize {
        self.held.as_ref().map_or(0, |held| held.bytes)
    }

    /// Asks what came up to the place where this person came in.
    pub(super) fn begin_backlog(&mut self, upto: Place) {
        self.held = Some(Box::default());
        let query = Query::Backlog { upto, after: None };
        self.ask(Ask::Query(query), Why::Backlog { upto, begun: false });
    }

    /// Tells a page of the backlog, and asks for the next or ends it.
    pub(super) fn backlog(&mut self, upto: Place, begun: bool, page: &Backlog, out: &mut Output) {
        if !begun && page.total > 0 {
            out.notice(format_args!("{} messages while you were away:", page.total));
        }
        let begun = begun || page.total > 0;
        let viewer = self.person().map(|person| person.id);
        for message in &page.messages {
            render::message(message, viewer, render::time(message), &mut out.bytes);
            out.told_upto(message.place);
        }
        if let Some(after) = page.next {
            let query = Query::Backlog { upto, after: Some(after) };
            return self.ask(Ask::Query(query), Why::Backlog { upto, begun });
        }
        if begun {
            out.notice("End of messages.");
            out.told_upto(upto);
        }
        self.release(out);
    }

    /// The backlog can't be told.
    pub(super) fn lose_backlog(&mut self, out: &mut Output) {
        out.notice("What came while you were away cannot be read now; see /history.");
        self.release(out);
    }

    /// Tells what was held back.
    fn release(&mut self, out: &mut Output) {
        let Some(held) = self.held.take() else { return };
        for event in &held.events {
            // Someone may be ignored by now.
            if self.sight(event) != Sight::Nothing {
                self.tell(event, out);
            }
        }
    }
}
