//! Those who guess passwords and those who flood: what others notice of them.
#![allow(clippy::expect_used, clippy::panic, reason = "a test says by panicking what is wrong")]

#[path = "support/support.rs"]
mod support;

use std::time::{Duration, Instant};

use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use support::PATIENCE;
use support::client::Client;
use support::server::{Server, Settings};

const ATTACKER: &str = "192.0.2.66";
const OWNER: &str = "192.0.2.1";

/// Comes in from an address under a nickname.
fn come_in(server: &Server, address: &str, nick: &str) -> Client {
    let mut client = Client::connect_from(server, address).called(nick);
    client.send(&format!("NICK {nick}\r\nUSER {nick} 0 * :{nick}\r"));
    client.skip_to(&format!(":chat.test 422 {nick} "));
    client
}

/// Makes an account from an address.
fn register(server: &Server, address: &str, nick: &str) {
    let mut client = come_in(server, address, nick);
    client.send("NS REGISTER sesame\r\nQUIT\r");
    client.skip_to(&format!(":chat.test 900 {nick} "));
}

/// What a login by SASL PLAIN from an address is answered with.
fn login(server: &Server, address: &str, account: &str, password: &str) -> String {
    let mut client = Client::connect_from(server, address).called("who logs in");
    client.send("CAP REQ sasl\r\nNICK someone\r\nUSER u 0 * :u\r\nAUTHENTICATE PLAIN\r");
    client.skip_to(":chat.test AUTHENTICATE +");
    let proof = STANDARD.encode(format!("\0{account}\0{password}"));
    client.send(&format!("AUTHENTICATE {proof}\r"));
    client.skip_to(":chat.test 90").trim_end().to_owned()
}

#[track_caller]
fn assert_logged_in(answer: &str) {
    assert!(answer.starts_with(":chat.test 900 "), "{answer}");
}

const TOO_MANY: &str = "Too many wrong passwords";

#[test]
fn attack_wrong_passwords_from_one_address_keep_the_owner_out_of_nothing() {
    let server = Settings::new().behind_proxy().start();
    register(&server, OWNER, "ana");
    let mut mallory = come_in(&server, ATTACKER, "mallory");
    for _ in 0..40 {
        mallory.send(&format!("NS IDENTIFY ana wrong{}\r", "x".repeat(20)));
    }
    for n in 0..12 {
        assert_logged_in(&login(&server, &format!("192.0.2.{}", 100 + n), "ana", "sesame"));
    }
    let mut refused = 0;
    for _ in 0..40 {
        let answer = mallory.skip_to(":NickServ!NickServ@chat.test NOTICE ");
        refused += usize::from(answer.contains(TOO_MANY));
    }
    assert!(refused >= 28, "{refused} of 40");
    // From there not even the right one is taken, whether on a new connection or not.
    let answer = login(&server, ATTACKER, "ana", "sesame");
    assert!(answer.contains(TOO_MANY), "{answer}");
    // Neither is one of an address beside, in the same IPv6 /64.
    for n in 0..11 {
        login(&server, &format!("2001:db8::{n}"), "ana", "wrong");
    }
    let answer = login(&server, "2001:db8::ffff", "ana", "sesame");
    assert!(answer.contains(TOO_MANY), "{answer}");
    assert_logged_in(&login(&server, "2001:db8:0:1::1", "ana", "sesame"));
}

#[test]
fn attack_wrong_passwords_of_operators_keep_the_operator_out_of_nothing() {
    let params = Params::new(64, 1, 1, None).expect("a cost that there is");
    let hasher = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let hash = hasher.hash_password(b"secret").expect("it can be hashed").to_string();
    let server = Settings::new()
        .behind_proxy()
        .environment("CHINWAG_OPERATOR__0__NAME", "boss")
        .environment("CHINWAG_OPERATOR__0__PASSWORD_HASH", hash)
        .start();
    let mut mallory = come_in(&server, ATTACKER, "mallory");
    let oper = |client: &mut Client, line: &str, numeric: &str| {
        client.send(&format!("{line}\r"));
        client.skip_to(&format!(":chat.test {numeric} "))
    };
    for n in 0..20 {
        let name = if n % 2 == 0 { "boss" } else { "nobody" };
        let answer = oper(&mut mallory, &format!("OPER {name} wrong"), "464");
        assert!(!answer.contains(TOO_MANY), "{answer}");
    }
    let answer = oper(&mut mallory, "OPER boss secret", "464");
    assert!(answer.contains(TOO_MANY), "{answer}");
    let mut boss = come_in(&server, OWNER, "boss");
    oper(&mut boss, "OPER boss secret", "381");
    // Accounts of the same name are something else.
    let answer = login(&server, ATTACKER, "boss", "wrong");
    assert!(answer.contains("SASL authentication failed"), "{answer}");
}

#[test]
fn attack_the_password_of_the_server_is_guessed_slowly() {
    let settings = Settings::new().behind_proxy().set("server.password", "\"letmein\"");
    let server = settings.start();
    let pass = |address: &str, password: &str| {
        let mut client = Client::connect_from(&server, address);
        client.send(&format!("PASS {password}\r\nNICK x\r\nUSER x 0 * :x\r"));
        let line = client.line().trim_end().to_owned();
        if line.starts_with(":chat.test 464 ") {
            client.skip_to("ERROR :Closing link: (");
            client.expect_gone();
        }
        line
    };
    for _ in 0..10 {
        assert_eq!(pass(ATTACKER, "wrong"), ":chat.test 464 * :Password incorrect");
    }
    for password in ["wrong", "letmein"] {
        let line = pass(ATTACKER, password);
        assert!(line.contains(&format!("{TOO_MANY}; try again in ")), "{line}");
    }
    for _ in 0..20 {
        let line = pass(OWNER, "letmein");
        assert!(line.starts_with(":chat.test 001 x ") || line.contains(" 433 "), "{line}");
    }
}

#[test]
fn attack_nothing_is_to_be_had_without_the_password_of_the_server() {
    let server = Settings::new().set("server.password", "\"letmein\"").start();
    for line in [
        "REGISTER * * sesame",
        "VERIFY x 0000",
        "AUTHENTICATE PLAIN",
        "USER x 0 * :x",
        "PASS letmei\r\nREGISTER * * sesame",
        "PASS\r\nREGISTER * * sesame",
    ] {
        let mut client = Client::connect(&server).called(line);
        client.send(&format!("NICK x\r\n{line}\r"));
        client.skip_to(":chat.test 464 x :Password incorrect");
        client.skip_to("ERROR :Closing link: (Password incorrect)");
        client.expect_gone();
    }
    let mut client = Client::connect(&server).called("with the password");
    client.send("PASS letmein\r\nNICK x\r\nREGISTER * * sesame\r\nUSER x 0 * :x\r");
    client.expect(":chat.test REGISTER SUCCESS x :Account registered\r\n");
    client.skip_to(":chat.test 001 x ");
    client.send("PASS letmein\r");
    client.skip_to(":chat.test 462 x ");
}

/// Connections that register, all at once.
struct Flood(Vec<Client>);

impl Flood {
    fn begin(server: &Server, count: usize) -> Self {
        let register = |n| {
            let mut client = Client::connect(server).called("who registers");
            client.send(&format!("CAP LS 302\r\nNICK x{n}\r\nREGISTER * * {}\r", "p".repeat(20)));
            client
        };
        Self((0..count).map(register).collect())
    }

    fn answers(self) -> Vec<String> {
        let answer = |mut client: Client| loop {
            let line = client.skip_within(Duration::from_secs(60), ":chat.test ");
            if !line.starts_with(":chat.test CAP ") {
                break line;
            }
        };
        self.0.into_iter().map(answer).collect()
    }
}

#[test]
fn attack_registrations_keep_nobody_from_logging_in() {
    // A registration takes about as long as with the default cost in a released build.
    let server = Settings::new()
        .set("accounts.password.memory_kib", 8192)
        .set("limits.registrations_per_minute", 0)
        .start();
    let mut ana = Client::connect(&server).called("ana");
    ana.send("NICK ana\r\nREGISTER * * sesame\r");
    ana.skip_to(":chat.test REGISTER SUCCESS ana ");
    let flood = Flood::begin(&server, 1100);
    let began = Instant::now();
    for _ in 0..12 {
        let mut client = Client::connect(&server).called("who logs in");
        client.send("CAP REQ sasl\r\nAUTHENTICATE PLAIN\r");
        client.skip_to(":chat.test AUTHENTICATE +");
        client.send(&format!("AUTHENTICATE {}\r", STANDARD.encode("\0ana\0sesame")));
        assert_logged_in(&client.skip_to(":chat.test 90"));
    }
    let took = began.elapsed();
    let answers = flood.answers();
    let made = answers.iter().filter(|line| line.contains("REGISTER SUCCESS")).count();
    let busy = "FAIL REGISTER TEMPORARILY_UNAVAILABLE ";
    let told: Vec<_> = answers.iter().filter(|line| line.contains(busy)).collect();
    println!("12 logins took {took:?}; {made} accounts were made, {} told to wait", told.len());
    assert!(took < PATIENCE, "{took:?}");
    assert!(made >= 200 && made + told.len() == 1100, "{made} {}", told.len());
    let words = ":The server is busy with other passwords; try again in ";
    assert!(told.iter().all(|line| line.contains(words)), "{told:?}");
}

#[test]
fn attack_one_network_and_one_connection_register_only_so_much() {
    let server = Settings::new().behind_proxy().set("limits.registrations_per_minute", 8).start();
    let words = "Too many new passwords from your network; try again in ";
    let one = |client: &mut Client, n: usize| {
        client.send(&format!("NICK x{n}\r\nREGISTER * * sesame\r"));
        let line = client.skip_to(":chat.test ");
        if line.contains("REGISTER SUCCESS") {
            client.skip_to(":chat.test 900 ");
        } else {
            assert!(line.contains(words), "{line}");
        }
        line.contains("REGISTER SUCCESS")
    };
    let mut client = Client::connect_from(&server, ATTACKER);
    assert_eq!((0..9).filter(|n| one(&mut client, *n)).count(), 5);
    let mut made = 0;
    for n in 10..20 {
        made += usize::from(one(&mut Client::connect_from(&server, ATTACKER), n));
    }
    assert_eq!(made, 3);
    assert!(one(&mut Client::connect_from(&server, OWNER), 99));
    // A name that is an account takes no hash to be refused.
    let mut client = Client::connect_from(&server, ATTACKER);
    client.send("NICK x99\r\nREGISTER * * sesame\r");
    client.skip_to(":chat.test FAIL REGISTER ACCOUNT_EXISTS x99 ");
}

#[test]
fn attack_a_burst_takes_the_memory_of_two_hashes() {
    const HASH_KIB: u64 = 19_456;
    let server = Settings::new()
        .set("accounts.password.memory_kib", HASH_KIB)
        .set("limits.registrations_per_minute", 0)
        .start();
    // What the connections themselves take is there before.
    let idle = |n| {
        let mut client = Client::connect(&server).called("who registers");
        client.send(&format!("NICK x{n}\r\nCAP LS 302\r"));
        client.skip_to(":chat.test CAP ");
        client
    };
    let mut clients: Vec<_> = (0..80).map(idle).collect();
    let before = server.memory_kib();
    for client in &mut clients {
        client.send("REGISTER * * sesame\r");
    }
    for client in &mut clients {
        client.skip_within(Duration::from_secs(60), ":chat.test 900 ");
        client.send("AUTHENTICATE PLAIN\r\nAUTHENTICATE AHgxAHNlc2FtZQ==\r");
    }
    for client in &mut clients {
        client.skip_within(Duration::from_secs(60), ":chat.test 90");
    }
    let most = server.memory_kib_max() - before;
    println!("80 registrations and logins at a time took {most} KiB at most");
    assert!(most < 2 * HASH_KIB + 8192, "{most} KiB");
}

#[test]
fn attack_what_sessions_asked_that_have_ended_is_hashed_no_more() {
    let server = Settings::new()
        .set("accounts.password.memory_kib", 65_536)
        .set("limits.registrations_per_minute", 0)
        .start();
    let register = |nick: &str| {
        let mut client = Client::connect(&server).called(nick);
        let began = Instant::now();
        client.send(&format!("NICK {nick}\r\nREGISTER * * sesame\r"));
        client
            .skip_within(Duration::from_secs(60), &format!(":chat.test REGISTER SUCCESS {nick} "));
        began.elapsed()
    };
    let alone = register("ana");
    for _ in 0..3 {
        for mut client in Flood::begin(&server, 60).0 {
            // By then the server has read the rest, too.
            client.skip_to(":chat.test CAP ");
            client.reset();
        }
    }
    let after = register("bo");
    println!("{alone:?} alone, {after:?} after 180 that broke off");
    assert!(after < 15 * alone, "{after:?}, and {alone:?} alone");
}
