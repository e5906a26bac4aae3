//! Who may do what in a room.

use minicbor::{Decode, Encode};

/// A standing in a room, the lowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Rank {
    /// May speak where others may not.
    #[n(0)]
    Voice,
    /// May moderate, but rank nobody beyond voices.
    #[n(1)]
    HalfOperator,
    /// May do everything but with those above.
    #[n(2)]
    Operator,
    /// Above operators.
    #[n(3)]
    Admin,
    /// Whose room it is.
    #[n(4)]
    Founder,
}

impl Rank {
    /// All ranks, the highest first.
    pub const ALL: [Self; 5] =
        [Self::Founder, Self::Admin, Self::Operator, Self::HalfOperator, Self::Voice];

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// The ranks that one member has: a set, as one rank can be taken while another stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct Ranks(#[n(0)] u8);

impl Ranks {
    /// No rank.
    pub const NONE: Self = Self(0);

    /// This one rank.
    #[must_use]
    pub const fn one(rank: Rank) -> Self {
        Self(rank.bit())
    }

    /// The highest one, if any.
    #[must_use]
    pub fn highest(self) -> Option<Rank> {
        self.iter().next()
    }

    /// Whether any of them is this one or above.
    #[must_use]
    pub fn at_least(self, rank: Rank) -> bool {
        self.highest().is_some_and(|highest| highest >= rank)
    }

    /// Whether this very rank is among them.
    #[must_use]
    pub fn has(self, rank: Rank) -> bool {
        self.0 & rank.bit() != 0
    }

    /// These and one more, or these without it.
    #[must_use]
    pub fn with(self, rank: Rank, on: bool) -> Self {
        if on { Self(self.0 | rank.bit()) } else { Self(self.0 & !rank.bit()) }
    }

    /// All that are in either.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Each of them, the highest first.
    pub fn iter(self) -> impl Iterator<Item = Rank> {
        Rank::ALL.into_iter().filter(move |rank| self.has(*rank))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_rank_counts_and_each_can_be_taken_by_itself() {
        let both = Ranks::one(Rank::Voice).with(Rank::Operator, true);
        assert_eq!(both.highest(), Some(Rank::Operator));
        assert!(both.at_least(Rank::HalfOperator) && !both.at_least(Rank::Admin));
        assert!(!both.has(Rank::HalfOperator));
        assert_eq!(both.with(Rank::Operator, false), Ranks::one(Rank::Voice));
        assert_eq!(both.iter().collect::<Vec<_>>(), [Rank::Operator, Rank::Voice]);
        assert_eq!(Ranks::NONE.highest(), None);
    }
}
