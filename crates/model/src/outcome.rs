//! What becomes of a request: it is done, or politely refused.

use crate::id::{PersonId, Place};
use crate::message::{Card, RoomCard};
use crate::name::Name;
use crate::text::Text;

/// What a request came to.
pub type Outcome = Result<Done, Refusal>;

/// A request was granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    /// The session is in.
    Entered(Box<Entered>),
    /// The session is over.
    Exited,
    /// It was said, and what the speaker should know of the one spoken to.
    Said(Option<Unheard>),
    /// A group was made: the maker first, then those named, each once.
    GroupMade(RoomCard, Vec<Name>),
    /// The asker is in the room.
    Joined(RoomCard),
    /// The asker has left the room.
    Left(RoomCard),
    /// The topic is set.
    TopicSet,
    /// The person was told of a room.
    Invited(Card, RoomCard),
    /// The person is member of a group now.
    Added(Card, RoomCard),
    /// The asker has this name now.
    Renamed(Card),
    /// The asker is away, or back.
    Away(Option<Text>),
    /// The asker ignores someone, or no longer does.
    Ignoring(Card, bool),
    /// The password is set.
    PasswordSet,
    /// The node's own request is done.
    Noted,
}

/// What a session learns when it comes in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entered {
    /// As whom.
    pub person: Card,
    /// Where in the one order: what is later is seen live.
    pub place: Place,
    /// Whether as a guest.
    pub guest: bool,
    /// Whether the name had never been seen before.
    pub new: bool,
    /// Whether the person was already online, on another device.
    pub was_online: bool,
    /// Whom the person ignores, by id.
    pub ignores: Vec<PersonId>,
}

/// Why the one spoken to may not hear it now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unheard {
    /// Offline; it waits for the next login.
    Offline(Card),
    /// Away, with these words.
    Away(Card, Text),
}

/// A polite no. Nothing was changed and nobody else was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The session has not come in, or is over.
    NotIn,
    /// The session has come in already.
    AlreadyIn,
    /// The person is online, and has no password to come in beside it.
    AlreadyOnline(Name),
    /// The name has a password, and it was not checked, or another one by now.
    PasswordNeeded(Name),
    /// The person has too many sessions.
    TooManySessions(Name),
    /// The name belongs to a person, group or room.
    Taken(Name),
    /// The name belongs to a person, where a room was wanted.
    TakenByPerson(Name),
    /// The name looks like one that exists.
    LooksLike {
        /// The name wanted.
        wanted: Name,
        /// The name that exists.
        existing: Name,
    },
    /// The name is free, but nobody can take it.
    NotTakeable(Name),
    /// No such person.
    NoSuchPerson(Name),
    /// The person is offline, and this does not wait.
    Offline(Name),
    /// Neither a person nor a room or group that the asker is in.
    NoSuchTarget(Name),
    /// No such person any more: the one meant by id has gone.
    Gone,
    /// The asker is not in the room, or there is none.
    NotInRoom,
    /// Everyone is in the lobby, for ever.
    LobbyIsForEver,
    /// Members of a group stay in it.
    GroupIsForEver(Name),
    /// More persons named than a group takes at once.
    TooManyNamed(usize),
    /// The asker, or someone named, is in as many rooms as one can be.
    TooManyRooms(Name),
    /// The person ignores as many as one can.
    TooManyIgnored,
    /// It takes a registered name, and this one is a guest's.
    Guest(Name),
    /// The person is already a member.
    AlreadyMember(Card, RoomCard),
    /// It was not stored, for this reason, and so not done.
    NotStored(NotStored),
    /// A rule failed: a bug. Nothing was changed.
    Internal,
}

/// Why something could not be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotStored {
    /// No room on the disk.
    DiskFull,
    /// The store answered with an error, which is in the server's log.
    StoreFailed,
    /// The archive can't keep up; it would be lost from history.
    ArchiveBehind,
    /// The server is stopping.
    Stopping,
}
