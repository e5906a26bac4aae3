//! Connections that a proxy passes on.
#![allow(clippy::expect_used, clippy::panic, reason = "a test says by panicking what is wrong")]

#[path = "support/support.rs"]
mod support;

use std::time::Instant;

use support::PATIENCE;
use support::client::{Client, greeting, newcomer};
use support::server::{Server, Settings};
use support::tls::Identity;

/// A server that trusts this machine, and says in its log who came.
fn trusting() -> Settings {
    told(Settings::new()).listen("proxy_from", "[\"127.0.0.0/8\"]")
}

fn told(settings: Settings) -> Settings {
    settings.set("log.level", "\"debug\"")
}

/// Waits until the log has a line with `words`.
fn wait_for_log(server: &Server, words: &str) {
    let deadline = Instant::now() + PATIENCE;
    while !server.log().lines().iter().any(|line| line.contains(words)) {
        assert!(Instant::now() < deadline, "no {words:?}; {}", server.log().tail());
        std::thread::yield_now();
    }
}

const V2: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

/// A header of version 2 with an IPv4 source.
fn v2(source: [u8; 4]) -> Vec<u8> {
    let addresses = [&source[..], &[127, 0, 0, 1, 0, 1, 0, 2]].concat();
    [V2, &[0x21, 0x11, 0, 12], &addresses].concat()
}

#[test]
fn a_trusted_proxy_says_whose_connection_it_is() {
    let server = trusting().start();
    for (at, (header, source)) in [
        (b"PROXY TCP4 192.0.2.1 127.0.0.1 1 2\r\n".to_vec(), Some("192.0.2.1")),
        (b"PROXY TCP6 2001:db8::7 ::1 1 2\r\n".to_vec(), Some("2001:db8::7")),
        (b"PROXY UNKNOWN\r\n".to_vec(), None),
        (v2([192, 0, 2, 2]), Some("192.0.2.2")),
        ([V2, &[0x20, 0, 0, 0]].concat(), None),
        (Vec::new(), None),
    ]
    .into_iter()
    .enumerate()
    {
        // Whole, and byte by byte.
        for (way, length) in ["whole", "pieces"].into_iter().zip([header.len().max(1), 1]) {
            let name = format!("{way}{at}");
            let mut client = Client::connect(&server).called(&name);
            for piece in header.chunks(length) {
                client.send_bytes(piece);
            }
            client.send(&name);
            client.expect(&newcomer(&name));
            client.send("exit");
            client.expect(&format!("<Goodbye, {name}.>\n"));
            client.expect_closed();
        }
        if let Some(source) = source {
            wait_for_log(&server, &format!("is passed on for {source} by 127.0.0.1"));
        }
    }
    let passed = server.log().lines().iter().filter(|line| line.contains("passed on")).count();
    assert_eq!(passed, 6);
}

#[test]
fn who_says_nothing_behind_a_header_is_greeted() {
    let server = trusting().start();
    let mut silent = Client::connect(&server);
    silent.send_bytes(&v2([192, 0, 2, 1]));
    silent.expect(&greeting());
    let mut silent = Client::connect(&server);
    silent.expect(&greeting());
}

#[test]
fn a_header_that_cannot_be_read_ends_the_connection_and_is_logged() {
    let server = trusting().start();
    for (header, why) in [
        (b"PROXY TCP4 nowhere 127.0.0.1 1 2\r\n".to_vec(), "its addresses cannot be read"),
        (b"PROXY TCP5 1 2 3 4\r\n".to_vec(), "its version, command or family is not known"),
        ([b"PROXY UNKNOWN ".as_slice(), &[b'x'; 200]].concat(), "it is too long"),
        ([V2, &[0x21, 0x11, 0xff, 0xff]].concat(), "it is too long"),
        ([V2, &[0x21, 0x11, 0, 0]].concat(), "its addresses cannot be read"),
    ] {
        let mut client = Client::connect(&server);
        client.send_bytes(&header);
        assert_eq!(client.expect_gone(), b"");
        wait_for_log(&server, &format!("a proxy header from 127.0.0.1 is not taken: {why}"));
    }
}

#[test]
fn others_cannot_say_whose_connection_it_is() {
    for server in [
        told(Settings::new()).start(),
        trusting().listen("proxy_from", "[\"192.0.2.0/24\"]").start(),
    ] {
        for header in [b"PROXY TCP4 192.0.2.1 127.0.0.1 1 2\r\n".to_vec(), v2([192, 0, 2, 1])] {
            let mut client = Client::connect(&server);
            client.send_bytes(&header);
            client.expect(
                "<From here no PROXY header is taken; proxy_from names those who may send one.>\n",
            );
            client.expect_closed();
        }
    }
}

#[test]
fn limits_count_for_the_source() {
    let server = trusting().set("limits.connections_per_ip", 1).start();
    let mut first = Client::connect(&server).called("first");
    first.send_bytes(&v2([192, 0, 2, 1]));
    first.send("Alice");
    first.expect(&newcomer("Alice"));
    let mut second = Client::connect(&server).called("second");
    second.send_bytes(&v2([192, 0, 2, 1]));
    assert_eq!(second.expect_gone(), b"");
    let mut other = Client::connect(&server).called("other");
    other.send_bytes(&v2([192, 0, 2, 2]));
    other.send("Bob");
    other.expect(&newcomer("Bob"));
    // A place is free again once its socket is gone, too.
    first.send("exit");
    first.skip_to("<Goodbye, Alice.>");
    first.expect_closed();
    other.expect("<User Alice is offline.>\n");
    let mut lingering = Client::connect(&server).called("lingering");
    lingering.send_bytes(&v2([192, 0, 2, 1]));
    assert_eq!(lingering.expect_gone(), b"");
    drop(first);
    wait_for_log(&server, "connection 1 is closed");
    let mut second = Client::connect(&server).called("second");
    second.send_bytes(&v2([192, 0, 2, 1]));
    second.send("Carol");
    second.expect(&newcomer("Carol"));
}

#[test]
fn attack_a_gateways_clients_are_counted_by_their_address_however_it_is_written() {
    let server = trusting().set("limits.connections_per_ip", 2).start();
    let webirc = |address: &str| format!("WEBIRC secret gateway host {address}\r\n");
    let mut clients: Vec<Client> = ["192.0.2.1", "::ffff:192.0.2.1"]
        .iter()
        .zip(["ana", "bob"])
        .map(|(address, name)| {
            let mut client = Client::connect(&server).called(name);
            client.send_bytes(webirc(address).as_bytes());
            client.send_bytes(format!("NICK {name}\r\nUSER u 0 * :x\r\n").as_bytes());
            client.skip_to(&format!(":chat.test 001 {name} "));
            client
        })
        .collect();
    for address in ["192.0.2.1", "::ffff:192.0.2.1", "::ffff:c000:201"] {
        let mut third = Client::connect(&server).called(address);
        third.send_bytes(webirc(address).as_bytes());
        third.expect("ERROR :Too many connections from your address\r\n");
        third.expect_closed();
    }
    // By the header of a proxy it is the same address.
    let mut third = Client::connect(&server).called("third");
    third.send_bytes(b"PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n");
    assert_eq!(third.expect_gone(), b"");
    // And each is shown as who they are: one cloak an address, and not one for all of IPv4.
    let mut other = Client::connect(&server).called("other");
    other.send_bytes(webirc("::ffff:192.0.2.2").as_bytes());
    other.send_bytes(b"NICK cy\r\nUSER u 0 * :x\r\nUSERHOST ana bob cy\r\n");
    let line = other.skip_to(":chat.test 302 cy :");
    let cloaks: Vec<&str> =
        line.split_whitespace().filter_map(|word| Some(word.split_once('@')?.1)).collect();
    assert_eq!(cloaks.len(), 3, "{line}");
    assert!(cloaks[0] == cloaks[1] && cloaks[1] != cloaks[2], "{line}");
    clients.clear();
}

#[test]
fn adv_insp_2_who_is_banned_behind_a_proxy_is_kept_out_and_the_proxy_is_not() {
    let server = trusting().start();
    let come = |header: &[u8], name: &str| {
        let mut client = Client::connect(&server).called(name);
        client.send_bytes(header);
        client.send_bytes(format!("NICK {name}\r\nUSER u 0 * :x\r\n").as_bytes());
        client.skip_to(&format!(":chat.test 001 {name} "));
        client
    };
    let mut ana = come(b"", "ana");
    ana.send("JOIN #tea");
    ana.skip_to(":chat.test 366 ana #tea");
    let _eve = come(&v2([192, 0, 2, 66]), "eve");
    ana.send("USERHOST eve");
    let line = ana.skip_to(":chat.test 302 ana :");
    let cloak = line.trim_end().rsplit_once('@').expect("a mask").1.to_owned();
    ana.send(&format!("MODE #tea +b *!*@{cloak}"));
    ana.skip_to(":ana!");
    let headers: [&[u8]; 4] = [
        &v2([192, 0, 2, 66]),
        b"PROXY TCP4 192.0.2.66 127.0.0.1 1 2\r\n",
        b"PROXY TCP6 ::ffff:192.0.2.66 ::1 1 2\r\n",
        b"WEBIRC secret gateway host 192.0.2.66\r\n",
    ];
    for (at, header) in headers.into_iter().enumerate() {
        let name = format!("eve{at}");
        let mut eve = come(header, &name);
        eve.send("JOIN #tea");
        eve.skip_to(&format!(":chat.test 474 {name} #tea "));
        // Gone in the middle of it, again and again: the server and its proxy go on.
        eve.send("JOIN #tea");
        drop(eve);
    }
    // Others by the same proxy come in.
    let mut bob = come(b"WEBIRC secret gateway host 192.0.2.67\r\n", "bob");
    bob.send("JOIN #tea");
    bob.skip_to(":chat.test 366 bob #tea");
    ana.skip_to(":bob!");
}

#[test]
fn a_header_comes_before_tls() {
    let identity = Identity::new();
    for tls in ["detect", "required"] {
        let settings = told(identity.settings()).listen("proxy_from", "[\"127.0.0.1\"]");
        let server = settings.listen("tls", format!("\"{tls}\"")).start();
        let mut client = Client::connect(&server);
        client.send_bytes(&v2([192, 0, 2, 9]));
        client.begin_tls(&identity);
        client.send("Alice");
        client.expect(&newcomer("Alice"));
        wait_for_log(&server, "is passed on for 192.0.2.9 by 127.0.0.1");
        let mut without = Client::connect_tls(&server, &identity);
        without.send("Bob");
        without.expect(&newcomer("Bob"));
    }
    let server = told(identity.settings())
        .listen("proxy_from", "[\"127.0.0.1\"]")
        .listen("tls", "\"required\"")
        .start();
    let mut plain = Client::connect(&server);
    plain.send_bytes(&v2([192, 0, 2, 9]));
    plain.send("Alice");
    plain.expect("<This port wants TLS.>\n");
    plain.expect_closed();
}
