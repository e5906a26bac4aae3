//! When something of a shard's is due.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::{Duration, Instant};

use chinwag_node::delivery::SessionNumber;

/// Times at which connections want to be looked at. A connection that is gone by then is passed
/// over by whoever asks, so that none is ever searched for here.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    due: BinaryHeap<Reverse<(Instant, SessionNumber)>>,
}

impl Timers {
    /// Wants a connection looked at, at this time or soon after.
    pub(crate) fn set(&mut self, at: Instant, session: SessionNumber) {
        self.due.push(Reverse((at, session)));
    }

    /// How long nothing is due; `None` if nothing ever is.
    pub(crate) fn pause(&self, now: Instant) -> Option<Duration> {
        self.due.peek().map(|Reverse((at, _))| at.saturating_duration_since(now))
    }

    /// The next connection that is due.
    pub(crate) fn next_due(&mut self, now: Instant) -> Option<SessionNumber> {
        let Reverse((at, session)) = *self.due.peek()?;
        if at > now {
            return None;
        }
        self.due.pop();
        Some(session)
    }
}
