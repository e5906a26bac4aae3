//! Sockets that listen, and the connections that come of them.

use std::io;
use std::net::IpAddr;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;
use std::time::Duration;

use mio::event::Source;
use mio::{Interest, Registry, Token};
use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};

use crate::options::{Address, ListenOptions};

/// Connections that the kernel keeps until they are accepted.
const BACKLOG: i32 = 4096;

/// A silent connection is asked after this long whether it is still there, and counts as dead
/// after [`KEEPALIVE_PROBES`] questions without an answer.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(60);
const KEEPALIVE_PAUSE: Duration = Duration::from_secs(15);
const KEEPALIVE_PROBES: u32 = 4;

/// A socket that listens.
#[derive(Debug)]
pub struct Listener {
    socket: ListenSocket,
    address: Address,
    options: ListenOptions,
}

#[derive(Debug)]
enum ListenSocket {
    Tcp(mio::net::TcpListener),
    Unix(mio::net::UnixListener),
}

/// A connection's socket.
#[derive(Debug)]
pub(crate) enum Stream {
    Tcp(mio::net::TcpStream),
    Unix(mio::net::UnixStream),
}

/// Why a listener could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Someone listens there already.
    #[error(
        "cannot listen on {address}: it is in use; stop what uses it, or choose another with --listen"
    )]
    InUse {
        /// Where.
        address: Address,
    },
    /// The address is not one of this machine's.
    #[error("cannot listen on {address}: this machine has no such address")]
    NotHere {
        /// Where.
        address: Address,
    },
    /// Not allowed.
    #[error("cannot listen on {address}: permission denied; choose a port above 1023, or allow it")]
    Denied {
        /// Where.
        address: Address,
    },
    /// Something else stands at that path.
    #[error(
        "cannot listen on {address}: there is a file that is no socket; remove it or choose another path"
    )]
    Occupied {
        /// Where.
        address: Address,
    },
    /// Anything else.
    #[error("cannot listen on {address}: {source}")]
    Other {
        /// Where.
        address: Address,
        /// Why.
        source: io::Error,
    },
}

impl Listener {
    /// Opens a listener.
    ///
    /// # Errors
    /// [`ListenError`], which says where and what to do.
    pub fn open(options: ListenOptions) -> Result<Self, ListenError> {
        let asked = options.address.clone();
        let opened = match &options.address {
            Address::Tcp(address) => open_tcp(*address),
            Address::Unix(path) => open_unix(path),
        };
        match opened {
            Ok((socket, address)) => Ok(Self { socket, address, options }),
            Err(source) => Err(match source.kind() {
                io::ErrorKind::AddrInUse => ListenError::InUse { address: asked },
                io::ErrorKind::AddrNotAvailable => ListenError::NotHere { address: asked },
                io::ErrorKind::PermissionDenied => ListenError::Denied { address: asked },
                io::ErrorKind::AlreadyExists => ListenError::Occupied { address: asked },
                _ => ListenError::Other { address: asked, source },
            }),
        }
    }

    /// Where it listens: with port 0, the port it got.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// What was asked for.
    #[must_use]
    pub fn options(&self) -> &ListenOptions {
        &self.options
    }

    /// Takes the next connection that came, with its peer's address if it has one.
    pub(crate) fn accept(&self) -> io::Result<(Stream, Option<IpAddr>)> {
        match &self.socket {
            ListenSocket::Tcp(listener) => {
                let (stream, peer) = listener.accept()?;
                // Each batch is one write: waiting for more to send would only delay it.
                let _ = stream.set_nodelay(true);
                let keepalive = TcpKeepalive::new()
                    .with_time(KEEPALIVE_IDLE)
                    .with_interval(KEEPALIVE_PAUSE)
                    .with_retries(KEEPALIVE_PROBES);
                let _ = SockRef::from(&stream).set_tcp_keepalive(&keepalive);
                Ok((Stream::Tcp(stream), Some(peer.ip().to_canonical())))
            }
            ListenSocket::Unix(listener) => Ok((Stream::Unix(listener.accept()?.0), None)),
        }
    }

    pub(crate) fn source(&mut self) -> &mut dyn Source {
        match &mut self.socket {
            ListenSocket::Tcp(listener) => listener,
            ListenSocket::Unix(listener) => listener,
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Address::Unix(path) = &self.address {
            let _ = std::fs::remove_file(path);
        }
    }
}

impl Stream {
    pub(crate) fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        let both = Interest::READABLE | Interest::WRITABLE;
        match self {
            Self::Tcp(stream) => registry.register(stream, token, both),
            Self::Unix(stream) => registry.register(stream, token, both),
        }
    }

    /// Says that no more will be written.
    pub(crate) fn shutdown_write(&self) {
        let _ = match self {
            Self::Tcp(stream) => stream.shutdown(std::net::Shutdown::Write),
            Self::Unix(stream) => stream.shutdown(std::net::Shutdown::Write),
        };
    }
}

impl io::Read for Stream {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.read(buf),
            Self::Unix(stream) => stream.read(buf),
        }
    }
}

impl io::Write for Stream {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.write(buf),
            Self::Unix(stream) => stream.write(buf),
        }
    }

    fn write_vectored(&mut self, bufs: &[io::IoSlice<'_>]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.write_vectored(bufs),
            Self::Unix(stream) => stream.write_vectored(bufs),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn open_tcp(address: std::net::SocketAddr) -> io::Result<(ListenSocket, Address)> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    if address.is_ipv6() {
        socket.set_only_v6(false)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    let listener = std::net::TcpListener::from(socket);
    let address = Address::Tcp(listener.local_addr()?);
    Ok((ListenSocket::Tcp(mio::net::TcpListener::from_std(listener)), address))
}

fn open_unix(path: &Path) -> io::Result<(ListenSocket, Address)> {
    remove_stale(path)?;
    let listener = mio::net::UnixListener::bind(path)?;
    Ok((ListenSocket::Unix(listener), Address::Unix(path.to_owned())))
}

/// A socket that a server which was killed left behind is in nobody's use.
fn remove_stale(path: &Path) -> io::Result<()> {
    match std::fs::symlink_metadata(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(e) => Err(e),
        Ok(found) if !found.file_type().is_socket() => Err(io::ErrorKind::AlreadyExists.into()),
        Ok(_) => match std::os::unix::net::UnixStream::connect(path) {
            Ok(_) => Err(io::ErrorKind::AddrInUse.into()),
            Err(_) => std::fs::remove_file(path),
        },
    }
}
