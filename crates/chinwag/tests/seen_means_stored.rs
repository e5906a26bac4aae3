//! What anybody has seen is stored, in one order: through `kill -9` at any moment, and where
//! nothing can be written.
//!
//! `CHINWAG_KILL_ROUNDS` sets how often the server is killed, `CHINWAG_SEED` repeats a failure.
#![allow(clippy::expect_used, clippy::panic, reason = "a test says by panicking what is wrong")]

#[path = "support/support.rs"]
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use support::PATIENCE;
use support::client::Client;
use support::dice::Dice;
use support::server::{Server, Settings};

const ROUNDS: usize = 25;
const CLIENTS: usize = 20;
const ROOMS: [&str; 5] = ["lobby", "tea", "cake", "milk", "honey"];
const GROUPS: [&str; 4] = ["north", "east", "south", "west"];

/// Lines that each client says to each room and group in a round: no more than one `/history`
/// shows of all of them.
const SHARED_LINES: usize = 200 / CLIENTS - 1;

/// Lines that each client writes to the next one in a round.
const DIRECT_LINES: usize = 40;

/// What is said of a message for which there is no room.
const FULL: &str = "<Not stored, so not sent: the disk is full.>";

/// Everything that is received in a round without a kill: what is shared by all, what is written
/// to one by two.
const LINES_SEEN: usize =
    CLIENTS * ((ROOMS.len() + GROUPS.len()) * SHARED_LINES * CLIENTS + 2 * DIRECT_LINES);

#[test]
fn what_was_seen_before_a_kill_is_in_the_history_once_and_in_one_order() {
    let rounds = std::env::var("CHINWAG_KILL_ROUNDS")
        .map_or(ROUNDS, |rounds| rounds.parse().expect("CHINWAG_KILL_ROUNDS is a number"));
    let mut dice = Dice::new();
    let settings = Settings::new().set("limits.presence_notices_max", 0);
    let mut server = settings.start();
    let mut clients = all_come_in(&server);
    for group in GROUPS {
        let members: Vec<String> = (1..CLIENTS).map(name).collect();
        clients[0].send(&format!("mk_grp:{group}:{}", members.join(":")));
        clients[0].expect(&format!("<Group {group}: {}, {}.>\n", name(0), members.join(", ")));
    }
    for client in &mut clients {
        client.lines_up_to_now();
    }
    for round in 0..rounds {
        let kill_at = 1 + dice.below(LINES_SEEN);
        println!("round {round}: killed when {kill_at} of {LINES_SEEN} lines were seen");
        let (ended, seen) = talk_until_killed(server, clients, round, kill_at, &mut dice);
        server = ended;
        server.start_again();
        clients = Vec::new();
        let mut waited = Vec::new();
        for at in 0..CLIENTS {
            let (client, lines) = come_in(&server, &name(at));
            clients.push(client);
            waited.push(lines);
        }
        let stored = Stored::read(&mut clients, round);
        stored.check(&seen, &waited, round);
        join_rooms(&mut clients);
    }
}

fn name(at: usize) -> String {
    format!("c{at:02}")
}

fn next(at: usize) -> usize {
    (at + 1) % CLIENTS
}

fn previous(at: usize) -> usize {
    (at + CLIENTS - 1) % CLIENTS
}

fn tag(round: usize) -> String {
    format!("r{round}-")
}

fn all_come_in(server: &Server) -> Vec<Client> {
    let mut clients: Vec<Client> = (0..CLIENTS).map(|at| come_in(server, &name(at)).0).collect();
    join_rooms(&mut clients);
    clients
}

/// Comes in, and gives what waited, as it would have looked live.
fn come_in(server: &Server, name: &str) -> (Client, Vec<String>) {
    let mut client = Client::connect(server).called(name);
    client.send(name);
    let lines = client.lines_up_to_now();
    let waited = lines.iter().skip_while(|line| !line.ends_with(" messages while you were away:>"));
    let waited = waited.skip(1).take_while(|line| *line != "<End of messages.>");
    let waited = waited.map(|line| without_time(line)).collect();
    (client, waited)
}

fn join_rooms(clients: &mut [Client]) {
    for client in clients {
        for room in &ROOMS[1..] {
            let answer = client.answer(&format!("/join {room}"));
            assert!(answer[0].starts_with(&format!("<You are in {room}: ")), "{answer:?}");
        }
    }
}

/// `2026-11-21 14:03:05 hello` without its time.
fn without_time(line: &str) -> String {
    line.get(20..).unwrap_or_else(|| panic!("no time before {line:?}")).to_owned()
}

/// What a client says in a round, in this order, several lines in flight.
fn script(at: usize, round: usize, dice: &mut Dice) -> Vec<String> {
    let mut lines = Vec::new();
    for to in ROOMS.iter().chain(&GROUPS) {
        lines.extend(std::iter::repeat_n((*to).to_owned(), SHARED_LINES));
    }
    lines.extend(std::iter::repeat_n(name(next(at)), DIRECT_LINES));
    for last in (1..lines.len()).rev() {
        lines.swap(last, dice.below(last + 1));
    }
    let (tag, name) = (tag(round), name(at));
    let mut counts = BTreeMap::new();
    for to in &mut lines {
        let count = counts.entry(to.clone()).or_insert(0);
        *to = format!("{to}: {tag}{name}-{count}");
        *count += 1;
    }
    lines
}

/// Has all clients talk at once until so many lines were seen, and kills the server then. Gives
/// what each of them has seen of this round.
fn talk_until_killed(
    server: Server,
    mut clients: Vec<Client>,
    round: usize,
    kill_at: usize,
    dice: &mut Dice,
) -> (Server, Vec<Vec<String>>) {
    let scripts: Vec<_> = (0..CLIENTS).map(|at| script(at, round, dice)).collect();
    let tag = tag(round);
    let count = AtomicUsize::new(0);
    let server = Mutex::new(server);
    let seen = std::thread::scope(|scope| {
        for (client, script) in clients.iter().zip(scripts) {
            let mut sender = client.sender();
            scope.spawn(move || {
                for lines in script.chunks(8) {
                    // It ends where the server does.
                    if sender.write_all((lines.join("\n") + "\n").as_bytes()).is_err() {
                        return;
                    }
                }
            });
        }
        let readers: Vec<_> = clients
            .iter_mut()
            .map(|client| {
                scope.spawn(|| {
                    let mut seen = Vec::new();
                    client.each_line(|line| {
                        assert!(line.contains(&tag), "nothing else was said: {line:?}");
                        seen.push(line);
                        if count.fetch_add(1, Ordering::Relaxed) + 1 == kill_at {
                            server.lock().expect("it is killed once").kill();
                        }
                    });
                    seen
                })
            })
            .collect();
        readers.into_iter().map(|reader| reader.join().expect("a reader")).collect()
    });
    (server.into_inner().expect("it was killed once"), seen)
}

/// What the history holds of a round.
#[derive(Debug, Default)]
struct Stored {
    /// Of each room and group.
    shared: BTreeMap<&'static str, Vec<String>>,
    /// What each client wrote to the next one, as it looks to the one and to the other.
    sent: Vec<Vec<String>>,
    got: Vec<Vec<String>>,
}

impl Stored {
    fn read(clients: &mut [Client], round: usize) -> Self {
        let tag = tag(round);
        let mut history = |at: usize, of: &str| -> Vec<String> {
            let lines = clients[at].answer(&format!("/history {of} 200"));
            let lines = lines.iter().filter(|line| line.contains(&tag));
            lines.map(|line| without_time(line)).collect()
        };
        let mut stored = Self::default();
        for (at, of) in ROOMS.iter().chain(&GROUPS).enumerate() {
            stored.shared.insert(of, history(at, of));
        }
        for at in 0..CLIENTS {
            stored.sent.push(history(at, &name(next(at))));
            stored.got.push(history(next(at), &name(at)));
        }
        stored
    }

    fn check(&self, seen: &[Vec<String>], waited: &[Vec<String>], round: usize) {
        let tag = tag(round);
        for (of, history) in &self.shared {
            for at in 0..CLIENTS {
                assert_no_hole(history, &format!("{tag}{}-", name(at)), "");
                let label = format!("[{of}] ");
                assert_beginning(history, &seen[at], |line| line.starts_with(&label));
                if GROUPS.contains(of) {
                    let own = format!("[{of}] {}: ", name(at));
                    let others = history.iter().filter(|line| !line.starts_with(&own));
                    assert_none_missed(others, &seen[at], &waited[at]);
                }
            }
        }
        for at in 0..CLIENTS {
            let (to, from) = (format!("<To {}> ", name(next(at))), name(previous(at)));
            let from = format!("<Message from {from}: ");
            assert_beginning(&self.sent[at], &seen[at], |line| line.starts_with(&to));
            let got = &self.got[previous(at)];
            assert_beginning(got, &seen[at], |line| line.starts_with(&from));
            assert_none_missed(got.iter(), &seen[at], &waited[at]);
            let said = format!("{tag}{}-", name(at));
            assert_no_hole(&self.sent[at], &said, "");
            assert_no_hole(&self.got[at], &said, "\">");
        }
        for waited in waited {
            let once: BTreeSet<_> = waited.iter().collect();
            assert_eq!(once.len(), waited.len(), "something is told twice: {waited:#?}");
        }
    }
}

/// What was seen live is how the history begins: all of it, once, in this order.
fn assert_beginning(history: &[String], seen: &[String], of: impl Fn(&str) -> bool) {
    let seen: Vec<_> = seen.iter().filter(|line| of(line)).collect();
    let stored: Vec<_> = history.iter().take(seen.len()).collect();
    assert_eq!(seen, stored, "what was seen is not how the history begins");
}

/// What one client said is stored from the first to the last that is stored.
fn assert_no_hole(history: &[String], said: &str, end: &str) {
    let said_there = history.iter().filter_map(|line| line.split_once(said));
    for (count, (_, number)) in said_there.enumerate() {
        assert_eq!(number, format!("{count}{end}"), "a line of {said} is missing or stored twice");
    }
}

/// What is stored for someone was seen, or has waited.
fn assert_none_missed<'a>(
    stored: impl Iterator<Item = &'a String>,
    seen: &[String],
    waited: &[String],
) {
    let known: BTreeSet<_> = seen.iter().chain(waited).collect();
    for line in stored {
        assert!(known.contains(line), "neither seen nor told afterwards: {line}");
    }
}

#[test]
fn what_cannot_be_stored_is_refused_aloud_and_reading_goes_on() {
    let mut server = Server::start();
    let mut alice = Client::login(&server, "Alice");
    let mut bob = Client::login(&server, "Bob");
    alice.expect("<User Bob is online.>\n");
    alice.send("before");
    alice.expect("[lobby] Alice: before\n");
    bob.expect("[lobby] Alice: before\n");

    // The archive follows behind the log; who reads waits for it.
    assert_eq!(said(&bob.answer("/history")), ["[lobby] Alice: before"]);

    // No file may grow or be written anew: neither the log's nor the archive's.
    server.limit_files(Some(0));
    for line in ["one", "Bob: two", "broad: three", "/me is lost", "/topic lost", "/join lost"] {
        let answer = alice.answer(line);
        let [refusal] = &answer[..] else { panic!("not one answer to {line:?}: {answer:?}") };
        assert_eq!(refusal, FULL, "{line:?}");
    }
    assert_eq!(bob.lines_up_to_now(), [""; 0], "nobody sees what is not stored");
    assert_eq!(said(&bob.answer("/history")), ["[lobby] Alice: before"]);

    server.limit_files(None);
    let mut stored = vec!["[lobby] Alice: before".to_owned()];
    let deadline = Instant::now() + PATIENCE;
    for at in 0.. {
        alice.send(&format!("after {at}"));
        match alice.line() {
            line if line == format!("[lobby] Alice: after {at}") => {
                bob.expect(&format!("{line}\n"));
                stored.push(line);
                break;
            }
            refusal => assert_eq!(refusal, FULL),
        }
        assert!(Instant::now() < deadline, "there is room again, but nothing is stored");
    }
    bob.send("and so do I");
    bob.expect("[lobby] Bob: and so do I\n");
    alice.expect("[lobby] Bob: and so do I\n");
    stored.push("[lobby] Bob: and so do I".to_owned());

    server.kill();
    server.start_again();
    let mut alice = Client::login_again(&server, "Alice");
    assert_eq!(said(&alice.answer("/history")), stored);
    alice.send("/search lost");
    alice.expect("<Nothing found.>\n");
}

/// A history without its times.
fn said(history: &[String]) -> Vec<String> {
    history.iter().map(|line| without_time(line)).collect()
}
