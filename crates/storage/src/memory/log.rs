use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chinwag_model::entry::{Entry, Packet};
use chinwag_model::id::{Seq, Timestamp};
use chinwag_model::outcome::NotStored;

use crate::log::{Log, LogError, LogSink, Logged, Snapshot};

/// A log in memory. Its clones share what is stored, so that one can be followed after another was
/// dropped, as a file is opened again; and several can be followed at a time, as nodes follow one
/// log: what one stores is given to all.
///
/// The sinks are called before [`append`](Log::append) returns; they must not wait for one that is
/// appending. Each entry is a millisecond later
/// than the one before, until a clock is set: nothing here depends on the moment.
#[derive(Default)]
pub struct MemoryLog {
    stored: Arc<Mutex<Stored>>,
    /// Under which number its sink is kept with what is stored.
    follower: Option<u64>,
}

#[derive(Default)]
struct Stored {
    entries: VecDeque<Entry>,
    snapshot: Option<Snapshot>,
    last: Seq,
    time: Timestamp,
    clock: Option<Timestamp>,
    refuses: Option<NotStored>,
    sinks: BTreeMap<u64, LogSink>,
    followers: u64,
}

impl MemoryLog {
    /// An empty log.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the clock, which stands still from then on.
    pub fn set_clock(&self, now: Timestamp) {
        self.stored().clock = Some(now);
    }

    /// From now on packets are refused, or stored again.
    pub fn refuse(&self, why: Option<NotStored>) {
        self.stored().refuses = why;
    }

    /// How many entries are stored and not forgotten.
    #[must_use]
    pub fn entries(&self) -> usize {
        self.stored().entries.len()
    }

    fn stored(&self) -> MutexGuard<'_, Stored> {
        self.stored.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clone for MemoryLog {
    fn clone(&self) -> Self {
        Self { stored: Arc::clone(&self.stored), follower: None }
    }
}

impl fmt::Debug for MemoryLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryLog").field("last", &self.stored().last).finish_non_exhaustive()
    }
}

impl Log for MemoryLog {
    fn snapshot(&mut self) -> Result<Option<Snapshot>, LogError> {
        Ok(self.stored().snapshot.clone())
    }

    fn follow(&mut self, after: Seq, mut sink: LogSink) -> Result<Seq, LogError> {
        let mut stored = self.stored();
        let first = stored.entries.front().map_or(stored.last.next(), |entry| entry.seq);
        if after.next() < first {
            return Err(LogError::Trimmed { first: first.0, wanted: after.next().0 });
        }
        let entries = stored.entries.iter().filter(|entry| entry.seq > after);
        entries.for_each(|entry| sink(Logged::Entry(entry.clone())));
        stored.followers += 1;
        let (follower, last) = (stored.followers, stored.last);
        stored.sinks.insert(follower, sink);
        drop(stored);
        self.follower = Some(follower);
        Ok(last)
    }

    fn append(&mut self, packet: Packet) {
        let mut stored = self.stored();
        let logged = stored.take(packet);
        let is_entry = matches!(logged, Logged::Entry(_));
        for (follower, sink) in &mut stored.sinks {
            if is_entry || self.follower == Some(*follower) {
                sink(logged.clone());
            }
        }
    }

    fn save_snapshot(&mut self, snapshot: Snapshot) {
        let mut stored = self.stored();
        if stored.snapshot.as_ref().is_none_or(|older| older.seq < snapshot.seq) {
            stored.entries.retain(|entry| entry.seq > snapshot.seq);
            stored.last = stored.last.max(snapshot.seq);
            stored.time = stored.time.max(snapshot.time);
            stored.snapshot = Some(snapshot);
        }
    }
}

impl Drop for MemoryLog {
    fn drop(&mut self) {
        if let Some(follower) = self.follower {
            self.stored().sinks.remove(&follower);
        }
    }
}

impl Stored {
    fn take(&mut self, packet: Packet) -> Logged {
        if let Some(why) = self.refuses {
            return Logged::Refused { packet, why };
        }
        let now = self.clock.unwrap_or(Timestamp(self.time.0 + 1));
        self.last = self.last.next();
        self.time = self.time.max(now);
        let entry = Entry { seq: self.last, time: self.time, packet };
        self.entries.push_back(entry.clone());
        Logged::Entry(entry)
    }
}
