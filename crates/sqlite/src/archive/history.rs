//! The last messages of a conversation.

use std::sync::Arc;

use chinwag_model::id::Seq;
use chinwag_model::message::{Conversation, Message};
use chinwag_model::query::ROWS_MAX;
use rusqlite::{Connection, ToSql, params};

use super::row;
use crate::int::signed;

/// Reads the last messages up to an entry, oldest first.
pub(super) fn read(
    connection: &Connection,
    conversation: Conversation,
    at: Seq,
    limit: u32,
) -> rusqlite::Result<Vec<Arc<Message>>> {
    let (end, limit) = (row::id(at.end()), bounded(limit));
    match conversation {
        Conversation::Room(room) => {
            select(connection, "room_id = ?3", params![end, limit, signed(room.0)])
        }
        Conversation::Pair(one, other) => select(
            connection,
            "recipient_id IS NOT NULL AND min(author_id, recipient_id) = ?3
             AND max(author_id, recipient_id) = ?4",
            params![end, limit, signed(one.0), signed(other.0)],
        ),
        Conversation::Everyone => select(connection, "kind = 'everyone'", params![end, limit]),
    }
}

/// How many rows a limit allows.
pub(super) fn bounded(limit: u32) -> i64 {
    i64::from(limit).min(signed(ROWS_MAX as u64))
}

fn select(
    connection: &Connection,
    condition: &str,
    values: &[&dyn ToSql],
) -> rusqlite::Result<Vec<Arc<Message>>> {
    let columns = row::COLUMNS;
    let sql = format!(
        "SELECT {columns} FROM message WHERE {condition} AND id <= ?1 ORDER BY id DESC LIMIT ?2"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut messages =
        statement.query_map(values, row::read)?.collect::<rusqlite::Result<Vec<_>>>()?;
    messages.reverse();
    Ok(messages)
}
