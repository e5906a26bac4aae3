//! What someone is to see, once it is decided.

use std::sync::Arc;

use crate::id::{PersonId, Place, RoomId, SessionId, Timestamp};
use crate::intent::Origin;
use crate::mail::MailAddress;
use crate::message::{Badge, Card, Conversation, Message, RoomCard, Subject};
use crate::mode::{Flags, RoomChanged};
use crate::name::Name;
use crate::outcome::Outcome;
use crate::push::Device;
use crate::rank::Ranks;
use crate::record::Record;
use crate::text::Text;

/// Who is to see something. It means those who are there when the effect comes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Every session of everyone in a room.
    Room(RoomId),
    /// Every session.
    Everyone,
    /// These sessions.
    Sessions(Vec<SessionId>),
    /// Every session of everyone in any of these rooms, once; and those that watch this name.
    Peers {
        /// The rooms of the person whom it is about.
        rooms: Vec<RoomId>,
        /// Sessions of theirs that are in none.
        own: Vec<SessionId>,
        /// Their name.
        name: Name,
    },
    /// The sessions that watch this name.
    Watchers(Name),
}

/// Where and when something happened, and whose request it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The request's place.
    pub place: Place,
    /// Its time.
    pub time: Timestamp,
    /// Who asked for it.
    pub origin: Origin,
}

/// Something of which a device is to be told.
#[derive(Clone, Debug, PartialEq)]
pub struct Push {
    /// Whose device.
    pub person: PersonId,
    /// Which.
    pub device: Device,
    /// What.
    pub event: Event,
    /// Where it stands.
    pub stamp: Stamp,
}

/// Someone comes into a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// Who.
    pub who: Card,
    /// Where to.
    pub room: RoomCard,
    /// What they are called beside the name.
    pub real_name: Arc<str>,
    /// The ranks they have there.
    pub ranks: Ranks,
    /// Where they are away, why.
    pub away: Option<Text>,
    /// The values they have for clients to show.
    pub metadata: Arc<[(Box<str>, Text)]>,
}

/// Something said is taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redaction {
    /// Which message.
    pub message: Place,
    /// In which conversation.
    pub conversation: Conversation,
    /// The room, where it was said in one.
    pub room: Option<RoomCard>,
    /// The other one, where it was said to a person.
    pub to: Option<Card>,
    /// By whom.
    pub by: Card,
    /// Why.
    pub reason: Option<Text>,
}

/// Something that happened, with all that is needed to tell it. Cheap to clone.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A message.
    Said(Arc<Message>),
    /// A person has come online.
    Online(Card),
    /// A person has gone offline.
    Offline(Card),
    /// A person has come into a room.
    Joined(Arc<Arrival>),
    /// A person has left a room.
    Left {
        /// Who.
        who: Card,
        /// Which.
        room: RoomCard,
        /// Why, in their words.
        reason: Option<Text>,
    },
    /// A person has left all rooms at once.
    Quit {
        /// Who.
        who: Card,
        /// Why.
        reason: Option<Text>,
    },
    /// A person was put out of a room.
    Kicked {
        /// From which.
        room: RoomCard,
        /// Who.
        who: Card,
        /// By whom.
        by: Card,
        /// Why.
        reason: Option<Text>,
    },
    /// A person has another name.
    Renamed {
        /// The person before.
        was: Card,
        /// The person now.
        who: Card,
    },
    /// A room's topic was set, or taken away.
    Topic {
        /// The room.
        room: RoomCard,
        /// By whom.
        by: Card,
        /// The topic.
        topic: Option<Text>,
    },
    /// A room was changed.
    Changed {
        /// The room.
        room: RoomCard,
        /// By whom; `None` for the server itself.
        by: Option<Card>,
        /// What, in order.
        changes: Arc<[RoomChanged]>,
    },
    /// A room has another name.
    RoomRenamed {
        /// The name before.
        was: Name,
        /// The room now.
        room: RoomCard,
        /// By whom.
        by: Card,
        /// Why.
        reason: Option<Text>,
    },
    /// The one who sees this was made member of a group.
    Added {
        /// By whom.
        by: Card,
        /// To which group.
        group: RoomCard,
    },
    /// Someone is invited to a room: seen by them, and by those who may invite.
    Invited {
        /// By whom.
        by: Card,
        /// Who.
        who: Card,
        /// To which room.
        room: RoomCard,
    },
    /// The one who sees this has begun or ended to ignore someone, here or on another device.
    Ignoring {
        /// Whom.
        who: PersonId,
        /// Whether.
        on: bool,
    },
    /// A person is away, or back.
    Away {
        /// Who.
        who: Card,
        /// Why, in their words; `None` for back.
        text: Option<Text>,
    },
    /// A person has an account, another one, or none any more.
    Account(Card),
    /// A person is called otherwise beside the name.
    RealName {
        /// Who.
        who: Card,
        /// How.
        real_name: Arc<str>,
    },
    /// A person's user or host is shown otherwise.
    Badge {
        /// As before.
        was: Arc<Badge>,
        /// The person now.
        who: Card,
    },
    /// The one who sees this is like that now.
    Flags {
        /// The person.
        who: Card,
        /// Before.
        was: Flags,
        /// Now.
        now: Flags,
    },
    /// A name that is watched has someone, or nobody any more.
    Watched {
        /// The name, as it was watched.
        name: Name,
        /// Who has it.
        who: Option<Card>,
    },
    /// The one who sees this has read up to here, on one of their devices.
    Read {
        /// What: a room with its sign, or a name.
        target: Arc<str>,
        /// Up to when.
        upto: Timestamp,
    },
    /// Something said is taken back.
    Redacted(Arc<Redaction>),
    /// A value of a person or a room was set, or taken away.
    Metadata {
        /// Whose.
        of: Subject,
        /// Set by whom.
        by: Card,
        /// Which.
        key: Arc<str>,
        /// What it is now.
        value: Option<Text>,
    },
    /// Operators tell something to all who want to hear it.
    Wallops {
        /// Who.
        by: Card,
        /// What.
        text: Text,
    },
    /// The session that sees this is ended, as another password was set for its account.
    PasswordChanged {
        /// Whose.
        who: Card,
    },
    /// The session that sees this is ended by an operator.
    Ended {
        /// By whom.
        by: Card,
        /// Why.
        reason: Option<Text>,
    },
}

impl Event {
    /// Who came, went, or is seen otherwise than before; `None` for an event of another kind. What is
    /// told of that to others changes nothing for them: who can do without is not bothered with it in
    /// a large room, and who is told may learn of it a moment later.
    #[must_use]
    pub fn presence_of(&self) -> Option<PersonId> {
        match self {
            Self::Joined(arrival) => Some(arrival.who.id),
            Self::Online(who)
            | Self::Offline(who)
            | Self::Left { who, .. }
            | Self::Quit { who, .. }
            | Self::Away { who, .. }
            | Self::Account(who)
            | Self::RealName { who, .. }
            | Self::Badge { who, .. }
            | Self::Renamed { who, .. } => Some(who.id),
            Self::Said(_)
            | Self::Kicked { .. }
            | Self::Topic { .. }
            | Self::Changed { .. }
            | Self::RoomRenamed { .. }
            | Self::Added { .. }
            | Self::Invited { .. }
            | Self::Ignoring { .. }
            | Self::Flags { .. }
            | Self::Watched { .. }
            | Self::Read { .. }
            | Self::Redacted(_)
            | Self::Metadata { .. }
            | Self::Wallops { .. }
            | Self::PasswordChanged { .. }
            | Self::Ended { .. } => None,
        }
    }
}

/// What follows from a commit, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// An audience is to see an event.
    Show {
        /// Who.
        audience: Audience,
        /// What.
        event: Event,
        /// Where it stands, and whose doing it is.
        stamp: Stamp,
    },
    /// An asker learns what became of a request; after all that it caused.
    Reply(Origin, Outcome),
    /// A code that the asker's node has made is to be mailed, and the asker then told what became of
    /// it. It comes in place of a reply.
    Mail {
        /// Whose request it was made for.
        origin: Origin,
        /// To which address.
        to: MailAddress,
    },
    /// From here on the session is this person's, and in these rooms.
    Attach {
        /// The session.
        session: SessionId,
        /// The person.
        person: PersonId,
        /// Their rooms.
        rooms: Vec<RoomId>,
    },
    /// From here on the session sees nothing.
    Detach(SessionId),
    /// From here on these sessions see what is shown to the room.
    Subscribe(RoomId, Vec<SessionId>),
    /// From here on these sessions no longer do.
    Unsubscribe(RoomId, Vec<SessionId>),
    /// Something for the archive.
    Keep(Record),
}
