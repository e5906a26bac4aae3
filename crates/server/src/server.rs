//! A running server: what is started, and how it ends.

use std::io;
use std::num::NonZero;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use arc_swap::{ArcSwap, ArcSwapOption};
use chinwag_core::core::Core;
use chinwag_core::snapshot::BadSnapshot;
use chinwag_core::state::State;
use chinwag_model::effect::Effect;
use chinwag_model::id::{NodeId, Seq};
use chinwag_model::outcome::NotStored;
use chinwag_model::record::Record;
use chinwag_node::health::Standing;
use chinwag_node::node::Node;
use chinwag_node::stop::Stop;
use chinwag_storage::archive::Archive;
use chinwag_storage::log::{Log, LogError, Logged};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use crate::certificate::Certificate;
use crate::cluster::{Cluster, Member};
use crate::courier::{ShardInbox, ToHub, ToShard};
use crate::door::{Door, DoorHandle};
use crate::hub::Hub;
use crate::listener::{ListenError, Listener};
use crate::metrics::Metrics;
use crate::options::{Address, Options, Policy, TlsUse};
use crate::post::Post;
use crate::push::Office;
use crate::shard::Seed;
use crate::vault::Vault;

/// Messages that wait for the hub; beyond, shards wait with reading.
const HUB_INBOX_MAX: usize = 4096;

/// How long the first packet may take to be stored.
const BEGIN_MAX: Duration = Duration::from_secs(10);

/// How long the beginning may take in a cluster: as long as several elections of a leader.
const JOIN_MAX: Duration = Duration::from_secs(60);

/// How often the node is told the time meanwhile.
const JOIN_TICK: Duration = Duration::from_millis(50);

/// This node, where there is only one.
const NODE: NodeId = NodeId(0);

/// A running server.
#[derive(Debug)]
pub struct Server {
    listening: Vec<Listening>,
    policy: Arc<ArcSwap<Policy>>,
    certificate: Arc<ArcSwapOption<Certificate>>,
    hub: Sender<ToHub>,
    shards: Arc<[ShardInbox]>,
    door: DoorHandle,
    door_thread: JoinHandle<()>,
    threads: Vec<JoinHandle<()>>,
}

/// A listener that accepts.
#[derive(Clone, Debug)]
pub struct Listening {
    /// Where: with port 0 asked for, the port it got.
    pub address: Address,
    /// Which faces it was given.
    pub faces: crate::options::Faces,
    /// Whether TLS is spoken there.
    pub tls: TlsUse,
}

/// Why a server could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A listener could not be opened.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The log could not be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The snapshot could not be read.
    #[error("cannot read the snapshot in the log: {0}")]
    Snapshot(#[from] BadSnapshot),
    /// The log has a hole.
    #[error("the log is damaged: {0}; restore the data folder from a backup")]
    Gap(#[from] chinwag_core::core::Gap),
    /// The node can't take part in the cluster, or the log has a hole.
    #[error(transparent)]
    Node(#[from] Stop),
    /// The archive and the log are not of one history.
    #[error(
        "the archive ends at entry {archive} and the log is at entries {first} to {last}: they do \
         not belong together; put back the file that is missing or old"
    )]
    Apart {
        /// The last entry of the archive.
        archive: u64,
        /// The entry of the log's snapshot.
        first: u64,
        /// The last entry of the log.
        last: u64,
    },
    /// Nothing can be stored.
    #[error(
        "cannot store anything ({0:?}); make room on the disk, or choose another folder with --data"
    )]
    NotStored(NotStored),
    /// The log said nothing.
    #[error("the log does not answer")]
    Silent,
    /// The system gave no thread or no file.
    #[error("cannot start: {0}")]
    System(#[from] io::Error),
}

impl Server {
    /// Opens the listeners, brings the state up to date, and serves.
    ///
    /// # Errors
    /// [`StartError`], which says what and what to do.
    pub fn start(
        options: Options,
        log: Box<dyn Log>,
        archive: Arc<dyn Archive>,
    ) -> Result<Self, StartError> {
        Self::start_as(options, log, archive, None)
    }

    /// The same, as one of several over one log.
    ///
    /// # Errors
    /// [`StartError`], which says what and what to do.
    pub fn start_in_cluster(
        options: Options,
        log: Box<dyn Log>,
        archive: Arc<dyn Archive>,
        cluster: Cluster,
    ) -> Result<Self, StartError> {
        Self::start_as(options, log, archive, Some(cluster))
    }

    fn start_as(
        options: Options,
        mut log: Box<dyn Log>,
        archive: Arc<dyn Archive>,
        cluster: Option<Cluster>,
    ) -> Result<Self, StartError> {
        let Options { listeners, certificate, shards, policy, reread, push } = options;
        let listeners = listeners.into_iter().map(Listener::open).collect::<Result<Vec<_>, _>>()?;
        let (hub, inbox) = bounded(HUB_INBOX_MAX);
        let mut progress = crate::hub::Progress::default();
        let core = recover(&mut *log, &*archive, &hub, &inbox, &mut progress)?;

        let count = shards.map_or_else(shards_here, NonZero::get);
        let policy = Arc::new(policy);
        let strangers = Arc::new(AtomicUsize::new(0));
        let id = cluster.as_ref().map_or(NODE, |cluster| cluster.part.name.id());
        let metrics = Arc::new(Metrics::new());
        let seed = |_| {
            let (policy, metrics) = (Arc::clone(&policy), Arc::clone(&metrics));
            Seed::new(id, hub.clone(), policy, Arc::clone(&strangers), metrics)
        };
        let seeds: Vec<_> = (0..count).map(seed).collect::<Result<_, _>>()?;
        let (seeds, inboxes): (Vec<_>, Vec<_>) = seeds.into_iter().unzip();
        let inboxes: Arc<[ShardInbox]> = inboxes.into();
        let vault = Vault::start(Arc::clone(&inboxes))?;
        let post = Post::start(&hub)?;

        let notices_max = policy.limits.presence_notices_max;
        let (mut node, member) = match cluster {
            None => {
                let mut node = Node::new(id, core, count, notices_max);
                begin(&mut node, &mut *log, &*archive, &inbox)?;
                (node, None)
            }
            Some(cluster) => {
                let started = Instant::now();
                let part = cluster.part.clone();
                let mut node = Node::join(core, count, notices_max, part, Duration::ZERO)?;
                join(&mut node, &mut *log, &*archive, &inbox, started)?;
                let mut member = Member::new(cluster, started);
                member.hear(hub.clone());
                (node, Some(member))
            }
        };
        node.set_pushing(push.is_some());
        let office =
            push.map(|push| Office::start(push, policy.name.clone(), hub.clone())).transpose()?;

        let mut threads = Vec::new();
        for (n, seed) in seeds.into_iter().enumerate() {
            threads.push(spawn(format!("shard-{n}"), move || seed.run())?);
        }
        let hub_state = Hub {
            node,
            log,
            archive,
            shards: Arc::clone(&inboxes),
            vault,
            office,
            post,
            policy: Arc::clone(&policy),
            inbox,
            own: hub.clone(),
            progress,
            newcomers: crate::newcomer::Newcomers::new(Instant::now()),
            reread,
            networks: hashbrown::HashMap::new(),
            strangers,
            metrics,
            cluster: member,
        };
        threads.push(spawn("hub".to_owned(), move || {
            if let Err(error) = hub_state.run() {
                tracing::error!("{error}; ending");
                std::process::exit(1);
            }
        })?);

        let listening = listeners
            .iter()
            .map(|l| Listening {
                address: l.address().clone(),
                faces: l.options().faces,
                tls: l.options().tls,
            })
            .collect();
        let policy = Arc::new(ArcSwap::from(policy));
        let certificate = Arc::new(ArcSwapOption::from_pointee(certificate));
        let (door_state, door) = Door::new(
            listeners,
            Arc::clone(&inboxes),
            Arc::clone(&policy),
            Arc::clone(&certificate),
        )?;
        let door_thread = spawn("door".to_owned(), move || door_state.run())?;
        Ok(Self {
            listening,
            policy,
            certificate,
            hub,
            shards: inboxes,
            door,
            door_thread,
            threads,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn listening(&self) -> &[Listening] {
        &self.listening
    }

    /// What it is told now of what can be changed.
    #[must_use]
    pub fn policy(&self) -> Arc<Policy> {
        self.policy.load_full()
    }

    /// Changes what can be changed while it runs. Connections keep the bounds they came in with.
    pub fn set_policy(&self, policy: Policy) {
        let policy = Arc::new(policy);
        self.policy.store(Arc::clone(&policy));
        for shard in self.shards.iter() {
            shard.send(ToShard::Policy(Arc::clone(&policy)));
        }
        let _ = self.hub.send(ToHub::Policy(policy));
    }

    /// Shows this certificate to whoever connects from now on. Connections keep what they came in
    /// with, and listeners that speak no TLS go on speaking none.
    pub fn set_certificate(&self, certificate: Certificate) {
        self.certificate.store(Some(Arc::new(certificate)));
    }

    /// Accepts no more, stores what was accepted, tells the clients, and ends; within about ten
    /// seconds.
    pub fn stop(self) {
        self.door.stop();
        // Listeners are closed before the clients are told, so that none comes back to this one.
        let _ = self.door_thread.join();
        let _ = self.hub.send(ToHub::Stop);
        for thread in self.threads {
            let _ = thread.join();
        }
    }
}

/// Brings the state up to date with the log, and the archive with the state.
fn recover(
    log: &mut dyn Log,
    archive: &dyn Archive,
    hub: &Sender<ToHub>,
    inbox: &Receiver<ToHub>,
    progress: &mut crate::hub::Progress,
) -> Result<Core, StartError> {
    let snapshot = log.snapshot()?;
    let (state, first) = match &snapshot {
        Some(snapshot) => (State::restore(&snapshot.bytes)?, snapshot.seq),
        None => (State::new(), Seq(0)),
    };
    let mut core = Core::new(state);
    let sink = hub.clone();
    // The log reads on a thread of its own, so that what it reads never heaps up here.
    let last = std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let sink = Box::new(move |logged| {
                let _ = sink.send(ToHub::Logged(logged));
            });
            log.follow(first, sink)
        });
        let (mut effects, mut reader, mut last) = (Vec::new(), Some(reader), None);
        // A log that others write to as well goes on giving entries after those that it had stored.
        while last.is_none_or(|last| core.state().seq() < last) {
            match inbox.recv_timeout(Duration::from_millis(10)) {
                Ok(ToHub::Logged(Logged::Entry(entry))) => {
                    core.apply(&entry, &mut effects)?;
                    progress.erasing.note(&entry, Instant::now());
                    archive.keep(entry.seq, records(&mut effects));
                }
                Ok(_) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err(StartError::Silent),
            }
            if let Some(finished) = reader.take_if(|reader| reader.is_finished()) {
                last = Some(finished.join().map_err(|_| StartError::Silent)??);
            }
        }
        Ok(last.unwrap_or_default())
    })?;
    let kept = archive.kept();
    if kept < first || kept > last {
        return Err(StartError::Apart { archive: kept.0, first: first.0, last: last.0 });
    }
    Ok(core)
}

/// Begins this node's epoch; with it, the log has proved that it stores.
fn begin(
    node: &mut Node,
    log: &mut dyn Log,
    archive: &dyn Archive,
    inbox: &Receiver<ToHub>,
) -> Result<(), StartError> {
    if let Some(packet) = node.next_packet() {
        log.append(packet);
    }
    match inbox.recv_timeout(BEGIN_MAX) {
        Ok(ToHub::Logged(Logged::Entry(entry))) => {
            node.landed(&entry.packet);
            node.take_entry(&entry)?;
            archive.keep(entry.seq, node.take_records());
            Ok(())
        }
        Ok(ToHub::Logged(Logged::Refused { why, .. })) => Err(StartError::NotStored(why)),
        _ => Err(StartError::Silent),
    }
}

/// Begins this node's life in a cluster.
fn join(
    node: &mut Node,
    log: &mut dyn Log,
    archive: &dyn Archive,
    inbox: &Receiver<ToHub>,
    started: Instant,
) -> Result<(), StartError> {
    while node.standing() != Standing::Well {
        node.tick(started.elapsed());
        while let Some(packet) = node.next_packet() {
            log.append(packet);
        }
        match inbox.recv_timeout(JOIN_TICK) {
            Ok(ToHub::Logged(Logged::Entry(entry))) => {
                node.take_entry(&entry)?;
                archive.keep(entry.seq, node.take_records());
            }
            Ok(ToHub::Logged(Logged::Refused { why, .. })) => {
                return Err(StartError::NotStored(why));
            }
            Err(RecvTimeoutError::Disconnected) => return Err(StartError::Silent),
            _ if started.elapsed() > JOIN_MAX => return Err(StartError::Silent),
            _ => {}
        }
    }
    Ok(())
}

fn records(effects: &mut Vec<Effect>) -> Vec<Record> {
    let kept = effects.drain(..).filter_map(|effect| match effect {
        Effect::Keep(record) => Some(record),
        _ => None,
    });
    kept.collect()
}

/// How many shards serve here: half as many as there are cores, rounded up. The rest is for the threads
/// that order, store, archive and hash; and a room's lines go to sockets in fewer and larger writes
/// where fewer shards have its members.
fn shards_here() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get).div_ceil(2)
}

/// A thread without which the server is not whole: a bug that ends it ends the server, aloud.
pub(crate) fn spawn(
    name: String,
    work: impl FnOnce() + Send + 'static,
) -> io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name(name.clone()).spawn(move || {
        if std::panic::catch_unwind(AssertUnwindSafe(work)).is_err() {
            tracing::error!("the thread {name} has failed, which is a bug; ending");
            std::process::exit(101);
        }
    })
}
