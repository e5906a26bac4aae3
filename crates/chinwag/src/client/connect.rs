//! Connecting to the server, up to its greeting.

use std::fmt;
use std::io;
use std::net::{TcpStream, ToSocketAddrs};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chinwag_wire::line::telnet::{IAC, NOP};
use rustix::net::sockopt;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;

use super::address::Address;
use super::stream::Stream;
use super::trust::Trust;
use crate::fingerprint::Fingerprint;

/// How long one address of a server may take to answer.
const CONNECT_MAX: Duration = Duration::from_secs(10);

/// How long a server that is connected may take to greet.
const GREETING_MAX: Duration = Duration::from_secs(30);

/// The longest first line of a server, in bytes.
const GREETING_BYTES_MAX: usize = 4096;

/// How long the server may be silent before it is asked for a sign of life, how long between two
/// such questions, and how many may stay unanswered: a dead connection is noticed in a minute.
const ALIVE_IDLE: Duration = Duration::from_secs(30);
const ALIVE_INTERVAL: Duration = Duration::from_secs(10);
const ALIVE_COUNT: u32 = 3;

/// How long what was sent may stay unacknowledged.
const UNACKNOWLEDGED_MS_MAX: u32 = 30_000;

/// What a server says to a plain connection where it requires TLS.
const WANTS_TLS: &[u8] = b"<This port wants TLS.>";

/// Where the server is, and how it is spoken to. Shown as `HOST:PORT`.
#[derive(Clone, Debug)]
pub(super) struct Server {
    host: String,
    port: u16,
    /// Whether TLS is spoken: asked for, or required by the server once.
    is_tls: bool,
    authorities: Option<PathBuf>,
    pinned: Option<Fingerprint>,
    /// Made for the first TLS connection.
    tls: Option<(Arc<Trust>, Arc<ClientConfig>)>,
}

/// A connection, and what has been read from it: the beginning of the greeting.
#[derive(Debug)]
pub(super) struct Greeted {
    pub(super) stream: Stream,
    pub(super) head: Vec<u8>,
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotConnected {
    #[error("{0}; check host and port, and that the server runs")]
    Unreachable(io::Error),
    #[error("it closed the connection without a greeting; check that HOST and PORT are chinwag's")]
    Closed,
    #[error("it does not greet; check that HOST and PORT are chinwag's")]
    Silent,
    #[error("{0}")]
    Broken(io::Error),
    #[error("TLS: {0:#}")]
    NoTls(anyhow::Error),
    #[error("\"{0}\" is no name that a certificate can be for; pin it with --tls-fingerprint")]
    NoServerName(String),
    #[error(
        "TLS: its certificate is not trusted ({why}); if the SHA-256 fingerprint {met} is right, give \
         it as --tls-fingerprint"
    )]
    Untrusted { why: String, met: Fingerprint },
    #[error(
        "TLS: its certificate has the SHA-256 fingerprint {met}, not the one of --tls-fingerprint; \
         somebody may stand between, or the server has a new one"
    )]
    Other { met: Fingerprint },
    #[error("TLS: {0}; check that the server speaks TLS at this port")]
    Handshake(io::Error),
}

impl Server {
    /// A server that is spoken to in plain unless the address, an option or the server itself asks for TLS.
    pub(super) fn new(
        address: &Address,
        is_tls: bool,
        authorities: Option<PathBuf>,
        pinned: Option<Fingerprint>,
    ) -> Self {
        let is_tls = address.is_tls || is_tls || authorities.is_some() || pinned.is_some();
        let (host, port) = (address.host.clone(), address.port);
        Self { host, port, is_tls, authorities, pinned, tls: None }
    }

    /// Connects to the first of the server's addresses that answers, and waits for the greeting. Over
    /// TLS if that is asked for, or if the server requires it.
    ///
    /// # Errors
    /// Where there is no connection, no greeting, or a certificate that is not trusted.
    pub(super) fn connect(&mut self) -> Result<Greeted, NotConnected> {
        if !self.is_tls {
            let greeted = greeting(Stream::plain(self.socket()?))?;
            if !greeted.head.starts_with(WANTS_TLS) {
                return Ok(greeted);
            }
            // Nothing was sent that anybody may not read. From now on nothing is sent in plain.
            self.is_tls = true;
        }
        greeting(self.handshake()?)
    }

    fn socket(&self) -> Result<TcpStream, NotConnected> {
        let mut error = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
        let addresses = (self.host.as_str(), self.port).to_socket_addrs();
        for address in addresses.map_err(NotConnected::Unreachable)? {
            match TcpStream::connect_timeout(&address, CONNECT_MAX) {
                Ok(stream) => {
                    tune(&stream).map_err(NotConnected::Broken)?;
                    return Ok(stream);
                }
                Err(refused) => error = refused,
            }
        }
        Err(NotConnected::Unreachable(error))
    }

    fn handshake(&mut self) -> Result<Stream, NotConnected> {
        let (trust, config) = match self.tls.clone() {
            Some(tls) => tls,
            None => {
                let trust = Trust::new(self.pinned, self.authorities.as_deref())
                    .map_err(NotConnected::NoTls)?;
                let config = trust.config().map_err(|e| NotConnected::NoTls(e.into()))?;
                self.tls.insert((trust, config)).clone()
            }
        };
        // A zone is this machine's own word.
        let host = self.host.split_once('%').map_or(self.host.as_str(), |(host, _)| host);
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| NotConnected::NoServerName(host.to_owned()))?;
        let socket = self.socket()?;
        Stream::encrypted(socket, config, name).map_err(|error| {
            let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
            match (inner, trust.met()) {
                (Some(rustls::Error::InvalidCertificate(_)), Some(met))
                    if self.pinned.is_some() =>
                {
                    NotConnected::Other { met }
                }
                (Some(rustls::Error::InvalidCertificate(why)), Some(met)) => {
                    NotConnected::Untrusted { why: why.to_string(), met }
                }
                _ => NotConnected::Handshake(error),
            }
        })
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

/// Shows that line mode is spoken, by what is no text, and waits for the first line. The server then
/// greets at once, and whatever is said next is never taken for another protocol.
fn greeting(stream: Stream) -> Result<Greeted, NotConnected> {
    stream.write_all(&[IAC, NOP]).map_err(NotConnected::Broken)?;
    let due = Instant::now() + GREETING_MAX;
    let mut head = Vec::new();
    let mut piece = [0; GREETING_BYTES_MAX];
    while !head.contains(&b'\n') && head.len() < GREETING_BYTES_MAX {
        let left = due.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(NotConnected::Silent);
        }
        match stream.read(&mut piece, Some(left)) {
            Ok(0) if head.is_empty() => return Err(NotConnected::Closed),
            Ok(0) => break,
            Ok(count) => head.extend_from_slice(piece.get(..count).unwrap_or_default()),
            Err(error) => match error.kind() {
                io::ErrorKind::Interrupted => {}
                io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
                    return Err(NotConnected::Silent);
                }
                _ => return Err(NotConnected::Broken(error)),
            },
        }
    }
    Ok(Greeted { stream, head })
}

/// Has lines leave at once, and a dead connection noticed.
fn tune(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    sockopt::set_socket_keepalive(stream, true)?;
    sockopt::set_tcp_keepidle(stream, ALIVE_IDLE)?;
    sockopt::set_tcp_keepintvl(stream, ALIVE_INTERVAL)?;
    sockopt::set_tcp_keepcnt(stream, ALIVE_COUNT)?;
    sockopt::set_tcp_user_timeout(stream, UNACKNOWLEDGED_MS_MAX)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(host: &str, port: u16) -> Server {
        let address = Address { host: host.to_owned(), port, is_tls: false, name: None };
        Server::new(&address, false, None, None)
    }

    #[test]
    fn a_server_is_shown_as_it_can_be_typed_elsewhere() {
        for (host, shown) in [("chat.example", "chat.example:8080"), ("::1", "[::1]:8080")] {
            assert_eq!(server(host, 8080).to_string(), shown);
        }
    }

    #[test]
    fn a_server_that_is_not_there_is_an_error() {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let error = server("127.0.0.1", free).connect().unwrap_err();
        assert!(matches!(error, NotConnected::Unreachable(_)), "{error}");
    }
}
