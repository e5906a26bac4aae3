//! Messages that hold all the words.

use std::path::Path;
use std::sync::Arc;

use chinwag_model::id::{PersonId, RoomId, Seq};
use chinwag_model::message::Message;
use chinwag_storage::archive::{may_find, search_words};
use rusqlite::{Connection, params};

use super::{backlog, history, row};
use crate::database;

/// What is looked for, and where.
pub(super) struct Search<'r> {
    pub(super) words: &'r str,
    pub(super) person: PersonId,
    pub(super) rooms: &'r [RoomId],
    pub(super) limit: u32,
}

impl Search<'_> {
    /// The ids of the last messages up to an entry, oldest first.
    ///
    /// The index is opened each time, as it may have been built anew.
    pub(super) fn find(&self, index: &Path, at: Seq) -> rusqlite::Result<Vec<i64>> {
        // There is no index before the first entry.
        let Some(query) = self.query().filter(|_| at > Seq(0)) else { return Ok(Vec::new()) };
        let connection = database::open_to_read(index)?;
        let sql = "SELECT rowid FROM found WHERE found MATCH ?1 AND rowid <= ?2
                   ORDER BY rowid DESC LIMIT ?3";
        let mut statement = connection.prepare(sql)?;
        let values = params![query, row::id(at.end()), history::bounded(self.limit)];
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
        let own = ["all".to_owned(), format!("p{}", self.person.0)];
        let scope: Vec<_> =
            own.into_iter().chain(self.rooms.iter().map(|room| format!("r{}", room.0))).collect();
        (!words.is_empty()).then(|| {
            format!("text : ({}) AND scope : ({})", words.join(" AND "), scope.join(" OR "))
        })
    }
}
