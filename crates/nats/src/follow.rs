//! The line of stored messages: each taken once, in order, whichever way it came.

use std::collections::{BTreeMap, VecDeque};

use chinwag_model::id::{Seq, Timestamp};

use crate::message::Stored;

/// Messages taken of which it is known what they were.
const RECENT: usize = 1024;

/// Messages ahead of a hole that are kept until it is filled, and their bytes.
const AHEAD: usize = 1024;
const AHEAD_BYTES: usize = 16 << 20;

/// The line of stored messages, as far as it was taken.
///
/// What the stream publishes again may have holes, and come again; what is fetched fills them. A
/// message that comes a second time has to be the same.
#[derive(Debug)]
pub(crate) struct Line {
    last: Seq,
    /// Of the last ones taken, what they were.
    recent: VecDeque<Mark>,
    ahead: BTreeMap<Seq, Stored>,
    ahead_bytes: usize,
    /// The highest number that was ever told.
    told: Seq,
}

/// By which a message is known again.
type Mark = (Timestamp, u32);

/// A message came that is another one than was taken in its place: the stream was changed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("entry {} is now another one than it was", .0.0)]
pub(crate) struct Changed(pub(crate) Seq);

impl Line {
    /// A line that goes on after `last`.
    pub(crate) fn new(last: Seq) -> Self {
        Self { last, recent: VecDeque::new(), ahead: BTreeMap::new(), ahead_bytes: 0, told: last }
    }

    /// The last one taken.
    pub(crate) fn last(&self) -> Seq {
        self.last
    }

    /// How many are known to come after what was taken.
    pub(crate) fn behind(&self) -> u64 {
        self.told.0.saturating_sub(self.last.0)
    }

    /// Whether something is known to come after what was taken.
    pub(crate) fn has_hole(&self) -> bool {
        self.told > self.last
    }

    /// A message came. What can be taken now is then [`next`](Self::next).
    ///
    /// # Errors
    /// [`Changed`] if another one was taken in its place.
    pub(crate) fn came(&mut self, stored: Stored) -> Result<(), Changed> {
        let seq = stored.seq;
        self.told = self.told.max(seq);
        if seq <= self.last {
            let ago = usize::try_from(self.last.0 - seq.0).unwrap_or(usize::MAX);
            return match self.recent.get(ago) {
                Some(mark) if *mark != stored.mark() => Err(Changed(seq)),
                _ => Ok(()),
            };
        }
        let bytes = stored.payload.len();
        let is_next = seq == self.last.next();
        if is_next || (self.ahead.len() < AHEAD && self.ahead_bytes + bytes <= AHEAD_BYTES) {
            match self.ahead.insert(seq, stored) {
                Some(before)
                    if self.ahead.get(&seq).is_some_and(|now| now.mark() != before.mark()) =>
                {
                    return Err(Changed(seq));
                }
                Some(_) => {}
                None => self.ahead_bytes += bytes,
            }
        }
        Ok(())
    }

    /// The next one, if it is there: it is taken.
    pub(crate) fn next(&mut self) -> Option<Stored> {
        let stored = self.ahead.remove(&self.last.next())?;
        self.ahead_bytes = self.ahead_bytes.saturating_sub(stored.payload.len());
        self.last = stored.seq;
        self.recent.push_front(stored.mark());
        self.recent.truncate(RECENT);
        Some(stored)
    }
}

impl Stored {
    fn mark(&self) -> Mark {
        (self.time, crc32fast::hash(&self.payload))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stored(seq: u64) -> Stored {
        Stored {
            seq: Seq(seq),
            time: Timestamp(0),
            subject: String::new(),
            payload: seq.to_be_bytes().to_vec().into(),
        }
    }

    fn take(line: &mut Line) -> Vec<u64> {
        std::iter::from_fn(|| line.next()).map(|stored| stored.seq.0).collect()
    }

    #[test]
    fn messages_after_a_hole_wait_until_it_is_filled() {
        let mut line = Line::new(Seq(5));
        line.came(stored(8)).unwrap();
        line.came(stored(6)).unwrap();
        assert_eq!((take(&mut line), line.has_hole()), (vec![6], true));
        line.came(stored(7)).unwrap();
        assert_eq!((take(&mut line), line.has_hole()), (vec![7, 8], false));
    }

    #[test]
    fn what_comes_again_has_to_be_the_same() {
        let mut line = Line::new(Seq(0));
        for seq in [1, 2, 4] {
            line.came(stored(seq)).unwrap();
        }
        assert_eq!(take(&mut line), [1, 2]);
        let other = |seq| Stored { payload: "other".into(), ..stored(seq) };
        for seq in [1, 2, 4] {
            line.came(stored(seq)).unwrap();
            assert_eq!(line.came(other(seq)), Err(Changed(Seq(seq))));
        }
    }

    #[test]
    fn what_waits_is_bounded_and_the_next_one_is_always_taken() {
        let mut line = Line::new(Seq(0));
        for seq in 2..5000 {
            line.came(stored(seq)).unwrap();
        }
        line.came(stored(1)).unwrap();
        assert_eq!(take(&mut line), (1..=AHEAD as u64 + 1).collect::<Vec<_>>());
        assert!(line.has_hole());
    }

    proptest! {
        #[test]
        fn in_whatever_order_messages_come_each_is_taken_once(
            mut came in prop::collection::vec(1u64..40, 0..100),
        ) {
            let mut line = Line::new(Seq(0));
            let mut taken = Vec::new();
            came.extend((1..40).rev());
            for seq in came {
                line.came(stored(seq)).unwrap();
                taken.extend(take(&mut line));
            }
            prop_assert_eq!(taken, (1..40).collect::<Vec<_>>());
        }
    }
}
