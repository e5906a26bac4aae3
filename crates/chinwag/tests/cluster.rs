//! A node on three real NATS servers.
#![allow(clippy::expect_used, clippy::panic, reason = "a test says by panicking what is wrong")]

#[path = "support/support.rs"]
mod support;

use std::path::Path;

use chinwag_nats::suite::{Servers, Setup};
use support::client::Client;
use support::cluster::{assert_done, assert_in_history, assert_told, node};
use support::server::Settings;

#[test]
fn people_talk_on_a_cluster_and_find_it_all_after_a_restart() {
    let servers = Servers::start(&Setup::default());
    let settings = node(&servers, "a");
    let mut server = settings.start();
    let mut alice = Client::login(&server, "Alice");
    let mut bob = Client::nc(&server);
    bob.come_in("Bob");
    alice.send("hello from a cluster");
    bob.skip_to("[lobby] Alice: hello from a cluster");
    // Once in good order, and once as if the machine had gone; and once on a new disk.
    server.stop();
    server.start_again();
    let mut carol = Client::login(&server, "Carol");
    carol.send("good morning");
    server.kill();
    server.start_again();
    let mut dave = Client::login(&server, "Dave");
    assert_in_history(&mut dave);
    server.stop();

    let other = node(&servers, "a").start();
    let mut erin = Client::login(&other, "Erin");
    assert_in_history(&mut erin);
}

#[test]
fn a_node_that_cannot_stand_on_its_servers_says_so_in_one_line() {
    let servers = Servers::start(&Setup { servers: 1, ..Setup::default() });
    let node = node(&servers, "a");
    let refused = node.clone().set("cluster.password", "\"wrong\"");
    refused.start_in_vain().assert_said_in_one_line(&["refuse the credentials", "[cluster]"]);
    let three = node.set("cluster.replicas", "3");
    three.start_in_vain().assert_said_in_one_line(&["1 servers", "cluster.replicas is 3"]);
}

#[test]
fn the_doctor_tells_what_is_wrong() {
    let mut servers = Servers::start(&Setup::default());
    let settings = node(&servers, "a");
    let mut server = settings.start();
    assert_told(&settings, true, &["good: the data folder is in use by a running node"]);
    server.stop();
    let well =
        ["good: NATS server n2 is of version 2.15.1", "good: the data folder has the stream"];
    assert_told(&settings, true, &well);
    servers.kill(2);
    assert_told(&settings, true, &["warning: NATS server n2 does not answer"]);
    servers.kill(1);
    assert_told(&settings, false, &["wrong: only 1 of 3 NATS servers answer"]);
}

#[test]
fn a_single_node_becomes_a_cluster_and_a_cluster_a_single_node() {
    let servers = Servers::start(&Setup::default());
    let (first, second) = (node(&servers, "a"), node(&servers, "b"));
    let alone = Settings::new().data_at(first.data());
    let mut server = alone.start();
    let mut alice = Client::login(&server, "Alice");
    alice.send("hello from a cluster");
    alice.skip_to("[lobby] Alice: hello from a cluster");
    first.start_in_vain().assert_said(&["in use"]);
    server.kill();
    first.start_in_vain().assert_said(&["without a cluster", "chinwag cluster import"]);
    assert_done(&first, &["import"], true, "The stream chinwag goes on after entry");
    assert_done(&first, &["import"], false, "does another node have more?");
    let again = ["import", "--furthest", "1"];
    assert_done(&first, &again, false, "there is a stream chinwag already");
    alone.start_in_vain().assert_said(&["belongs to a node of a cluster", "export"]);
    second.start_in_vain().assert_said(&["reaches back to entry", "data folder"]);
    copy_folder(first.data(), second.data());

    let (mut a, mut b) = (first.start(), second.start());
    let mut alice = Client::login_again(&a, "Alice");
    let mut bob = Client::login(&b, "Bob");
    bob.send("hello from b");
    alice.skip_to("[lobby] Bob: hello from b");
    assert_in_history(&mut alice);
    assert_in_history(&mut bob);
    a.stop();
    assert_done(&first, &["export"], false, "stop all other nodes");
    b.stop();
    assert_done(&second, &["export"], true, "is of a chinwag without a cluster now");

    let alone = Settings::new().data_at(second.data()).start();
    let mut alice = Client::login_again(&alone, "Alice");
    assert_in_history(&mut alice);
    let lines = alice.answer("/history");
    assert!(lines.iter().any(|line| line.contains("Bob: hello from b")), "{lines:#?}");
}

fn copy_folder(from: &Path, to: &Path) {
    let _ = std::fs::remove_dir_all(to);
    std::fs::create_dir_all(to).expect("a folder");
    for file in std::fs::read_dir(from).expect("a folder") {
        let file = file.expect("a file");
        std::fs::copy(file.path(), to.join(file.file_name())).expect("it is copied");
    }
}

#[test]
fn two_processes_of_one_name_are_not_both_served() {
    let servers = Servers::start(&Setup::default());
    let one = node(&servers, "a").start();
    let mut alice = Client::login(&one, "Alice");
    let other = node(&servers, "a");
    other.start_in_vain().assert_said(&["another process runs as node a", "[cluster]"]);
    alice.send("still here");
    alice.skip_to("[lobby] Alice: still here");
}
