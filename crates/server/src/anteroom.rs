//! Where whoever comes is told why a server is not ready, before it is: what it needs first may take
//! minutes.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::thread::JoinHandle;

use arc_swap::{ArcSwap, ArcSwapOption};
use chinwag_model::id::NodeId;

use crate::courier::{ShardInbox, ToShard};
use crate::door::{Door, DoorHandle};
use crate::listener::Listener;
use crate::metrics::Metrics;
use crate::options::{Address, Options};
use crate::server::{StartError, spawn};
use crate::shard::Seed;

/// Listens where the server will, lets nobody in, and answers `/readyz` and `/healthz`. Dropped before the
/// server starts.
#[derive(Debug)]
pub struct Anteroom {
    addresses: Vec<Address>,
    metrics: Arc<Metrics>,
    shard: ShardInbox,
    door: DoorHandle,
    threads: Vec<JoinHandle<()>>,
}

impl Anteroom {
    /// Opens the listeners. `why` is what the server is doing, as in "copying the past from node b".
    ///
    /// # Errors
    /// [`StartError`], which says what and what to do.
    pub fn open(options: Options, why: &str) -> Result<Self, StartError> {
        let Options { listeners, certificate, policy, .. } = options;
        let listeners = listeners.into_iter().map(Listener::open).collect::<Result<Vec<_>, _>>()?;
        let addresses = listeners.iter().map(|listener| listener.address().clone()).collect();
        let metrics = Arc::new(Metrics::new());
        metrics.close(why);
        // Nobody comes in, so that nobody hears what a session asks.
        let (hub, _) = crossbeam_channel::bounded(1);
        let (policy, strangers) = (Arc::new(policy), Arc::new(AtomicUsize::new(0)));
        let (seed, shard) =
            Seed::new(NodeId(0), hub, Arc::clone(&policy), strangers, Arc::clone(&metrics))?;
        let (door, handle) = Door::new(
            listeners,
            Arc::new([shard.clone()]),
            Arc::new(ArcSwap::from(policy)),
            Arc::new(ArcSwapOption::from_pointee(certificate)),
        )?;
        let threads = vec![
            spawn("door".to_owned(), move || door.run())?,
            spawn("shard".to_owned(), move || seed.run())?,
        ];
        Ok(Self { addresses, metrics, shard, door: handle, threads })
    }

    /// Where it listens.
    #[must_use]
    pub fn addresses(&self) -> &[Address] {
        &self.addresses
    }

    /// What the server is doing now.
    pub fn say(&self, why: &str) {
        self.metrics.close(why);
    }
}

impl Drop for Anteroom {
    fn drop(&mut self) {
        self.door.stop();
        self.shard.send(ToShard::Farewell(None));
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}
