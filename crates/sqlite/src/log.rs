//! The log in SQLite: a row an entry, a commit a packet, each commit synced.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{SystemTime, UNIX_EPOCH};

use chinwag_model::entry::{Entry, Packet};
use chinwag_model::id::{Seq, Timestamp};
use chinwag_model::outcome::NotStored;
use chinwag_storage::log::{Log, LogError, LogSink, Logged, Snapshot};
use crossbeam_channel::{Receiver, Sender, TryRecvError, bounded, unbounded};
use rusqlite::{Connection, ErrorCode, OptionalExtension, params};

use crate::database::{self, FileError, Kind};

const KIND: Kind = Kind {
    application_id: 0x6377_6c67,
    // The log is the truth: what was shown must be there after a power cut.
    synchronous: "FULL",
    migrations: &["
        CREATE TABLE entry (
            seq INTEGER PRIMARY KEY,
            time_ms INTEGER NOT NULL,
            packet BLOB NOT NULL,
            check_sum INTEGER NOT NULL
        );
        CREATE TABLE snapshot (
            id INTEGER PRIMARY KEY CHECK (id = 0),
            seq INTEGER NOT NULL,
            time_ms INTEGER NOT NULL,
            state BLOB NOT NULL,
            check_sum INTEGER NOT NULL
        );
    "],
};

/// Bytes appended after which the write-ahead log is moved into the file, beside the live path.
const CHECKPOINT_BYTES: usize = 4 * 1024 * 1024;

/// What a commit adds to the write-ahead log besides the packet: a page or two.
const COMMIT_BYTES: usize = 8 * 1024;

/// Entries that are forgotten by one transaction, so that none takes long.
const TRIM_ENTRIES: u64 = 500;

/// The log of a folder.
#[derive(Debug)]
pub struct SqliteLog {
    file: PathBuf,
    /// Until it follows; then its thread has it.
    connection: Option<Connection>,
    tasks: Option<Sender<Task>>,
    thread: Option<JoinHandle<()>>,
    lock: Arc<File>,
}

#[derive(Debug)]
enum Task {
    Append(Packet),
    Save(Snapshot),
}

impl SqliteLog {
    /// Opens the log's file, made anew or brought up to this version. `lock` is held as long as the
    /// log is.
    ///
    /// # Errors
    /// [`FileError`], which says what and what to do.
    pub fn open(file: &Path, lock: Arc<File>) -> Result<Self, FileError> {
        let connection = database::open(file, &KIND)?;
        let off = connection.pragma_update(None, "wal_autocheckpoint", 0);
        off.map_err(|source| FileError::Other { file: file.to_owned(), source })?;
        let file = file.to_owned();
        Ok(Self { file, connection: Some(connection), tasks: None, thread: None, lock })
    }

    fn store_error(&self, error: &rusqlite::Error) -> LogError {
        LogError::Store { file: self.file.clone(), reason: error.to_string() }
    }

    fn closed(&self) -> LogError {
        LogError::Store { file: self.file.clone(), reason: "it is followed already".to_owned() }
    }

    /// Gives the sink the entries after `after`; the last one's number and time.
    fn replay(
        &self,
        connection: &Connection,
        after: Seq,
        sink: &mut LogSink,
    ) -> Result<(Seq, Timestamp), LogError> {
        let failed = |error| self.store_error(&error);
        let mut last = read_snapshot(connection)
            .map_err(failed)?
            .map_or((Seq(0), Timestamp(0)), |(snapshot, _)| (snapshot.seq, snapshot.time));
        let sql = "SELECT seq, time_ms, packet, check_sum FROM entry WHERE seq > ? ORDER BY seq";
        let mut statement = connection.prepare(sql).map_err(failed)?;
        let mut rows = statement.query([signed(after.0)]).map_err(failed)?;
        let mut expected = after.next();
        while let Some(row) = rows.next().map_err(failed)? {
            let (seq, time, bytes, sum) = read_row(row).map_err(failed)?;
            let damaged = || LogError::Damaged { file: self.file.clone(), seq: expected.0 };
            if seq != expected || sum != check_sum(seq, time, &bytes) {
                return Err(damaged());
            }
            let packet = Packet::from_bytes(&bytes).map_err(|source| LogError::Packet {
                file: self.file.clone(),
                seq: seq.0,
                source,
            })?;
            sink(Logged::Entry(Entry { seq, time, packet }));
            last = (seq, time);
            expected = seq.next();
        }
        Ok(last)
    }
}

impl Log for SqliteLog {
    fn snapshot(&mut self) -> Result<Option<Snapshot>, LogError> {
        let connection = self.connection.as_ref().ok_or_else(|| self.closed())?;
        match read_snapshot(connection).map_err(|error| self.store_error(&error))? {
            None => Ok(None),
            Some((snapshot, sum))
                if sum == check_sum(snapshot.seq, snapshot.time, &snapshot.bytes) =>
            {
                Ok(Some(snapshot))
            }
            Some((snapshot, _)) => {
                Err(LogError::Damaged { file: self.file.clone(), seq: snapshot.seq.0 })
            }
        }
    }

    fn follow(&mut self, after: Seq, mut sink: LogSink) -> Result<Seq, LogError> {
        let connection = self.connection.take().ok_or_else(|| self.closed())?;
        let (seq, time) = self.replay(&connection, after, &mut sink)?;
        let failed = |error: std::io::Error| LogError::Store {
            file: self.file.clone(),
            reason: error.to_string(),
        };
        let (tasks, inbox) = unbounded();
        let checkpoints = start_checkpoints(self.file.clone()).map_err(failed)?;
        let mut writer = Writer {
            file: self.file.clone(),
            connection,
            sink,
            seq,
            time,
            unchecked_bytes: 0,
            checkpoints,
            trim_to: None,
        };
        let lock = Arc::clone(&self.lock);
        let thread = std::thread::Builder::new().name("log".to_owned()).spawn(move || {
            writer.run(&inbox);
            drop(writer);
            drop(lock);
        });
        self.thread = Some(thread.map_err(failed)?);
        self.tasks = Some(tasks);
        Ok(seq)
    }

    fn append(&mut self, packet: Packet) {
        if let Some(tasks) = &self.tasks {
            let _ = tasks.send(Task::Append(packet));
        }
    }

    fn save_snapshot(&mut self, snapshot: Snapshot) {
        if let Some(tasks) = &self.tasks {
            let _ = tasks.send(Task::Save(snapshot));
        }
    }
}

impl Drop for SqliteLog {
    fn drop(&mut self) {
        self.tasks = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the log's thread has failed, which is a bug");
        }
    }
}

/// The one writer of the log.
struct Writer {
    file: PathBuf,
    connection: Connection,
    sink: LogSink,
    seq: Seq,
    time: Timestamp,
    /// Bytes appended since the last checkpoint was asked for.
    unchecked_bytes: usize,
    checkpoints: Sender<()>,
    /// Entries up to here are to be forgotten.
    trim_to: Option<Seq>,
}

impl Writer {
    fn run(&mut self, inbox: &Receiver<Task>) {
        loop {
            // What is to be forgotten is forgotten while there is nothing better to do.
            let task = match self.trim_to {
                None => inbox.recv().map_err(|_| TryRecvError::Disconnected),
                Some(_) => inbox.try_recv(),
            };
            match task {
                Ok(Task::Append(packet)) => {
                    let logged = self.append(packet);
                    (self.sink)(logged);
                }
                Ok(Task::Save(snapshot)) => self.save(&snapshot),
                Err(TryRecvError::Empty) => self.trim(),
                Err(TryRecvError::Disconnected) => return,
            }
        }
    }

    fn append(&mut self, packet: Packet) -> Logged {
        let bytes = packet.to_bytes();
        let seq = self.seq.next();
        let time = now().max(self.time);
        let inserted = self
            .connection
            .prepare_cached("INSERT INTO entry VALUES (?, ?, ?, ?)")
            .and_then(|mut insert| {
                insert.execute(params![signed(seq.0), time.0, bytes, check_sum(seq, time, &bytes)])
            });
        if let Err(error) = inserted {
            tracing::debug!("an append failed: {error}");
            if !self.holds_after_all(seq) {
                return Logged::Refused { packet, why: why(&error) };
            }
        }
        self.seq = seq;
        self.time = time;
        self.unchecked_bytes += bytes.len() + COMMIT_BYTES;
        if self.unchecked_bytes > CHECKPOINT_BYTES && self.checkpoints.try_send(()).is_ok() {
            self.unchecked_bytes = 0;
        }
        Logged::Entry(Entry { seq, time, packet })
    }

    /// After a failed commit: whether the entry is there nevertheless. A packet that is refused must
    /// not be found at the next start, so the file is opened anew, as that start would.
    fn holds_after_all(&mut self, seq: Seq) -> bool {
        let reopened = database::open(&self.file, &KIND).and_then(|connection| {
            let off = connection.pragma_update(None, "wal_autocheckpoint", 0);
            off.map_err(|source| FileError::Other { file: self.file.clone(), source })?;
            Ok(connection)
        });
        match reopened {
            Ok(connection) => self.connection = connection,
            Err(error) => tracing::debug!("the log cannot be opened anew: {error}"),
        }
        let found =
            self.connection
                .query_row("SELECT 1 FROM entry WHERE seq = ?", [signed(seq.0)], |_| Ok(()));
        matches!(found.optional(), Ok(Some(())))
    }

    fn save(&mut self, snapshot: &Snapshot) {
        let Snapshot { seq, time, bytes } = snapshot;
        let saved = self.connection.execute(
            "INSERT OR REPLACE INTO snapshot VALUES (0, ?, ?, ?, ?)",
            params![signed(seq.0), time.0, bytes, check_sum(*seq, *time, bytes)],
        );
        match saved {
            Ok(_) => self.trim_to = Some(*seq),
            Err(error) => tracing::error!("the snapshot is not saved: {error}"),
        }
    }

    fn trim(&mut self) {
        let Some(to) = self.trim_to else { return };
        let sql = "DELETE FROM entry WHERE seq <= ?1 AND seq < ?2 + (SELECT min(seq) FROM entry)";
        let trimmed = self.connection.execute(sql, [signed(to.0), signed(TRIM_ENTRIES)]);
        match trimmed {
            Ok(0) => self.trim_to = None,
            Ok(_) => {}
            Err(error) => {
                tracing::error!("the log is not trimmed: {error}");
                self.trim_to = None;
            }
        }
    }
}

/// A thread that moves the write-ahead log into the file, with a connection of its own, so that
/// appends go on meanwhile.
fn start_checkpoints(file: PathBuf) -> std::io::Result<Sender<()>> {
    let (asks, inbox) = bounded(1);
    std::thread::Builder::new().name("log-checkpoint".to_owned()).spawn(move || {
        for () in inbox {
            let done = Connection::open(&file).and_then(|connection| {
                connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
            });
            if let Err(error) = done {
                tracing::warn!("the log's checkpoint failed, and is tried again: {error}");
            }
        }
    })?;
    Ok(asks)
}

fn why(error: &rusqlite::Error) -> NotStored {
    // SQLite knows a full disk as such; a file that may grow no further (EFBIG, EDQUOT) it tells
    // as a failed write, and to who wants to write it is the same.
    let full = match error {
        rusqlite::Error::SqliteFailure(failure, _) => {
            failure.code == ErrorCode::DiskFull
                || matches!(
                    failure.extended_code,
                    rusqlite::ffi::SQLITE_IOERR_WRITE | rusqlite::ffi::SQLITE_IOERR_SHMSIZE
                )
        }
        _ => false,
    };
    if full { NotStored::DiskFull } else { NotStored::StoreFailed }
}

type Row = (Seq, Timestamp, Vec<u8>, u32);

fn read_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    Ok((Seq(unsigned(row.get(0)?)), Timestamp(row.get(1)?), row.get(2)?, row.get(3)?))
}

fn read_snapshot(connection: &Connection) -> rusqlite::Result<Option<(Snapshot, u32)>> {
    let sql = "SELECT seq, time_ms, state, check_sum FROM snapshot";
    let row = connection.query_row(sql, [], read_row).optional()?;
    Ok(row.map(|(seq, time, bytes, sum)| (Snapshot { seq, time, bytes }, sum)))
}

fn check_sum(seq: Seq, time: Timestamp, bytes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&seq.0.to_le_bytes());
    hasher.update(&time.0.to_le_bytes());
    hasher.update(bytes);
    hasher.finalize()
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// SQLite's integers have a sign; ours never come near it.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use chinwag_storage::suite::{check_log, packet};

    use super::*;

    fn lock(folder: &Path) -> Arc<File> {
        Arc::new(File::create(folder.join("lock")).unwrap())
    }

    fn open(folder: &Path) -> SqliteLog {
        SqliteLog::open(&folder.join("log.sqlite"), lock(folder)).unwrap()
    }

    #[test]
    fn the_log_in_sqlite_is_a_log() {
        let folder = tempfile::tempdir().unwrap();
        check_log(|| Box::new(open(folder.path())));
    }

    /// Appends packets one by one; what came of each.
    fn append(log: &mut SqliteLog, numbers: std::ops::Range<u64>) -> Vec<Logged> {
        let (sender, seen) = channel();
        log.follow(Seq(0), Box::new(move |logged| sender.send(logged).unwrap())).unwrap();
        let one = |n| {
            log.append(packet(n));
            seen.recv().unwrap()
        };
        numbers.map(one).collect()
    }

    #[test]
    fn a_damaged_entry_is_said_and_never_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        append(&mut open(folder.path()), 0..5);
        let connection = Connection::open(folder.path().join("log.sqlite")).unwrap();
        for (sql, seq) in [
            ("UPDATE entry SET packet = zeroblob(length(packet)) WHERE seq = 3", 3),
            ("DELETE FROM entry WHERE seq = 2", 2),
        ] {
            connection.execute(sql, []).unwrap();
            let error = open(folder.path()).follow(Seq(0), Box::new(|_| {})).unwrap_err();
            assert!(matches!(error, LogError::Damaged { seq: s, .. } if s == seq), "{error}");
        }
    }

    #[test]
    fn what_a_full_disk_refused_is_not_there_and_appending_goes_on_when_there_is_room() {
        let folder = tempfile::tempdir().unwrap();
        let mut log = open(folder.path());
        log.connection.as_ref().unwrap().pragma_update(None, "max_page_count", 12).unwrap();
        let logged = append(&mut log, 0..2000);
        let refused = |l: &Logged| matches!(l, Logged::Refused { why: NotStored::DiskFull, .. });
        assert!(logged.iter().any(refused));
        drop(log);
        // After the refusal the file was opened anew, without the limit: so it went on.
        let stored = logged.iter().filter(|l| matches!(l, Logged::Entry(_))).count();
        let (sender, seen) = channel();
        let last = open(folder.path())
            .follow(Seq(0), Box::new(move |logged| sender.send(logged).unwrap()));
        assert_eq!(last.unwrap(), Seq(stored as u64));
        let again: Vec<Logged> = seen.iter().collect();
        let kept: Vec<Logged> = logged.into_iter().filter(|l| !refused(l)).collect();
        assert_eq!(again, kept);
    }
}
