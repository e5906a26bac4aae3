//! A message as everyone sees it, now and in the archive.

use std::sync::Arc;

use minicbor::{Decode, Encode};

use crate::id::{PersonId, Place, RoomId, Timestamp};
use crate::name::Name;
use crate::rank::Rank;
use crate::tag::Tags;
use crate::text::Text;

/// A person as others see them at one moment. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// Who.
    pub id: PersonId,
    /// The name at that moment.
    pub name: Name,
    /// What else is shown of them.
    pub badge: Arc<Badge>,
}

/// What is shown of a person beside the name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Badge {
    /// What the client calls its user, without blanks, `!` and `@`.
    #[n(0)]
    pub user: Box<str>,
    /// Where from, as the server tells it: a cloak, not an address.
    #[n(1)]
    pub host: Box<str>,
    /// The account's name.
    #[n(2)]
    pub account: Option<Name>,
    /// Whether it is a program.
    #[n(3)]
    pub bot: bool,
}

/// A room as others see it at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomCard {
    /// Which.
    pub id: RoomId,
    /// The name at that moment.
    pub name: Name,
    /// Whether it is a group: of members only, and what is said there waits.
    pub group: bool,
}

/// What a value of metadata belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A person.
    Person(Card),
    /// A room.
    Room(RoomCard),
}

/// What a message is meant as.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, minicbor::Encode, minicbor::Decode,
)]
#[cbor(index_only)]
pub enum Manner {
    /// Something said.
    #[n(0)]
    Speech,
    /// Something done: `Alice waves`.
    #[n(1)]
    Action,
    /// Something told, to which no program answers by itself.
    #[n(2)]
    Notice,
    /// Nothing said: tags alone, such as a reaction to another message.
    #[n(3)]
    Tags,
}

/// To whom a message was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// To everyone in a room or group.
    Room(RoomCard),
    /// To one person.
    Person(Card),
    /// To everyone ever registered.
    Everyone,
}

/// A message in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its id, and where it stands in the one order.
    pub place: Place,
    /// When the log took it.
    pub time: Timestamp,
    /// Who said it.
    pub author: Card,
    /// To whom.
    pub to: Destination,
    /// What it is meant as.
    pub manner: Manner,
    /// What was said; empty where it is tags alone.
    pub text: Text,
    /// What clients put on it for other clients.
    pub tags: Tags,
    /// In a room: said only to those with at least this rank.
    pub rank: Option<Rank>,
    /// Where the sender broke long lines that are one: offsets in bytes, ascending.
    pub joints: Option<Arc<[u32]>>,
}

impl Message {
    /// A message that has nothing but what all have.
    #[must_use]
    pub fn plain(
        place: Place,
        time: Timestamp,
        author: Card,
        to: Destination,
        manner: Manner,
        text: Text,
    ) -> Self {
        Self { place, time, author, to, manner, text, tags: Tags::NONE, rank: None, joints: None }
    }

    /// The conversation it belongs to.
    #[must_use]
    pub fn conversation(&self) -> Conversation {
        match &self.to {
            Destination::Room(room) => Conversation::Room(room.id),
            Destination::Person(person) => Conversation::pair(self.author.id, person.id),
            Destination::Everyone => Conversation::Everyone,
        }
    }

    /// Whether it waits for those who are offline.
    #[must_use]
    pub fn waits(&self) -> bool {
        match &self.to {
            Destination::Room(room) => room.group,
            Destination::Person(_) | Destination::Everyone => true,
        }
    }
}

/// What history is kept by: all messages that the same people read together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Conversation {
    /// A room or group.
    Room(RoomId),
    /// Two persons, the smaller id first; perhaps one with themselves.
    Pair(PersonId, PersonId),
    /// What was said to everyone.
    Everyone,
}

impl Conversation {
    /// The conversation of two persons, in whichever order they are given.
    #[must_use]
    pub fn pair(one: PersonId, other: PersonId) -> Self {
        Self::Pair(one.min(other), one.max(other))
    }
}
