//! A stream that is made from what one node has: the first one of a chinwag that was alone until
//! now, or one in place of a stream that is lost.

use chinwag_model::id::Seq;
use chinwag_storage::copy::LogCopy;

use tokio::time::{Duration, sleep};

use crate::connection::Cluster;
use crate::error::NatsError;
use crate::standing;
use crate::stream::{self, Identity, Keys};

/// A node that lives has then written something.
const BEATS: Duration = Duration::from_millis(2500);

impl Cluster {
    /// Makes the stream, to begin after the last entry of this copy, which is one of it from then on.
    /// Where the copy is of a stream that is lost, the new one is the same log, which other copies of
    /// it follow if they have got as far; else these are the secrets that all nodes share.
    ///
    /// If it does not succeed, it can be tried again. Gives that last entry.
    ///
    /// # Errors
    /// [`NatsError::Exists`] if there is a stream of this name; others if it can't be made.
    pub fn found(self, copy: &dyn LogCopy, keys: &Keys) -> Result<Seq, NatsError> {
        let name = || self.options.stream.clone();
        let exists = || NatsError::Exists { stream: name() };
        let (last, _) = copy.last()?;
        let mut identity = Identity::new(keys.clone())?;
        self.runtime.block_on(async {
            if standing::find(&self.api, false).await?.is_some() {
                return Err(exists());
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
