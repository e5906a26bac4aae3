//! Nodes that get the past from another node, where the stream no longer has it.
#![allow(clippy::expect_used, clippy::panic, reason = "a test says by panicking what is wrong")]

#[path = "support/support.rs"]
mod support;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

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
    assert_found(server, name, &["/history", "/search"], all);
}

fn assert_found(server: &Server, name: &str, commands: &[&str], all: &[&str]) {
    let mut client = Client::connect(server).called(name);
    client.send(name);
    client.skip_to(&format!("<User {name} is online.>"));
    for what in all {
        let word = what.rsplit(' ').next().expect("a word");
        for command in commands {
            let ask = if *command == "/search" {
                format!("/search {word}")
            } else {
                (*command).to_owned()
            };
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
    let elsewhere = "chat-a.example.org:6667";
    let settings_c = settings(&servers, "c").set("cluster.addresses", format!("{elsewhere:?}"));
    let mut c = settings_c.start();
    wait_for(c.log(), "from whom", |line| line.contains("MB from node"));
    assert_told(&c, "Cy", &["first cuckoo"]);
    ana.send("a second swallow");
    ana.skip_to("[lobby] Ana: a second swallow");
    assert_told(&c, "Cora", &["first cuckoo", "second swallow"]);

    // In good order, and as if the machine had gone.
    for (round, what) in ["a third lark", "a fourth wren"].into_iter().enumerate() {
        if round == 0 {
            let mut leo = Client::login(&c, "Leo");
            c.stop();
            let hint = "Another server of this chat can be connected to now";
            leo.skip_to(&format!("<{hint}: {elsewhere}.>"));
            leo.expect("<The server is shutting down.>\n");
        } else {
            c.kill();
        }
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
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
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

/// From which node it copies, once something has come.
fn copies_from(begun: &Begun, settings: &Settings, not: Option<&str>) -> String {
    let of = |line: &str| {
        let (_, node) = line.split_once(" MB from node ")?;
        (Some(node) != not).then(|| node.to_owned())
    };
    let line = wait_for(begun.log(), "from whom it copies", |line| of(line).is_some());
    let coming = settings.data().join("seed-in/log.sqlite");
    let until = Instant::now() + LONG;
    while std::fs::metadata(&coming).map_or(0, |told| told.len()) == 0 {
        assert!(Instant::now() < until, "nothing comes; {}", begun.log().tail());
        std::thread::sleep(Duration::from_millis(10));
    }
    of(&line).expect("it was so")
}

#[test]
fn whoever_dies_while_the_past_is_copied_it_is_copied_in_the_end() {
    let servers = servers();
    let slow = |name: &str| settings(&servers, name).set("cluster.seed_kib_per_second", 400);
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
    let first = copies_from(&begun, &settings, None);
    let told = get(&address, "/readyz");
    assert!(told.starts_with("HTTP/1.1 503"), "{told}");
    let why = format!("This server is copying the past from node {first}.");
    assert!(told.ends_with(&format!("{why}\n")), "{told}");
    assert!(get(&address, "/healthz").starts_with("HTTP/1.1 200"));
    let line = answer(&address, "Cy\n");
    let not_yet =
        format!("This server is copying the past from node {first}; nobody can come in yet");
    assert_eq!(line, format!("<{not_yet}.>\n"));
    assert_eq!(answer(&address, "NICK cy\r\n"), format!("ERROR :{not_yet}\r\n"));

    // The giver dies: the other one is asked.
    let (mut dying, mut other): (Vec<_>, Vec<_>) =
        givers.iter_mut().partition(|(name, _)| *name == first);
    dying[0].1.kill();
    let second = copies_from(&begun, &settings, Some(&first));
    assert_eq!(second, other[0].0);
    // Its own end, in the middle.
    let folder = settings.data().to_owned();
    assert!(folder.join("seed-in").is_dir());
    begun.kill();
    let begun = settings.begin();
    assert_eq!(copies_from(&begun, &settings, None), second);
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
    wait_for(begun.log(), "that it waits", |line| {
        line.contains("which copies the past for this one")
    });
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

/// Where a file of a node's log lies, opened.
fn log_of(settings: &Settings) -> rusqlite::Connection {
    rusqlite::Connection::open(settings.data().join("log.sqlite")).expect("a database")
}

/// The checksum of an entry or a snapshot, as it stands in `log.sqlite`.
fn sum(seq: i64, time: i64, bytes: &[u8]) -> i64 {
    let all = [&seq.to_be_bytes()[..], &time.to_be_bytes(), bytes].concat();
    i64::from(crc32fast::hash(&all))
}

/// Has the folder of a chinwag that is stopped look as if its log were this far.
fn leap(settings: &Settings, to: u16) {
    let log = log_of(settings);
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let (seq, time): (i64, i64) =
        log.query_row("SELECT seq, time_ms FROM snapshot", [], read).expect("a snapshot");
    let sql = "SELECT bytes FROM snapshot_part WHERE seq = ?1";
    let mut state: Vec<u8> = log.query_row(sql, [seq], |row| row.get(0)).expect("a part");
    // A format byte, the head of an array, and the number of the last entry in CBOR.
    assert_eq!(i64::from(state[2]), seq, "it is one byte");
    let [high, low] = to.to_be_bytes();
    state.splice(2..3, [0x19, high, low]);
    let to = i64::from(to);
    log.execute("UPDATE snapshot_part SET seq = ?1, bytes = ?2", (to, &state)).expect("it is done");
    let sql = "UPDATE snapshot SET seq = ?1, crc32 = ?2";
    log.execute(sql, (to, sum(to, time, &state))).expect("it is done");
    log.execute("DELETE FROM entry", []).expect("it is done");
    let archive = rusqlite::Connection::open(settings.data().join("chinwag.sqlite"));
    let kept = archive.expect("a database").execute("UPDATE archive SET kept = ?1", [to]);
    kept.expect("it is done");
}

/// Has a node that was killed read one line otherwise than it was said.
fn misread(settings: &Settings, said: &str, read: &str) {
    let log = log_of(settings);
    let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    let sql = "SELECT seq, time_ms, packet FROM entry WHERE instr(packet, ?1) > 0";
    let (seq, time, mut packet): (i64, i64, Vec<u8>) =
        log.query_row(sql, [said.as_bytes()], row).expect("it was kept");
    let at = packet.windows(said.len()).position(|w| w == said.as_bytes()).expect("it is there");
    packet[at..at + said.len()].copy_from_slice(read.as_bytes());
    let sql = "UPDATE entry SET packet = ?2, crc32 = ?3 WHERE seq = ?1";
    log.execute(sql, (seq, &packet, sum(seq, time, &packet))).expect("it is done");
}

#[test]
fn a_node_whose_state_differs_says_so_and_goes_on_with_that_of_another() {
    let servers = servers();
    let first = settings(&servers, "a");
    let mut alone = Settings::new().data_at(first.data()).start();
    let mut ana = Client::login(&alone, "Ana");
    ana.send("long before");
    ana.skip_to("[lobby] Ana: long before");
    alone.stop();
    // Nodes compare their states after every 10,000 entries.
    leap(&first, 9900);
    let done = first.command_of(&["cluster", "import"]).output().expect("it can be run");
    assert!(done.status.success(), "{done:?}");

    let a = first.start();
    let _b = settings(&servers, "b").start();
    let address = free_address();
    let mut c = settings(&servers, "c").address(&address).start();
    let mut ana = Client::login_again(&a, "Ana");
    ana.send("tea or coffee?");
    ana.skip_to("[lobby] Ana: tea or coffee?");
    let mut cy = Client::login(&c, "Cy");
    cy.send("milk or sugar?");
    ana.skip_to("[lobby] Cy: milk or sugar?");
    c.kill();
    misread(c.settings(), "tea or coffee?", "tea or poison?");
    c.start_again();
    let mut dan = Client::login(&c, "Dan");
    let mut count = 0;
    let until = Instant::now() + LONG;
    let why = "is another one than that of 2 of the other nodes";
    while !c.log().lines().iter().any(|line| line.contains(why)) {
        assert!(Instant::now() < until, "it does not differ; {}", c.log().tail());
        ana.send(&format!("word {count}"));
        ana.skip_to(&format!("[lobby] Ana: word {count}"));
        count += 1;
    }
    dan.skip_to("<This server has lost the others and begins anew. Connect again.>");
    wait_for(c.log(), "that it has copied", |line| line.contains("MB from node"));
    let until = Instant::now() + LONG;
    while !get(&address, "/readyz").starts_with("HTTP/1.1 200") {
        assert!(Instant::now() < until, "it does not serve again; {}", c.log().tail());
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_found(&c, "Eve", &["/search"], &["long before", "tea or coffee?", "milk or sugar?"]);
}
