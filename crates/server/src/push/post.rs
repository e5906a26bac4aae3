//! One request to a push service: HTTP/1.1 over TLS, on a connection of its own.
//!
//! Whoever has an account says where it goes. So it goes to public addresses only, by TLS only, to the
//! address that was looked at, is never sent on elsewhere, and takes a bounded time and memory.
//!
//! Spec: RFC 8030, section 5; RFC 9112.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs as _};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chinwag_model::push::Endpoint;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, Stream};

use super::address::is_public;

/// How long all of it may take, but for the look-up of the name.
const TIME_MAX: Duration = Duration::from_secs(10);

/// Addresses of one name that are tried.
const ADDRESSES_MAX: usize = 3;

/// Bytes of the answer that are read; what counts stands in its first line.
const ANSWER_BYTES_MAX: usize = 1024;

/// How long the push service keeps what it cannot deliver, in seconds.
const KEPT_SECONDS: u32 = 7 * 24 * 60 * 60;

/// What is posted.
#[derive(Debug)]
pub(super) struct Letter<'l> {
    pub(super) endpoint: &'l Endpoint,
    pub(super) authorization: &'l str,
    /// Whether the device is woken for it even if its battery is low.
    pub(super) urgent: bool,
    pub(super) body: &'l [u8],
}

/// Why nothing was posted.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotPosted {
    /// None of the name's addresses is public.
    #[error("it has no public address")]
    Private,
    /// The host is none that a certificate could name.
    #[error("its host is no name")]
    Name,
    #[error("TLS: {0}")]
    Tls(#[from] rustls::Error),
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Posts a letter; the status that the push service answers with.
///
/// # Errors
/// [`NotPosted`].
pub(super) fn post(
    letter: &Letter<'_>,
    tls: &Arc<ClientConfig>,
    private_addresses: bool,
) -> Result<u16, NotPosted> {
    let endpoint = letter.endpoint;
    let found = (endpoint.host(), endpoint.port()).to_socket_addrs()?;
    let allowed = |address: &SocketAddr| private_addresses || is_public(address.ip());
    let addresses: Vec<_> = found.filter(allowed).take(ADDRESSES_MAX).collect();
    let deadline = Instant::now() + TIME_MAX;
    let mut stream = Timed { stream: connect(&addresses, deadline)?, deadline };
    let name = ServerName::try_from(endpoint.host().to_owned()).map_err(|_| NotPosted::Name)?;
    let mut session = ClientConnection::new(Arc::clone(tls), name)?;
    let mut stream = Stream::new(&mut session, &mut stream);
    stream.write_all(&request(letter))?;
    stream.flush()?;
    Ok(status(&mut stream)?)
}

fn connect(addresses: &[SocketAddr], deadline: Instant) -> Result<TcpStream, NotPosted> {
    let mut failed = NotPosted::Private;
    for address in addresses {
        match left(deadline).and_then(|left| TcpStream::connect_timeout(address, left)) {
            Ok(stream) => return Ok(stream),
            Err(error) => failed = error.into(),
        }
    }
    Err(failed)
}

fn request(letter: &Letter<'_>) -> Vec<u8> {
    let Letter { endpoint, authorization, urgent, body } = letter;
    let head = format!(
        "POST {} HTTP/1.1\r\n\
         Host: {}\r\n\
         Authorization: {authorization}\r\n\
         Content-Encoding: aes128gcm\r\n\
         Content-Type: application/octet-stream\r\n\
         Content-Length: {}\r\n\
         TTL: {KEPT_SECONDS}\r\n\
         Urgency: {}\r\n\
         Connection: close\r\n\r\n",
        endpoint.path(),
        endpoint.authority(),
        body.len(),
        if *urgent { "high" } else { "normal" },
    );
    let mut request = head.into_bytes();
    request.extend_from_slice(body);
    request
}

/// Reads the status line of an answer.
fn status(stream: &mut impl Read) -> io::Result<u16> {
    let mut answer = [0; ANSWER_BYTES_MAX];
    let mut length = 0;
    while !answer[..length].contains(&b'\n') {
        match stream.read(&mut answer[length..])? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => length += read,
        }
    }
    let line = answer.split(|byte| *byte == b'\n').next().and_then(|l| std::str::from_utf8(l).ok());
    let mut words = line.unwrap_or_default().split_ascii_whitespace();
    let version = words.next().is_some_and(|version| version.starts_with("HTTP/1."));
    let status = words.next().filter(|_| version).and_then(|status| status.parse().ok());
    status.ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// A stream on which everything together ends at a time.
struct Timed {
    stream: TcpStream,
    deadline: Instant,
}

impl Read for Timed {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(Some(left(self.deadline)?))?;
        self.stream.read(bytes)
    }
}

impl Write for Timed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(Some(left(self.deadline)?))?;
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

fn left(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_begins_with_its_status() {
        let long = "x".repeat(2 * ANSWER_BYTES_MAX);
        for (answer, read) in [
            ("HTTP/1.1 201 Created\r\nLocation: /a\r\n\r\n", Some(201)),
            ("HTTP/1.0 410\n", Some(410)),
            ("HTTP/2 200\r\n", None),
            ("SSH-2.0 200\r\n", None),
            ("HTTP/1.1 2oo OK\r\n", None),
            ("HTTP/1.1 200 OK", None),
            ("\n", None),
            (&long, None),
        ] {
            assert_eq!(status(&mut answer.as_bytes()).ok(), read, "{answer}");
        }
    }

    #[test]
    fn a_host_without_a_public_address_is_not_connected_to() {
        let tls = super::super::trusting(rustls::RootCertStore::empty()).unwrap();
        for host in ["127.0.0.1", "[::1]", "localhost", "169.254.169.254", "0x7f.1"] {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            let port = listener.local_addr().unwrap().port();
            let endpoint = Endpoint::parse(&format!("https://{host}:{port}/")).unwrap();
            let letter =
                Letter { endpoint: &endpoint, authorization: "", urgent: false, body: b"" };
            let refused = post(&letter, &tls, false);
            // A name that the system cannot look up is an error of its own.
            assert!(matches!(refused, Err(NotPosted::Private | NotPosted::Io(_))), "{host}");
            listener.set_nonblocking(true).unwrap();
            assert!(listener.accept().is_err(), "{host} was connected to");
        }
    }
}
