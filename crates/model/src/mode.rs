//! What a room is like, and what a person is like, as switches.

use minicbor::{Decode, Encode};

use crate::id::Timestamp;
use crate::mask::Mask;
use crate::message::Card;
use crate::name::Name;
use crate::rank::Rank;
use crate::text::Text;

/// A switch of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum RoomFlag {
    /// Only who is invited comes in.
    #[n(0)]
    InviteOnly,
    /// Only who has a rank speaks.
    #[n(1)]
    Moderated,
    /// Only members speak.
    #[n(2)]
    MembersOnly,
    /// Who is not in it does not learn of it.
    #[n(3)]
    Secret,
    /// Only half-operators and above set the topic.
    #[n(4)]
    TopicLocked,
    /// No requests from client to client (CTCP) but actions.
    #[n(5)]
    NoRequests,
    /// Only who has an account comes in.
    #[n(6)]
    AccountsOnly,
    /// Only who has an account or a rank speaks.
    #[n(7)]
    AccountsSpeak,
}

impl RoomFlag {
    /// All switches of a room.
    pub const ALL: [Self; 8] = [
        Self::InviteOnly,
        Self::Moderated,
        Self::MembersOnly,
        Self::Secret,
        Self::TopicLocked,
        Self::NoRequests,
        Self::AccountsOnly,
        Self::AccountsSpeak,
    ];
}

/// A switch of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum PersonFlag {
    /// Who shares no room does not find them by a mask.
    #[n(0)]
    Invisible,
    /// An operator of the server.
    #[n(1)]
    Operator,
    /// Sees what operators tell all who want to hear it.
    #[n(2)]
    Wallops,
    /// A program.
    #[n(3)]
    Bot,
    /// Takes messages only from those with an account, or who are accepted.
    #[n(4)]
    AccountsOnly,
    /// Takes no requests from client to client (CTCP) but actions.
    #[n(5)]
    NoRequests,
}

impl PersonFlag {
    /// All switches of a person.
    pub const ALL: [Self; 6] = [
        Self::Invisible,
        Self::Operator,
        Self::Wallops,
        Self::Bot,
        Self::AccountsOnly,
        Self::NoRequests,
    ];
}

/// A set of switches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct Flags(#[n(0)] u32);

macro_rules! flags_of {
    ($flag:ty) => {
        impl From<$flag> for Flags {
            fn from(flag: $flag) -> Self {
                Self(1 << flag as u32)
            }
        }
    };
}
flags_of!(RoomFlag);
flags_of!(PersonFlag);

impl Flags {
    /// Whether a switch is on.
    #[must_use]
    pub fn has(self, flag: impl Into<Self>) -> bool {
        self.0 & flag.into().0 != 0
    }

    /// These with some turned on and others off.
    #[must_use]
    pub fn turned(self, on: Self, off: Self) -> Self {
        Self((self.0 | on.0) & !off.0)
    }

    /// These with a switch turned.
    #[must_use]
    pub fn with(self, flag: impl Into<Self>, on: bool) -> Self {
        let bit = flag.into().0;
        if on { Self(self.0 | bit) } else { Self(self.0 & !bit) }
    }
}

/// A list of masks that a room has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum RoomList {
    /// Who does not come in, nor speak.
    #[n(0)]
    Bans,
    /// Who does so all the same.
    #[n(1)]
    Exempt,
    /// Who needs no invitation.
    #[n(2)]
    Invited,
}

impl RoomList {
    /// All lists.
    pub const ALL: [Self; 3] = [Self::Bans, Self::Exempt, Self::Invited];
}

/// An entry of a list.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Listed {
    /// Whom it means.
    #[n(0)]
    pub mask: Mask,
    /// Who set it, as shown then.
    #[n(1)]
    pub by: Box<str>,
    /// When.
    #[n(2)]
    pub time: Timestamp,
}

/// A change that someone wants of a room.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum RoomChange {
    /// A switch is turned.
    #[n(0)]
    Flag(#[n(0)] RoomFlag, #[n(1)] bool),
    /// A key is asked of who comes in, or no longer.
    #[n(1)]
    Key(#[n(0)] Option<Text>),
    /// So many may be in it, or any number.
    #[n(2)]
    Limit(#[n(0)] Option<u32>),
    /// A mask is put on a list, or taken off.
    #[n(3)]
    List(#[n(0)] RoomList, #[n(1)] Mask, #[n(2)] bool),
    /// A member is given a rank, or has it taken.
    #[n(4)]
    Rank(#[n(0)] Name, #[n(1)] Rank, #[n(2)] bool),
}

/// A change that a room has seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoomChanged {
    /// A switch.
    Flag(RoomFlag, bool),
    /// The key; what it was, where it is taken away.
    Key(Text, bool),
    /// How many may be in it.
    Limit(Option<u32>),
    /// A mask on a list.
    List(RoomList, Mask, bool),
    /// A member's rank.
    Rank(Card, Rank, bool),
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All variants, by their numbers in order.
    fn all<T: for<'b> Decode<'b, ()>>() -> Vec<T> {
        let decoded = |number: u8| minicbor::decode::<T>(&[number]).ok();
        (0..24).map_while(decoded).collect()
    }

    #[test]
    fn lists_of_all_variants_hold_all() {
        assert_eq!(all::<RoomFlag>(), RoomFlag::ALL);
        assert_eq!(all::<PersonFlag>(), PersonFlag::ALL);
        assert_eq!(all::<RoomList>(), RoomList::ALL);
    }
}
