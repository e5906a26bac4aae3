//! What people want, as it stands in the log.

use minicbor::{Decode, Encode};

use crate::id::{PersonId, Place, RoomId, SessionId};
use crate::message::Manner;
use crate::name::{Name, NewName};
use crate::secret::Verifier;
use crate::text::Text;

/// Most persons that can be named when a group is made.
pub const GROUP_NAMED_MAX: usize = 32;

/// Who asks: the answer goes back there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct Origin {
    /// The session.
    #[n(0)]
    pub session: SessionId,
    /// The session's own number for this request.
    #[n(1)]
    pub request: u32,
}

/// An intent with its asker.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Request {
    /// Who asks.
    #[n(0)]
    pub origin: Origin,
    /// What they want.
    #[n(1)]
    pub intent: Intent,
}

/// As whom a session comes in.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub enum Identity {
    /// As a guest, under the lowest free number.
    #[n(0)]
    Guest,
    /// As an existing person; what proves it was checked by the node.
    #[n(1)]
    Known {
        /// The name given.
        #[n(0)]
        name: Name,
        /// The version of the verifier that the password was checked against; `None` where
        /// no password was asked.
        #[n(1)]
        checked: Option<u32>,
        /// A verifier to set at once, where names without a password are not allowed.
        #[n(2)]
        verifier: Option<Verifier>,
    },
    /// As someone new, or as whoever has the name by then, if it is open.
    #[n(2)]
    New {
        /// The name wanted.
        #[n(0)]
        name: NewName,
        /// A verifier to set at once.
        #[n(1)]
        verifier: Option<Verifier>,
    },
}

/// To whom something is said.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub enum Target {
    /// To a room or group that the speaker is in.
    #[n(0)]
    Room(#[n(0)] RoomId),
    /// To one person, by id.
    #[n(1)]
    Person(#[n(0)] PersonId),
    /// To one person, by name.
    #[n(2)]
    Called(#[n(0)] Name),
    /// To the person, or the room or group that the speaker is in, with this name.
    #[n(3)]
    Either(#[n(0)] Name),
    /// To everyone ever registered.
    #[n(4)]
    Everyone,
}

/// How far a person has been sent what waits for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Mark {
    /// Whose.
    #[n(0)]
    pub person: PersonId,
    /// Everything up to here was written to a connection of theirs.
    #[n(1)]
    pub upto: Place,
}

/// What someone wants. Lane: record. It carries no secret.
///
/// New kinds are added at the end with the next number; numbers are never used again.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub enum Intent {
    /// A node begins an epoch: sessions of its earlier ones are over.
    #[n(0)]
    Begin,
    /// A session comes in.
    #[n(1)]
    Enter(#[n(0)] Identity),
    /// A session ends; what waited was written up to `delivered`.
    #[n(2)]
    Exit {
        /// How far what waits was written to this session.
        #[n(0)]
        delivered: Option<Place>,
    },
    /// Something is said.
    #[n(3)]
    Say {
        /// To whom.
        #[n(0)]
        to: Target,
        /// What it is meant as.
        #[n(1)]
        manner: Manner,
        /// What.
        #[n(2)]
        text: Text,
    },
    /// A group is made of the asker and those named.
    #[n(4)]
    MakeGroup {
        /// The group's name.
        #[n(0)]
        name: NewName,
        /// Those named, at most [`GROUP_NAMED_MAX`].
        #[n(1)]
        named: Vec<Name>,
    },
    /// Into a public room, which is made if there is none.
    #[n(5)]
    Join {
        /// The room.
        #[n(0)]
        room: Name,
        /// The same, where nothing but being taken stands against making it.
        #[n(1)]
        new: Option<NewName>,
    },
    /// Out of a public room.
    #[n(6)]
    Leave(#[n(0)] RoomId),
    /// A room's topic is set, or taken away.
    #[n(7)]
    SetTopic {
        /// The room.
        #[n(0)]
        room: RoomId,
        /// The topic.
        #[n(1)]
        topic: Option<Text>,
    },
    /// A person is told of a room, or made member of a group.
    #[n(8)]
    Invite {
        /// Who.
        #[n(0)]
        who: Name,
        /// To which room.
        #[n(1)]
        room: RoomId,
    },
    /// The asker takes another name.
    #[n(9)]
    Rename(#[n(0)] NewName),
    /// The asker is away, or back.
    #[n(10)]
    SetAway(#[n(0)] Option<Text>),
    /// The asker wants to see nothing of someone, or to see them again.
    #[n(11)]
    Ignore {
        /// Whom.
        #[n(0)]
        who: Name,
        /// Whether to ignore them.
        #[n(1)]
        on: bool,
    },
    /// The asker sets a password, or another one.
    #[n(12)]
    SetPassword {
        /// What is kept of it.
        #[n(0)]
        verifier: Verifier,
        /// The version of the verifier that the old password was checked against; `None` where
        /// there was none.
        #[n(1)]
        checked: Option<u32>,
    },
    /// A node tells how far it has sent what waits. Asked by the node itself.
    #[n(13)]
    Delivered(#[n(0)] Vec<Mark>),
}
