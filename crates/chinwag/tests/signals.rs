//! Signals: SIGHUP reads the configuration again, a second SIGTERM ends at once.
#![allow(clippy::expect_used, clippy::panic, reason = "a test says by panicking what is wrong")]

#[path = "support/support.rs"]
mod support;

use std::time::Instant;

use argon2::{Algorithm, Argon2, Params, PasswordHasher, Version};
use rustix::process::Signal;
use support::PATIENCE;
use support::client::{Client, greeting};
use support::server::{Server, Settings};

/// Sends SIGHUP and waits until the log has a line with `words`.
fn hang_up(server: &Server, words: &str) {
    server.signal(Signal::HUP);
    let deadline = Instant::now() + PATIENCE;
    while !server.log().lines().iter().any(|line| line.contains(words)) {
        assert!(Instant::now() < deadline, "no {words:?}; {}", server.log().tail());
        std::thread::yield_now();
    }
}

#[test]
fn sighup_has_the_configuration_read_again() {
    let server = Server::start();
    let mut here = Client::login(&server, "Alice");
    // It writes the file that the server was started with.
    let _ = server.settings().clone().set("accounts.guests", "false").command();
    hang_up(&server, "the configuration is read again");
    let mut guest = Client::connect(&server);
    guest.expect(&greeting());
    guest.send("");
    guest.expect("<Guests are not welcome here. Give a name.>\nUSERNAME: ");
    here.expect_silence();
}

#[test]
fn an_operators_password_is_changed_without_a_restart() {
    let settings = |password: &str| {
        let cost = Params::new(1024, 1, 1, None).expect("a cost");
        let hasher = Argon2::new(Algorithm::Argon2id, Version::V0x13, cost);
        let hash = hasher.hash_password(password.as_bytes()).expect("a hash");
        let admin = format!("[{{ name = \"admin\", password_hash = \"{hash}\" }}]");
        move |settings: Settings| settings.set("operator", admin)
    };
    let server = settings("one")(Settings::new()).start();
    let oper = |nick: &str, password: &str| {
        let mut client = Client::connect(&server).called(nick);
        client.send(&format!("NICK {nick}\r\nUSER u 0 * :u\r\nOPER admin {password}\r\nPING x\r"));
        client.skip_to(":chat.test 422 ");
        let told = client.skip_to(":chat.test ");
        told.get(11..14).map(str::to_owned)
    };
    assert_eq!(oper("ana", "one").as_deref(), Some("381"));
    assert_eq!(oper("bo", "two").as_deref(), Some("464"));
    let _ = settings("two")(server.settings().clone()).command();
    hang_up(&server, "the configuration is read again");
    assert_eq!(oper("cy", "one").as_deref(), Some("464"));
    assert_eq!(oper("dora", "two").as_deref(), Some("381"));
}

#[test]
fn a_bad_file_changes_nothing_and_is_reported() {
    let server = Server::start();
    let bad = server.settings().clone().set("accounts.guests", "false");
    let _ = bad.set("limits.line_bytes", "\"many\"").command();
    hang_up(&server, "limits.line_bytes takes");
    let mut guest = Client::connect(&server);
    guest.expect(&greeting());
    guest.send("");
    guest.expect("Welcome, guest-1. ");
}

#[test]
fn a_second_signal_ends_the_server_at_once() {
    let mut server = Server::start();
    // Who does not close their side is waited for, shortly.
    let mut alice = Client::login(&server, "Alice");
    server.signal(Signal::TERM);
    alice.expect("<The server is shutting down.>\n");
    server.signal(Signal::TERM);
    assert_eq!(server.ended().code(), Some(1));
}
