//! The log: packets go in, entries come out, in one order.

use chinwag_model::entry::{Entry, Packet};
use chinwag_model::id::{Seq, Timestamp};
use chinwag_model::outcome::NotStored;

/// Most packets that may be offered and not ended: a log takes so many without waiting.
pub const PACKETS_IN_FLIGHT_MAX: usize = 16;

/// The state after an entry, as bytes that the log does not look into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The last entry that is in it.
    pub seq: Seq,
    /// The time of that entry.
    pub time: Timestamp,
    /// The state.
    pub bytes: Vec<u8>,
}

/// What became of a packet.
#[derive(Clone, Debug, PartialEq)]
pub enum Logged {
    /// It is durable, with this place and time.
    Entry(Entry),
    /// It is not stored, and never will be.
    Refused {
        /// The packet, as it was offered.
        packet: Packet,
        /// Why.
        why: NotStored,
    },
    /// The log can't go on, and nothing more will come: it is not what it was, or holds what this
    /// version does not read. Only a log that others write too says so.
    Broken {
        /// What is wrong, and what to do, in one line.
        why: String,
    },
}

/// Where a log puts what it stored. It may wait in there; the log then waits with it.
pub type LogSink = Box<dyn FnMut(Logged) + Send>;

/// The one order, durable.
///
/// Dropping a log ends what was offered to it: packets are in the sink, a snapshot is saved.
pub trait Log: Send {
    /// The last snapshot saved, if any. Asked before [`follow`](Self::follow).
    ///
    /// # Errors
    /// [`LogError::Damaged`] if it is not as it was saved, [`LogError::Failed`] if it can't be read.
    fn snapshot(&mut self) -> Result<Option<Snapshot>, LogError>;

    /// Gives every stored entry after `after` to the sink, in order and on this thread; from then
    /// on each one as it is appended, on whichever thread. Called once, before the first packet is
    /// offered. Returns the number of the last entry stored.
    ///
    /// # Errors
    /// [`LogError::Damaged`] at the first entry that is missing or is not as it was stored (those
    /// before it were given), [`LogError::Trimmed`] if entries after `after` were forgotten, and
    /// [`LogError::Failed`] if it can't be read.
    fn follow(&mut self, after: Seq, sink: LogSink) -> Result<Seq, LogError>;

    /// Offers a packet. It ends in the sink, once: as an entry when it is durable, or as refused;
    /// in the order offered. At most [`PACKETS_IN_FLIGHT_MAX`] may be offered and not ended.
    ///
    /// Where a log lies elsewhere, it offers a packet again for as long as it does not know that it
    /// is stored behind the one offered before; so entries may be repeats, or out of their turn,
    /// which is for whoever reads them to see by their numbers. The packets of an epoch are no
    /// longer wanted once one of a later epoch is offered: they need not end.
    fn append(&mut self, packet: Packet);

    /// Saves a snapshot durably and then forgets the entries up to it, beside the live path; the
    /// entries after it stay. If that fails, the snapshot before it and all entries stay, and the
    /// operator is told.
    fn save_snapshot(&mut self, snapshot: Snapshot);

    /// How it goes, where the log lies elsewhere; all 0 where it does not. Costs next to nothing.
    fn pulse(&self) -> Pulse {
        Pulse::default()
    }
}

/// How a log goes that lies elsewhere, for whoever looks after it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pulse {
    /// Entries that are known to be stored there and did not come yet.
    pub behind: u64,
    /// Packets that were sent once more, as it was not known whether they are stored.
    pub sent_again: u64,
    /// Entries that had to be asked for, as they did not come by themselves.
    pub fetched: u64,
}

/// Why a log can't be read.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// Something is not as it was stored.
    #[error("the log is damaged: {what}; put the data folder back from a backup")]
    Damaged {
        /// What, and where.
        what: String,
    },
    /// Entries were forgotten after a snapshot that is not the one asked with.
    #[error("the log begins at entry {first}, but entry {wanted} was asked for")]
    Trimmed {
        /// The first entry there is, or would be.
        first: u64,
        /// The entry that was asked for.
        wanted: u64,
    },
    /// The store answered with an error.
    #[error("cannot read the log: {reason}")]
    Failed {
        /// What it said.
        reason: String,
    },
}
