//! What strangers try on IRC, and what others' servers fell to.
#![allow(clippy::expect_used, clippy::panic, reason = "a test says by panicking what is wrong")]

#[path = "support/support.rs"]
mod support;

use std::io::Write as _;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use support::PATIENCE;
use support::client::Client;
use support::server::{Server, Settings};

/// Someone who has come in by IRC, with these capabilities, behind what a proxy says of them.
fn come_by(server: &Server, header: &str, name: &str, caps: &str) -> Client {
    let mut client = Client::connect(server).called(name);
    client.send_bytes(header.as_bytes());
    if !caps.is_empty() {
        client.send(&format!("CAP REQ :{caps}"));
    }
    client.send(&format!("NICK {name}"));
    client.send("USER u 0 * :Real");
    if !caps.is_empty() {
        client.send("CAP END");
    }
    client.skip_to(&format!(":chat.test 001 {name} "));
    client.skip_to(":chat.test 422");
    client
}

fn come(server: &Server, name: &str, caps: &str) -> Client {
    come_by(server, "", name, caps)
}

/// The lines that come for a line, up to the answer to a `PING` after it.
fn answers(client: &mut Client, line: &str) -> Vec<String> {
    client.send(line);
    client.send("PING that-is-all");
    let mut lines = Vec::new();
    loop {
        match client.line() {
            line if line.trim_end() == ":chat.test PONG chat.test :that-is-all" => return lines,
            line => lines.push(line.trim_end().to_owned()),
        }
    }
}

#[test]
fn attack_tags_of_a_message_of_several_lines_are_told_once() {
    let server = Server::start();
    let mut eve = come(&server, "eve", "message-tags batch draft/multiline server-time");
    let mut plain = come(&server, "plain", "message-tags server-time account-tag");
    let mut whole = come(&server, "whole", "message-tags batch draft/multiline");
    for client in [&mut eve, &mut plain, &mut whole] {
        client.send("JOIN #tea");
        client.skip_to(":chat.test 366");
    }
    let tags = format!("+draft/big={}", "x".repeat(3500));
    eve.send(&format!("@{tags} BATCH +1 draft/multiline #tea"));
    for number in 0..27 {
        eve.send(&format!("@batch=1 PRIVMSG #tea :line {number}"));
    }
    eve.send("BATCH -1");
    // A client that is sent single lines.
    plain.send("PING end");
    let mut told = Vec::new();
    for number in 0..27 {
        loop {
            let line = plain.line();
            if line.contains("PRIVMSG #tea") {
                assert!(line.trim_end().ends_with(&format!(":line {number}")), "{line}");
                assert!(line.contains("time="), "{line}");
                told.push(line);
                break;
            }
        }
    }
    assert_eq!(told.iter().filter(|line| line.contains("+draft/big=")).count(), 1);
    assert_eq!(told.iter().filter(|line| line.contains("msgid=")).count(), 1);
    assert!(told[0].contains("+draft/big=") && told[0].contains("msgid="));
    let bytes: usize = told.iter().map(String::len).sum();
    assert!(bytes < 3500 + 27 * 150, "{bytes} bytes are told of less than 5000");
    // And who is sent a batch.
    let begin = whole.skip_to("@");
    assert!(begin.contains("+draft/big=") && begin.contains("BATCH +"), "{begin}");
    for _ in 0..27 {
        let line = whole.line();
        assert!(line.starts_with("@batch=") && !line.contains("+draft/big="), "{line}");
    }
}

#[test]
fn adv_insp_3_a_pong_has_what_the_ping_had_and_nothing_else() {
    let server = Server::start();
    let mut ana = come(&server, "ana", "");
    let mut stranger = Client::connect(&server);
    stranger.send("NICK stranger");
    let odd = [
        "x",
        "%s%n",
        "\u{1}a\u{2}",
        "ö😀",
        "0",
        "*",
        "a,b",
        "#tea",
        "@a",
        "-",
        "=;\\",
        "'\"",
        "$(a)",
        "..",
        "~",
    ];
    for count in 0..=odd.len() {
        let ping = format!("PING {}", odd[..count].join(" "));
        for (who, client) in [("ana", &mut ana), ("stranger", &mut stranger)] {
            client.send(ping.trim_end());
            match count {
                0 => {
                    let line = client.skip_to(":chat.test 461 ");
                    assert!(line.trim_end().ends_with(" PING :Not enough parameters"), "{line}");
                }
                _ => client.expect_bytes(b":chat.test PONG chat.test :x\r\n"),
            }
            client.send(&format!("PING :{}", odd[count.saturating_sub(1)]));
            let same = format!(":chat.test PONG chat.test :{}\r\n", odd[count.saturating_sub(1)]);
            client.expect_bytes(same.as_bytes());
            let _ = who;
        }
    }
    ana.send("PING :");
    ana.expect(":chat.test 409 ana :No origin specified\r\n");
    for length in [1, 100, 400, 480] {
        let token = "t".repeat(length);
        ana.send(&format!("PING {token}"));
        ana.expect_bytes(format!(":chat.test PONG chat.test :{token}\r\n").as_bytes());
    }
}

#[test]
fn adv_ergo_8_masks_mean_whom_they_say_and_who_hides_the_invisible() {
    let server = Settings::new().listen("proxy_from", "[\"127.0.0.0/8\"]").start();
    let six = "PROXY TCP6 2001:db8::7 ::1 1 2\r\n";
    let mut ana = come(&server, "ana", "");
    let mut eve = come_by(&server, six, "eve", "");
    let mut bob = come_by(&server, "PROXY TCP4 192.0.2.9 127.0.0.1 1 2\r\n", "bob", "");
    ana.send("JOIN #tea");
    ana.skip_to(":chat.test 366");
    let hosts = answers(&mut ana, "USERHOST eve bob").join(" ");
    let cloak = |who: &str| -> String {
        let words = hosts.split_whitespace();
        let of = words.filter(|word| word.trim_start_matches(':').starts_with(&format!("{who}=")));
        of.filter_map(|word| Some(word.split_once('@')?.1.to_owned())).next().expect("a cloak")
    };
    let (eves, bobs) = (cloak("eve"), cloak("bob"));
    assert!(eves.ends_with(".cloak") && eves != bobs, "{hosts}");
    for (mask, as_kept, keeps_out_eve, keeps_out_bob) in [
        (format!("*!*@{eves}"), None, true, false),
        (eves.clone(), Some(format!("*!*@{eves}")), true, false),
        (format!("*@{bobs}"), Some(format!("*!*@{bobs}")), false, true),
        (eves.to_uppercase(), Some(format!("*!*@{}", eves.to_uppercase())), true, false),
        ("*!*@*.cloak".to_owned(), None, true, true),
        ("e?e!*@*".to_owned(), None, true, false),
        ("E*".to_owned(), Some("E*!*@*".to_owned()), true, false),
        // An address is nobody's host: it is neither shown nor compared.
        ("*!*@2001:db8::7".to_owned(), None, false, false),
        ("2001:db8::7".to_owned(), Some("*!*@2001:db8::7".to_owned()), false, false),
        ("*!*@192.0.2.*".to_owned(), None, false, false),
        ("*!*@::ffff:192.0.2.9".to_owned(), None, false, false),
        ("*!*@*".to_owned(), None, true, true),
        ("**!**@**".to_owned(), None, true, true),
        ("a!b!c@d@e".to_owned(), None, false, false),
    ] {
        let kept = as_kept.unwrap_or_else(|| mask.clone());
        let told = answers(&mut ana, &format!("MODE #tea +b {mask}"));
        assert!(told.iter().any(|line| line.ends_with(&format!("+b {kept}"))), "{mask}: {told:?}");
        for (client, is_out) in [(&mut eve, keeps_out_eve), (&mut bob, keeps_out_bob)] {
            let told = answers(client, "JOIN #tea");
            let was_kept_out = told.iter().any(|line| line.contains(" 474 "));
            assert_eq!(was_kept_out, is_out, "{mask}: {told:?}");
            answers(client, "PART #tea");
        }
        answers(&mut ana, &format!("MODE #tea -b {kept}"));
    }
    // An invisible person in no room of the asker's is found by their whole name alone.
    answers(&mut eve, "MODE eve +i");
    for (mask, found) in [
        ("*", false),
        ("e*", false),
        ("*@*", false),
        ("*.cloak", false),
        ("Real", false),
        ("eve", true),
    ] {
        let told = answers(&mut ana, &format!("WHO {mask}"));
        assert_eq!(told.iter().any(|line| line.contains(" eve ")), found, "WHO {mask}: {told:?}");
        let own = answers(&mut eve, &format!("WHO {mask}"));
        assert!(own.iter().any(|line| line.contains(" eve ")), "WHO {mask}: {own:?}");
    }
    answers(&mut eve, "JOIN #tea");
    answers(&mut ana, "WHO *");
    assert!(answers(&mut ana, "WHO e*").iter().any(|line| line.contains(" eve ")));
    assert!(!answers(&mut bob, "WHO #tea").iter().any(|line| line.contains(" eve ")));
    assert!(!answers(&mut bob, "NAMES #tea").iter().any(|line| line.contains("eve")));
}

#[test]
fn adv_synapse_5_costly_masks_are_held_against_everything_soon() {
    let server = Server::start();
    let mut ana = come(&server, "ana", "");
    let mut bob = come(&server, "bob", "");
    ana.send("JOIN #tea");
    ana.skip_to(":chat.test 366");
    let costly = format!("{}b", "*a".repeat(100));
    for number in 0..40 {
        ana.send(&format!("MODE #tea +b {number}{costly}!*@*"));
    }
    answers(&mut bob, "JOIN #tea");
    for number in 0..50 {
        bob.send(&format!("PRIVMSG #tea :{number}"));
    }
    ana.skip_to(":bob!");
    assert!(answers(&mut ana, &format!("WHO {costly}")).iter().any(|line| line.contains(" 315 ")));
    let list = [costly.as_str(); 2].join(",");
    assert!(answers(&mut ana, &format!("LIST {list}")).iter().any(|line| line.contains(" 323 ")));
    answers(&mut ana, &format!("SEARCH :{}", "a* ".repeat(100)));
}

#[test]
fn attack_connections_of_one_network_are_paced_together() {
    let server = Settings::new()
        .listen("proxy_from", "[\"127.0.0.0/8\"]")
        .set("limits.lines_per_second", 1000)
        .set("limits.network_lines_per_second", 1)
        .set("limits.network_lines_burst", 60)
        .start();
    let mut watcher = Client::login(&server, "Watcher");
    // Each comes in by itself, and costs a line; together they have sixty.
    let mut crowd: Vec<Client> = (0..10)
        .map(|n| {
            let mut one = Client::connect(&server).called(&format!("n{n}"));
            let header = format!("PROXY TCP6 2001:db8::{n} ::1 1 2\r\n");
            one.send_bytes(header.as_bytes());
            one.send(&format!("n{n}"));
            one.skip_to("USERNAME: Welcome, ");
            one
        })
        .collect();
    for one in &mut crowd {
        one.send_bytes("hello\n".repeat(10).as_bytes());
    }
    let deadline = Instant::now() + PATIENCE;
    let mut heard = 0;
    while heard < 50 {
        assert!(Instant::now() < deadline, "what may come at once comes");
        heard += watcher.lines_up_to_now().iter().filter(|line| line.contains(": hello")).count();
    }
    for _ in 0..20 {
        heard += watcher.lines_up_to_now().iter().filter(|line| line.contains(": hello")).count();
    }
    assert!(heard < 90, "all of {heard} came at once");
    // Long lines count as several: these have no burst left, whoever says them; others are not held up.
    let mut other = Client::connect(&server).called("other");
    other.send_bytes(b"PROXY TCP6 2001:db8:1::1 ::1 1 2\r\n");
    other.send("Other");
    other.skip_to("USERNAME: Welcome, ");
    other.send("I am heard at once");
    watcher.skip_to("[lobby] Other: I am heard at once");
}

/// A connection that asks for as much as it can, and reads nothing.
fn asks_and_never_reads(server: &Server, header: &str, lines: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(server.address()).expect("connect");
    stream.write_all(header.as_bytes()).expect("send the header");
    stream.set_nonblocking(true).expect("a socket that does not wait");
    let deadline = Instant::now() + PATIENCE;
    let mut full_since = Instant::now();
    while full_since.elapsed() < Duration::from_millis(20) {
        assert!(Instant::now() < deadline, "what is asked is read for ever");
        if stream.write(lines).is_ok() {
            full_since = Instant::now();
        } else {
            std::thread::yield_now();
        }
    }
    stream
}

#[test]
fn attack_many_who_never_read_hold_little() {
    let settings = Settings::new()
        .listen("proxy_from", "[\"127.0.0.0/8\"]")
        .set("limits.network_outbox_kib", 256);
    let server = settings.start();
    let mut alice = Client::login(&server, "Alice");
    let header = "PROXY TCP4 192.0.2.1 127.0.0.1 1 2\r\n";
    // Before they come in: there is no end of what may be asked for.
    let early = b"CAP LS 302\r\nCAP LIST\r\nPING x\r\n".repeat(100);
    let come = |count: usize| -> Vec<_> {
        (0..count).map(|_| asks_and_never_reads(&server, header, &early)).collect()
    };
    // What the first ones take once for all is not counted.
    let first = come(5);
    let before = server.memory_kib();
    let strangers = come(15);
    let each = server.memory_kib().saturating_sub(before) / strangers.len() as u64;
    println!("{each} KiB for each who has not come in");
    assert!(each < 64, "{each} KiB for each who has not come in");
    drop((first, strangers));
    // After: a network has so much together, about.
    let held: Vec<_> = (0..30)
        .map(|n| {
            let come = format!("{header}NICK n{n}\r\nUSER u 0 * :x\r\n");
            asks_and_never_reads(&server, &come, &b"HELP\r\nINFO\r\nVERSION\r\n".repeat(100))
        })
        .collect();
    let whole = server.memory_kib().saturating_sub(before);
    println!("{whole} KiB for {} who read nothing", held.len());
    assert!(whole < 150 * held.len() as u64, "{whole} KiB for {} who read nothing", held.len());
    alice.send("hello");
    alice.skip_to("[lobby] Alice: hello");
}
