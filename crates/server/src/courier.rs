//! How the threads reach each other: what they say, and how a shard is woken to hear it.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use chinwag_model::ask::{Checked, CodeAsk, ProofOf};
use chinwag_model::id::PersonId;
use chinwag_model::intent::{Intent, Mark, Target};
use chinwag_model::mail::{MailAddress, NotMailed};
use chinwag_model::name::Name;
use chinwag_model::push::Endpoint;
use chinwag_model::query::{Answer, Query};
use chinwag_model::secret::{CodeHash, Secret};
use chinwag_model::tag::Tags;
use chinwag_node::delivery::{Delivery, SessionNumber};
use chinwag_node::route::shard_of;
use chinwag_storage::log::{Logged, Snapshot};
use crossbeam_channel::Sender;

use crate::options::{ListenOptions, Policy};
use crate::seat::Seat;
use crate::transport::Transport;

/// What the hub hears.
#[derive(Debug)]
pub(crate) enum ToHub {
    /// What sessions of one shard want, in order.
    Asks(Vec<SessionAsk>),
    /// Something came of a packet.
    Logged(Logged),
    /// A node of the cluster whispers, perhaps this one.
    Whispered(Vec<u8>),
    /// The archive has all that a snapshot stands on: the log may save it.
    Archived(Snapshot),
    /// The archive could not be made durable; the snapshot is left for another time.
    NotArchived,
    /// All that lay in sockets when a session asked for a barrier is asked.
    Swept { session: SessionNumber, request: u32 },
    /// A push service knows a device no longer.
    DeviceLost { person: PersonId, endpoint: Endpoint },
    /// Something came of a code that was to be mailed.
    Mailed(Mailed),
    /// The configuration was read again.
    Policy(Arc<Policy>),
    /// Store what was accepted, tell the clients, and end.
    Stop,
    /// A shard reads nothing more; all it read is asked.
    Hushed,
    /// A shard has done all that it was given, which the hub waited for.
    Done,
    /// A shard has said its goodbyes and ended.
    Ended,
}

/// What came of a code that was to be mailed.
#[derive(Debug)]
pub(crate) struct Mailed {
    pub(crate) session: SessionNumber,
    pub(crate) request: u32,
    pub(crate) account: Name,
    pub(crate) code: CodeHash,
    /// Whether the asker was answered before anything came of it.
    pub(crate) is_answered: bool,
    pub(crate) result: Result<(), NotMailed>,
}

/// A session that asks, by which request, and where it connects from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Asker {
    pub(crate) session: SessionNumber,
    pub(crate) request: u32,
    pub(crate) peer: Option<IpAddr>,
}

/// What one session wants.
#[derive(Debug)]
pub(crate) struct SessionAsk {
    pub(crate) session: SessionNumber,
    pub(crate) request: u32,
    pub(crate) ask: Wanted,
}

/// What a session, or its shard for it, wants of the hub.
#[derive(Debug)]
pub(crate) enum Wanted {
    Intent(Intent),
    /// What may register a name; from this address, if it counts.
    Newcomer {
        intent: Intent,
        peer: Option<IpAddr>,
    },
    /// A question, of someone in this network, as far as networks count.
    Query(Query, Option<IpAddr>),
    Check {
        name: Name,
        password: Secret,
        peer: Option<IpAddr>,
    },
    Hash {
        password: Secret,
        peer: Option<IpAddr>,
    },
    /// What to keep of a password, to register a name with it.
    HashFor {
        name: Name,
        password: Secret,
        peer: Option<IpAddr>,
    },
    /// What to keep of a password, or whether it is the one that the name is held with.
    Claim {
        name: Name,
        address: MailAddress,
        password: Secret,
        peer: Option<IpAddr>,
    },
    /// What to keep of a password that is set by a code.
    HashReset {
        account: Name,
        code: Secret,
        password: Secret,
        peer: Option<IpAddr>,
    },
    /// A code is to be mailed, or is given.
    Code {
        ask: Box<CodeAsk>,
        peer: Option<IpAddr>,
    },
    /// What a proof of a name's password is checked against.
    Prove {
        name: Name,
        peer: Option<IpAddr>,
    },
    /// A session has compared a secret, and wants it counted.
    Proof {
        of: ProofOf,
        right: bool,
        peer: Option<IpAddr>,
    },
    Operate {
        name: String,
        password: Secret,
        peer: Option<IpAddr>,
    },
    /// The rights of an operator, whose password with this number was right.
    BecomeOperator {
        name: String,
        version: u64,
    },
    Whisper {
        to: Target,
        tags: Tags,
    },
    /// An operator wants the configuration read again.
    Reread,
    /// The connection is gone, for this reason.
    Closed(String),
    /// What waits was written to connections.
    Delivered(Vec<Mark>),
}

/// What a shard hears.
#[derive(Debug)]
pub(crate) enum ToShard {
    /// A connection to own.
    Connection(Arrival),
    /// What the node has to deliver, in order.
    Deliveries(Vec<Delivery>),
    /// What became of a password.
    Checked { session: SessionNumber, request: u32, checked: Checked },
    /// The configuration was read again.
    Policy(Arc<Policy>),
    /// Once this and all before it is done, the barrier is one shard lower.
    Barrier(Arc<Barrier>),
    /// Read what lies in sockets by now, and ask it; then the sweep is one shard further.
    Sweep(Arc<Sweep>),
    /// Read nothing more.
    Hush,
    /// Everything accepted is stored and on its way: say goodbye, perhaps with a hint where to go, and
    /// end.
    Farewell(Option<Arc<str>>),
}

/// Who waits until every shard has done all that came before: what the last one of them to reach it
/// tells.
#[derive(Debug)]
pub(crate) struct Barrier {
    left: AtomicUsize,
    waiting: Vec<(SessionNumber, u32)>,
    shards: Arc<[ShardInbox]>,
}

impl Barrier {
    /// Raises a barrier in all shards.
    pub(crate) fn raise(shards: &Arc<[ShardInbox]>, waiting: Vec<(SessionNumber, u32)>) {
        let left = AtomicUsize::new(shards.len());
        let barrier = Arc::new(Self { left, waiting, shards: Arc::clone(shards) });
        for shard in shards.iter() {
            shard.send(ToShard::Barrier(Arc::clone(&barrier)));
        }
    }

    /// One shard has reached it.
    pub(crate) fn reach(&self) {
        if self.left.fetch_sub(1, Ordering::AcqRel) > 1 {
            return;
        }
        for (session, request) in &self.waiting {
            if let Some(inbox) = self.shards.get(shard_of(*session, self.shards.len())) {
                inbox.answer(*session, *request, Answer::Barrier);
            }
        }
    }
}

/// Who wants to know that all is done which was sent before, by whomever: first every shard reads
/// what lies in its sockets.
#[derive(Debug)]
pub(crate) struct Sweep {
    left: AtomicUsize,
    session: SessionNumber,
    request: u32,
    hub: Sender<ToHub>,
}

impl Sweep {
    /// Has all shards read.
    pub(crate) fn start(
        shards: &[ShardInbox],
        session: SessionNumber,
        request: u32,
        hub: Sender<ToHub>,
    ) {
        let left = AtomicUsize::new(shards.len());
        let sweep = Arc::new(Self { left, session, request, hub });
        for shard in shards {
            shard.send(ToShard::Sweep(Arc::clone(&sweep)));
        }
    }

    /// One shard has read, and asked what it read.
    pub(crate) fn reach(&self) {
        if self.left.fetch_sub(1, Ordering::AcqRel) == 1 {
            let swept = ToHub::Swept { session: self.session, request: self.request };
            // A hub that is gone has ended the server.
            let _ = self.hub.send(swept);
        }
    }
}

/// A connection that came in.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(crate) number: SessionNumber,
    pub(crate) stream: Transport,
    pub(crate) peer: Option<IpAddr>,
    pub(crate) listener: Arc<ListenOptions>,
    /// Gives the connection's place back when it is gone.
    pub(crate) seat: Seat,
    /// There is no place for it: it is to be told so.
    pub(crate) is_surplus: bool,
}

/// A shard's inbox, seen from outside.
#[derive(Clone, Debug)]
pub(crate) struct ShardInbox {
    sender: Sender<ToShard>,
    waker: Arc<mio::Waker>,
    /// Whether a wake-up is on its way, so that many messages cost one.
    woken: Arc<AtomicBool>,
    work: Arc<Work>,
}

/// What a shard has to do, as it and the hub see it.
#[derive(Debug, Default)]
pub(crate) struct Work {
    /// Rows of deliveries that it was sent, and those of them that are written.
    given: AtomicU64,
    done: AtomicU64,
    /// How long it took for the last ones.
    took_us: AtomicU64,
    /// Whether the hub wants to know when all is done.
    awaited: AtomicBool,
}

impl Work {
    /// So many more rows are done, and took so long; whether the hub wants to know that nothing is
    /// left.
    pub(crate) fn finish(&self, rows: u64, took: Duration) -> bool {
        self.took_us.store(took.as_micros().try_into().unwrap_or(u64::MAX), Ordering::Relaxed);
        let done = self.done.fetch_add(rows, Ordering::SeqCst) + rows;
        done >= self.given.load(Ordering::SeqCst) && self.awaited.swap(false, Ordering::SeqCst)
    }

    fn is_left(&self) -> bool {
        self.done.load(Ordering::SeqCst) < self.given.load(Ordering::SeqCst)
    }
}

impl ShardInbox {
    pub(crate) fn new(
        sender: Sender<ToShard>,
        waker: Arc<mio::Waker>,
        woken: Arc<AtomicBool>,
        work: Arc<Work>,
    ) -> Self {
        Self { sender, waker, woken, work }
    }

    /// Whether its last work took the shard longer than this.
    pub(crate) fn is_slower_than(&self, time: Duration) -> bool {
        Duration::from_micros(self.work.took_us.load(Ordering::Relaxed)) > time
    }

    /// Whether the shard is at work that takes it longer than this. If so, it says
    /// [`ToHub::Done`] once it has nothing left.
    pub(crate) fn is_busy_for(&self, longer_than: Duration) -> bool {
        if !self.is_slower_than(longer_than) || !self.work.is_left() {
            return false;
        }
        self.work.awaited.store(true, Ordering::SeqCst);
        // It may have ended meanwhile, and said nothing.
        self.work.is_left()
    }

    /// Tells the shard something. A shard that has ended hears nothing, and needs nothing.
    pub(crate) fn send(&self, message: ToShard) {
        if matches!(message, ToShard::Deliveries(_)) {
            self.work.given.fetch_add(1, Ordering::SeqCst);
        }
        if self.sender.send(message).is_ok()
            && !self.woken.swap(true, Ordering::AcqRel)
            && let Err(error) = self.waker.wake()
        {
            tracing::error!("cannot wake a shard: {error}");
        }
    }

    /// Brings an answer of the archive's to a session.
    pub(crate) fn answer(&self, session: SessionNumber, request: u32, answer: Answer) {
        let delivery = Delivery::Answer { session, request, answer: Box::new(answer) };
        self.send(ToShard::Deliveries(vec![delivery]));
    }
}
