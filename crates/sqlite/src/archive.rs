//! The archive in SQLite: one writer behind the live path, readers beside it, an index behind both.

mod backlog;
mod message;
mod read;
mod search;
mod write;

use std::fs::File;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use chinwag_model::id::Seq;
use chinwag_model::query::{Answer, Reading};
use chinwag_model::record::Record;
use chinwag_storage::archive::{Archive, ArchiveError, Reply, Synced};
use crossbeam_channel::{Sender, TrySendError, bounded};
use rusqlite::Connection;

use crate::database;
use crate::error::OpenError;

/// Readings that wait for a reader; beyond, who asks is told to try again.
const READINGS_MAX: usize = 1000;

/// Threads that read.
const READERS: usize = 2;

/// How long a reading waits for what it is to answer from.
const PATIENCE: Duration = Duration::from_secs(10);

/// The archive of a folder.
#[derive(Debug)]
pub struct SqliteArchive {
    shared: Arc<Shared>,
    readings: Option<Sender<(Reading, Reply)>>,
    readers: Vec<JoinHandle<()>>,
    indexer: Option<JoinHandle<Connection>>,
    writer: Option<JoinHandle<Connection>>,
    _lock: Arc<File>,
}

/// What the archive's threads have in common.
#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// Something changed in the state.
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    /// The last entry whose records are all kept.
    kept: Seq,
    /// The last entry whose messages are all in the index.
    indexed: Seq,
    queue: Vec<Task>,
    /// Records in the queue, and with the writer.
    waiting: usize,
    closing: bool,
}

enum Task {
    Keep(Seq, Vec<Record>),
    Sync(Synced),
}

impl std::fmt::Debug for Task {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Keep(seq, records) => write!(f, "Keep({seq:?}, {} records)", records.len()),
            Self::Sync(_) => f.write_str("Sync"),
        }
    }
}

impl SqliteArchive {
    /// Opens the archive of a folder, made anew or brought up to this version. `lock` is held as
    /// long as the archive is.
    ///
    /// # Errors
    /// [`OpenError`], which says what and what to do.
    pub fn open(folder: &Path, lock: Arc<File>) -> Result<Self, OpenError> {
        let file = folder.join("chinwag.sqlite");
        let writer = database::open(&file, &write::KIND)?;
        let other = |source| database::FileError::Other { file: file.clone(), source };
        let kept = write::kept(&writer).map_err(other)?;
        let index_file = folder.join("search.sqlite");
        let index = search::open(&index_file)?;
        let state = State { kept, indexed: Seq(0), queue: Vec::new(), waiting: 0, closing: false };
        let shared = Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new() });

        let mut readers = Vec::new();
        let (readings, inbox) = bounded(READINGS_MAX);
        for n in 0..READERS {
            let reader = read::Reader::open(&file, &index_file).map_err(other)?;
            let (shared, inbox) = (Arc::clone(&shared), inbox.clone());
            readers.push(spawn(&format!("reader-{n}"), move || reader.run(&shared, &inbox))?);
        }
        let messages = database::open_to_read(&file).map_err(other)?;
        let indexing = Arc::clone(&shared);
        let indexer = spawn("indexer", move || search::run(&indexing, index, &messages))?;
        let writing = Arc::clone(&shared);
        let writer = spawn("archive", move || write::run(&writing, writer))?;
        let (indexer, writer) = (Some(indexer), Some(writer));
        Ok(Self { shared, readings: Some(readings), readers, indexer, writer, _lock: lock })
    }
}

fn spawn<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> std::io::Result<JoinHandle<T>> {
    std::thread::Builder::new().name(name.to_owned()).spawn(work)
}

impl Archive for SqliteArchive {
    fn kept(&self) -> Seq {
        self.shared.lock().kept
    }

    fn keep(&self, upto: Seq, records: Vec<Record>) {
        let mut state = self.shared.lock();
        if upto > state.kept {
            state.waiting += records.len();
            state.queue.push(Task::Keep(upto, records));
            self.shared.changed.notify_all();
        }
    }

    fn backlog(&self) -> usize {
        self.shared.lock().waiting
    }

    fn read(&self, reading: Reading, reply: Reply) {
        let Some(readings) = &self.readings else { return };
        if let Err(TrySendError::Full((_, reply)) | TrySendError::Disconnected((_, reply))) =
            readings.try_send((reading, reply))
        {
            reply(Answer::Unavailable);
        }
    }

    fn sync(&self, synced: Synced) {
        self.shared.lock().queue.push(Task::Sync(synced));
        self.shared.changed.notify_all();
    }
}

impl Drop for SqliteArchive {
    fn drop(&mut self) {
        self.readings = None;
        self.shared.lock().closing = true;
        self.shared.changed.notify_all();
        // The writers of both files close them last: that leaves each whole in one file.
        let readers = self.readers.drain(..).map(|reader| reader.join().is_ok());
        let read = readers.fold(true, |all, one| all & one);
        let indexed = self.indexer.take().is_none_or(|indexer| indexer.join().is_ok());
        let wrote = self.writer.take().is_none_or(|writer| writer.join().is_ok());
        if !(read && indexed && wrote) {
            tracing::error!("a thread of the archive has failed, which is a bug");
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for something to change.
    fn wait<'s>(&self, state: MutexGuard<'s, State>, most: Duration) -> MutexGuard<'s, State> {
        match self.changed.wait_timeout(state, most) {
            Ok((state, _)) => state,
            Err(poisoned) => poisoned.into_inner().0,
        }
    }

    /// Waits until `there` holds; whether it does before patience ends.
    fn wait_until(&self, there: impl Fn(&State) -> bool) -> bool {
        let deadline = Instant::now() + PATIENCE;
        let mut state = self.lock();
        while !there(&state) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || state.closing {
                return false;
            }
            state = self.wait(state, left);
        }
        true
    }
}

fn failed(doing: &'static str, error: &rusqlite::Error) -> ArchiveError {
    ArchiveError { doing, reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use chinwag_model::message::Destination;
    use chinwag_model::query::ReadingKind;
    use chinwag_storage::suite::{check_archive, message, room};

    use super::*;

    fn open(folder: &Path) -> SqliteArchive {
        let lock = Arc::new(File::create(folder.join("lock")).unwrap());
        SqliteArchive::open(folder, lock).unwrap()
    }

    #[test]
    fn the_archive_in_sqlite_is_an_archive() {
        let folder = tempfile::tempdir().unwrap();
        check_archive(|| Box::new(open(folder.path())));
    }

    #[test]
    fn a_missing_or_damaged_index_is_made_again() {
        let folder = tempfile::tempdir().unwrap();
        let said = message(1, 1, Destination::Room(room(1)), "tea");
        open(folder.path()).keep(Seq(1), vec![Record::Message(said)]);
        let index = folder.path().join("search.sqlite");
        std::fs::remove_file(&index).unwrap();
        for _ in 0..2 {
            let archive = open(folder.path());
            let what = ReadingKind::Search {
                words: "tea".to_owned(),
                person: chinwag_model::id::PersonId(9),
                rooms: vec![chinwag_model::id::RoomId(1)],
                limit: 5,
            };
            let (sender, answer) = channel();
            let reply = Box::new(move |answer| sender.send(answer).unwrap());
            archive.read(Reading { at: Seq(1), what }, reply);
            let Answer::Found(found) = answer.recv().unwrap() else { panic!("nothing found") };
            assert_eq!(found.len(), 1);
            drop(archive);
            std::fs::write(&index, "damaged ".repeat(1000)).unwrap();
        }
    }
}
