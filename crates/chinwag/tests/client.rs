//! `chinwag client` on a terminal, with its line editor.
#![allow(clippy::expect_used, clippy::panic, reason = "a test says by panicking what is wrong")]

#[path = "support/support.rs"]
mod support;

use support::client::{Client, set_password};
use support::screen::Screen;
use support::server::Server;

#[test]
fn on_a_terminal_what_is_typed_is_not_torn_by_what_comes_in() {
    let server = Server::start();
    let mut bob = Client::login(&server, "Bob");
    let alice = Screen::client(server.address(), "Alice");
    bob.expect("<User Alice is online.>\n");
    alice.shows_row("<User Alice is online.>");
    alice.types("half a mess");
    alice.shows("what is typed", |rows| rows.last().is_some_and(|r| r.ends_with("half a mess")));
    for n in 0..5 {
        bob.send(&format!("hello {n}"));
        bob.expect(&format!("[lobby] Bob: hello {n}\n"));
    }
    let rows = alice.shows("all that came, above what is typed", |rows| {
        rows.iter().any(|row| row == "[lobby] Bob: hello 4")
            && rows.last().is_some_and(|row| row.ends_with("half a mess"))
    });
    for n in 0..5 {
        let row = format!("[lobby] Bob: hello {n}");
        assert_eq!(rows.iter().filter(|shown| **shown == row).count(), 1, "{rows:#?}");
    }
    assert_eq!(rows.iter().filter(|row| row.contains("half")).count(), 1, "{rows:#?}");
    // It can be edited, and goes out as one line, of which the echo alone is left.
    alice.presses("Home");
    alice.types("more than ");
    alice.presses("End");
    alice.types("age");
    alice.presses("Enter");
    bob.expect("[lobby] Alice: more than half a message\n");
    let rows = alice.shows_row("[lobby] Alice: more than half a message");
    assert_eq!(rows.iter().filter(|row| row.contains("half")).count(), 1, "{rows:#?}");
}

#[test]
fn on_a_terminal_ctrl_d_leaves_politely() {
    let server = Server::start();
    let mut bob = Client::login(&server, "Bob");
    let alice = Screen::client(server.address(), "Alice");
    alice.shows_row("<User Alice is online.>");
    bob.expect("<User Alice is online.>\n");
    alice.presses("C-d");
    bob.expect("<User Alice is offline.>\n");
    alice.shows_row("<Goodbye, Alice.>");
    alice.shows_row("exit code 0");
}

#[test]
fn on_a_terminal_exit_leaves_too() {
    let server = Server::start();
    let alice = Screen::client(server.address(), "Alice");
    alice.shows_row("<User Alice is online.>");
    alice.types("exit");
    alice.presses("Enter");
    alice.shows_row("<Goodbye, Alice.>");
    alice.shows_row("exit code 0");
}

#[test]
fn on_a_terminal_a_lost_connection_comes_back_with_what_was_missed() {
    let mut server = Server::start();
    let mut bob = Client::login(&server, "Bob");
    let alice = Screen::client(server.address(), "Alice");
    alice.shows_row("<User Alice is online.>");
    bob.expect("<User Alice is online.>\n");
    alice.types("half a message");
    server.kill();
    alice.shows("that it is lost", |rows| rows.iter().any(|row| row.contains("trying again")));
    server.start_again_in_place();
    let mut bob = Client::connect(&server).called("Bob");
    bob.send("Bob");
    bob.send("Alice: missed");
    bob.skip_to("<To Alice> missed");
    // Whether she is back before it is said or after: she sees it, and keeps what she typed.
    alice.shows("what was missed", |rows| {
        rows.iter().any(|row| row.ends_with("<Message from Bob: \"missed\">"))
            && rows.last().is_some_and(|row| row.ends_with("half a message"))
    });
    alice.presses("Enter");
    bob.skip_to("[lobby] Alice: half a message");
}

#[test]
fn on_a_terminal_a_password_is_not_shown() {
    let server = Server::start();
    let alice = Screen::client(server.address(), "Alice");
    alice.shows_row("<User Alice is online.>");
    alice.types("/password");
    alice.presses("Enter");
    for prompt in ["NEW PASSWORD:", "AGAIN:"] {
        alice.shows(prompt, |rows| rows.last().is_some_and(|row| row.ends_with(prompt)));
        alice.types("sesame");
        alice.presses("Enter");
    }
    let rows = alice.shows_row("<Password set.>");
    assert!(rows.iter().all(|row| !row.contains("sesame")), "{rows:#?}");
}

#[test]
fn on_a_terminal_a_password_is_asked_for_once_and_used_after_a_lost_connection() {
    let mut server = Server::start();
    set_password(&server, "Alice", "correct-horse");
    let alice = Screen::client(server.address(), "Alice");
    alice.shows("the prompt", |rows| rows.last().is_some_and(|row| row.ends_with("PASSWORD:")));
    alice.types("correct-horse");
    alice.presses("Enter");
    alice.shows_row("<User Alice is online.>");
    server.kill();
    alice.shows("that it is lost", |rows| rows.iter().any(|row| row.contains("trying again")));
    server.start_again_in_place();
    let rows = alice.shows("that she is back", |rows| {
        rows.iter().filter(|row| *row == "Welcome back, Alice.").count() == 2
    });
    assert!(rows.iter().all(|row| !row.contains("correct-horse")), "{rows:#?}");
    alice.types("here");
    alice.presses("Enter");
    alice.shows_row("[lobby] Alice: here");
}
