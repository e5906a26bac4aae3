//! A node's archive: written behind the log, and what is not synced may be lost.

use std::collections::VecDeque;

use chinwag_model::id::Seq;
use chinwag_model::query::Reading;
use chinwag_model::record::Record;
use chinwag_storage::archive::{Archive, Reply};
use chinwag_storage::memory::MemoryArchive;

/// What a node has archived.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    archive: MemoryArchive,
    /// What is written, entry by entry.
    rows: Vec<(Seq, Vec<Record>)>,
    /// How many of the rows would survive a power cut.
    synced: usize,
    /// What was taken and is not written yet.
    behind: VecDeque<(Seq, Vec<Record>)>,
    backlog: usize,
}

impl Shelf {
    /// Takes the records of the next entry; what is kept already is passed over.
    pub(crate) fn keep(&mut self, upto: Seq, records: Vec<Record>) {
        let last = self.behind.back().map_or(self.kept(), |(seq, _)| *seq);
        if upto > last {
            self.backlog += records.len();
            self.behind.push_back((upto, records));
        }
    }

    /// Writes what was taken, at most so many entries. Whether more is left.
    pub(crate) fn write(&mut self, entries: usize) -> bool {
        for _ in 0..entries {
            let Some((seq, records)) = self.behind.pop_front() else { break };
            self.backlog = self.backlog.saturating_sub(records.len());
            self.archive.keep(seq, records.clone());
            self.rows.push((seq, records));
        }
        !self.behind.is_empty()
    }

    /// Makes durable what was taken, and says up to which entry that is.
    pub(crate) fn sync(&mut self) -> Seq {
        self.write(usize::MAX);
        self.synced = self.rows.len();
        self.kept()
    }

    pub(crate) fn read(&self, reading: Reading, reply: Reply) {
        self.archive.read(reading, reply);
    }

    pub(crate) fn kept(&self) -> Seq {
        self.rows.last().map_or(Seq(0), |(seq, _)| *seq)
    }

    /// Records that were taken and not written.
    pub(crate) fn backlog(&self) -> usize {
        self.backlog
    }

    pub(crate) fn rows(&self) -> &[(Seq, Vec<Record>)] {
        &self.rows
    }

    /// How many rows a power cut may leave, at least and at most.
    pub(crate) fn risk(&self) -> (usize, usize) {
        (self.synced, self.rows.len())
    }

    /// The process is no more, and what is left are so many rows.
    pub(crate) fn crash(&mut self, rows: usize) {
        self.rows.truncate(rows);
        self.behind.clear();
        self.backlog = 0;
        self.archive = MemoryArchive::new();
        for (seq, records) in &self.rows {
            self.archive.keep(*seq, records.clone());
        }
        self.synced = self.synced.min(rows);
    }
}
