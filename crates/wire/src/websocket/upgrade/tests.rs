use proptest::prelude::*;

use super::*;

/// The request of RFC 6455 section 1.2.
const REQUEST: &str = "GET /chat?x=y HTTP/1.1\r\n\
    Host: server.example.com\r\n\
    Upgrade: websocket\r\n\
    Connection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Origin: http://example.com\r\n\
    Sec-WebSocket-Protocol: chat, superchat\r\n\
    Sec-WebSocket-Version: 13\r\n\
    \r\n";

/// What the request becomes when one text in it is replaced by another.
fn changed(from: &str, to: &str) -> String {
    assert!(REQUEST.contains(from), "{from:?} stands in the request");
    REQUEST.replace(from, to)
}

fn read(request: &str) -> Result<Request<'_>, BadRequest> {
    Request::parse(request.as_bytes()).map(|request| request.expect("a whole request"))
}

#[test]
fn the_request_of_the_standard_gets_the_answer_of_the_standard() {
    let request = read(REQUEST).expect("a request");
    assert_eq!((request.method(), request.path()), ("GET", "/chat"));
    assert_eq!(request.host(), Some("server.example.com"));
    assert_eq!(request.origin(), Some("http://example.com"));
    assert_eq!(request.bytes(), REQUEST.len());
    let upgrade = request.upgrade().expect("asks for a WebSocket");
    assert_eq!(upgrade.protocols, ["chat", "superchat"]);
    let mut out = Vec::new();
    upgrade.accept(Some("chat"), &mut out);
    let answer = "HTTP/1.1 101 Switching Protocols\r\n\
        Upgrade: websocket\r\n\
        Connection: Upgrade\r\n\
        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
        Sec-WebSocket-Protocol: chat\r\n\
        \r\n";
    assert_eq!(String::from_utf8_lossy(&out), answer);
}

#[test]
fn a_request_may_be_written_otherwise() {
    for (from, to) in [
        ("Upgrade: websocket", "upgrade:  WebSocket "),
        ("Upgrade: websocket", "Upgrade: h2c, websocket"),
        ("Connection: Upgrade", "Connection: keep-alive, upgrade"),
        ("Connection: Upgrade", "Connection: keep-alive\r\nConnection: Upgrade"),
        ("chat, superchat", "chat,,\r\nSec-WebSocket-Protocol: superchat ,"),
        ("Host:", "Content-Length: 0\r\nHost:"),
    ] {
        let request = changed(from, to);
        let request = read(&request).expect("a request");
        let upgrade = request.upgrade().expect("asks for a WebSocket");
        assert_eq!(upgrade.protocols, ["chat", "superchat"], "{to}");
    }
}

#[test]
fn what_gets_no_websocket_says_why() {
    for (from, to, why) in [
        ("Upgrade: websocket\r\n", "", NoUpgrade::NotAsked),
        ("Upgrade: websocket", "Upgrade: h2c", NoUpgrade::NotAsked),
        ("Connection: Upgrade\r\n", "", NoUpgrade::Malformed),
        ("GET", "POST", NoUpgrade::Malformed),
        ("HTTP/1.1", "HTTP/1.0", NoUpgrade::Malformed),
        ("Host", "Hast", NoUpgrade::Malformed),
        ("Key: dGhlIHNhbXBsZSBub25jZQ==", "Key: dGhl", NoUpgrade::Malformed),
        ("Key: dGhlIHNhbXBsZSBub25jZQ==", "Key: !", NoUpgrade::Malformed),
        ("Sec-WebSocket-Key", "Sec-Key", NoUpgrade::Malformed),
        ("Origin: http://example.com", "Sec-WebSocket-Key: x", NoUpgrade::Malformed),
        ("Version: 13", "Version: 8", NoUpgrade::Version),
        ("Sec-WebSocket-Version: 13\r\n", "", NoUpgrade::Version),
    ] {
        let request = changed(from, to);
        assert_eq!(read(&request).expect("a request").upgrade(), Err(why), "{to}");
    }
}

#[test]
fn what_is_no_request_is_refused() {
    let many = "X: y\r\n".repeat(HEADERS_MAX);
    let long = format!("X: {}\r\n", "y".repeat(REQUEST_BYTES_MAX));
    for (request, why) in [
        ("\x16\x03\x01\x02\r\n\r\n", BadRequest::Malformed),
        ("NICK ana\r\nUSER ana 0 * :ana\r\n", BadRequest::Malformed),
        ("GET / HTTP/2.0\r\n\r\n", BadRequest::Malformed),
        (&changed("\r\nHost", "\r\n Host"), BadRequest::Malformed),
        (&changed("Host:", "Host :"), BadRequest::Malformed),
        (&changed("Origin", "Host"), BadRequest::Malformed),
        (&changed("Origin:", "Content-Length: 5\r\nOrigin:"), BadRequest::Malformed),
        (&changed("Origin:", "Transfer-Encoding: chunked\r\nOrigin:"), BadRequest::Malformed),
        (&changed("Origin", &format!("{many}Origin")), BadRequest::TooLarge),
        (&changed("Origin", &format!("{long}Origin")), BadRequest::TooLarge),
        (&format!("GET /{}", "x".repeat(REQUEST_BYTES_MAX)), BadRequest::TooLarge),
    ] {
        let read = Request::parse(request.as_bytes());
        let shown: String = request.chars().take(90).collect();
        assert_eq!(read, Err(why), "{shown}");
    }
}

#[test]
fn half_a_request_is_waited_for() {
    for end in 0..REQUEST.len() {
        let half = &REQUEST[..end];
        assert_eq!(Request::parse(half.as_bytes()), Ok(None), "{half}");
    }
    let more = format!("{REQUEST}\u{1}\u{2}");
    assert_eq!(read(&more).map(|request| request.bytes()), Ok(REQUEST.len()));
}

#[test]
fn whoever_gets_no_websocket_gets_a_text() {
    let mut out = Vec::new();
    NoUpgrade::NotAsked.status().answer(PLAIN, "Come with a WebSocket.\n", &mut out);
    let answer = "HTTP/1.1 426 Upgrade Required\r\n\
        Upgrade: websocket\r\n\
        Connection: Upgrade, close\r\n\
        Sec-WebSocket-Version: 13\r\n\
        Content-Type: text/plain; charset=utf-8\r\n\
        X-Content-Type-Options: nosniff\r\n\
        Content-Length: 23\r\n\
        \r\n\
        Come with a WebSocket.\n";
    assert_eq!(String::from_utf8_lossy(&out), answer);
    for status in [
        Status::Ok,
        Status::BadRequest,
        Status::Forbidden,
        Status::NotFound,
        Status::MethodNotAllowed,
        Status::TooLarge,
        Status::Unavailable,
    ] {
        let mut out = Vec::new();
        status.answer(PLAIN, "é", &mut out);
        let answer = String::from_utf8_lossy(&out).into_owned();
        assert!(answer.starts_with(&format!("HTTP/1.1 {}\r\n", status.line())), "{answer}");
        assert!(answer.contains("\r\nConnection: close\r\n"), "{answer}");
        assert!(answer.ends_with("\r\nContent-Length: 2\r\n\r\né"), "{answer}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        place in 0usize..REQUEST.len(),
    ) {
        let mut request = REQUEST.as_bytes().to_vec();
        request.splice(place..place, bytes.iter().copied());
        for bytes in [bytes, request] {
            if let Ok(Some(request)) = Request::parse(&bytes) {
                prop_assert!(request.bytes() <= bytes.len());
                if let Ok(upgrade) = request.upgrade() {
                    let mut out = Vec::new();
                    upgrade.accept(None, &mut out);
                    prop_assert!(out.ends_with(b"\r\n\r\n"));
                }
            }
        }
    }
}

#[test]
fn the_first_line_of_a_request_is_known_for_one() {
    for (line, is_one) in [
        ("GET / HTTP/1.1", true),
        ("POST /a?b=c HTTP/1.0", true),
        ("PROPFIND * HTTP/1.1\r", true),
        ("get / HTTP/1.1", false),
        ("POST / HTTP/2", false),
        ("POST  HTTP/1.1", true),
        ("POST / x HTTP/1.1", false),
        ("NICK ana", false),
        ("", false),
        (" / HTTP/1.1", false),
    ] {
        assert_eq!(is_request_line(line), is_one, "{line:?}");
    }
}
