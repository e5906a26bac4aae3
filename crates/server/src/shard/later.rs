//! What can wait a moment to be written: comings and goings, as others see them.

use std::time::{Duration, Instant};

use super::connection::Connection;

/// How long at most. Nobody sees the difference; and in a large room where people come and go all the
/// time, each member is written to once for all who did so meanwhile, and not for each of them.
pub(super) const LATER: Duration = Duration::from_millis(20);

/// With more than this to be written to a connection, nothing waits.
const LATER_BYTES_MAX: usize = 16 * 1024;

/// Connections whose outboxes hold nothing but what can wait. Anything else that comes for one of
/// them is written with it, in the order of the outbox.
#[derive(Debug, Default)]
pub(super) struct Later {
    keys: Vec<usize>,
    due: Option<Instant>,
}

impl Later {
    /// Takes note that the last that came for a connection can wait.
    pub(super) fn add(
        &mut self,
        key: usize,
        connection: &mut Connection,
        now: Instant,
        dirty: &mut Vec<usize>,
    ) {
        if connection.outbox.len() > LATER_BYTES_MAX {
            connection.mark_dirty(key, dirty);
        } else if !connection.is_listed_dirty && !connection.is_listed_later {
            connection.is_listed_later = true;
            self.keys.push(key);
            self.due.get_or_insert(now + LATER);
        }
    }

    /// When there is something to write.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Those whose time has come. Some of them may be gone, or written to already.
    pub(super) fn take_due(&mut self, now: Instant) -> Vec<usize> {
        if self.due.is_none_or(|due| due > now) {
            return Vec::new();
        }
        self.due = None;
        std::mem::take(&mut self.keys)
    }
}
