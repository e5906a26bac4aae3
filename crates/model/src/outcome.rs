//! What becomes of a request: it is done, or politely refused.

use std::sync::Arc;

use crate::id::{PersonId, Place, Timestamp};
use crate::mail::NotMailed;
use crate::message::{Card, RoomCard, Subject};
use crate::mode::{Flags, RoomList};
use crate::name::Name;
use crate::proof::Proof;
use crate::push::Endpoint;
use crate::rank::Rank;
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
    /// The invitation of the person to a room is taken back.
    Uninvited(Card, RoomCard),
    /// The person is member of a group now.
    Added(Card, RoomCard),
    /// The asker has this name now.
    Renamed(Card),
    /// The asker is away, or back.
    Away(Option<Text>),
    /// The asker ignores someone, or no longer does.
    Ignoring(Card, bool),
    /// The password is set, and this is left to look at.
    PasswordSet(Box<PasswordSet>),
    /// A room is changed, but for what is refused here.
    Changed(Vec<Refusal>),
    /// It is done; whoever is to see something has seen it.
    Noted,
    /// These values are set, or taken away.
    Metadata(Subject, Vec<(Box<str>, Option<Text>)>),
    /// Whether the asker stays in the rooms without a connection.
    Stays(Option<bool>),
    /// The asker has read so far, by now.
    Read(Timestamp),
    /// The asker has an account by this name now, and has proved it.
    Registered(Card, Proof),
    /// The asker is this person now.
    LoggedIn(Box<Entered>),
    /// A certificate is proposed, and counts once a connection that has it confirms it.
    CertificateProposed,
    /// A code is mailed.
    CodeSent,
    /// The code is another one; this counts.
    WrongCode {
        /// How many more wrong ones are allowed.
        left: u8,
    },
}

/// What a session learns when it has set a password: what else can still act for the account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PasswordSet {
    /// How many other sessions were ended.
    pub ended: usize,
    /// Certificates that prove the account as before, each as its SHA-256.
    pub certificates: Vec<[u8; 32]>,
    /// Devices that are told as before of what is said to the account's owner.
    pub devices: Vec<Endpoint>,
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
    /// Where the last session ended of a person who was not online and stayed in the rooms since.
    pub rested: Option<Place>,
    /// Whom the person ignores, by id.
    pub ignores: Vec<PersonId>,
    /// The rooms the person is in.
    pub rooms: Vec<RoomCard>,
    /// How the person is.
    pub flags: Flags,
    /// Where the person is away, why.
    pub away: Option<Text>,
    /// What the person is called beside the name.
    pub real_name: Arc<str>,
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
    /// More persons named than a group takes at once.
    TooManyNamed(usize),
    /// The asker, or someone named, is in as many rooms as one can be.
    TooManyRooms(Name),
    /// The person cannot be put into another group by the asker: they ignore the asker, or others have
    /// put them into as many as they can.
    NotAddable(Name),
    /// The asker made groups, or added people to them, so fast that they have to wait for this many
    /// seconds.
    TooFast(u32),
    /// The name was a registered room's until a short time ago, and is kept for its founder.
    NameKept(Name),
    /// The person ignores as many as one can.
    TooManyIgnored,
    /// It takes a registered name, and this one is a guest's.
    Guest(Name),
    /// No such room, or none that the asker may know of.
    NoSuchRoom(Name),
    /// The room is not to be had so.
    Room(RoomCard, RoomNo),
    /// The person takes nothing from the asker.
    Closed(Name),
    /// It takes an operator of the server.
    OperatorNeeded,
    /// It takes an account.
    AccountNeeded,
    /// There is an account by that name already, or the asker has one.
    AccountExists(Name),
    /// There is no such account, or it was proved with something that no longer holds.
    NoSuchAccount(Name),
    /// There is no such message, or it is not in that conversation.
    NoSuchMessage,
    /// The asker may not do that to this message, or this person.
    NotYours,
    /// There is no such value.
    NoSuchKey,
    /// As many as one can have.
    TooMany,
    /// As many new names came from the asker's network as may in an hour.
    TooManyNew {
        /// Until another one may.
        seconds: u32,
    },
    /// No code could be mailed, for this reason, and so it is not done.
    NotMailed(NotMailed),
    /// It was not stored, for this reason, and so not done.
    NotStored(NotStored),
    /// It is on its way, and nobody knows yet whether it is stored: this node is cut off from the
    /// others. If it is, everyone sees it, and so does history.
    Unsure,
    /// A rule failed: a bug. Nothing was changed.
    Internal,
}

/// Why a room is not to be had so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoomNo {
    /// The asker is not in it.
    NotIn,
    /// That person is not in it.
    NotThere(Card),
    /// That person is in it.
    AlreadyThere(Card),
    /// That person has no invitation.
    NotInvited(Card),
    /// One must be invited.
    InviteOnly,
    /// The asker is banned.
    Banned,
    /// The key is another one.
    WrongKey,
    /// It is full.
    Full,
    /// One must have an account to come in.
    AccountsOnly,
    /// This rank is needed.
    RankNeeded(Rank),
    /// Nobody but members speaks there.
    Outside,
    /// The asker may not speak there now.
    Muted,
    /// One must have an account to speak there.
    AccountToSpeak,
    /// No requests from client to client.
    NoRequests,
    /// The list has as many entries as it can.
    ListFull(RoomList),
    /// Its members stay in it for ever.
    ForEver,
    /// It has a founder already, or none.
    Founded(bool),
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
    /// This node is cut off from the others.
    CutOff,
    /// It came to the log when it was no longer wanted.
    TooLate,
    /// Another node is of an older version, and does not know of it.
    OlderNode,
}
