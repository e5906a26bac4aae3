//! What a session wants next.

use crate::intent::{Claim, Intent, Target};
use crate::mail::MailAddress;
use crate::name::{Name, NewName};
use crate::proof::{Proof, Proves};
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
    /// The same, to register a name. Lane: local; it ends in a [`Verifier`], or in
    /// [`Checked::Wrong`] where the name has a password already.
    HashFor {
        /// The name.
        name: Name,
        /// As typed.
        password: Secret,
    },
    /// The same, to have a name held; where it is held already, whether this is the password that
    /// it is held with. Lane: local; it ends in [`Checked`], or in a refusal where no code would be
    /// mailed.
    Claim {
        /// The name.
        name: Name,
        /// The address to which a code is to be mailed.
        address: MailAddress,
        /// As typed.
        password: Secret,
    },
    /// The same, to set it by a code that was mailed. Lane: local; it ends in [`Checked`] where the
    /// code is right, and in an outcome otherwise.
    HashReset {
        /// Whose.
        account: Name,
        /// As typed.
        code: Secret,
        /// As typed.
        password: Secret,
    },
    /// Something for which a code is mailed, or given. Lane: record; it ends in an outcome.
    Code(Box<CodeAsk>),
    /// What is needed to check by proof (SCRAM) that a client knows a password. Lane: local; it
    /// ends in [`Checked::Scram`].
    Prove(Name),
    /// Whether a secret that the session itself has compared may count. A wrong one is counted, and
    /// after too many wrong ones a right one is refused like them. Lane: local; it ends in
    /// [`Checked::Counted`] or [`Checked::Limited`], and nothing may come of the secret before.
    Proof {
        /// What the secret guards.
        of: ProofOf,
        /// Whether it is the right one.
        right: bool,
    },
    /// Whether an operator's password is right. Lane: local; it ends in [`Checked`].
    Operate {
        /// The operator's name, as configured.
        name: String,
        /// As typed.
        password: Secret,
    },
    /// The rights of an operator, whose password was right. Lane: record, once the node has seen that
    /// the configured password is still the one that was checked; it ends in an outcome.
    BecomeOperator {
        /// The operator's name, as configured.
        name: String,
        /// The number of the password that was right.
        version: u64,
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

/// What a secret guards that a session compares by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProofOf {
    /// An account, by a proof of its password.
    Account(Name),
    /// The server, by its own password.
    Server,
}

/// What a code is mailed for, or given for. The node makes the codes and hashes those that are
/// given: intents carry their hashes alone.
#[derive(Clone, Debug, PartialEq)]
pub enum CodeAsk {
    /// A name is to be held, and its code mailed.
    Hold {
        /// The name.
        name: NewName,
        /// To which address.
        address: MailAddress,
        /// What the asker has for a password.
        claim: Claim,
    },
    /// The code is given: the name is to be an account.
    Verify {
        /// The name.
        account: Name,
        /// As typed.
        code: Secret,
    },
    /// A code by which to set another password is to be mailed.
    AskReset {
        /// Whose.
        account: Name,
    },
    /// The code is given, to set another password.
    Reset {
        /// Whose.
        account: Name,
        /// As typed.
        code: Secret,
        /// What to keep of the new password.
        verifier: Verifier,
    },
}

/// What became of a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Checked {
    /// Right: it proves this.
    Right(Proves),
    /// Wrong, or there is none to check against.
    Wrong,
    /// Not looked at.
    Limited {
        /// Why.
        why: Slowed,
        /// When to try again, in seconds.
        seconds: u32,
    },
    /// A secret that the session has compared is counted, and what follows from it may be done.
    Counted,
    /// A new password was hashed.
    Hashed(Verifier),
    /// What a proof is checked against: for a name without a password something that no proof fits.
    Scram(Box<Scram>),
}

/// Why a password is not looked at now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slowed {
    /// Too many wrong ones came from this network, or for this name.
    Guesses,
    /// So many others wait that this one would wait for too long.
    Busy,
    /// Too many new ones came from this network, or on this connection.
    Registrations,
}

/// What a proof is checked against (RFC 5802).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scram {
    /// What is kept of the password, in its printed form.
    pub credential: Box<str>,
    /// What the server adds to the client's nonce.
    pub nonce: Box<str>,
    /// What a right answer proves; `None` for a name without a password.
    pub proof: Option<Proof>,
}
