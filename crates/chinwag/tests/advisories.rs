//! What went wrong in other servers, tried on this one. Each test is named by the advisory.
#![allow(clippy::expect_used, clippy::panic, reason = "a test says by panicking what is wrong")]

#[path = "support/support.rs"]
mod support;

use std::collections::BTreeSet;
use std::fs;

use rustix::process::Signal;
use support::client::Client;
use support::server::{Server, Settings};

/// Comes in on IRC, and into a channel.
fn irc(server: &Server, nick: &str, caps: &str, channel: &str) -> Client {
    let mut client = Client::connect(server).called(nick);
    client.send(&format!("CAP REQ :{caps}\r\nNICK {nick}\r\nUSER {nick} 0 * :{nick}\r\nCAP END\r"));
    client.skip_to(&format!(":chat.test 422 {nick} "));
    client.send(&format!("JOIN {channel}\r"));
    client.skip_to(&format!(":chat.test 366 {nick} {channel} "));
    client
}

/// Ports at which a process listens, by Linux's own word.
fn listening(server: &Server) -> BTreeSet<u16> {
    let own: BTreeSet<String> = fs::read_dir(format!("/proc/{}/fd", server.pid()))
        .expect("the server runs")
        .filter_map(|file| fs::read_link(file.ok()?.path()).ok())
        .map(|link| link.to_string_lossy().into_owned())
        .collect();
    let mut ports = BTreeSet::new();
    for table in ["tcp", "tcp6"] {
        let table = fs::read_to_string(format!("/proc/net/{table}")).expect("Linux has it");
        for line in table.lines().skip(1) {
            let fields: Vec<_> = line.split_whitespace().collect();
            if fields[3] == "0A" && own.contains(&format!("socket:[{}]", fields[9])) {
                let port = fields[1].rsplit(':').next().expect("an address has a port");
                ports.insert(u16::from_str_radix(port, 16).expect("a port"));
            }
        }
    }
    ports
}

#[test]
fn adv_zulip_10_no_port_is_open_but_those_configured() {
    let server = Server::start();
    Client::login(&server, "Alice");
    assert_eq!(listening(&server), BTreeSet::from([server.address().port()]));
}

#[test]
fn adv_unreal_2_a_hundred_reloads_good_and_bad_under_load_change_nothing() {
    let settings = Settings::new();
    let server = settings.start();
    let config = settings.data().with_file_name("chinwag.toml");
    let good = fs::read_to_string(&config).expect("there is a configuration");
    let bad = [
        "nonsense",
        "server.name = 5",
        "limits.lines_per_second = -1",
        "[tls]\ncertificate = \"/nowhere\"\nkey = \"/nowhere\"",
        "\0\u{1b}[2J",
        "server.motd = \"\"\"",
    ];
    let mut alice = Client::login(&server, "Alice");
    for n in 0..100 {
        let text = if n % 2 == 0 { bad[n / 2 % bad.len()] } else { &good };
        fs::write(&config, text).expect("it can be written");
        server.signal(Signal::HUP);
        alice.send(&format!("line {n}"));
        alice.expect(&format!("[lobby] Alice: line {n}\n"));
    }
    fs::write(&config, &good).expect("it can be written");
    server.signal(Signal::HUP);
    Client::login(&server, "Bob");
}

/// More than a page of history has.
const HIDDEN: usize = 250;

#[test]
fn adv_synapse_2_pages_go_on_beyond_messages_that_are_hidden() {
    let server = Server::start();
    let caps = "draft/message-redaction message-tags echo-message batch draft/chathistory";
    let mut ana = irc(&server, "ana", caps, "#tea");
    ana.send("PRIVMSG #tea :the first\r");
    ana.skip_to("@msgid=");
    let (mut sent, mut told) = (0, 0);
    while told < HIDDEN {
        // As many at a time as are on their way at most.
        let until = (sent + 50).min(HIDDEN);
        let lines: Vec<_> = (sent..until).map(|n| format!("PRIVMSG #tea :slip {n}\r")).collect();
        ana.send(&lines.join("\n"));
        sent = until;
        let mut redactions = Vec::new();
        while told < sent {
            let line = ana.skip_to("@msgid=");
            let id = line["@msgid=".len()..].split([';', ' ']).next().expect("it has an id");
            redactions.push(format!("REDACT #tea {id}\r"));
            told += 1;
        }
        ana.send(&redactions.join("\n"));
        redactions.iter().for_each(|_| drop(ana.skip_to(":ana!")));
    }
    ana.send("PRIVMSG #tea :the last\r");
    ana.skip_to("@msgid=");
    ana.send("CHATHISTORY LATEST #tea * 2\r\nPING end\r");
    let mut seen = Vec::new();
    loop {
        let line = ana.line();
        if line.contains(" PONG ") {
            break;
        }
        seen.extend(line.split_once(" PRIVMSG #tea :").map(|(_, text)| text.trim().to_owned()));
    }
    assert_eq!(seen, ["the first", "the last"]);
}

/// A service's name with two letters of another script.
const ALIKE: &str = "N\u{456}\u{441}kServ";

#[test]
fn adv_ergo_9_nobody_speaks_as_a_service_or_the_server() {
    let server = Server::start();
    let mut ana = irc(&server, "ana", "draft/relaymsg message-tags", "#tea");
    for name in
        ["NickServ", "ChanServ", "chat.test", "lobby", "ana", "N1ckServ", "ana!x@y", "a b/c"]
    {
        ana.send(&format!("RELAYMSG #tea {name} :pay me\r"));
        let said = ana.skip_to(":chat.test FAIL RELAYMSG");
        assert!(!said.contains("pay me"), "{name}: {said}");
    }
    for name in ["NickServ", "ChanServ", ALIKE] {
        ana.send(&format!("NICK {name}\r\nPING {name}\r"));
        let said = ana.skip_to(":chat.test 43");
        assert!(said.contains(name), "{said}");
        let mut line = Client::connect(&server).called("line mode");
        line.send(name);
        let said = line.skip_to(&format!("USERNAME: <\"{name}\" is not a name"));
        assert!(said.ends_with('>'), "{said}");
    }
}

/// Bytes that are no text, and ends of lines of every kind within one, reach nobody as such.
#[test]
fn adv_ergo_11_and_adv_bridge_1_no_line_of_others_has_bytes_that_are_no_text_or_end_it() {
    let server = Server::start();
    let mut watcher = Client::login(&server, "watcher");
    let mut ana = irc(&server, "ana", "message-tags", "#lobby");
    let mut bo = Client::connect(&server).called("bo");
    bo.send("bo");
    bo.skip_to("USERNAME: Welcome, bo.");
    let evil: [&[u8]; 7] = [
        b"one\rQUIT :two",
        b"one\0two",
        b"\xff\xfe\xc3\x28",
        b"one\x1b[2Jtwo",
        b"one\xe2\x80\xaetwo",
        b"one\xc2\x9btwo",
        b"one\x0b\x0c\x1c\x85two",
    ];
    for text in evil {
        ana.send_bytes(&[b"PRIVMSG #lobby :", text, b"\r\n"].concat());
        ana.send_bytes(&[b"TOPIC #lobby :", text, b"\r\n"].concat());
        ana.send_bytes(&[b"@+draft/react=", text, b" TAGMSG #lobby\r\n"].concat());
        ana.send_bytes(&[b"AWAY :", text, b"\r\n"].concat());
        bo.send_bytes(&[text, b"\n/me ", text, b"\n/away ", text, b"\n"].concat());
    }
    for name in ["#a b", "#a,b", "#a\x07b", "#\rx", "tea\n"] {
        ana.send_bytes(format!("JOIN :{name}\r\n").as_bytes());
    }
    ana.send("PING end\r");
    ana.skip_to(":chat.test PONG");
    bo.send("the end");
    loop {
        // What is not UTF-8 fails here.
        let line = watcher.line();
        let is_control = |c: char| c.is_control() && c != '\t' || c == '\u{202e}';
        assert!(!line.contains(is_control), "{line:?}");
        if line.ends_with("bo: the end") {
            break;
        }
    }
    ana.send("PING end\r");
    loop {
        let line = ana.line();
        let line = line.strip_suffix('\r').unwrap_or(&line);
        assert!(!line.contains(['\r', '\0']), "{line:?}");
        if line.contains(" PONG ") {
            break;
        }
    }
}
