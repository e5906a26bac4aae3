//! Logging in on IRC by what no transcript can hold: a certificate, and SCRAM's proofs.
#![allow(clippy::expect_used, clippy::panic, reason = "a test says by panicking what is wrong")]

#[path = "support/support.rs"]
mod support;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use support::client::Client;
use support::server::{Server, Settings};
use support::tls::Identity;

/// Comes in under a nickname, and reads the welcome.
fn come_in(client: &mut Client, nick: &str) {
    client.send(&format!("NICK {nick}\r\nUSER {nick} 0 * :{nick}\r"));
    client.skip_to(&format!(":chat.test 422 {nick} "));
}

/// Makes an account with a password.
fn register(server: &Server, nick: &str, password: &str) {
    let mut client = Client::connect(server).called(nick);
    come_in(&mut client, nick);
    client.send(&format!("NS REGISTER {password}\r\nQUIT\r"));
    client.skip_to(&format!(":chat.test 900 {nick} "));
}

/// Begins to come in, and asks for a mechanism.
fn begin(client: &mut Client, nick: &str, mechanism: &str) {
    client.send(&format!("CAP REQ sasl\r\nNICK {nick}\r\nUSER {nick} 0 * :{nick}\r"));
    client.expect(":chat.test CAP * ACK :sasl\r\n");
    client.send(&format!("AUTHENTICATE {mechanism}\r"));
    client.expect(":chat.test AUTHENTICATE +\r\n");
}

#[test]
fn a_certificate_that_was_added_logs_in() {
    let identity = Identity::new();
    let server = identity.settings().start();
    let own = Identity::new();
    let identity = identity.showing(&own);
    let mut alice = Client::connect_tls(&server, &identity).called("alice");
    come_in(&mut alice, "alice");
    alice.send("NS REGISTER sesame\r\nNS CERT ADD\r\nQUIT\r");
    alice.skip_to(":NickServ!NickServ@chat.test NOTICE alice :This certificate logs you in");
    drop(alice);

    let mut again = Client::connect_tls(&server, &identity).called("with the certificate");
    begin(&mut again, "alice", "EXTERNAL");
    again.send("AUTHENTICATE +\r");
    again.skip_to(":chat.test 900 alice alice!~alice@");
    again.expect(":chat.test 903 alice :SASL authentication successful\r\n");
    again.send("CAP END\r");
    again.skip_to(":chat.test 001 alice ");

    // One that nobody added is no account's, and none is none's.
    let stranger = Identity::new();
    let identity = identity.showing(&stranger);
    let mut other = Client::connect_tls(&server, &identity).called("with another certificate");
    begin(&mut other, "alice", "EXTERNAL");
    other.send("AUTHENTICATE +\r");
    other.expect(":chat.test 904 alice :SASL authentication failed\r\n");
    let mut plain = Client::connect(&server).called("with none");
    begin(&mut plain, "alice", "EXTERNAL");
    plain.send("AUTHENTICATE +\r");
    plain.expect(":chat.test 904 alice :SASL authentication failed\r\n");
}

#[test]
fn scram_logs_in_and_shows_that_the_server_knows_the_password_too() {
    let server = Settings::new().start();
    register(&server, "alice", "sesame");
    let mut client = Client::connect(&server).called("with the password");
    begin(&mut client, "alice", "SCRAM-SHA-256");
    let proved = prove(&mut client, "alice", "sesame");
    let signature = message(&client.line());
    assert_eq!(signature, format!("v={}", STANDARD.encode(proved)));
    client.send("AUTHENTICATE +\r");
    client.skip_to(":chat.test 900 alice alice!~alice@");
    client.expect(":chat.test 903 alice :SASL authentication successful\r\n");
    client.send("CAP END\r");
    client.skip_to(":chat.test 001 alice ");
}

#[test]
fn scram_fails_alike_for_a_wrong_password_and_for_nobody() {
    let server = Settings::new().start();
    register(&server, "alice", "sesame");
    for name in ["alice", "nobody"] {
        let mut client = Client::connect(&server).called(name);
        begin(&mut client, "bob", "SCRAM-SHA-256");
        prove(&mut client, name, "wrong");
        client.expect(":chat.test 904 bob :SASL authentication failed\r\n");
    }
}

/// Logs in by SCRAM from an address up to what comes of the proof: the last word of the server's.
fn scram_from(server: &Server, address: &str, account: &str, password: &str) -> String {
    let mut client = Client::connect_from(server, address);
    begin(&mut client, "bob", "SCRAM-SHA-256");
    prove(&mut client, account, password);
    client.line().trim_end().to_owned()
}

#[test]
fn attack_wrong_proofs_are_counted_and_right_or_unfinished_ones_are_not() {
    let server = Settings::new().behind_proxy().start();
    register(&server, "alice", "sesame");
    let right = |line: &str| line.starts_with(":chat.test AUTHENTICATE ");
    for n in 0..15 {
        let line = scram_from(&server, "192.0.2.1", "alice", "sesame");
        assert!(right(&line), "right for the {n}th time: {line}");
        // One that begins, and goes no further.
        let mut client = Client::connect_from(&server, "192.0.2.1");
        begin(&mut client, "bob", "SCRAM-SHA-256");
        let first = STANDARD.encode("n,,n=alice,r=rOprNGfwEbeRWgbNEkqO");
        client.send(&format!("AUTHENTICATE {first}\r\nAUTHENTICATE *\r"));
        message(&client.line());
        client.skip_to(":chat.test 906 ");
    }
    for _ in 0..10 {
        let line = scram_from(&server, "192.0.2.66", "alice", "wrong");
        assert_eq!(line, ":chat.test 904 bob :SASL authentication failed");
    }
    // No more of them, by no way, not even by a right one.
    let mut client = Client::connect_from(&server, "192.0.2.66");
    begin(&mut client, "bob", "SCRAM-SHA-256");
    let first = STANDARD.encode("n,,n=alice,r=rOprNGfwEbeRWgbNEkqO");
    client.send(&format!("AUTHENTICATE {first}\r"));
    client.skip_to(":chat.test 904 bob :Too many wrong passwords; try again in ");
    begin_plain(&mut client, "alice", "sesame");
    client.skip_to(":chat.test 904 bob :Too many wrong passwords; try again in ");
    assert!(right(&scram_from(&server, "192.0.2.1", "alice", "sesame")));
}

#[test]
fn attack_many_proofs_at_a_time_are_counted_each() {
    let server = Settings::new().behind_proxy().start();
    register(&server, "alice", "sesame");
    let mut clients: Vec<_> = (0..14)
        .map(|_| {
            let mut client = Client::connect_from(&server, "192.0.2.66");
            begin(&mut client, "bob", "SCRAM-SHA-256");
            client
        })
        .collect();
    // All begin before any of them proves.
    let firsts: Vec<_> = clients.iter_mut().map(|client| begin_proof(client, "alice")).collect();
    for (client, first) in clients.iter_mut().zip(&firsts) {
        finish_proof(client, "alice", "wrong", first);
    }
    let told: Vec<_> = clients.iter_mut().map(|client| client.skip_to(":chat.test 904 ")).collect();
    let limited = told.iter().filter(|line| line.contains("Too many wrong passwords")).count();
    assert_eq!(limited, 4, "{told:?}");
}

/// Logs in by PLAIN on a connection on which something else has failed.
fn begin_plain(client: &mut Client, account: &str, password: &str) {
    client.send("AUTHENTICATE PLAIN\r");
    client.skip_to(":chat.test AUTHENTICATE +");
    let proof = STANDARD.encode(format!("\0{account}\0{password}"));
    client.send(&format!("AUTHENTICATE {proof}\r"));
}

#[test]
fn attack_a_certificate_logs_in_whoever_guesses() {
    let identity = Identity::new();
    let settings = identity.settings().behind_proxy();
    let server = settings.set("limits.failed_logins_per_minute", 1).start();
    let own = Identity::new();
    let identity = identity.showing(&own);
    let mut alice = Client::connect_tls(&server, &identity).called("alice");
    come_in(&mut alice, "alice");
    alice.send("NS REGISTER sesame\r\nNS CERT ADD\r\nQUIT\r");
    alice.skip_to(":NickServ!NickServ@chat.test NOTICE alice :This certificate logs you in");
    drop(alice);
    for n in 0..130 {
        let mut client = Client::connect_from(&server, &format!("198.51.100.{n}"));
        begin(&mut client, "bob", "PLAIN");
        client.send(&format!("AUTHENTICATE {}\r", STANDARD.encode("\0alice\0wrong")));
        client.skip_to(":chat.test 904 ");
    }
    // From the outside the password is not taken any more, but the certificate is.
    let mut other = Client::connect_from(&server, "203.0.113.1");
    begin(&mut other, "bob", "PLAIN");
    other.send(&format!("AUTHENTICATE {}\r", STANDARD.encode("\0alice\0sesame")));
    other.skip_to(":chat.test 904 bob :Too many wrong passwords; try again in ");
    let mut again = Client::connect_tls(&server, &identity).called("with the certificate");
    begin(&mut again, "alice", "EXTERNAL");
    again.send("AUTHENTICATE +\r");
    again.skip_to(":chat.test 900 alice alice!~alice@");
}

/// A client's side of RFC 5802, up to its proof; gives the signature that the server is to answer.
fn prove(client: &mut Client, name: &str, password: &str) -> [u8; 32] {
    let first = begin_proof(client, name);
    finish_proof(client, name, password, &first)
}

/// Its first message; gives what the server answers.
fn begin_proof(client: &mut Client, name: &str) -> String {
    let bare = format!("n={name},r=rOprNGfwEbeRWgbNEkqO");
    client.send(&format!("AUTHENTICATE {}\r", STANDARD.encode(format!("n,,{bare}"))));
    message(&client.line())
}

/// Its last message.
fn finish_proof(client: &mut Client, name: &str, password: &str, first: &str) -> [u8; 32] {
    let bare = format!("n={name},r=rOprNGfwEbeRWgbNEkqO");
    let mut parts = first.split(',').map(|part| part.split_at(2).1);
    let mut part = || parts.next().expect("a nonce, a salt and a count");
    let (nonce, salt, iterations) = (part(), part(), part());
    assert!(nonce.starts_with("rOprNGfwEbeRWgbNEkqO"), "{first}");
    let salt = STANDARD.decode(salt).expect("base64");
    let iterations = iterations.parse().expect("a number");
    let salted = stretch(password.as_bytes(), &salt, iterations);
    let unproved = format!("c=biws,r={nonce}");
    let said = format!("{bare},{first},{unproved}");
    let client_key = hmac(&salted, b"Client Key");
    let stored: [u8; 32] = Sha256::digest(client_key).into();
    let proof = xor(client_key, hmac(&stored, said.as_bytes()));
    let last = format!("{unproved},p={}", STANDARD.encode(proof));
    client.send(&format!("AUTHENTICATE {}\r", STANDARD.encode(last)));
    hmac(&hmac(&salted, b"Server Key"), said.as_bytes())
}

/// What an `AUTHENTICATE` of the server's says.
fn message(line: &str) -> String {
    let base64 = line.trim_end().strip_prefix(":chat.test AUTHENTICATE ");
    let base64 = base64.unwrap_or_else(|| panic!("not what was expected: {line}"));
    String::from_utf8(STANDARD.decode(base64).expect("base64")).expect("UTF-8")
}

fn hmac(key: &[u8], text: &[u8]) -> [u8; 32] {
    let padded = |pad: u8| -> Vec<u8> {
        (0..64).map(|at| key.get(at).copied().unwrap_or_default() ^ pad).collect()
    };
    let inner = Sha256::digest([padded(0x36), text.to_vec()].concat());
    Sha256::digest([padded(0x5c), inner.to_vec()].concat()).into()
}

fn stretch(password: &[u8], salt: &[u8], iterations: u32) -> [u8; 32] {
    let mut last = hmac(password, &[salt, &1_u32.to_be_bytes()].concat());
    let mut all = last;
    for _ in 1..iterations {
        last = hmac(password, &last);
        all = xor(all, last);
    }
    all
}

fn xor(one: [u8; 32], other: [u8; 32]) -> [u8; 32] {
    std::array::from_fn(|at| one[at] ^ other[at])
}
