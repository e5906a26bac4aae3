//! Who and where: the ids of nodes, sessions, persons, rooms and places in the log.

use std::fmt;

use minicbor::{Decode, Encode};

/// A node of the network; 0 where there is only one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct NodeId(#[n(0)] pub u32);

/// A person, registered or guest, by the order of coming; never given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct PersonId(#[n(0)] pub u64);

/// A room or group, by the order of making; never given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct RoomId(#[n(0)] pub u64);

impl RoomId {
    /// The room in which everyone is.
    pub const LOBBY: Self = Self(0);
}

/// One connection of a person: the node it came to and the connection's own number there, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct SessionId {
    /// The node that holds the connection.
    #[n(0)]
    pub node: NodeId,
    /// The connection's number, as in that node's log; 0 is the node itself.
    #[n(1)]
    pub number: u64,
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.node.0, self.number)
    }
}

/// The number of an entry in the log, from 1; 0 stands before the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct Seq(#[n(0)] pub u64);

impl Seq {
    /// The number of the entry after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// The last place that can lie within this entry.
    #[must_use]
    pub fn end(self) -> Place {
        Place { seq: self, index: u32::MAX }
    }
}

/// Where an intent stands in the one order: its entry, and its index there. It is a message's id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct Place {
    /// The entry.
    #[n(0)]
    pub seq: Seq,
    /// The index of the intent within the entry, from 0.
    #[n(1)]
    pub index: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.seq.0, self.index)
    }
}

/// Milliseconds since 1970-01-01T00:00:00Z, as the log gives them: never running back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct Timestamp(#[n(0)] pub i64);
