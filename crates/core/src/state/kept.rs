//! Names that a registered room had until it was renamed: for a while nobody else has them.

use std::collections::BTreeMap;

use chinwag_model::id::{PersonId, Timestamp};
use chinwag_model::name::Name;
use minicbor::{Decode, Encode};

/// How long the former name of a registered room is kept for its founder, in milliseconds: a day.
pub const FORMER_NAME_MS: i64 = 24 * 60 * 60 * 1000;

/// Most former names that are kept for one founder; beyond, the first one ends.
const FORMER_NAMES_MAX: usize = 5;

/// The former name of a registered room.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct FormerName {
    #[n(0)]
    pub(crate) name: Name,
    /// For whom it is kept.
    #[n(1)]
    pub(crate) founder: PersonId,
    #[n(2)]
    pub(crate) until: Timestamp,
    /// Whether it was one that persons and rooms share: then it is kept from persons, too.
    #[n(3)]
    pub(crate) shared: bool,
}

/// Former names, by what is compared of them.
#[derive(Clone, Debug, Default, Encode, Decode)]
#[cbor(transparent)]
pub(crate) struct FormerNames(#[n(0)] BTreeMap<Box<str>, FormerName>);

impl FormerNames {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is kept of this name, or of one that looks like it.
    pub(crate) fn like(&self, name: &Name, now: Timestamp) -> Option<&FormerName> {
        let living = |kept: &&FormerName| kept.until > now;
        let same = self.0.get(name.folded()).filter(living);
        let alike = |kept: &&FormerName| living(kept) && kept.name.look() == name.look();
        same.or_else(|| self.0.values().find(alike))
    }

    /// Keeps a name, and forgets those that are over.
    pub(crate) fn keep(&mut self, name: Name, founder: PersonId, shared: bool, now: Timestamp) {
        self.0.retain(|_, kept| kept.until > now);
        let until = Timestamp(now.0.saturating_add(FORMER_NAME_MS));
        self.0.insert(name.folded().into(), FormerName { name, founder, until, shared });
        let own = self.0.iter().filter(|(_, kept)| kept.founder == founder);
        if own.clone().count() > FORMER_NAMES_MAX {
            let first = own.min_by_key(|(folded, kept)| (kept.until, *folded));
            if let Some(first) = first.map(|(folded, _)| folded.clone()) {
                self.0.remove(&first);
            }
        }
    }

    /// A room has the name again.
    pub(crate) fn remove(&mut self, name: &Name) {
        self.0.remove(name.folded());
    }
}
