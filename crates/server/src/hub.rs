//! The hub: owns the node, and stands between shards, log and archive.

mod newcomer;
mod secret;

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use chinwag_core::answer::WORK_MAX;
use chinwag_model::entry::Entry;
use chinwag_model::query::Query;
use chinwag_model::text::Text;
use chinwag_model::whisper::Whisper;
use chinwag_node::delivery::SessionNumber;
use chinwag_node::node::{Compared, Node};
use chinwag_storage::archive::Archive;
use chinwag_storage::fair::Party;
use chinwag_storage::log::{Log, Logged, Snapshot};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use hashbrown::HashMap;

use crate::cluster::Member;
use crate::courier::{Barrier, SessionAsk, ShardInbox, Sweep, ToHub, ToShard, Wanted};
use crate::erasing::Erasing;
use crate::metrics::Metrics;
use crate::newcomer::Newcomers;
use crate::options::Policy;
use crate::post::Post;
use crate::push::Office;
use crate::vault::Vault;

/// Entries after which a snapshot is made and the log trimmed, and requests likewise: what must
/// be replayed at a start stays small.
const SNAPSHOT_ENTRIES: u64 = 10_000;
const SNAPSHOT_REQUESTS: usize = 100_000;

/// Records that may wait for the archive. They are in memory, and in the log; beyond, what is said
/// is refused.
const ARCHIVE_BACKLOG_MAX: usize = 200_000;

/// After a refused packet the store is left alone for so long.
const RETRY: Duration = Duration::from_millis(250);

/// How long what is asked may wait for shards that are busy, so that it is stored together with
/// what comes of their work.
const COMPANY_MAX: Duration = Duration::from_millis(40);

/// How long the end may take.
const FAREWELL_MAX: Duration = Duration::from_secs(5);

/// Messages heard before what came of them is sent on.
const TURN_MAX: usize = 256;

/// How much is looked at for long questions before messages are heard again: less than a millisecond's work.
const QUESTIONS_WORK: usize = WORK_MAX;

/// How often a node of a cluster is told the time, at least.
const TICK: Duration = Duration::from_millis(100);

/// The hub's state; it runs on a thread of its own.
pub(crate) struct Hub {
    /// Dropped first: threads that the others wait for at their end may be waiting to be heard.
    pub(crate) inbox: Receiver<ToHub>,
    pub(crate) node: Node,
    pub(crate) log: Box<dyn Log>,
    pub(crate) archive: Arc<dyn Archive>,
    pub(crate) shards: Arc<[ShardInbox]>,
    pub(crate) vault: Vault,
    /// Tells devices of what is said to their owners, where that is configured.
    pub(crate) office: Option<Office>,
    pub(crate) post: Post,
    pub(crate) policy: Arc<Policy>,
    pub(crate) own: Sender<ToHub>,
    pub(crate) progress: Progress,
    /// How many names were registered from where.
    pub(crate) newcomers: Newcomers,
    /// Has the configuration read again.
    pub(crate) reread: fn(),
    /// The networks of sessions that asked something, as far as networks count.
    pub(crate) networks: HashMap<SessionNumber, IpAddr>,
    /// Connections that have not come in yet, by all shards.
    pub(crate) strangers: Arc<AtomicUsize>,
    pub(crate) metrics: Arc<Metrics>,
    /// What there is besides in a cluster.
    pub(crate) cluster: Option<Member>,
}

/// Where the hub stands with what takes longer than a message.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    entries: u64,
    requests: usize,
    snapshotting: bool,
    /// What has to leave the log soon.
    pub(crate) erasing: Erasing,
    /// Nothing is offered to the log before this time.
    hold: Option<Instant>,
    /// Since when there is something to offer that waits for shards.
    waits: Option<Instant>,
    /// How long the last packet took to be stored.
    took: Duration,
    /// When the packet in flight was offered.
    offered: Option<Instant>,
    /// Whether the last packet was refused.
    refused: bool,
    stop: Option<Stop>,
    /// Whether the state differs from that of the other nodes, so that nothing may come of it.
    differs: bool,
}

#[derive(Debug)]
struct Stop {
    deadline: Instant,
    hushed: usize,
    ended: usize,
    farewell: bool,
    left: bool,
}

impl Stop {
    fn by(deadline: Instant) -> Self {
        Self { deadline, hushed: 0, ended: 0, farewell: false, left: false }
    }
}

/// The node can't go on, or the log's thread is gone.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Broken {
    #[error(transparent)]
    Node(#[from] chinwag_node::stop::Stop),
    #[error("the log has ended")]
    Ended,
    #[error("{0}")]
    Log(String),
}

impl Hub {
    /// Serves until it is told to stop and everything is stored and said.
    pub(crate) fn run(mut self) -> Result<(), Broken> {
        loop {
            match self.inbox.recv_timeout(self.patience()) {
                Ok(message) => self.hear(message)?,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err(Broken::Ended),
            }
            for _ in 0..TURN_MAX {
                let Ok(message) = self.inbox.try_recv() else { break };
                self.hear(message)?;
            }
            self.settle();
            if self.has_ended() {
                self.close();
                return Ok(());
            }
        }
    }

    /// How long nothing needs to be looked at.
    fn patience(&self) -> Duration {
        if self.node.has_questions() && !self.progress.differs {
            Duration::ZERO
        } else if self.progress.waits.is_some() {
            COMPANY_MAX
        } else if self.progress.hold.is_some() || self.progress.stop.is_some() {
            Duration::from_millis(50)
        } else if self.cluster.is_some() {
            TICK
        } else {
            Duration::from_secs(1)
        }
    }

    fn hear(&mut self, message: ToHub) -> Result<(), Broken> {
        if self.progress.differs && !matches!(message, ToHub::Stop | ToHub::Hushed | ToHub::Ended) {
            return Ok(());
        }
        match message {
            ToHub::Asks(asks) => asks.into_iter().for_each(|ask| self.ask(ask)),
            ToHub::Logged(Logged::Entry(entry)) => match self.take_entry(&entry) {
                Err(Broken::Node(stop @ chinwag_node::stop::Stop::Differs { .. })) => {
                    self.give_up(stop)?;
                }
                taken => taken?,
            },
            ToHub::Logged(Logged::Refused { packet, why }) => {
                if !self.progress.refused {
                    tracing::error!(
                        "the log stores nothing ({why:?}); what people send is refused"
                    );
                }
                self.metrics.refused();
                self.progress.refused = true;
                self.progress.hold = Some(Instant::now() + RETRY);
                self.node.take_refused(packet, why);
            }
            ToHub::Logged(Logged::Broken { why }) => return Err(Broken::Log(why)),
            ToHub::Whispered(bytes) => {
                // What can't be read is of a later version, or damaged; it may be lost.
                if let Ok(whisper) = Whisper::from_bytes(&bytes) {
                    self.node.hear_whisper(whisper);
                }
            }
            ToHub::Archived(snapshot) => {
                self.progress.erasing.saved(snapshot.seq);
                self.log.save_snapshot(snapshot);
                self.progress.snapshotting = false;
            }
            ToHub::NotArchived => self.progress.snapshotting = false,
            ToHub::Swept { session, request } => {
                self.node.query(session, request, Query::Barrier);
            }
            ToHub::DeviceLost { person, endpoint } => self.node.device_lost(person, endpoint),
            ToHub::Mailed(mailed) => self.take_mailed(mailed),
            ToHub::Policy(policy) => {
                self.node.set_presence_notices_max(policy.limits.presence_notices_max);
                self.policy = policy;
            }
            // What waited is offered with all else that was heard.
            ToHub::Done => {}
            ToHub::Stop => self.begin_stop(),
            ToHub::Hushed => {
                if let Some(stop) = &mut self.progress.stop {
                    stop.hushed += 1;
                }
            }
            ToHub::Ended => {
                if let Some(stop) = &mut self.progress.stop {
                    stop.ended += 1;
                }
            }
        }
        Ok(())
    }

    fn ask(&mut self, SessionAsk { session, request, ask }: SessionAsk) {
        match ask {
            Wanted::Intent(intent) => self.node.ask(session, request, intent),
            Wanted::Newcomer { intent, peer } => self.newcomer(session, request, intent, peer),
            Wanted::Query(Query::Barrier, _) => {
                Sweep::start(&self.shards, session, request, self.own.clone());
            }
            Wanted::Query(query, network) => {
                if let Some(network) = network {
                    self.networks.insert(session, network);
                }
                if query == Query::Census {
                    self.node.set_strangers(self.strangers.load(Ordering::Relaxed));
                }
                self.node.query(session, request, query);
            }
            Wanted::Whisper { to, tags } => self.node.whisper(session, request, to, tags),
            Wanted::Closed(why) => {
                self.vault.forget(session);
                self.networks.remove(&session);
                self.node.closed(session, Text::parse(&why).ok());
            }
            Wanted::Delivered(marks) => self.node.delivered(marks),
            Wanted::Reread => (self.reread)(),
            wanted => self.ask_secret(session, request, wanted),
        }
    }

    fn take_entry(&mut self, entry: &Entry) -> Result<(), Broken> {
        if self.progress.refused {
            tracing::info!("the log stores again");
            self.progress.refused = false;
        }
        let took = match &mut self.cluster {
            None => {
                let took = self.progress.offered.take().map(|offered| offered.elapsed());
                self.progress.took = took.unwrap_or_default();
                took
            }
            Some(member) => member.landed(self.node.id(), &entry.packet),
        };
        self.metrics.stored(entry.packet.requests.len(), took);
        self.node.landed(&entry.packet);
        // The log works on the next packet while this one is decided and sent out, unless that is
        // what takes long.
        let is_slow = |shard: &ShardInbox| shard.is_slower_than(self.progress.took);
        if self.cluster.is_some() || !self.shards.iter().any(is_slow) {
            self.offer();
        }
        self.node.take_entry(entry)?;
        self.archive.keep(entry.seq, self.node.take_records());
        self.progress.entries += 1;
        self.progress.requests += entry.packet.requests.len();
        self.progress.erasing.note(entry, Instant::now());
        Ok(())
    }

    /// The state is wrong: nothing may come of it any more. Who looks after that stops the server.
    fn give_up(&mut self, stop: chinwag_node::stop::Stop) -> Result<(), Broken> {
        let is_minded = |member: &mut Member| member.differs(&self.metrics);
        if !self.cluster.as_mut().is_some_and(is_minded) {
            return Err(Broken::Node(stop));
        }
        tracing::error!("{stop}");
        self.progress.differs = true;
        self.node.routes().close_all();
        Ok(())
    }

    fn offer(&mut self) {
        if self.progress.hold.is_some_and(|until| Instant::now() < until) {
            return;
        }
        self.progress.hold = None;
        if self.waits_for_company() {
            return;
        }
        while let Some(packet) = self.node.next_packet() {
            match &mut self.cluster {
                None => self.progress.offered = Some(Instant::now()),
                Some(member) => member.offered(&packet),
            }
            self.log.append(packet);
        }
    }

    /// Whether what is to be offered waits for shards that are at work on what was stored before,
    /// and longer at it than the log is. What they will ask then is stored, and written, together
    /// with it: fewer and larger writes. Nothing alone ever waits: then no shard is at work.
    fn waits_for_company(&mut self) -> bool {
        // In a cluster several packets are on their way, and who asks waits for a network as it is.
        let waits = self.cluster.is_none()
            && self.node.has_next_packet()
            && self.progress.waits.is_none_or(|since| since.elapsed() < COMPANY_MAX)
            // Every one of them is asked to say when it is done.
            && self.shards.iter().filter(|shard| shard.is_busy_for(self.progress.took)).count() > 0;
        if waits {
            self.progress.waits.get_or_insert_with(Instant::now);
        } else {
            self.progress.waits = None;
        }
        waits
    }

    /// Sends on what came of the messages heard.
    fn settle(&mut self) {
        if self.progress.differs {
            self.deliver();
            return self.go_on_stopping();
        }
        let backlog = self.archive.backlog();
        self.metrics.set_archive_backlog(backlog);
        self.node.set_archive_behind(backlog > ARCHIVE_BACKLOG_MAX);
        if let Some(member) = &mut self.cluster {
            member.tick(&mut self.node, &self.metrics);
            self.metrics.set_pulse(self.log.pulse());
        }
        self.node.answer_some(QUESTIONS_WORK);
        let barriers = self.node.take_barriers();
        self.send_mails();
        for asked in self.node.take_readings() {
            let shard = self.node.routes().shard_of(asked.session);
            let Some(inbox) = self.shards.get(shard).cloned() else { continue };
            let party = Party {
                network: self.networks.get(&asked.session).map(|network| number_of(*network)),
                // Who has not come in asks the archive nothing.
                person: asked.reader.person().map_or(0, |person| person.0),
            };
            let reply = move |mut answer| {
                asked.reader.censor(&mut answer);
                inbox.answer(asked.session, asked.request, answer);
            };
            self.archive.read_for(party, asked.reading, Box::new(reply));
        }
        self.deliver();
        let pushes = self.node.take_pushes();
        if let Some(office) = &self.office {
            pushes.into_iter().for_each(|push| office.send(push));
        }
        if !barriers.is_empty() {
            Barrier::raise(&self.shards, barriers);
        }
        self.offer();
        self.consider_snapshot();
        self.go_on_stopping();
    }

    fn deliver(&mut self) {
        for (shard, inbox) in self.shards.iter().enumerate() {
            let deliveries = self.node.routes().take(shard);
            if !deliveries.is_empty() {
                inbox.send(ToShard::Deliveries(deliveries));
            }
        }
    }

    /// Whether all that was asked is stored, or never will be.
    fn is_done(&self) -> bool {
        self.node.is_idle() || self.progress.differs
    }

    /// Nodes of a cluster make snapshots after the same entries, as they compare them.
    fn consider_snapshot(&mut self) {
        let Progress { entries, requests, snapshotting, .. } = self.progress;
        if self.cluster.is_some() {
            if let Some(Compared { seq, time, bytes }) = self.node.take_compared()
                && !snapshotting
            {
                self.snapshot(Snapshot { seq, time, bytes });
            }
            return;
        }
        let is_due = self.progress.erasing.is_due(Instant::now());
        let is_long = entries >= SNAPSHOT_ENTRIES || requests >= SNAPSHOT_REQUESTS;
        if !snapshotting && (is_due || is_long) {
            let began = Instant::now();
            let snapshot = snapshot_of(&self.node);
            self.progress.erasing.made(began.elapsed(), Instant::now());
            self.snapshot(snapshot);
        }
    }

    /// Snapshot first, then trim: the log forgets only what the archive durably has.
    fn snapshot(&mut self, snapshot: Snapshot) {
        self.progress.entries = 0;
        self.progress.requests = 0;
        self.progress.snapshotting = true;
        let own = self.own.clone();
        self.archive.sync(Box::new(move |synced| {
            let message = match synced {
                Ok(kept) if kept >= snapshot.seq => ToHub::Archived(snapshot),
                Ok(_) => ToHub::NotArchived,
                Err(error) => {
                    tracing::error!("no snapshot, as the archive is not durable: {error}");
                    ToHub::NotArchived
                }
            };
            let _ = own.send(message);
        }));
    }

    fn begin_stop(&mut self) {
        if self.progress.stop.is_none() {
            let deadline = Instant::now() + FAREWELL_MAX;
            self.progress.stop = Some(Stop::by(deadline));
            self.shards.iter().for_each(|shard| shard.send(ToShard::Hush));
        }
    }

    fn go_on_stopping(&mut self) {
        let is_done = self.is_done();
        let Some(stop) = &mut self.progress.stop else { return };
        let late = Instant::now() >= stop.deadline || self.progress.refused;
        let stored = stop.hushed >= self.shards.len() && is_done;
        if !stop.farewell && (stored || late) {
            stop.farewell = true;
            self.node.begin_farewell();
            let hint = self.cluster.as_ref().and_then(|member| member.hint(&self.node));
            let farewell = |shard: &ShardInbox| shard.send(ToShard::Farewell(hint.clone()));
            self.shards.iter().for_each(farewell);
        }
        if stop.ended >= self.shards.len()
            && !std::mem::replace(&mut stop.left, true)
            && !self.progress.differs
        {
            self.node.leave();
            self.offer();
        }
    }

    fn has_ended(&self) -> bool {
        let Some(stop) = &self.progress.stop else { return false };
        let late = Instant::now() >= stop.deadline + FAREWELL_MAX;
        late || (stop.ended >= self.shards.len() && (self.is_done() || self.progress.refused))
    }

    /// Leaves a snapshot, so that the next start has nothing to replay.
    fn close(mut self) {
        if self.progress.differs {
            return;
        }
        let (done, synced) = crossbeam_channel::bounded(1);
        self.archive.sync(Box::new(move |result| {
            let _ = done.send(result);
        }));
        let snapshot = snapshot_of(&self.node);
        if let Ok(Ok(kept)) = synced.recv_timeout(FAREWELL_MAX)
            && kept >= snapshot.seq
        {
            self.log.save_snapshot(snapshot);
        }
    }
}

/// An address as a number, the same for both ways to write one of IPv4.
fn number_of(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().to_bits(),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

fn snapshot_of(node: &Node) -> Snapshot {
    let state = node.state();
    Snapshot { seq: state.seq(), time: state.time(), bytes: state.snapshot() }
}
