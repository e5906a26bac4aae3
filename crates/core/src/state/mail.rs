//! What waits for a code that was mailed, and the addresses of accounts.

use std::collections::BTreeMap;

use chinwag_model::id::{PersonId, Seq, SessionId, Timestamp};
use chinwag_model::mail::MailAddress;
use chinwag_model::name::Name;
use chinwag_model::proof::Proves;
use chinwag_model::secret::{CodeHash, Verifier};
use minicbor::{Decode, Encode};

use super::{Credential, State};

/// How long a name is held for who is to verify an address, in milliseconds: a day.
pub const HELD_MS: i64 = 24 * 60 * 60 * 1000;
/// How long a code to set another password holds, in milliseconds: an hour.
pub const RESET_MS: i64 = 60 * 60 * 1000;
/// Most names that are held at a time.
pub const HELD_MAX: usize = 10_000;
/// Most codes of one account that hold at a time. A further request is refused, so that no code
/// that was mailed stops holding because others ask for more.
pub const RESETS_MAX: usize = 5;

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
    pub(crate) resets: BTreeMap<PersonId, Vec<Reset>>,
}

/// A name that is held for who is to verify an address.
#[derive(Clone, Debug, Encode, Decode)]
pub(crate) struct Held {
    #[n(0)]
    pub(crate) name: Name,
    #[n(1)]
    pub(crate) verifier: Verifier,
    /// By which entry it is held: a check against the verifier of an earlier holder is none against
    /// this one's.
    #[n(2)]
    pub(crate) version: Seq,
    #[n(3)]
    pub(crate) address: MailAddress,
    #[n(4)]
    pub(crate) code: CodeHash,
    /// From then on it is nobody's.
    #[n(5)]
    pub(crate) until: Timestamp,
    /// The session that has the name meanwhile, in this life of its node.
    #[n(6)]
    pub(crate) session: SessionId,
    #[n(7)]
    pub(crate) epoch: u64,
}

/// A code by which a password may be set. Anyone can have one mailed to the account's address, so
/// several may hold at a time, and each does.
#[derive(Clone, Debug, Encode, Decode)]
pub(crate) struct Reset {
    #[n(0)]
    pub(crate) code: CodeHash,
    /// From then on it does not hold.
    #[n(1)]
    pub(crate) until: Timestamp,
}

impl Mail {
    pub(crate) fn is_empty(&self) -> bool {
        self.held.is_empty() && self.addresses.is_empty() && self.resets.is_empty()
    }

    /// Forgets what holds no longer.
    pub(crate) fn clean(&mut self, now: Timestamp) {
        self.held.retain(|_, held| held.until > now);
        self.resets.retain(|_, resets| {
            resets.retain(|reset| reset.until > now);
            !resets.is_empty()
        });
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
        Some(Credential { verifier: held.verifier.clone(), proves: Proves::Held(held.version) })
    }

    /// Whether a code verifies the address for which a name is held.
    #[must_use]
    pub fn verifies(&self, account: &Name, code: &CodeHash) -> bool {
        let held = self.held(account, self.time()).filter(|held| held.name == *account);
        held.is_some_and(|held| held.code == *code)
    }

    /// Whether a code sets another password for an account.
    #[must_use]
    pub fn resets(&self, account: &Name, code: &CodeHash) -> bool {
        let Some((who, _)) = self.person_called(account) else { return false };
        let resets = self.mail.resets.get(&who).into_iter().flatten();
        let mut holding = resets.filter(|reset| reset.until > self.time());
        self.address(account).is_some() && holding.any(|reset| reset.code == *code)
    }

    /// The verified address of an account, if it has one.
    #[must_use]
    pub fn address(&self, account: &Name) -> Option<&MailAddress> {
        let (id, person) = self.person_called(account)?;
        person.account().filter(|own| *own == account)?;
        self.mail.addresses.get(&id)
    }
}
