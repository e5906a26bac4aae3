//! Logging in on IRC by what no transcript can hold: a certificate, and SCRAM's proofs.
#![allow(clippy::expect_used, clippy::panic, reason = "a test says by panicking what is wrong")]

#[path = "support/support.rs"]
mod support;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use support::client::{Client, greeting};
use support::scram::{begin_proof, finish_proof, message, plain, prove};
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

/// In by IRC with an account, logged in by SASL.
fn logged_in(server: &Server, nick: &str, account: &str, password: &str) -> Client {
    let mut client = Client::connect(server).called(nick);
    begin(&mut client, nick, "PLAIN");
    client.send(&format!("AUTHENTICATE {}\r\nCAP END\r", plain(account, password)));
    client.skip_to(&format!(":chat.test 900 {nick} "));
    client.skip_to(":chat.test 422 ");
    client
}

/// In by line mode, with a password.
fn in_line_mode(server: &Server, name: &str, password: &str) -> Client {
    let mut client = Client::connect(server).called("in line mode");
    client.expect(&greeting());
    client.send(name);
    client.expect("PASSWORD: ");
    client.send(password);
    client.expect(&format!("Welcome back, {name}.\n"));
    client
}

#[test]
fn attack_a_login_held_half_way_is_none_of_whoever_has_the_name_next() {
    let server = Settings::new().start();
    register(&server, "alice", "sesame");
    let mut scram = Client::connect(&server).called("by SCRAM, having come in");
    come_in(&mut scram, "mal");
    scram.send("CAP REQ sasl\r\nAUTHENTICATE SCRAM-SHA-256\r");
    scram.skip_to(":chat.test AUTHENTICATE +");
    prove(&mut scram, "alice", "sesame");
    message(&scram.line());
    let mut held = Client::connect(&server).called("by PLAIN, before it comes in");
    begin(&mut held, "mallory", "PLAIN");
    held.send(&format!("AUTHENTICATE {}\r", plain("alice", "sesame")));
    held.skip_to(":chat.test 903 ");

    // The owner gives the name up, and another one takes it.
    let mut owner = in_line_mode(&server, "alice", "sesame");
    owner.send("/nick anna");
    owner.skip_to("<You are now called anna.>");
    register(&server, "alice", "others-own");

    scram.send("AUTHENTICATE +\r");
    scram.skip_to(":chat.test 904 mal :SASL authentication failed");
    held.send("CAP END\r");
    held.skip_to("ERROR :Closing link: (Your login is no longer valid)");
    held.expect_closed();
    let mut victim = logged_in(&server, "another", "alice", "others-own");
    victim.send("NS INFO\r");
    victim.skip_to(":NickServ!NickServ@chat.test NOTICE another :another is logged in as alice.");
}

#[test]
fn attack_who_made_an_account_before_coming_in_does_not_get_its_name_back() {
    let server = Settings::new().start();
    let mut maker = Client::connect(&server).called("who made it");
    maker.send("CAP LS 302\r\nNICK alice\r\nUSER u 0 * :u\r\nREGISTER * * sesame\r");
    maker.skip_to(":chat.test REGISTER SUCCESS alice ");
    let mut owner = in_line_mode(&server, "alice", "sesame");
    owner.send("/nick anna");
    owner.skip_to("<You are now called anna.>");
    register(&server, "alice", "others-own");
    maker.send("CAP END\r");
    maker.skip_to("ERROR :Closing link: (Your login is no longer valid)");
}

#[test]
fn adv_rc_4_another_password_ends_all_other_connections() {
    let server = Settings::new().start();
    register(&server, "alice", "sesame");
    let mut line = in_line_mode(&server, "alice", "sesame");
    let mut thief = logged_in(&server, "thief", "alice", "sesame");
    let mut alice = logged_in(&server, "other", "alice", "sesame");
    let mut half_way = Client::connect(&server).called("half way");
    begin(&mut half_way, "half", "PLAIN");
    half_way.send(&format!("AUTHENTICATE {}\r", plain("alice", "sesame")));
    half_way.skip_to(":chat.test 903 ");

    alice.send("NS SET PASSWORD sesame another\r");
    alice.skip_to(
        ":NickServ!NickServ@chat.test NOTICE alice :Your password is changed, and your 2 other \
         connections are ended.",
    );
    line.skip_to("<The password of alice was changed. Come in again with it.>");
    line.expect_closed();
    thief.skip_to("ERROR :Closing link: (The password of alice was changed; log in again)");
    thief.expect_closed();
    half_way.send("CAP END\r");
    half_way.skip_to("ERROR :Closing link: (Your login is no longer valid)");
    alice.send("PING here\r");
    alice.skip_to(":chat.test PONG chat.test :here");

    // The same by line mode's door.
    let mut line = in_line_mode(&server, "alice", "another");
    line.send("/password\nanother\nthird\nthird");
    line.skip_to("OLD PASSWORD: NEW PASSWORD: AGAIN: <Password set.>");
    line.expect("<Your other connection is ended.>\n");
    alice.skip_to("ERROR :Closing link: (The password of alice was changed; log in again)");
    alice.expect_closed();
    in_line_mode(&server, "alice", "third");
}

#[test]
fn attack_a_fingerprint_that_one_only_knows_adds_no_certificate() {
    let identity = Identity::new();
    let server = identity.settings().start();
    let own = Identity::new();
    let identity = identity.showing(&own);
    let notice = |to: &str| format!(":NickServ!NickServ@chat.test NOTICE {to} :");
    let mut victim = Client::connect_tls(&server, &identity).called("the certificate's owner");
    come_in(&mut victim, "victim");
    victim.send("NS REGISTER sesame\r\nNS CERT ADD\r\nNS CERT LIST\r\nNS CERT DEL\r");
    victim.skip_to(&format!("{}This certificate logs you in from", notice("victim")));
    let listed = victim.line();
    let print =
        listed.trim_end().strip_prefix(&notice("victim")).expect("a fingerprint").to_owned();
    assert_eq!(print.len(), 64, "{listed}");
    victim.skip_to(&format!("{}This certificate logs you in no longer", notice("victim")));

    register(&server, "mallory", "guess");
    let mut mallory = logged_in(&server, "mallory", "mallory", "guess");
    mallory.send(&format!("NS CERT ADD {print}\r"));
    mallory.skip_to(&format!("{}To show that {print} is yours, connect with", notice("mallory")));
    mallory.send("NS CERT LIST\r\nNS CERT CONFIRM mallory\r");
    mallory.skip_to(&format!("{}0 certificates log you in.", notice("mallory")));
    mallory.skip_to(&format!("{}This connection has no certificate.", notice("mallory")));
    let mut external = Client::connect_tls(&server, &identity).called("the owner again");
    begin(&mut external, "again", "EXTERNAL");
    external.send("AUTHENTICATE +\r");
    external.skip_to(":chat.test 904 again :SASL authentication failed");

    // The certificate's owner may agree, and only then it counts. An account that never named it gets nothing.
    victim.send("NS CERT CONFIRM victim\r\nNS CERT CONFIRM mallory\r");
    victim.skip_to(&format!("{}victim has not named your certificate", notice("victim")));
    victim.skip_to(&format!("{}This certificate logs in to mallory from now", notice("victim")));
    external.send("AUTHENTICATE EXTERNAL\r\nAUTHENTICATE +\r");
    external.skip_to(":chat.test 900 again again!~again@");

    // After another password, what lets in still is told.
    mallory.send("NS SET PASSWORD guess other\r");
    mallory.skip_to(&format!("{}Your password is changed.", notice("mallory")));
    mallory.skip_to(&format!("{}These certificates log you in still.", notice("mallory")));
    let remove = format!("/msg NickServ CERT DEL {print}");
    mallory.skip_to(&format!("{}{remove}", notice("mallory")));
}
