//! Many at once, and those who mean no good.
#![allow(clippy::expect_used, clippy::panic, reason = "a test says by panicking what is wrong")]

#[path = "support/support.rs"]
mod support;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use support::client::Client;
use support::server::Settings;

const CROWD: usize = 10_000;

/// Each client is a file of this process as well.
fn raise_own_file_limit() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let wanted = CROWD as u64 + 500;
    let raised = Rlimit { current: Some(wanted), maximum: maximum.map(|m| m.max(wanted)) };
    setrlimit(Resource::Nofile, raised).expect("10,000 files can be open");
}

#[test]
fn ten_thousand_clients_are_served_at_once() {
    raise_own_file_limit();
    // The server raises its own limit from what it is given, which is the usual 1,024.
    let server = Settings::new().start();
    let mut crowd: Vec<Client> = (0..CROWD).map(|_| Client::connect(&server)).collect();
    let before = server.memory_kib();
    for (n, client) in crowd.iter_mut().enumerate() {
        client.rename(&format!("c{n}"));
        client.send(&format!("c{n}"));
    }
    for (n, client) in crowd.iter_mut().enumerate() {
        client.skip_to(&format!("USERNAME: Welcome, c{n}. "));
    }
    crowd[0].send("hello, everyone");
    for client in &mut crowd {
        client.skip_to("[lobby] c0: hello, everyone");
    }
    let after = server.memory_kib();
    println!("memory of the server: {before} KiB connected, {after} KiB in the lobby");
    crowd[CROWD - 1].send("exit");
    crowd[CROWD - 1].skip_to(&format!("<Goodbye, c{}.>", CROWD - 1));
}

#[test]
fn a_client_that_does_not_read_is_closed_and_nobody_else_notices() {
    let server = Settings::new().set("limits.outbox_kib", 64).start();
    let mut alice = Client::login(&server, "Alice");
    let mut bob = Client::login(&server, "Bob");
    alice.expect("<User Bob is online.>\n");
    let slow = Client::login(&server, "Slow");
    slow.receive_little();
    alice.expect("<User Slow is online.>\n");
    bob.expect("<User Slow is online.>\n");
    let text = "x".repeat(4000);
    // The system holds some megabytes for who does not read; then the bound is met.
    let mut told = false;
    for _ in 0..4000 {
        alice.send(&text);
        let line = alice.line();
        if line == "<User Slow is offline.>" {
            told = true;
            alice.expect(&format!("[lobby] Alice: {text}\n"));
        } else {
            assert_eq!(line, format!("[lobby] Alice: {text}"));
        }
        bob.skip_to("[lobby] Alice: ");
        if told {
            break;
        }
    }
    assert!(told, "who does not read is never closed");
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

#[test]
fn one_address_has_no_more_connections_than_it_may_but_loopback_is_exempt() {
    let server = Settings::new().set("limits.connections_per_ip", 1).start();
    let mut one = Client::login(&server, "one");
    Client::login(&server, "two");
    one.expect("<User two is online.>\n");
}
