//! Nodes whose log was lost, wholly or in part: the way back that they print leads back to everything that
//! any of them had.
#![allow(clippy::expect_used, clippy::panic, reason = "a test says by panicking what is wrong")]

#[path = "support/support.rs"]
mod support;

use std::time::{Duration, Instant};

use chinwag_nats::suite::{Servers, Setup};
use support::client::Client;
use support::cluster::{
    LONG, assert_done, assert_in_history, assert_told, guarded_and_minded, node, wait_until,
    wait_until_ready,
};
use support::server::{Server, Settings};

/// The stream, as it is called where nothing else is said.
const STREAM: &str = "chinwag";

/// Three nodes that hold different lengths of the log.
struct Site {
    servers: Servers,
    nodes: [Settings; 3],
    /// What was said, in order.
    said: Vec<String>,
}

impl Site {
    /// Has node c end first, and then b; node a ends with what `lose` does to the stream. Gives what a
    /// says at its end, too.
    fn of_three(lose: impl FnOnce(&Servers)) -> (Self, String) {
        let servers = Servers::start(&Setup::default());
        let nodes = ["a", "b", "c"].map(|name| node(&servers, name));
        let [mut a, mut b, mut c] = nodes.each_ref().map(Settings::start);
        let mut site = Self { servers, nodes, said: Vec::new() };
        let mut ana = Client::login(&a, "Ana");
        let mut bob = Client::login(&b, "Bob");
        site.say(&mut ana, &mut bob, 0..20);
        c.stop();
        site.say(&mut ana, &mut bob, 20..40);
        b.kill();
        let mut ada = Client::login(&a, "Ada");
        site.say(&mut ana, &mut ada, 40..60);
        lose(&site.servers);
        assert_eq!(a.ended_within(LONG).code(), Some(1));
        let last = a.log().lines().into_iter().rev().find(|line| line.contains("the way back"));
        let last = last.unwrap_or_else(|| panic!("{}", a.log().tail()));
        (site, last)
    }

    fn say(&mut self, from: &mut Client, to: &mut Client, numbers: std::ops::Range<usize>) {
        for n in numbers {
            let text = format!("word {n}");
            from.send(&text);
            to.skip_to(&format!("[lobby] Ana: {text}"));
            self.said.push(text);
        }
    }

    /// Starts a node, and checks that it has everything in its history.
    fn start_whole(&self, n: usize) -> Server {
        let server = self.nodes[n].start();
        self.assert_whole(n, &server);
        server
    }

    fn assert_whole(&self, n: usize, server: &Server) {
        wait_until_ready(server);
        let lines = Client::login(server, &format!("reader{n}")).answer("/history 200");
        let told: Vec<&str> = (lines.iter())
            .filter_map(|line| line.split_once("Ana: ").map(|(_, said)| said))
            .collect();
        assert_eq!(told, self.said, "node {n}");
    }
}

/// The command that a node prints, and its number in place of N.
fn printed(line: &str, furthest: u64) -> Vec<String> {
    let command = line.split('`').find(|part| part.starts_with("chinwag cluster import"));
    let command = command.unwrap_or_else(|| panic!("no command in {line}"));
    let words = command.strip_prefix("chinwag cluster ").expect("it is looked for above");
    let number = |word: &str| if word == "N" { furthest.to_string() } else { word.to_owned() };
    words.split(' ').map(number).collect()
}

/// To which entry a node says that it has the log.
fn furthest(line: &str) -> u64 {
    let number = ["followed to entry ", "has seen entry ", "entry "]
        .iter()
        .find_map(|words| line.split_once(words)?.1.split([';', ':', ' ']).next()?.parse().ok());
    number.unwrap_or_else(|| panic!("no number in {line}"))
}

/// What a node says that cannot start.
fn refusal(settings: &Settings) -> String {
    let refused = settings.start_in_vain_within(LONG);
    refused.assert_said(&["the way back"]);
    refused.said.concat()
}

/// Goes the way that a node prints, and checks that all nodes then have everything.
fn go_back(site: &Site, line: &str) {
    // Each node tells how far it got; the one that ended last got furthest.
    let [_, b, c] = &site.nodes;
    let (b, c) = std::thread::scope(|scope| {
        let c = scope.spawn(|| refusal(c));
        (refusal(b), c.join().expect("it is refused"))
    });
    let numbers = [line, &b, &c].map(furthest);
    assert!(numbers.is_sorted_by(|one, next| one > next), "{numbers:?}");
    let words = printed(line, numbers[0]);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    for n in [1, 2] {
        let refused = format!("and another node to entry {}", numbers[0]);
        assert_done(&site.nodes[n], &words, false, &refused);
        assert_done(
            &site.nodes[n],
            &["import", "--replace"],
            false,
            "does another node have more?",
        );
    }
    assert_done(&site.nodes[0], &words, true, "The stream chinwag goes on after entry");
    let all: Vec<_> = (0..3).map(|n| site.start_whole(n)).collect();
    for node in &site.nodes {
        assert_told(node, true, &["good: the data folder is in use by a running node"]);
    }
    let mut ana = Client::login_again(&all[2], "Ana");
    let mut bob = Client::login_again(&all[0], "Bob");
    bob.send("and on it goes");
    ana.skip_to("[lobby] Bob: and on it goes");
}

#[test]
fn long_a_stream_is_deleted_and_the_printed_way_leads_back_to_everything() {
    let (site, line) = Site::of_three(|servers| servers.delete(STREAM));
    go_back(&site, &line);
}

#[test]
fn attack_a_stream_is_emptied_and_the_printed_way_leads_back_to_everything() {
    let (site, line) = Site::of_three(|servers| servers.replace(STREAM, true, &[]));
    go_back(&site, &line);
}

#[test]
fn attack_of_all_folders_the_one_that_has_most_is_taken() {
    let (site, _) = Site::of_three(|servers| servers.replace(STREAM, true, &[]));
    let folders = site.nodes.each_ref().map(|node| node.data().to_str().expect("a path"));
    let [a, b, c] = folders;
    // A folder of another cluster, and one that is not there.
    let alone = Settings::new();
    alone.start().stop();
    let stranger = alone.data().to_str().expect("a path");
    for (words, what) in [
        (&["import", "--replace", a, stranger][..], "not of nodes of one cluster"),
        (&["import", "--replace", a, "nowhere"], "there is no data folder nowhere"),
        (&["import", a], "--replace"),
        (
            &["import", "--replace", a, b, "--furthest", "1000000"],
            "and another node to entry 1000000",
        ),
    ] {
        assert_done(&site.nodes[2], words, false, what);
    }
    // The order does not matter, nor whose configuration it is.
    let said =
        assert_done(&site.nodes[2], &["import", "--replace", b, c, a], true, "goes on after");
    assert!(said.contains(&format!("of {a}. Start the node of that folder first.")), "{said}");
    let _all: Vec<_> = (0..3).map(|n| site.start_whole(n)).collect();
}

#[test]
fn attack_a_stream_that_went_on_without_the_others_is_not_replaced_by_what_they_have() {
    let (site, line) = Site::of_three(|servers| servers.replace(STREAM, true, &[]));
    // Somebody starts a node that has nothing, and people come.
    let other = node(&site.servers, "d");
    let mut server = other.start();
    let mut dan = Client::login(&server, "Dan");
    dan.send("is nobody here?");
    dan.skip_to("[lobby] Dan: is nobody here?");
    server.stop();
    let words = printed(&line, furthest(&line));
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    assert_done(&site.nodes[0], &words, false, "is not replaced: it has entry");
    let server = other.start();
    let mut dan = Client::login_again(&server, "Dan");
    assert!(dan.answer("/history").iter().any(|line| line.contains("is nobody here?")));
}

#[test]
fn attack_a_folder_that_is_in_use_or_holds_a_wrong_state_is_not_taken() {
    let (site, line) = Site::of_three(|servers| servers.replace(STREAM, true, &[]));
    let folders = site.nodes.each_ref().map(|node| node.data().to_str().expect("a path"));
    let [a, b, c] = folders;
    let words = ["import", "--replace", a, b, c];
    let damaged = site.nodes[0].data().join("log.sqlite");
    let kept = std::fs::read(&damaged).expect("a file");
    std::fs::write(&damaged, &kept[..100]).expect("it is written");
    assert_done(&site.nodes[1], &words, false, "log.sqlite");
    std::fs::write(&damaged, &kept).expect("it is written");
    assert_done(&site.nodes[1], &words, true, &format!("after entry {} of {a}", furthest(&line)));
    let a = site.start_whole(0);
    assert_done(&site.nodes[1], &words, false, "in use");
    drop(a);
}

#[test]
fn a_lost_stream_is_made_anew_and_the_nodes_that_got_as_far_go_on() {
    let mut servers = Servers::start(&Setup::default());
    let (first, second) = (node(&servers, "a"), node(&servers, "b"));
    let (mut a, mut b) = (first.start(), second.start());
    let mut alice = Client::login(&a, "Alice");
    let mut bob = Client::login(&b, "Bob");
    alice.send("hello from a cluster");
    bob.skip_to("[lobby] Alice: hello from a cluster");
    // Without two of the servers nothing more is stored, and both nodes get all that was.
    servers.kill(0);
    servers.kill(1);
    for node in [&a, &b] {
        wait_until(node, "Nothing was stored");
    }
    servers.kill(2);
    a.kill();
    b.kill();
    for n in 0..3 {
        servers.empty(n);
        servers.begin(n);
    }
    servers.wait_ready();
    let gone = "wrong: the stream chinwag is gone, which this node followed to entry";
    assert_told(&first, false, &[gone]);
    assert_told(&second, false, &[gone]);
    let words = ["import", "--furthest", "1"];
    assert_done(&second, &words, true, "The stream chinwag goes on after entry");

    let (a, b) = (first.start(), second.start());
    let mut alice = Client::login_again(&a, "Alice");
    let mut bob = Client::login_again(&b, "Bob");
    bob.send("and on it goes");
    alice.skip_to("[lobby] Bob: and on it goes");
    for client in [&mut alice, &mut bob] {
        assert_in_history(client);
    }
    let good = ["good: the data folder is in use by a running node"];
    assert_told(&first, true, &good);
    assert_told(&second, true, &good);
}

#[test]
fn attack_a_limit_that_is_set_while_a_node_runs_is_an_error_in_its_log() {
    let servers = Servers::start(&Setup { servers: 1, ..Setup::default() });
    let node = node(&servers, "a").set("cluster.replicas", 1).start();
    servers.change(STREAM, |config| config["max_msgs"] = 1_000_000.into());
    let deadline = Instant::now() + LONG;
    let is_told = |line: &String| line.contains("ERROR") && line.contains("--max-msgs=-1");
    while !node.log().lines().iter().any(is_told) {
        assert!(Instant::now() < deadline, "{}", node.log().tail());
        std::thread::park_timeout(Duration::from_millis(50));
    }
}

#[test]
fn attack_a_node_that_may_not_change_or_delete_the_stream_says_which_permission_it_takes() {
    let users = Some(guarded_and_minded(&["a"]));
    let servers = Servers::start(&Setup { servers: 1, users, ..Setup::default() });
    let minder = node(&servers, "a").set("cluster.replicas", 1);
    let guarded = minder.clone().set("cluster.user", "\"a\"");
    guarded.start().stop();
    servers.compress(STREAM);
    let refused = guarded.start_in_vain_within(LONG);
    refused.assert_said(&["is compressed", "$JS.API.STREAM.UPDATE.chinwag", "signal reload"]);
    assert_told(
        &guarded,
        false,
        &["wrong: the stream chinwag can lose what was said: it is compressed"],
    );
    let mut server = minder.start();
    let pending = "the compression of the stream chinwag was switched off";
    assert!(
        server.log().lines().iter().any(|line| line.contains(pending)),
        "{}",
        server.log().tail()
    );
    server.stop();
    assert_told(&guarded, false, &[&format!("wrong: {pending}")]);
    // It is not refused what it may not do once that is done.
    guarded.start().stop();

    servers.replace(STREAM, true, &[]);
    let words = ["import", "--replace", "--furthest", "1"];
    assert_done(&guarded, &words, false, "$JS.API.STREAM.DELETE.chinwag");
    assert_done(&minder, &words, true, "goes on after entry");
    guarded.start().stop();
}
