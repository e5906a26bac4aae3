//! What the check of a secret proves.

use minicbor::{Decode, Encode};

use crate::id::{PersonId, Seq};

/// That a session gave the secret of one person, as it was at one time.
///
/// It names the person by id and the password by the entry that set it. Neither number is ever given
/// twice, so that a proof is good for that person under that password, whatever names anybody takes,
/// gives up or registers meanwhile, and is void once another password is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Proof {
    /// Whose account it proves.
    #[n(0)]
    pub person: PersonId,
    /// The entry that set the password: it has to be the account's password still.
    #[n(1)]
    pub version: Seq,
    /// The certificate, where that was the secret: it has to prove the account still.
    #[n(2)]
    pub certificate: Option<Fingerprint>,
}

impl Proof {
    /// A password's proof.
    #[must_use]
    pub fn of(person: PersonId, version: Seq) -> Self {
        Self { person, version, certificate: None }
    }
}

/// Proves nobody: ids begin with 1. Intents from before proofs named a person are read with it.
impl Default for Proof {
    fn default() -> Self {
        Self::of(PersonId(0), Seq(0))
    }
}

/// SHA-256 of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(transparent)]
pub struct Fingerprint(#[cbor(n(0), with = "minicbor::bytes")] pub [u8; 32]);

/// What a right secret proves; each kind is good for its own purpose alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proves {
    /// An account.
    Account(Proof),
    /// The right to a name that is held, as of the entry that held it.
    Held(Seq),
    /// An operator's rights, under the configured password with this number.
    Operator(u64),
}
