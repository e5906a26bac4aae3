//! What a session wants next.

use crate::intent::{Intent, Target};
use crate::name::Name;
use crate::query::Query;
use crate::secret::{Secret, Verifier};
use crate::tag::Tags;

/// What a session wants next: an intent, a query, or help with a secret.
#[derive(Clone, Debug, PartialEq)]
pub enum Ask {
    /// Something that must be in the one order. It ends in an outcome.
    Intent(Intent),
    /// Something to know. It ends in an answer.
    Query(Query),
    /// Whether a password is right. Lane: local; it ends in [`Checked`].
    Check {
        /// Whose.
        name: Name,
        /// As typed.
        password: Secret,
    },
    /// What to keep of a new password. Lane: local; it ends in a [`Verifier`].
    Hash(Secret),
    /// What is needed to check by proof (SCRAM) that a client knows a password. Lane: local; it
    /// counts as a wrong password until [`Ask::Proved`] takes that back.
    Prove(Name),
    /// The proof was right. Lane: local; nothing comes of it.
    Proved(Name),
    /// Whether an operator's password is right. Lane: local; it ends in [`Checked`].
    Operate {
        /// The operator's name, as configured.
        name: String,
        /// As typed.
        password: Secret,
    },
    /// Tags that may be lost and decide nothing, such as that someone is typing. Lane: whisper; it
    /// ends in an outcome.
    Whisper {
        /// To whom.
        to: Target,
        /// Which.
        tags: Tags,
    },
    /// The operator wants the configuration read again. Lane: local; nothing comes of it.
    Reread,
}

/// What became of a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Checked {
    /// Right, as of this version of the verifier.
    Right {
        /// The version.
        version: u32,
    },
    /// Wrong, or there is none to check against.
    Wrong,
    /// Not checked: too many wrong ones from this address or for this name.
    Limited {
        /// When to try again, in seconds.
        seconds: u32,
    },
    /// A new password was hashed.
    Hashed(Verifier),
    /// What a proof is checked against: for a name without a password something that no proof fits.
    Scram(Box<Scram>),
}

/// What a proof is checked against (RFC 5802).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scram {
    /// What is kept of the password, in its printed form.
    pub credential: Box<str>,
    /// What the server adds to the client's nonce.
    pub nonce: Box<str>,
    /// The version of the verifier.
    pub version: u32,
}
