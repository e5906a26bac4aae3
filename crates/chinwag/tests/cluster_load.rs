//! Three nodes on three real NATS servers, under load, while nodes and servers die: what everyone saw is
//! what every node's history tells.
//!
//! `CHINWAG_CLUSTER_SECONDS=600` has the last test go on for so long, with accidents by chance;
//! it prints its seed, and `CHINWAG_SEED` has it again.
#![allow(clippy::expect_used, clippy::panic, reason = "a test says by panicking what is wrong")]

#[path = "support/support.rs"]
mod support;

use std::time::{Duration, Instant};

use chinwag_nats::suite::{Servers, Setup};
use rustix::process::Signal;
use support::cluster::node;
use support::dice::Dice;
use support::load::{Crowd, talk_at, talk_through};
use support::server::Server;

/// The stream, as it is called where nothing else is said.
const STREAM: &str = "chinwag";

/// What goes wrong.
#[derive(Clone, Copy, Debug)]
enum Accident {
    /// The NATS server that leads the stream is killed, and comes back.
    LeaderDies,
    /// All NATS servers are killed at once, and come back.
    AllServersDie,
    /// A node is killed, and comes back.
    NodeDies(usize),
    /// A node is stopped in good order, and comes back: as with another version.
    NodeIsReplaced(usize),
    /// A node's process stands still for a moment.
    NodeFreezes(usize),
}

/// Has people talk through these accidents.
fn play(accidents: impl IntoIterator<Item = Accident>) {
    let mut servers = Servers::start(&Setup::default());
    let mut nodes = ["a", "b", "c"].map(|name| node(&servers, name).start());
    talk_through(&mut nodes, |nodes, crowd| {
        for accident in accidents {
            println!("{accident:?}");
            happen(accident, &mut servers, nodes, crowd);
            crowd.go_on(1500);
        }
    });
    for node in &mut nodes {
        node.kill();
    }
    servers.assert_whole(STREAM);
}

fn happen(accident: Accident, servers: &mut Servers, nodes: &mut [Server], crowd: &Crowd) {
    match accident {
        Accident::LeaderDies => {
            let leader = servers.leader(STREAM);
            servers.kill(leader);
            crowd.go_on(1500);
            servers.begin(leader);
            servers.wait_ready();
        }
        Accident::AllServersDie => {
            servers.kill_all();
            servers.begin_all();
        }
        Accident::NodeDies(n) => {
            nodes[n].kill();
            crowd.go_on(1500);
            nodes[n].start_again_in_place();
        }
        Accident::NodeIsReplaced(n) => {
            nodes[n].stop();
            crowd.go_on(500);
            nodes[n].start_again_in_place();
            let calm =
                |node: &Server| !node.log().lines().iter().any(|l| l.contains("begins anew"));
            assert!(nodes.iter().all(calm), "nobody else is sent away");
        }
        Accident::NodeFreezes(n) => {
            nodes[n].signal(Signal::STOP);
            crowd.go_on(1000);
            nodes[n].signal(Signal::CONT);
        }
    }
}

#[test]
fn nodes_are_replaced_one_by_one_and_nobody_misses_a_word() {
    play((0..3).map(Accident::NodeIsReplaced));
}

#[test]
fn what_everyone_saw_is_every_nodes_history_whatever_dies() {
    let Ok(seconds) = std::env::var("CHINWAG_CLUSTER_SECONDS") else {
        return play([
            Accident::LeaderDies,
            Accident::NodeDies(1),
            Accident::AllServersDie,
            Accident::NodeFreezes(2),
        ]);
    };
    let seconds = seconds.parse().expect("CHINWAG_CLUSTER_SECONDS is a number");
    let until = Instant::now() + Duration::from_secs(seconds);
    let mut dice = Dice::new();
    play(std::iter::from_fn(move || {
        let n = dice.below(3);
        let accidents = [
            Accident::LeaderDies,
            Accident::AllServersDie,
            Accident::NodeDies(n),
            Accident::NodeIsReplaced(n),
            Accident::NodeFreezes(n),
        ];
        let accident = accidents[dice.below(accidents.len())];
        (Instant::now() < until).then_some(accident)
    }));
}

#[test]
fn long_all_servers_are_killed_twice_each_time_after_minutes_of_talk() {
    let mut servers = Servers::start(&Setup::default());
    let mut nodes = ["a", "b", "c"].map(|name| node(&servers, name).start());
    // 80 lines a second, as a server writes a snapshot of its Raft log after two to three minutes.
    talk_at(Duration::from_millis(75), &mut nodes, |_, crowd| {
        for _ in 0..2 {
            crowd.go_on_for(Duration::from_secs(190));
            servers.kill_all();
            servers.begin_all();
            crowd.go_on(1500);
        }
    });
    for node in &mut nodes {
        node.kill();
    }
    servers.assert_whole(STREAM);
}
