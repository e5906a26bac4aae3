//! A set of few things.

use std::collections::BTreeSet;

/// Things in their order, each once. Mostly it is one, and then takes the memory of one; a B-tree
/// takes that of eleven. At most a few hundred, as each that comes or goes moves those behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Few<T>(Vec<T>);

impl<T> Default for Few<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Copy + Ord> Few<T> {
    /// Whether it was not there yet.
    pub(crate) fn insert(&mut self, thing: T) -> bool {
        let Err(at) = self.0.binary_search(&thing) else { return false };
        if self.0.len() < 4 {
            self.0.reserve_exact(1);
        }
        self.0.insert(at, thing);
        true
    }

    /// Whether it was there.
    pub(crate) fn remove(&mut self, thing: &T) -> bool {
        let Ok(at) = self.0.binary_search(thing) else { return false };
        self.0.remove(at);
        if self.0.is_empty() {
            self.0 = Vec::new();
        }
        true
    }

    pub(crate) fn contains(&self, thing: &T) -> bool {
        self.0.binary_search(thing).is_ok()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn iter(&self) -> std::slice::Iter<'_, T> {
        self.0.iter()
    }

    /// Those that are in both, in their order.
    pub(crate) fn intersection<'f>(&'f self, other: &'f Self) -> impl Iterator<Item = &'f T> {
        self.iter().filter(|thing| other.contains(thing))
    }

    /// Those that are in either, in their order.
    pub(crate) fn union(&self, other: &Self) -> Vec<T> {
        let both: BTreeSet<T> = self.iter().chain(other).copied().collect();
        both.into_iter().collect()
    }
}

impl<'f, T> IntoIterator for &'f Few<T> {
    type Item = &'f T;
    type IntoIter = std::slice::Iter<'f, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<T: Copy + Ord> FromIterator<T> for Few<T> {
    fn from_iter<I: IntoIterator<Item = T>>(things: I) -> Self {
        let mut few = Self::default();
        for thing in things {
            few.insert(thing);
        }
        few
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_a_set_in_order(changes in prop::collection::vec((any::<bool>(), 0u8..12), 0..60)) {
            let (mut few, mut set) = (Few::default(), BTreeSet::new());
            for (comes, thing) in changes {
                if comes {
                    prop_assert_eq!(few.insert(thing), set.insert(thing));
                } else {
                    prop_assert_eq!(few.remove(&thing), set.remove(&thing));
                }
                prop_assert!(few.iter().eq(&set));
                prop_assert_eq!((few.len(), few.is_empty()), (set.len(), set.is_empty()));
            }
            prop_assert!((0..12).all(|thing| few.contains(&thing) == set.contains(&thing)));
        }

        #[test]
        fn two_of_them_have_some_in_common_and_others_not(
            one in prop::collection::btree_set(0u8..20, 0..12),
            other in prop::collection::btree_set(0u8..20, 0..12),
        ) {
            let few = |set: &BTreeSet<u8>| set.iter().copied().collect::<Few<u8>>();
            let (a, b) = (few(&one), few(&other));
            prop_assert!(a.intersection(&b).eq(one.intersection(&other)));
            prop_assert!(a.union(&b).iter().eq(one.union(&other)));
        }
    }
}
