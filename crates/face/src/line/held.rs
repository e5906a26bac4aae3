//! Events that wait until the backlog is told.

use chinwag_model::effect::Event;

/// Events that wait until the backlog is told.
#[derive(Debug, Default)]
pub(super) struct Held {
    pub(super) events: Vec<Event>,
    /// About how much memory they take.
    pub(super) bytes: usize,
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
