//! Nobody sees a message before it is stored: the server is killed while people talk, and again
//! and again while its disk is full, and whatever anyone saw must be in everyone's history.
#![allow(clippy::expect_used, clippy::panic, reason = "a test says by panicking what is wrong")]

#[path = "support/support.rs"]
mod support;

use std::collections::BTreeMap;
use std::io::Write;
use std::time::{Duration, Instant};

use support::client::{Client, greeting};
use support::dice::Dice;
use support::server::{Server, Settings};

const PEOPLE: usize = 20;

/// Rounds of talk, kill and look; `CHINWAG_KILL_ROUNDS` has more of them.
const ROUNDS: usize = 25;

/// Lines that one person says in one round at most: few enough that a history shows all.
const LINES: usize = 9;

fn name(person: usize) -> String {
    format!("p{}", char::from(b'a' + u8::try_from(person).expect("20 people")))
}

/// The conversations that people talk in, as each round has them: a room, a group, and pairs.
fn addresses(round: usize) -> [String; 3] {
    [format!("room-{round}"), "everybody".to_owned(), "a person".to_owned()]
}

#[test]
fn what_anyone_saw_survives_kill_9_once_and_in_one_order() {
    let rounds = std::env::var("CHINWAG_KILL_ROUNDS")
        .map_or(ROUNDS, |rounds| rounds.parse().expect("CHINWAG_KILL_ROUNDS is a number"));
    let mut dice = Dice::new();
    let settings = Settings::new().set("limits.presence_notices_max", 0);
    let mut server = settings.start();
    make_group(&server);
    for round in 0..rounds {
        let mut people = enter(&server);
        let room = &addresses(round)[0];
        for person in &mut people {
            person.send(&format!("/join {room}"));
            person.skip_to(&format!("<You are in {room}"));
        }
        let seen = talk_and_kill(&mut server, people, round, &mut dice);
        server.start_again();
        look(&server, round, &seen);
    }
}

fn make_group(server: &Server) {
    let mut people: Vec<Client> = (0..PEOPLE).map(|_| Client::connect(server)).collect();
    for (n, person) in people.iter_mut().enumerate() {
        person.rename(&name(n));
        person.send(&name(n));
        person.skip_to("USERNAME: Welcome, ");
    }
    let named: Vec<String> = (1..PEOPLE).map(name).collect();
    people[0].send(&format!("mk_grp:everybody:{}", named.join(":")));
    people[0].skip_to("<Group everybody: ");
    for mut person in people {
        person.send("exit");
        person.skip_to("<Goodbye, ");
    }
}

/// Everyone comes in, past what waits for them.
fn enter(server: &Server) -> Vec<Client> {
    let mut people: Vec<Client> = (0..PEOPLE).map(|_| Client::connect(server)).collect();
    for (n, person) in people.iter_mut().enumerate() {
        person.rename(&name(n));
        person.send(&name(n));
    }
    for person in &mut people {
        person.skip_to("USERNAME: Welcome back, ");
        person.send("/fence");
        person.skip_to("</fence is not a command. ");
    }
    people
}

/// Everyone talks at full speed until the server is killed; what each of them saw.
fn talk_and_kill(
    server: &mut Server,
    people: Vec<Client>,
    round: usize,
    dice: &mut Dice,
) -> Vec<Vec<String>> {
    let threads: Vec<_> = people
        .into_iter()
        .enumerate()
        .map(|(n, mut person)| {
            let other = name((n + 1) % PEOPLE);
            let mut sender = person.sender();
            std::thread::spawn(move || {
                let mut lines = String::new();
                for i in 0..LINES {
                    let to = match i % 3 {
                        0 => String::new(),
                        1 => "everybody: ".to_owned(),
                        _ => format!("{other}: "),
                    };
                    lines.push_str(&format!("{to}r{round}-n{n}-i{i}-end\n"));
                }
                // The server may be gone before all is sent.
                let _ = sender.write_all(lines.as_bytes());
                let text = String::from_utf8(person.expect_gone()).expect("lines are UTF-8");
                // What is cut off in its middle was not seen.
                let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
                whole.lines().map(str::to_owned).collect::<Vec<_>>()
            })
        })
        .collect();
    let pause = Duration::from_micros(u64::try_from(dice.below(30_000)).expect("it is small"));
    let until = Instant::now() + pause;
    while Instant::now() < until {
        std::hint::spin_loop();
    }
    server.kill();
    threads.into_iter().map(|thread| thread.join().expect("nobody fails")).collect()
}

/// What was said in a line of this round, if it is one.
fn said(line: &str, round: usize) -> Option<String> {
    let begins = format!("r{round}-n");
    let at = line.find(&begins)?;
    let rest = &line[at..];
    Some(rest[..rest.find("-end")? + 4].to_owned())
}

/// Compares what everyone saw with everyone's history.
fn look(server: &Server, round: usize, seen: &[Vec<String>]) {
    let room = &addresses(round)[0];
    let mut people = enter(server);
    let mut shared: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (n, person) in people.iter_mut().enumerate() {
        let (next, before) = (name((n + 1) % PEOPLE), name((n + PEOPLE - 1) % PEOPLE));
        let mut history = Vec::new();
        for of in [room.as_str(), "everybody", &next, &before] {
            let told = read_history(person, of, round);
            if of == room || of == "everybody" {
                let first = shared.entry(if of == room { "room" } else { "group" });
                let first = first.or_insert_with(|| told.clone());
                assert_eq!(*first, told, "{} reads {of} otherwise than others", name(n));
            }
            let mut once = told.clone();
            once.sort();
            once.dedup();
            assert_eq!(once.len(), told.len(), "something is told twice: {told:?}");
            history.push(told);
        }
        let live: Vec<String> = seen[n].iter().filter_map(|line| said(line, round)).collect();
        for line in &live {
            let found = history.iter().any(|told| told.contains(line));
            assert!(found, "{} saw {line}, which is lost; {}", name(n), server.log().tail());
        }
        for told in &history {
            // What was seen of a conversation was seen in its order, and without a hole.
            let here: Vec<&String> = live.iter().filter(|line| told.contains(line)).collect();
            let expected: Vec<&String> = told.iter().take(here.len()).collect();
            assert_eq!(here, expected, "{} saw another order", name(n));
        }
    }
    for mut person in people {
        person.send("exit");
        person.skip_to("<Goodbye, ");
    }
}

/// The lines of this round in a history.
fn read_history(person: &mut Client, of: &str, round: usize) -> Vec<String> {
    person.send(&format!("/history {of} 200"));
    person.send("/fence");
    let mut told = Vec::new();
    loop {
        let line = person.line();
        if line == "</fence is not a command. Type /help.>" {
            return told;
        }
        told.extend(said(&line, round));
    }
}

#[test]
fn a_full_disk_is_said_loses_nothing_seen_and_is_over_when_there_is_room() {
    let mut server = Settings::new().start();
    let mut alice = Client::login(&server, "Alice");
    let mut seen = Vec::new();
    for _ in 0..2 {
        // No file may grow: neither the log's nor the archive's.
        server.limit_files(Some(1));
        let mut refused = 0;
        let deadline = Instant::now() + support::PATIENCE;
        for n in 0.. {
            let text = format!("line {}-{n}", seen.len());
            alice.send(&text);
            match alice.line() {
                line if line == format!("[lobby] Alice: {text}") => seen.push(text),
                line => {
                    assert_eq!(line, "<Not stored, so not sent: the disk is full.>");
                    refused += 1;
                }
            }
            if refused >= 3 {
                break;
            }
            assert!(Instant::now() < deadline, "nothing is refused");
        }
        // Reading goes on.
        alice.send("get_users");
        alice.expect("o Alice\n");
        server.limit_files(None);
        // Writing goes on when there is room.
        let deadline = Instant::now() + support::PATIENCE;
        loop {
            let text = format!("line {} with room", seen.len());
            alice.send(&text);
            if alice.line() == format!("[lobby] Alice: {text}") {
                seen.push(text);
                break;
            }
            assert!(Instant::now() < deadline, "nothing is stored any more");
        }
    }
    server.kill();
    server.start_again();
    let mut alice = Client::connect(&server);
    alice.expect(&greeting());
    alice.send("Alice");
    alice.expect("Welcome back, Alice.\n<User Alice is online.>\n");
    alice.send("/history 200");
    for text in &seen[seen.len().saturating_sub(200)..] {
        alice.expect(&format!("{{time}} [lobby] Alice: {text}\n"));
    }
    alice.expect_silence();
}
