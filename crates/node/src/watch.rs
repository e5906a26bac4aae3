//! Which sessions watch which names. Lane: local; it is forgotten with the connection.

use std::collections::BTreeMap;

use chinwag_model::name::Name;

use crate::delivery::SessionNumber;

/// Names, and who watches them. Each session's number of names is for its face to bound.
#[derive(Debug, Default)]
pub(crate) struct Watches {
    by_name: BTreeMap<Box<str>, Vec<SessionNumber>>,
    by_session: BTreeMap<SessionNumber, Vec<Box<str>>>,
}

impl Watches {
    /// A session watches names, or no longer.
    pub(crate) fn set(&mut self, session: SessionNumber, names: &[Name], on: bool) {
        for name in names {
            if on {
                self.add(session, name.folded());
            } else {
                self.remove(session, name.folded());
            }
        }
    }

    /// The session is over.
    pub(crate) fn forget(&mut self, session: SessionNumber) {
        for name in self.by_session.remove(&session).unwrap_or_default() {
            self.drop_watcher(session, &name);
        }
    }

    /// Who watches a name.
    pub(crate) fn watchers(&self, name: &Name) -> &[SessionNumber] {
        self.by_name.get(name.folded()).map_or(&[], Vec::as_slice)
    }

    fn add(&mut self, session: SessionNumber, name: &str) {
        let watchers = self.by_name.entry(name.into()).or_default();
        if !watchers.contains(&session) {
            watchers.push(session);
            self.by_session.entry(session).or_default().push(name.into());
        }
    }

    fn remove(&mut self, session: SessionNumber, name: &str) {
        self.drop_watcher(session, name);
        if let Some(names) = self.by_session.get_mut(&session) {
            names.retain(|watched| **watched != *name);
            if names.is_empty() {
                self.by_session.remove(&session);
            }
        }
    }

    fn drop_watcher(&mut self, session: SessionNumber, name: &str) {
        if let Some(watchers) = self.by_name.get_mut(name) {
            watchers.retain(|watcher| *watcher != session);
            if watchers.is_empty() {
                self.by_name.remove(name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_watched_until_the_session_is_over() {
        let name = |text| Name::parse(text).unwrap();
        let mut watches = Watches::default();
        watches.set(1, &[name("Ana"), name("bo")], true);
        watches.set(2, &[name("ANA")], true);
        watches.set(2, &[name("ana")], true);
        assert_eq!(watches.watchers(&name("ana")), [1, 2]);
        watches.set(1, &[name("bo")], false);
        assert_eq!(watches.watchers(&name("bo")), []);
        watches.forget(1);
        assert_eq!(watches.watchers(&name("ana")), [2]);
        watches.forget(2);
        assert!(watches.by_name.is_empty() && watches.by_session.is_empty());
    }
}
