//! The log that the nodes of a cluster share: a stream in several copies, as JetStream has it.

use chinwag_model::entry::{Entry, Packet};
use chinwag_model::id::{Seq, Timestamp};

use crate::agenda::Micros;

/// Entries that one fetch brings.
const FETCH: usize = 50;

/// What a quorum has stored.
#[derive(Debug, Default)]
pub(crate) struct Stream {
    entries: Vec<Entry>,
    time: Timestamp,
    /// How far the leader's clock is off.
    pub(crate) skew_ms: i64,
    /// Until when there is no leader, or no quorum.
    pub(crate) dumb_until: Micros,
}

impl Stream {
    /// Stores a packet, if there is a leader.
    pub(crate) fn store(&mut self, packet: Packet, now: Micros, wall: i64) -> Option<Entry> {
        if now < self.dumb_until {
            return None;
        }
        self.time = self.time.max(Timestamp(wall + self.skew_ms));
        let seq = self.last().next();
        let entry = Entry { seq, time: self.time, packet };
        self.entries.push(entry.clone());
        Some(entry)
    }

    pub(crate) fn last(&self) -> Seq {
        self.entries.last().map_or(Seq(0), |entry| entry.seq)
    }

    /// What stands after an entry: all, or as much as one fetch brings.
    pub(crate) fn after(&self, seq: Seq) -> &[Entry] {
        let from = usize::try_from(seq.0).unwrap_or(usize::MAX).min(self.entries.len());
        self.entries.get(from..).unwrap_or_default()
    }

    /// As much of it as one fetch brings.
    pub(crate) fn fetch(&self, seq: Seq) -> Vec<Entry> {
        self.after(seq).iter().take(FETCH).cloned().collect()
    }
}
