//! A bounded queue in which everyone gets the same share, however much anyone puts in.

use std::collections::VecDeque;
use std::hash::Hash;

use hashbrown::HashMap;

/// A lane for each key; the lanes take turns. When the queue is full, the longest lane gives way.
#[derive(Debug)]
pub(crate) struct FairQueue<K, T> {
    /// None of them is empty.
    lanes: HashMap<K, VecDeque<T>>,
    /// Each lane once, in the order of their turns.
    turns: VecDeque<K>,
    len: usize,
    max: usize,
}

impl<K: Clone + Eq + Hash, T> FairQueue<K, T> {
    /// An empty queue with room for `max` items.
    pub(crate) fn new(max: usize) -> Self {
        Self { lanes: HashMap::new(), turns: VecDeque::new(), len: 0, max }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Queues an item. Returns what has no room: the item itself, or the newest item of a lane that
    /// is longer than this one.
    pub(crate) fn push(&mut self, key: K, item: T) -> Option<T> {
        let mut pushed_out = None;
        if self.len >= self.max {
            let own = self.lanes.get(&key).map_or(0, VecDeque::len);
            let longest = self.lanes.values_mut().max_by_key(|lane| lane.len());
            match longest.filter(|lane| lane.len() > own + 1) {
                None => return Some(item),
                Some(lane) => pushed_out = lane.pop_back(),
            }
            self.len -= 1;
        }
        self.len += 1;
        match self.lanes.get_mut(&key) {
            Some(lane) => lane.push_back(item),
            None => {
                self.turns.push_back(key.clone());
                self.lanes.insert(key, VecDeque::from([item]));
            }
        }
        pushed_out
    }

    /// The next item, of the lane whose turn it is.
    pub(crate) fn pop(&mut self) -> Option<T> {
        let key = self.turns.pop_front()?;
        let lane = self.lanes.get_mut(&key)?;
        let item = lane.pop_front();
        if lane.is_empty() {
            self.lanes.remove(&key);
        } else {
            self.turns.push_back(key);
        }
        self.len -= usize::from(item.is_some());
        item
    }

    /// The next item that is allowed: of the first lane in turn that has one.
    pub(crate) fn pop_where(&mut self, mut allows: impl FnMut(&K, &T) -> bool) -> Option<T> {
        for turn in 0..self.turns.len() {
            let key = self.turns.get(turn)?;
            let lane = self.lanes.get_mut(key)?;
            let Some(at) = lane.iter().position(|item| allows(key, item)) else { continue };
            let item = lane.remove(at);
            let is_empty = lane.is_empty();
            let key = self.turns.remove(turn)?;
            if is_empty {
                self.lanes.remove(&key);
            } else {
                self.turns.push_back(key);
            }
            self.len -= 1;
            return item;
        }
        None
    }

    /// Drops the items for which `drops` holds.
    pub(crate) fn drop_where(&mut self, mut drops: impl FnMut(&T) -> bool) {
        if self.is_empty() {
            return;
        }
        self.lanes.retain(|_, lane| {
            lane.retain(|item| !drops(item));
            !lane.is_empty()
        });
        self.turns.retain(|turn| self.lanes.contains_key(turn));
        self.len = self.lanes.values().map(VecDeque::len).sum();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lanes_take_turns() {
        let mut queue = FairQueue::new(10);
        for (key, item) in [('a', 1), ('a', 2), ('a', 3), ('b', 4), ('b', 5)] {
            assert_eq!(queue.push(key, item), None);
        }
        let taken: Vec<_> = std::iter::from_fn(|| queue.pop()).collect();
        assert_eq!(taken, [1, 4, 2, 5, 3]);
    }

    #[test]
    fn the_longest_lane_gives_way() {
        let mut queue = FairQueue::new(4);
        for item in 0..4 {
            queue.push('a', item);
        }
        assert_eq!(queue.push('a', 9), Some(9));
        assert_eq!(queue.push('b', 10), Some(3));
        assert_eq!(queue.push('b', 11), Some(2));
        assert_eq!(queue.push('b', 12), Some(12), "both have the same share by now");
        let gave_way = queue.push('c', 13).unwrap();
        assert!([1, 11].contains(&gave_way), "{gave_way}");
        let taken: Vec<_> = std::iter::from_fn(|| queue.pop()).collect();
        assert_eq!((taken.len(), &taken[..3]), (4, &[0, 10, 13][..]));
    }

    #[test]
    fn what_is_not_allowed_is_passed_over() {
        let mut queue = FairQueue::new(10);
        for (key, item) in [('a', 1), ('a', 2), ('b', 3), ('b', 4)] {
            queue.push(key, item);
        }
        assert_eq!(queue.pop_where(|_, item| item % 2 == 0), Some(2));
        assert_eq!(queue.pop_where(|_, item| item % 2 == 0), Some(4));
        assert_eq!(queue.pop_where(|_, item| item % 2 == 0), None);
        assert_eq!(queue.pop_where(|key, _| *key == 'b'), Some(3));
        assert_eq!((queue.pop(), queue.len()), (Some(1), 0));
    }

    proptest! {
        #[test]
        fn the_queue_counts_right(acts in prop::collection::vec((0_u8..4, 0_u8..4), 0..200)) {
            let mut queue = FairQueue::new(8);
            for (key, act) in acts {
                match act {
                    0 => drop(queue.pop()),
                    1 => queue.drop_where(|item| *item == key),
                    2 => drop(queue.pop_where(|lane, _| *lane == key)),
                    _ => drop(queue.push(key, key)),
                }
                let held: usize = queue.lanes.values().map(VecDeque::len).sum();
                prop_assert_eq!(queue.len(), held);
                prop_assert!(held <= 8 && queue.lanes.values().all(|lane| !lane.is_empty()));
                prop_assert_eq!(queue.turns.len(), queue.lanes.len());
            }
            while queue.pop().is_some() {}
            prop_assert!(queue.is_empty());
        }
    }
}
