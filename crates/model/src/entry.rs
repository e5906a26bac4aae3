//! What stands in the log: packets of requests, each with a place and a time.

use minicbor::{Decode, Encode};

use crate::id::{NodeId, Seq, Timestamp};
use crate::intent::Request;

/// The first byte of every stored packet; another one means another layout.
pub const PACKET_FORMAT: u8 = 1;

/// Most requests that one packet carries.
pub const PACKET_REQUESTS_MAX: usize = 8192;

/// What a node offers to the log at one time.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Packet {
    /// The node.
    #[n(0)]
    pub node: NodeId,
    /// The node's life: one more each time it starts.
    #[n(1)]
    pub epoch: u64,
    /// The number of the first request, counted from 0 in each epoch. A packet whose number is
    /// not the next one is a repeat, and is passed over.
    #[n(2)]
    pub first: u64,
    /// The requests, at most [`PACKET_REQUESTS_MAX`].
    #[n(3)]
    pub requests: Vec<Request>,
    /// The last moment, in the log's own time, at which people still want this done; what comes
    /// later is refused by every node. `None` where it is to be done whenever it comes.
    #[n(4)]
    pub expires: Option<Timestamp>,
}

/// A writer that only counts.
struct Count(usize);

impl minicbor::encode::Write for Count {
    type Error = std::convert::Infallible;

    fn write_all(&mut self, bytes: &[u8]) -> Result<(), Self::Error> {
        self.0 += bytes.len();
        Ok(())
    }
}

impl Request {
    /// How many bytes it takes in a stored packet.
    #[must_use]
    pub fn size(&self) -> usize {
        let mut count = Count(0);
        let counted = minicbor::encode(self, &mut count);
        debug_assert!(counted.is_ok(), "counting can't fail");
        count.0
    }
}

/// A packet with its place and time: the unit of the one order.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its number, one more than that of the entry before.
    pub seq: Seq,
    /// When the log took it, never before the entry before.
    pub time: Timestamp,
    /// What it holds.
    pub packet: Packet,
}

/// Why stored bytes are no packet.
#[derive(Debug, thiserror::Error)]
pub enum BadPacket {
    /// Nothing, or a format byte of a later version.
    #[error("a packet of format {0:?}, which this version does not read")]
    Format(Option<u8>),
    /// A kind of intent that a later version has brought.
    #[error("a packet of a later version of chinwag ({0}): install that version on this node")]
    Unknown(minicbor::decode::Error),
    /// Not what was once written.
    #[error("a damaged packet: {0}")]
    Damaged(minicbor::decode::Error),
}

impl From<minicbor::decode::Error> for BadPacket {
    fn from(error: minicbor::decode::Error) -> Self {
        if error.is_unknown_variant() { Self::Unknown(error) } else { Self::Damaged(error) }
    }
}

impl Packet {
    /// The bytes to store.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(64 + 64 * self.requests.len());
        bytes.push(PACKET_FORMAT);
        let written = minicbor::encode(self, &mut bytes);
        debug_assert!(written.is_ok(), "writing to memory can't fail");
        bytes
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote, in this version or an earlier one.
    ///
    /// # Errors
    /// [`BadPacket`]: an unknown kind of intent is never passed over.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BadPacket> {
        match bytes.split_first() {
            Some((&PACKET_FORMAT, rest)) => Ok(minicbor::decode(rest)?),
            other => Err(BadPacket::Format(other.map(|(first, _)| *first))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_of_intent_that_is_not_known_is_said_to_be_of_a_later_version() {
        // A packet with one request, of session 1/1, whose intent is of kind 999.
        let bytes = [
            PACKET_FORMAT,
            0x84,
            0x01,
            0x01,
            0x00,
            0x81,
            0x82,
            0x82,
            0x82,
            0x01,
            0x01,
            0x01,
            0x82,
            0x19,
            0x03,
            0xe7,
            0x80,
        ];
        let read = Packet::from_bytes(&bytes);
        assert!(matches!(read, Err(BadPacket::Unknown(_))), "{read:?}");
        let cut = Packet::from_bytes(&bytes[..9]);
        assert!(matches!(cut, Err(BadPacket::Damaged(_))), "{cut:?}");
        let known = [&bytes[..13], &[0x00, 0x80]].concat();
        assert_eq!(Packet::from_bytes(&known).unwrap().requests.len(), 1);
    }

    #[test]
    fn a_packet_is_as_large_as_its_requests_and_a_head() {
        let session = crate::id::SessionId { node: NodeId(1), number: 70_000 };
        let origin = crate::intent::Origin { session, request: 300 };
        let request = Request { origin, intent: crate::intent::Intent::Beat };
        let packet =
            |requests| Packet { node: NodeId(1), epoch: 2, first: 3, requests, expires: None };
        let empty = packet(vec![]).to_bytes().len();
        let two = packet(vec![request.clone(), request.clone()]).to_bytes().len();
        assert_eq!(two, empty + 2 * request.size());
    }

    #[test]
    fn a_packet_that_does_not_expire_is_stored_as_it_always_was() {
        let packet =
            Packet { node: NodeId(1), epoch: 2, first: 3, requests: vec![], expires: None };
        assert_eq!(packet.to_bytes(), [PACKET_FORMAT, 0x84, 0x01, 0x02, 0x03, 0x80]);
        let packet = Packet { expires: Some(Timestamp(7)), ..packet };
        assert_eq!(packet.to_bytes(), [PACKET_FORMAT, 0x85, 0x01, 0x02, 0x03, 0x80, 0x07]);
        assert_eq!(Packet::from_bytes(&packet.to_bytes()).unwrap(), packet);
    }
}
