//! Whether everyone received everything, once and in one order.

use super::payload::{self, HEAD, Head};

/// What one receiver got: how much, and a hash that depends on all of it and on its order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Payloads.
    pub(crate) count: u64,
    hash: u64,
}

/// A number without pattern, odd: the golden ratio's.
const MIX: u64 = 0x9e37_79b9_7f4a_7c15;

impl Tally {
    /// Takes the next payload's head.
    #[inline]
    pub(crate) fn add(&mut self, head: &[u8; HEAD]) {
        let whole = u128::from_le_bytes(*head);
        let (low, high) = (whole as u64, (whole >> 64) as u64);
        self.hash = (self.hash.rotate_left(5) ^ low).wrapping_mul(MIX);
        self.hash = (self.hash.rotate_left(23) ^ high).wrapping_mul(MIX);
        self.count += 1;
    }
}

/// Each sender's numbers as one receiver sees them: they must come one after the other.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sequence {
    first: usize,
    next: Vec<u64>,
    fault: Option<String>,
}

impl Sequence {
    /// Nothing was seen yet; nobody is heard whose number is below `first`.
    pub(crate) fn starting_at(first: usize) -> Self {
        Self { first, ..Self::default() }
    }

    /// Takes the next payload; gives what it says.
    pub(crate) fn add(&mut self, head: &[u8; HEAD]) -> Option<Head> {
        let Some(read) = payload::read(head).filter(|read| read.sender < payload::SENDERS_MAX)
        else {
            self.fail(format!("a damaged payload: {}", String::from_utf8_lossy(head)));
            return None;
        };
        let Some(at) = read.sender.checked_sub(self.first) else {
            self.fail(format!("sender {} is heard where they are not", read.sender));
            return None;
        };
        if self.next.len() <= at {
            self.next.resize(at + 1, 0);
        }
        let next = self.next.get_mut(at)?;
        let expected = *next;
        *next = read.number + 1;
        if expected != read.number {
            let (sender, number) = (read.sender, read.number);
            self.fail(format!("sender {sender}: number {number} came instead of {expected}"));
        }
        Some(read)
    }

    /// The first thing that was wrong.
    pub(crate) fn fault(&self) -> Option<&str> {
        self.fault.as_deref()
    }

    fn fail(&mut self, fault: String) {
        self.fault.get_or_insert(fault);
    }
}

/// Compares receivers with the first of them, who saw all; says how many differ and how.
pub(crate) fn differing<'a>(
    first: Tally,
    others: impl IntoIterator<Item = &'a Tally>,
) -> Option<String> {
    let (mut fewer, mut more, mut otherwise) = (0, 0, 0);
    for other in others {
        match other.count.cmp(&first.count) {
            std::cmp::Ordering::Less => fewer += 1,
            std::cmp::Ordering::Greater => more += 1,
            std::cmp::Ordering::Equal if other.hash != first.hash => otherwise += 1,
            std::cmp::Ordering::Equal => {}
        }
    }
    (fewer + more + otherwise > 0).then(|| {
        format!("{fewer} receivers miss lines, {more} have too many, {otherwise} saw another order")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(sender: usize, number: u64) -> [u8; HEAD] {
        let mut out = Vec::new();
        payload::write(Head { sender, number }, payload::SIZE_MIN, &mut out);
        *out.first_chunk().unwrap()
    }

    fn tally(heads: &[(usize, u64)]) -> Tally {
        let mut tally = Tally::default();
        for (sender, number) in heads {
            tally.add(&head(*sender, *number));
        }
        tally
    }

    #[test]
    fn another_order_a_gap_and_a_repeat_are_noticed() {
        let first = tally(&[(0, 0), (1, 0), (0, 1)]);
        assert_eq!(differing(first, &[first, tally(&[(0, 0), (1, 0), (0, 1)])]), None);
        for (heads, said) in [
            (&[(1, 0), (0, 0), (0, 1)][..], "0 receivers miss lines, 0 have too many, 1 saw"),
            (&[(0, 0), (1, 0)], "1 receivers miss lines, 0 have too many, 0 saw"),
            (&[(0, 0), (1, 0), (0, 1), (0, 1)], "0 receivers miss lines, 1 have too many, 0 saw"),
        ] {
            let other = tally(heads);
            assert!(differing(first, &[first, other]).unwrap().starts_with(said));
        }
    }

    #[test]
    fn a_sequence_has_no_gap_and_no_repeat() {
        for (heads, fault) in [
            (&[(0, 0), (3, 0), (0, 1)][..], None),
            (&[(0, 0), (0, 2)], Some("sender 0: number 2 came instead of 1")),
            (&[(7, 0), (7, 0)], Some("sender 7: number 0 came instead of 1")),
        ] {
            let mut sequence = Sequence::default();
            for (sender, number) in heads {
                sequence.add(&head(*sender, *number));
            }
            assert_eq!(sequence.fault(), fault);
        }
        let mut elsewhere = Sequence::starting_at(3);
        assert!(elsewhere.add(&head(3, 0)).is_some() && elsewhere.fault().is_none());
        assert!(elsewhere.add(&head(2, 0)).is_none() && elsewhere.fault().is_some());
        let mut damaged = Sequence::default();
        assert_eq!(damaged.add(b"~00g000000000000"), None);
        assert!(damaged.fault().is_some());
    }
}
