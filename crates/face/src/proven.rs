//! A proof on its way from the check to what relies on it.

use chinwag_model::id::Timestamp;
use chinwag_model::name::Name;
use chinwag_model::proof::Proof;

/// How long a client has, in milliseconds, from one step of an exchange that proves an account to the
/// next one, and from the end of it to coming in. Clients answer by themselves, within a round trip.
pub(crate) const PROOF_MS: i64 = 10_000;

/// An account that was proved, and when. A proof names a person and a password, and so is never
/// somebody else's; it is forgotten soon as well.
#[derive(Clone, Debug)]
pub(crate) struct Proven {
    pub(crate) account: Name,
    pub(crate) proof: Proof,
    pub(crate) since: Timestamp,
}

impl Proven {
    pub(crate) fn holds(&self, now: Timestamp) -> bool {
        is_within(PROOF_MS, self.since, now)
    }
}

/// Whether no more than this has passed. A clock that was set back counts as having passed.
pub(crate) fn is_within(ms_max: i64, since: Timestamp, now: Timestamp) -> bool {
    (0..=ms_max).contains(&now.0.saturating_sub(since.0))
}
