//! Every door by which one logs in, against every secret that is not the right one; doors that the
//! configuration closes; and those who are gone before their secret is looked at.
#![allow(clippy::expect_used, clippy::panic, reason = "a test says by panicking what is wrong")]

#[path = "support/support.rs"]
mod support;

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use support::PATIENCE;
use support::client::{Client, greeting};
use support::scram::{plain, prove};
use support::server::{Server, Settings};

const NICKSERV: &str = ":NickServ!NickServ@chat.test NOTICE";

/// One who comes in by IRC as a guest.
fn guest(server: &Server, nick: &str) -> Client {
    let mut client = Client::connect(server).called(nick);
    client.send(&format!("NICK {nick}\r\nUSER u 0 * :u\r"));
    client.skip_to(&format!(":chat.test 422 {nick} "));
    client
}

/// A nickname that nobody has: whoever had the last one may not be gone yet.
fn unused() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("asker{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

fn register(server: &Server, nick: &str, password: &str) -> Client {
    let mut client = guest(server, nick);
    client.send(&format!("NS REGISTER {password}\r"));
    client.skip_to(&format!(":chat.test 900 {nick} "));
    client
}

/// A way to log in: whether a name and a password are taken for right.
type Door = fn(&Server, &str, &str) -> bool;

const DOORS: &[(&str, Door)] = &[
    ("PLAIN", |server, name, password| sasl(server, &plain(name, password))),
    ("PLAIN after the welcome", |server, name, password| {
        let mut client = guest(server, &unused());
        client.send("CAP REQ sasl\r\nAUTHENTICATE PLAIN\r");
        client.skip_to(":chat.test AUTHENTICATE +");
        client.send(&format!("AUTHENTICATE {}\r", plain(name, password)));
        client.skip_to(":chat.test 90").starts_with(":chat.test 900 ")
    }),
    ("SCRAM", |server, name, password| {
        let mut client = Client::connect(server).called("by SCRAM");
        client.send("CAP REQ sasl\r\nNICK scram\r\nUSER u 0 * :u\r\nAUTHENTICATE SCRAM-SHA-256\r");
        client.skip_to(":chat.test AUTHENTICATE +");
        prove(&mut client, name, password);
        client.send("AUTHENTICATE +\r");
        client.skip_to(":chat.test 90").starts_with(":chat.test 900 ")
    }),
    ("IDENTIFY", |server, name, password| service(server, "IDENTIFY", name, password)),
    ("GHOST", |server, name, password| service(server, "GHOST", name, password)),
    ("line mode", |server, name, password| {
        let mut client = Client::connect(server).called("in line mode");
        client.expect(&greeting());
        client.send(name);
        client.expect("PASSWORD: ");
        client.send(password);
        client.line().starts_with("Welcome back")
    }),
];

fn sasl(server: &Server, message: &str) -> bool {
    let mut client = Client::connect(server).called("by PLAIN");
    client.send("CAP REQ sasl\r\nNICK p\r\nUSER u 0 * :u\r\nAUTHENTICATE PLAIN\r");
    client.skip_to(":chat.test AUTHENTICATE +");
    client.send(&format!("AUTHENTICATE {message}\r"));
    client.skip_to(":chat.test 90").starts_with(":chat.test 900 ")
}

fn service(server: &Server, command: &str, name: &str, password: &str) -> bool {
    let mut client = guest(server, &unused());
    client.send(&format!("NS {command} {name} {password}\r"));
    let told = client.skip_to(":");
    told.starts_with(":chat.test 900 ") || told.contains(" NICK ")
}

fn unlimited() -> Settings {
    Settings::new().set("limits.failed_logins_per_minute", 0).set("accounts.always_on", "false")
}

#[test]
fn adv_rc_2_no_door_takes_another_password() {
    let server = unlimited().start();
    let mut alice = register(&server, "alice", "sesame");
    drop(register(&server, "bob", "butter"));
    for (door, enters) in DOORS {
        assert!(enters(&server, "alice", "sesame"), "{door} takes the right one");
        for wrong in ["butter", "Sesame", "sesam", "sesamee", "alice"] {
            assert!(!enters(&server, "alice", wrong), "{door} takes {wrong:?}");
        }
    }
    // What is put on the wire by no client.
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    for message in [
        "bob\0alice\0sesame",
        "alice\0bob\0sesame",
        "\0alice\0",
        "\0\0sesame",
        "\0alice",
        "alice",
        "",
    ] {
        let message = STANDARD.encode(message);
        let message = if message.is_empty() { "+" } else { &message };
        assert!(!sasl(&server, message), "{message}");
    }
    alice.send("NS SET PASSWORD butter other\r");
    alice.skip_to(&format!("{NICKSERV} alice :That is not your password."));
    alice.send("CAP REQ sasl\r\nAUTHENTICATE EXTERNAL\r\nAUTHENTICATE +\r");
    alice.skip_to(":chat.test 904 ");
    alice.send("OPER alice sesame\r");
    alice.skip_to(":chat.test 464 ");
}

#[test]
fn adv_rc_2_an_old_password_is_taken_by_no_door() {
    let server = unlimited().start();
    let mut alice = register(&server, "alice", "sesame");
    alice.send("NS SET PASSWORD sesame other\r");
    alice.skip_to(&format!("{NICKSERV} alice :Your password is changed."));
    for (door, enters) in DOORS {
        assert!(!enters(&server, "alice", "sesame"), "{door} takes the old one");
        assert!(enters(&server, "alice", "other"), "{door} takes the new one");
    }
}

#[test]
fn adv_ergo_6_where_registration_is_closed_no_door_makes_a_name() {
    let mut server = unlimited().start();
    drop(register(&server, "alice", "sesame"));
    server.stop();
    let closed = server.settings().clone().set("accounts.registration", "false");
    let server = closed.set("accounts.open_names", "false").start();
    let mut early = Client::connect(&server).called("before the welcome");
    early.send("CAP LS 302\r\nNICK mal\r\nUSER u 0 * :u\r\nREGISTER * * sesame\r");
    early.skip_to(":chat.test FAIL REGISTER DISALLOWED * ");
    early.send("VERIFY mal 1234\r");
    early.skip_to(":chat.test FAIL VERIFY ");
    let mut late = guest(&server, "mallory");
    late.send("REGISTER * * sesame\r\nNS REGISTER sesame\r\nNS IDENTIFY mallory sesame\r");
    late.skip_to(":chat.test FAIL REGISTER DISALLOWED * ");
    late.skip_to(&format!("{NICKSERV} mallory :Registration is closed."));
    late.skip_to(&format!("{NICKSERV} mallory :Wrong account or password."));
    late.send("NS SET PASSWORD x sesame\r");
    late.skip_to(&format!("{NICKSERV} mallory :You have no account."));
    let mut line = Client::connect(&server).called("in line mode");
    line.expect(&greeting());
    line.send("dora");
    line.expect("<Registration is closed; only known names and guests come in.>\nUSERNAME: ");
    line.send("");
    line.skip_to("Welcome, guest-");
    line.send("/nick dora\n/password");
    line.skip_to("<Registration is closed; guests stay guests.>");
    line.skip_to("<Guests have no password.");
    for (door, enters) in DOORS {
        assert!(enters(&server, "alice", "sesame"), "{door} takes an account that there was");
    }
}

#[test]
fn adv_ergo_6_where_guests_are_unwelcome_only_accounts_come_in() {
    let server = unlimited().set("accounts.guests", "false").start();
    let mut guest = Client::connect(&server).called("a guest");
    guest.send("NICK mal\r\nUSER u 0 * :u\r");
    guest.skip_to(":chat.test FAIL * ACCOUNT_REQUIRED ");
    guest.skip_to("ERROR :");
    guest.expect_closed();
    let mut failed = Client::connect(&server).called("whose login failed");
    failed.send("CAP REQ sasl\r\nNICK mal\r\nUSER u 0 * :u\r\nAUTHENTICATE PLAIN\r");
    failed.skip_to(":chat.test AUTHENTICATE +");
    failed.send(&format!("AUTHENTICATE {}\r\nCAP END\r", plain("mal", "x")));
    failed.skip_to(":chat.test 904 ");
    failed.skip_to(":chat.test FAIL * ACCOUNT_REQUIRED ");
    failed.skip_to("ERROR :");
    failed.expect_closed();
}

#[test]
fn adv_insp_1_who_is_gone_before_the_answer_comes_is_nobody() {
    let server = unlimited().start();
    drop(register(&server, "alice", "sesame"));
    let plain = plain("alice", "sesame");
    let asked = [
        format!(
            "CAP REQ sasl\r\nNICK g\r\nUSER u 0 * :u\r\nAUTHENTICATE PLAIN\r\nAUTHENTICATE {plain}\r\nCAP END\r\n"
        ),
        "CAP LS\r\nNICK gone\r\nUSER u 0 * :u\r\nREGISTER * * sesame\r\nCAP END\r\n".to_owned(),
        "NICK g\r\nUSER u 0 * :u\r\nNS IDENTIFY alice sesame\r\n".to_owned(),
        "NICK g\r\nUSER u 0 * :u\r\nOPER admin sesame\r\n".to_owned(),
        "alice\nsesame\n".to_owned(),
    ];
    for _ in 0..4 {
        for asked in &asked {
            let mut client = Client::connect(&server).called("who goes at once");
            client.send_bytes(asked.as_bytes());
            drop(client);
        }
    }
    // Clients that are still there are soon gone, and the server answers as ever.
    let deadline = Instant::now() + PATIENCE;
    let mut looker = guest(&server, "looker");
    loop {
        looker.send("LUSERS\r");
        let line = looker.skip_to(":chat.test 251 ");
        if line.contains("There are 1 users") {
            break;
        }
        assert!(Instant::now() < deadline, "somebody stays: {line}; {}", server.log().tail());
    }
    assert!(DOORS.iter().all(|(_, enters)| enters(&server, "alice", "sesame")));
}
