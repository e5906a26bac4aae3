//! The log over the stream, as the node sees it.

use std::fmt;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use chinwag_model::entry::Packet;
use chinwag_model::id::{Seq, Timestamp};
use chinwag_model::outcome::NotStored;
use chinwag_storage::copy::LogCopy;
use chinwag_storage::log::{Log, LogError, LogSink, Logged, Pulse, Snapshot};
use tokio::sync::mpsc;

use crate::connection::Cluster;
use crate::engine::{Beating, ENTRIES, Engine, Fed, OFFERS, Told};
use crate::error::NatsError;
use crate::seed::Giving;
use crate::standing::{self, Standing};
use crate::stream::{Keys, MESSAGE_BYTES_MAX};
use crate::whisper::NatsWhispers;

/// How long a log that is dropped tries to store what was offered.
const FAREWELL: Duration = Duration::from_secs(5);

/// The log over a JetStream stream, with this node's copy of its end.
///
/// A packet is never refused for want of a server: it stays on its way until it is stored, or the
/// log is dropped. How long people wait for that is the node's to say.
pub struct JetStreamLog {
    cluster: Cluster,
    copy: Arc<dyn LogCopy>,
    standing: Standing,
    identity: String,
    keys: Keys,
    state: State,
    beating: Arc<Beating>,
}

enum State {
    /// Nobody follows it yet; the stream ended with this entry.
    Resting(Seq),
    Following {
        offers: mpsc::Sender<Told>,
        feeder: JoinHandle<()>,
        /// Shared with the feeder, as a packet that is too large is refused here.
        sink: SharedSink,
    },
    Closed,
}

type SharedSink = Arc<std::sync::Mutex<LogSink>>;

impl Cluster {
    /// How this copy of the log stands to the stream. Where there is no stream, and the copy is an empty
    /// one, it is made, as by [`open`](Self::open).
    ///
    /// # Errors
    /// As of [`open`](Self::open).
    pub fn stand(&self, copy: &dyn LogCopy, keys: &Keys) -> Result<Standing, NatsError> {
        let stand = standing::stand(self, copy, keys);
        Ok(self.runtime.block_on(stand)?.0)
    }

    /// Opens the log with this node's copy of it. Where there is no stream, and the copy is an empty
    /// one, it is made, and these are the secrets that all nodes share from then on.
    ///
    /// # Errors
    /// [`NatsError`] if it is not the stream that the copy is of, was changed, or can't be used.
    pub fn open(self, copy: Arc<dyn LogCopy>, keys: &Keys) -> Result<JetStreamLog, NatsError> {
        let stand = standing::stand(&self, &*copy, keys);
        let (standing, info) = self.runtime.block_on(stand)?;
        let identity = info.config.identity().unwrap_or_default().to_owned();
        let keys = info.config.keys();
        let state = State::Resting(Seq(info.state.last_seq));
        let beating = Arc::default();
        Ok(JetStreamLog { cluster: self, copy, standing, identity, keys, state, beating })
    }
}

impl JetStreamLog {
    /// How the node's copy stands to the stream.
    #[must_use]
    pub fn standing(&self) -> &Standing {
        &self.standing
    }

    /// The way to the other nodes, beside the log.
    #[must_use]
    pub fn whispers(&self) -> NatsWhispers {
        let Cluster { options, api, runtime, .. } = &self.cluster;
        NatsWhispers::new(Arc::clone(options), api.client().clone(), runtime.handle().clone())
    }

    /// What it takes to give seeds to other nodes.
    #[must_use]
    pub fn giving(&self) -> Giving {
        let Cluster { options, api, runtime, .. } = &self.cluster;
        Giving {
            options: Arc::clone(options),
            client: api.client().clone(),
            runtime: runtime.handle().clone(),
            log: self.identity.clone(),
        }
    }

    /// The secrets that all nodes share: they stand beside the log.
    #[must_use]
    pub fn keys(&self) -> &Keys {
        &self.keys
    }
}

impl Log for JetStreamLog {
    fn snapshot(&mut self) -> Result<Option<Snapshot>, LogError> {
        self.copy.snapshot()
    }

    fn follow(&mut self, after: Seq, mut sink: LogSink) -> Result<Seq, LogError> {
        let State::Resting(end) = std::mem::replace(&mut self.state, State::Closed) else {
            return Err(LogError::Failed { reason: "it is followed already".to_owned() });
        };
        let mut time = self
            .copy
            .snapshot()?
            .filter(|saved| saved.seq == after)
            .map_or(Timestamp(0), |saved| saved.time);
        let last = self.copy.replay(after, &mut |entry| {
            time = entry.time;
            sink(Logged::Entry(entry));
        })?;
        if let Standing::Behind { first, .. } = self.standing {
            return Err(LogError::Trimmed { first: first.0, wanted: last.next().0 });
        }
        let (feed, mut fed) = mpsc::channel(ENTRIES);
        let (offers, told) = mpsc::channel(OFFERS + 1);
        let engine = Engine::new(
            self.cluster.api.clone(),
            Arc::clone(&self.cluster.options),
            self.identity.clone(),
            (last, time),
            feed,
            Arc::clone(&self.beating),
        );
        let failed = |error: &dyn fmt::Display| LogError::Failed { reason: error.to_string() };
        let subscribed =
            self.cluster.runtime.block_on(engine.subscribe()).map_err(|error| failed(&error))?;
        self.cluster.runtime.handle().spawn(engine.run(subscribed, told));
        let mut given = last;
        while given < end {
            match fed.blocking_recv() {
                Some(Fed::Entry(entry)) => {
                    given = entry.seq;
                    self.copy.keep(&entry);
                    sink(Logged::Entry(entry));
                }
                Some(Fed::Broken(why)) => return Err(LogError::Failed { reason: why }),
                None => return Err(failed(&"the connection ended")),
            }
        }
        let copy = Arc::clone(&self.copy);
        let sink: SharedSink = Arc::new(std::sync::Mutex::new(sink));
        let own = Arc::clone(&sink);
        let feeder = move || {
            while let Some(fed) = fed.blocking_recv() {
                let logged = match fed {
                    Fed::Entry(entry) => {
                        copy.keep(&entry);
                        Logged::Entry(entry)
                    }
                    Fed::Broken(why) => Logged::Broken { why },
                };
                give(&own, logged);
            }
        };
        let feeder = std::thread::Builder::new()
            .name("cluster-feed".to_owned())
            .spawn(feeder)
            .map_err(|error| failed(&error))?;
        self.state = State::Following { offers, feeder, sink };
        Ok(given)
    }

    fn append(&mut self, packet: Packet) {
        let State::Following { offers, sink, .. } = &self.state else {
            tracing::error!("the log was used before it was followed, which is a bug");
            return;
        };
        if crate::message::write(&packet).len() > MESSAGE_BYTES_MAX {
            tracing::error!("a packet of {} requests is too large", packet.requests.len());
            return give(sink, Logged::Refused { packet, why: NotStored::StoreFailed });
        }
        if offers.try_send(Told::Offer(packet)).is_err() {
            // The engine has ended, and has said why.
            tracing::debug!("a packet was offered after the log's end");
        }
    }

    fn save_snapshot(&mut self, snapshot: Snapshot) {
        self.copy.save_snapshot(snapshot);
    }

    fn pulse(&self) -> Pulse {
        self.beating.pulse()
    }
}

fn give(sink: &SharedSink, logged: Logged) {
    let mut sink = sink.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    sink(logged);
}

impl Drop for JetStreamLog {
    fn drop(&mut self) {
        if let State::Following { offers, feeder, .. } =
            std::mem::replace(&mut self.state, State::Closed)
        {
            // There is one place more than packets may be offered.
            let _ = offers.try_send(Told::End(Instant::now() + FAREWELL));
            drop(offers);
            let _ = feeder.join();
        }
    }
}

impl fmt::Debug for JetStreamLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JetStreamLog")
            .field("stream", &self.cluster.options.stream)
            .field("standing", &self.standing)
            .finish_non_exhaustive()
    }
}
