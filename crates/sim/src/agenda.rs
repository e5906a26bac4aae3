//! What is due, by virtual time.

use std::collections::BTreeMap;

/// Microseconds since the world began.
pub(crate) type Micros = u64;

/// A millisecond and a second.
pub(crate) const MILLI: Micros = 1000;
pub(crate) const SECOND: Micros = 1_000_000;

/// Things that are due, in order of time; what is due at the same time comes as it was put in.
#[derive(Debug)]
pub(crate) struct Agenda<T> {
    now: Micros,
    count: u64,
    due: BTreeMap<(Micros, u64), T>,
}

impl<T> Agenda<T> {
    pub(crate) fn new() -> Self {
        Self { now: 0, count: 0, due: BTreeMap::new() }
    }

    pub(crate) fn now(&self) -> Micros {
        self.now
    }

    /// Puts something in that is due after so long.
    pub(crate) fn after(&mut self, delay: Micros, what: T) {
        self.count += 1;
        self.due.insert((self.now + delay, self.count), what);
    }

    /// The next thing that is due; time goes on to it.
    pub(crate) fn next(&mut self) -> Option<T> {
        let ((at, _), what) = self.due.pop_first()?;
        self.now = at;
        Some(what)
    }
}
