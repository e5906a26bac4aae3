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
    request(server, &format!("GET {path} HTTP/1.1\r\nHost: localhost"))
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

/// A masked frame with this first byte.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match u16::try_from(payload.len()).expect("a frame of at most 65,535 bytes") {
        length @ ..126 => frame.push(0x80 | u8::try_from(length).expect("seven bits")),
        length => {
            frame.push(0x80 | 126);
            frame.extend(length.to_be_bytes());
        }
    }
    let mask = [7, 77, 177, 27];
    frame.extend(mask);
    frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

/// IRC in a WebSocket, as a browser speaks it.
struct Socket(TcpStream);

impl Socket {
    fn open(server: &Server, protocol: &str) -> Self {
        let mut stream = connect(server);
        let head = format!(
            "GET / HTTP/1.1\r\nHost: chat.test\r\nUpgrade: websocket\r\n\
             Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: {protocol}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).expect("send the request");
        Self::answered(stream, protocol)
    }

    /// Goes on behind a request that was sent.
    fn answered(mut stream: TcpStream, protocol: &str) -> Self {
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
        self.0.write_all(&frame(0x80 | opcode, text.as_bytes())).expect("send a frame");
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

/// The status that a request for a WebSocket gets, with this `Host` and these other headers.
fn upgrade_status(server: &Server, host: &str, more: &str) -> u16 {
    let head = format!(
        "GET / HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\n\
         Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Sec-WebSocket-Version: 13\r\n{more}\r\n"
    );
    let mut stream = connect(server);
    stream.write_all(head.as_bytes()).expect("send the request");
    let mut status = [0; 12];
    stream.read_exact(&mut status).expect("read the status");
    let status = status.strip_prefix(b"HTTP/1.1 ").and_then(|code| std::str::from_utf8(code).ok());
    status.and_then(|code| code.parse().ok()).expect("a status")
}

#[test]
fn a_page_of_another_site_connects_only_where_that_is_allowed() {
    let allowed = "\"https://other.example https://third.example\"";
    let settings = || Settings::new().set("server.url", "\"https://talk.example\"");
    let servers = [settings().start(), settings().set("server.web_origins", allowed).start()];
    for (host, origin, statuses) in [
        ("chat.test", "http://chat.test", [101, 101]),
        ("localhost:8080", "http://localhost:8080", [101, 101]),
        // As a proxy passes it on that encrypts, with the name or without.
        ("talk.example", "https://talk.example", [101, 101]),
        ("127.0.0.1:8080", "https://talk.example", [101, 101]),
        ("chat.test", "https://other.example", [403, 101]),
        ("chat.test", "https://THIRD.example", [403, 101]),
        ("other.example", "https://other.example", [421, 101]),
        // Another scheme or port, or no site at all.
        ("chat.test", "https://chat.test", [403, 403]),
        ("chat.test", "http://chat.test:81", [403, 403]),
        ("talk.example", "http://other.example", [403, 403]),
        ("chat.test", "https://evil.example", [403, 403]),
        ("chat.test", "null", [403, 403]),
    ] {
        let got = [0, 1]
            .map(|at: usize| upgrade_status(&servers[at], host, &format!("Origin: {origin}\r\n")));
        assert_eq!(got, statuses, "{host} {origin}");
    }
}

#[test]
fn attack_a_page_whose_name_leads_here_reaches_nothing() {
    let server = Server::start();
    // To a browser such a page and this server are one site.
    let origin = "Origin: http://evil:8080\r\n";
    assert_eq!(upgrade_status(&server, "evil:8080", origin), 421);
    assert_eq!(upgrade_status(&server, "evil:8080", ""), 421);
    assert_eq!(upgrade_status(&server, "evil:8080", "X-Forwarded-Host: chat.test\r\n"), 421);
    let answer = request(&server, "GET /metrics HTTP/1.1\r\nHost: evil:8080");
    assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
    let answer = request(&server, "GET /metrics HTTP/1.1\r\nHost: evil\r\nX-Forwarded-Host: a");
    assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
}

#[test]
fn attack_a_proxy_on_this_machine_gives_nobody_the_metrics() {
    let server = Server::start();
    for head in [
        // nginx with proxy_pass alone; with headers; haproxy; Apache.
        "GET /metrics HTTP/1.0\r\nHost: 127.0.0.1:8080\r\nConnection: close",
        "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nX-Real-IP: 192.0.2.1",
        "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nForwarded: for=192.0.2.1",
        "GET /metrics HTTP/1.1\r\nHost: chat.test",
        "GET /metrics HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-Server: a",
        "GET /metrics HTTP/1.1\r\nHost: localhost\r\nVia: 1.1 a",
    ] {
        let answer = request(&server, head);
        assert!(answer.starts_with("HTTP/1.1 403 "), "{head}: {answer}");
    }
}

#[test]
fn the_metrics_are_had_by_a_token_or_at_a_listener_of_their_own() {
    let server =
        Settings::new().set("metrics.token", "\"s3cret\"").set("server.metrics_from", "[]").start();
    let asked = "GET /metrics HTTP/1.1\r\nHost: behind.a.proxy\r\nX-Forwarded-For: 192.0.2.1";
    for (more, begins) in [
        ("", "HTTP/1.1 401 "),
        ("\r\nAuthorization: Bearer wrong", "HTTP/1.1 401 "),
        ("\r\nAuthorization: Bearer s3cret", "HTTP/1.1 200 "),
    ] {
        let answer = request(&server, &format!("{asked}{more}"));
        assert!(answer.starts_with(begins), "{more}: {answer}");
    }
    let settings = Settings::new().set("server.metrics_from", "[]");
    let server = settings.listen("faces", "[\"metrics\"]").start();
    for (host, path, begins) in [
        ("127.0.0.1", "/metrics", "HTTP/1.1 200 "),
        ("chat.test", "/metrics", "HTTP/1.1 200 "),
        ("evil:8080", "/metrics", "HTTP/1.1 403 "),
        ("127.0.0.1", "/healthz", "HTTP/1.1 200 "),
    ] {
        let answer = request(&server, &format!("GET {path} HTTP/1.1\r\nHost: {host}"));
        assert!(answer.starts_with(begins), "{host}{path}: {answer}");
    }
    assert_eq!(upgrade_status(&server, "127.0.0.1", ""), 404);
    let mut nc = Client::connect(&server);
    nc.send("Alice");
    nc.expect("<This port does not speak line mode, only metrics.>\n");
}

/// What a browser sends of a form, whose fields are chosen by the page: lines of a chat.
const FORM: &str = "POST / HTTP/1.1\r\nHost: chat.test:6667\r\nOrigin: http://evil\r\n\
    Content-Type: text/plain\r\nContent-Length: 70\r\n\r\n";

#[test]
fn adv_ergo_5_a_form_of_a_web_page_says_nothing() {
    let identity = support::tls::Identity::new();
    for faces in ["[\"line\", \"irc\", \"web\"]", "[\"irc\"]", "[\"line\"]", "[\"line\", \"irc\"]"]
    {
        let server = identity.settings().listen("faces", faces).listen("tls", "\"detect\"").start();
        let with_line = faces.contains("line");
        for body in [
            "NICK eve\r\nUSER e 0 * :e\r\nJOIN #lobby\r\nPRIVMSG #lobby :owned\r\n",
            "eve\r\nowned\r\n",
        ] {
            for verb in ["POST", "BREW"] {
                for (tls, waits) in [(false, false), (false, true), (true, false)] {
                    let mut browser = match tls {
                        true => Client::connect_tls(&server, &identity),
                        false => Client::connect(&server),
                    };
                    // A browser may open a connection before it has anything to say.
                    if waits && with_line {
                        browser.expect(&support::client::greeting());
                    }
                    let head = FORM.replace("POST", verb);
                    browser.send_bytes(format!("{head}{body}").as_bytes());
                    browser.each_line(|line| {
                        assert!(!line.contains("Welcome, "), "{faces} {verb}: {line}");
                    });
                }
            }
        }
        if with_line {
            let mut alice = Client::login(&server, "Alice");
            assert_eq!(alice.answer("get_users"), ["o Alice"], "{faces}");
            assert_eq!(alice.answer("/history lobby"), ["<No messages.>"], "{faces}");
        }
    }
}

#[test]
fn adv_unreal_1_frames_may_come_with_the_request_and_of_any_length() {
    let server = Server::start();
    let mut stream = connect(&server);
    let mut all = b"GET / HTTP/1.1\r\nHost: chat.test\r\nUpgrade: websocket\r\n\
        Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: text.ircv3.net\r\n\r\n"
        .to_vec();
    // Lengths around those of each way to say one, and of each buffer; what is too long for a line is
    // refused, and the connection goes on.
    for length in [0, 1, 125, 126, 127, 509, 510, 511, 4095, 4096, 8190, 8191, 8192, 16_383, 16_384]
    {
        all.extend(frame(0x81, &vec![b'a'; length]));
    }
    all.extend(frame(0x81, b"PING after"));
    stream.write_all(&all).expect("send all at once");
    let mut socket = Socket::answered(stream, "text.ircv3.net");
    socket.skip_to(":chat.test PONG chat.test :after");
    // One byte more than a message may have ends it, with the code for that.
    socket.0.write_all(&frame(0x81, &vec![b'a'; 16_385])).expect("send a frame");
    assert_eq!(socket.message(), (8, "\u{3}\u{fffd}".to_owned()));
    // The server goes on.
    assert!(get(&server, "/healthz").starts_with("HTTP/1.1 200 "));
}

#[test]
fn adv_ergo_10_fragments_without_an_end_and_floods_of_pings_hurt_nobody() {
    let server = Server::start();
    let mut alice = Client::login(&server, "Alice");
    let before = server.memory_kib();
    // A message in fragments of a byte, none of which is the last; and fragments of nothing.
    let mut endless = Socket::open(&server, "text.ircv3.net");
    let mut fragments = frame(0x01, b"a");
    (0..20_000).for_each(|_| fragments.extend(frame(0x00, b"a")));
    let _ = endless.0.write_all(&fragments);
    assert_eq!(endless.message().0, 8);
    let mut empty = Socket::open(&server, "text.ircv3.net");
    let mut fragments = frame(0x01, b"");
    (0..100_000).for_each(|_| fragments.extend(frame(0x00, b"")));
    empty.0.write_all(&fragments).expect("it is read");
    // Pings of one who reads no pong: reading ends where too much waits to be written.
    let pings: Vec<u8> = (0..1000).flat_map(|_| frame(0x89, &[b'p'; 125])).collect();
    let mut deaf = Socket::open(&server, "text.ircv3.net").0;
    deaf.set_nonblocking(true).expect("a socket that does not wait");
    let mut taken = 0;
    let deadline = Instant::now() + PATIENCE;
    loop {
        match deaf.write(&pings) {
            Ok(count) => taken += count,
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                // Others are served; and once nothing more is taken, it is at its bound.
                alice.expect_silence();
                match deaf.write(&pings) {
                    Ok(count) => taken += count,
                    Err(_) => break,
                }
            }
            Err(error) => panic!("{error}"),
        }
        assert!(taken < 1 << 28, "a flood that nobody reads the answers to is read for ever");
        assert!(Instant::now() < deadline, "it comes to no end");
    }
    let grown = server.memory_kib().saturating_sub(before);
    assert!(grown < 8 * 1024, "{grown} KiB for three connections");
    alice.send("hello");
    alice.expect("[lobby] Alice: hello\n");
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
