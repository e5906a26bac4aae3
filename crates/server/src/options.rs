//! What a server is told: by the configuration, or by a test.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::net::{IpAddr, SocketAddr};
use std::num::NonZero;
use std::path::PathBuf;
use std::time::Duration;

use chinwag_face::irc::IrcPolicy;
use chinwag_model::mail::MailAddress;
use chinwag_model::secret::Secret;

use crate::certificate::Certificate;
use crate::site_url::SiteUrl;
use crate::vapid::Vapid;

/// Everything a server is told at its start.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where to listen.
    pub listeners: Vec<ListenOptions>,
    /// What TLS is spoken with; without it, none is.
    pub certificate: Option<Certificate>,
    /// Threads that read and write connections; without it, half as many as there are cores.
    pub shards: Option<NonZero<usize>>,
    /// What can be changed while the server runs.
    pub policy: Policy,
    /// Has the configuration read again, as an operator asks for it.
    pub reread: fn(),
    /// Whether devices are told of what is said to their owners, and how.
    pub push: Option<PushOptions>,
}

/// How devices are told of what is said to their owners.
#[derive(Clone, Debug)]
pub struct PushOptions {
    /// What push services know the server by.
    pub vapid: Vapid,
    /// Whom those who run a push service can turn to: `mailto:…` or `https://…`.
    pub contact: String,
    /// Whether a push service may have an address that is not public, such as one of the own network.
    /// Whoever has an account can then have the server knock there.
    pub private_addresses: bool,
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
    /// What IRC clients are told and held to.
    pub irc: IrcPolicy,
    /// By which server mail is sent, if any is.
    pub mail: Option<MailOptions>,
    /// Operators of the server.
    pub operators: Vec<Operator>,
    /// Sites whose pages may connect, as `https://web.example.org`, besides the server's own; `*`
    /// for all.
    pub web_origins: Vec<String>,
    /// The address that people open, as `https://chat.example.org`, if one is set.
    pub url: Option<SiteUrl>,
    /// Who may read what the server counts of itself without a token.
    pub metrics_from: Peers,
    /// What gives the right to read what the server counts of itself, from wherever; none where there is no
    /// such token.
    pub metrics_token: Option<Secret>,
    /// What addresses are cloaked with: secret, and the same at every start.
    pub cloak_key: Vec<u8>,
    /// Bounds.
    pub limits: Limits,
}

impl Policy {
    /// What a server of this name does that nobody has configured otherwise.
    #[must_use]
    pub fn new(name: &str, irc: IrcPolicy) -> Self {
        Self {
            name: name.to_owned(),
            clients_max: 100_000,
            guests: true,
            open_names: true,
            registration: true,
            password_memory_kib: 19_456,
            password_passes: 2,
            irc,
            mail: None,
            operators: Vec::new(),
            web_origins: Vec::new(),
            url: None,
            metrics_from: Peers::default(),
            metrics_token: None,
            cloak_key: Vec::new(),
            limits: Limits::default(),
        }
    }
}

impl Policy {
    /// An operator as configured now.
    pub(crate) fn operator(&self, name: &str) -> Option<&Operator> {
        self.operators.iter().find(|operator| operator.name == name)
    }
}

/// An operator of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    /// The name to give.
    pub name: String,
    /// What the password is checked against, in PHC form.
    pub password_hash: String,
}

impl Operator {
    /// A number that changes with the name and with the password: the configuration may be read again
    /// between the check of a password and what it allows.
    pub(crate) fn number(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (&self.name, &self.password_hash).hash(&mut hasher);
        hasher.finish()
    }
}

/// How mail is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailOptions {
    /// The mail server: a name or an address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Whether the connection to it is encrypted.
    pub tls: MailTls,
    /// From which address mail comes.
    pub from: MailAddress,
    /// As whom to log in there, and with which password, if at all.
    pub login: Option<(String, Secret)>,
}

/// Whether the connection to a mail server is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailTls {
    /// No.
    Off,
    /// From a word on (RFC 3207); without it, nothing is sent.
    StartTls,
    /// From the first byte on (RFC 8314).
    Always,
}

/// The bounds of what strangers can do.
///
/// [`Limits::default`] has what the configuration has by default.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Most connections from one address, loopback exempt; 0 for no bound.
    pub connections_per_ip: usize,
    /// Lines a second above which a connection is delayed; 0 for no bound.
    pub lines_per_second: u32,
    /// Lines that may come at once before that.
    pub lines_burst: u32,
    /// Lines a second above which all connections of one network are delayed, loopback exempt; 0 for no
    /// bound.
    pub network_lines_per_second: u32,
    /// Lines that may come at once from a network before that.
    pub network_lines_burst: u32,
    /// Bytes that wait to be written to a connection. A connection with more than these that has taken
    /// nothing for [`stall_time`](Self::stall_time) is closed; one that takes some may have several times
    /// as many.
    pub outbox_bytes: usize,
    /// How long a connection whose outbox is full may take nothing.
    pub stall_time: Duration,
    /// Bytes that wait to be written to all connections of one network, loopback exempt. Beyond, none of
    /// them is answered more before it has read what there is, and one that reads nothing is closed.
    pub network_outbox_bytes: usize,
    /// Bytes of the longest line.
    pub line_bytes: usize,
    /// Members of the largest room that is told of comings and goings.
    pub presence_notices_max: usize,
    /// Wrong passwords a minute for a name from one network; 0 for no bound.
    pub failed_logins_per_minute: u32,
    /// New passwords a minute from one network; 0 for no bound.
    pub registrations_per_minute: u32,
    /// Codes a minute that are mailed by the server; 0 for no bound.
    pub mails_per_minute: u32,
    /// Names and accounts that may be made from one network in an hour, loopback exempt; 0 for no
    /// bound.
    pub new_names_per_hour: u32,
    /// Time to give a name.
    pub name_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_per_ip: 0,
            lines_per_second: 10,
            lines_burst: 100,
            network_lines_per_second: 200,
            network_lines_burst: 2000,
            outbox_bytes: 1 << 20,
            stall_time: Duration::from_secs(10),
            network_outbox_bytes: 64 << 20,
            line_bytes: 4096,
            presence_notices_max: 500,
            failed_logins_per_minute: 10,
            registrations_per_minute: 60,
            mails_per_minute: 30,
            new_names_per_hour: 200,
            name_time: Duration::from_secs(60),
        }
    }
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
    /// Whether TLS is spoken there.
    pub tls: TlsUse,
    /// Proxies, who may say that a connection is another's: one of theirs may begin with a header of
    /// the PROXY protocol, and then counts as its source's. Their own address is under no limit of
    /// connections.
    pub proxies: Peers,
}

/// Whether TLS is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsUse {
    /// No.
    Off,
    /// With clients whose first byte is TLS's.
    Detect,
    /// With all; others are told so.
    Required,
}

/// Who is allowed something, by where they connect from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Peers {
    /// The networks they are in.
    pub networks: Vec<Network>,
    /// Whether whoever reaches a socket in the file system is one of them.
    pub unix: bool,
}

/// The addresses that begin with the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faces {
    /// Line mode.
    pub line: bool,
    /// IRC.
    pub irc: bool,
    /// HTTP and WebSocket.
    pub web: bool,
    /// What the server counts of itself, by HTTP, for whoever reaches the listener.
    pub metrics: bool,
}

impl Peers {
    /// Whether a connection from this address, or through a socket in the file system, is of theirs.
    #[must_use]
    pub fn have(&self, peer: Option<IpAddr>) -> bool {
        match peer {
            Some(peer) => self.networks.iter().any(|network| network.has(peer)),
            None => self.unix,
        }
    }
}

impl Network {
    /// The network of this address with so many bits of it in common: at most 32, or 128 for IPv6.
    #[must_use]
    pub fn new(address: IpAddr, bits: u8) -> Option<Self> {
        // What is written as IPv6 and belongs to IPv4 is meant as such.
        if let (IpAddr::V6(v6), Some(bits @ 0..=32)) = (address, bits.checked_sub(96))
            && let Some(v4) = v6.to_ipv4_mapped()
        {
            return Some(Self { address: v4.into(), bits });
        }
        let bits_max = if address.is_ipv4() { 32 } else { 128 };
        (bits <= bits_max).then_some(Self { address, bits })
    }

    /// Whether an address is in it.
    #[must_use]
    pub fn has(&self, address: IpAddr) -> bool {
        let same = match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                (own.to_bits() ^ other.to_bits()).leading_zeros()
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                (own.to_bits() ^ other.to_bits()).leading_zeros()
            }
            _ => return false,
        };
        same >= u32::from(self.bits)
    }
}

impl std::fmt::Display for Network {
    /// An address alone, or with the bits that count: `10.0.0.0/8`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let bits_max = if self.address.is_ipv4() { 32 } else { 128 };
        self.address.fmt(f)?;
        if self.bits < bits_max { write!(f, "/{}", self.bits) } else { Ok(()) }
    }
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
        let named =
            [(self.line, "line"), (self.irc, "irc"), (self.web, "web"), (self.metrics, "metrics")];
        let names: Vec<_> = named.iter().filter(|(on, _)| *on).map(|(_, name)| *name).collect();
        f.write_str(&names.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attack_an_operators_number_changes_with_the_password() {
        let number = |name: &str, password_hash: &str| {
            Operator { name: name.to_owned(), password_hash: password_hash.to_owned() }.number()
        };
        assert_eq!(number("admin", "$argon2id$one"), number("admin", "$argon2id$one"));
        assert_ne!(number("admin", "$argon2id$one"), number("admin", "$argon2id$two"));
        assert_ne!(number("admin", "$argon2id$one"), number("other", "$argon2id$one"));
        assert_ne!(number("ab", "c"), number("a", "bc"));
    }

    #[test]
    fn a_network_has_the_addresses_that_begin_alike() {
        for (network, bits, address, is_in) in [
            ("10.0.0.0", 8, "10.1.2.3", true),
            ("10.0.0.0", 8, "11.0.0.0", false),
            ("10.0.0.1", 32, "10.0.0.1", true),
            ("10.0.0.1", 32, "10.0.0.2", false),
            ("0.0.0.0", 0, "255.1.2.3", true),
            ("0.0.0.0", 0, "::1", false),
            ("2001:db8::", 32, "2001:db8:9::1", true),
            ("2001:db8::", 32, "2001:db9::1", false),
            ("::1", 128, "::1", true),
            ("10.0.0.0", 8, "::ffff:10.1.2.3", true),
            ("::ffff:10.0.0.0", 104, "10.1.2.3", true),
            ("::ffff:10.0.0.0", 104, "11.1.2.3", false),
        ] {
            let network = Network::new(network.parse().unwrap(), bits).unwrap();
            assert_eq!(network.has(address.parse().unwrap()), is_in, "{network} {address}");
        }
        assert_eq!(Network::new("10.0.0.0".parse().unwrap(), 33), None);
        assert_eq!(Network::new("::".parse().unwrap(), 129), None);
    }
}
