//! The last messages of a conversation, and single ones.

use std::sync::Arc;

use chinwag_model::id::{Place, Seq};
use chinwag_model::message::{Conversation, Message};
use chinwag_model::query::ROWS_MAX;
use rusqlite::{Connection, OptionalExtension, params};

use super::row;
use crate::int::signed;

/// Reads the last messages up to an entry, oldest first.
pub(super) fn read(
    connection: &Connection,
    conversation: Conversation,
    at: Seq,
    limit: u32,
) -> rusqlite::Result<Vec<Arc<Message>>> {
    let (condition, [one, other]) = row::of(conversation);
    let columns = row::COLUMNS;
    let sql = format!(
        "SELECT {columns} FROM message WHERE {condition} AND id <= ?3 ORDER BY id DESC LIMIT ?4"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let values = params![one, other, row::id(at.end()), bounded(limit)];
    let mut messages =
        statement.query_map(values, row::read)?.collect::<rusqlite::Result<Vec<_>>>()?;
    messages.reverse();
    Ok(messages)
}

/// Reads the message at a place, be it tags alone.
pub(super) fn one(connection: &Connection, place: Place) -> rusqlite::Result<Option<Arc<Message>>> {
    for table in ["message", "aside"] {
        let sql = format!("SELECT {} FROM {table} WHERE id = ?1", row::COLUMNS);
        let mut statement = connection.prepare_cached(&sql)?;
        let found = statement.query_row([row::id(place)], row::read).optional()?;
        // Places that are no message's may share a number with one that is.
        if let Some(message) = found.filter(|message| message.place == place) {
            return Ok(Some(message));
        }
    }
    Ok(None)
}

/// How many rows a limit allows.
pub(super) fn bounded(limit: u32) -> i64 {
    i64::from(limit).min(signed(ROWS_MAX as u64))
}
