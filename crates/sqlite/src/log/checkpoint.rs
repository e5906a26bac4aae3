//! Checkpoints of the log's file, beside the commits.
//!
//! What is committed lies in the write-ahead log until a checkpoint writes it into the file itself;
//! that takes tens of milliseconds for some megabytes, for which no commit should wait. Another
//! connection on another thread can do it while commits go on, but what is committed meanwhile is
//! left over, and SQLite begins the write-ahead log anew only when nothing is. So the helper
//! writes nearly all of it, and the log's own thread the small rest, between two commits.

use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use rusqlite::Connection;

use crate::database::{self, Commit};

/// Bytes of a page, SQLite's default.
const PAGE_BYTES: u64 = 4096;

/// Pages in the write-ahead log after which the helper is called: 4 MiB.
const PAGES: u64 = 1024;

/// Pages that the log's own thread may write between two commits.
const PAGES_REST: u64 = 128;

/// When the next checkpoint is due, and the one that is being done.
#[derive(Debug)]
pub(super) struct Checkpoints {
    file: PathBuf,
    /// Pages written since the last one, by a cautious guess.
    pages: u64,
    helper: Option<JoinHandle<rusqlite::Result<u64>>>,
}

impl Checkpoints {
    pub(super) fn new(file: &Path) -> Self {
        // At the start there may be a long write-ahead log from before.
        Self { file: file.to_owned(), pages: PAGES, helper: None }
    }

    /// So many bytes were committed.
    pub(super) fn wrote(&mut self, bytes: usize) {
        // A row shares its first and last page, and the pages above them, with others.
        self.pages += 2 + bytes as u64 / PAGE_BYTES;
    }

    /// Does what is due; never for long.
    pub(super) fn mind(&mut self, connection: &Connection) {
        if self.pages < PAGES {
            return;
        }
        match &self.helper {
            Some(helper) if !helper.is_finished() => {}
            Some(_) => match self.wait() {
                Some(Ok(rest)) if rest > PAGES_REST => self.begin(),
                Some(Ok(_)) => {
                    if let Err(error) = self.finish(connection) {
                        tracing::warn!("cannot checkpoint the log: {error}");
                    }
                }
                Some(Err(error)) => {
                    // Nothing is lost, but the write-ahead log grows until it can be done.
                    tracing::warn!("cannot checkpoint the log: {error}");
                    self.pages = 0;
                }
                None => self.pages = 0,
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
                self.pages = 0;
            }
        }
    }
}
