//! Readers: each with connections of its own, beside the writer.

use std::path::Path;
use std::sync::Arc;

use chinwag_model::message::{Conversation, Message};
use chinwag_model::query::{Answer, Reading, ReadingKind};
use chinwag_storage::archive::Reply;
use crossbeam_channel::Receiver;
use rusqlite::{Connection, Params, params};

use super::message::{self, COLUMNS, number};
use super::{Shared, backlog, search};
use crate::database;

/// One reader.
#[derive(Debug)]
pub(super) struct Reader {
    pub(super) messages: Connection,
    pub(super) index: Connection,
}

impl Reader {
    pub(super) fn open(file: &Path, index_file: &Path) -> rusqlite::Result<Self> {
        let messages = database::open_to_read(file)?;
        Ok(Self { messages, index: database::open_to_read(index_file)? })
    }

    pub(super) fn run(self, shared: &Shared, inbox: &Receiver<(Reading, Reply)>) {
        for (reading, reply) in inbox {
            let is_search = matches!(reading.what, ReadingKind::Search { .. });
            let ready = shared.wait_until(|state| {
                state.kept >= reading.at && (!is_search || state.indexed >= reading.at)
            });
            let answer = if ready { self.answer(&reading) } else { Ok(Answer::Unavailable) };
            reply(answer.unwrap_or_else(|error| {
                tracing::error!("the archive cannot be read: {error}");
                Answer::Unavailable
            }));
        }
    }

    fn answer(&self, reading: &Reading) -> rusqlite::Result<Answer> {
        match &reading.what {
            ReadingKind::History { conversation, limit } => {
                let upto = message::id(reading.at.end());
                self.history(*conversation, upto, *limit).map(Answer::History)
            }
            ReadingKind::Backlog { person, groups, upto, after, ignores } => {
                backlog::read(&self.messages, *person, groups, *upto, *after, ignores)
                    .map(Answer::Backlog)
            }
            ReadingKind::Search { words, person, rooms, limit } => {
                let upto = message::id(reading.at.end());
                search::find(self, words, *person, rooms, upto, *limit).map(Answer::Found)
            }
        }
    }

    fn history(
        &self,
        conversation: Conversation,
        upto: i64,
        limit: u32,
    ) -> rusqlite::Result<Vec<Arc<Message>>> {
        let order = "ORDER BY id DESC LIMIT";
        let mut messages = match conversation {
            Conversation::Room(room) => self.select(
                &format!("room = ?1 AND id <= ?2 {order} ?3"),
                params![number(room.0), upto, limit],
            )?,
            Conversation::Everyone => self.select(
                &format!("room IS NULL AND recipient IS NULL AND id <= ?1 {order} ?2"),
                params![upto, limit],
            )?,
            Conversation::Pair(one, other) => {
                // Each direction has its own stretch of the index.
                let sql = format!("recipient = ?1 AND author = ?2 AND id <= ?3 {order} ?4");
                let (one, other) = (number(one.0), number(other.0));
                let mut both = self.select(&sql, params![one, other, upto, limit])?;
                if one != other {
                    both.extend(self.select(&sql, params![other, one, upto, limit])?);
                    both.sort_by_key(|message| std::cmp::Reverse(message.place));
                    both.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
                }
                both
            }
        };
        messages.reverse();
        Ok(messages)
    }

    /// Messages of which a condition holds.
    pub(super) fn select(
        &self,
        condition: &str,
        values: impl Params,
    ) -> rusqlite::Result<Vec<Arc<Message>>> {
        select(&self.messages, condition, values)
    }
}

/// Messages of which a condition holds.
pub(super) fn select(
    messages: &Connection,
    condition: &str,
    values: impl Params,
) -> rusqlite::Result<Vec<Arc<Message>>> {
    let sql = format!("SELECT {COLUMNS} FROM message WHERE {condition}");
    let mut statement = messages.prepare_cached(&sql)?;
    let rows = statement.query_map(values, message::read)?;
    rows.collect()
}
