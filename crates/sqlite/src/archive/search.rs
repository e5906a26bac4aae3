//! Messages that hold all the words.

use std::path::Path;
use std::sync::Arc;

use chinwag_model::id::{PersonId, RoomId, Seq, Timestamp};
use chinwag_model::message::{Conversation, Message};
use chinwag_model::name::Name;
use chinwag_storage::archive::{may_find, search_words};
use rusqlite::{Connection, params};

use super::{backlog, history, index, moment, row};
use crate::database;

/// What is looked for, and where.
pub(super) struct Search<'r> {
    pub(super) words: &'r str,
    pub(super) person: PersonId,
    pub(super) rooms: &'r [RoomId],
    pub(super) within: Option<Conversation>,
    pub(super) author: Option<&'r Name>,
    pub(super) after: Option<Timestamp>,
    pub(super) before: Option<Timestamp>,
    pub(super) limit: u32,
}

impl Search<'_> {
    /// The ids that messages of the times asked for have, up to an entry; empty before the first.
    pub(super) fn span(
        &self,
        connection: &Connection,
        at: Seq,
    ) -> rusqlite::Result<std::ops::Range<i64>> {
        if at == Seq(0) {
            return Ok(0..0);
        }
        let mut span = 0..row::id(at.end()) + 1;
        if let Some(after) = self.after {
            span.start = moment::first_message_past(connection, span.clone(), |at| at > after)?;
        }
        if let Some(before) = self.before {
            span.end = moment::first_message_past(connection, span.clone(), |at| at >= before)?;
        }
        Ok(span)
    }

    /// The ids of the last messages of a span, oldest first.
    ///
    /// The index is opened each time, as it may have been built anew.
    pub(super) fn find(
        &self,
        index: &Path,
        span: std::ops::Range<i64>,
    ) -> rusqlite::Result<Vec<i64>> {
        // There is no index before the first entry.
        let Some(query) = self.query().filter(|_| !span.is_empty()) else { return Ok(Vec::new()) };
        let connection = database::open_to_read(index)?;
        let sql = "SELECT rowid FROM found WHERE found MATCH ?1 AND rowid >= ?2 AND rowid < ?3
                   ORDER BY rowid DESC LIMIT ?4";
        let mut statement = connection.prepare(sql)?;
        let values = params![query, span.start, span.end, history::bounded(self.limit)];
        let mut ids = statement
            .query_map(values, |row| row.get(0))?
            .collect::<rusqlite::Result<Vec<i64>>>()?;
        ids.reverse();
        Ok(ids)
    }

    /// The messages with these ids. What may be read is looked at once more, as nobody's rights
    /// shall depend on an index that may be of another time.
    pub(super) fn fetch(
        &self,
        connection: &Connection,
        ids: &[i64],
    ) -> rusqlite::Result<Vec<Arc<Message>>> {
        let mut messages = backlog::fetch(connection, ids)?;
        messages.retain(|message| may_find(message, self.person, self.rooms));
        Ok(messages)
    }

    /// The query in FTS5's language (sqlite.org/fts5.html, section 3); `None` without a word.
    /// Words are in quotes and hold none, so that nothing in them is taken for an operator.
    fn query(&self) -> Option<String> {
        let words: Vec<_> = search_words(self.words).map(|word| format!("\"{word}\"")).collect();
        if words.is_empty() {
            return None;
        }
        let own = ["all".to_owned(), format!("p{}", self.person.0)];
        let scope: Vec<_> =
            own.into_iter().chain(self.rooms.iter().map(|room| format!("r{}", room.0))).collect();
        let mut query =
            format!("text : ({}) AND scope : ({})", words.join(" AND "), scope.join(" OR "));
        if let Some(within) = self.within {
            // A phrase, as with persons both words count, and their order.
            query += &format!(" AND scope : \"{}\"", row::key(within));
        }
        if let Some(author) = self.author {
            query += &format!(" AND author : \"{}\"", index::name_word(author.folded()));
        }
        Some(query)
    }
}
