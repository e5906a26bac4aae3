//! TLS and plain on one port, and the certificate that it takes.
#![allow(clippy::expect_used, clippy::panic, reason = "a test says by panicking what is wrong")]

#[path = "support/support.rs"]
mod support;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use sha2::{Digest, Sha256};
use support::PATIENCE;
use support::client::{Client, greeting, newcomer};
use support::server::Server;
use support::tls::Identity;

/// Longer than the ten seconds that a handshake may take.
const HANDSHAKE_PATIENCE: Duration = Duration::from_secs(15);

/// How many silent connections are weighed.
const SILENT: u64 = 200;

/// Waits until the log has a line with `words`.
fn wait_for_log(server: &Server, words: &str) {
    let deadline = Instant::now() + PATIENCE;
    while !server.log().lines().iter().any(|line| line.contains(words)) {
        assert!(Instant::now() < deadline, "no {words:?}; {}", server.log().tail());
        std::thread::yield_now();
    }
}

/// A socket that is written to directly.
fn raw(server: &Server, bytes: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(server.address()).expect("the server listens");
    stream.set_read_timeout(Some(HANDSHAKE_PATIENCE)).expect("a socket has a patience");
    stream.write_all(bytes).expect("the server reads");
    stream
}

#[test]
fn plain_and_tls_are_served_on_one_port() {
    let identity = Identity::new();
    let server = identity.settings().start();
    wait_for_log(&server, "(line, irc, web; tls)");
    let mut alice = Client::login(&server, "Alice");
    let mut bob = Client::connect_tls(&server, &identity).called("Bob");
    bob.send("Bob");
    bob.expect(&newcomer("Bob"));
    alice.expect("<User Bob is online.>\n");
    for (from, name) in [(true, "Alice"), (false, "Bob")] {
        if from { &mut alice } else { &mut bob }.send("hello");
        alice.expect(&format!("[lobby] {name}: hello\n"));
        bob.expect(&format!("[lobby] {name}: hello\n"));
    }
    // It is told by TLS itself that nothing more comes.
    bob.send("exit");
    bob.expect("<Goodbye, Bob.>\n");
    bob.expect_closed();
}

#[test]
fn silence_over_tls_is_greeted() {
    let identity = Identity::new();
    let server = identity.settings().start();
    let mut silent = Client::connect_tls(&server, &identity);
    silent.expect(&greeting());
}

#[test]
fn tls_1_2_is_spoken_too() {
    let identity = Identity::new().tls12();
    let server = identity.settings().start();
    let mut alice = Client::connect_tls(&server, &identity);
    alice.send("Alice");
    alice.expect(&newcomer("Alice"));
    alice.send("exit");
    alice.expect("<Goodbye, Alice.>\n");
    alice.expect_closed();
}

#[test]
fn what_is_piped_is_done_before_the_end() {
    let identity = Identity::new();
    let server = identity.settings().start();
    let mut piped = Client::connect_tls(&server, &identity).called("piped");
    piped.send_bytes(b"Alice\nhello\nhello again");
    piped.end_of_input();
    piped.expect(&newcomer("Alice"));
    piped.expect("[lobby] Alice: hello\n[lobby] Alice: hello again\n<Goodbye, Alice.>\n");
    piped.expect_closed();
}

#[test]
fn a_port_that_requires_tls_says_so_in_clear() {
    let identity = Identity::new();
    let server = identity.settings().listen("tls", "\"required\"").start();
    wait_for_log(&server, "(line, irc, web; tls required)");
    for (said, answer) in [
        ("hello\n", "<This port wants TLS.>\n"),
        ("NICK ana\r\n", "ERROR :This port wants TLS.\r\n"),
        ("h", "<This port wants TLS.>\n"),
        (
            "GET / HTTP/1.1\r\n\r\n",
            "HTTP/1.1 426 Upgrade Required\r\nContent-Type: text/plain; charset=utf-8\r\n\
             Upgrade: TLS/1.2\r\nContent-Length: 21\r\nConnection: close\r\n\r\nThis port wants TLS.\n",
        ),
    ] {
        let mut plain = Client::connect(&server).called(said);
        plain.send_bytes(said.as_bytes());
        plain.expect(answer);
        plain.expect_closed();
    }
    let mut alice = Client::connect_tls(&server, &identity);
    alice.send("Alice");
    alice.expect(&newcomer("Alice"));
}

#[test]
fn megabytes_reach_a_slow_reader_whole_and_in_order() {
    let identity = Identity::new();
    let server = identity.settings().set("limits.outbox_kib", 16 * 1024).start();
    let mut slow = Client::connect(&server).called("Slow");
    slow.receive_at_most(128 * 1024);
    slow.begin_tls(&identity);
    slow.send("Slow");
    slow.expect(&newcomer("Slow"));
    let mut alice = Client::login(&server, "Alice");
    let text = "x".repeat(4000);
    let lines = 2000;
    for at in 0..lines {
        alice.send(&format!("/say {at} {text}"));
        alice.expect(&format!("[lobby] Alice: {at} {text}\n"));
    }
    slow.expect("<User Alice is online.>\n");
    for at in 0..lines {
        slow.expect(&format!("[lobby] Alice: {at} {text}\n"));
    }
}

#[test]
fn a_clients_certificate_is_asked_for_and_any_is_taken() {
    let own = Identity::new();
    for tls12 in [false, true] {
        let identity = if tls12 { Identity::new().tls12() } else { Identity::new() };
        let identity = identity.showing(&own);
        let server = identity.settings().set("log.level", "\"debug\"").start();
        let mut alice = Client::connect_tls(&server, &identity);
        alice.send("Alice");
        alice.expect(&newcomer("Alice"));
        let fingerprint: String =
            Sha256::digest(own.der()).iter().map(|byte| format!("{byte:02x}")).collect();
        wait_for_log(&server, &format!("it showed certificate {fingerprint}"));
    }
}

#[test]
fn browsers_are_not_asked_for_a_certificate() {
    let own = Identity::new();
    let identity = Identity::new().browser().showing(&own);
    let server = identity.settings().set("log.level", "\"debug\"").start();
    let mut browser = Client::connect_tls(&server, &identity);
    browser.send_bytes(b"GET / HTTP/1.1\r\n\r\n");
    assert!(browser.line().starts_with("HTTP/1.1 "));
    wait_for_log(&server, "is encrypted");
    assert!(!server.log().lines().iter().any(|line| line.contains("showed certificate")));
}

#[test]
fn sighup_changes_the_certificate_and_connections_live_on() {
    let identity = Identity::new();
    let server = identity.settings().start();
    let old = identity.der();
    let mut before = Client::connect_tls(&server, &identity).called("before");
    before.send("Alice");
    before.expect(&newcomer("Alice"));
    identity.renew();
    assert_ne!(identity.der(), old);
    server.signal(Signal::HUP);
    wait_for_log(&server, "the configuration is read again");
    // This one trusts nothing but the new one.
    let mut after = Client::connect_tls(&server, &identity).called("after");
    after.send("Bob");
    after.expect(&newcomer("Bob"));
    before.expect("<User Bob is online.>\n");
    before.send("still here");
    before.expect("[lobby] Alice: still here\n");
}

#[test]
fn a_key_of_another_certificate_changes_nothing_and_is_reported() {
    let identity = Identity::new();
    let server = identity.settings().start();
    let other = Identity::new();
    std::fs::copy(other.key(), identity.key()).expect("the key can be changed");
    server.signal(Signal::HUP);
    wait_for_log(&server, "is not the key of the certificate in");
    let mut alice = Client::connect_tls(&server, &identity);
    alice.send("Alice");
    alice.expect(&newcomer("Alice"));
}

#[test]
fn what_is_wrong_with_a_certificate_is_one_line() {
    let (identity, other) = (Identity::new(), Identity::new());
    let (certificate, key) = (identity.certificate(), identity.key());
    let none = identity.folder().join("none.pem");
    std::fs::write(&none, "nothing here").expect("a file can be written");
    for (certificate, key, words) in [
        (&none, &key, "none.pem has no certificate in PEM"),
        (&certificate, &none, "none.pem has no key in PEM that needs no passphrase"),
        (&certificate, &other.key(), "is not the key of the certificate in"),
        (&identity.folder().join("nowhere.pem"), &key, "nowhere.pem cannot be read"),
    ] {
        let settings = identity
            .settings()
            .set("tls.certificate", format!("{certificate:?}"))
            .set("tls.key", format!("{key:?}"));
        settings.start_in_vain().assert_said_in_one_line(&["chinwag.toml:", words]);
    }
}

#[test]
fn a_handshake_that_stalls_is_closed_after_ten_seconds_and_hurts_nobody() {
    let identity = Identity::new();
    let server = identity.settings().listen("tls", "\"required\"").start();
    let begun = Instant::now();
    let mut stalled: Vec<_> =
        (0..100).map(|at| raw(&server, [&b""[..], b"\x16", b"\x16\x03\x01\x02"][at % 3])).collect();
    let mut alice = Client::connect_tls(&server, &identity);
    alice.send("Alice");
    alice.expect(&newcomer("Alice"));
    assert!(begun.elapsed() < Duration::from_secs(5), "it took {:?}", begun.elapsed());
    for stream in &mut stalled {
        let mut came = Vec::new();
        stream.read_to_end(&mut came).expect("it is closed, and not reset");
        assert_eq!(came, b"");
    }
    assert!(begun.elapsed() >= Duration::from_secs(9), "after {:?}", begun.elapsed());
    alice.expect_silence();
}

#[test]
fn what_is_no_handshake_gets_an_alert() {
    let identity = Identity::new();
    let server = identity.settings().start();
    for bytes in [&b"\x16\x03\x01\x00\x04\x01\x00\x00\x00"[..], b"\x16hello, this is no TLS"] {
        let mut came = Vec::new();
        // What was not read yet may break the connection off.
        let _ = raw(&server, bytes).read_to_end(&mut came);
        assert!(came.is_empty() || came[0] == 0x15, "{came:?}");
    }
    // A record that says it is long: more than is ever kept.
    let mut flood = raw(&server, b"");
    let record = [&b"\x16\x03\x01\x40\x00\x01\x00\xff\xff"[..], &[0; 0x4000 - 4]].concat();
    let mut written = 0;
    while flood.write_all(&record).is_ok() {
        written += record.len();
        assert!(written < 64 << 20, "nobody ends it");
    }
    let _ = Client::login(&server, "Alice");
}

#[test]
fn a_silent_connection_costs_little() {
    let identity = Identity::new();
    let server = identity.settings().start();
    let weigh = |name: &str, connect: &dyn Fn() -> Client| {
        let before = server.memory_kib();
        let clients: Vec<_> = (0..SILENT)
            .map(|_| {
                let mut client = connect();
                client.send("");
                client.expect(&greeting());
                client.line();
                client
            })
            .collect();
        let kib = server.memory_kib().saturating_sub(before);
        println!("{SILENT} silent {name} connections: {} bytes each", kib * 1024 / SILENT);
        clients
    };
    // The first ones make what all share.
    let _first = weigh("first", &|| Client::connect_tls(&server, &identity));
    let _plain = weigh("plain", &|| Client::connect(&server));
    let _tls = weigh("TLS", &|| Client::connect_tls(&server, &identity));
}

#[test]
fn a_certificate_is_made_once_and_its_key_is_for_its_owner() {
    let identity = Identity::new();
    let mode = std::fs::metadata(identity.key()).expect("the key is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let make = |arguments: &[&str]| {
        let made = Command::new(env!("CARGO_BIN_EXE_chinwag"))
            .args(["make-certificate", "--out"])
            .arg(identity.folder())
            .args(arguments)
            .output()
            .expect("the command can be run");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it writes text");
        (made.status.code(), text(made.stdout), text(made.stderr))
    };
    let old = identity.der();
    let (code, _, error) = make(&[]);
    assert_eq!(code, Some(1));
    assert!(error.ends_with("or overwrite it with --force\n"), "{error}");
    assert_eq!(identity.der(), old);
    let (code, said, _) = make(&["--force", "--name", "chat.example.org", "--name", "::1"]);
    assert_eq!(code, Some(0));
    assert_ne!(identity.der(), old);
    let fingerprint: Vec<_> =
        Sha256::digest(identity.der()).iter().map(|byte| format!("{byte:02X}")).collect();
    for words in [
        &format!("Its SHA-256 fingerprint: {}\n", fingerprint.join(":")),
        "A certificate for chat.example.org, ::1, which holds for 825 days.\n",
        "\n[tls]\ncertificate = \"/",
        "/privkey.pem\"\n",
    ] {
        assert!(said.contains(words), "no {words:?} in {said}");
    }
    let (code, _, error) = make(&["--name", "a b"]);
    assert_eq!(code, Some(2));
    assert!(error.contains("give an address, or a name of letters"), "{error}");
}

#[test]
fn openssl_is_at_home_here() {
    let identity = Identity::new();
    let server = identity.settings().start();
    let mut alice = Client::run(
        &server,
        "openssl",
        &[
            "s_client",
            "-quiet",
            "-verify_return_error",
            "-verify_hostname",
            "localhost",
            "-CAfile",
            identity.certificate().to_str().expect("a path in UTF-8"),
            "-connect",
            &server.address().to_string(),
        ],
    );
    alice.send("Alice");
    alice.expect(&newcomer("Alice"));
    alice.send("hello");
    alice.expect("[lobby] Alice: hello\n");
}
