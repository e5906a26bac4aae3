//! The thread that feeds the full-text index.
//!
//! The index lags behind the archive and delays nothing; it holds no text, only where words are.
//! Beside each message's words stands its scope, as words too: `r12` for a room, `p3 p5` for two
//! persons, `all` for everyone, so that a search in a quiet room does not go through what was said
//! in loud ones; and the author's name, as one word. What is taken back in the archive is deleted
//! here in its turn. The index can be built from the archive at any time, and is where it is
//! missing, damaged, of another format or of another archive.
//!
//! A word is a run of letters and digits, whatever its case and its accents (FTS5's tokenizer
//! `unicode61`). Scripts without blanks between words are found by whole runs only.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chinwag_model::id::{PersonId, RoomId, Seq};
use chinwag_model::message::Conversation;
use rusqlite::{Connection, params};

use super::cleaning::Cleaning;
use super::desk::{Desk, IndexWork};
use super::{is_damage, row};
use crate::database::{self, Commit};
use crate::error::OpenError;
use crate::int::{signed, unsigned};
use crate::thread;

/// The formats of `search.sqlite`. What an earlier one holds is thrown away and built anew.
pub(super) const MIGRATIONS: &[&str] = &[FIRST, AUTHORS];

const FIRST: &str = "
    CREATE VIRTUAL TABLE found USING fts5 (
        text, scope,
        content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2'
    );
    CREATE TABLE progress (archive TEXT NOT NULL, upto INTEGER NOT NULL);
";

const AUTHORS: &str = "
    DROP TABLE found;
    DROP TABLE progress;
    CREATE VIRTUAL TABLE found USING fts5 (  -- rowid is the message's id in the archive
        text, scope, author,
        content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2'
    );
    CREATE TABLE progress (                  -- one row
        archive TEXT NOT NULL,               -- the id of the archive
        upto INTEGER NOT NULL,               -- the archive up to this id is indexed
        is_dirty INTEGER NOT NULL            -- whether the file holds words of deleted messages
    );
";

/// Messages that are indexed in one transaction. Each makes a part of the index of its own, which is
/// merged with others later: the larger it is, the less often a word is written again.
const BATCH: i64 = 20_000;

/// How long to wait after a failure.
const RETRY: Duration = Duration::from_secs(5);

/// How long the end may take.
const END_TIME: Duration = Duration::from_secs(3);

pub(super) struct Indexer {
    file: PathBuf,
    archive: PathBuf,
    archive_id: String,
    /// How far the archive reached when it was opened, until the index was looked at.
    began: Option<Seq>,
    desk: Arc<Desk>,
    cleaning: Cleaning,
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
        Self { file, archive, archive_id, began: Some(began), desk, cleaning: Cleaning::default() }
    }

    /// Indexes until the end begins.
    pub(super) fn run(mut self) {
        thread::stand_back();
        let mut bench = None;
        let mut is_failing = false;
        loop {
            // The file is not even opened before there is something for it: whether the archive is
            // the right one is for others to say first.
            let work = self.desk.next_to_index(self.cleaning.due());
            match work {
                IndexWork::Index | IndexWork::Clean => {}
                IndexWork::Rebuild => {
                    bench = None;
                    self.remove("it is damaged");
                }
                IndexWork::End => return self.end(&mut bench),
            }
            let done = match (&bench, work) {
                (Some(bench), IndexWork::Clean) => Ok(bench),
                _ => self.work(&mut bench),
            };
            let Err(error) =
                done.and_then(|bench| self.cleaning.go_on(&bench.index).map_err(Failed::Index))
            else {
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

    /// At the end, words of messages that were taken back leave the file too, unless that takes long:
    /// then it is left to the next start.
    fn end(&mut self, bench: &mut Option<Bench>) {
        let until = Instant::now() + END_TIME;
        let has_ended = self.desk.wait_writer(until);
        // An index that was not opened, as nothing came, has no such words.
        if !has_ended || self.began == Some(self.desk.kept()) {
            return;
        }
        let left = until.saturating_duration_since(Instant::now());
        let done = self
            .work(bench)
            .map(|bench| &bench.index)
            .and_then(|index| self.cleaning.finish(index, left).map_err(Failed::Index));
        if let Err(error) = done {
            tracing::warn!("cannot tidy up {}: {error}", self.file.display());
        }
    }

    /// Indexes all that is in the archive.
    fn work<'b>(&mut self, bench: &'b mut Option<Bench>) -> Result<&'b Bench, Failed> {
        let bench = match bench {
            Some(bench) => bench,
            none => none.insert(Bench {
                index: self.open()?,
                archive: database::open_to_read(&self.archive).map_err(Failed::Archive)?,
            }),
        };
        loop {
            let sql = "SELECT upto, is_dirty FROM progress";
            let progress = bench.index.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)));
            let (after, is_dirty): (i64, bool) = progress.map_err(Failed::Index)?;
            let batch = read_batch(&mut bench.archive, after).map_err(Failed::Archive)?;
            let upto = write_batch(&mut bench.index, &batch).map_err(Failed::Index)?;
            // What an earlier run has not cleaned is to be cleaned as well.
            if is_dirty && self.cleaning.due().is_none() || !batch.gone.is_empty() {
                self.cleaning.wanted();
            }
            if !self.desk.indexed(upto) || batch.is_all {
                return Ok(bench);
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
            "INSERT INTO progress SELECT ?1, 0, 0 WHERE NOT EXISTS (SELECT 1 FROM progress)",
            [&self.archive_id],
        )?;
        let sql = "SELECT archive, upto FROM progress";
        let (archive, upto) = transaction
            .query_row(sql, [], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?)))?;
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
    fn remove(&mut self, why: &str) {
        self.cleaning = Cleaning::default();
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

/// What happened in the archive to messages.
struct Batch {
    said: Vec<Words>,
    /// The ids of messages that were taken back; some of them may never have been there.
    gone: Vec<i64>,
    /// Everything up to this id is in it, or was before.
    upto: i64,
    /// Whether those are all that the archive has.
    is_all: bool,
}

/// A message to index.
struct Words {
    id: i64,
    text: String,
    scope: String,
    author: String,
}

/// Reads what the archive has after an id.
fn read_batch(archive: &mut Connection, after: i64) -> rusqlite::Result<Batch> {
    // One transaction, so that all of the entries kept is seen, and no message that was taken back.
    let archive = archive.transaction()?;
    let kept: i64 = archive.query_row("SELECT kept FROM archive", [], |row| row.get(0))?;
    let sql = "SELECT id, kind, room_id, author_id, recipient_id, text, author_folded FROM message
               WHERE id > ?1 ORDER BY id LIMIT ?2";
    let mut select = archive.prepare_cached(sql)?;
    let said = select.query_map([after, BATCH], |row| {
        let number = |column| row.get::<_, i64>(column).map(unsigned);
        let conversation = match row.get_ref(1)?.as_str()? {
            "everyone" => Conversation::Everyone,
            "person" => Conversation::pair(PersonId(number(3)?), PersonId(number(4)?)),
            _ => Conversation::Room(RoomId(number(2)?)),
        };
        Ok(Words {
            id: row.get(0)?,
            text: row.get(5)?,
            scope: row::key(conversation),
            author: name_word(row.get_ref(6)?.as_str()?),
        })
    })?;
    let said = said.collect::<rusqlite::Result<Vec<_>>>()?;
    let last = said.last().map_or(after, |words| words.id);
    let is_all = signed(said.len() as u64) < BATCH;
    let end = row::id(Seq(unsigned(kept)).end());
    let upto = if is_all { end.max(last) } else { last };
    let sql = "SELECT gone_id FROM happening
               WHERE gone_id IS NOT NULL AND place > ?1 AND place <= ?2";
    let mut select = archive.prepare_cached(sql)?;
    let gone = select.query_map([after, upto], |row| row.get(0))?;
    let gone = gone.collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(Batch { said, gone, upto, is_all })
}

/// Writes a batch. Returns the entry up to which everything is indexed.
fn write_batch(index: &mut Connection, batch: &Batch) -> rusqlite::Result<Seq> {
    let index = index.transaction()?;
    {
        let sql = "INSERT INTO found (rowid, text, scope, author) VALUES (?1, ?2, ?3, ?4)";
        let mut insert = index.prepare_cached(sql)?;
        for Words { id, text, scope, author } in &batch.said {
            insert.execute(params![id, text, scope, author])?;
        }
        let mut delete = index.prepare_cached("DELETE FROM found WHERE rowid = ?1")?;
        for id in &batch.gone {
            delete.execute([id])?;
        }
    }
    let sql = "UPDATE progress SET upto = ?1, is_dirty = is_dirty OR ?2";
    index.execute(sql, params![batch.upto, !batch.gone.is_empty()])?;
    index.commit()?;
    let seq = row::place(batch.upto).seq;
    // The last entry of a batch may go on in the next one.
    Ok(if batch.is_all { seq } else { Seq(seq.0.saturating_sub(1)) })
}

/// A name as one word of the index, whatever it holds.
pub(super) fn name_word(folded: &str) -> String {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or_default();
    folded.bytes().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
