//! An entry as a row.

use chinwag_model::entry::{Entry, Packet};
use chinwag_model::id::{Seq, Timestamp};
use rusqlite::{Connection, params};

use crate::int::{signed, unsigned};

/// A row of the table `entry`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) seq: i64,
    pub(super) time_ms: i64,
    pub(super) packet: Vec<u8>,
    crc32: i64,
}

impl Row {
    pub(super) fn of(seq: Seq, time: Timestamp, packet: &Packet) -> Self {
        let (seq, time_ms, packet) = (signed(seq.0), time.0, packet.to_bytes());
        Self { seq, time_ms, crc32: crc32(seq, time_ms, &packet), packet }
    }

    /// Reads the columns `seq, time_ms, packet, crc32`.
    pub(super) fn read(row: &rusqlite::Row<'_>) -> Result<Self, String> {
        let read = || -> rusqlite::Result<Self> {
            Ok(Self {
                seq: row.get(0)?,
                time_ms: row.get(1)?,
                packet: row.get(2)?,
                crc32: row.get(3)?,
            })
        };
        read().map_err(|error| format!("is not readable ({error})"))
    }

    /// What it holds; a reason to put after the entry's number if it is not as it was written.
    pub(super) fn entry(&self) -> Result<Entry, String> {
        if self.crc32 != crc32(self.seq, self.time_ms, &self.packet) {
            return Err("does not match its checksum".to_owned());
        }
        let packet = Packet::from_bytes(&self.packet).map_err(|why| format!("holds {why}"))?;
        Ok(Entry { seq: Seq(unsigned(self.seq)), time: Timestamp(self.time_ms), packet })
    }

    /// Stores it, durably. One statement is a transaction of its own.
    pub(super) fn store(&self, connection: &Connection) -> rusqlite::Result<()> {
        let sql = "INSERT INTO entry (seq, time_ms, packet, crc32) VALUES (?1, ?2, ?3, ?4)";
        let values = params![self.seq, self.time_ms, self.packet, self.crc32];
        connection.prepare_cached(sql)?.execute(values).map(drop)
    }
}

/// The checksum of an entry or snapshot: its place and time, so that a row in another's place is
/// found as well, and its bytes.
pub(super) fn crc32(seq: i64, time_ms: i64, bytes: &[u8]) -> i64 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&seq.to_be_bytes());
    hasher.update(&time_ms.to_be_bytes());
    hasher.update(bytes);
    i64::from(hasher.finalize())
}
