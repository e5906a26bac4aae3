//! A node's own disk: its log, or its copy of one, and a snapshot of the state.

use std::collections::VecDeque;

use chinwag_model::entry::{Entry, Packet};
use chinwag_model::id::{Seq, Timestamp};
use chinwag_model::outcome::NotStored;
use chinwag_storage::log::{Logged, Snapshot};

/// What lies on a disk, and what is on its way to it.
#[derive(Debug, Default)]
pub(crate) struct Disk {
    /// Those after the snapshot.
    pub(crate) entries: Vec<Entry>,
    pub(crate) snapshot: Option<Snapshot>,
    /// How many of the entries would survive a power cut; of a log of its own, all.
    pub(crate) synced: usize,
    last: Seq,
    time: Timestamp,
    /// Packets that are being stored.
    in_flight: VecDeque<Packet>,
    pub(crate) is_full: bool,
}

impl Disk {
    /// A packet is offered. Whether it is the only one.
    pub(crate) fn append(&mut self, packet: Packet) -> bool {
        self.in_flight.push_back(packet);
        self.in_flight.len() == 1
    }

    /// The packet offered first is durable, or can't be stored.
    pub(crate) fn commit(&mut self, now: Timestamp) -> Option<Logged> {
        let packet = self.in_flight.pop_front()?;
        if self.is_full {
            return Some(Logged::Refused { packet, why: NotStored::DiskFull });
        }
        self.last = self.last.next();
        self.time = self.time.max(now);
        let entry = Entry { seq: self.last, time: self.time, packet };
        self.entries.push(entry.clone());
        self.synced = self.entries.len();
        Some(Logged::Entry(entry))
    }

    pub(crate) fn is_busy(&self) -> bool {
        !self.in_flight.is_empty()
    }

    /// Keeps a copy of an entry that is stored elsewhere.
    pub(crate) fn copy(&mut self, entry: &Entry) {
        if entry.seq > self.last {
            self.last = entry.seq;
            self.entries.push(entry.clone());
        }
    }

    /// The last entry that is here, or in the snapshot.
    pub(crate) fn last(&self) -> Seq {
        self.last
    }

    pub(crate) fn save(&mut self, snapshot: Snapshot) {
        if self.snapshot.as_ref().is_none_or(|older| older.seq < snapshot.seq) {
            let before = self.entries.len();
            self.entries.retain(|entry| entry.seq > snapshot.seq);
            self.synced = self.synced.saturating_sub(before - self.entries.len());
            self.snapshot = Some(snapshot);
        }
    }

    /// The process is no more: what was on its way is lost, and of a copy what is behind so many
    /// entries.
    pub(crate) fn crash(&mut self, entries: usize) {
        self.in_flight.clear();
        self.entries.truncate(entries.max(self.synced));
        let saved = self.snapshot.as_ref().map_or(Seq(0), |snapshot| snapshot.seq);
        self.last = self.entries.last().map_or(saved, |entry| entry.seq);
    }
}
