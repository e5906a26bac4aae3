//! What a session wants next.

use crate::intent::Intent;
use crate::name::Name;
use crate::query::Query;
use crate::secret::{Secret, Verifier};

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
}
