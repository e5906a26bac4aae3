//! The thread that feeds the full-text index.
//!
//! The index lags behind the archive and delays nothing; it holds no text, only where words are.
//! Beside each message's words stands its scope, as words too: `r12` for a room, `p3 p5` for two
//! persons, `all` for everyone, so that a search in a quiet room does not go through what was said
//! in loud ones. It can be built from the archive at any time, and is where it is missing,
//! damaged, of another format or of another archive.
//!
//! A word is a run of letters and digits, whatever its case and its accents (FTS5's tokenizer
//! `unicode61`). Scripts without blanks between words are found by whole runs only.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chinwag_model::id::Seq;
use rusqlite::{Connection, params};

use super::desk::Desk;
use super::{is_damage, row};
use crate::database::{self, Commit};
use crate::error::OpenError;
use crate::int::{signed, unsigned};

/// The formats of `search.sqlite`. A file of another one is built anew.
const MIGRATIONS: &[&str] = &["
    CREATE VIRTUAL TABLE found USING fts5 (  -- rowid is the message's id in the archive
        text, scope,
        content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2'
    );
    CREATE TABLE progress (                  -- one row
        archive TEXT NOT NULL,               -- the id of the archive
        upto INTEGER NOT NULL                -- messages up to this id are indexed
    );
"];

/// Messages that are indexed in one transaction.
const BATCH: i64 = 1000;

/// How long to wait after a failure.
const RETRY: Duration = Duration::from_secs(5);

pub(super) struct Indexer {
    file: PathBuf,
    archive: PathBuf,
    archive_id: String,
    /// How far the archive reached when it was opened, until the index was looked at.
    began: Option<Seq>,
    desk: Arc<Desk>,
}

/// What both ends of the work need.
struct Bench {
    index: Connection,
    archive: Connection,
}

/// Why a batch was not indexed.
#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Index(rusqlite::Error),
    #[error("the archive can't be read: {0}")]
    Archive(rusqlite::Error),
}

impl Indexer {
    pub(super) fn new(
        file: PathBuf,
        archive: PathBuf,
        archive_id: String,
        began: Seq,
        desk: Arc<Desk>,
    ) -> Self {
        Self { file, archive, archive_id, began: Some(began), desk }
    }

    /// Indexes until the end begins.
    pub(super) fn run(mut self) {
        let mut bench = None;
        let mut is_failing = false;
        loop {
            // The file is not even opened before there is something for it: whether the archive is
            // the right one is for others to say first.
            match self.desk.next_to_index() {
                Some(true) => {}
                Some(false) => {
                    bench = None;
                    self.remove("it is damaged");
                }
                None => return,
            }
            let Err(error) = self.work(&mut bench) else {
                is_failing = false;
                continue;
            };
            bench = None;
            if let Failed::Index(error) = &error
                && is_damage(&self.file, error)
            {
                self.remove(&error.to_string());
            }
            if !std::mem::replace(&mut is_failing, true) {
                tracing::error!("cannot write {}, trying again: {error}", self.file.display());
            }
            if self.desk.pause(RETRY) {
                return;
            }
        }
    }

    /// Indexes all that is in the archive.
    fn work(&mut self, bench: &mut Option<Bench>) -> Result<(), Failed> {
        let Bench { index, archive } = match bench {
            Some(bench) => bench,
            none => none.insert(Bench {
                index: self.open()?,
                archive: database::open_to_read(&self.archive).map_err(Failed::Archive)?,
            }),
        };
        loop {
            let sql = "SELECT upto FROM progress";
            let after = index.query_row(sql, [], |row| row.get(0)).map_err(Failed::Index)?;
            let batch = read_batch(archive, after).map_err(Failed::Archive)?;
            let upto = write_batch(index, &batch).map_err(Failed::Index)?;
            if !self.desk.indexed(upto) || batch.is_all {
                return Ok(());
            }
        }
    }

    /// Opens the index, or begins a new one if it can't be used.
    fn open(&mut self) -> Result<Connection, Failed> {
        let why = match database::open(&self.file, MIGRATIONS, Commit::Soon) {
            Ok(mut index) => match self.fit(&mut index) {
                Ok(true) => return Ok(index),
                Ok(false) => "it is of another archive".to_owned(),
                Err(error) if is_damage(&self.file, &error) => error.to_string(),
                Err(error) => return Err(Failed::Index(error)),
            },
            Err(why @ (OpenError::Damaged { .. } | OpenError::Newer { .. })) => why.to_string(),
            Err(error) => return Err(error.into()),
        };
        self.remove(&why);
        let mut index = database::open(&self.file, MIGRATIONS, Commit::Soon)?;
        self.fit(&mut index).map_err(Failed::Index)?;
        Ok(index)
    }

    /// Makes an index one of this archive, and of no more than is in it: the archive may have
    /// lost its last transactions to a power cut and not the index. Says whether it is.
    fn fit(&mut self, index: &mut Connection) -> rusqlite::Result<bool> {
        let transaction = index.transaction()?;
        transaction.execute(
            "INSERT INTO progress SELECT ?1, 0 WHERE NOT EXISTS (SELECT 1 FROM progress)",
            [&self.archive_id],
        )?;
        let (archive, upto) = transaction.query_row("SELECT * FROM progress", [], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?))
        })?;
        if archive != self.archive_id {
            return Ok(false);
        }
        // Once looked at, it holds only what was read from the archive since.
        if let Some(kept) = self.began.map(|began| row::id(began.end()))
            && upto > kept
        {
            transaction.execute("DELETE FROM found WHERE rowid > ?1", [kept])?;
            transaction.execute("UPDATE progress SET upto = ?1", [kept])?;
        }
        transaction.commit()?;
        self.began = None;
        Ok(true)
    }

    /// Removes the index, to build it again. What can't be removed shows when it is opened again.
    fn remove(&self, why: &str) {
        tracing::warn!("building {} again: {why}", self.file.display());
        for end in ["", "-wal", "-shm"] {
            let mut path = self.file.clone().into_os_string();
            path.push(end);
            match std::fs::remove_file(Path::new(&path)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    tracing::error!("cannot remove {}: {error}", Path::new(&path).display());
                }
                _ => {}
            }
        }
    }
}

/// Messages to index: their ids, texts and scopes.
struct Batch {
    rows: Vec<(i64, String, String)>,
    /// Everything up to this id is in it, or was before.
    upto: i64,
    /// Whether those are all that the archive has.
    is_all: bool,
}

/// Reads the messages after an id.
fn read_batch(archive: &mut Connection, after: i64) -> rusqlite::Result<Batch> {
    // One transaction, so that all messages of the entries kept are seen.
    let archive = archive.transaction()?;
    let kept: i64 = archive.query_row("SELECT kept FROM archive", [], |row| row.get(0))?;
    let sql = "SELECT id, kind, room_id, author_id, recipient_id, text FROM message
               WHERE id > ?1 ORDER BY id LIMIT ?2";
    let mut select = archive.prepare_cached(sql)?;
    let rows = select.query_map([after, BATCH], |row| {
        let number = |column| row.get::<_, i64>(column);
        let scope = match row.get_ref(1)?.as_str()? {
            "everyone" => "all".to_owned(),
            "person" => format!("p{} p{}", number(3)?, number(4)?),
            _ => format!("r{}", number(2)?),
        };
        Ok((number(0)?, row.get(5)?, scope))
    })?;
    let rows = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    let last = rows.last().map_or(after, |(id, ..)| *id);
    let is_all = signed(rows.len() as u64) < BATCH;
    let end = row::id(Seq(unsigned(kept)).end());
    Ok(Batch { rows, upto: if is_all { end.max(last) } else { last }, is_all })
}

/// Writes a batch. Returns the entry up to which everything is indexed.
fn write_batch(index: &mut Connection, batch: &Batch) -> rusqlite::Result<Seq> {
    let index = index.transaction()?;
    {
        let sql = "INSERT INTO found (rowid, text, scope) VALUES (?1, ?2, ?3)";
        let mut insert = index.prepare_cached(sql)?;
        for (id, text, scope) in &batch.rows {
            insert.execute(params![id, text, scope])?;
        }
    }
    index.execute("UPDATE progress SET upto = ?1", [batch.upto])?;
    index.commit()?;
    let seq = row::place(batch.upto).seq;
    // The last entry of a batch may go on in the next one.
    Ok(if batch.is_all { seq } else { Seq(seq.0.saturating_sub(1)) })
}
