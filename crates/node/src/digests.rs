//! What nodes say that their states are, and who differs.

use std::collections::BTreeMap;

use chinwag_core::snapshot::Digest;
use chinwag_model::id::{NodeId, Seq};

use crate::stop::Stop;

/// Entries of which digests are remembered: the last ones.
const REMEMBERED: usize = 4;

/// Most nodes whose word on one entry is remembered.
const VOTES_MAX: usize = 1024;

/// Own digests, and those that nodes have put in the log.
#[derive(Debug, Default)]
pub(crate) struct Digests {
    own: BTreeMap<Seq, Digest>,
    /// By entry, in the order of the log; each node's first word counts.
    votes: BTreeMap<Seq, Vec<(NodeId, Digest)>>,
}

impl Digests {
    /// This node has come to this state.
    pub(crate) fn set_own(&mut self, seq: Seq, digest: Digest) {
        self.own.insert(seq, digest);
        while self.own.len() > REMEMBERED {
            self.own.pop_first();
        }
    }

    /// Someone says what its state was, perhaps this node itself.
    pub(crate) fn hear(&mut self, node: NodeId, seq: Seq, digest: Digest) {
        let votes = self.votes.entry(seq).or_default();
        if votes.len() < VOTES_MAX && votes.iter().all(|(voter, _)| *voter != node) {
            votes.push((node, digest));
        }
        while self.votes.len() > REMEMBERED {
            self.votes.pop_first();
        }
    }

    /// Who is wrong? Where more than half of those who live agree with each other and not with this
    /// one, it is this one. Once all have spoken, the state that most have is right, and where none has
    /// more, that of whoever spoke first: any choice would do, but that all make the same.
    ///
    /// # Errors
    /// [`Stop::Differs`] where it is this node.
    pub(crate) fn judge(&self, seq: Seq, living: impl Iterator<Item = NodeId>) -> Result<(), Stop> {
        let (Some(own), Some(votes)) = (self.own.get(&seq), self.votes.get(&seq)) else {
            return Ok(());
        };
        let count = |digest| votes.iter().filter(|(_, vote)| *vote == digest).count();
        let others = votes.iter().filter(|(_, vote)| vote != own).map(|(_, vote)| count(*vote));
        let (most, agree) = (others.max().unwrap_or(0), count(*own));
        let living: Vec<_> = living.collect();
        let has_spoken = |node: &NodeId| votes.iter().any(|(voter, _)| voter == node);
        let is_first = votes.first().is_some_and(|(_, first)| first == own);
        let is_less = most > agree || (most > 0 && most == agree && !is_first);
        if most > living.len() / 2 || (is_less && living.iter().all(has_spoken)) {
            return Err(Stop::Differs { seq: seq.0, others: most });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_differs_from_most_stops_and_of_two_whoever_spoke_later() {
        // Nodes in the order in which they spoke, with what they said; who of the living stops.
        for (living, spoken, stops) in [
            (&[1, 2, 3][..], &[(1, 7), (2, 7), (3, 7)][..], &[][..]),
            (&[1, 2, 3], &[(1, 7), (2, 8)], &[]),
            (&[1, 2, 3], &[(1, 7), (2, 8), (3, 8)], &[1]),
            (&[1, 2, 3], &[(1, 7), (2, 8), (3, 7)], &[2]),
            (&[1, 2, 3], &[(1, 7), (2, 8), (3, 9)], &[2, 3]),
            (&[1, 2, 3, 4], &[(4, 7), (1, 8), (2, 8), (3, 7)], &[1, 2]),
            (&[1, 2], &[(2, 7), (1, 8)], &[1]),
            (&[1, 2], &[(2, 7), (2, 8), (1, 7)], &[]),
            (&[1], &[(1, 7)], &[]),
        ] {
            let of = |n: u32| Digest([u8::try_from(n).unwrap(); 32]);
            let mut stopped = Vec::new();
            for node in living {
                let mut digests = Digests::default();
                let own = spoken.iter().find(|(who, _)| who == node);
                if let Some((_, own)) = own {
                    digests.set_own(Seq(5), of(*own));
                }
                let mut is_stopped = false;
                for (who, what) in spoken {
                    digests.hear(NodeId(*who), Seq(5), of(*what));
                    is_stopped |= digests.judge(Seq(5), living.iter().map(|n| NodeId(*n))).is_err();
                }
                stopped.extend(is_stopped.then_some(*node));
            }
            assert_eq!(stopped, stops, "{spoken:?}");
        }
    }

    #[test]
    fn a_node_that_was_not_there_at_the_entry_has_no_word() {
        let mut digests = Digests::default();
        digests.hear(NodeId(1), Seq(5), Digest([1; 32]));
        digests.hear(NodeId(2), Seq(5), Digest([1; 32]));
        assert_eq!(digests.judge(Seq(5), std::iter::empty()), Ok(()));
    }
}
