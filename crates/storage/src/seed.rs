//! What a node is given by another one where the log alone no longer tells it all: a *seed*, a copy of
//! the other's files.
//!
//! It is the end of the log with its last snapshot, and the archive. Both are of nearly one moment,
//! and the archive is not behind the snapshot; what came since is read from the log.

use chinwag_model::id::Seq;

/// Files of a seed: the log's end, and then the archive.
pub const FILES: usize = 2;

/// The largest file that is taken, in bytes: 16 TiB.
pub const FILE_BYTES_MAX: u64 = 1 << 44;

/// What a file of a seed is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeedFile {
    /// How long it is: at most [`FILE_BYTES_MAX`].
    pub bytes: u64,
    /// SHA-256 of all of it.
    pub sha256: [u8; 32],
}

/// What a seed is: its files, in their order.
pub type Files = [SeedFile; FILES];

/// A node's own files, of which seeds can be made while it runs.
pub trait SeedSource: Send + Sync {
    /// About how large a seed would be now, in bytes.
    fn bytes(&self) -> u64;

    /// Makes a seed of what is there now. It takes long, and does not take the disk for itself.
    /// `going` is told now and then how many bytes are done, and says whether it is to go on.
    ///
    /// # Errors
    /// [`SeedError`] if there is no room for it, it can't be read or written, or it is not to go on.
    fn make(&self, going: &mut dyn FnMut(u64) -> bool) -> Result<Box<dyn Seed>, SeedError>;
}

/// A seed that was made. What it takes on the disk is gone when it is dropped.
pub trait Seed: Send + Sync {
    /// What is in it.
    fn files(&self) -> Files;

    /// Reads so many bytes of a file, from a place on; fewer only at its end.
    ///
    /// # Errors
    /// [`SeedError::Failed`] if it can't be read, or there is no such file.
    fn read(&self, file: usize, from: u64, bytes: usize) -> Result<Vec<u8>, SeedError>;
}

/// Where a seed is taken in, beside the files that are there until it is whole.
pub trait SeedSink: Send {
    /// A seed with these files comes, in place of one that was begun.
    ///
    /// # Errors
    /// [`SeedError`] if it is too large, or can't be kept.
    fn begin(&mut self, files: &Files) -> Result<(), SeedError>;

    /// Takes the next bytes of a file; files come one after the other.
    ///
    /// # Errors
    /// [`SeedError::Damaged`] if that is more than was told, [`SeedError::Failed`] if it can't be kept.
    fn put(&mut self, file: usize, bytes: &[u8]) -> Result<(), SeedError>;

    /// All has come. It is checked, and then takes the place of the files that were there, at once
    /// and durably: it is to be of the log with this identity, and to reach so far that this entry of the
    /// log is the next one, or one before.
    ///
    /// # Errors
    /// [`SeedError`]: then the files that were there are there still.
    fn finish(&mut self, log: &str, first: Seq) -> Result<(), SeedError>;
}

/// Why there is no seed.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// It would not fit on the disk.
    #[error("the disk has no room for it: {needed} MB are needed, and {free} are free")]
    NoRoom {
        /// What it would take, in MB.
        needed: u64,
        /// What is free, in MB.
        free: u64,
    },
    /// What came is not what a node gives.
    #[error("what came is damaged: {what}")]
    Damaged {
        /// What is wrong.
        what: String,
    },
    /// It is not to go on.
    #[error("it was given up")]
    GivenUp,
    /// The system or the store answered with an error.
    #[error("{reason}")]
    Failed {
        /// What it said.
        reason: String,
    },
}
