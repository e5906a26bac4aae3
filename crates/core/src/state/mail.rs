//! What waits for a code that was mailed, and the addresses of accounts.

use std::collections::BTreeMap;

use chinwag_model::id::{PersonId, SessionId, Timestamp};
use chinwag_model::mail::MailAddress;
use chinwag_model::name::Name;
use chinwag_model::secret::{CodeHash, Verifier};
use minicbor::{Decode, Encode};

use super::{Credential, State};

/// How long a name is held for who is to verify an address, in milliseconds: a day.
pub const HELD_MS: i64 = 24 * 60 * 60 * 1000;
/// How long a code to set another password holds, in milliseconds: an hour.
pub const RESET_MS: i64 = 60 * 60 * 1000;
/// Most names that are held at a time.
pub const HELD_MAX: usize = 10_000;
/// Most wrong codes before another one has to be asked for.
pub const WRONG_CODES_MAX: u8 = 5;

/// What waits for codes, and addresses.
#[derive(Clone, Debug, Default, Encode, Decode)]
pub(crate) struct Mail {
    /// Names that are held, by what they look like.
    #[n(0)]
    pub(crate) held: BTreeMap<Box<str>, Held>,
    /// Verified addresses of accounts.
    #[n(1)]
    pub(crate) addresses: BTreeMap<PersonId, MailAddress>,
    /// Passwords that may be set by code.
    #[n(2)]
    pub(crate) resets: BTreeMap<PersonId, Reset>,
}

/// A name that is held for who is to verify an address.
#[derive(Clone, Debug, Encode, Decode)]
pub(crate) struct Held {
    #[n(0)]
    pub(crate) name: Name,
    #[n(1)]
    pub(crate) verifier: Verifier,
    /// By which entry it is held, as far as that fits: a check against the verifier of an earlier
    /// holder is none against this one's.
    #[n(2)]
    pub(crate) version: u32,
    #[n(3)]
    pub(crate) address: MailAddress,
    #[n(4)]
    pub(crate) code: Code,
    /// From then on it is nobody's.
    #[n(5)]
    pub(crate) until: Timestamp,
    /// The session that has the name meanwhile, in this life of its node.
    #[n(6)]
    pub(crate) session: SessionId,
    #[n(7)]
    pub(crate) epoch: u64,
}

/// That a password may be set by code.
#[derive(Clone, Debug, Encode, Decode)]
pub(crate) struct Reset {
    #[n(0)]
    pub(crate) code: Code,
    /// From then on it may not.
    #[n(1)]
    pub(crate) until: Timestamp,
}

/// What is kept of a code, and how often another one was given.
#[derive(Clone, Debug, Encode, Decode)]
pub(crate) struct Code {
    #[n(0)]
    pub(crate) hash: CodeHash,
    #[n(1)]
    pub(crate) wrong: u8,
}

impl Code {
    pub(crate) fn new(hash: CodeHash) -> Self {
        Self { hash, wrong: 0 }
    }

    /// Whether it may be given still.
    pub(crate) fn holds(&self) -> bool {
        self.wrong < WRONG_CODES_MAX
    }

    /// Counts a wrong one; how many are left.
    pub(crate) fn count_wrong(&mut self) -> u8 {
        self.wrong = self.wrong.saturating_add(1);
        WRONG_CODES_MAX.saturating_sub(self.wrong)
    }
}

impl Mail {
    pub(crate) fn is_empty(&self) -> bool {
        self.held.is_empty() && self.addresses.is_empty() && self.resets.is_empty()
    }

    /// Forgets what holds no longer.
    pub(crate) fn clean(&mut self, now: Timestamp) {
        self.held.retain(|_, held| held.until > now);
        self.resets.retain(|_, reset| reset.until > now);
    }
}

impl State {
    /// Whose name is held that looks like this one, if one is.
    pub(crate) fn held(&self, name: &Name, now: Timestamp) -> Option<&Held> {
        self.mail.held.get(name.look()).filter(|held| held.until > now)
    }

    /// Whether a session is the one for which a name is held.
    pub(crate) fn is_for(&self, held: &Held, session: SessionId) -> bool {
        held.session == session && held.epoch == self.epoch(session.node)
    }

    /// What a password is checked against by which a name is held, if it is.
    #[must_use]
    pub fn claim(&self, name: &Name) -> Option<Credential> {
        let held = self.held(name, self.time()).filter(|held| held.name == *name)?;
        Some(Credential { verifier: held.verifier.clone(), version: held.version })
    }

    /// The verified address of an account, if it has one.
    #[must_use]
    pub fn address(&self, account: &Name) -> Option<&MailAddress> {
        let (id, person) = self.person_called(account)?;
        person.account().filter(|own| *own == account)?;
        self.mail.addresses.get(&id)
    }
}
