//! What people want, as it stands in the log.
// Size: one list of all that can be wanted, with a sentence for each.

// Size: what may stand in the log is one list of kinds.

use minicbor::{Decode, Encode};

use crate::id::{NodeId, PersonId, Place, RoomId, Seq, SessionId, Timestamp};
use crate::mail::{MailAddress, NotMailed};
use crate::message::Manner;
use crate::mode::{Flags, RoomChange};
use crate::name::{Name, NewName};
use crate::node::Incarnation;
use crate::proof::Proof;
use crate::push::{Device, Endpoint};
use crate::rank::Rank;
use crate::secret::{CodeHash, Verifier};
use crate::tag::Tags;
use crate::text::Text;

/// Most rooms and groups one person can be in.
pub const ROOMS_PER_PERSON_MAX: usize = 500;

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
        /// A verifier to set at once, where names without a password are not allowed.
        #[n(2)]
        verifier: Option<Verifier>,
        /// What was proved; `None` where no password was asked. Number 1 was a version alone.
        #[n(3)]
        proof: Option<Proof>,
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
    /// Under a name of one's own: as a guest, as the open person who has it and is offline, or as
    /// the person whose account was proved.
    #[n(3)]
    Nick {
        /// The name wanted.
        #[n(0)]
        name: NewName,
        /// The account, and what proved it. Number 1 was its name and a version.
        #[n(2)]
        login: Option<(Name, Proof)>,
    },
}

/// What a client tells of itself as it comes in, and the server of where it comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Visitor {
    /// What the client calls its user.
    #[n(0)]
    pub user: Box<str>,
    /// Where from: a cloak.
    #[n(1)]
    pub host: Box<str>,
    /// What the person is called beside the name.
    #[n(2)]
    pub real_name: Box<str>,
    /// How the person is from the first.
    #[n(3)]
    pub flags: Flags,
    /// Away from the first, with these words.
    #[n(4)]
    pub away: Option<Text>,
    /// Whether the session is in the lobby only if it asks for it.
    #[n(5)]
    pub outside: bool,
    /// Whether who has an account stays in the rooms without a connection, unless they say otherwise.
    #[n(6)]
    pub stays: bool,
    /// Whether the connection is private.
    #[n(7)]
    pub secure: bool,
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
    /// To a room by name; perhaps only to those in it with at least this rank.
    #[n(5)]
    Channel(#[n(0)] Name, #[n(1)] Option<Rank>),
}

/// Whose metadata.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Owner {
    /// A person's, by name.
    #[n(0)]
    Person(#[n(0)] Name),
    /// A room's.
    #[n(1)]
    Room(#[n(0)] Name),
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
    Enter(#[n(0)] Identity, #[n(1)] Option<Box<Visitor>>),
    /// A session ends; what waited was written up to `delivered`.
    #[n(2)]
    Exit {
        /// How far what waits was written to this session.
        #[n(0)]
        delivered: Option<Place>,
        /// Why, as others are told.
        #[n(1)]
        reason: Option<Text>,
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
        /// What the client put on it for other clients.
        #[n(3)]
        tags: Tags,
        /// Where the sender broke long lines that are one: offsets in bytes, ascending.
        #[n(4)]
        joints: Option<Vec<u32>>,
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
        /// What the old password proved; `None` where there was none. Number 1 was a version alone.
        #[n(2)]
        proof: Option<Proof>,
    },
    /// A node tells how far it has sent what waits. Asked by the node itself.
    #[n(13)]
    Delivered(#[n(0)] Vec<Mark>),
    /// Tags alone are put on something, such as a reaction.
    #[n(14)]
    Tag {
        /// To whom.
        #[n(0)]
        to: Target,
        /// Which; not empty.
        #[n(1)]
        tags: Tags,
    },
    /// Into a room by name, which is made if there is none.
    #[n(15)]
    Visit {
        /// The room.
        #[n(0)]
        room: Name,
        /// The key, where one is asked for.
        #[n(1)]
        key: Option<Text>,
    },
    /// Out of a room by name.
    #[n(16)]
    Part {
        /// The room.
        #[n(0)]
        room: Name,
        /// Why.
        #[n(1)]
        reason: Option<Text>,
    },
    /// Someone is put out of a room.
    #[n(17)]
    Kick {
        /// The room.
        #[n(0)]
        room: Name,
        /// Who.
        #[n(1)]
        who: Name,
        /// Why.
        #[n(2)]
        reason: Option<Text>,
    },
    /// A room is changed.
    #[n(18)]
    ChangeRoom {
        /// The room.
        #[n(0)]
        room: Name,
        /// What, in order.
        #[n(1)]
        changes: Vec<RoomChange>,
        /// Most entries that its lists hold together, as the asker's node allows.
        #[n(2)]
        entries_max: u32,
    },
    /// The topic of a room by name is set, or taken away.
    #[n(19)]
    Entitle {
        /// The room.
        #[n(0)]
        room: Name,
        /// The topic.
        #[n(1)]
        topic: Option<Text>,
    },
    /// A person is invited to a room by name.
    #[n(20)]
    Call {
        /// Who.
        #[n(0)]
        who: Name,
        /// To which room.
        #[n(1)]
        room: Name,
    },
    /// The asker is shown under another name; who is a guest stays one.
    #[n(21)]
    Nick(#[n(0)] NewName),
    /// The asker turns switches of their own.
    #[n(22)]
    ChangeSelf {
        /// To turn on.
        #[n(0)]
        on: Flags,
        /// To turn off.
        #[n(1)]
        off: Flags,
    },
    /// The asker is called otherwise beside the name.
    #[n(23)]
    SetRealName(#[n(0)] Box<str>),
    /// The asker has read a conversation up to a time.
    #[n(24)]
    Read {
        /// Which: a room with its sign, or a name, folded.
        #[n(0)]
        target: Box<str>,
        /// Up to when.
        #[n(1)]
        upto: Timestamp,
    },
    /// Something said is taken back.
    #[n(25)]
    Redact {
        /// Which message.
        #[n(0)]
        message: Place,
        /// Who said it, as the archive has it.
        #[n(1)]
        author: PersonId,
        /// Where: the room, or the other person.
        #[n(2)]
        room: Option<RoomId>,
        /// The person to whom it was said.
        #[n(3)]
        to: Option<PersonId>,
        /// Why.
        #[n(4)]
        reason: Option<Text>,
    },
    /// The asker's name becomes an account.
    #[n(26)]
    Register(#[n(0)] NewName, #[n(1)] Verifier),
    /// The session proves an account, and is that person's from here on.
    #[n(27)]
    Login {
        /// The account.
        #[n(0)]
        account: Name,
        /// What proved it. Number 1 was a version alone.
        #[n(2)]
        #[cbor(default)]
        proof: Proof,
    },
    /// A certificate proves the asker's account, or no longer.
    #[n(28)]
    Certify {
        /// SHA-256 of the certificate.
        #[n(0)]
        #[cbor(with = "minicbor::bytes")]
        fingerprint: [u8; 32],
        /// Whether.
        #[n(1)]
        on: bool,
        /// Whether the asker's connection has proved to have it. To add another one only proposes
        /// it: it counts once [`Intent::ConfirmCertificate`] comes from a connection that has it.
        #[n(2)]
        #[cbor(default)]
        shown: bool,
    },
    /// A room is its founder's for ever, or no longer.
    #[n(29)]
    Found {
        /// The room.
        #[n(0)]
        room: Name,
        /// Whether.
        #[n(1)]
        on: bool,
    },
    /// An operator ends a person's sessions.
    #[n(30)]
    Kill {
        /// Whose.
        #[n(0)]
        who: Name,
        /// Why.
        #[n(1)]
        reason: Option<Text>,
    },
    /// An operator tells something to all who want to hear it.
    #[n(31)]
    Wallops(#[n(0)] Text),
    /// A value is set, or taken away.
    #[n(32)]
    SetMetadata {
        /// Whose.
        #[n(0)]
        of: Owner,
        /// Which; `None` for all, which are taken away.
        #[n(1)]
        key: Option<Box<str>>,
        /// To what.
        #[n(2)]
        value: Option<Text>,
        /// Most values that one owner has, as the asker's node allows.
        #[n(3)]
        keys_max: u32,
    },
    /// A room is given another name.
    #[n(33)]
    RenameRoom {
        /// The room.
        #[n(0)]
        room: Name,
        /// Its new name.
        #[n(1)]
        to: Name,
        /// Why.
        #[n(2)]
        reason: Option<Text>,
    },
    /// A bridge says something for someone elsewhere.
    #[n(34)]
    Relay {
        /// In which room.
        #[n(0)]
        room: Name,
        /// Who said it, as the bridge calls them.
        #[n(1)]
        name: Name,
        /// What.
        #[n(2)]
        text: Text,
        /// What the client put on it for other clients.
        #[n(3)]
        tags: Tags,
    },
    /// The asker takes messages from someone although it takes none from those without an account.
    #[n(35)]
    Accept {
        /// From whom.
        #[n(0)]
        who: Name,
        /// Whether.
        #[n(1)]
        on: bool,
    },
    /// A person is put out of the other sessions they have, or of a name they own.
    #[n(36)]
    Ghost(#[n(0)] Name),
    /// Whether the asker stays in the rooms without a connection; `None` for as the server does.
    #[n(37)]
    Stay(#[n(0)] Option<bool>),
    /// An account is made by who has not come in yet.
    #[n(38)]
    Create(#[n(0)] NewName, #[n(1)] Verifier),
    /// A device is to be told of what is said to the asker.
    #[n(39)]
    AddDevice {
        /// Where it is, and how it is told.
        #[n(0)]
        device: Device,
        /// Most devices that one person has, as the asker's node allows.
        #[n(1)]
        devices_max: u32,
    },
    /// A device of the asker's is told no longer.
    #[n(40)]
    RemoveDevice(#[n(0)] Endpoint),
    /// A device is told no longer, as nothing reaches it any more. Asked by a node itself.
    #[n(41)]
    LoseDevice {
        /// Whose.
        #[n(0)]
        person: PersonId,
        /// Which.
        #[n(1)]
        endpoint: Endpoint,
    },
    /// A name is held for the asker, who is to verify a mail address to have an account by it. The
    /// code is mailed by the asker's node once this is done.
    #[n(60)]
    Hold {
        /// The name.
        #[n(0)]
        name: NewName,
        /// The address.
        #[n(1)]
        address: MailAddress,
        /// What the asker has for a password.
        #[n(2)]
        claim: Claim,
        /// What is kept of the code.
        #[n(3)]
        code: CodeHash,
    },
    /// A code that was mailed is given: the name becomes the asker's account.
    #[n(61)]
    Verify {
        /// The name.
        #[n(0)]
        account: Name,
        /// Of the code given.
        #[n(1)]
        code: CodeHash,
    },
    /// A code by which to set another password is mailed to an account's address.
    #[n(62)]
    AskReset {
        /// The account.
        #[n(0)]
        account: Name,
        /// What is kept of the code.
        #[n(1)]
        code: CodeHash,
    },
    /// A code that was mailed is given, to set another password.
    #[n(63)]
    Reset {
        /// The account.
        #[n(0)]
        account: Name,
        /// Of the code given.
        #[n(1)]
        code: CodeHash,
        /// What is kept of the new password.
        #[n(2)]
        verifier: Verifier,
    },
    /// A node could not mail a code: what waits for it is taken back, and the asker is told why.
    #[n(64)]
    Withdraw {
        /// The account.
        #[n(0)]
        account: Name,
        /// Which code.
        #[n(1)]
        code: CodeHash,
        /// Why.
        #[n(2)]
        why: NotMailed,
    },
    /// A node of a cluster begins an epoch: sessions of its earlier ones are over. This intent and
    /// those after it are asked by nodes themselves.
    #[n(80)]
    BeginAs(#[n(0)] Box<Incarnation>),
    /// A node says that it lives.
    #[n(81)]
    Beat,
    /// A node says that another one lives no more: it counts if nothing came from that one since.
    #[n(82)]
    Gone {
        /// Which.
        #[n(0)]
        node: NodeId,
        /// Its epoch.
        #[n(1)]
        epoch: u64,
        /// The last entry that came from it.
        #[n(2)]
        last: Seq,
    },
    /// A node stops in good order.
    #[n(83)]
    End,
    /// A node says what its state was after an entry.
    #[n(84)]
    Digest {
        /// The entry.
        #[n(0)]
        seq: Seq,
        /// SHA-256 of the state.
        #[n(1)]
        #[cbor(with = "minicbor::bytes")]
        digest: [u8; 32],
    },
    /// Nothing is wanted: it stands for what was refused before it reached the log, so that what
    /// follows keeps its number.
    #[n(85)]
    Nothing,
    /// An invitation to a room is taken back.
    #[n(86)]
    Uninvite {
        /// Of whom.
        #[n(0)]
        who: Name,
        /// To which room.
        #[n(1)]
        room: Name,
    },
    /// A connection that has proved to have a certificate agrees that it proves an account, whose
    /// owner has proposed it.
    #[n(90)]
    ConfirmCertificate {
        /// The account.
        #[n(0)]
        account: Name,
        /// SHA-256 of the certificate.
        #[n(1)]
        #[cbor(with = "minicbor::bytes")]
        fingerprint: [u8; 32],
    },
}

/// What someone has for a password who wants a name held.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub enum Claim {
    /// A new one.
    #[n(0)]
    New(#[n(0)] Verifier),
    /// The one that the name is held with already, as of the entry that held it.
    #[n(1)]
    Again(#[n(0)] Seq),
}

impl Intent {
    /// Something is said, with nothing but what all have.
    #[must_use]
    pub fn say(to: Target, manner: Manner, text: Text) -> Self {
        Self::Say { to, manner, text, tags: Tags::NONE, joints: None }
    }

    /// The version of the rules that brought this kind. In a cluster it is asked for only once all
    /// nodes that live know that version.
    #[must_use]
    pub fn version(&self) -> u32 {
        match self {
            Self::BeginAs(_)
            | Self::Beat
            | Self::Gone { .. }
            | Self::End
            | Self::Digest { .. }
            | Self::Nothing
            | Self::Uninvite { .. }
            | Self::AddDevice { .. }
            | Self::RemoveDevice(_)
            | Self::LoseDevice { .. }
            | Self::Hold { .. }
            | Self::Verify { .. }
            | Self::AskReset { .. }
            | Self::Reset { .. }
            | Self::Withdraw { .. }
            | Self::ConfirmCertificate { .. } => 3,
            _ => 2,
        }
    }

    /// Whether a name may be registered by it, or held.
    #[must_use]
    pub fn may_register(&self) -> bool {
        matches!(
            self,
            Self::Enter(Identity::New { .. }, _)
                | Self::Rename(_)
                | Self::Register(..)
                | Self::Create(..)
                | Self::Hold { claim: Claim::New(_), .. }
        )
    }

    /// Whether it takes something from what was stored that has to leave the disk soon, wherever it
    /// lies there: a message that is taken back, an old password's hash.
    #[must_use]
    pub fn erases(&self) -> bool {
        matches!(
            self,
            Self::Redact { .. }
                | Self::SetPassword { .. }
                | Self::Reset { .. }
                | Self::Withdraw { .. }
                | Self::Certify { on: false, .. }
                | Self::RemoveDevice(_)
        )
    }

    /// Whether something is said by it: it changes nothing for who asks, so that it may be told
    /// that nobody knows what became of it.
    #[must_use]
    pub fn is_speech(&self) -> bool {
        matches!(self, Self::Say { .. } | Self::Tag { .. } | Self::Relay { .. })
    }
}
