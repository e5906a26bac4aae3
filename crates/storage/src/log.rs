//! The log: the one order, short, for order and recovery.

use std::path::PathBuf;

use chinwag_model::entry::{BadPacket, Entry, Packet};
use chinwag_model::id::{Seq, Timestamp};
use chinwag_model::outcome::NotStored;

/// A state of the core, from which a node can go on without the entries up to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The last entry it holds.
    pub seq: Seq,
    /// That entry's time.
    pub time: Timestamp,
    /// The state, as the core writes it.
    pub bytes: Vec<u8>,
}

/// What came of a packet that was offered, here or on another node.
#[derive(Clone, Debug, PartialEq)]
pub enum Logged {
    /// It is durable, and has its place.
    Entry(Entry),
    /// It is not stored, and never will be by itself.
    Refused {
        /// The packet.
        packet: Packet,
        /// Why.
        why: NotStored,
    },
}

/// Where a log says what came of packets, in order.
pub type LogSink = Box<dyn FnMut(Logged) + Send>;

/// Why a log can't be read.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// An entry is not what was once written.
    #[error("{file}: entry {seq} of the log is damaged; restore the data folder from a backup")]
    Damaged {
        /// The file.
        file: PathBuf,
        /// The entry's number.
        seq: u64,
    },
    /// An entry is of a later version.
    #[error("{file}: entry {seq} cannot be read: {source}")]
    Packet {
        /// The file.
        file: PathBuf,
        /// The entry's number.
        seq: u64,
        /// Why.
        source: BadPacket,
    },
    /// The store answered with an error.
    #[error("{file}: {reason}")]
    Store {
        /// The file.
        file: PathBuf,
        /// The store's words.
        reason: String,
    },
}

/// Gives packets their places. Shown is only what came back from here.
pub trait Log: Send {
    /// The last snapshot saved.
    ///
    /// # Errors
    /// [`LogError`] where it can't be read.
    fn snapshot(&mut self) -> Result<Option<Snapshot>, LogError>;

    /// Gives the sink every stored entry after `after`, in order, and from then on what comes of
    /// each packet. Returns the last entry stored, once the sink has had it. Called once, before
    /// [`append`](Self::append).
    ///
    /// # Errors
    /// [`LogError`] where an entry can't be read: none is ever passed over.
    fn follow(&mut self, after: Seq, sink: LogSink) -> Result<Seq, LogError>;

    /// Offers a packet; returns at once. What comes of it goes to the sink, in the order offered.
    /// The caller waits for it before it offers another.
    fn append(&mut self, packet: Packet);

    /// Saves a snapshot, and then forgets the entries up to it. Returns at once; where it fails,
    /// the entries stay.
    fn save_snapshot(&mut self, snapshot: Snapshot);
}
