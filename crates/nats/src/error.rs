//! Why a node can't stand in the cluster.

use std::io;

use chinwag_storage::log::LogError;
use chinwag_storage::seed::SeedError;

/// Advice where the log has lost entries that nodes still have.
fn way_back() -> &'static str {
    "the way back: stop all nodes; each says as it ends to which entry it has the log, and `chinwag cluster \
     doctor` says it again; on the one that has it to the highest entry N run `chinwag cluster import \
     --replace --furthest N`, with the same --config and --data as it is served with; start that node, \
     and then the others, which copy from it what they lack"
}

/// Why a node can't stand in the cluster, and what to do, in one line.
#[derive(Debug, thiserror::Error)]
pub enum NatsError {
    /// No server answers.
    #[error(
        "no NATS server can be reached at {servers} ({reason}); start them, or correct cluster.servers"
    )]
    Unreachable {
        /// Those that were tried.
        servers: String,
        /// Why the last one could not be.
        reason: String,
    },
    /// The servers refuse the login.
    #[error(
        "the NATS servers at {servers} refuse the credentials of this node; correct user and password, token, nkey_seed or credentials in [cluster]"
    )]
    Credentials {
        /// Those that were tried.
        servers: String,
    },
    /// TLS failed.
    #[error(
        "no TLS with the NATS servers at {servers} ({reason}); correct tls_ca, tls_certificate and tls_key in [cluster]"
    )]
    Tls {
        /// Those that were tried.
        servers: String,
        /// What went wrong.
        reason: String,
    },
    /// A file that the configuration names can't be used.
    #[error("cannot use {path}: {reason}; correct [cluster]")]
    File {
        /// The file.
        path: String,
        /// Why.
        reason: String,
    },
    /// JetStream is off, or not for this account.
    #[error(
        "the NATS servers have no JetStream for this node's account ({reason}); switch it on, as docs/cluster.md shows"
    )]
    NoJetStream {
        /// What they said.
        reason: String,
    },
    /// The servers do not tell how they are set up.
    #[error(
        "the NATS servers do not tell whether they run with sync_interval: always, so a power cut could lose messages; export $SYS.REQ.SERVER.PING.JSZ to this node's account, as docs/cluster.md shows"
    )]
    Unproven,
    /// Not enough servers told how they are set up.
    #[error("only {answered} of {size} NATS servers answer; start the others")]
    TooFew {
        /// How many told.
        answered: usize,
        /// How many there are.
        size: usize,
    },
    /// A server is too old.
    #[error(
        "NATS server {server} is of version {version}; chinwag needs 2.15.1 or later on every server"
    )]
    Old {
        /// The server.
        server: String,
        /// Its version.
        version: String,
    },
    /// A server acknowledges what it has not synced.
    #[error(
        "NATS server {server} runs without sync_interval: always, so a power cut could lose messages; set it in its jetstream block and restart it"
    )]
    NotSynced {
        /// The server.
        server: String,
    },
    /// There are fewer servers than copies.
    #[error(
        "the NATS cluster has {size} servers, and cluster.replicas is {replicas}; add servers, or lower it"
    )]
    FewerThanReplicas {
        /// The servers.
        size: usize,
        /// The copies that are wanted.
        replicas: usize,
    },
    /// Messages may not be as large as packets are.
    #[error(
        "the NATS servers take messages of {found} bytes at most; set max_payload to {wanted} or more"
    )]
    Payload {
        /// What they take.
        found: usize,
        /// What is needed.
        wanted: usize,
    },
    /// The stream is set up otherwise.
    #[error(
        "the stream {stream} is not as chinwag needs it ({what}); `chinwag cluster doctor` tells more"
    )]
    Stream {
        /// The stream.
        stream: String,
        /// What differs.
        what: String,
    },
    /// The stream is set up so that it loses entries.
    #[error(
        "the stream {stream} can lose what was said: {what}; run `nats stream edit {stream} {edit}` as a user of its account who may"
    )]
    Loses {
        /// The stream.
        stream: String,
        /// What loses them.
        what: &'static str,
        /// What mends it.
        edit: &'static str,
    },
    /// The stream is compressed, and this node may not change that.
    #[error(
        "the stream {stream} is compressed, and NATS loses the end of a compressed stream when all servers are killed at once; this node may not change that: give its user the permission to publish to $JS.API.STREAM.UPDATE.{stream}, have the NATS servers read their configuration again (nats-server --signal reload), start this node, and take the permission away again"
    )]
    Compressed {
        /// The stream.
        stream: String,
    },
    /// No majority of the stream's copies runs.
    #[error(
        "the stream {stream} has no leader: most of its copies are down, or cannot be read; start all NATS servers and look at their logs; if they cannot read it any more, move the JetStream folders (store_dir) of all of them away and start them: the stream is then gone, and docs/cluster.md, \"When the log is lost\", has the way back"
    )]
    NoLeader {
        /// The stream.
        stream: String,
    },
    /// This node may not delete the stream.
    #[error(
        "cannot delete the stream {stream}, whose place a new one is to take; give this node's user the permission to publish to $JS.API.STREAM.DELETE.{stream}, have the NATS servers read their configuration again (nats-server --signal reload), run this again, and take the permission away again"
    )]
    Undeletable {
        /// The stream.
        stream: String,
    },
    /// The stream was not made by chinwag.
    #[error(
        "there is a stream {stream} that is not chinwag's; choose another name as cluster.stream"
    )]
    Foreign {
        /// The stream.
        stream: String,
    },
    /// The stream is gone.
    #[error(
        "the stream {stream} is gone, which this node followed to entry {last}; {}",
        way_back()
    )]
    Gone {
        /// The stream.
        stream: String,
        /// The last entry that this node has.
        last: u64,
    },
    /// The stream is another one than the node's.
    #[error(
        "the stream {stream} is not the one that this data folder belongs to; correct cluster.stream or server.data, or start with an empty data folder"
    )]
    Another {
        /// The stream.
        stream: String,
    },
    /// The stream ends before what the node has.
    #[error(
        "the stream {stream} ends at entry {last}, but this node has seen entry {seen}: it was restored from an older backup or lost its end; {}",
        way_back()
    )]
    Shorter {
        /// The stream.
        stream: String,
        /// Where it ends.
        last: u64,
        /// The last entry that this node has.
        seen: u64,
    },
    /// The stream's past is another one.
    #[error(
        "entry {seq} of the stream {stream} is not what this node has seen there: it was restored from an older backup and went on; to follow it as it is now, start with an empty data folder, and keep this one, which may hold what is nowhere else; to have the cluster go on with what this folder has instead, {}",
        way_back()
    )]
    Differs {
        /// The stream.
        stream: String,
        /// The entry that differs.
        seq: u64,
    },
    /// An entry is another one than it was while the node ran.
    #[error(
        "entry {seq} of the stream {stream} is now another one than it was, and this node followed to entry {last}: the stream was restored from an older backup, or lost its end; {}",
        way_back()
    )]
    Changed {
        /// The stream.
        stream: String,
        /// The entry.
        seq: u64,
        /// The last entry that this node has.
        last: u64,
    },
    /// An entry can't be read on any server.
    #[error(
        "entry {seq} is missing in the stream {stream}, which this node followed to the one before; {}",
        way_back()
    )]
    Missing {
        /// The stream.
        stream: String,
        /// The entry.
        seq: u64,
    },
    /// The stream has what the data folder lacks.
    #[error(
        "the stream {stream} is not replaced: it has entry {seq}, which this data folder lacks; start the node of this folder with it, or give up what is in the stream by deleting it (`nats stream rm {stream}`)"
    )]
    HasMore {
        /// The stream.
        stream: String,
        /// The entry.
        seq: u64,
    },
    /// The folder holds a chinwag that is in no cluster.
    #[error(
        "this data folder is of a chinwag without a cluster; `chinwag cluster import` brings it into a new one, or choose another folder with --data"
    )]
    Alone,
    /// A stream that is to be made exists.
    #[error(
        "there is a stream {stream} already; choose another name as cluster.stream, or delete it if it is not needed; if it is this cluster's and has lost entries, `--replace` has a new one take its place"
    )]
    Exists {
        /// The stream.
        stream: String,
    },
    /// Nobody gives what lies between the copy and the stream.
    #[error(
        "the stream reaches back to entry {first} only, and this data folder to entry {last}; what lies between has to come from another node, and does not ({reason}): start the others, and see that they may all do what docs/cluster.md lists as permissions"
    )]
    NoSeed {
        /// The last entry of the copy.
        last: u64,
        /// Where the stream begins.
        first: u64,
        /// Why the last one who was asked gave nothing.
        reason: String,
    },
    /// What another node gives can't be taken.
    #[error("cannot take the past from another node: {0}")]
    Seed(#[from] SeedError),
    /// The servers did not do what they were asked.
    #[error("the NATS servers did not answer as expected: {0}")]
    Asked(String),
    /// What the node has kept can't be read.
    #[error(transparent)]
    Copy(#[from] LogError),
    /// The system gave no thread or file.
    #[error("cannot start: {0}")]
    System(#[from] io::Error),
}
