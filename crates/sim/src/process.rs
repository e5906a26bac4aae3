//! One process of a server: the node, driven as the hub of a real one drives it, and its
//! connections, driven as a shard drives them. What needs time goes out, and comes back later.

mod hub;
mod shard;
mod start;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};

use chinwag_core::snapshot::Digest;
use chinwag_face::irc::IrcPolicy;
use chinwag_face::line::LinePolicy;
use chinwag_face::output::Output;
use chinwag_model::ask::Checked;
use chinwag_model::entry::Packet;
use chinwag_model::id::Seq;
use chinwag_model::query::Answer;
use chinwag_node::delivery::SessionNumber;
use chinwag_node::node::Node;
use chinwag_storage::log::{Logged, Snapshot};

use crate::agenda::Micros;
use crate::connection::Connection;
use crate::uplink::Uplink;

/// What a process is told.
#[derive(Debug)]
pub(crate) enum Told {
    Logged(Logged),
    Whispered(Vec<u8>),
    Checked {
        session: SessionNumber,
        request: u32,
        checked: Checked,
    },
    /// A snapshot is saved, or can't be.
    Archived,
    /// Tell all, and end.
    Stop,
}

/// What a process wants of the world.
#[derive(Debug)]
pub(crate) enum Wish {
    /// A packet is to be stored.
    Append(Packet),
    /// Other nodes are to be told.
    Whisper(Vec<u8>),
    /// A password takes its time, and comes to this.
    Check { session: SessionNumber, request: u32, checked: Checked },
    /// Something was written to a connection.
    Wrote(SessionNumber),
    /// A connection is closed; what is left in its socket still comes to the client, if it was closed
    /// in peace.
    Closed { session: SessionNumber, left: Vec<u8>, peace: bool },
    /// A reader was too slow.
    Slow(SessionNumber),
    /// The archive is to be made durable, and then this is to be saved.
    Save(Snapshot),
    /// The archive has something to write.
    Archive,
    /// It ends.
    End(Option<Snapshot>),
}

/// A process.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) node: Node,
    /// Whether it lets clients in.
    pub(crate) serves: bool,
    pub(crate) inbox: VecDeque<Told>,
    pub(crate) wishes: Vec<Wish>,
    pub(crate) connections: BTreeMap<SessionNumber, Connection>,
    pub(crate) uplink: Option<Uplink>,
    /// States as they were after some entries, to be compared.
    pub(crate) digests: Vec<(Seq, Digest)>,
    started: Micros,
    now: Micros,
    number_last: SessionNumber,
    answers: (Sender<Answered>, Receiver<Answered>),
    /// Who wants all sockets to be read first.
    sweeps: Vec<(SessionNumber, u32)>,
    hold_until: Micros,
    marks_due: Option<Micros>,
    entries: u64,
    is_saving: bool,
    stopping: Option<Stopping>,
    output: Output,
    line_policy: Arc<LinePolicy>,
    irc_policy: Arc<IrcPolicy>,
    bounds: Bounds,
}

/// An answer of the archive's, and who asked.
type Answered = (SessionNumber, u32, Answer);

/// Bounds that the world has drawn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) outbox_bytes: usize,
    pub(crate) socket_bytes: usize,
    pub(crate) snapshot_entries: u64,
    pub(crate) archive_backlog_max: usize,
}

/// How far a stop has come.
#[derive(Clone, Copy, Debug)]
struct Stopping {
    deadline: Micros,
    said_goodbye: bool,
    left: bool,
    ended: bool,
}
