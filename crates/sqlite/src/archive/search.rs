//! Full-text search: an index in a file of its own, fed behind the archive.
//!
//! Who may read a message is a term of its row, so that a search never looks at others: `r12` for
//! what was said in room 12, `p3` and `p5` for what persons 3 and 5 said to each other, `all` for
//! what was said to everyone.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chinwag_model::id::{PersonId, RoomId, Seq};
use chinwag_model::message::{Destination, Message};
use rusqlite::{Connection, OptionalExtension, params};

use super::Shared;
use super::message::{self, number};
use super::read::{Reader, select};
use crate::database::{self, FileError, Kind};

const KIND: Kind = Kind {
    application_id: 0x6377_7365,
    synchronous: "NORMAL",
    migrations: &["
        CREATE VIRTUAL TABLE word USING fts5 (
            text, scope,
            content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 0'
        );
        CREATE TABLE progress (
            id INTEGER PRIMARY KEY CHECK (id = 0),
            indexed INTEGER NOT NULL -- the last message's id
        );
    "],
};

/// Messages that one transaction takes.
const BATCH: usize = 2000;

/// After a failure, the index is left alone for so long.
const RETRY: Duration = Duration::from_secs(1);

/// Words of a search that are looked for, and characters of each.
const WORDS_MAX: usize = 16;
const WORD_CHARS_MAX: usize = 64;

/// Opens the index; one that is damaged, or of another version, is made anew.
pub(super) fn open(file: &Path) -> Result<Connection, FileError> {
    match database::open(file, &KIND) {
        Err(error @ (FileError::Damaged { .. } | FileError::Newer { .. })) => {
            tracing::warn!("the search index is made anew: {error}");
            for end in ["", "-wal", "-shm"] {
                let mut path = file.as_os_str().to_owned();
                path.push(end);
                let _ = std::fs::remove_file(path);
            }
            database::open(file, &KIND)
        }
        opened => opened,
    }
}

/// Feeds the index until the archive is closed; gives the connection back, to be closed.
pub(super) fn run(shared: &Shared, mut index: Connection, messages: &Connection) -> Connection {
    loop {
        let mut state = shared.lock();
        while state.kept <= state.indexed && !state.closing {
            state = shared.wait(state, Duration::from_secs(60));
        }
        if state.closing {
            return index;
        }
        let kept = state.kept;
        drop(state);
        match feed(&mut index, messages, kept) {
            Ok(indexed) => {
                shared.lock().indexed = indexed;
                shared.changed.notify_all();
            }
            Err(error) => {
                tracing::error!("the search index cannot be written, and is tried again: {error}");
                drop(shared.wait(shared.lock(), RETRY));
            }
        }
    }
}

/// Takes the next messages into the index; up to which entry it is then complete.
fn feed(index: &mut Connection, messages: &Connection, kept: Seq) -> rusqlite::Result<Seq> {
    let last: i64 = index
        .query_row("SELECT indexed FROM progress", [], |row| row.get(0))
        .optional()?
        .unwrap_or(0);
    let condition = format!("id > ?1 AND id <= ?2 ORDER BY id LIMIT {BATCH}");
    let next = select(messages, &condition, params![last, message::id(kept.end())])?;
    let Some(newest) = next.last() else { return Ok(kept) };
    let transaction = index.transaction()?;
    {
        let sql = "INSERT INTO word (rowid, text, scope) VALUES (?, ?, ?)";
        let mut insert = transaction.prepare_cached(sql)?;
        for message in &next {
            let id = message::id(message.place);
            insert.execute(params![id, message.text.as_str(), scope(message)])?;
        }
        let sql = "INSERT OR REPLACE INTO progress VALUES (0, ?)";
        transaction.execute(sql, [message::id(newest.place)])?;
    }
    transaction.commit()?;
    let complete = next.len() < BATCH;
    Ok(if complete { kept } else { Seq(newest.place.seq.0.saturating_sub(1)) })
}

fn scope(message: &Message) -> String {
    match &message.to {
        Destination::Room(room) => format!("r{}", room.id.0),
        Destination::Person(to) => format!("p{} p{}", message.author.id.0, to.id.0),
        Destination::Everyone => "all".to_owned(),
    }
}

/// The last messages that hold all the words and that the person may read, oldest first.
pub(super) fn find(
    reader: &Reader,
    words: &str,
    person: PersonId,
    rooms: &[RoomId],
    upto: i64,
    limit: u32,
) -> rusqlite::Result<Vec<Arc<Message>>> {
    let Some(words) = terms(words) else { return Ok(Vec::new()) };
    let rooms = rooms.iter().map(|room| format!(" OR r{}", room.0)).collect::<String>();
    let query = format!("text : ({words}) AND scope : (all OR p{}{rooms})", number(person.0));
    let sql = "SELECT rowid FROM word WHERE word MATCH ?1 AND rowid <= ?2
               ORDER BY rowid DESC LIMIT ?3";
    let mut statement = reader.index.prepare_cached(sql)?;
    let found = statement.query_map(params![query, upto, limit], |row| row.get::<_, i64>(0))?;
    let mut messages = Vec::new();
    for id in found {
        messages.extend(reader.select("id = ?", [id?])?);
    }
    messages.reverse();
    Ok(messages)
}

/// The words as FTS5 takes them, each quoted, so that none is an operator.
fn terms(typed: &str) -> Option<String> {
    let words = typed.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let quoted = words.take(WORDS_MAX).map(|word| {
        let word: String = word.chars().take(WORD_CHARS_MAX).collect();
        format!("\"{word}\"")
    });
    let quoted: Vec<_> = quoted.collect();
    (!quoted.is_empty()).then(|| quoted.join(" AND "))
}
