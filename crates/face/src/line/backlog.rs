//! What came while someone was away is told first; what comes meanwhile is held back.

use chinwag_model::id::Place;
use chinwag_model::query::{Answer, Backlog, Query};

use super::talk::{Next, Talk, Told};
use super::{Output, Sight, render};

/// Asks what came up to the place where this person came in.
pub(super) fn begin(talk: &mut Talk, upto: Place) {
    talk.held = Some(Box::default());
    talk.query(Query::Backlog { upto, after: None }, Page { upto, begun: false });
}

/// A page of the backlog is asked for.
#[derive(Debug)]
struct Page {
    upto: Place,
    /// Whether the first page was told.
    begun: bool,
}

impl Next for Page {
    fn told(self: Box<Self>, told: Told<'_>, talk: &mut Talk, out: &mut Output) {
        match told {
            Told::Answer(Answer::Backlog(page)) => self.tell(page, talk, out),
            _ => {
                out.notice("What came while you were away cannot be read now; see /history.");
                release(talk, out);
            }
        }
    }
}

impl Page {
    fn tell(self, page: &Backlog, talk: &mut Talk, out: &mut Output) {
        let Self { upto, begun } = self;
        if !begun && page.total > 0 {
            out.notice(format_args!("{} messages while you were away:", page.total));
        }
        let begun = begun || page.total > 0;
        let viewer = talk.person().map(|person| person.id);
        for message in &page.messages {
            render::message(message, viewer, render::time(message), &mut out.bytes);
            out.told_upto(message.place);
        }
        if let Some(after) = page.next {
            let query = Query::Backlog { upto, after: Some(after) };
            return talk.query(query, Self { upto, begun });
        }
        if begun {
            out.notice("End of messages.");
            out.told_upto(upto);
        }
        release(talk, out);
    }
}

/// Tells what was held back.
fn release(talk: &mut Talk, out: &mut Output) {
    let Some(held) = talk.held.take() else { return };
    for event in &held.events {
        // Someone may be ignored by now.
        if talk.sight(event) != Sight::Nothing {
            talk.tell(event, out);
        }
    }
}
