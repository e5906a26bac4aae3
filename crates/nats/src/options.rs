//! Which servers, which stream, and as whom.

use std::path::PathBuf;
use std::time::Duration;

use chinwag_model::id::NodeId;

/// How long the stream keeps an entry where nothing else is said: 7 days.
pub(crate) const MAX_AGE: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The shortest time for which the stream may be set to keep an entry: a node that was away for less
/// than that goes on with what it has.
pub(crate) const AGE_MIN: Duration = Duration::from_secs(24 * 60 * 60);

/// The longest name of a node or a stream, in bytes.
pub const NAME_BYTES_MAX: usize = 32;

/// Which servers, which stream, and as whom.
#[derive(Clone, Debug)]
pub struct Options {
    /// The servers' URLs, as `nats://10.0.0.1:4222`, or `tls://` for TLS. Those that the cluster
    /// has besides are learned from it.
    pub servers: Vec<String>,
    /// This node's name: [`is_name`]. No other node has it.
    pub node: String,
    /// The number that packets of the node of this name carry.
    pub id_of: fn(&str) -> NodeId,
    /// The stream's name: [`is_name`].
    pub stream: String,
    /// How many servers keep a copy of the stream: 1 to 5.
    pub replicas: usize,
    /// How to log in.
    pub login: Login,
    /// Certificates.
    pub tls: Tls,
}

/// How to log in at the servers.
#[derive(Clone, Default)]
pub enum Login {
    /// Not at all.
    #[default]
    Nothing,
    /// By name and password.
    Password {
        /// The name.
        user: String,
        /// The password.
        password: String,
    },
    /// By a token.
    Token(String),
    /// By the nkey whose seed is in this file.
    Seed(PathBuf),
    /// By a credentials file: a JWT and its seed.
    Credentials(PathBuf),
}

/// Certificates for TLS, in PEM. With any of them TLS is required.
#[derive(Clone, Debug, Default)]
pub struct Tls {
    /// Who may have signed the servers' certificates, besides those that the system trusts.
    pub ca: Option<PathBuf>,
    /// This node's certificate and its key.
    pub certificate: Option<(PathBuf, PathBuf)>,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Nothing => "Nothing",
            Self::Password { .. } => "Password",
            Self::Token(_) => "Token",
            Self::Seed(_) => "Seed",
            Self::Credentials(_) => "Credentials",
        })
    }
}

/// Whether a node or a stream can be called so: 1 to 32 of a-z, A-Z, 0-9, `-` and `_`, which is
/// what may stand in subjects and in names of streams alike.
#[must_use]
pub fn is_name(text: &str) -> bool {
    (1..=NAME_BYTES_MAX).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

impl Options {
    /// The subject that this node publishes under.
    pub(crate) fn log_subject(&self) -> String {
        format!("{}.log.{}", self.stream, self.node)
    }

    /// The subjects that the stream stores.
    pub(crate) fn log_subjects(&self) -> String {
        format!("{}.log.>", self.stream)
    }

    /// The subjects under which the stream publishes again what it has stored.
    pub(crate) fn live_subjects(&self) -> String {
        format!("{}.live.>", self.stream)
    }

    /// The subject that this node whispers under.
    pub(crate) fn whisper_subject(&self) -> String {
        format!("{}.whisper.{}", self.stream, self.node)
    }

    /// The subjects that nodes whisper under.
    pub(crate) fn whisper_subjects(&self) -> String {
        format!("{}.whisper.*", self.stream)
    }

    /// The subject under which all nodes are asked for seeds.
    pub(crate) fn seed_subject(&self) -> String {
        format!("{}.seed", self.stream)
    }

    /// The subject under which this node is asked for one.
    pub(crate) fn seeds_of(&self, node: &str) -> String {
        format!("{}.seed.{node}", self.stream)
    }

    /// The node that whispers under this subject, if it is one.
    pub(crate) fn whispers_of<'s>(&self, subject: &'s str) -> Option<&'s str> {
        subject.strip_prefix(&self.stream)?.strip_prefix(".whisper.").filter(|node| is_name(node))
    }

    /// The node that stored something under this subject, if it is one of the stream's.
    pub(crate) fn node_of<'s>(&self, subject: &'s str) -> Option<&'s str> {
        subject.strip_prefix(&self.stream)?.strip_prefix(".log.").filter(|node| is_name(node))
    }
}

#[cfg(test)]
pub(crate) fn example() -> Options {
    Options {
        servers: Vec::new(),
        node: "a".to_owned(),
        id_of: |_| NodeId(0),
        stream: "chat".to_owned(),
        replicas: 3,
        login: Login::Nothing,
        tls: Tls::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_fits_into_subjects() {
        for (text, good) in [
            ("a", true),
            ("Node-7_b", true),
            ("", false),
            ("a.b", false),
            ("a b", false),
            ("*", false),
            (">", false),
            ("é", false),
            ("a2345678901234567890123456789012", true),
            ("a23456789012345678901234567890123", false),
        ] {
            assert_eq!(is_name(text), good, "{text:?}");
        }
    }

    #[test]
    fn a_subject_names_its_node() {
        let options = example();
        for (subject, node) in [
            ("chat.log.a", Some("a")),
            ("chat.log.", None),
            ("chat.log.a.b", None),
            ("chat.live.a", None),
            ("chats.log.a", None),
            ("", None),
        ] {
            assert_eq!(options.node_of(subject), node, "{subject}");
        }
    }
}
