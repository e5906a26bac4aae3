//! Passwords on their way from the face to the hash, and the verifier that is kept of them.

use minicbor::{Decode, Encode};
use zeroize::Zeroize;

/// A password as typed. It is neither printed nor stored, and wiped when dropped.
#[derive(Clone)]
pub struct Secret(String);

/// The longest password, in bytes.
pub const SECRET_BYTES_MAX: usize = 1024;

impl Secret {
    /// Takes a password.
    #[must_use]
    pub fn new(typed: String) -> Self {
        Self(typed)
    }

    /// The bytes to hash.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        // Compares two things that one person typed one after the other; no secret of the
        // server's is on either side, so its time tells nobody anything.
        self.0 == other.0
    }
}

impl Eq for Secret {}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

/// What is kept of a password: an argon2id hash in PHC form (RFC 9106; at most 256 bytes), and
/// perhaps, on a second line, what proofs are checked against (RFC 5802; at most 256 bytes).
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct Verifier(#[n(0)] String);

impl Verifier {
    /// Takes a hash in PHC form.
    #[must_use]
    pub fn new(phc: String) -> Self {
        Self(phc)
    }

    /// The same, with what proofs are checked against, in its printed form.
    #[must_use]
    pub fn with_scram(self, scram: &str) -> Self {
        Self(format!("{}\n{scram}", self.phc()))
    }

    /// The hash in PHC form.
    #[must_use]
    pub fn phc(&self) -> &str {
        self.0.split('\n').next().unwrap_or_default()
    }

    /// What proofs are checked against, if it is kept.
    #[must_use]
    pub fn scram(&self) -> Option<&str> {
        self.0.split('\n').nth(1)
    }
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Verifier")
    }
}

/// What is kept of a code that was mailed: SHA-256 of what it is for and of the code, which is too
/// long to be guessed from it.
///
/// Two are compared in a time that does not tell where they differ.
#[derive(Clone, Copy, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct CodeHash(#[cbor(n(0), with = "minicbor::bytes")] [u8; 32]);

impl CodeHash {
    /// Takes a hash.
    #[must_use]
    pub fn new(hash: [u8; 32]) -> Self {
        Self(hash)
    }
}

impl PartialEq for CodeHash {
    fn eq(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).fold(0, |all, (one, other)| all | (one ^ other)) == 0
    }
}

impl std::fmt::Debug for CodeHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CodeHash")
    }
}
