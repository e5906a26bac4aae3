//! When the log is trimmed because something has to leave the disk.
//!
//! A message that was taken back, and the hash of an old password, stand in the log until a snapshot takes
//! the place of its entries. They have to be gone within a minute. A snapshot of a large state takes a
//! while, in which nothing else is done, so that it is not made for each of them.

use std::time::{Duration, Instant};

use chinwag_model::entry::Entry;
use chinwag_model::id::Seq;

/// How long after an entry the snapshot is made: so many times as long as making one takes, within these
/// bounds. The longest leaves time to spare in the minute.
const FACTOR: u32 = 100;
const PAUSE_MIN: Duration = Duration::from_secs(2);
const PAUSE_MAX: Duration = Duration::from_secs(25);

/// What has to leave the log, and when.
#[derive(Debug, Default)]
pub(crate) struct Erasing {
    /// The last entry to be trimmed, and when a snapshot is due.
    pending: Option<(Seq, Instant)>,
    /// How long it took to make the last snapshot.
    took: Duration,
}

impl Erasing {
    /// Takes note of an entry, if something has to leave the log with it.
    pub(crate) fn note(&mut self, entry: &Entry, now: Instant) {
        if entry.packet.requests.iter().any(|request| request.intent.erases()) {
            let due = self.pending.map_or(now + self.pause(), |(_, due)| due);
            self.pending = Some((entry.seq, due));
        }
    }

    pub(crate) fn is_due(&self, now: Instant) -> bool {
        self.pending.is_some_and(|(_, due)| due <= now)
    }

    /// A snapshot was made, in this time. Another one is due if it is not saved, or something is to be
    /// erased after it.
    pub(crate) fn made(&mut self, took: Duration, now: Instant) {
        self.took = took;
        let pause = self.pause();
        self.pending = self.pending.map(|(upto, _)| (upto, now + pause));
    }

    /// A snapshot of the entries up to one is being saved.
    pub(crate) fn saved(&mut self, upto: Seq) {
        self.pending = self.pending.filter(|(last, _)| *last > upto);
    }

    fn pause(&self) -> Duration {
        (self.took * FACTOR).clamp(PAUSE_MIN, PAUSE_MAX)
    }
}

#[cfg(test)]
mod tests {
    use chinwag_model::entry::Packet;
    use chinwag_model::id::{NodeId, SessionId, Timestamp};
    use chinwag_model::intent::{Intent, Origin, Request};
    use chinwag_model::secret::Verifier;

    use super::*;

    fn entry(seq: u64, intent: Intent) -> Entry {
        let node = NodeId(1);
        let origin = Origin { session: SessionId { node, number: 1 }, request: 1 };
        let requests = vec![Request { origin, intent }];
        let packet = Packet { node, epoch: 1, first: 0, requests, expires: None };
        Entry { seq: Seq(seq), time: Timestamp(0), packet }
    }

    fn password() -> Intent {
        Intent::SetPassword { verifier: Verifier::new("v".to_owned()), proof: None }
    }

    #[test]
    fn one_snapshot_serves_all_that_is_erased_before_it_and_none_after_it() {
        let now = Instant::now();
        let at = |seconds| now + Duration::from_secs(seconds);
        let mut erasing = Erasing::default();
        erasing.note(&entry(1, Intent::Begin), at(0));
        assert!(!erasing.is_due(at(100)));
        erasing.note(&entry(2, password()), at(0));
        erasing.note(&entry(3, password()), at(1));
        assert!(!erasing.is_due(at(1)) && erasing.is_due(at(2)));
        erasing.made(Duration::from_millis(100), at(2));
        assert!(!erasing.is_due(at(11)) && erasing.is_due(at(12)), "it was not saved");
        erasing.note(&entry(5, password()), at(12));
        erasing.saved(Seq(4));
        assert!(erasing.is_due(at(12)), "it was of before");
        erasing.saved(Seq(5));
        assert!(!erasing.is_due(at(100)));
    }

    #[test]
    fn attack_however_large_the_state_it_is_within_the_minute_and_not_all_the_time() {
        let now = Instant::now();
        let mut erasing = Erasing::default();
        erasing.made(Duration::from_secs(5), now);
        erasing.note(&entry(1, password()), now);
        assert!(!erasing.is_due(now + Duration::from_secs(24)));
        assert!(erasing.is_due(now + Duration::from_secs(25)));
    }
}
