//! Many clients at once, and one who does not read.
#![allow(clippy::expect_used, clippy::panic, reason = "a test says by panicking what is wrong")]

#[path = "support/support.rs"]
mod support;

use std::time::Instant;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use support::client::{Client, greeting};
use support::server::{Server, Settings};

/// How many come. `CHINWAG_CROWD` says another number, for a system that allows a process fewer files.
const CROWD: usize = 10_000;

/// Files that a test needs besides its connections.
const FILES_BESIDES: usize = 100;

#[test]
fn ten_thousand_clients_talk_at_once() {
    let crowd = std::env::var("CHINWAG_CROWD").map_or(CROWD, |n| n.parse().expect("a number"));
    let (wanted, allowed) = (crowd + FILES_BESIDES, files_allowed());
    assert!(
        allowed >= wanted,
        "this system allows {allowed} open files, and {crowd} clients need {wanted}: raise `ulimit -Hn`, or \
         set CHINWAG_CROWD to fewer clients"
    );
    let server = Settings::new().start();
    let idle_kib = server.memory_kib();
    let begun = Instant::now();
    let mut clients: Vec<Client> = (0..crowd)
        .map(|at| {
            let name = format!("u{at}");
            let mut client = Client::connect(&server).called(&name);
            client.send(&name);
            client
        })
        .collect();
    for (at, client) in clients.iter_mut().enumerate() {
        client.expect(&format!(
            "{}Welcome, u{at}. You are new here. Type /help for help.\n",
            greeting()
        ));
    }
    println!("{crowd} have come in after {:?}", begun.elapsed());
    let begun = Instant::now();
    clients[0].send("hello, crowd");
    for client in &mut clients {
        client.skip_to("[lobby] u0: hello, crowd");
    }
    println!("all of them have one line after {:?}", begun.elapsed());
    let kib = server.memory_kib() - idle_kib;
    println!("the server holds {kib} KiB for them, {} bytes each", kib * 1024 / crowd as u64);

    // Each is one of them: the last writes to the first, and the first lists them all.
    let last = crowd - 1;
    clients[last].send("u0: hello");
    clients[last].expect("<To u0> hello\n");
    clients[0].expect(&format!("<Message from u{last}: \"hello\">\n"));
    let online = clients[0].answer("get_users");
    assert_eq!(online.len(), crowd);
    assert!(online.iter().all(|line| line.starts_with("o u")));
}

/// How many files this process may open, once it has asked for as many as it gets.
fn files_allowed() -> usize {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    getrlimit(Resource::Nofile).current.map_or(usize::MAX, |files| files as usize)
}

#[test]
fn who_does_not_read_loses_only_their_own_connection() {
    let server = Settings::new().set("limits.outbox_kib", 128).start();
    let mut alice = Client::login(&server, "Alice");
    let mut bob = Client::login(&server, "Bob");
    alice.expect("<User Bob is online.>\n");
    let mut slow = Client::connect(&server).called("Slow");
    slow.receive_little();
    slow.come_in("Slow");
    alice.expect("<User Slow is online.>\n");
    bob.expect("<User Slow is online.>\n");

    // What the system keeps for a connection is some MiB at most.
    let text = "x".repeat(4000);
    let lines_max = 64 * 1024 * 1024 / text.len();
    let mut said = 0;
    let closed = loop {
        assert!(said < lines_max, "who does not read is never closed");
        alice.send(&format!("{said} {text}"));
        let line = alice.line();
        if line == "<User Slow is offline.>" {
            alice.expect(&format!("[lobby] Alice: {said} {text}\n"));
            break said;
        }
        assert_eq!(line, format!("[lobby] Alice: {said} {text}"));
        said += 1;
        // Bob misses nothing.
        match bob.line() {
            line if line == "<User Slow is offline.>" => {
                bob.expect(&format!("[lobby] Alice: {} {text}\n", said - 1));
                alice.expect("<User Slow is offline.>\n");
                break said;
            }
            line => assert_eq!(line, format!("[lobby] Alice: {} {text}", said - 1)),
        }
    };
    println!("closed after {} KiB", closed * text.len() / 1024);
    alice.send("goodbye, Slow");
    alice.skip_to("[lobby] Alice: goodbye, Slow");
    bob.skip_to("[lobby] Alice: goodbye, Slow");
    drop(slow);

    // What they missed is in the history, and they can come back.
    let mut slow = Client::connect(&server).called("Slow");
    slow.send("Slow");
    slow.expect(&format!("{}Welcome back, Slow.\n<User Slow is online.>\n", greeting()));
    let history = slow.answer("/history lobby 1");
    assert!(history[0].ends_with("[lobby] Alice: goodbye, Slow"), "{history:?}");
}

#[test]
fn one_address_has_no_more_connections_than_it_may_but_loopback_is_exempt() {
    let server = Settings::new().set("limits.connections_per_ip", 1).start();
    let mut one = Client::login(&server, "one");
    Client::login(&server, "two");
    one.expect("<User two is online.>\n");
}

#[test]
fn who_asks_much_at_once_is_answered_as_they_read() {
    let server = Settings::new().set("limits.outbox_kib", 256).start();
    let mut alice = Client::login(&server, "Alice");
    let mut sender = alice.sender();
    // Each answer is larger than its question: some megabytes, for an outbox of 256 KiB.
    let asked = 3000;
    let sending = std::thread::spawn(move || {
        std::io::Write::write_all(&mut sender, "/help\n".repeat(asked).as_bytes())
    });
    for _ in 0..asked {
        alice.skip_to("  exit ");
    }
    sending.join().expect("it does not fail").expect("all is sent");
    alice.expect_silence();
}

/// Lets so many readers read all that they are sent, each on a thread, while so many speakers each send so
/// many long lines at once; every reader is to see every line.
fn all_read_a_burst(settings: &Settings, readers: usize, speakers: usize, lines: usize) {
    let server = settings.start();
    let text = "x".repeat(4000);
    let mut clients: Vec<Client> =
        (0..readers).map(|at| Client::login(&server, &format!("reader{at}"))).collect();
    let mut speaking: Vec<Client> = (0..speakers)
        .map(|at| {
            let name = format!("speaker{at}");
            let mut client = Client::connect(&server).called(&name);
            client.send(&name);
            client.skip_to("USERNAME: Welcome, ");
            client
        })
        .collect();
    let whole = speakers * lines;
    let reading: Vec<_> = clients
        .drain(..)
        .map(|mut client| {
            std::thread::spawn(move || {
                for _ in 0..whole {
                    client.skip_to("[lobby] speaker");
                }
                client
            })
        })
        .collect();
    let burst = format!("{text}\n").repeat(lines);
    let sending: Vec<_> = speaking
        .iter()
        .map(|client| {
            let (mut sender, burst) = (client.sender(), burst.clone());
            std::thread::spawn(move || std::io::Write::write_all(&mut sender, burst.as_bytes()))
        })
        .collect();
    // Those who speak see what they said, and read it too.
    let echoing: Vec<_> = speaking
        .drain(..)
        .map(|mut client| {
            std::thread::spawn(move || (0..whole).for_each(|_| drop(client.skip_to("[lobby] "))))
        })
        .collect();
    for thread in sending {
        thread.join().expect("it does not fail").expect("all is sent");
    }
    for thread in reading {
        drop(thread.join().expect("a reader sees every line").lines_up_to_now());
    }
    for thread in echoing {
        thread.join().expect("a speaker sees every line");
    }
    assert!(!server.log().lines().iter().any(|line| line.contains("too slowly")));
}

#[test]
fn attack_bursts_of_long_lines_close_nobody_who_reads() {
    all_read_a_burst(&Settings::new(), 20, 8, 100);
}

#[test]
fn many_who_speak_at_once_close_nobody_who_reads() {
    all_read_a_burst(&Settings::new(), 5, 300, 1);
}

#[test]
fn a_burst_much_larger_than_the_outbox_closes_nobody_who_reads() {
    all_read_a_burst(&Settings::new().set("limits.outbox_kib", 128), 8, 4, 100);
}

/// How often a socket took no more than a part of what was due, as the server counts it.
fn times_blocked(server: &Server) -> u64 {
    use std::io::{Read as _, Write as _};
    let mut stream = std::net::TcpStream::connect(server.address()).expect("connect");
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("ask");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("read the answer");
    let count = answer.lines().find_map(|line| line.strip_prefix("chinwag_outbox_bytes_count "));
    count.expect("it is counted").parse().expect("a number")
}

/// Talks until a client that reads nothing has its outbox full, and not several times over.
fn fill(server: &Server, speaker: &mut Client, text: &str) -> usize {
    let mut said = 0;
    let mut say = |times: usize| {
        for _ in 0..times {
            speaker.send(&format!("{said} {text}"));
            speaker.skip_to(&format!("[lobby] Alice: {said} "));
            said += 1;
        }
        said
    };
    while times_blocked(server) == 0 {
        assert!(say(20) < 5000, "the system takes all of it");
    }
    // An outbox of 128 KiB is full, and 512 KiB are not there.
    say(60)
}

#[test]
fn attack_who_stops_reading_is_closed_after_a_while_though_nothing_more_comes() {
    let settings = Settings::new().set("limits.outbox_kib", 128).set("limits.stall_seconds", 1);
    let server = settings.start();
    let mut alice = Client::login(&server, "Alice");
    let mut slow = Client::connect(&server).called("Slow");
    slow.receive_little();
    slow.come_in("Slow");
    fill(&server, &mut alice, &"x".repeat(4000));
    alice.skip_to("<User Slow is offline.>");
}

#[test]
fn long_who_reads_slowly_but_goes_on_is_told_everything() {
    let settings = Settings::new().set("limits.outbox_kib", 128).set("limits.stall_seconds", 1);
    let server = settings.start();
    let mut alice = Client::login(&server, "Alice");
    let mut slow = Client::connect(&server).called("Slow");
    slow.receive_little();
    slow.come_in("Slow");
    // Half a megabyte a second: it takes several times as long as one may stand still.
    let (begun, ended) = std::sync::mpsc::channel::<usize>();
    let reading = std::thread::spawn(move || {
        let (mut seen, mut whole) = (0_usize, None);
        while whole.is_none_or(|whole| seen < whole) {
            slow.skip_to(&format!("[lobby] Alice: {seen} "));
            seen += 1;
            if seen.is_multiple_of(8) {
                std::thread::sleep(std::time::Duration::from_millis(if whole.is_none() {
                    60
                } else {
                    0
                }));
                whole = whole.or_else(|| ended.try_recv().ok());
            }
        }
    });
    let said = fill(&server, &mut alice, &"x".repeat(4000));
    std::thread::sleep(std::time::Duration::from_millis(1500));
    begun.send(said).expect("the reader is there");
    reading.join().expect("the reader sees every line");
}
