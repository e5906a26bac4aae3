//! Which protocol a client speaks, by its first bytes.

use crate::options::Faces;

/// The longest beginning that must be seen to tell.
const NEEDED_MAX: usize = 16;

/// What a client's first bytes tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spoken {
    /// Not enough to tell yet.
    Unsure,
    /// Line mode: anything that is nothing else.
    Line,
    /// IRC: a command that every client begins with.
    Irc,
    /// HTTP, and so also WebSocket.
    Web,
    /// TLS: a ClientHello record (RFC 8446, section 5.1).
    Tls,
    /// What a proxy says of whose connection it passes on.
    Proxy,
}

const IRC: &[&[u8]] = &[b"CAP ", b"NICK ", b"USER ", b"PASS ", b"WEBIRC ", b"AUTHENTICATE "];
const WEB: &[&[u8]] = &[
    b"GET ",
    b"HEAD ",
    b"POST ",
    b"PUT ",
    b"DELETE ",
    b"OPTIONS ",
    b"PATCH ",
    b"TRACE ",
    b"CONNECT ",
    b"PRI * HTTP/2",
];

/// How headers of the PROXY protocol begin. They come whole, so that nobody need wait to be told
/// from them who begins alike.
const PROXY: &[&[u8]] =
    &[b"PROXY TCP4 ", b"PROXY TCP6 ", b"PROXY UNKNOWN", b"\r\n\r\n\0\r\nQUIT\n"];

/// Tells the protocol by the first bytes.
pub(crate) fn detect(bytes: &[u8]) -> Spoken {
    if bytes.first() == Some(&0x16) {
        return match bytes.get(1) {
            None => Spoken::Unsure,
            Some(3) => Spoken::Tls,
            Some(_) => Spoken::Line,
        };
    }
    if PROXY.iter().any(|mark| bytes.starts_with(mark)) {
        return Spoken::Proxy;
    }
    let head = bytes.get(..NEEDED_MAX).unwrap_or(bytes).to_ascii_uppercase();
    if IRC.iter().any(|word| head.starts_with(word)) {
        return Spoken::Irc;
    }
    // HTTP's methods are case-sensitive (RFC 9110, section 9.1).
    if WEB.iter().any(|word| bytes.starts_with(word)) {
        return Spoken::Web;
    }
    let begins = IRC.iter().any(|word| word.starts_with(&head))
        || WEB.iter().any(|word| word.starts_with(bytes));
    if begins { Spoken::Unsure } else { Spoken::Line }
}

/// The one line that a client gets who speaks what is not to be had here, in words it can show.
pub(crate) fn apology(spoken: Spoken, faces: Faces) -> Vec<u8> {
    match spoken {
        Spoken::Irc => format!("ERROR :This port does not speak IRC, only {faces}.\r\n").into(),
        Spoken::Web => {
            let body = format!("This port has no web face, only {faces}.\n");
            http("501 Not Implemented", "", &body)
        }
        // A fatal alert, protocol_version (RFC 8446, section 6): what a TLS client can show.
        Spoken::Tls => vec![0x15, 3, 3, 0, 2, 2, 70],
        Spoken::Proxy => {
            b"<From here no PROXY header is taken; proxy_from names those who may send one.>\n"
                .to_vec()
        }
        Spoken::Line | Spoken::Unsure => {
            format!("<This port does not speak line mode, only {faces}.>\n").into()
        }
    }
}

/// The one line that a client gets in clear where all is to be encrypted.
pub(crate) fn tls_wanted(spoken: Spoken) -> Vec<u8> {
    match spoken {
        Spoken::Irc => b"ERROR :This port wants TLS.\r\n".to_vec(),
        Spoken::Web => {
            http("426 Upgrade Required", "\r\nUpgrade: TLS/1.2", "This port wants TLS.\n")
        }
        Spoken::Tls | Spoken::Proxy | Spoken::Line | Spoken::Unsure => {
            b"<This port wants TLS.>\n".to_vec()
        }
    }
}

/// The one line that a client gets while nobody can come in, as the server is first doing this.
pub(crate) fn not_yet(spoken: Spoken, why: &str) -> Vec<u8> {
    let words = format!("This server is {why}; nobody can come in yet");
    match spoken {
        Spoken::Irc => format!("ERROR :{words}\r\n").into(),
        _ => format!("<{words}.>\n").into(),
    }
}

fn http(status: &str, fields: &str, body: &str) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8{fields}");
    let length = body.len();
    format!("{head}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_tell_the_protocol() {
        for (bytes, spoken) in [
            (&b""[..], Spoken::Unsure),
            (b"NIC", Spoken::Unsure),
            (b"nick ana\r\n", Spoken::Irc),
            (b"CAP LS 302\r\n", Spoken::Irc),
            (b"CAP", Spoken::Unsure),
            (b"CAP\n", Spoken::Line),
            (b"Captain\n", Spoken::Line),
            (b"GET / HTTP/1.1\r\n", Spoken::Web),
            (b"get_users\n", Spoken::Line),
            (b"\x16\x03\x01\x02", Spoken::Tls),
            (b"\x16x", Spoken::Line),
            (b"\xff\xfb\x01", Spoken::Line),
            (b"Alice", Spoken::Line),
            (b"\n", Spoken::Line),
            (b"\r\n", Spoken::Line),
            (b"PROXY\n", Spoken::Line),
            (b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n", Spoken::Proxy),
            (b"\r\n\r\n\0\r\nQUIT\n\x21\x11", Spoken::Proxy),
        ] {
            assert_eq!(detect(bytes), spoken, "{bytes:?}");
        }
    }
}
