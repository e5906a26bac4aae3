//! What the log's time is by now, as far as the entries that came tell.
//!
//! An entry has the time at which it was offered to the log, and may come much later: when a lost quorum
//! is back, or when a node reads what it missed. So the newest entry is not to be asked, but the one
//! that came fastest; and not for ever, as the log's clock may be another one by now.

use std::time::Duration;

use chinwag_model::id::Timestamp;

/// An entry is asked for between one and two of these.
const MEMORY: Duration = Duration::from_secs(30);

/// By how much the log's time is ahead of this process's, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LogTime {
    /// Of the entries before those of `recent`.
    before: i64,
    recent: i64,
    /// When the first one of `recent` came.
    since: Duration,
}

impl LogTime {
    /// An entry with this time came now.
    pub(crate) fn new(time: Timestamp, now: Duration) -> Self {
        let ahead = ahead(time, now);
        Self { before: ahead, recent: ahead, since: now }
    }

    /// Another one came.
    pub(crate) fn note(&mut self, time: Timestamp, now: Duration) {
        let ahead = ahead(time, now);
        if now.saturating_sub(self.since) >= MEMORY {
            *self = Self { before: self.recent, recent: ahead, since: now };
        } else {
            self.recent = self.recent.max(ahead);
        }
    }

    /// The log's time at some moment of this process's.
    pub(crate) fn at(&self, moment: Duration) -> Timestamp {
        Timestamp(self.before.max(self.recent).saturating_add(millis(moment)))
    }
}

fn ahead(time: Timestamp, now: Duration) -> i64 {
    time.0.saturating_sub(millis(now))
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_late_does_not_turn_the_time_back() {
        let at = Duration::from_secs;
        let mut log = LogTime::new(Timestamp(100_000), at(0));
        log.note(Timestamp(110_000), at(10));
        log.note(Timestamp(112_000), at(26));
        assert_eq!(log.at(at(27)), Timestamp(127_000));
        // After an hour of silence too.
        log.note(Timestamp(128_000), at(3600));
        assert_eq!(log.at(at(3600)), Timestamp(3_700_000));
    }

    #[test]
    fn another_clock_is_followed_after_a_while() {
        let at = Duration::from_secs;
        let mut log = LogTime::new(Timestamp(3_600_000), at(0));
        for second in 1..70 {
            log.note(Timestamp(1000 * second as i64), at(second));
        }
        assert_eq!(log.at(at(70)), Timestamp(70_000));
    }
}
