//! What few people have any of.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::{Deref, DerefMut};

use minicbor::decode::{self, Decode, Decoder};
use minicbor::encode::{self, Encode, Encoder, Write};

/// A collection that is mostly empty, and then takes a pointer's memory and no more. It is used,
/// written and shown as what it holds.
#[derive(Clone)]
pub(crate) struct Rare<T>(Option<Box<T>>);

/// What may be empty.
pub(crate) trait Collection: Default + 'static {
    const EMPTY: &'static Self;

    fn is_empty(&self) -> bool;
}

impl<K: 'static, V: 'static> Collection for BTreeMap<K, V> {
    const EMPTY: &'static Self = &Self::new();

    fn is_empty(&self) -> bool {
        self.is_empty()
    }
}

impl<T: 'static> Collection for BTreeSet<T> {
    const EMPTY: &'static Self = &Self::new();

    fn is_empty(&self) -> bool {
        self.is_empty()
    }
}

impl<T> Default for Rare<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: Collection> From<T> for Rare<T> {
    fn from(held: T) -> Self {
        Self(if held.is_empty() { None } else { Some(Box::new(held)) })
    }
}

impl<T: Collection> Deref for Rare<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.as_deref().unwrap_or(T::EMPTY)
    }
}

impl<T: Collection> DerefMut for Rare<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.0.get_or_insert_default()
    }
}

impl<T: Collection + fmt::Debug> fmt::Debug for Rare<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<C, T: Collection + Encode<C>> Encode<C> for Rare<T> {
    fn encode<W: Write>(
        &self,
        e: &mut Encoder<W>,
        context: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        (**self).encode(e, context)
    }
}

impl<'b, C, T: Collection + Decode<'b, C>> Decode<'b, C> for Rare<T> {
    fn decode(d: &mut Decoder<'b>, context: &mut C) -> Result<Self, decode::Error> {
        T::decode(d, context).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_written_as_what_it_holds() {
        for held in [BTreeSet::new(), BTreeSet::from([1, 2])] {
            let rare = Rare::from(held.clone());
            let written = minicbor::to_vec(&rare).unwrap();
            assert_eq!(written, minicbor::to_vec(&held).unwrap());
            let read: Rare<BTreeSet<u8>> = minicbor::decode(&written).unwrap();
            assert_eq!((&*read, read.0.is_some()), (&held, !held.is_empty()));
        }
    }

    #[test]
    fn it_holds_what_is_put_in() {
        let mut rare: Rare<BTreeMap<u8, u8>> = Rare::default();
        assert!(rare.0.is_none() && rare.is_empty());
        rare.insert(1, 2);
        assert_eq!(rare.get(&1), Some(&2));
    }
}
