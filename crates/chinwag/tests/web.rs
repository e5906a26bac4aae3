//! HTTP on the port: IRC in a WebSocket, and how the server is.
#![allow(clippy::expect_used, clippy::panic, reason = "a test says by panicking what is wrong")]

#[path = "support/support.rs"]
mod support;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Instant;

use support::PATIENCE;
use support::client::Client;
use support::server::{Server, Settings};

/// What a request is answered with.
fn request(server: &Server, head: &str) -> String {
    let mut stream = connect(server);
    stream.write_all(format!("{head}\r\n\r\n").as_bytes()).expect("send the request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("read the answer");
    answer
}

fn get(server: &Server, path: &str) -> String {
    request(server, &format!("GET {path} HTTP/1.1\r\nHost: chat.example"))
}

fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.address()).expect("connect");
    stream.set_read_timeout(Some(PATIENCE)).expect("set a deadline");
    stream
}

/// One number in what the server tells of itself.
fn counted(metrics: &str, name: &str) -> u64 {
    let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {name} in {metrics}")).parse().expect("a number")
}

/// IRC in a WebSocket, as a browser speaks it.
struct Socket(TcpStream);

impl Socket {
    fn open(server: &Server, protocol: &str) -> Self {
        let mut stream = connect(server);
        let head = format!(
            "GET / HTTP/1.1\r\nHost: chat.example\r\nUpgrade: websocket\r\n\
             Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: {protocol}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).expect("send the request");
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).expect("read the answer");
            answer.extend(byte);
        }
        let answer = String::from_utf8(answer).expect("an answer of text");
        assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
        // The value that RFC 6455 section 1.3 gives for this key.
        assert!(answer.contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
        assert!(answer.contains(&format!("Sec-WebSocket-Protocol: {protocol}\r\n")), "{answer}");
        Self(stream)
    }

    /// Sends a message in one masked frame.
    fn send(&mut self, opcode: u8, text: &str) {
        let length = u8::try_from(text.len()).expect("a short message");
        assert!(length < 126, "a short message");
        let mask = [7, 77, 177, 27];
        let mut frame = vec![0x80 | opcode, 0x80 | length];
        frame.extend(mask);
        frame.extend(text.bytes().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        self.0.write_all(&frame).expect("send a frame");
    }

    /// The next message, and what kind of frame it came in.
    fn message(&mut self) -> (u8, String) {
        let mut head = [0; 2];
        self.0.read_exact(&mut head).expect("read a frame's head");
        let [first, mut length] = head.map(usize::from);
        if length == 126 {
            let mut long = [0; 2];
            self.0.read_exact(&mut long).expect("read a frame's length");
            length = u16::from_be_bytes(long).into();
        }
        let mut payload = vec![0; length];
        self.0.read_exact(&mut payload).expect("read a frame");
        let opcode = u8::try_from(first & 0x0f).expect("four bits");
        (opcode, String::from_utf8_lossy(&payload).into_owned())
    }

    fn skip_to(&mut self, beginning: &str) -> (u8, String) {
        loop {
            let (opcode, text) = self.message();
            assert!(!text.contains(['\r', '\n']), "a line comes without its end: {text:?}");
            if text.starts_with(beginning) {
                return (opcode, text);
            }
        }
    }
}

#[test]
fn a_browser_and_nc_are_in_one_room() {
    let server = Server::start();
    let mut nc = Client::login(&server, "nina");
    for (protocol, opcode, name) in [("text.ircv3.net", 1, "tara"), ("binary.ircv3.net", 2, "bob")]
    {
        let mut browser = Socket::open(&server, protocol);
        browser.send(opcode, &format!("NICK {name}"));
        browser.send(opcode, "USER u 0 * :In a browser");
        let (kind, _) = browser.skip_to(":");
        assert_eq!(kind, opcode, "{protocol}");
        browser.send(opcode, "JOIN #lobby");
        browser.skip_to(&format!(":{name}!"));
        nc.skip_to(&format!("<User {name} "));
        nc.send("welcome");
        let (_, said) = browser.skip_to(":nina!");
        assert!(said.ends_with("PRIVMSG #lobby :welcome"), "{said}");
        browser.send(opcode, "PRIVMSG #lobby :hello");
        nc.skip_to(&format!("[lobby] {name}: hello"));
        // A frame of control is answered between messages.
        browser.send(9, "there?");
        let (pong, text) = browser.skip_to("there?");
        assert_eq!((pong, text.as_str()), (10, "there?"));
        browser.send(8, "");
        assert_eq!(browser.message().0, 8);
    }
}

#[test]
fn a_page_of_another_site_connects_only_where_that_is_allowed() {
    let refused = |server: &Server, origin: &str| {
        let mut stream = connect(server);
        let head = format!(
            "GET / HTTP/1.1\r\nHost: chat.example\r\nUpgrade: websocket\r\n\
             Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Version: 13\r\nOrigin: {origin}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).expect("send the request");
        let mut status = [0; 12];
        stream.read_exact(&mut status).expect("read the status");
        match &status {
            b"HTTP/1.1 403" => true,
            b"HTTP/1.1 101" => false,
            other => panic!("{}", String::from_utf8_lossy(other)),
        }
    };
    let server = Server::start();
    assert!(!refused(&server, "https://chat.example"));
    assert!(refused(&server, "https://other.example"));
    let allowed = "\"https://other.example https://third.example\"";
    let server = Settings::new().set("server.web_origins", allowed).start();
    for (origin, is_refused) in [
        ("https://chat.example", false),
        ("https://other.example", false),
        ("https://THIRD.example", false),
        ("http://other.example", true),
        ("https://evil.example", true),
        ("null", true),
    ] {
        assert_eq!(refused(&server, origin), is_refused, "{origin}");
    }
}

#[test]
fn a_monitor_reads_how_the_server_is() {
    let server = Server::start();
    for (path, begins, has) in [
        ("/healthz", "HTTP/1.1 200 ", "The server runs.\n"),
        ("/readyz", "HTTP/1.1 200 ", "What is sent is stored.\n"),
        ("/metrics", "HTTP/1.1 200 ", "# EOF\n"),
        ("/nothing", "HTTP/1.1 404 ", "This is a chat server."),
    ] {
        let answer = get(&server, path);
        assert!(answer.starts_with(begins) && answer.contains(has), "{path}: {answer}");
    }
    let answer = request(&server, "POST /healthz HTTP/1.1\r\nHost: chat.example");
    assert!(answer.starts_with("HTTP/1.1 405 "), "{answer}");

    let mut anna = Client::login(&server, "anna");
    let bert = Client::login(&server, "bert");
    anna.skip_to("<User bert ");
    let before = counted(&get(&server, "/metrics"), "chinwag_commits_total");
    anna.send("hello");
    anna.skip_to("[lobby] anna: hello");
    let metrics = get(&server, "/metrics");
    let commits = counted(&metrics, "chinwag_commits_total");
    assert!(commits > before, "{metrics}");
    assert_eq!(counted(&metrics, "chinwag_commit_seconds_count"), commits);
    assert_eq!(counted(&metrics, "chinwag_connections{face=\"line\"}"), 2);
    assert!(counted(&metrics, "chinwag_deliveries_total") > 2, "{metrics}");
    drop(bert);
    anna.skip_to("<User bert ");
    let deadline = Instant::now() + PATIENCE;
    while counted(&get(&server, "/metrics"), "chinwag_connections{face=\"line\"}") != 1 {
        assert!(Instant::now() < deadline, "who left is counted no more");
        std::thread::yield_now();
    }
}

#[test]
fn what_the_server_counts_is_not_told_to_everyone() {
    let server = Server::start();
    let passed_on = "GET /metrics HTTP/1.1\r\nHost: chat.example\r\nX-Forwarded-For: 192.0.2.1";
    let answer = request(&server, passed_on);
    assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
    let server = Settings::new().set("server.metrics_from", "[\"192.0.2.0/24\"]").start();
    let answer = get(&server, "/metrics");
    assert!(answer.starts_with("HTTP/1.1 403 ") && answer.contains("metrics_from"), "{answer}");
}

#[test]
fn a_server_that_cannot_store_says_that_it_is_not_ready() {
    let server = Server::start();
    let mut anna = Client::login(&server, "anna");
    server.limit_files(Some(0));
    anna.send("lost?");
    anna.skip_to("<Not stored, so not sent");
    let answer = get(&server, "/readyz");
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    server.limit_files(None);
    let deadline = Instant::now() + PATIENCE;
    while !get(&server, "/readyz").starts_with("HTTP/1.1 200 ") {
        assert!(Instant::now() < deadline, "it is ready again");
        anna.send("now?");
        std::thread::yield_now();
    }
}
