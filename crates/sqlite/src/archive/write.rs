//! The archive's one writer: takes all that came while it wrote, in one transaction.

use std::time::Duration;

use chinwag_model::id::Seq;
use chinwag_model::record::Record;
use rusqlite::{Connection, OptionalExtension, params};

use super::{Shared, Task, failed, message};
use crate::database::Kind;

pub(super) const KIND: Kind = Kind {
    application_id: 0x6377_6172,
    // What a power cut takes from the end is given again from the log.
    synchronous: "NORMAL",
    migrations: &["
        CREATE TABLE message (
            id INTEGER PRIMARY KEY,  -- 1024 times the entry's number, and the index in it
            time_ms INTEGER NOT NULL,
            author INTEGER NOT NULL,
            author_name TEXT NOT NULL,
            room INTEGER,            -- where it was said to a room or group
            is_group INTEGER,
            recipient INTEGER,       -- where it was said to one person
            to_name TEXT,            -- the room's, group's or person's; none where to everyone
            manner INTEGER NOT NULL, -- 0 speech, 1 action
            text TEXT NOT NULL
        );
        CREATE INDEX message_by_room ON message (room, id) WHERE room IS NOT NULL;
        CREATE INDEX message_by_pair ON message (recipient, author, id)
            WHERE recipient IS NOT NULL;
        CREATE INDEX message_by_recipient ON message (recipient, id)
            WHERE recipient IS NOT NULL;
        CREATE INDEX message_to_everyone ON message (id)
            WHERE room IS NULL AND recipient IS NULL;
        CREATE TABLE delivered (
            person INTEGER PRIMARY KEY,
            upto INTEGER NOT NULL
        );
        CREATE TABLE progress (
            id INTEGER PRIMARY KEY CHECK (id = 0),
            kept INTEGER NOT NULL
        );
    "],
};

/// Records that one transaction takes, about.
const BATCH_RECORDS: usize = 4000;

/// After a failure, the file is left alone for so long.
const RETRY: Duration = Duration::from_millis(250);

/// Tries to write what is left when the archive is closed.
const LAST_TRIES: u32 = 4;

/// The last entry that is kept.
pub(super) fn kept(connection: &Connection) -> rusqlite::Result<Seq> {
    let kept = connection.query_row("SELECT kept FROM progress", [], |row| row.get::<_, i64>(0));
    Ok(Seq(kept.optional()?.map_or(0, |kept| u64::try_from(kept).unwrap_or(0))))
}

/// Writes until the archive is closed and nothing is left; gives the connection back, to be closed.
pub(super) fn run(shared: &Shared, mut connection: Connection) -> Connection {
    let mut tries = 0;
    loop {
        let (tasks, closing) = next_tasks(shared);
        let mut batch = Batch::default();
        for task in tasks {
            match task {
                Task::Keep(upto, records) => batch.add(upto, records),
                Task::Sync(synced) => {
                    let result = batch.write(shared, &mut connection).and_then(|()| {
                        // It syncs the write-ahead log, whether or not a reader keeps it from
                        // being moved into the file.
                        let sql = "PRAGMA wal_checkpoint(PASSIVE)";
                        connection.query_row(sql, [], |_| Ok(()))
                    });
                    let kept = shared.lock().kept;
                    synced(result.map(|()| kept).map_err(|e| failed("become durable", &e)));
                }
            }
        }
        match batch.write(shared, &mut connection) {
            Ok(()) => tries = 0,
            Err(error) => {
                if tries == 0 {
                    tracing::error!("the archive cannot write, and tries again: {error}");
                }
                tries += 1;
                batch.give_back(shared);
                let state = shared.lock();
                if !state.closing {
                    drop(shared.wait(state, RETRY));
                }
            }
        }
        let done = shared.lock().queue.is_empty();
        if closing && (done || tries >= LAST_TRIES) {
            // What is not written is in the log, and is given again at the next start.
            return connection;
        }
    }
}

fn next_tasks(shared: &Shared) -> (Vec<Task>, bool) {
    let mut state = shared.lock();
    while state.queue.is_empty() && !state.closing {
        state = shared.wait(state, Duration::from_secs(60));
    }
    let mut records = 0;
    let within = |task: &Task| {
        let before = records;
        if let Task::Keep(_, more) = task {
            records += more.len();
        }
        before < BATCH_RECORDS
    };
    let count = state.queue.iter().map(within).take_while(|within| *within).count();
    (state.queue.drain(..count).collect(), state.closing)
}

/// Records that are written together.
#[derive(Default)]
struct Batch {
    upto: Seq,
    records: Vec<Record>,
}

impl Batch {
    fn add(&mut self, upto: Seq, records: Vec<Record>) {
        self.upto = upto;
        self.records.extend(records);
    }

    fn write(&mut self, shared: &Shared, connection: &mut Connection) -> rusqlite::Result<()> {
        if self.upto == Seq(0) {
            return Ok(());
        }
        let transaction = connection.transaction()?;
        {
            // Written twice, a row is the same.
            let columns = message::COLUMNS;
            let mut said = transaction.prepare_cached(&format!(
                "INSERT OR IGNORE INTO message ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            ))?;
            let mut delivered = transaction.prepare_cached(
                "INSERT INTO delivered VALUES (?, ?)
                 ON CONFLICT DO UPDATE SET upto = max(upto, excluded.upto)",
            )?;
            for record in &self.records {
                match record {
                    Record::Message(message) => message::insert(&mut said, message)?,
                    Record::Delivered(mark) => delivered
                        .execute(params![message::number(mark.person.0), message::id(mark.upto)])?,
                };
            }
            let mut progress =
                transaction.prepare_cached("INSERT OR REPLACE INTO progress VALUES (0, ?)")?;
            progress.execute([message::number(self.upto.0)])?;
        }
        transaction.commit()?;
        let mut state = shared.lock();
        state.kept = self.upto;
        state.waiting = state.waiting.saturating_sub(self.records.len());
        drop(state);
        shared.changed.notify_all();
        *self = Self::default();
        Ok(())
    }

    /// Puts what could not be written back to where it was.
    fn give_back(self, shared: &Shared) {
        shared.lock().queue.insert(0, Task::Keep(self.upto, self.records));
    }
}
