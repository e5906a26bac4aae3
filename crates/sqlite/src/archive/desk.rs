//! What the threads of the archive share: the queue, and how far each has come.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chinwag_model::id::Seq;
use chinwag_model::record::Record;
use chinwag_storage::archive::{ArchiveError, Synced};

/// Records after which no more entries are put into one transaction.
const BATCH_RECORDS: usize = 10_000;

/// How long the archive and the index let records gather, as each of their transactions costs more
/// than many rows. Nobody waits for it: who reads has what they need written or indexed at once, and
/// all of it is in the log.
const WRITE_GATHER: Duration = Duration::from_millis(200);
const INDEX_GATHER: Duration = Duration::from_millis(1000);

#[derive(Default)]
pub(super) struct Desk {
    state: Mutex<State>,
    /// There is something for the writer, or the end has begun.
    work: Condvar,
    /// Something was written or indexed, is wanted in the index, or the end has begun.
    progress: Condvar,
}

#[derive(Default)]
struct State {
    queue: VecDeque<(Seq, Vec<Record>)>,
    /// Records in the queue and in the writer's hands.
    backlog: usize,
    taken: Seq,
    kept: Seq,
    indexed: Seq,
    /// How far readers want what is kept, and searches the index.
    reader_wants: Seq,
    search_wants: Seq,
    /// Whether a search found the index damaged.
    index_is_damaged: bool,
    /// Each with what must be kept before.
    syncs: VecDeque<(Seq, Synced)>,
    is_closing: bool,
    /// Whether the last attempt to write failed, and another one is waited for.
    is_stuck: bool,
    writer_has_ended: bool,
}

impl State {
    /// Whether what is queued is to be written at once.
    fn is_pressing(&self) -> bool {
        self.backlog >= BATCH_RECORDS
            || self.reader_wants > self.kept
            || !self.syncs.is_empty()
            || self.is_closing
    }
}

/// What the writer is to do next.
pub(super) enum Work {
    /// Write the records of the entries up to one.
    Write(Seq, Vec<Record>),
    /// Make what is written durable.
    Sync(Vec<Synced>),
    /// Take what was taken back out of the write-ahead log.
    Tidy,
    /// Nothing any more.
    End,
}

/// What the indexer is to do next.
pub(super) enum IndexWork {
    /// Index what is kept.
    Index,
    /// The same, with a new index, as this one is damaged.
    Rebuild,
    /// Go on cleaning the index.
    Clean,
    /// Nothing any more.
    End,
}

impl Desk {
    pub(super) fn new(kept: Seq) -> Self {
        Self {
            state: Mutex::new(State { taken: kept, kept, ..State::default() }),
            ..Self::default()
        }
    }

    pub(super) fn keep(&self, upto: Seq, records: Vec<Record>) {
        let mut state = self.lock();
        if upto <= state.taken {
            return;
        }
        state.taken = upto;
        let was_waited_for = state.queue.is_empty();
        state.backlog += records.len();
        state.queue.push_back((upto, records));
        // Once it knows of something, the writer comes for more by itself.
        let wakes = was_waited_for || state.is_pressing();
        drop(state);
        if wakes {
            self.work.notify_one();
        }
    }

    pub(super) fn sync(&self, done: Synced) {
        let mut state = self.lock();
        if state.writer_has_ended {
            drop(state);
            return done(Err(ArchiveError::Closed));
        }
        let taken = state.taken;
        state.syncs.push_back((taken, done));
        drop(state);
        self.work.notify_one();
    }

    pub(super) fn kept(&self) -> Seq {
        self.lock().kept
    }

    pub(super) fn backlog(&self) -> usize {
        self.lock().backlog
    }

    /// What is queued is still written; then everything ends.
    pub(super) fn close(&self) {
        self.lock().is_closing = true;
        self.work.notify_all();
        self.progress.notify_all();
    }

    /// For the writer: waits for something to do; not for longer than until there is something to tidy
    /// up, if there is.
    pub(super) fn next_work(&self, tidying: Option<Duration>) -> Work {
        let idle = |state: &mut State| {
            state.queue.is_empty() && state.syncs.is_empty() && !state.is_closing
        };
        let state = match tidying {
            None => self.work.wait_while(self.lock(), idle),
            Some(time) => {
                let waited = self.work.wait_timeout_while(self.lock(), time, idle);
                let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
                if idle(&mut state) {
                    return Work::Tidy;
                }
                Ok(state)
            }
        };
        let state = state.unwrap_or_else(PoisonError::into_inner);
        let may_wait = |state: &mut State| !state.is_pressing();
        let waited = self.work.wait_timeout_while(state, WRITE_GATHER, may_wait);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner).0;
        let kept = state.kept;
        let due = state.syncs.iter().take_while(|(upto, _)| *upto <= kept).count();
        if due > 0 {
            return Work::Sync(state.syncs.drain(..due).map(|(_, done)| done).collect());
        }
        let (mut last, mut batch) = (kept, Vec::new());
        while batch.len() < BATCH_RECORDS
            && let Some((upto, records)) = state.queue.pop_front()
        {
            last = upto;
            batch.extend(records);
        }
        if last > kept { Work::Write(last, batch) } else { Work::End }
    }

    /// For the writer: this much is written.
    pub(super) fn written(&self, upto: Seq, records: usize) {
        let mut state = self.lock();
        state.kept = upto;
        state.is_stuck = false;
        state.backlog -= records;
        drop(state);
        self.progress.notify_all();
    }

    /// For the writer: waits before trying again; says whether the end has begun.
    pub(super) fn pause(&self, time: Duration) -> bool {
        let mut state = self.lock();
        state.is_stuck = true;
        self.progress.notify_all();
        let waited = self.progress.wait_timeout_while(state, time, |state| !state.is_closing);
        waited.unwrap_or_else(PoisonError::into_inner).0.is_closing
    }

    /// For the writer: it writes no more.
    pub(super) fn end_writing(&self) {
        let syncs = {
            let mut state = self.lock();
            state.writer_has_ended = true;
            std::mem::take(&mut state.syncs)
        };
        self.progress.notify_all();
        syncs.into_iter().for_each(|(_, done)| done(Err(ArchiveError::Closed)));
    }

    /// For the indexer, at the end: waits until the writer has ended; returns whether it has.
    pub(super) fn wait_writer(&self, deadline: Instant) -> bool {
        self.wait(deadline, |state| state.writer_has_ended, |_| false)
    }

    /// For readers: waits until everything up to an entry is kept. Says whether it is; at once that
    /// it is not while nothing can be written.
    pub(super) fn wait_kept(&self, at: Seq, deadline: Instant) -> bool {
        self.want_kept(at);
        let is_hopeless = |state: &State| state.writer_has_ended || state.is_stuck;
        self.wait(deadline, |state| state.kept >= at, is_hopeless)
    }

    /// Whether nothing can be written for the time being: the disk is full, say.
    pub(super) fn is_stuck(&self) -> bool {
        self.lock().is_stuck
    }

    /// For searches: waits until everything up to an entry is kept and indexed. Says whether it is.
    pub(super) fn wait_indexed(&self, at: Seq, deadline: Instant) -> bool {
        {
            let mut state = self.lock();
            state.search_wants = state.search_wants.max(at);
        }
        self.want_kept(at);
        self.progress.notify_all();
        let is_hopeless = |state: &State| state.is_closing || state.is_stuck;
        self.wait(deadline, |state| state.kept.min(state.indexed) >= at, is_hopeless)
    }

    /// For searches: the index must be built again.
    pub(super) fn index_is_damaged(&self) {
        let mut state = self.lock();
        state.index_is_damaged = true;
        state.indexed = Seq(0);
        drop(state);
        self.progress.notify_all();
    }

    /// For the indexer: waits until there is something to index, or until the index is due to be
    /// cleaned.
    pub(super) fn next_to_index(&self, cleaning: Option<Instant>) -> IndexWork {
        let is_idle = |state: &mut State| {
            state.kept <= state.indexed && !state.index_is_damaged && !state.is_closing
        };
        let state = self.lock();
        let state = match cleaning {
            None => {
                self.progress.wait_while(state, is_idle).unwrap_or_else(PoisonError::into_inner)
            }
            Some(due) => {
                let time = due.saturating_duration_since(Instant::now());
                let waited = self.progress.wait_timeout_while(state, time, is_idle);
                let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
                if is_idle(&mut state) {
                    return IndexWork::Clean;
                }
                state
            }
        };
        let is_not_wanted = |state: &mut State| {
            state.search_wants <= state.indexed && !state.index_is_damaged && !state.is_closing
        };
        let waited = self.progress.wait_timeout_while(state, INDEX_GATHER, is_not_wanted);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner).0;
        if state.is_closing {
            IndexWork::End
        } else if std::mem::take(&mut state.index_is_damaged) {
            IndexWork::Rebuild
        } else {
            IndexWork::Index
        }
    }

    /// For the indexer: the index reaches up to here. Says whether it may go on.
    pub(super) fn indexed(&self, upto: Seq) -> bool {
        let mut state = self.lock();
        state.indexed = upto;
        let may_go_on = !state.is_closing && !state.index_is_damaged;
        drop(state);
        self.progress.notify_all();
        may_go_on
    }

    fn want_kept(&self, at: Seq) {
        let mut state = self.lock();
        state.reader_wants = state.reader_wants.max(at);
        let wakes = state.is_pressing();
        drop(state);
        if wakes {
            self.work.notify_one();
        }
    }

    fn wait(
        &self,
        deadline: Instant,
        reached: impl Fn(&State) -> bool,
        is_hopeless: impl Fn(&State) -> bool,
    ) -> bool {
        let timeout = deadline.saturating_duration_since(Instant::now());
        let waiting = |state: &mut State| !reached(state) && !is_hopeless(state);
        let waited = self.progress.wait_timeout_while(self.lock(), timeout, waiting);
        reached(&waited.unwrap_or_else(PoisonError::into_inner).0)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn while_nothing_can_be_written_nobody_waits_for_it() {
        let desk = Desk::new(Seq(0));
        let far = Instant::now() + Duration::from_secs(3600);
        desk.keep(Seq(1), Vec::new());
        desk.pause(Duration::ZERO);
        assert!(desk.is_stuck());
        assert!(!desk.wait_kept(Seq(1), far) && !desk.wait_indexed(Seq(1), far));
        desk.written(Seq(1), 0);
        assert!(!desk.is_stuck() && desk.wait_kept(Seq(1), far));
    }
}
