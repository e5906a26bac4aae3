//! Much that waits for someone, and how much of it a history shows.
#![allow(clippy::expect_used, clippy::panic, reason = "a test says by panicking what is wrong")]

#[path = "support/support.rs"]
mod support;

use support::client::{Client, greeting};
use support::server::Server;

/// More than fits into one answer of the archive.
const MESSAGES: usize = 1500;

/// The most that a history shows.
const HISTORY_MAX: usize = 200;

#[test]
fn whatever_came_in_a_long_absence_is_told_in_order_and_once() {
    let mut server = Server::start();
    let mut alice = Client::login(&server, "Alice");
    let mut bob = Client::login(&server, "Bob");
    alice.expect("<User Bob is online.>\n");
    bob.send("exit");
    bob.expect("<Goodbye, Bob.>\n");
    bob.expect_closed();
    alice.expect("<User Bob is offline.>\n");
    for at in 0..MESSAGES {
        alice.send(&format!("Bob: {at}"));
    }
    for at in 0..MESSAGES {
        alice.expect(&format!("<To Bob> {at}\n"));
        alice.expect("<User Bob is offline and will see it on the next login.>\n");
    }

    let mut bob = Client::connect(&server).called("Bob");
    bob.send("Bob");
    bob.expect(&format!("{}Welcome back, Bob.\n<User Bob is online.>\n", greeting()));
    bob.expect(&format!("<{MESSAGES} messages while you were away:>\n"));
    for at in 0..MESSAGES {
        bob.expect(&format!("{{time}} <Message from Alice: \"{at}\">\n"));
    }
    bob.expect("<End of messages.>\n");
    bob.expect_silence();

    // A history shows the last of them, however many are asked for.
    for asked in [HISTORY_MAX, HISTORY_MAX + 1, 1_000_000] {
        let history = bob.answer(&format!("/history Alice {asked}"));
        assert_eq!(history.len(), HISTORY_MAX);
        assert!(history[0].ends_with(&format!("\"{}\">", MESSAGES - HISTORY_MAX)), "{history:?}");
    }
    assert_eq!(bob.answer("/history Alice").len(), 20);
    server.stop();
    server.start_again();
    Client::login_again(&server, "Bob");
}

#[test]
fn who_is_cut_off_while_it_is_told_is_told_the_rest_the_next_time() {
    let server = Server::start();
    let mut alice = Client::login(&server, "Alice");
    let bob = Client::login(&server, "Bob");
    alice.expect("<User Bob is online.>\n");
    bob.reset();
    alice.expect("<User Bob is offline.>\n");
    // Much more than the system keeps for someone who does not read.
    let (lines, text) = (4000, "x".repeat(4000));
    for at in 0..lines {
        alice.send(&format!("Bob: {at} {text}"));
        alice.expect(&format!("<To Bob> {at} {text}\n"));
        alice.expect("<User Bob is offline and will see it on the next login.>\n");
    }
    let mut bob = Client::connect(&server).called("Bob");
    bob.receive_little();
    bob.send("Bob");
    bob.skip_to(&format!("<{lines} messages while you were away:>"));
    let seen = bob.line();
    assert!(seen.ends_with(&format!("<Message from Alice: \"0 {text}\">")), "{seen}");
    bob.reset();
    alice.expect("<User Bob is online.>\n<User Bob is offline.>\n");

    let mut bob = Client::connect(&server).called("Bob");
    bob.send("Bob");
    let told = bob.skip_to("<User Bob is online.>");
    assert_eq!(told, "<User Bob is online.>");
    let count = bob.line();
    let count: usize = count[1..].split(' ').next().and_then(|n| n.parse().ok()).expect("a number");
    assert!((1..=lines).contains(&count), "{count} of {lines} are left");
    for at in lines - count..lines {
        bob.expect(&format!("{{time}} <Message from Alice: \"{at} {text}\">\n"));
    }
    bob.expect("<End of messages.>\n");
}
