//! The last messages of conversations.

use std::ops;
use std::sync::Arc;

use chinwag_model::id::{PersonId, RoomId, Seq, Timestamp};
use chinwag_model::message::{Conversation, Message};
use rusqlite::{Connection, OptionalExtension, params};

use super::{backlog, history, moment, row};
use crate::int::{signed, unsigned};

/// The one side of pairs: as the indices on them are written, so that each other person, with the
/// last message, is one step along one of them.
const OTHERS: [&str; 2] = [
    "SELECT max(author_id, recipient_id), id FROM message
     WHERE recipient_id IS NOT NULL AND min(author_id, recipient_id) = ?1
     AND max(author_id, recipient_id) < ?2
     ORDER BY max(author_id, recipient_id) DESC, id DESC LIMIT 1",
    "SELECT min(author_id, recipient_id), id FROM message
     WHERE recipient_id IS NOT NULL AND max(author_id, recipient_id) = ?1
     AND min(author_id, recipient_id) < ?2
     ORDER BY min(author_id, recipient_id) DESC, id DESC LIMIT 1",
];

/// Whose conversations, and up to where.
pub(super) struct Targets<'r> {
    pub(super) person: PersonId,
    pub(super) rooms: &'r [RoomId],
    pub(super) at: Seq,
}

impl Targets<'_> {
    /// Reads the last messages that are later than a time and earlier than another one, the first
    /// of them, by time.
    pub(super) fn read(
        &self,
        connection: &Connection,
        times: ops::Range<Timestamp>,
        limit: u32,
    ) -> rusqlite::Result<Vec<Arc<Message>>> {
        let whole = 0..self.end() + 1;
        let past = |time: Timestamp, or_at: bool| {
            let is_past = |at: Timestamp| at > time || or_at && at == time;
            moment::first_message_past(connection, whole.clone(), is_past)
        };
        let wanted = past(times.start, false)?..past(times.end, true)?;
        let mut ids = Vec::new();
        for room in self.rooms {
            ids.extend(self.last(connection, Conversation::Room(*room))?);
        }
        for others in OTHERS {
            self.pairs(connection, others, &mut ids)?;
        }
        ids.retain(|id| wanted.contains(id));
        ids.sort_unstable();
        // The conversation with oneself is found from both sides.
        ids.dedup();
        ids.truncate(usize::try_from(history::bounded(limit)).unwrap_or(0));
        backlog::fetch(connection, &ids)
    }

    /// The last messages of pairs of which the person is the one side.
    fn pairs(
        &self,
        connection: &Connection,
        others: &str,
        ids: &mut Vec<i64>,
    ) -> rusqlite::Result<()> {
        let mut statement = connection.prepare_cached(others)?;
        let mut before = i64::MAX;
        loop {
            let values = params![signed(self.person.0), before];
            let step = statement.query_row(values, |row| Ok((row.get(0)?, row.get(1)?))).optional();
            let Some((other, id)) = step? else { return Ok(()) };
            before = other;
            if id <= self.end() {
                ids.push(id);
            } else {
                let pair = Conversation::pair(self.person, PersonId(unsigned(other)));
                ids.extend(self.last(connection, pair)?);
            }
        }
    }

    /// The last message of a conversation.
    fn last(
        &self,
        connection: &Connection,
        conversation: Conversation,
    ) -> rusqlite::Result<Option<i64>> {
        let (condition, [one, other]) = row::of(conversation);
        let sql = format!(
            "SELECT id FROM message WHERE {condition} AND id <= ?3 ORDER BY id DESC LIMIT 1"
        );
        let values = params![one, other, self.end()];
        connection.prepare_cached(&sql)?.query_row(values, |row| row.get(0)).optional()
    }

    fn end(&self) -> i64 {
        row::id(self.at.end())
    }
}
