//! Nodes whose machines' clocks are wrong by hours.
#![allow(clippy::expect_used, clippy::panic, reason = "a test says by panicking what is wrong")]

#[path = "support/support.rs"]
mod support;

use std::process::Command;
use std::time::{Duration, Instant};

use chinwag_nats::suite::{Servers, Setup};
use support::client::Client;
use support::cluster::{LONG, node};
use support::load::talk_through;
use support::server::Server;

/// Nodes, and by how much their clocks are wrong.
const NODES: [(&str, &str); 3] = [("a", "+90m"), ("b", "+0"), ("c", "-90m")];

/// What Debian's `faketime` sets, which itself would stand between the test and the node. The clock that
/// counts from the start of the machine stays right, as it does where a clock is set wrong.
const FAKETIME: [&str; 3] =
    ["env", "LD_PRELOAD=/usr/$LIB/faketime/libfaketime.so.1", "FAKETIME_DONT_FAKE_MONOTONIC=1"];

/// Longer than it takes to take a node for gone.
const LONGER_THAN_GONE: Duration = Duration::from_secs(9);

/// Messages of a history that are looked at.
const LOOKED_AT: usize = 500;

#[test]
fn clocks_that_differ_by_hours_change_no_order_and_nobody_is_taken_for_gone() {
    let servers = Servers::start(&Setup { servers: 1, ..Setup::default() });
    let begun = now();
    let mut nodes = NODES.map(|(name, clock)| {
        let settings = node(&servers, name).set("cluster.replicas", 1);
        settings.through(&[&FAKETIME[..], &[&format!("FAKETIME={clock}")]].concat()).start()
    });
    let hours =
        nodes.each_ref().map(|node| node.log().lines()[0][.."2026-11-22T10".len()].to_owned());
    assert!(hours[2] < hours[1] && hours[1] < hours[0], "their clocks differ: {hours:?}");
    let mut watcher = Client::login(&nodes[1], "Watcher");
    talk_through(&mut nodes, |_, crowd| {
        let begun = Instant::now();
        while begun.elapsed() < LONGER_THAN_GONE {
            crowd.go_on(100);
        }
    });
    let offline = |name: &str| format!("<User {name} is offline.>");
    let seen = watcher.lines_up_to_now();
    // Those who talk leave once all is said; nobody does before.
    let said_last = seen.iter().position(|line| *line == "<User last is online.>");
    let before = &seen[..said_last.expect("the last one comes in")];
    for person in 0..6 {
        assert!(!before.contains(&offline(&format!("p{person}x0"))), "{before:#?}");
    }
    for node in &nodes {
        let log = node.log().lines();
        assert!(!log.iter().any(|line| line.contains("begins anew")), "{log:#?}");
    }
    let [told, others @ ..] = [0, 1, 2].map(|at| times(&nodes[at], &format!("reader{at}")));
    assert_eq!(told.len(), LOOKED_AT);
    assert!(told.is_sorted_by_key(|(_, time)| time), "{told:#?}");
    let all = [&begun, &told[0].1, &told[LOOKED_AT - 1].1, &now()];
    assert!(all.is_sorted(), "the times are those of the NATS servers: {all:?}");
    assert!(others.iter().all(|other| *other == told), "all nodes tell the same times");
}

/// The time by this machine's clock, as IRC's tags have it.
fn now() -> String {
    let told = Command::new("date").args(["-u", "+%FT%T.%3NZ"]).output().expect("date is there");
    String::from_utf8(told.stdout).expect("text").trim().to_owned()
}

/// The ids and times of the last messages of #tea, as a node tells them to who is called so: to each
/// another name, as a node may not have heard yet that one was given up at another.
fn times(server: &Server, name: &str) -> Vec<(String, String)> {
    let mut client = Client::connect(server).called("the reader");
    client.send("CAP REQ :message-tags server-time batch draft/chathistory");
    client.send(&format!("NICK {name}\nUSER {name} 0 * :{name}\nCAP END\nJOIN #tea"));
    client.skip_within(LONG, "@");
    client.send(&format!("CHATHISTORY LATEST #tea * {LOOKED_AT}\nPING over"));
    let mut told = Vec::new();
    loop {
        let line = client.line();
        if line.contains(" PONG ") {
            return told;
        }
        let Some((tags, _)) = line.split_once(" PRIVMSG #tea ") else { continue };
        let tag = |name: &str| {
            let tags = tags.trim_start_matches('@').split([';', ' ']);
            let mut values = tags.filter_map(|tag| tag.strip_prefix(name));
            values.next().expect("each message has one").to_owned()
        };
        told.push((tag("msgid="), tag("time=")));
    }
}
