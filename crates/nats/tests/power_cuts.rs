//! Servers that are killed all at once, as by a power cut: what was stored is there, on the disk of each.
#![allow(clippy::expect_used, clippy::panic, reason = "a test says by panicking what is wrong")]

use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use chinwag_model::id::Seq;
use chinwag_nats::suite::{Servers, Setup};
use chinwag_nats::{Cluster, JetStreamLog, Keys};
use chinwag_storage::log::{Log, Logged, PACKETS_IN_FLIGHT_MAX};
use chinwag_storage::memory::MemoryCopy;
use chinwag_storage::suite::word::packet;

/// How long nothing may be stored: servers that all start have an election to hold.
const PATIENCE: Duration = Duration::from_secs(40);

/// A node that writes without a pause, and what it was told is stored.
struct Writer {
    log: JetStreamLog,
    heard: Receiver<Logged>,
    /// Requests in a packet.
    requests: usize,
    offered: u64,
    stored: Vec<Seq>,
}

impl Writer {
    fn start(servers: &Servers, requests: usize) -> Self {
        let cluster = Cluster::connect(servers.options("chat")).expect("the servers are good");
        let copy = Arc::new(MemoryCopy::new());
        let mut log = cluster.open(copy, &Keys::new()).expect("the stream is good");
        let (sink, heard) = channel();
        let sink = move |logged| {
            // Once the test is over nobody listens.
            let _ = sink.send(logged);
        };
        log.follow(Seq(0), Box::new(sink)).expect("the log can be followed");
        Self { log, heard, requests, offered: 0, stored: Vec::new() }
    }

    /// Writes until so many more packets are stored; at most so many a second, if that is said.
    fn write(&mut self, more: usize, per_second: Option<u64>) {
        let enough = self.stored.len() + more;
        let (begun, before) = (Instant::now(), self.offered);
        let is_due = |offered: u64| {
            per_second.is_none_or(|rate| {
                let due = Duration::from_micros((offered - before) * 1_000_000 / rate);
                begun.elapsed() >= due
            })
        };
        let mut heard = Instant::now();
        while self.stored.len() < enough {
            let on_their_way = self.offered - self.stored.len() as u64;
            if on_their_way < PACKETS_IN_FLIGHT_MAX as u64 && is_due(self.offered) {
                self.log.append(packet(self.offered, self.requests));
                self.offered += 1;
                continue;
            }
            match self.heard.recv_timeout(Duration::from_millis(5)) {
                // What is stored twice is an entry too.
                Ok(Logged::Entry(entry)) => {
                    heard = Instant::now();
                    let next = packet(self.stored.len() as u64, 0);
                    if entry.packet.first == next.first {
                        self.stored.push(entry.seq);
                    }
                }
                Ok(Logged::Refused { why, .. }) => panic!("refused: {why:?}"),
                Ok(Logged::Broken { why }) => panic!("broken: {why}"),
                Err(_) => assert!(heard.elapsed() < PATIENCE, "nothing is stored any more"),
            }
        }
    }

    /// Ends it, once all is stored; gives where each packet is.
    fn end(mut self) -> Vec<Seq> {
        let left = usize::try_from(self.offered).expect("few") - self.stored.len();
        self.write(left, None);
        self.stored
    }
}

/// Asserts that a node that has nothing of its own reads all this in the stream, and that every server
/// has it on its disk.
fn assert_stored(servers: &mut Servers, stored: &[Seq]) {
    let cluster = Cluster::connect(servers.options("chat")).expect("the servers are good");
    let copy = Arc::new(MemoryCopy::new());
    let mut log = cluster.open(Arc::clone(&copy) as Arc<_>, &Keys::new()).expect("it is good");
    let mut next = Seq(1);
    let (sink, heard) = channel();
    let sink = move |logged| {
        let _ = sink.send(logged);
    };
    let last = log.follow(Seq(0), Box::new(sink)).expect("the log can be followed");
    assert!(last >= *stored.last().expect("something is stored"));
    let mut stored = stored.iter().enumerate().peekable();
    while let Ok(Logged::Entry(entry)) = heard.try_recv() {
        assert_eq!(entry.seq, next);
        next = next.next();
        if let Some((n, _)) = stored.next_if(|(_, seq)| **seq == entry.seq) {
            assert_eq!(entry.packet.first, n as u64);
        }
    }
    assert_eq!(stored.next(), None, "it is read again");
    drop(log);
    assert_eq!(servers.assert_whole("chat"), last.0);
}

#[test]
fn attack_all_servers_are_killed_twice_and_every_block_is_whole() {
    let mut servers = Servers::start(&Setup::default());
    // Packets of 50 kB: after 8 MB a server's Raft log has a snapshot, to which it goes back at a start.
    let mut writer = Writer::start(&servers, 1024);
    for _ in 0..2 {
        writer.write(500, None);
        servers.kill_all();
        servers.begin_all();
    }
    writer.write(50, None);
    let stored = writer.end();
    assert_stored(&mut servers, &stored);
}

#[test]
fn long_all_servers_are_killed_twice_each_time_after_minutes_of_80_packets_a_second() {
    let mut servers = Servers::start(&Setup::default());
    let mut writer = Writer::start(&servers, 1);
    for _ in 0..2 {
        // A snapshot is due after two to three minutes.
        writer.write(190 * 80, Some(80));
        servers.kill_all();
        servers.begin_all();
    }
    writer.write(50, None);
    let stored = writer.end();
    assert_stored(&mut servers, &stored);
}

#[test]
fn long_the_leader_and_then_all_servers_are_killed_under_full_load_twice() {
    let mut servers = Servers::start(&Setup::default());
    let mut writer = Writer::start(&servers, 32);
    let write_for = |writer: &mut Writer, seconds| {
        let until = Instant::now() + Duration::from_secs(seconds);
        while Instant::now() < until {
            writer.write(100, None);
        }
    };
    for _ in 0..2 {
        write_for(&mut writer, 10);
        let leader = servers.leader("chat");
        servers.kill(leader);
        write_for(&mut writer, 5);
        servers.begin(leader);
        servers.wait_ready();
        write_for(&mut writer, 40);
        servers.kill_all();
        servers.begin_all();
    }
    writer.write(50, None);
    let stored = writer.end();
    println!("{} packets", stored.len());
    assert_stored(&mut servers, &stored);
}

#[test]
fn attack_servers_that_are_killed_one_after_the_other_keep_every_block_whole() {
    let mut servers = Servers::start(&Setup::default());
    let mut writer = Writer::start(&servers, 1024);
    for n in 0..3 {
        writer.write(250, None);
        servers.kill(n);
        servers.begin(n);
        servers.wait_ready();
    }
    writer.write(50, None);
    let stored = writer.end();
    assert_stored(&mut servers, &stored);
}
