//! Chance, by a seed: the same on every machine.

use std::ops::RangeInclusive;

/// Numbers that look random and follow from a seed ("splitmix64": Steele, Lea and Flood, *Fast
/// splittable pseudorandom number generators*, 2014).
#[derive(Clone, Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Chance of its own for something: what is drawn there changes nothing here.
    pub(crate) fn fork(&mut self) -> Self {
        Self(self.next())
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number within a range.
    pub(crate) fn within(&mut self, range: RangeInclusive<u64>) -> u64 {
        let (low, high) = range.into_inner();
        low + self.next() % (high.saturating_sub(low) + 1)
    }

    /// An index below a length; 0 where that is none.
    pub(crate) fn below(&mut self, length: usize) -> usize {
        usize::try_from(self.next() % length.max(1) as u64).unwrap_or(0)
    }

    /// Whether something happens that does so many times in a thousand.
    pub(crate) fn happens(&mut self, per_mille: u64) -> bool {
        self.next() % 1000 < per_mille
    }

    /// A number between the bounds, small ones as likely as large ones: each power of two alike.
    pub(crate) fn spread(&mut self, range: RangeInclusive<u64>) -> u64 {
        let (low, high) = range.into_inner();
        let (least, most) = (low.max(1).ilog2(), high.max(1).ilog2());
        let power = self.within(u64::from(least)..=u64::from(most));
        self.within(1 << power..=(2 << power) - 1).clamp(low, high)
    }
}
