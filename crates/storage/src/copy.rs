//! What a node keeps on its own machine of a log that lies elsewhere.

use chinwag_model::entry::Entry;
use chinwag_model::id::Seq;

use crate::log::{LogError, Snapshot};

/// A copy of the end of a log that lies elsewhere: a snapshot, the entries after it, and the one
/// that it ends with, by which the log is known again.
///
/// What it takes is written soon, and need not survive a power cut: the log gives it again. It is
/// there for two things. A start needs little of the log. And when the log is lost with all its
/// servers, everything up to the last entry kept is still here.
///
/// Dropping a copy writes what it took, as far as it can.
pub trait LogCopy: Send + Sync {
    /// The identity of the log that this is a copy of; `None` for a copy of none yet.
    ///
    /// # Errors
    /// [`LogError::Failed`] if it can't be read.
    fn origin(&self) -> Result<Option<String>, LogError>;

    /// Makes this, durably, a copy of the log with this identity.
    ///
    /// # Errors
    /// [`LogError::Failed`] if it can't be written.
    fn set_origin(&self, origin: &str) -> Result<(), LogError>;

    /// The last snapshot saved, if any.
    ///
    /// # Errors
    /// As of [`Log::snapshot`](crate::log::Log::snapshot).
    fn snapshot(&self) -> Result<Option<Snapshot>, LogError>;

    /// The number of the last entry kept, or that of the snapshot if it is higher, and the entry
    /// of that number if it is still there.
    ///
    /// # Errors
    /// [`LogError::Damaged`] if it is not as it was kept, [`LogError::Failed`] if it can't be read.
    fn last(&self) -> Result<(Seq, Option<Entry>), LogError>;

    /// Gives every entry kept after `after` to `take`, in order. Returns the number of the last
    /// one, or `after`.
    ///
    /// # Errors
    /// As of [`Log::follow`](crate::log::Log::follow).
    fn replay(&self, after: Seq, take: &mut dyn FnMut(Entry)) -> Result<Seq, LogError>;

    /// Takes the entry after the last one. It may wait in there while the disk can't keep up.
    fn keep(&self, entry: &Entry);

    /// Saves a snapshot and then forgets the entries before the one it ends with. One that is not
    /// newer than the last is passed over.
    fn save_snapshot(&self, snapshot: Snapshot);
}
