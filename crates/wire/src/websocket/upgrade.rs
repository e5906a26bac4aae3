//! The HTTP/1.1 request a WebSocket begins with, and what may be answered to it.
//!
//! Spec: RFC 6455 section 4, RFC 9112.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest as _, Sha1};

/// Bytes of the longest request, with its headers and the empty line after them.
pub const REQUEST_BYTES_MAX: usize = 8 * 1024;

/// Header lines of one request.
pub const HEADERS_MAX: usize = 64;

/// Subprotocols that are read from one request; more are passed over.
pub const PROTOCOLS_MAX: usize = 16;

/// The media type of words for whoever reads them.
pub const PLAIN: &str = "text/plain; charset=utf-8";

/// What a key is hashed with (RFC 6455 section 1.3).
const KEY_SUFFIX: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// A request without a body, perhaps for a WebSocket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    method: &'a str,
    target: &'a str,
    is_http_1_1: bool,
    headers: Vec<(&'a str, &'a str)>,
    bytes: usize,
}

/// What a request asks for that wants a WebSocket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upgrade<'a> {
    key: &'a str,
    /// The subprotocols that the client speaks, its favourite first; at most [`PROTOCOLS_MAX`].
    pub protocols: Vec<&'a str>,
}

/// Why bytes are no request that can be answered otherwise than with the error's
/// [`status`](Self::status).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRequest {
    /// It is not HTTP/1, or there is more of it than there should be.
    #[error("not a request of HTTP/1 without a body")]
    Malformed,
    /// More than [`REQUEST_BYTES_MAX`] or [`HEADERS_MAX`].
    #[error("a request of more than {REQUEST_BYTES_MAX} bytes or {HEADERS_MAX} headers")]
    TooLarge,
}

/// Why a request gets no WebSocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoUpgrade {
    /// It does not ask for one: it wants a page.
    #[error("a request that asks for no WebSocket")]
    NotAsked,
    /// It asks for another version than 13.
    #[error("a WebSocket of another version than 13")]
    Version,
    /// It asks in a way that RFC 6455 does not know.
    #[error("a request for a WebSocket without what must be in it")]
    Malformed,
}

/// How a request is answered that gets no WebSocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// 200: here is what was asked for.
    Ok,
    /// 400: it cannot be understood.
    BadRequest,
    /// 401: not without a token.
    Unauthorized,
    /// 403: not from there; for a wrong `Origin`.
    Forbidden,
    /// 404: there is no such path.
    NotFound,
    /// 405: only GET.
    MethodNotAllowed,
    /// 421: meant for another server, as its `Host` says.
    Misdirected,
    /// 426: here is only a WebSocket, of version 13.
    UpgradeRequired,
    /// 431: too much of it.
    TooLarge,
    /// 503: not now.
    Unavailable,
}

/// Whether a line is the first one of a request of HTTP/1, whatever its method.
///
/// A page can have its reader's browser send a form to any port, and choose what stands in the lines after
/// the headers. A protocol of lines must not take them for what someone typed.
#[must_use]
pub fn is_request_line(line: &str) -> bool {
    let mut words = line.trim_end().split(' ');
    let is_method = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_uppercase());
    let is_version = |word: &str| matches!(word, "HTTP/1.0" | "HTTP/1.1");
    words.next().is_some_and(is_method) && words.nth(1).is_some_and(is_version)
}

impl<'a> Request<'a> {
    /// Reads a request from the beginning of these bytes; `None` until the empty line after its
    /// headers has come.
    ///
    /// Values of headers that are not UTF-8 are read as empty.
    ///
    /// # Errors
    /// [`BadRequest::Malformed`], also when it announces a body or has two `Host` headers;
    /// [`BadRequest::TooLarge`], said as soon as it is known.
    pub fn parse(bytes: &'a [u8]) -> Result<Option<Self>, BadRequest> {
        let bounded = bytes.get(..REQUEST_BYTES_MAX).unwrap_or(bytes);
        let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
        let mut read = httparse::Request::new(&mut headers);
        let bytes = match read.parse(bounded) {
            Ok(httparse::Status::Complete(bytes)) => bytes,
            Ok(httparse::Status::Partial) if bounded.len() < REQUEST_BYTES_MAX => return Ok(None),
            Ok(httparse::Status::Partial) | Err(httparse::Error::TooManyHeaders) => {
                return Err(BadRequest::TooLarge);
            }
            Err(_) => return Err(BadRequest::Malformed),
        };
        let text = |value: &'a [u8]| std::str::from_utf8(value).unwrap_or_default();
        let request = Self {
            method: read.method.unwrap_or_default(),
            target: read.path.unwrap_or_default(),
            is_http_1_1: read.version == Some(1),
            headers: read.headers.iter().map(|header| (header.name, text(header.value))).collect(),
            bytes,
        };
        // A body would be read as frames, or as the next request.
        let has_body = request.values("Transfer-Encoding").next().is_some()
            || request.values("Content-Length").any(|length| length != "0");
        if has_body || request.values("Host").count() > 1 {
            return Err(BadRequest::Malformed);
        }
        Ok(Some(request))
    }

    /// Bytes of the request; what comes after them are frames already.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The method, such as `GET`.
    #[must_use]
    pub fn method(&self) -> &'a str {
        self.method
    }

    /// Whether it is of HTTP/1.1, and not of HTTP/1.0.
    #[must_use]
    pub fn is_http_1_1(&self) -> bool {
        self.is_http_1_1
    }

    /// The path, as it came: neither decoded nor made sure to begin with `/`; without `?` and what
    /// follows it.
    #[must_use]
    pub fn path(&self) -> &'a str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// A header's first value, its name in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&'a str> {
        self.values(name).next()
    }

    /// The name and port that the client believes it talks to.
    #[must_use]
    pub fn host(&self) -> Option<&'a str> {
        self.header("Host")
    }

    /// The page that a browser was on, such as `https://chat.example`; other clients send none. Of
    /// several, the first: browsers send one.
    #[must_use]
    pub fn origin(&self) -> Option<&'a str> {
        self.header("Origin")
    }

    /// What it asks for, if it is a WebSocket.
    ///
    /// # Errors
    /// See [`NoUpgrade`].
    pub fn upgrade(&self) -> Result<Upgrade<'a>, NoUpgrade> {
        if !self.lists("Upgrade").any(|word| word.eq_ignore_ascii_case("websocket")) {
            return Err(NoUpgrade::NotAsked);
        }
        let is_connection =
            self.lists("Connection").any(|word| word.eq_ignore_ascii_case("upgrade"));
        if self.method != "GET" || !self.is_http_1_1 || !is_connection || self.host().is_none() {
            return Err(NoUpgrade::Malformed);
        }
        if self.header("Sec-WebSocket-Version") != Some("13") {
            return Err(NoUpgrade::Version);
        }
        let mut keys = self.values("Sec-WebSocket-Key");
        let (Some(key), None) = (keys.next(), keys.next()) else {
            return Err(NoUpgrade::Malformed);
        };
        if !STANDARD.decode(key).is_ok_and(|key| key.len() == 16) {
            return Err(NoUpgrade::Malformed);
        }
        let protocols = self.lists("Sec-WebSocket-Protocol").take(PROTOCOLS_MAX).collect();
        Ok(Upgrade { key, protocols })
    }

    fn values(&self, name: &str) -> impl Iterator<Item = &'a str> {
        let of_name = move |header: &&(&str, &str)| header.0.eq_ignore_ascii_case(name);
        self.headers.iter().filter(of_name).map(|(_, value)| value.trim())
    }

    /// The words of all headers of a name, between commas.
    fn lists(&self, name: &str) -> impl Iterator<Item = &'a str> {
        let words = self.values(name).flat_map(|value| value.split(',')).map(str::trim);
        words.filter(|word| !word.is_empty())
    }
}

impl Upgrade<'_> {
    /// Appends the answer after which there are only frames: 101, with the subprotocol that was
    /// chosen of those the client speaks.
    pub fn accept(&self, protocol: Option<&str>, out: &mut Vec<u8>) {
        debug_assert!(
            protocol.is_none_or(|protocol| self.protocols.contains(&protocol)),
            "the protocol is one of the client's"
        );
        let hashed = Sha1::new().chain_update(self.key).chain_update(KEY_SUFFIX).finalize();
        out.extend(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n");
        push_header("Connection", "Upgrade", out);
        push_header("Sec-WebSocket-Accept", &STANDARD.encode(hashed), out);
        if let Some(protocol) = protocol {
            push_header("Sec-WebSocket-Protocol", protocol, out);
        }
        out.extend(b"\r\n");
    }
}

impl BadRequest {
    /// How it is answered.
    #[must_use]
    pub fn status(self) -> Status {
        match self {
            Self::Malformed => Status::BadRequest,
            Self::TooLarge => Status::TooLarge,
        }
    }
}

impl NoUpgrade {
    /// How it is answered where there is nothing but a WebSocket.
    #[must_use]
    pub fn status(self) -> Status {
        match self {
            Self::NotAsked | Self::Version => Status::UpgradeRequired,
            Self::Malformed => Status::BadRequest,
        }
    }
}

impl Status {
    /// The number, and the words for it.
    #[must_use]
    pub fn line(self) -> &'static str {
        match self {
            Self::Ok => "200 OK",
            Self::BadRequest => "400 Bad Request",
            Self::Unauthorized => "401 Unauthorized",
            Self::Forbidden => "403 Forbidden",
            Self::NotFound => "404 Not Found",
            Self::MethodNotAllowed => "405 Method Not Allowed",
            Self::Misdirected => "421 Misdirected Request",
            Self::UpgradeRequired => "426 Upgrade Required",
            Self::TooLarge => "431 Request Header Fields Too Large",
            Self::Unavailable => "503 Service Unavailable",
        }
    }

    /// Appends a whole answer with a text of this media type, after which the connection is to be
    /// closed.
    pub fn answer(self, media_type: &str, text: &str, out: &mut Vec<u8>) {
        out.extend(b"HTTP/1.1 ");
        out.extend(self.line().as_bytes());
        out.extend(b"\r\n");
        match self {
            // RFC 9110 section 15.5.22 wants both of them, and RFC 6455 section 4.4 the version.
            Self::UpgradeRequired => {
                push_header("Upgrade", "websocket", out);
                push_header("Connection", "Upgrade, close", out);
                push_header("Sec-WebSocket-Version", "13", out);
            }
            Self::MethodNotAllowed => {
                push_header("Connection", "close", out);
                push_header("Allow", "GET", out);
            }
            // RFC 9110 section 15.5.2 wants to say how.
            Self::Unauthorized => {
                push_header("Connection", "close", out);
                push_header("WWW-Authenticate", "Bearer", out);
            }
            _ => push_header("Connection", "close", out),
        }
        push_header("Content-Type", media_type, out);
        push_header("X-Content-Type-Options", "nosniff", out);
        push_header("Content-Length", &text.len().to_string(), out);
        out.extend(b"\r\n");
        out.extend(text.as_bytes());
    }
}

/// Appends a header; what would end its line is dropped.
fn push_header(name: &str, value: &str, out: &mut Vec<u8>) {
    out.extend(name.as_bytes());
    out.extend(b": ");
    out.extend(value.bytes().filter(|byte| !byte.is_ascii_control()));
    out.extend(b"\r\n");
}

#[cfg(test)]
mod tests;
