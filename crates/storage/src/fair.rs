//! A queue with a fair share for everyone: by network, and within a network by person.
//!
//! Who asks for much waits longer, and so does their network; nobody else waits for them. Each person has
//! room for so many things, and all have room for so many together. Where there is none, the oldest thing
//! gives way, of the person who has most: it is given back, and to be refused aloud.

use std::collections::{BTreeMap, VecDeque};

/// For whom something is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Party {
    /// The network that they are in, as a number; none where networks do not count.
    pub network: Option<u128>,
    /// Who they are there.
    pub person: u64,
}

/// A queue of things, each for someone.
#[derive(Debug)]
pub struct FairQueue<T> {
    networks: BTreeMap<Option<u128>, Network<T>>,
    turns: VecDeque<Option<u128>>,
    len: usize,
    bounds: Bounds,
}

/// How many things a queue has room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// For one person.
    pub per_person: usize,
    /// For all.
    pub all: usize,
}

#[derive(Debug)]
struct Network<T> {
    persons: BTreeMap<u64, VecDeque<T>>,
    turns: VecDeque<u64>,
    len: usize,
}

impl<T> Network<T> {
    fn push(&mut self, person: u64, thing: T) {
        let things = self.persons.entry(person).or_default();
        if things.is_empty() {
            self.turns.push_back(person);
        }
        things.push_back(thing);
        self.len += 1;
    }

    fn pop(&mut self) -> Option<T> {
        let person = self.turns.pop_front()?;
        let thing = self.take_oldest(person);
        if self.persons.contains_key(&person) {
            self.turns.push_back(person);
        }
        thing
    }

    /// Takes a person's oldest thing. Their turn is left to the caller, if there is nothing more of theirs.
    fn take_oldest(&mut self, person: u64) -> Option<T> {
        let things = self.persons.get_mut(&person)?;
        let thing = things.pop_front()?;
        if things.is_empty() {
            self.persons.remove(&person);
        }
        self.len -= 1;
        Some(thing)
    }
}

impl<T> FairQueue<T> {
    /// An empty queue.
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        Self { networks: BTreeMap::new(), turns: VecDeque::new(), len: 0, bounds }
    }

    /// How many things wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds something for someone; gives what gives way to it, if anything does.
    pub fn push(&mut self, party: Party, thing: T) -> Option<T> {
        let Party { network, person } = party;
        let own = self.networks.get(&network).and_then(|network| network.persons.get(&person));
        let gone = if own.is_some_and(|own| own.len() >= self.bounds.per_person) {
            self.take_oldest(network, person)
        } else if self.len >= self.bounds.all {
            // Of the network that has most, the person who has most.
            let most = self.networks.iter().max_by_key(|(_, network)| network.len);
            let most = most.and_then(|(address, network)| {
                let (person, _) = network.persons.iter().max_by_key(|(_, things)| things.len())?;
                Some((*address, *person))
            });
            most.and_then(|(network, person)| self.take_oldest(network, person))
        } else {
            None
        };
        let of = self.networks.entry(network).or_insert_with(|| {
            self.turns.push_back(network);
            Network { persons: BTreeMap::new(), turns: VecDeque::new(), len: 0 }
        });
        of.push(person, thing);
        self.len += 1;
        gone
    }

    /// What is next: of the network whose turn it is, and there of the person whose turn it is, the oldest.
    pub fn pop(&mut self) -> Option<T> {
        let address = self.turns.pop_front()?;
        let network = self.networks.get_mut(&address)?;
        let thing = network.pop();
        if network.len == 0 {
            self.networks.remove(&address);
        } else {
            self.turns.push_back(address);
        }
        self.len -= usize::from(thing.is_some());
        thing
    }

    fn take_oldest(&mut self, address: Option<u128>, person: u64) -> Option<T> {
        let network = self.networks.get_mut(&address)?;
        let thing = network.take_oldest(person)?;
        self.len -= 1;
        if !network.persons.contains_key(&person) {
            network.turns.retain(|other| *other != person);
        }
        if network.len == 0 {
            self.networks.remove(&address);
            self.turns.retain(|other| *other != address);
        }
        Some(thing)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn party(network: u8, person: u64) -> Party {
        Party { network: Some(network.into()), person }
    }

    fn queue(per_person: usize, all: usize) -> FairQueue<(u8, u64, u32)> {
        FairQueue::new(Bounds { per_person, all })
    }

    #[test]
    fn networks_are_served_in_turn_and_in_each_the_persons() {
        let mut queue = queue(10, 100);
        for (network, person, number) in
            [(1, 1, 1), (1, 1, 2), (1, 2, 3), (1, 1, 4), (2, 3, 5), (2, 3, 6)]
        {
            assert_eq!(queue.push(party(network, person), (network, person, number)), None);
        }
        let order: Vec<u32> = std::iter::from_fn(|| queue.pop()).map(|(.., n)| n).collect();
        assert_eq!(order, [1, 5, 3, 6, 2, 4]);
        assert!(queue.is_empty());
    }

    #[test]
    fn attack_who_asks_without_end_denies_nobody_else_anything() {
        let mut queue = queue(4, 20);
        // A person, and then a network of many persons, each with as much as they may.
        for number in 0..100 {
            let gone = queue.push(party(1, 1), (1, 1, number));
            assert_eq!(gone, number.checked_sub(4).map(|oldest| (1, 1, oldest)));
        }
        for number in 0..100 {
            queue.push(party(2, u64::from(number)), (2, u64::from(number), number));
        }
        assert_eq!(queue.len(), 20);
        // Who comes then gets in, and it is one of those that gives way.
        let gone = queue.push(party(3, 7), (3, 7, 0));
        assert_eq!(gone.map(|(network, ..)| network), Some(2));
        let before: Vec<_> = std::iter::from_fn(|| queue.pop()).take_while(|t| t.0 != 3).collect();
        assert_eq!(before.len(), 2, "one of each network goes first: {before:?}");
    }

    proptest! {
        #[test]
        fn nothing_is_lost_or_doubled_and_the_bounds_hold(
            steps in prop::collection::vec((0..4u8, 0..3u64, any::<bool>()), 0..200),
        ) {
            let (mut queue, mut there) = (queue(3, 8), Vec::new());
            for (number, (network, person, pushes)) in (0..).zip(steps) {
                if pushes {
                    let thing = (network, person, number);
                    if let Some(gone) = queue.push(party(network, person), thing) {
                        let before = there.len();
                        there.retain(|other| *other != gone);
                        prop_assert_eq!(there.len(), before - 1);
                    }
                    there.push(thing);
                } else if let Some(next) = queue.pop() {
                    // Of one person, the oldest.
                    let own = |other: &&(u8, u64, u32)| (other.0, other.1) == (next.0, next.1);
                    prop_assert_eq!(there.iter().find(own), Some(&next));
                    there.retain(|other| *other != next);
                } else {
                    prop_assert!(there.is_empty());
                }
                prop_assert_eq!(queue.len(), there.len());
                prop_assert!(queue.len() <= 8);
                let most = there.iter().map(|one| {
                    there.iter().filter(|two| (one.0, one.1) == (two.0, two.1)).count()
                });
                prop_assert!(most.max().unwrap_or(0) <= 3);
            }
        }
    }
}
