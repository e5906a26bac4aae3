//! The copy that a node keeps of a log elsewhere: in the same file, and so easily made a log.
//!
//! What it takes may be lost to a power cut, as the log gives it again; so many entries are one
//! commit without a sync. Who can't write it waits, and tells.

use std::collections::VecDeque;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use chinwag_model::entry::Entry;
use chinwag_model::id::Seq;
use chinwag_storage::copy::LogCopy;
use chinwag_storage::log::{LogError, Snapshot};
use rusqlite::{Connection, OptionalExtension};

use super::row::Row;
use super::saving::{self, Progress, Saving};
use super::{MIGRATIONS, failed, saved};
use crate::database::{self, Commit};
use crate::error::OpenError;
use crate::folder::Folder;
use crate::int::signed;

/// Entries that may wait for the disk; beyond, who brings them waits.
const WAITING_MAX: usize = 256;

/// How long to wait before writing again what could not be written.
const AGAIN: Duration = Duration::from_millis(250);

/// A copy in `log.sqlite` of a log elsewhere.
pub struct SqliteCopy {
    file: PathBuf,
    reading: Mutex<Connection>,
    inbox: Arc<Inbox>,
    thread: Option<JoinHandle<()>>,
    /// Dropped last.
    _folder: Folder,
}

/// What waits for the thread that writes.
#[derive(Debug, Default)]
struct Inbox {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    entries: VecDeque<Entry>,
    snapshot: Option<Snapshot>,
    closing: bool,
}

/// What is written next.
enum Work {
    Entries(Vec<Entry>),
    Snapshot(Snapshot),
    End,
}

impl SqliteCopy {
    pub(crate) fn open(folder: &Folder) -> Result<Self, OpenError> {
        let file = folder.log();
        let reading = database::open(&file, MIGRATIONS, Commit::Durable)?;
        let writing =
            database::reopen(&file, Commit::Soon).map_err(|error| OpenError::of(&file, &error))?;
        let inbox = Arc::new(Inbox::default());
        let (own, path) = (Arc::clone(&inbox), file.clone());
        let thread = crate::thread::vital("log-copy", move || write(&own, &writing, &path))
            .map_err(|error| OpenError::Failed { path: file.clone(), reason: error.to_string() })?;
        Ok(Self {
            file,
            reading: Mutex::new(reading),
            inbox,
            thread: Some(thread),
            _folder: folder.clone(),
        })
    }

    /// Makes this, durably, a log of its own, which [`open`](crate::store::open) takes; the copy is not
    /// to be used after that.
    ///
    /// # Errors
    /// [`LogError::Failed`] if it can't be written.
    pub fn leave(&self) -> Result<(), LogError> {
        let left = self.reading().execute("DELETE FROM origin", []);
        left.map(drop).map_err(|error| failed(&self.file, &error))
    }

    fn reading(&self) -> MutexGuard<'_, Connection> {
        self.reading.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn damaged(&self, what: &str) -> LogError {
        LogError::Damaged { what: format!("{what} in {}", self.file.display()) }
    }
}

impl LogCopy for SqliteCopy {
    fn origin(&self) -> Result<Option<String>, LogError> {
        origin(&self.reading()).map_err(|error| failed(&self.file, &error))
    }

    fn set_origin(&self, origin: &str) -> Result<(), LogError> {
        let set = self.reading().execute("INSERT OR REPLACE INTO origin VALUES (1, ?1)", [origin]);
        set.map(drop).map_err(|error| failed(&self.file, &error))
    }

    fn snapshot(&self) -> Result<Option<Snapshot>, LogError> {
        let read = saving::read(&self.reading()).map_err(|error| failed(&self.file, &error))?;
        read.map_err(|why| self.damaged(&format!("the snapshot {why}")))
    }

    fn last(&self) -> Result<(Seq, Option<Entry>), LogError> {
        let failed = |error| failed(&self.file, &error);
        let connection = self.reading();
        let (saved, _) = saved(&connection).map_err(failed)?;
        let sql = "SELECT seq, time_ms, packet, crc32 FROM entry ORDER BY seq DESC LIMIT 1";
        let row = connection.query_row(sql, [], |row| Ok(Row::read(row))).optional();
        let Some(row) = row.map_err(failed)? else { return Ok((saved, None)) };
        let entry = row
            .and_then(|row| row.entry())
            .map_err(|why| self.damaged(&format!("the last entry {why}")))?;
        if entry.seq < saved {
            return Ok((saved, None));
        }
        Ok((entry.seq, Some(entry)))
    }

    fn replay(&self, after: Seq, take: &mut dyn FnMut(Entry)) -> Result<Seq, LogError> {
        let failed = |error| failed(&self.file, &error);
        let connection = self.reading();
        let (saved, _) = saved(&connection).map_err(failed)?;
        if saved > after {
            return Err(LogError::Trimmed { first: saved.next().0, wanted: after.next().0 });
        }
        let sql = "SELECT seq, time_ms, packet, crc32 FROM entry WHERE seq > ?1 ORDER BY seq";
        let mut statement = connection.prepare(sql).map_err(failed)?;
        let mut rows = statement.query([signed(after.0)]).map_err(failed)?;
        let mut last = after;
        while let Some(row) = rows.next().map_err(failed)? {
            let entry = Row::read(row)
                .and_then(|row| row.entry())
                .map_err(|why| self.damaged(&format!("entry {} {why}", last.next().0)))?;
            if entry.seq != last.next() {
                return Err(self.damaged(&format!("entry {} is missing", last.next().0)));
            }
            last = entry.seq;
            take(entry);
        }
        Ok(last)
    }

    fn keep(&self, entry: &Entry) {
        let waiting = self.inbox.waiting();
        let full = |waiting: &mut Waiting| waiting.entries.len() >= WAITING_MAX;
        let mut waiting =
            (self.inbox.changed.wait_while(waiting, full)).unwrap_or_else(PoisonError::into_inner);
        waiting.entries.push_back(entry.clone());
        self.inbox.changed.notify_all();
    }

    fn save_snapshot(&self, snapshot: Snapshot) {
        let mut waiting = self.inbox.waiting();
        if waiting.snapshot.as_ref().is_none_or(|older| older.seq < snapshot.seq) {
            waiting.snapshot = Some(snapshot);
        }
        self.inbox.changed.notify_all();
    }
}

impl Drop for SqliteCopy {
    fn drop(&mut self) {
        self.inbox.waiting().closing = true;
        self.inbox.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for SqliteCopy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteCopy").field("file", &self.file).finish_non_exhaustive()
    }
}

impl Inbox {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is to be done next: entries first, as a snapshot is of what was kept before.
    fn next(&self) -> Work {
        let idle = |waiting: &mut Waiting| {
            waiting.entries.is_empty() && waiting.snapshot.is_none() && !waiting.closing
        };
        let mut waiting =
            self.changed.wait_while(self.waiting(), idle).unwrap_or_else(PoisonError::into_inner);
        if !waiting.entries.is_empty() {
            let entries = waiting.entries.drain(..).collect();
            self.changed.notify_all();
            return Work::Entries(entries);
        }
        waiting.snapshot.take().map_or(Work::End, Work::Snapshot)
    }

    /// Waits a little; whether the end has come meanwhile.
    fn pause(&self) -> bool {
        let waited = self
            .changed
            .wait_timeout_while(self.waiting(), AGAIN, |waiting| !waiting.closing)
            .unwrap_or_else(PoisonError::into_inner);
        waited.0.closing
    }
}

fn write(inbox: &Inbox, connection: &Connection, file: &Path) {
    let mut saved = saved(connection).map_or(Seq(0), |(saved, _)| saved);
    let mut failing = false;
    loop {
        let work = inbox.next();
        loop {
            let written = match &work {
                Work::End => return,
                Work::Entries(entries) => keep(connection, entries),
                Work::Snapshot(snapshot) if snapshot.seq <= saved => Ok(()),
                Work::Snapshot(snapshot) => save(connection, snapshot),
            };
            let Err(error) = written else { break };
            if !std::mem::replace(&mut failing, true) {
                tracing::error!("cannot write {}, trying again: {error}", file.display());
            }
            if inbox.pause() {
                return;
            }
        }
        if std::mem::take(&mut failing) {
            tracing::info!("{} is written again", file.display());
        }
        if let Work::Snapshot(snapshot) = work {
            saved = saved.max(snapshot.seq);
        }
    }
}

fn keep(connection: &Connection, entries: &[Entry]) -> rusqlite::Result<()> {
    let transaction = connection.unchecked_transaction()?;
    for Entry { seq, time, packet } in entries {
        Row::of(*seq, *time, packet).store(&transaction)?;
    }
    transaction.commit()
}

/// Saves a snapshot; the entry that it ends with stays, so that the log is known again by it.
fn save(connection: &Connection, snapshot: &Snapshot) -> rusqlite::Result<()> {
    let mut saving = Saving::new(snapshot.clone()).with_last_entry();
    while saving.step(connection)? != Progress::Done {}
    // What was overwritten is in the write-ahead log still; if somebody reads now, the next one will do.
    database::empty_wal(connection, Duration::ZERO).map(drop)
}

/// The identity of the log that the file has a copy of.
pub(super) fn origin(connection: &Connection) -> rusqlite::Result<Option<String>> {
    connection.query_row("SELECT log FROM origin", [], |row| row.get(0)).optional()
}
