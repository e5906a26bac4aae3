//! The threads that read the archive.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use chinwag_model::query::{Answer, Reading, ReadingKind};
use chinwag_storage::archive::may_find;
use rusqlite::Connection;

use super::desk::Desk;
use super::lane::{Lane, Question};
use super::{backlog, history, lines, search, target};
use crate::database;

pub(super) struct Reader {
    file: PathBuf,
    index: PathBuf,
    desk: Arc<Desk>,
}

impl Reader {
    pub(super) fn new(file: &Path, index: &Path, desk: &Arc<Desk>) -> Self {
        Self { file: file.to_owned(), index: index.to_owned(), desk: Arc::clone(desk) }
    }

    /// Answers questions until nobody can ask.
    pub(super) fn run(&self, questions: &Lane) {
        let mut connection = None;
        while let Some(Question { reading, reply, deadline }) = questions.next() {
            let answer = || self.answer(&mut connection, &reading, deadline);
            let answer = crate::thread::guarded("a reading of the archive", answer).flatten();
            reply(answer.unwrap_or(Answer::Unavailable));
        }
    }

    fn answer(
        &self,
        connection: &mut Option<Connection>,
        reading: &Reading,
        deadline: Instant,
    ) -> Option<Answer> {
        let is_search = matches!(reading.what, ReadingKind::Search { .. });
        let is_there = if is_search {
            self.desk.wait_indexed(reading.at, deadline)
        } else {
            self.desk.wait_kept(reading.at, deadline)
        };
        // While nothing can be written, reading goes on with what there is. What waits for someone is
        // told only as a whole, since then it counts as told.
        let is_whole = matches!(reading.what, ReadingKind::Backlog { .. });
        if !is_there && (is_whole || !self.desk.is_stuck()) {
            let what = if is_search { "search index" } else { "archive" };
            tracing::warn!("the {what} did not reach entry {} in time", reading.at.0);
            return None;
        }
        let read = self.read(connection, reading);
        if read.is_err() {
            // It is opened anew for the next one.
            *connection = None;
        }
        match read {
            Ok(answer) => Some(answer),
            Err(error) => {
                tracing::error!("cannot read {}: {error}", self.file.display());
                None
            }
        }
    }

    /// Reads what there is.
    pub(super) fn read(
        &self,
        connection: &mut Option<Connection>,
        reading: &Reading,
    ) -> rusqlite::Result<Answer> {
        let connection = match connection {
            Some(connection) => connection,
            none => none.insert(database::open_to_read(&self.file)?),
        };
        // One transaction: what is read is of one moment.
        let transaction = connection.transaction()?;
        match &reading.what {
            ReadingKind::History { conversation, limit } => {
                history::read(&transaction, *conversation, reading.at, *limit).map(Answer::History)
            }
            ReadingKind::Backlog { person, groups, upto, after, ignores } => {
                let waiting = backlog::Waiting { person: *person, groups, upto: *upto, ignores };
                waiting.read(&transaction, *after).map(Answer::Backlog)
            }
            ReadingKind::Search { words, person, rooms, within, author, after, before, limit } => {
                let search = search::Search {
                    words,
                    person: *person,
                    rooms,
                    within: *within,
                    author: author.as_ref(),
                    after: *after,
                    before: *before,
                    limit: *limit,
                };
                let span = search.span(&transaction, reading.at)?;
                match search.find(&self.index, span) {
                    Ok(ids) => search.fetch(&transaction, &ids).map(Answer::Found),
                    Err(error) => {
                        tracing::error!("cannot search {}: {error}", self.index.display());
                        if super::is_damage(&self.index, &error) {
                            self.desk.index_is_damaged();
                        }
                        Ok(Answer::Unavailable)
                    }
                }
            }
            ReadingKind::Lines { conversation, range, since, limit, happenings } => {
                let lines = lines::Lines {
                    conversation: *conversation,
                    since: *since,
                    at: reading.at,
                    happenings: *happenings,
                };
                lines.read(&transaction, *range, *limit).map(Answer::Lines)
            }
            ReadingKind::Targets { person, rooms, from, to, limit } => {
                let targets = target::Targets { person: *person, rooms, at: reading.at };
                targets.read(&transaction, *from..*to, *limit).map(Answer::Targets)
            }
            ReadingKind::Message { place, person, rooms } => {
                let message = history::one(&transaction, *place)?.filter(|message| {
                    message.place <= reading.at.end() && may_find(message, *person, rooms)
                });
                Ok(Answer::Message(message))
            }
        }
    }
}
