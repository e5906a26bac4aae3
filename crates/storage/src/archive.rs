//! The archive: what was said, for history and search, filled from the log behind the live path.

use chinwag_model::id::Seq;
use chinwag_model::query::{Answer, Reading};
use chinwag_model::record::Record;

/// Most messages in one page of what waits for someone.
pub const BACKLOG_PAGE: usize = 200;

/// Where an answer goes.
pub type Reply = Box<dyn FnOnce(Answer) + Send>;

/// Where it goes that all is durable.
pub type Synced = Box<dyn FnOnce(Result<Seq, ArchiveError>) + Send>;

/// Why the archive could not do something.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the archive cannot {doing}: {reason}")]
pub struct ArchiveError {
    /// What it was to do.
    pub doing: &'static str,
    /// Why it could not.
    pub reason: String,
}

/// Keeps records, and answers from them. What it has lost it is given again from the log.
pub trait Archive: Send + Sync {
    /// The last entry whose records are all kept.
    fn kept(&self) -> Seq;

    /// Takes the records of the entries after the last call's, up to `upto`; returns at once.
    /// What was kept before is passed over.
    fn keep(&self, upto: Seq, records: Vec<Record>);

    /// How many records were taken and are not kept yet.
    fn backlog(&self) -> usize;

    /// Answers once everything up to the entry that the reading names is kept;
    /// [`Answer::Unavailable`] where that takes too long, or fails.
    fn read(&self, reading: Reading, reply: Reply);

    /// Tells once everything taken so far is durable, even if the power fails then.
    fn sync(&self, synced: Synced);
}
