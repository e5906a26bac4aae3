//! A snapshot on its way into the log's file.
//!
//! It is written in parts, each in a commit of its own, so that a packet never waits for more than
//! one of them; the commit that makes it *the* snapshot is small. Then the entries that it took
//! the place of are deleted, some at a time: each page of them is overwritten with zeros. A crash anywhere between leaves the snapshot before
//! or this one, with all entries after it; what is left over is deleted with the next one.

use chinwag_model::id::{Seq, Timestamp};
use chinwag_storage::log::Snapshot;
use rusqlite::{Connection, OptionalExtension, params};

use super::row::crc32;
use crate::int::{signed, unsigned};

/// Bytes of a part.
const PART_BYTES: usize = 256 * 1024;

/// Parts that are deleted in one step.
const PARTS_DELETED: i64 = 4;

/// Entries that are deleted in one step, and their bytes, of which one entry may have more.
const ENTRIES_DELETED: i64 = 256;
const BYTES_DELETED: i64 = 1024 * 1024;

/// A snapshot that is being saved.
#[derive(Debug)]
pub(super) struct Saving {
    snapshot: Snapshot,
    stage: Stage,
    /// The last entry that is deleted.
    forgets: i64,
}

#[derive(Debug)]
enum Stage {
    /// This part is written next.
    Part(usize),
    /// It is made the snapshot.
    Turn,
    /// Parts of others are deleted.
    OldParts,
    /// The entries up to it are deleted.
    Entries,
}

/// Where saving stands after a step.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// So many bytes were written, and more is to be done.
    Going(usize),
    /// The snapshot is saved; what it took the place of is still there.
    Saved,
    /// There is nothing left to do.
    Done,
}

impl Saving {
    pub(super) fn new(snapshot: Snapshot) -> Self {
        let forgets = signed(snapshot.seq.0);
        Self { snapshot, stage: Stage::Part(0), forgets }
    }

    /// The entry that the snapshot ends with stays.
    pub(super) fn with_last_entry(self) -> Self {
        Self { forgets: self.forgets - 1, ..self }
    }

    pub(super) fn seq(&self) -> Seq {
        self.snapshot.seq
    }

    /// Does the next step. A step that failed can be done again.
    pub(super) fn step(&mut self, connection: &Connection) -> rusqlite::Result<Progress> {
        let seq = signed(self.snapshot.seq.0);
        let changed = match self.stage {
            Stage::Part(n) => {
                let Some(part) = self.snapshot.bytes.chunks(PART_BYTES).nth(n) else {
                    self.stage = Stage::Turn;
                    return Ok(Progress::Going(0));
                };
                let sql = "INSERT OR REPLACE INTO snapshot_part VALUES (?1, ?2, ?3)";
                connection.prepare_cached(sql)?.execute(params![seq, signed(n as u64), part])?;
                self.stage = Stage::Part(n + 1);
                return Ok(Progress::Going(part.len()));
            }
            Stage::Turn => {
                let Snapshot { time, bytes, .. } = &self.snapshot;
                let parts = signed(bytes.len().div_ceil(PART_BYTES) as u64);
                let transaction = connection.unchecked_transaction()?;
                transaction.execute("DELETE FROM snapshot", [])?;
                transaction.execute(
                    "INSERT INTO snapshot (seq, time_ms, parts, crc32) VALUES (?1, ?2, ?3, ?4)",
                    params![seq, time.0, parts, crc32(seq, time.0, bytes)],
                )?;
                transaction.commit()?;
                self.stage = Stage::OldParts;
                return Ok(Progress::Saved);
            }
            Stage::OldParts => {
                let sql = "DELETE FROM snapshot_part WHERE rowid IN
                           (SELECT rowid FROM snapshot_part WHERE seq <> ?1 LIMIT ?2)";
                connection.prepare_cached(sql)?.execute([seq, PARTS_DELETED])?
            }
            Stage::Entries => {
                let (upto, bytes) = first_entries(connection, self.forgets)?;
                let sql = "DELETE FROM entry WHERE seq <= ?1";
                let deleted = connection.prepare_cached(sql)?.execute([upto])?;
                if deleted > 0 {
                    return Ok(Progress::Going(bytes));
                }
                0
            }
        };
        if changed > 0 {
            return Ok(Progress::Going(changed * PART_BYTES));
        }
        match self.stage {
            Stage::OldParts => {
                self.stage = Stage::Entries;
                Ok(Progress::Going(0))
            }
            _ => Ok(Progress::Done),
        }
    }
}

/// The first entries, up to one, that are as many as one step deletes: the number of their last one,
/// and their bytes.
fn first_entries(connection: &Connection, forgets: i64) -> rusqlite::Result<(i64, usize)> {
    let sql = "SELECT seq, length(packet) FROM entry WHERE seq <= ?1 ORDER BY seq LIMIT ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([forgets, ENTRIES_DELETED])?;
    let (mut upto, mut bytes) = (0, 0);
    while let Some(row) = rows.next()? {
        upto = row.get(0)?;
        bytes += row.get::<_, i64>(1)?;
        if bytes >= BYTES_DELETED {
            break;
        }
    }
    Ok((upto, usize::try_from(bytes).unwrap_or(usize::MAX)))
}

/// Reads the snapshot; the inner error says how it differs from what was saved.
pub(super) fn read(connection: &Connection) -> rusqlite::Result<Result<Option<Snapshot>, String>> {
    let row = connection
        .query_row("SELECT seq, time_ms, parts, crc32 FROM snapshot", [], |row| {
            rusqlite::Result::Ok((
                row.get::<_, i64>(0)?,
                row.get::<_, i64>(1)?,
                row.get::<_, i64>(2)?,
                row.get::<_, i64>(3)?,
            ))
        })
        .optional()?;
    let Some((seq, time_ms, parts, sum)) = row else { return Ok(Ok(None)) };
    let mut bytes = Vec::new();
    let sql = "SELECT bytes FROM snapshot_part WHERE seq = ?1 AND part < ?2 ORDER BY part";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([seq, parts])?;
    while let Some(row) = rows.next()? {
        match row.get_ref(0)?.as_blob() {
            Ok(part) => bytes.extend_from_slice(part),
            Err(error) => return Ok(Err(format!("is not readable ({error})"))),
        }
    }
    if sum != crc32(seq, time_ms, &bytes) {
        return Ok(Err("does not match its checksum".to_owned()));
    }
    Ok(Ok(Some(Snapshot { seq: Seq(unsigned(seq)), time: Timestamp(time_ms), bytes })))
}
