//! What someone or something is found by.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::marker::PhantomData;

use chinwag_model::name::Name;

/// A name as a key of a map. It shares its text with whoever is called so.
#[derive(Clone, Debug)]
pub(crate) struct Key<P>(Name, PhantomData<P>);

/// The part of a name that its keys are compared by.
pub(crate) trait Part {
    fn of(name: &Name) -> &str;
}

/// What is compared of names.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Folded;

/// What a name looks like.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look;

impl Part for Folded {
    fn of(name: &Name) -> &str {
        name.folded()
    }
}

impl Part for Look {
    fn of(name: &Name) -> &str {
        name.look()
    }
}

impl<P: Part> Key<P> {
    pub(crate) fn text(&self) -> &str {
        P::of(&self.0)
    }
}

impl<P> From<&Name> for Key<P> {
    fn from(name: &Name) -> Self {
        Self(name.clone(), PhantomData)
    }
}

impl<P: Part> Borrow<str> for Key<P> {
    fn borrow(&self) -> &str {
        self.text()
    }
}

impl<P: Part> Ord for Key<P> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.text().cmp(other.text())
    }
}

impl<P: Part> PartialOrd for Key<P> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<P: Part> PartialEq for Key<P> {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl<P: Part> Eq for Key<P> {}
