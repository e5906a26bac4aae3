use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chinwag_model::entry::Entry;
use chinwag_model::id::Seq;

use crate::copy::LogCopy;
use crate::log::{LogError, Snapshot};

/// A copy of a log in memory. Its clones are the same copy.
#[derive(Clone, Default)]
pub struct MemoryCopy(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    origin: Option<String>,
    snapshot: Option<Snapshot>,
    entries: BTreeMap<Seq, Entry>,
}

impl MemoryCopy {
    /// A copy of nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Forgets all but the origin: as a folder whose files came from elsewhere.
    pub fn forget(&self) {
        let mut kept = self.kept();
        kept.snapshot = None;
        kept.entries.clear();
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for MemoryCopy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryCopy").field("last", &self.kept().last()).finish_non_exhaustive()
    }
}

impl LogCopy for MemoryCopy {
    fn origin(&self) -> Result<Option<String>, LogError> {
        Ok(self.kept().origin.clone())
    }

    fn set_origin(&self, origin: &str) -> Result<(), LogError> {
        self.kept().origin = Some(origin.to_owned());
        Ok(())
    }

    fn snapshot(&self) -> Result<Option<Snapshot>, LogError> {
        Ok(self.kept().snapshot.clone())
    }

    fn last(&self) -> Result<(Seq, Option<Entry>), LogError> {
        let kept = self.kept();
        let last = kept.last();
        Ok((last, kept.entries.get(&last).cloned()))
    }

    fn replay(&self, after: Seq, take: &mut dyn FnMut(Entry)) -> Result<Seq, LogError> {
        let (entries, last) = {
            let kept = self.kept();
            let saved = kept.saved();
            if saved > after {
                return Err(LogError::Trimmed { first: saved.next().0, wanted: after.next().0 });
            }
            let entries = kept.entries.range(after.next()..).map(|(_, entry)| entry.clone());
            (entries.collect::<Vec<_>>(), kept.last().max(after))
        };
        entries.into_iter().for_each(take);
        Ok(last)
    }

    fn keep(&self, entry: &Entry) {
        self.kept().entries.insert(entry.seq, entry.clone());
    }

    fn save_snapshot(&self, snapshot: Snapshot) {
        let mut kept = self.kept();
        if snapshot.seq > kept.saved() {
            kept.entries.retain(|seq, _| *seq >= snapshot.seq);
            kept.snapshot = Some(snapshot);
        }
    }
}

impl Kept {
    fn saved(&self) -> Seq {
        self.snapshot.as_ref().map_or(Seq(0), |snapshot| snapshot.seq)
    }

    fn last(&self) -> Seq {
        self.entries.keys().next_back().copied().unwrap_or_default().max(self.saved())
    }
}
