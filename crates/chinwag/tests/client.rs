//! `chinwag client`: plain through pipes, and with a line editor on a terminal.
#![allow(clippy::expect_used, clippy::panic, reason = "a test says by panicking what is wrong")]

#[path = "support/support.rs"]
mod support;

use std::io::Write;
use std::net::SocketAddr;
use std::process::{Command, Output, Stdio};

use rustix::net::{AddressFamily, SocketType, bind, getsockname, socket};
use support::client::Client;
use support::screen::Screen;
use support::server::Server;

const CHINWAG: &str = env!("CARGO_BIN_EXE_chinwag");

/// Runs the client with all its input at hand, to its end.
fn piped(server: SocketAddr, name: Option<&str>, input: &str) -> Output {
    let mut client = Command::new(CHINWAG)
        .arg("client")
        .args([server.ip().to_string(), server.port().to_string()])
        .args(name)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the client can be run");
    let mut stdin = client.stdin.take().expect("it has an input");
    // A client that cannot connect takes no input.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    client.wait_with_output().expect("it ends")
}

/// What it printed, which must have ended so.
fn printed(output: &Output, code: i32) -> &str {
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    std::str::from_utf8(&output.stdout).expect("it prints text")
}

#[test]
fn in_a_pipe_each_line_received_is_printed_and_nothing_else() {
    let server = Server::start();
    let talk = "Welcome to chat.test.\n\
        Welcome, Alice. You are new here. Type /help for help.\n\
        <User Alice is online.>\n\
        [lobby] Alice: hello\n\
        <Goodbye, Alice.>\n";
    let output = piped(server.address(), None, "Alice\nhello\nexit\n");
    assert_eq!(printed(&output, 0), talk);
    assert!(output.stderr.is_empty(), "{output:?}");
    // With the name on the command line it is the same.
    let again = talk.replace("Welcome, Alice. You are new here. Type /help for help.", "{}");
    let output = piped(server.address(), Some("Alice"), "hello\nexit\n");
    assert_eq!(printed(&output, 0), again.replace("{}", "Welcome back, Alice."));
}

#[test]
fn in_a_pipe_it_ends_with_the_last_answer_after_the_end_of_input() {
    let server = Server::start();
    let lines: String = (0..1000).map(|at| format!("line {at}\n")).collect();
    let output = piped(server.address(), Some("Alice"), &(lines + "without an end"));
    let printed: Vec<_> = printed(&output, 0).lines().collect();
    assert_eq!(printed.len(), 3 + 1001 + 1);
    for at in 0..1000 {
        assert_eq!(printed[3 + at], format!("[lobby] Alice: line {at}"));
    }
    assert_eq!(printed[1003..], ["[lobby] Alice: without an end", "<Goodbye, Alice.>"]);
}

#[test]
fn without_a_server_it_says_so_and_exits_1() {
    // A port that is taken, so that no other test gets it, but at which nobody listens.
    let socket = socket(AddressFamily::INET, SocketType::STREAM, None).expect("a socket");
    bind(&socket, &SocketAddr::from(([127, 0, 0, 1], 0))).expect("a free port");
    let bound = getsockname(&socket).expect("it is bound");
    let address = SocketAddr::try_from(bound).expect("to an address of the internet");
    let output = piped(address, Some("Alice"), "hello\n");
    assert_eq!(printed(&output, 1), "");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains(&address.to_string()), "{said}");
}

#[test]
fn cut_off_it_exits_1() {
    for stop in [Server::stop, Server::kill] {
        let mut server = Server::start();
        let mut alice = Client::run(&server, CHINWAG, &["client", "{host}", "{port}", "Alice"]);
        alice.skip_to("<User Alice is online.>");
        stop(&mut server);
        alice.expect_gone();
        assert_eq!(alice.program_ended().code(), Some(1));
    }
}

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
