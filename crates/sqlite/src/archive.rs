//! The archive: messages, what else happened, and marks of delivery, written behind the live path
//! and read beside it.
//!
//! One thread writes, in transactions of what has gathered meanwhile; two read; one feeds the
//! full-text index and one searches it, so that an index that is being built, or a costly search,
//! holds up nothing else. They share one [`desk`].

mod backlog;
mod cleaning;
mod desk;
mod extra;
mod happening;
mod history;
mod index;
mod lane;
mod lines;
mod moment;
mod reader;
mod row;
mod search;
mod target;
mod writer;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use chinwag_model::id::Seq;
use chinwag_model::query::{Reading, ReadingKind};
use chinwag_model::record::Record;
use chinwag_storage::archive::{Archive, Reply, Synced};
use chinwag_storage::fair::Party;

use crate::database::{self, Commit};
use crate::error::OpenError;
use crate::folder::Folder;
use desk::Desk;
use index::Indexer;
use lane::{Lane, Question};
use reader::Reader;
use writer::Writer;

/// The formats of `chinwag.sqlite`.
///
/// A message's id is its place in one number, so that the order of the table is the one order, an
/// index on anything is an index on it and the place, and the full-text index needs no table to
/// find its messages.
///
/// Messages of tags alone lie aside, so that whoever reads what was said need not go through them.
pub(crate) const MIGRATIONS: &[&str] = &[FIRST, LINES];

const FIRST: &str = "
    CREATE TABLE message (
        id INTEGER PRIMARY KEY,      -- its place: number of the entry * 65536 + index there
        time_ms INTEGER NOT NULL,    -- since 1970 in UTC
        kind TEXT NOT NULL,          -- said to: 'room', 'group', 'person' or 'everyone'
        room_id INTEGER,             -- the room or group
        recipient_id INTEGER,        -- the person
        author_id INTEGER NOT NULL,
        author TEXT NOT NULL,        -- names as they were then: as shown,
        author_folded TEXT NOT NULL, -- as compared,
        author_look TEXT NOT NULL,   -- and what they look like
        target TEXT,                 -- the same of the room, group or person
        target_folded TEXT,
        target_look TEXT,
        manner TEXT NOT NULL,        -- 'speech', 'action' or 'notice'
        text TEXT NOT NULL
    );
    CREATE INDEX message_room ON message (room_id) WHERE room_id IS NOT NULL;
    CREATE INDEX message_pair ON message (min(author_id, recipient_id), max(author_id, recipient_id))
        WHERE recipient_id IS NOT NULL;
    CREATE INDEX message_recipient ON message (recipient_id) WHERE recipient_id IS NOT NULL;
    CREATE INDEX message_everyone ON message (kind) WHERE kind = 'everyone';
    CREATE TABLE mark (              -- how far what waits for a person was sent to them
        person_id INTEGER PRIMARY KEY,
        upto INTEGER NOT NULL        -- a place, as a message's id
    );
    CREATE TABLE archive (           -- one row
        one INTEGER PRIMARY KEY CHECK (one = 1),
        id TEXT NOT NULL,            -- by chance; the full-text index is of the archive with this id
        kept INTEGER NOT NULL        -- all entries of the log up to here are in this file
    );
    INSERT INTO archive VALUES (1, lower(hex(randomblob(16))), 0);
";

const LINES: &str = "
    ALTER TABLE message ADD COLUMN
        extra BLOB;                  -- what few have, in CBOR; NULL where it has nothing of it
    CREATE INDEX message_pair_back ON message
        (max(author_id, recipient_id), min(author_id, recipient_id)) WHERE recipient_id IS NOT NULL;
    CREATE TABLE aside (             -- messages of tags alone, with the columns of the others
        id INTEGER PRIMARY KEY,
        time_ms INTEGER NOT NULL,
        kind TEXT NOT NULL,
        room_id INTEGER,
        recipient_id INTEGER,
        author_id INTEGER NOT NULL,
        author TEXT NOT NULL,
        author_folded TEXT NOT NULL,
        author_look TEXT NOT NULL,
        target TEXT,
        target_folded TEXT,
        target_look TEXT,
        manner TEXT NOT NULL,        -- 'tags'
        text TEXT NOT NULL,          -- empty
        extra BLOB
    );
    CREATE INDEX aside_room ON aside (room_id) WHERE room_id IS NOT NULL;
    CREATE INDEX aside_pair ON aside (min(author_id, recipient_id), max(author_id, recipient_id))
        WHERE recipient_id IS NOT NULL;
    CREATE INDEX aside_everyone ON aside (kind) WHERE kind = 'everyone';
    CREATE TABLE happening (         -- what happened, beside what was said
        n INTEGER PRIMARY KEY,       -- in the order of keeping
        place INTEGER NOT NULL,      -- as a message's id
        time_ms INTEGER NOT NULL,
        conversation TEXT NOT NULL,  -- 'r12' for a room, 'p3 p5' for two persons, or 'all'
        who TEXT NOT NULL,           -- the name as it was then
        what TEXT NOT NULL,          -- 'joined', 'left', 'quit', 'kicked', 'topic', ...
        detail BLOB NOT NULL,        -- all else, in CBOR
        gone_id INTEGER              -- the message that was taken back with it
    );
    CREATE INDEX happening_conversation ON happening (conversation, place);
    CREATE INDEX happening_gone ON happening (place) WHERE gone_id IS NOT NULL;
";

/// How long a reading may wait for what it asks for to be written.
const PATIENCE: Duration = Duration::from_secs(10);

/// Threads that read history and what waits.
const READERS: usize = 2;

/// The archive in `chinwag.sqlite`, and its index in `search.sqlite`.
pub struct SqliteArchive {
    file: PathBuf,
    desk: Arc<Desk>,
    patience: Duration,
    lanes: Lanes,
    threads: Vec<JoinHandle<()>>,
    /// Dropped last.
    _folder: Folder,
}

/// Readings on their way to those who answer them.
struct Lanes {
    plain: Arc<Lane>,
    search: Arc<Lane>,
}

impl SqliteArchive {
    pub(crate) fn open(folder: &Folder) -> Result<Self, OpenError> {
        Self::open_with(folder, PATIENCE)
    }

    fn open_with(folder: &Folder, patience: Duration) -> Result<Self, OpenError> {
        let (file, index) = (folder.archive(), folder.search());
        let connection = database::open(&file, MIGRATIONS, Commit::Soon)?;
        let failed = |error| OpenError::of(&file, &error);
        let (id, kept) = connection
            .query_row("SELECT id, kept FROM archive", [], |row| {
                Ok((row.get::<_, String>(0)?, Seq(crate::int::unsigned(row.get(1)?))))
            })
            .map_err(failed)?;
        let desk = Arc::new(Desk::new(kept));
        let (plain, search) = (Arc::new(Lane::new()), Arc::new(Lane::new()));
        let mut archive = Self {
            file: file.clone(),
            desk: Arc::clone(&desk),
            patience,
            lanes: Lanes { plain: Arc::clone(&plain), search: Arc::clone(&search) },
            threads: Vec::new(),
            _folder: folder.clone(),
        };
        let writer = Writer::new(file.clone(), connection, Arc::clone(&desk));
        archive.start(crate::thread::vital("archive", move || writer.run()))?;
        for n in 0..READERS {
            let reader = Reader::new(&file, &index, &desk);
            archive.read_with(format!("reader-{n}"), reader, Arc::clone(&plain))?;
        }
        archive.read_with("search".to_owned(), Reader::new(&file, &index, &desk), search)?;
        let indexer = Indexer::new(index, file, id, kept, desk);
        archive.start(std::thread::Builder::new().name("search-index".to_owned()).spawn(
            move || {
                crate::thread::guarded("the search index", || indexer.run());
            },
        ))?;
        Ok(archive)
    }

    fn read_with(
        &mut self,
        name: String,
        reader: Reader,
        questions: Arc<Lane>,
    ) -> Result<(), OpenError> {
        let builder = std::thread::Builder::new().name(name);
        self.start(builder.spawn(move || reader.run(&questions)))
    }

    fn start(&mut self, thread: std::io::Result<JoinHandle<()>>) -> Result<(), OpenError> {
        let failed = |error: std::io::Error| OpenError::Failed {
            path: self.file.clone(),
            reason: format!("no thread to be had: {error}"),
        };
        self.threads.push(thread.map_err(failed)?);
        Ok(())
    }
}

impl Archive for SqliteArchive {
    fn kept(&self) -> Seq {
        self.desk.kept()
    }

    fn keep(&self, upto: Seq, records: Vec<Record>) {
        self.desk.keep(upto, records);
    }

    fn backlog(&self) -> usize {
        self.desk.backlog()
    }

    fn read(&self, reading: Reading, reply: Reply) {
        self.read_for(Party::default(), reading, reply);
    }

    fn read_for(&self, party: Party, reading: Reading, reply: Reply) {
        let question = Question { deadline: Instant::now() + self.patience, reading, reply };
        let lane = match &question.reading.what {
            ReadingKind::Search { .. } => &self.lanes.search,
            _ => &self.lanes.plain,
        };
        lane.ask(party, question);
    }

    fn sync(&self, done: Synced) {
        self.desk.sync(done);
    }
}

impl Drop for SqliteArchive {
    fn drop(&mut self) {
        self.desk.close();
        self.lanes.plain.close();
        self.lanes.search.close();
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for SqliteArchive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteArchive").field("file", &self.file).finish_non_exhaustive()
    }
}

/// What an error while reading means: whether the file must be made anew, where that is possible.
fn is_damage(path: &Path, error: &rusqlite::Error) -> bool {
    matches!(OpenError::of(path, error), OpenError::Damaged { .. })
}

#[cfg(test)]
mod tests;
