//! What a server is told: by the configuration, or by a test.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Everything a server is told at its start.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where to listen.
    pub listeners: Vec<ListenOptions>,
    /// What can be changed while the server runs.
    pub policy: Policy,
}

/// What can be changed while the server runs.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The server's name, as the greeting tells it.
    pub name: String,
    /// Most connections at a time.
    pub clients_max: usize,
    /// Whether people may come in without a name of their own.
    pub guests: bool,
    /// Whether a name needs no password.
    pub open_names: bool,
    /// Whether new names can be taken.
    pub registration: bool,
    /// Memory that hashing a password takes, in KiB.
    pub password_memory_kib: u32,
    /// Passes that hashing a password makes.
    pub password_passes: u32,
    /// Bounds.
    pub limits: Limits,
}

/// The bounds of what strangers can do.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Most connections from one address, loopback exempt; 0 for no bound.
    pub connections_per_ip: usize,
    /// Lines a second above which a connection is delayed; 0 for no bound.
    pub lines_per_second: u32,
    /// Lines that may come at once before that.
    pub lines_burst: u32,
    /// Bytes that wait to be written to a connection; beyond, it is closed.
    pub outbox_bytes: usize,
    /// Bytes of the longest line.
    pub line_bytes: usize,
    /// Members of the largest room that is told of comings and goings.
    pub presence_notices_max: usize,
    /// Wrong passwords a minute for an address and for a name; 0 for no bound.
    pub failed_logins_per_minute: u32,
    /// Time to give a name.
    pub name_time: Duration,
}

/// A place to listen at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenOptions {
    /// Where.
    pub address: Address,
    /// Which faces are to be had there.
    pub faces: Faces,
    /// After how long what came without a line end is taken as a line, if at all.
    pub unterminated: Option<Duration>,
}

/// A network address or a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// TCP.
    Tcp(SocketAddr),
    /// A socket in the file system.
    Unix(PathBuf),
}

/// Which faces a listener has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Faces {
    /// Line mode.
    pub line: bool,
    /// IRC.
    pub irc: bool,
    /// HTTP and WebSocket.
    pub web: bool,
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

impl std::fmt::Display for Faces {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let named = [(self.line, "line"), (self.irc, "irc"), (self.web, "web")];
        let names: Vec<_> = named.iter().filter(|(on, _)| *on).map(|(_, name)| *name).collect();
        f.write_str(&names.join(", "))
    }
}
