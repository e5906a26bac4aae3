//! The log's own thread: it alone writes the file.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use chinwag_model::entry::{Entry, Packet};
use chinwag_model::id::{Seq, Timestamp};
use chinwag_storage::log::{LogSink, Logged, Snapshot};
use rusqlite::Connection;

use super::checkpoint::Checkpoints;
use super::row::Row;
use super::saving::{Progress, Saving};
use super::trouble;
use crate::database::{self, Commit};
use crate::int::{signed, unsigned};

/// How long to wait before looking again what became of a commit.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// How often to look whether the write-ahead log can be emptied.
const EMPTYING: Duration = Duration::from_millis(20);

/// What the thread is asked to do.
#[derive(Debug)]
pub(super) enum Job {
    Append(Packet),
    Save(Snapshot),
}

/// Whether the log is being closed.
#[derive(Debug, Default)]
pub(super) struct Closing {
    begun: Mutex<bool>,
    changed: Condvar,
}

impl Closing {
    pub(super) fn begin(&self) {
        *self.begun.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }

    /// Waits for so long, or until it begins; says whether it has begun.
    fn wait(&self, timeout: Duration) -> bool {
        let begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.changed.wait_timeout_while(begun, timeout, |begun| !*begun);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

/// The thread's state.
pub(super) struct Live {
    file: PathBuf,
    /// `None` only while it can't be opened again.
    connection: Option<Connection>,
    sink: LogSink,
    closing: Arc<Closing>,
    last: Seq,
    time: Timestamp,
    /// The last entry in the snapshot that is saved.
    saved: Seq,
    saving: Option<Saving>,
    /// The snapshot to save after that.
    next: Option<Snapshot>,
    checkpoints: Checkpoints,
    /// The last entry by which something has to leave the disk; once it is trimmed, so is what the
    /// write-ahead log still has of it.
    spilt: Option<Seq>,
    /// Whether the last packet was refused: the operator is told of the first one only.
    failing: bool,
}

impl Live {
    pub(super) fn new(
        file: PathBuf,
        connection: Connection,
        sink: LogSink,
        closing: Arc<Closing>,
    ) -> Self {
        let checkpoints = Checkpoints::new(&file);
        Self {
            file,
            connection: Some(connection),
            sink,
            closing,
            last: Seq(0),
            time: Timestamp(0),
            saved: Seq(0),
            saving: None,
            next: None,
            checkpoints,
            spilt: None,
            failing: false,
        }
    }

    /// It goes on after this entry and time, with a snapshot up to `saved`.
    pub(super) fn at(self, last: Seq, time: Timestamp, saved: Seq) -> Self {
        // There may be something of an earlier run.
        Self { last, time, saved, spilt: Some(last), ..self }
    }

    /// Does what it is asked, until nobody can ask and nothing is left to do.
    pub(super) fn run(mut self, jobs: &Receiver<Job>) {
        loop {
            let job = if self.saving.is_some() {
                jobs.try_recv().ok()
            } else {
                let patience =
                    if self.checkpoints.is_emptying() { EMPTYING } else { Duration::MAX };
                match jobs.recv_timeout(patience) {
                    Ok(job) => Some(job),
                    Err(RecvTimeoutError::Timeout) => None,
                    Err(RecvTimeoutError::Disconnected) => break,
                }
            };
            match job {
                Some(Job::Append(packet)) => self.append(packet),
                Some(Job::Save(snapshot)) => self.save(snapshot),
                None => {}
            }
            self.go_on_saving();
            if let Some(connection) = &self.connection {
                self.checkpoints.mind(connection);
            }
        }
        self.checkpoints.wait();
    }

    fn append(&mut self, packet: Packet) {
        let seq = self.last.next();
        let time = self.time.max(now());
        let row = Row::of(seq, time, &packet);
        let stored = self.store(&row);
        let is_stored = match &stored {
            Ok(()) => Some(true),
            Err(error) if trouble::is_surely_undone(error) => Some(false),
            Err(_) => self.find_out(&row),
        };
        match (is_stored, stored) {
            (Some(true), _) => {
                (self.last, self.time, self.failing) = (seq, time, false);
                self.checkpoints.wrote(row.packet.len());
                if packet.requests.iter().any(|request| request.intent.erases()) {
                    self.spilt = Some(seq);
                }
                (self.sink)(Logged::Entry(Entry { seq, time, packet }));
            }
            (Some(false), Err(error)) => {
                if !std::mem::replace(&mut self.failing, true) {
                    tracing::error!("cannot write {}: {error}", self.file.display());
                }
                let why = trouble::why(&error, &self.file);
                (self.sink)(Logged::Refused { packet, why });
            }
            // Nobody is told what nobody knows. The next start finds it, or does not.
            _ => tracing::error!(
                "the end came before it was known whether entry {} is stored",
                seq.0
            ),
        }
    }

    fn store(&mut self, row: &Row) -> rusqlite::Result<()> {
        let connection = opened(&mut self.connection, &self.file)?;
        let stored = row.store(connection);
        match &stored {
            // There may be room in the file itself, for what is in the write-ahead log.
            Err(error) if trouble::is_surely_undone(error) => {
                self.checkpoints.wait();
                match self.checkpoints.finish(connection) {
                    Ok(true) => row.store(connection),
                    _ => stored,
                }
            }
            _ => stored,
        }
    }

    /// Whether a row is stored whose commit failed, so that it may or may not be. `None` if that
    /// could not be learned before the log was closed.
    ///
    /// Until it is known nothing else is stored, and nobody is told anything.
    pub(super) fn find_out(&mut self, row: &Row) -> Option<bool> {
        loop {
            match self.look_for(row) {
                Ok(found) => return Some(found),
                Err(error) => {
                    if !std::mem::replace(&mut self.failing, true) {
                        let file = self.file.display();
                        tracing::error!("cannot tell what {file} holds, trying again: {error}");
                    }
                }
            }
            if self.closing.wait(LOOK_AGAIN) {
                return None;
            }
        }
    }

    /// Opens the file as after a crash, and looks.
    fn look_for(&mut self, row: &Row) -> Result<bool, Lost> {
        // Only when nobody has it open does SQLite read the write-ahead log anew.
        self.checkpoints.wait();
        self.connection = None;
        let connection = opened(&mut self.connection, &self.file)?;
        let found: i64 = connection.query_row(
            "SELECT max(coalesce((SELECT max(seq) FROM entry), 0),
                        coalesce((SELECT max(seq) FROM snapshot), 0))",
            [],
            |row| row.get(0),
        )?;
        if found == signed(self.last.0) {
            return Ok(false);
        }
        if found != row.seq {
            return Err(Lost::Elsewhere { found: unsigned(found), last: self.last.0 });
        }
        // A failed fsync may have thrown away what it could not write (wiki.postgresql.org,
        // "Fsync Errors"): only what is written once more is known to be on the disk.
        match database::checkpoint(connection)? {
            0 => Ok(true),
            rest => Err(Lost::NotWritten { rest }),
        }
    }

    fn save(&mut self, snapshot: Snapshot) {
        let newest = self.saving.as_ref().map_or(self.saved, Saving::seq);
        if snapshot.seq > newest {
            self.next = Some(snapshot);
        }
    }

    fn go_on_saving(&mut self) {
        if self.saving.is_none() {
            self.saving = self.next.take().map(Saving::new);
        }
        let Some(saving) = &mut self.saving else { return };
        let stepped =
            opened(&mut self.connection, &self.file).and_then(|connection| saving.step(connection));
        match stepped {
            Ok(Progress::Going(bytes)) => self.checkpoints.wrote(bytes),
            Ok(Progress::Saved) => {
                self.saved = saving.seq();
                self.checkpoints.wrote(0);
            }
            Ok(Progress::Done) => {
                self.saving = self.next.take().map(Saving::new);
                if self.spilt.is_some_and(|spilt| spilt <= self.saved) {
                    self.spilt = None;
                    self.checkpoints.empty();
                }
            }
            Err(error) => {
                let file = self.file.display();
                tracing::error!("cannot save a snapshot in {file}, so the log grows: {error}");
                self.saving = None;
            }
        }
    }
}

/// Why it is not known what the log holds.
#[derive(Debug, thiserror::Error)]
enum Lost {
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    #[error("it ends with entry {found}, where {last} was expected")]
    Elsewhere { found: u64, last: u64 },
    #[error("{rest} pages could not be written into the file")]
    NotWritten { rest: u64 },
}

fn opened<'c>(
    connection: &'c mut Option<Connection>,
    file: &Path,
) -> rusqlite::Result<&'c mut Connection> {
    match connection {
        Some(connection) => Ok(connection),
        none => Ok(none.insert(database::reopen(file, Commit::Durable)?)),
    }
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    Timestamp(since.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX)))
}
