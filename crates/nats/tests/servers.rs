//! The log against three real servers.
#![allow(clippy::expect_used, clippy::panic, reason = "a test says by panicking what is wrong")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use chinwag_model::id::Seq;
use chinwag_nats::suite::{Servers, Setup};
use chinwag_nats::{Cluster, JetStreamLog, Keys, Login, NatsError, Options};
use chinwag_storage::log::{Log, PACKETS_IN_FLIGHT_MAX};
use chinwag_storage::memory::MemoryCopy;
use chinwag_storage::suite::log::{Step, follow};
use chinwag_storage::suite::{self, word::packet};

fn open(options: Options, copy: &MemoryCopy) -> JetStreamLog {
    let cluster = Cluster::connect(options).expect("the servers are good");
    cluster.open(Arc::new(copy.clone()), &Keys::new()).expect("the stream is good")
}

#[test]
fn it_is_a_log_as_all_others_are() {
    let servers = Servers::start(&Setup::default());
    macro_rules! log_suite {
        ($($name:ident)*) => {$(
            let copy = MemoryCopy::new();
            suite::log::$name(&mut || Box::new(open(servers.options(stringify!($name).get(..20).expect("long")), &copy)));
        )*};
    }
    log_suite! {
        entries_come_in_the_order_offered
        entries_are_given_again
        packets_of_any_size_are_stored
        a_snapshot_takes_the_place_of_entries
        numbers_and_time_go_on_after_a_snapshot
        an_older_snapshot_is_passed_over
    }
    let copy = MemoryCopy::new();
    let steps = [
        Step::Append(3),
        Step::Append(0),
        Step::Save(1, 5000),
        Step::Reopen,
        Step::Append(1),
        Step::Save(0, 10),
        Step::Append(2),
        Step::Reopen,
        Step::Append(1),
    ];
    let open_list = &mut || -> Box<dyn Log> { Box::new(open(servers.options("list"), &copy)) };
    suite::log::a_log_is_like_a_list(open_list, &steps);
    // A node that has nothing of its own reads all from the stream.
    suite::log::entries_are_given_again(&mut || {
        Box::new(open(servers.options("copyless"), &MemoryCopy::new()))
    });
}

#[test]
fn nothing_is_lost_or_doubled_when_the_leader_dies() {
    let mut servers = Servers::start(&Setup::default());
    let mut log = open(servers.options("chat"), &MemoryCopy::new());
    let mut other = open(servers.options("chat"), &MemoryCopy::new());
    let (_, heard) = follow(&mut log, Seq(0));
    let (_, others) = follow(&mut other, Seq(0));
    let mut stored = Vec::new();
    let mut offered = 0;
    let mut killed = None;
    let until = Instant::now() + Duration::from_secs(8);
    while Instant::now() < until || offered > stored.len() as u64 {
        while offered - (stored.len() as u64) < PACKETS_IN_FLIGHT_MAX as u64
            && Instant::now() < until
        {
            log.append(packet(offered, 1));
            offered += 1;
        }
        let entry = heard.entry();
        // Repeats are entries too, of numbers that were.
        if entry.packet.first == stored.len() as u64 {
            stored.push(entry.seq);
        }
        if killed.is_none() && stored.len() > 500 {
            let leader = servers.leader("chat");
            servers.kill(leader);
            killed = Some(leader);
        }
    }
    assert!(killed.is_some(), "it was too slow: {} entries", stored.len());
    drop(log);
    let mut next = 0;
    while next < offered {
        let entry = others.entry();
        if entry.packet.first == next {
            assert_eq!(entry.seq, stored[usize::try_from(next).expect("small")]);
            next += 1;
        }
    }
    eprintln!("{offered} packets, {} entries", stored.last().expect("some").0);
}

#[test]
fn a_server_that_may_lose_what_it_acknowledged_is_refused() {
    let servers = Servers::start(&Setup { servers: 1, sync: Some("5s"), ..Setup::default() });
    let refused = Cluster::connect(servers.options("chat"));
    assert!(matches!(refused, Err(NatsError::NotSynced { .. })), "{refused:?}");
    drop(servers);
    let servers = Servers::start(&Setup { servers: 1, exported: false, ..Setup::default() });
    let refused = Cluster::connect(servers.options("chat"));
    assert!(matches!(refused, Err(NatsError::Unproven)), "{refused:?}");
    let stranger = Options {
        login: Login::Password { user: "mallory".to_owned(), password: String::new() },
        ..servers.options("chat")
    };
    let begun = Instant::now();
    let refused = Cluster::connect(stranger);
    assert!(matches!(refused, Err(NatsError::Credentials { .. })), "{refused:?}");
    assert!(begun.elapsed() < Duration::from_secs(5), "at once");
}
