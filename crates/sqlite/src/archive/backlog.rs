//! What waits for a person.

use std::sync::Arc;

use chinwag_model::id::{PersonId, Place, RoomId};
use chinwag_model::message::Message;
use chinwag_model::query::Backlog;
use chinwag_storage::archive::{BACKLOG_PAGE, backlog_page};
use rusqlite::{Connection, OptionalExtension, params};

use super::row;
use crate::int::{signed, unsigned};

/// Whose messages, from where, up to where.
pub(super) struct Waiting<'r> {
    pub(super) person: PersonId,
    /// Each with the place where the person became member.
    pub(super) groups: &'r [(RoomId, Place)],
    pub(super) upto: Place,
    pub(super) ignores: &'r [PersonId],
}

/// One of the places where something may wait: a condition with `?4` in it, the value of that, and
/// the id after which it waits.
struct Source {
    condition: &'static str,
    value: i64,
    after: i64,
}

impl Waiting<'_> {
    /// Reads a page after a place, or the first one, with the count of all.
    pub(super) fn read(
        &self,
        connection: &Connection,
        after: Option<Place>,
    ) -> rusqlite::Result<Backlog> {
        let sources = self.sources(connection, after)?;
        let mut total = 0;
        if after.is_none() {
            for source in &sources {
                total += self.count(connection, source)?;
            }
        }
        // The first of each source, of which the first of all are a part. Each is read along an
        // index; one statement over all of them would sort everything that waits, for each page.
        let mut ids = Vec::new();
        for source in &sources {
            self.first(connection, source, &mut ids)?;
        }
        ids.sort_unstable();
        let more = ids.len() > BACKLOG_PAGE;
        ids.truncate(BACKLOG_PAGE);
        let mut next = ids.last().filter(|_| more).map(|id| row::place(*id));
        let mut messages = fetch(connection, &ids)?;
        let page = backlog_page(&messages);
        if page < messages.len() {
            messages.truncate(page);
            next = messages.last().map(|message| message.place);
        }
        Ok(Backlog { total, messages, next })
    }

    fn sources(
        &self,
        connection: &Connection,
        after: Option<Place>,
    ) -> rusqlite::Result<Vec<Source>> {
        let person = signed(self.person.0);
        let mark: Option<i64> = connection
            .prepare_cached("SELECT upto FROM mark WHERE person_id = ?1")?
            .query_row([person], |row| row.get(0))
            .optional()?;
        let after = mark.unwrap_or(0).max(after.map_or(0, row::id));
        let mut sources = vec![
            Source { condition: "recipient_id = ?4", value: person, after },
            // It takes a value as all do.
            Source { condition: "kind = 'everyone' AND ?4 = 0", value: 0, after },
        ];
        sources.extend(self.groups.iter().map(|(group, joined)| Source {
            condition: "room_id = ?4",
            value: signed(group.0),
            after: after.max(row::id(*joined)),
        }));
        Ok(sources)
    }

    fn count(&self, connection: &Connection, source: &Source) -> rusqlite::Result<u64> {
        let sql = sql("count(*)", source.condition, "");
        let values = params![
            source.after,
            row::id(self.upto),
            signed(self.person.0),
            source.value,
            self.ignores()
        ];
        connection.prepare_cached(&sql)?.query_row(values, |row| row.get(0)).map(unsigned)
    }

    fn first(
        &self,
        connection: &Connection,
        source: &Source,
        ids: &mut Vec<i64>,
    ) -> rusqlite::Result<()> {
        let sql = sql("id", source.condition, "ORDER BY id LIMIT ?6");
        let values = params![
            source.after,
            row::id(self.upto),
            signed(self.person.0),
            source.value,
            self.ignores(),
            signed(BACKLOG_PAGE as u64 + 1)
        ];
        let mut statement = connection.prepare_cached(&sql)?;
        for id in statement.query_map(values, |row| row.get(0))? {
            ids.push(id?);
        }
        Ok(())
    }

    /// The ids of those who are ignored, as a list in JSON.
    fn ignores(&self) -> String {
        let ids: Vec<_> = self.ignores.iter().map(|person| person.0.to_string()).collect();
        format!("[{}]", ids.join(","))
    }
}

fn sql(what: &str, condition: &str, end: &str) -> String {
    format!(
        "SELECT {what} FROM message
         WHERE {condition} AND id > ?1 AND id <= ?2 AND author_id <> ?3
         AND author_id NOT IN (SELECT value FROM json_each(?5)) {end}"
    )
}

/// The messages with these ids, in their order, without those that are not there.
pub(super) fn fetch(connection: &Connection, ids: &[i64]) -> rusqlite::Result<Vec<Arc<Message>>> {
    let sql = format!("SELECT {} FROM message WHERE id = ?1", row::COLUMNS);
    let mut statement = connection.prepare_cached(&sql)?;
    let mut messages = Vec::with_capacity(ids.len());
    for id in ids {
        messages.extend(statement.query_row([id], row::read).optional()?);
    }
    Ok(messages)
}
