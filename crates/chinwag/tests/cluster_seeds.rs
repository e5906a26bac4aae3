//! Nodes that get the past from another node, where the stream no longer has it.
#![allow(clippy::expect_used, clippy::panic, reason = "a test says by panicking what is wrong")]

#[path = "support/support.rs"]
mod support;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Instant;

use chinwag_nats::suite::{Servers, Setup};
use support::client::Client;
use support::cluster::{LONG, guarded_and_minded, node};
use support::server::{Begun, Log, Server, Settings};

const STREAM: &str = "chinwag";
const NAMES: [&str; 3] = ["a", "b", "c"];

/// Servers on which each node may do what it has to, and no more.
fn servers() -> Servers {
    Servers::start(&Setup { users: Some(guarded_and_minded(&NAMES)), ..Setup::default() })
}

fn settings(servers: &Servers, name: &str) -> Settings {
    node(servers, name).set("cluster.user", format!("{name:?}"))
}

/// Waits until the log has such a line, and gives it.
fn wait_for(log: &Log, what: &str, is_it: impl Fn(&str) -> bool) -> String {
    let deadline = Instant::now() + LONG;
    loop {
        if let Some(line) = log.lines().into_iter().find(|line| is_it(line)) {
            return line;
        }
        assert!(Instant::now() < deadline, "not told: {what}; {}", log.tail());
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Whether this was said, as history and search tell it; once each.
fn assert_told(server: &Server, name: &str, all: &[&str]) {
    let mut client = Client::connect(server).called(name);
    client.send(name);
    client.skip_to(&format!("<User {name} is online.>"));
    for what in all {
        let word = what.rsplit(' ').next().expect("a word");
        for ask in ["/history".to_owned(), format!("/search {word}")] {
            let lines = client.answer(&ask);
            let times = lines.iter().filter(|line| line.contains(what)).count();
            assert_eq!(times, 1, "{ask} {what}: {lines:#?}");
        }
    }
}

#[test]
fn who_has_nothing_or_was_away_for_too_long_gets_the_past_from_another_node() {
    let servers = servers();
    let [a, b] = ["a", "b"].map(|name| settings(&servers, name).start());
    let mut ana = Client::login(&a, "Ana");
    ana.send("the first cuckoo");
    ana.skip_to("[lobby] Ana: the first cuckoo");
    servers.trim(STREAM);
    let mut c = settings(&servers, "c").start();
    wait_for(c.log(), "from whom", |line| line.contains("MB from node"));
    assert_told(&c, "Cy", &["first cuckoo"]);
    ana.send("a second swallow");
    ana.skip_to("[lobby] Ana: a second swallow");
    assert_told(&c, "Cora", &["first cuckoo", "second swallow"]);

    // In good order, and as if the machine had gone.
    for (round, what) in ["a third lark", "a fourth wren"].into_iter().enumerate() {
        if round == 0 { c.stop() } else { c.kill() }
        ana.send(what);
        ana.skip_to(&format!("[lobby] Ana: {what}"));
        servers.trim(STREAM);
        c.start_again();
        wait_for(c.log(), "from whom", |line| line.contains("MB from node"));
        assert_told(&c, &format!("Cat{round}"), &["first cuckoo", what]);
    }
    // And it gives in its turn.
    drop((a, b));
    servers.trim(STREAM);
    let d = settings(&servers, "b").start();
    wait_for(d.log(), "from whom", |line| line.contains("MB from node c"));
    assert_told(&d, "Dan", &["first cuckoo", "second swallow", "third lark", "fourth wren"]);
}

/// A port of this machine that nobody uses just now.
fn free_address() -> String {
    let bound = TcpListener::bind("127.0.0.1:0").expect("a port");
    bound.local_addr().expect("an address").to_string()
}

/// What is answered to a request by HTTP; empty if nobody listens.
fn get(address: &str, path: &str) -> String {
    let ask = || {
        let mut stream = TcpStream::connect(address)?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: chat.test\r\nConnection: close\r\n\r\n")?;
        let mut said = String::new();
        stream.read_to_string(&mut said).map(|_| said)
    };
    ask().unwrap_or_default()
}

/// What is answered to these first words.
fn answer(address: &str, words: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.write_all(words.as_bytes()).expect("it is sent");
    let mut said = String::new();
    stream.read_to_string(&mut said).expect("an answer");
    said
}

/// From which node it copies, once it does.
fn copies_from(begun: &Begun, not: Option<&str>) -> String {
    let of = |line: &str| {
        let (_, rest) = line.split_once("copying ")?;
        let (far, node) = rest.split_once(" MB from node ")?;
        (!far.starts_with("0.0 ") && Some(node) != not).then(|| node.to_owned())
    };
    let line = wait_for(begun.log(), "from whom it copies", |line| of(line).is_some());
    of(&line).expect("it was so")
}

#[test]
fn whoever_dies_while_the_past_is_copied_it_is_copied_in_the_end() {
    let servers = servers();
    let slow = |name: &str| settings(&servers, name).set("cluster.seed_kib_per_second", 200);
    let mut givers = ["a", "b"].map(|name| (name, slow(name).start()));
    let mut ana = Client::login(&givers[0].1, "Ana");
    for n in 0..2000 {
        ana.send(&format!("word{n} {}", "x".repeat(300)));
    }
    ana.skip_within(LONG, "[lobby] Ana: word1999 ");
    servers.trim(STREAM);

    let address = free_address();
    let settings = slow("c").address(&address);
    let begun = settings.begin();
    let first = copies_from(&begun, None);
    let told = get(&address, "/readyz");
    assert!(told.starts_with("HTTP/1.1 503"), "{told}");
    let why = format!("This server is copying the past from node {first}.");
    assert!(told.ends_with(&format!("{why}\n")), "{told}");
    assert!(get(&address, "/healthz").starts_with("HTTP/1.1 200"));
    let line = answer(&address, "Cy\n");
    let not_yet = format!("This server is copying the past from node {first}; nobody can come in yet");
    assert_eq!(line, format!("<{not_yet}.>\n"));
    assert_eq!(answer(&address, "NICK cy\r\n"), format!("ERROR :{not_yet}\r\n"));

    // The giver dies: the other one is asked.
    let (mut dying, mut other): (Vec<_>, Vec<_>) =
        givers.iter_mut().partition(|(name, _)| *name == first);
    dying[0].1.kill();
    let second = copies_from(&begun, Some(&first));
    assert_eq!(second, other[0].0);
    // Its own end, in the middle.
    let folder = settings.data().to_owned();
    assert!(folder.join("seed-in").is_dir());
    begun.kill();
    let begun = settings.begin();
    assert_eq!(copies_from(&begun, None), second);
    let c = begun.wait(LONG);
    assert!(!folder.join("seed-in").exists());
    assert!(get(&address, "/readyz").starts_with("HTTP/1.1 200"));
    let mut cy = Client::login(&c, "Cy");
    let found = cy.answer("/search word17");
    assert!(found.iter().any(|line| line.contains("Ana: word17 ")), "{found:#?}");
    let mut bob = Client::login(&other[0].1, "Bob");
    bob.send("good morning");
    cy.skip_to("[lobby] Bob: good morning");
    let given = other[0].1.settings().data().join("seed-out");
    let until = Instant::now() + LONG;
    while std::fs::read_dir(&given).is_ok_and(|mut left| left.next().is_some()) {
        assert!(Instant::now() < until, "what was given is not removed");
    }
    // Who waits for it can end it in good order, too.
    drop((dying, other.remove(0)));
}

#[test]
fn a_node_that_waits_for_the_past_ends_when_it_is_told_to() {
    let servers = servers();
    let slow = |name: &str| settings(&servers, name).set("cluster.seed_kib_per_second", 16);
    let a = slow("a").start();
    let mut ana = Client::login(&a, "Ana");
    ana.send("the first cuckoo");
    ana.skip_to("[lobby] Ana: the first cuckoo");
    servers.trim(STREAM);
    let begun = settings(&servers, "b").begin();
    wait_for(begun.log(), "that it waits", |line| line.contains("which copies the past for this one"));
    begun.stop();
}

#[test]
fn without_another_node_that_is_said_in_one_line() {
    let servers = servers();
    let mut a = settings(&servers, "a").start();
    drop(Client::login(&a, "Ana"));
    a.stop();
    servers.trim(STREAM);
    let words = ["what lies between has to come from another node", "permissions"];
    settings(&servers, "b").start_in_vain().assert_said(&words);
}
