//! What was in the log, in 32 bytes.
//!
//! A state holds no words that were said, so that two nodes which read other words at the same place
//! could have the same state for long. In a cluster each entry is therefore a link of a chain: of the
//! link before it, and of everything that stands in the entry. The last link is part of the state,
//! and with it of every snapshot and of every digest by which nodes are compared.

use chinwag_model::entry::Entry;
use sha2::{Digest as _, Sha256};

/// The link of an entry, behind this one: SHA-256.
pub(crate) fn link(before: &[u8; 32], entry: &Entry) -> [u8; 32] {
    let hash = Sha256::new()
        .chain_update(before)
        .chain_update(entry.seq.0.to_be_bytes())
        .chain_update(entry.time.0.to_be_bytes())
        .chain_update(entry.packet.to_bytes());
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use chinwag_model::entry::Packet;
    use chinwag_model::id::{NodeId, Seq, Timestamp};

    use super::*;

    #[test]
    fn everything_in_an_entry_makes_another_link() {
        let packet =
            Packet { node: NodeId(1), epoch: 1, first: 0, requests: vec![], expires: None };
        let entry = Entry { seq: Seq(1), time: Timestamp(1), packet };
        let before = [0; 32];
        let usual = link(&before, &entry);
        assert_eq!(link(&before, &entry), usual);
        assert_ne!(link(&usual, &entry), usual);
        for other in [
            Entry { seq: Seq(2), ..entry.clone() },
            Entry { time: Timestamp(2), ..entry.clone() },
            Entry { packet: Packet { first: 1, ..entry.packet.clone() }, ..entry },
        ] {
            assert_ne!(link(&before, &other), usual);
        }
    }
}
