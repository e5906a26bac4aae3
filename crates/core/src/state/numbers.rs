//! Numbers that are given again once they are free: those of guests.

use std::collections::BTreeMap;

/// Which numbers from 1 on are free.
///
/// What is kept are the gaps between those that are taken, so that the lowest free one is found at once,
/// however many are taken; each takes as much memory as a gap, at most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Numbers {
    /// The first and the last number of each gap.
    gaps: BTreeMap<u32, u32>,
}

impl Default for Numbers {
    fn default() -> Self {
        Self { gaps: BTreeMap::from([(1, u32::MAX)]) }
    }
}

impl Numbers {
    /// The lowest free number; none if all are taken.
    pub(crate) fn lowest(&self) -> Option<u32> {
        self.gaps.first_key_value().map(|(first, _)| *first)
    }

    /// Takes a number, if it is free.
    pub(crate) fn take(&mut self, number: u32) {
        let Some((&first, &last)) = self.gaps.range(..=number).next_back() else { return };
        if number > last {
            return;
        }
        self.gaps.remove(&first);
        if first < number {
            self.gaps.insert(first, number - 1);
        }
        if number < last {
            self.gaps.insert(number + 1, last);
        }
    }

    /// Gives a number back, if it is taken.
    pub(crate) fn give_back(&mut self, number: u32) {
        let before = self.gaps.range(..=number).next_back().map(|(first, last)| (*first, *last));
        if number == 0 || before.is_some_and(|(_, last)| last >= number) {
            return;
        }
        let mut gap = (number, number);
        if let Some((first, last)) = before
            && last + 1 == number
        {
            gap.0 = first;
        }
        if let Some(last) = number.checked_add(1).and_then(|next| self.gaps.remove(&next)) {
            gap.1 = last;
        }
        self.gaps.insert(gap.0, gap.1);
    }

    /// How many gaps there are.
    #[cfg(test)]
    fn len(&self) -> usize {
        self.gaps.len()
    }
}

impl FromIterator<u32> for Numbers {
    /// With these taken.
    fn from_iter<I: IntoIterator<Item = u32>>(taken: I) -> Self {
        let mut numbers = Self::default();
        taken.into_iter().for_each(|number| numbers.take(number));
        numbers
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn attack_many_guests_make_no_next_guest_costly() {
        // Each gap is found at once; with all of a hundred thousand taken there is but one.
        let mut numbers: Numbers = (1..=100_000).collect();
        assert_eq!((numbers.lowest(), numbers.len()), (Some(100_001), 1));
        numbers.give_back(7);
        assert_eq!((numbers.lowest(), numbers.len()), (Some(7), 2));
        numbers.take(7);
        numbers.take(u32::MAX);
        assert_eq!(numbers.lowest(), Some(100_001));
    }

    proptest! {
        #[test]
        fn the_lowest_number_is_the_lowest_that_is_not_taken(
            steps in prop::collection::vec((any::<bool>(), 0..12_u32), 0..200),
        ) {
            let (mut numbers, mut taken) = (Numbers::default(), BTreeSet::new());
            for (takes, number) in steps {
                if takes {
                    numbers.take(number);
                    taken.extend((number > 0).then_some(number));
                } else {
                    numbers.give_back(number);
                    taken.remove(&number);
                }
                prop_assert_eq!(numbers.lowest(), (1..).find(|n| !taken.contains(n)));
                prop_assert_eq!(&numbers, &taken.iter().copied().collect::<Numbers>());
                prop_assert!(numbers.len() <= taken.len() + 1);
            }
        }
    }
}
