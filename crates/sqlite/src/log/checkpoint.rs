//! Checkpoints of the log's file, beside the commits.
//!
//! What is committed lies in the write-ahead log until a checkpoint writes it into the file itself;
//! that takes tens of milliseconds for some megabytes, for which no commit should wait. Another
//! connection on another thread can do it while commits go on, but what is committed meanwhile is
//! left over, and SQLite begins the write-ahead log anew only when nothing is. So the helper
//! writes nearly all of it, and the log's own thread the small rest, between two commits.
//!
//! A checkpoint leaves the bytes of the write-ahead log where they are, to be written over some time.
//! Where they hold what has to be gone, the log is also cut to nothing, which makes the next commits a
//! little slower, as the file grows again.

use std::path::{Path, PathBuf};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::database::{self, Commit};

/// Bytes of a page, SQLite's default.
const PAGE_BYTES: u64 = 4096;

/// Pages in the write-ahead log after which the helper is called: 4 MiB.
const PAGES: u64 = 1024;

/// Pages that the log's own thread may write between two commits.
const PAGES_REST: u64 = 128;

/// How long to wait before emptying again what could not be emptied, as somebody reads it.
const EMPTY_AGAIN: Duration = Duration::from_secs(1);

/// When the next checkpoint is due, and the one that is being done.
#[derive(Debug)]
pub(super) struct Checkpoints {
    file: PathBuf,
    /// Pages written since the last one, by a cautious guess.
    pages: u64,
    /// Set while the write-ahead log is to be cut to nothing; not to be tried before this time.
    emptied_at: Option<Instant>,
    helper: Option<JoinHandle<rusqlite::Result<u64>>>,
}

impl Checkpoints {
    pub(super) fn new(file: &Path) -> Self {
        // At the start there may be a long write-ahead log from before.
        Self { file: file.to_owned(), pages: PAGES, emptied_at: None, helper: None }
    }

    /// So many bytes were committed.
    pub(super) fn wrote(&mut self, bytes: usize) {
        // A row shares its first and last page, and the pages above them, with others.
        self.pages += 2 + bytes as u64 / PAGE_BYTES;
    }

    /// Has the write-ahead log cut to nothing as soon as that can be.
    pub(super) fn empty(&mut self) {
        self.emptied_at = Some(Instant::now());
    }

    /// Whether the caller has to come again without being asked for anything.
    pub(super) fn is_emptying(&self) -> bool {
        self.emptied_at.is_some()
    }

    /// Does what is due; never for long.
    pub(super) fn mind(&mut self, connection: &Connection) {
        let is_emptied = self.emptied_at.is_some_and(|at| at <= Instant::now());
        if self.pages < PAGES && !is_emptied {
            return;
        }
        match &self.helper {
            Some(helper) if !helper.is_finished() => {}
            Some(_) => match self.wait() {
                Some(Ok(rest)) if rest > PAGES_REST => self.begin(),
                Some(Ok(_)) => {
                    if let Err(error) = self.finish_or_empty(connection, is_emptied) {
                        tracing::warn!("cannot checkpoint the log: {error}");
                    }
                }
                Some(Err(error)) => {
                    // Nothing is lost, but the write-ahead log grows until it can be done.
                    tracing::warn!("cannot checkpoint the log: {error}");
                    self.put_off();
                }
                None => self.put_off(),
            },
            None => self.begin(),
        }
    }

    /// Writes what is left on this thread. Returns whether nothing is left then.
    pub(super) fn finish(&mut self, connection: &Connection) -> rusqlite::Result<bool> {
        // If somebody reads an old state of the file, it is not complete; the next one may be.
        self.pages = 0;
        Ok(database::checkpoint(connection)? == 0)
    }

    fn finish_or_empty(&mut self, connection: &Connection, empties: bool) -> rusqlite::Result<()> {
        if !empties {
            return self.finish(connection).map(drop);
        }
        self.put_off();
        if database::empty_wal(connection, Duration::ZERO)? {
            self.emptied_at = None;
        }
        Ok(())
    }

    /// Leaves it for the next time.
    fn put_off(&mut self) {
        self.pages = 0;
        self.emptied_at = self.emptied_at.map(|_| Instant::now() + EMPTY_AGAIN);
    }

    /// Waits for the helper, if there is one, so that it has the file open no longer.
    pub(super) fn wait(&mut self) -> Option<rusqlite::Result<u64>> {
        // A helper that failed by a bug has left nothing undone that another can't do.
        self.helper.take()?.join().ok()
    }

    fn begin(&mut self) {
        let file = self.file.clone();
        let work = move || database::checkpoint(&database::reopen(&file, Commit::Durable)?);
        match std::thread::Builder::new().name("log-checkpoint".to_owned()).spawn(work) {
            Ok(helper) => self.helper = Some(helper),
            Err(error) => {
                tracing::warn!("cannot checkpoint the log: {error}");
                self.put_off();
            }
        }
    }
}
