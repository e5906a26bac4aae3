//! What nodes tell each other beside the log. Lane: whisper.

use minicbor::{Decode, Encode};

use crate::id::{NodeId, Seq, SessionId};
use crate::intent::Target;
use crate::tag::Tags;

/// The first byte of every whisper; another one means another layout.
pub const WHISPER_FORMAT: u8 = 1;

/// What a node tells all others: at most once, in no order with the log.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Whisper {
    /// Which node tells it.
    #[n(0)]
    pub node: NodeId,
    /// The last entry that it had taken.
    #[n(1)]
    pub seq: Seq,
    /// What.
    #[n(2)]
    pub what: Murmur,
}

/// What is whispered.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub enum Murmur {
    /// That the node is there, and how it stands with the log.
    #[n(0)]
    Here {
        /// Whether it is cut off from the log.
        #[n(0)]
        cut_off: bool,
    },
    /// One of its sessions puts tags on something.
    #[n(1)]
    Tags {
        /// Whose.
        #[n(0)]
        session: SessionId,
        /// Its number for it.
        #[n(1)]
        request: u32,
        /// On what.
        #[n(2)]
        to: Target,
        /// Which.
        #[n(3)]
        tags: Tags,
    },
}

/// Bytes are no whisper: damaged, or of a later version. It is passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no whisper")]
pub struct BadWhisper;

impl Whisper {
    /// The bytes to send.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![WHISPER_FORMAT];
        let written = minicbor::encode(self, &mut bytes);
        debug_assert!(written.is_ok(), "writing to memory can't fail");
        bytes
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote.
    ///
    /// # Errors
    /// [`BadWhisper`] where it is anything else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BadWhisper> {
        match bytes.split_first() {
            Some((&WHISPER_FORMAT, rest)) => minicbor::decode(rest).map_err(|_| BadWhisper),
            _ => Err(BadWhisper),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::id::RoomId;

    #[test]
    fn a_whisper_is_read_as_it_was_written() {
        let session = SessionId { node: NodeId(7), number: 9 };
        let tags = Tags::new(vec![("+typing".into(), "active".into())]).unwrap();
        let to = Target::Room(RoomId(1));
        for what in [Murmur::Here { cut_off: true }, Murmur::Tags { session, request: 3, to, tags }]
        {
            let whisper = Whisper { node: NodeId(7), seq: Seq(70_000), what };
            assert_eq!(Whisper::from_bytes(&whisper.to_bytes()), Ok(whisper));
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_whisper_or_none(mut bytes: Vec<u8>) {
            let _ = Whisper::from_bytes(&bytes);
            bytes.insert(0, WHISPER_FORMAT);
            let _ = Whisper::from_bytes(&bytes);
        }
    }
}
