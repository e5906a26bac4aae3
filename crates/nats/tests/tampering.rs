//! Streams that were changed by someone else: always told, never followed.
#![allow(clippy::expect_used, clippy::panic, reason = "a test says by panicking what is wrong")]

use std::sync::Arc;

use chinwag_model::entry::{Entry, Packet};
use chinwag_model::id::{NodeId, Seq, SessionId, Timestamp};
use chinwag_model::intent::{Intent, Origin, Request};
use chinwag_nats::suite::{Servers, Setup};
use chinwag_nats::{Cluster, JetStreamLog, Keys, NatsError};
use chinwag_storage::copy::LogCopy;
use chinwag_storage::log::{Log, LogError};
use chinwag_storage::memory::MemoryCopy;
use chinwag_storage::suite::log::{Heard, follow};
use chinwag_storage::suite::word::packet;

fn servers() -> Servers {
    Servers::start(&Setup { servers: 1, ..Setup::default() })
}

fn try_open(servers: &Servers, copy: &MemoryCopy) -> Result<JetStreamLog, NatsError> {
    let cluster = Cluster::connect(servers.options("chat")).expect("the servers are good");
    cluster.open(Arc::new(copy.clone()), &Keys::new())
}

/// A log that is followed, with five packets in it.
fn log_of_five(servers: &Servers, copy: &MemoryCopy) -> (JetStreamLog, Heard) {
    let mut log = try_open(servers, copy).expect("the stream is good");
    let (_, heard) = follow(&mut log, Seq(0));
    for n in 0..5 {
        log.append(packet(n, 1));
        assert_eq!(heard.entry().seq, Seq(n + 1));
    }
    (log, heard)
}

fn packets(numbers: impl Iterator<Item = u64>) -> Vec<Packet> {
    numbers.map(|n| packet(n, 1)).collect()
}

#[test]
fn what_no_chinwag_wrote_ends_a_node_and_keeps_it_from_starting() {
    let servers = servers();
    let copy = MemoryCopy::new();
    let (log, heard) = log_of_five(&servers, &copy);
    servers.publish("chat.log.a", b"hello".to_vec());
    let why = heard.broken();
    assert!(why.starts_with("entry 6 of the stream chat is damaged"), "{why}");
    drop(log);
    let mut log = try_open(&servers, &copy).expect("the stream itself is good");
    let followed = log.follow(Seq(0), Box::new(|_| {}));
    assert!(
        matches!(&followed, Err(LogError::Failed { reason }) if reason.contains("entry 6")),
        "{followed:?}"
    );
}

#[test]
fn what_others_publish_as_if_it_came_from_the_stream_is_seen_through() {
    let servers = servers();
    let (mut log, heard) = log_of_five(&servers, &MemoryCopy::new());
    // Without the headers that only a stream sets.
    servers.publish("chat.live.chat.log.a", packet(5, 1).to_bytes());
    log.append(packet(5, 1));
    assert_eq!(heard.entry().seq, Seq(6));
}

#[test]
fn a_stream_that_is_deleted_ends_a_node_and_keeps_it_from_starting() {
    let servers = servers();
    let copy = MemoryCopy::new();
    let (log, heard) = log_of_five(&servers, &copy);
    servers.delete("chat");
    let why = heard.broken();
    assert!(why.contains("the stream chat is gone") && why.contains("entry 5"), "{why}");
    drop(log);
    let opened = try_open(&servers, &copy);
    assert!(matches!(opened, Err(NatsError::Gone { last: 5, .. })), "{opened:?}");
}

#[test]
fn a_backup_that_takes_the_streams_place_while_a_node_runs_ends_it() {
    let servers = servers();
    let (_log, heard) = log_of_five(&servers, &MemoryCopy::new());
    servers.replace("chat", true, &packets(0..4));
    let why = heard.broken();
    assert!(why.contains("backup"), "{why}");
}

#[test]
fn another_stream_that_takes_a_streams_place_is_known() {
    let servers = servers();
    let copy = MemoryCopy::new();
    let (log, heard) = log_of_five(&servers, &copy);
    servers.replace("chat", false, &[]);
    let why = heard.broken();
    assert!(why.contains("replaced by another"), "{why}");
    drop(log);
    let opened = try_open(&servers, &copy);
    assert!(matches!(opened, Err(NatsError::Another { .. })), "{opened:?}");
}

#[test]
fn a_stream_restored_from_an_older_backup_is_not_followed() {
    let servers = servers();
    let copy = MemoryCopy::new();
    drop(log_of_five(&servers, &copy));
    servers.replace("chat", true, &packets(0..3));
    let opened = try_open(&servers, &copy);
    assert!(matches!(opened, Err(NatsError::Shorter { last: 3, seen: 5, .. })), "{opened:?}");
    // And then went on without this node.
    servers.replace("chat", true, &packets((0..3).chain(7..12)));
    let opened = try_open(&servers, &copy);
    assert!(matches!(opened, Err(NatsError::Differs { seq: 5, .. })), "{opened:?}");
}

#[test]
fn attack_a_stream_is_replaced_only_by_a_copy_that_has_all_of_it() {
    let servers = servers();
    let copy = MemoryCopy::new();
    drop(log_of_five(&servers, &copy));
    let found = |copy: &MemoryCopy, replace| {
        let cluster = Cluster::connect(servers.options("chat")).expect("the servers are good");
        cluster.found(copy, &Keys::new(), replace)
    };
    let exists = found(&copy, false);
    assert!(matches!(exists, Err(NatsError::Exists { .. })), "{exists:?}");
    let stranger = MemoryCopy::new();
    stranger.set_origin("another").expect("it is kept");
    let another = found(&stranger, true);
    assert!(matches!(another, Err(NatsError::Another { .. })), "{another:?}");
    // It has more than another copy, whose node goes on with it.
    let behind = MemoryCopy::new();
    let origin = copy.origin().expect("it is read").expect("it is of a stream");
    behind.set_origin(&origin).expect("it is kept");
    copy.replay(Seq(0), &mut |entry| {
        if entry.seq <= Seq(3) {
            behind.keep(&entry);
        }
    })
    .expect("it is read");
    let more = found(&behind, true);
    assert!(matches!(more, Err(NatsError::HasMore { seq: 4, .. })), "{more:?}");
    drop(try_open(&servers, &behind).expect("it goes on"));
    // A node began where it had lost its end.
    let begin = Request {
        origin: Origin { session: SessionId { node: NodeId(0), number: 1 }, request: 7 },
        intent: Intent::Begin,
    };
    let begins = Packet { requests: vec![begin], ..packet(9, 0) };
    let went_on: Vec<_> = packets(0..2).into_iter().chain([packet(8, 1), begins]).collect();
    servers.replace("chat", true, &went_on);
    let more = found(&copy, true);
    assert!(matches!(more, Err(NatsError::HasMore { seq: 1, .. })), "{more:?}");
    // What this node had on its way is stored behind the end, and the copy has all else.
    servers.replace("chat", true, &packets((0..3).chain(8..20)));
    assert_eq!(found(&copy, true).expect("it is replaced"), Seq(5));
    let mut log = try_open(&servers, &copy).expect("it is the copy's");
    let (_, heard) = follow(&mut log, Seq(5));
    log.append(packet(5, 1));
    assert_eq!(heard.entry().seq, Seq(6));
}

#[test]
fn a_folder_that_was_in_no_cluster_is_not_taken_for_a_nodes() {
    let servers = servers();
    let alone = MemoryCopy::new();
    alone.keep(&Entry { seq: Seq(1), time: Timestamp(1), packet: packet(0, 1) });
    for _ in 0..2 {
        let opened = try_open(&servers, &alone);
        assert!(matches!(opened, Err(NatsError::Alone)), "{opened:?}");
        // The second time with a stream.
        drop(try_open(&servers, &MemoryCopy::new()).expect("the stream is made"));
    }
}
