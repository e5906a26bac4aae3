//! How fast people put others into groups.

use std::collections::BTreeMap;

use chinwag_model::id::{PersonId, Timestamp};
use minicbor::{Decode, Encode};

/// Groups that one person can make, and people they can add to groups, at once.
pub const GROUP_BURST: i64 = 20;

/// After how long one more can be made or added, in milliseconds.
pub const GROUP_REFILL_MS: i64 = 30_000;

/// Until when what each person did lately counts. Those for whom nothing counts any more are forgotten.
#[derive(Clone, Debug, Default, Encode, Decode)]
#[cbor(transparent)]
pub(crate) struct Paces(#[n(0)] BTreeMap<PersonId, Timestamp>);

impl Paces {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many seconds this person has to wait before the next one; 0 for not at all.
    pub(crate) fn wait(&self, who: PersonId, now: Timestamp) -> u32 {
        let until = self.0.get(&who).map_or(now.0, |until| until.0);
        let over = until.saturating_sub(now.0) - (GROUP_BURST - 1) * GROUP_REFILL_MS;
        let seconds = over.max(0).saturating_add(999) / 1000;
        u32::try_from(seconds).unwrap_or(u32::MAX)
    }

    /// This person does it once more.
    pub(crate) fn count(&mut self, who: PersonId, now: Timestamp) {
        self.0.retain(|_, until| *until > now);
        let until = self.0.entry(who).or_insert(now);
        *until = Timestamp(until.0.saturating_add(GROUP_REFILL_MS));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twenty_at_once_and_then_one_each_half_minute() {
        let (who, mut paces, now) = (PersonId(1), Paces::default(), Timestamp(5_000));
        for _ in 0..GROUP_BURST {
            assert_eq!(paces.wait(who, now), 0);
            paces.count(who, now);
        }
        assert_eq!(paces.wait(who, now), 30);
        assert_eq!(paces.wait(PersonId(2), now), 0);
        let later = Timestamp(now.0 + GROUP_REFILL_MS);
        assert_eq!(paces.wait(who, later), 0);
        paces.count(who, later);
        assert_eq!(paces.wait(who, later), 30);
        paces.count(PersonId(2), Timestamp(i64::MAX));
        assert_eq!(paces.0.len(), 1);
    }
}
