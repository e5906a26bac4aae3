//! What stands in the log: packets of requests, each with a place and a time.

use minicbor::{Decode, Encode};

use crate::id::{NodeId, Seq, Timestamp};
use crate::intent::Request;

/// The first byte of every stored packet; another one means another layout.
pub const PACKET_FORMAT: u8 = 1;

/// Most requests that one packet carries.
pub const PACKET_REQUESTS_MAX: usize = 1024;

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
    /// Not what was once written.
    #[error("a damaged packet: {0}")]
    Damaged(#[from] minicbor::decode::Error),
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
