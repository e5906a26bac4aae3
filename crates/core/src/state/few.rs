//! A set of few things.

use std::collections::BTreeSet;

/// Things in their order, each once. Mostly it is one, which then takes no memory of its own; a B-tree
/// takes that of eleven. At most a few hundred, as each that comes or goes moves those behind it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Few<T> {
    #[default]
    None,
    One(T),
    /// Two or more.
    More(Vec<T>),
}

impl<T: Copy + Ord> Few<T> {
    /// Whether it was not there yet.
    pub(crate) fn insert(&mut self, thing: T) -> bool {
        let Err(at) = self.as_slice().binary_search(&thing) else { return false };
        match self {
            Self::None => *self = Self::One(thing),
            Self::One(own) => {
                *self = Self::More(vec![thing.min(*own), thing.max(*own)]);
            }
            Self::More(things) => {
                if things.len() < 4 {
                    things.reserve_exact(1);
                }
                things.insert(at, thing);
            }
        }
        true
    }

    /// Whether it was there.
    pub(crate) fn remove(&mut self, thing: &T) -> bool {
        let Ok(at) = self.as_slice().binary_search(thing) else { return false };
        match self {
            Self::None | Self::One(_) => *self = Self::None,
            Self::More(things) => {
                things.remove(at);
                if let [only] = things.as_slice() {
                    *self = Self::One(*only);
                }
            }
        }
        true
    }

    pub(crate) fn contains(&self, thing: &T) -> bool {
        self.as_slice().binary_search(thing).is_ok()
    }

    pub(crate) fn len(&self) -> usize {
        self.as_slice().len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        matches!(self, Self::None)
    }

    pub(crate) fn iter(&self) -> std::slice::Iter<'_, T> {
        self.as_slice().iter()
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

impl<T> Few<T> {
    fn as_slice(&self) -> &[T] {
        match self {
            Self::None => &[],
            Self::One(thing) => std::slice::from_ref(thing),
            Self::More(things) => things,
        }
    }
}

impl<'f, T> IntoIterator for &'f Few<T> {
    type Item = &'f T;
    type IntoIter = std::slice::Iter<'f, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.as_slice().iter()
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
