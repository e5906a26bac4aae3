//! The thread that writes the archive.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chinwag_model::id::Seq;
use chinwag_model::record::Record;
use chinwag_storage::archive::ArchiveError;
use rusqlite::Connection;

use super::desk::{Desk, Work};
use super::{happening, row};
use crate::database::{self, Commit};
use crate::int::signed;
use crate::thread;

/// How long to wait after a first failure; twice as long after each further one.
const RETRY_MIN: Duration = Duration::from_millis(100);
const RETRY_MAX: Duration = Duration::from_secs(5);

/// How long to wait before the write-ahead log is emptied that could not be emptied, and then for those
/// who read.
const TIDYING: Duration = Duration::from_millis(250);

pub(super) struct Writer {
    file: PathBuf,
    /// `None` after an error, until it is opened again.
    connection: Option<Connection>,
    desk: Arc<Desk>,
    /// Whether the write-ahead log may hold the text of messages that were taken back.
    is_spilt: bool,
}

impl Writer {
    pub(super) fn new(file: PathBuf, connection: Connection, desk: Arc<Desk>) -> Self {
        // There may be something of an earlier run.
        Self { file, connection: Some(connection), desk, is_spilt: true }
    }

    pub(super) fn run(mut self) {
        thread::stand_back();
        loop {
            match self.desk.next_work(self.is_spilt.then_some(TIDYING)) {
                Work::Write(upto, records) => {
                    if !self.write(upto, &records) {
                        break;
                    }
                    self.desk.written(upto, records.len());
                    if records.iter().any(|record| matches!(record, Record::Redacted { .. })) {
                        self.is_spilt = true;
                        self.tidy(Duration::ZERO);
                    }
                }
                // A reader that is always there is waited for.
                Work::Tidy => self.tidy(TIDYING),
                Work::Sync(waiting) => {
                    let kept = self.desk.kept();
                    let synced = self.with(|connection| sync(connection, kept));
                    for done in waiting {
                        done(match &synced {
                            Ok(()) => Ok(kept),
                            Err(error) => Err(ArchiveError::Failed {
                                reason: format!("{}: {error}", self.file.display()),
                            }),
                        });
                    }
                }
                Work::End => break,
            }
        }
        self.desk.end_writing();
        // The file is whole without its companions then, unless somebody still reads.
        if let Some(connection) = &self.connection
            && let Err(error) = database::empty_wal(connection, Duration::ZERO)
        {
            tracing::warn!("cannot tidy up {}: {error}", self.file.display());
        }
    }

    /// Writes until it is done; gives up only at the end, as all of it is in the log.
    fn write(&mut self, upto: Seq, records: &[Record]) -> bool {
        let mut retry = RETRY_MIN;
        while let Err(error) = self.with(|connection| write(connection, upto, records)) {
            let file = self.file.display();
            if retry == RETRY_MIN {
                tracing::error!("cannot write {file}, trying again: {error}");
            }
            if self.desk.pause(retry) {
                tracing::error!(
                    "{file} ends before entry {}; the next start writes the rest from the log",
                    upto.0
                );
                return false;
            }
            retry = RETRY_MAX.min(retry * 2);
        }
        if retry > RETRY_MIN {
            tracing::info!("{} is written again", self.file.display());
        }
        true
    }

    /// After messages were taken back: takes their text out of the write-ahead log, a little later if
    /// somebody reads now.
    fn tidy(&mut self, patience: Duration) {
        let mut is_empty = false;
        match self.with(|connection| {
            is_empty = database::empty_wal(connection, patience)?;
            Ok(())
        }) {
            Ok(()) => self.is_spilt = !is_empty,
            Err(error) => tracing::warn!("cannot tidy up {}: {error}", self.file.display()),
        }
    }

    /// Does something with the connection, which is opened anew after an error: some of SQLite's
    /// stay with a connection.
    fn with(
        &mut self,
        work: impl FnOnce(&mut Connection) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<()> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(database::reopen(&self.file, Commit::Soon)?),
        };
        let done = work(connection);
        if done.is_err() {
            self.connection = None;
        }
        done
    }
}

/// Writes records, and that all up to an entry are written, at once.
fn write(connection: &mut Connection, upto: Seq, records: &[Record]) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    for record in records {
        match record {
            Record::Message(message) => row::insert(&transaction, message)?,
            Record::Delivered(mark) => {
                let sql = "INSERT INTO mark (person_id, upto) VALUES (?1, ?2)
                           ON CONFLICT DO UPDATE SET upto = max(upto, excluded.upto)";
                let values = [signed(mark.person.0), row::id(mark.upto)];
                transaction.prepare_cached(sql)?.execute(values)?;
            }
            Record::Happened(happening) => happening::insert(&transaction, happening, None)?,
            Record::Expired(person) => {
                let sql = "DELETE FROM mark WHERE person_id = ?1";
                transaction.prepare_cached(sql)?.execute([signed(person.0)])?;
            }
            Record::Redacted { message, happening } => {
                row::remove(&transaction, *message)?;
                happening::insert(&transaction, happening, Some(*message))?;
            }
        }
    }
    set_kept(&transaction, upto)?;
    transaction.commit()
}

/// Makes everything durable that was written: a commit with `synchronous=FULL` makes the whole
/// write-ahead log durable, and what has left it was made so before.
fn sync(connection: &mut Connection, kept: Seq) -> rusqlite::Result<()> {
    connection.pragma_update(None, "synchronous", "FULL")?;
    set_kept(connection, kept)?;
    connection.pragma_update(None, "synchronous", "NORMAL")
}

fn set_kept(connection: &Connection, kept: Seq) -> rusqlite::Result<()> {
    connection.prepare_cached("UPDATE archive SET kept = ?1")?.execute([signed(kept.0)]).map(drop)
}
