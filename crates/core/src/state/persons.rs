//! All persons, by id.

use std::collections::{BTreeMap, btree_map};
#[cfg(test)]
use std::ops::Index;

use chinwag_model::id::PersonId;
use minicbor::encode::{Encode, Encoder, Error, Write};

use super::Person;

/// All persons, by id. Each has its memory for itself: ids are given in their order, and a B-tree that
/// grows at its end has half of its places empty, which with persons in them would be most of what a
/// silent connection takes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Persons(BTreeMap<PersonId, Box<Person>>);

impl Persons {
    pub(crate) fn get(&self, id: &PersonId) -> Option<&Person> {
        self.0.get(id).map(|person| &**person)
    }

    pub(crate) fn get_mut(&mut self, id: &PersonId) -> Option<&mut Person> {
        self.0.get_mut(id).map(|person| &mut **person)
    }

    pub(crate) fn contains_key(&self, id: &PersonId) -> bool {
        self.0.contains_key(id)
    }

    pub(crate) fn insert(&mut self, id: PersonId, person: Person) {
        self.0.insert(id, Box::new(person));
    }

    pub(crate) fn remove(&mut self, id: &PersonId) -> Option<Person> {
        self.0.remove(id).map(|person| *person)
    }

    #[cfg(test)]
    pub(crate) fn keys(&self) -> impl Iterator<Item = &PersonId> {
        self.0.keys()
    }

    #[cfg(test)]
    pub(crate) fn values(&self) -> impl Iterator<Item = &Person> {
        self.0.values().map(|person| &**person)
    }

    pub(crate) fn iter(&self) -> Iter<'_> {
        Iter(self.0.iter())
    }
}

/// Persons in the order of their ids.
#[derive(Debug)]
pub(crate) struct Iter<'p>(btree_map::Iter<'p, PersonId, Box<Person>>);

impl<'p> Iterator for Iter<'p> {
    type Item = (&'p PersonId, &'p Person);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|(id, person)| (id, &**person))
    }
}

impl<'p> IntoIterator for &'p Persons {
    type Item = (&'p PersonId, &'p Person);
    type IntoIter = Iter<'p>;

    fn into_iter(self) -> Iter<'p> {
        self.iter()
    }
}

#[cfg(test)]
impl Index<&PersonId> for Persons {
    type Output = Person;

    fn index(&self, id: &PersonId) -> &Person {
        &self.0[id]
    }
}

/// As a map from ids to persons.
impl<C> Encode<C> for Persons {
    fn encode<W: Write>(&self, e: &mut Encoder<W>, context: &mut C) -> Result<(), Error<W::Error>> {
        self.0.encode(e, context)
    }
}
