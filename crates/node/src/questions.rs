//! Long questions, and what their askers want after them: a step of each in turn.

use std::collections::{BTreeMap, VecDeque};

use crate::delivery::SessionNumber;

/// What waits for its turn: first in, first out for each session, and sessions in turn.
///
/// It is bounded by what each session may have on its way, which its face keeps to.
#[derive(Debug)]
pub(crate) struct Questions<T> {
    of: BTreeMap<SessionNumber, VecDeque<T>>,
    turns: VecDeque<SessionNumber>,
}

impl<T> Default for Questions<T> {
    fn default() -> Self {
        Self { of: BTreeMap::new(), turns: VecDeque::new() }
    }
}

impl<T> Questions<T> {
    /// Whether nobody waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.of.is_empty()
    }

    /// Whether this session waits.
    pub(crate) fn has(&self, session: SessionNumber) -> bool {
        self.of.contains_key(&session)
    }

    /// Adds what a session wants, after all that it wants already.
    pub(crate) fn push(&mut self, session: SessionNumber, what: T) {
        let waiting = self.of.entry(session).or_default();
        if waiting.is_empty() {
            self.turns.push_back(session);
        }
        waiting.push_back(what);
    }

    /// What is next: the first thing of the session whose turn it is.
    pub(crate) fn next(&mut self) -> Option<(SessionNumber, T)> {
        loop {
            let session = self.turns.pop_front()?;
            let Some(waiting) = self.of.get_mut(&session) else { continue };
            let what = waiting.pop_front();
            if waiting.is_empty() {
                self.of.remove(&session);
            } else {
                self.turns.push_back(session);
            }
            if let Some(what) = what {
                return Some((session, what));
            }
        }
    }

    /// Forgets what a session that is gone wanted.
    pub(crate) fn forget(&mut self, session: SessionNumber) {
        // Its turn is passed over when it comes.
        self.of.remove(&session);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_much_waits_for_those_who_ask_little() {
        let mut questions = Questions::default();
        for (session, what) in [(1, 'a'), (1, 'b'), (1, 'c'), (2, 'd'), (3, 'e'), (3, 'f')] {
            questions.push(session, what);
        }
        assert!(questions.has(3) && !questions.has(4));
        questions.forget(2);
        let order: String = std::iter::from_fn(|| questions.next()).map(|(_, what)| what).collect();
        assert_eq!(order, "aebfc");
        assert!(questions.is_empty() && questions.next().is_none());
        questions.push(2, 'g');
        assert_eq!(questions.next(), Some((2, 'g')));
    }
}
