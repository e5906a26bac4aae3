//! The log: one row an entry, one commit a packet, on a thread of its own.
//!
//! A commit is one insertion into a write-ahead log with `synchronous=FULL`: it costs one write
//! and one fsync. Everything else that the file needs is done in small steps: checkpoints mostly
//! by another thread, beside the commits ([`checkpoint`]), a snapshot in pieces between them
//! ([`saving`]).
//!
//! Every row has a checksum, so that a byte turned over on the disk is found at the next start
//! and not taken for what someone said.

mod checkpoint;
mod copy;
mod live;
mod row;
mod saving;
mod trouble;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;

use chinwag_model::entry::Packet;
use chinwag_model::id::{Seq, Timestamp};
use chinwag_storage::log::{Log, LogError, LogSink, Logged, Snapshot};
use rusqlite::{Connection, OptionalExtension};

use crate::database::{self, Commit};
use crate::error::OpenError;
use crate::folder::Folder;
use crate::int::unsigned;
pub use copy::SqliteCopy;
use live::{Closing, Job, Live};
use row::Row;

/// The formats of `log.sqlite`.
pub(crate) const MIGRATIONS: &[&str] = &["
    CREATE TABLE entry (
        seq INTEGER PRIMARY KEY,   -- its number, from 1 and without a hole
        time_ms INTEGER NOT NULL,  -- since 1970 in UTC, never before the entry before
        packet BLOB NOT NULL,      -- a format byte, then CBOR
        crc32 INTEGER NOT NULL     -- of number and time, 8 bytes each with the highest first, and packet
    );
    CREATE TABLE snapshot (        -- one row, or none
        seq INTEGER PRIMARY KEY,   -- the last entry in it
        time_ms INTEGER NOT NULL,  -- of that entry
        parts INTEGER NOT NULL,    -- how many there are
        crc32 INTEGER NOT NULL     -- of number and time as above, and all parts
    );
    CREATE TABLE snapshot_part (   -- parts of other snapshots are left from a crash
        seq INTEGER NOT NULL,
        part INTEGER NOT NULL,
        bytes BLOB NOT NULL,
        PRIMARY KEY (seq, part)
    );
", "
    CREATE TABLE origin (          -- one row where this is a copy of a log elsewhere, or none
        one INTEGER PRIMARY KEY CHECK (one = 1),
        log TEXT NOT NULL          -- which one
    );
"];

/// The log in `log.sqlite`.
pub struct SqliteLog {
    file: PathBuf,
    state: State,
    /// Dropped last.
    _folder: Folder,
}

enum State {
    /// Nobody follows it yet.
    Resting(Connection),
    Following {
        jobs: Sender<Job>,
        closing: Arc<Closing>,
        thread: JoinHandle<()>,
    },
    Closed,
}

impl SqliteLog {
    pub(crate) fn open(folder: &Folder) -> Result<Self, OpenError> {
        let file = folder.log();
        let connection = database::open(&file, MIGRATIONS, Commit::Durable)?;
        let origin = copy::origin(&connection).map_err(|error| OpenError::of(&file, &error))?;
        if origin.is_some() {
            return Err(OpenError::OfCluster { path: file });
        }
        Ok(Self { file, state: State::Resting(connection), _folder: folder.clone() })
    }

    fn connection(&self) -> Result<&Connection, LogError> {
        match &self.state {
            State::Resting(connection) => Ok(connection),
            _ => Err(LogError::Failed { reason: "it is followed already".to_owned() }),
        }
    }

    fn failed(&self, error: &rusqlite::Error) -> LogError {
        failed(&self.file, error)
    }

    fn damaged(&self, what: &str) -> LogError {
        LogError::Damaged { what: format!("{what} in {}", self.file.display()) }
    }

    /// Gives the stored entries after a place to the sink. Returns the last one's number and time.
    fn replay(&self, after: Seq, sink: &mut LogSink) -> Result<(Seq, Timestamp), LogError> {
        let failed = |error| self.failed(&error);
        let connection = self.connection()?;
        let (saved, saved_time) = saved(connection).map_err(failed)?;
        let (mut last, mut time) = (after, Timestamp::default());
        let sql = "SELECT seq, time_ms, packet, crc32 FROM entry WHERE seq > ?1 ORDER BY seq";
        let mut statement = connection.prepare(sql).map_err(failed)?;
        let mut rows = statement.query([crate::int::signed(after.0)]).map_err(failed)?;
        loop {
            let row = rows.next().map_err(|error| match self.failed(&error) {
                LogError::Damaged { what } => {
                    LogError::Damaged { what: format!("after entry {}, {what}", last.0) }
                }
                other => other,
            })?;
            let Some(row) = row else { break };
            let entry = Row::read(row)
                .and_then(|row| row.entry())
                .map_err(|why| self.damaged(&format!("entry {} {why}", last.next().0)))?;
            if entry.seq != last.next() {
                let (first, wanted) = (entry.seq.0, last.next().0);
                return Err(if last == after && saved > after {
                    LogError::Trimmed { first, wanted }
                } else {
                    self.damaged(&format!("entry {wanted} is missing"))
                });
            }
            (last, time) = (entry.seq, entry.time);
            sink(Logged::Entry(entry));
        }
        if saved > last {
            return Err(LogError::Trimmed { first: saved.next().0, wanted: last.next().0 });
        }
        Ok((last, time.max(saved_time)))
    }
}

impl Log for SqliteLog {
    fn snapshot(&mut self) -> Result<Option<Snapshot>, LogError> {
        let read = saving::read(self.connection()?).map_err(|error| self.failed(&error))?;
        read.map_err(|why| self.damaged(&format!("the snapshot {why}")))
    }

    fn follow(&mut self, after: Seq, mut sink: LogSink) -> Result<Seq, LogError> {
        let (last, time) = self.replay(after, &mut sink)?;
        let State::Resting(connection) = std::mem::replace(&mut self.state, State::Closed) else {
            return Err(LogError::Failed { reason: "it is followed already".to_owned() });
        };
        let (saved, _) = saved(&connection).map_err(|error| self.failed(&error))?;
        let closing = Arc::new(Closing::default());
        let (jobs, inbox) = channel();
        let live = Live::new(self.file.clone(), connection, sink, Arc::clone(&closing))
            .at(last, time, saved);
        let thread = crate::thread::vital("log", move || live.run(&inbox))
            .map_err(|error| LogError::Failed { reason: error.to_string() })?;
        self.state = State::Following { jobs, closing, thread };
        Ok(last)
    }

    fn append(&mut self, packet: Packet) {
        self.send(Job::Append(packet));
    }

    fn save_snapshot(&mut self, snapshot: Snapshot) {
        self.send(Job::Save(snapshot));
    }
}

impl SqliteLog {
    fn send(&self, job: Job) {
        // The thread ends before the log does only with the whole process.
        match &self.state {
            State::Following { jobs, .. } if jobs.send(job).is_ok() => {}
            _ => tracing::error!("the log was used before it was followed, which is a bug"),
        }
    }
}

impl Drop for SqliteLog {
    fn drop(&mut self) {
        if let State::Following { jobs, closing, thread } =
            std::mem::replace(&mut self.state, State::Closed)
        {
            closing.begin();
            drop(jobs);
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for SqliteLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteLog").field("file", &self.file).finish_non_exhaustive()
    }
}

fn failed(file: &Path, error: &rusqlite::Error) -> LogError {
    match OpenError::of(file, error) {
        OpenError::Damaged { path, reason } => {
            LogError::Damaged { what: format!("{}: {reason}", path.display()) }
        }
        _ => LogError::Failed { reason: format!("{}: {error}", file.display()) },
    }
}

/// The last entry in the snapshot, and its time; 0 where there is none.
fn saved(connection: &Connection) -> rusqlite::Result<(Seq, Timestamp)> {
    let row = connection
        .query_row("SELECT seq, time_ms FROM snapshot", [], |row| {
            Ok((Seq(unsigned(row.get(0)?)), Timestamp(row.get(1)?)))
        })
        .optional()?;
    Ok(row.unwrap_or_default())
}

/// What a file holds of a log elsewhere.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) origin: Option<String>,
    /// The entry that the snapshot ends with; 0 where there is none.
    pub(crate) saved: Seq,
    /// The last entry that can be read from here on.
    pub(crate) last: Seq,
}

/// Reads all that a file holds of a log elsewhere; the inner error says what is wrong with it.
pub(crate) fn examine(connection: &Connection) -> rusqlite::Result<Result<Found, String>> {
    let saved = match saving::read(connection)? {
        Ok(snapshot) => snapshot.map_or(Seq(0), |snapshot| snapshot.seq),
        Err(why) => return Ok(Err(format!("has a snapshot that {why}"))),
    };
    let mut last = saved;
    let sql = "SELECT seq, time_ms, packet, crc32 FROM entry WHERE seq > ?1 ORDER BY seq";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([crate::int::signed(saved.0)])?;
    while let Some(row) = rows.next()? {
        let entry = match Row::read(row).and_then(|row| row.entry()) {
            Ok(entry) => entry,
            Err(why) => return Ok(Err(format!("has an entry {} that {why}", last.next().0))),
        };
        if entry.seq != last.next() {
            return Ok(Err(format!("lacks entry {}", last.next().0)));
        }
        last = entry.seq;
    }
    Ok(Ok(Found { origin: copy::origin(connection)?, saved, last }))
}

#[cfg(test)]
mod tests;
