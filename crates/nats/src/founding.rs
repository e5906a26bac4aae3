//! A stream that is made from what one node has: the first one of a chinwag that was alone until
//! now, or one in place of a stream that is lost.

use std::collections::BTreeMap;

use chinwag_model::id::{Seq, Timestamp};
use chinwag_model::intent::Intent;
use chinwag_storage::copy::LogCopy;
use tokio::time::{Duration, sleep};

use crate::api::ApiError;
use crate::connection::Cluster;
use crate::error::NatsError;
use crate::message::Stored;
use crate::options::Options;
use crate::standing;
use crate::stream::{self, Identity, Info, Keys};

/// A node that lives has then written something.
const BEATS: Duration = Duration::from_millis(2500);

/// Bounds of the leftovers behind the end that a stream has lost: entries that nodes had on their way, which
/// end as soon as they see the loss.
const LEFTOVERS_MAX: u64 = 10_000;
const LEFTOVERS_MS_MAX: i64 = 30_000;

/// Checksums of a copy's entries, for comparison with the stream.
struct Known {
    /// Time and checksum of each packet since the snapshot.
    sums: BTreeMap<Seq, (Timestamp, u32)>,
    /// Last entry in the snapshot, and its time: an entry that was stored later is not in it.
    saved: (Seq, Timestamp),
}

impl Known {
    fn of(copy: &dyn LogCopy) -> Result<Self, NatsError> {
        let saved = copy.snapshot()?;
        let saved = saved.map_or((Seq(0), Timestamp(0)), |saved| (saved.seq, saved.time));
        let mut sums = BTreeMap::new();
        copy.replay(saved.0, &mut |entry| {
            let sum = crc32fast::hash(&entry.packet.to_bytes());
            sums.insert(entry.seq, (entry.time, sum));
        })?;
        Ok(Self { sums, saved })
    }

    /// Whether the copy has this entry of the stream.
    fn has(&self, stored: &Stored, options: &Options) -> bool {
        let (saved, time) = self.saved;
        if stored.seq <= saved {
            return stored.time <= time;
        }
        // The bytes may be of another version, which wrote the same in another way.
        let (Some((time, sum)), Ok(found)) =
            (self.sums.get(&stored.seq), stored.entry(options, stored.time))
        else {
            return false;
        };
        // An entry's time is later than the stream's where that ran back.
        stored.time <= *time && crc32fast::hash(&found.packet.to_bytes()) == *sum
    }
}

impl Cluster {
    /// Makes the stream, to begin after the last entry of this copy, which is one of it from then on.
    /// Where the copy is of a stream that is lost, the new one is the same log, which other copies of
    /// it follow if they have got as far; else these are the secrets that all nodes share.
    ///
    /// With `replace`, what is left of the lost stream is deleted before, unless it has an entry that this
    /// copy lacks.
    ///
    /// If it does not succeed, it can be tried again. Gives that last entry.
    ///
    /// # Errors
    /// [`NatsError::Exists`] if there is a stream of this name, [`NatsError::HasMore`] if it is not to be
    /// replaced; others if it can't be made.
    pub fn found(self, copy: &dyn LogCopy, keys: &Keys, replace: bool) -> Result<Seq, NatsError> {
        let name = || self.options.stream.clone();
        let exists = || NatsError::Exists { stream: name() };
        let (last, _) = copy.last()?;
        let mut identity = Identity::new(keys.clone())?;
        self.runtime.block_on(async {
            if let Some(info) = standing::find(&self.api, false).await? {
                if !replace || copy.origin()?.is_none() {
                    return Err(exists());
                }
                self.clear(copy, info).await?;
            }
            // First the copy: what is begun and not finished then is a copy of a lost stream.
            match copy.origin()? {
                Some(origin) => identity.log = origin,
                None => copy.set_origin(&identity.log)?,
            }
            let info = standing::make(&self.api, &self.options, &identity, last.next()).await?;
            // Somebody else may have made one just now.
            if info.config.identity() != Some(&identity.log) {
                return Err(exists());
            }
            Ok(last)
        })
    }

    /// Deletes the stream, unless it has what the copy lacks.
    async fn clear(&self, copy: &dyn LogCopy, info: Info) -> Result<(), NatsError> {
        let stream = || self.options.stream.clone();
        if info.config.identity() != copy.origin()?.as_deref() {
            return Err(NatsError::Another { stream: stream() });
        }
        let (last, _) = copy.last()?;
        let info = standing::settled(&self.api, &self.options.stream, last, info).await?;
        if let Some(seq) = self.more(&Known::of(copy)?, last, &info).await? {
            return Err(NatsError::HasMore { stream: stream(), seq: seq.0 });
        }
        match stream::delete(&self.api).await {
            Ok(()) => Ok(()),
            // Servers do not answer a request that the user has no permission for.
            Err(ApiError::Silent | ApiError::Nobody) => {
                Err(NatsError::Undeletable { stream: stream() })
            }
            Err(error) => Err(stream::said(error)),
        }
    }

    /// An entry of the stream, if it can be read there.
    async fn stored(&self, seq: Seq) -> Result<Option<Stored>, NatsError> {
        if seq == Seq(0) {
            return Ok(None);
        }
        self.api.message(seq).await.map_err(stream::said)
    }

    /// Returns an entry of the stream that people may have seen and the copy lacks, if there is one.
    async fn more(&self, known: &Known, last: Seq, info: &Info) -> Result<Option<Seq>, NatsError> {
        let (first, end) = (Seq(info.state.first_seq.max(1)), Seq(info.state.last_seq));
        // Stream and copy are equal up to some entry, which is searched for by halves, and differ after it.
        let (mut same, mut other) = (first.0 - 1, end.0.min(last.0) + 1);
        while same + 1 < other {
            let middle = Seq(same + (other - same) / 2);
            let is_same = match self.stored(middle).await? {
                Some(stored) => known.has(&stored, &self.options),
                None => true,
            };
            if is_same { same = middle.0 } else { other = middle.0 }
        }
        let from = Seq(other);
        if from == last.next() {
            // The stream has the whole copy. A readable entry after it is one that the node can go on with.
            let next = if end >= from { self.stored(from).await? } else { None };
            return Ok(next.map(|stored| stored.seq));
        }
        // Packets that were on their way when the stream lost its end are stored behind the new end. The
        // nodes that sent them end without taking them. A node that begins there has taken them.
        let mut begun = None;
        for seq in from.0..=end.0 {
            let Some(stored) = self.stored(Seq(seq)).await? else { continue };
            let since = stored.time.0 - begun.get_or_insert(stored.time).0;
            let begins = stored.entry(&self.options, stored.time).is_ok_and(|entry| {
                let mut intents = entry.packet.requests.iter().map(|request| &request.intent);
                intents.any(|intent| matches!(intent, Intent::Begin | Intent::BeginAs(_)))
            });
            if begins || since > LEFTOVERS_MS_MAX || seq - from.0 > LEFTOVERS_MAX {
                return Ok(Some(from));
            }
        }
        Ok(None)
    }

    /// The last entry of the stream that this copy is of, if it is there; after waiting for as long
    /// as a node that lives says so twice.
    ///
    /// # Errors
    /// [`NatsError::Another`] if the stream is not that of the copy.
    pub fn end(self, copy: &dyn LogCopy) -> Result<Option<Seq>, NatsError> {
        let found = self.runtime.block_on(async {
            sleep(BEATS).await;
            stream::info(&self.api).await
        });
        let found = found.map_err(stream::said)?;
        let Some(info) = found else { return Ok(None) };
        if info.config.identity() != copy.origin()?.as_deref() {
            return Err(NatsError::Another { stream: self.options.stream.clone() });
        }
        Ok(Some(Seq(info.state.last_seq)))
    }
}
