//! What people want to know. Lane: local; a query never enters the log.

mod answer;

use crate::id::{PersonId, Place, RoomId, Seq, Timestamp};
use crate::intent::Owner;
use crate::message::Conversation;
use crate::mode::RoomList;
use crate::name::Name;

pub use answer::{
    Answer, Backlog, Census, ChannelRow, Client, Former, GroupRow, Line, NAMES_MAX, Names, Page,
    Profile, RoomRow, Seen, Values,
};

/// Most rows in one answer; more are asked for with the cursor it gives.
pub const ROWS_MAX: usize = 500;

/// A question of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    /// How a name could come in.
    Standing(Name),
    /// Everyone registered, and guests that are online, by folded name, after this one.
    People {
        /// The last name of the page before.
        after: Option<Name>,
    },
    /// Sessions that are in, by index, after this one.
    Clients {
        /// The last index of the page before; 0 at first.
        after: u32,
    },
    /// The session with this index.
    Client(u32),
    /// Public rooms with someone in them, by folded name, after this one.
    Rooms {
        /// The last name of the page before.
        after: Option<Name>,
    },
    /// The asker's groups with their members, by id, after this one.
    Groups {
        /// The last group of the page before.
        after: Option<RoomId>,
    },
    /// Persons online in a room, by id, after this one.
    Present {
        /// The room.
        room: RoomId,
        /// The last person of the page before.
        after: Option<PersonId>,
    },
    /// A room by name that the asker may look into: a public one, or a group they are in.
    Room(Name),
    /// A room of the asker's, by name.
    OwnRoom(Name),
    /// A room's topic.
    Topic(RoomId),
    /// What came while the asker was away, after this place.
    Backlog {
        /// Where the asker came in: what is later they see live.
        upto: Place,
        /// The last place of the page before.
        after: Option<Place>,
    },
    /// The last messages of a room or group.
    RoomHistory {
        /// The room.
        room: RoomId,
        /// How many at most.
        limit: u32,
    },
    /// The last messages of the room, group or person of this name.
    History {
        /// The name.
        of: Name,
        /// How many at most.
        limit: u32,
    },
    /// The last messages to everyone.
    BroadcastHistory {
        /// How many at most.
        limit: u32,
    },
    /// Messages that the asker may read and that hold all the words, the last ones.
    Search {
        /// The words as typed.
        words: String,
        /// What else is asked of them.
        filter: Box<Filter>,
        /// How many at most.
        limit: u32,
    },
    /// Nothing: it is answered when all that the asker has caused lies in every outbox of the node.
    Barrier,
    /// Who is in a room, by id, after this one. Who is not in it sees only a public room, and in it
    /// only who is visible.
    Members {
        /// The room.
        room: Name,
        /// The last person of the page before.
        after: Option<PersonId>,
    },
    /// The names of who is in a room, by id, after this one; who of them is seen is as above.
    Names {
        /// The room.
        room: Name,
        /// Whether with user and host.
        masks: bool,
        /// The last person of the page before.
        after: Option<PersonId>,
    },
    /// A room, as the asker may know it.
    Channel(Name),
    /// Rooms that the asker may know of, by name, after this one.
    Channels {
        /// Which.
        filter: Box<ChannelFilter>,
        /// The last name of the page before.
        after: Option<Name>,
    },
    /// A list of a room.
    Listed {
        /// The room.
        room: Name,
        /// Which list.
        list: RoomList,
    },
    /// Rooms to which the asker is invited, by id, after this one.
    Invitations {
        /// The last room of the page before that was looked at.
        after: Option<RoomId>,
    },
    /// A person, closely.
    Profile(Name),
    /// Persons there are, whose name, user, host, account or other name is as a mask says, by id,
    /// after this one; without those who are invisible and share no room with the asker.
    Matching {
        /// The mask.
        mask: String,
        /// Only operators.
        operators: bool,
        /// The last person of the page before.
        after: Option<PersonId>,
    },
    /// Persons there are, by name; each found or not.
    Seen(Vec<Name>),
    /// Watches names, or no longer: who watches is told when someone has them, or nobody any more.
    /// Answered as [`Query::Seen`].
    Watch {
        /// Which.
        names: Vec<Name>,
        /// Whether.
        on: bool,
    },
    /// How many there are.
    Census,
    /// Who had a name and has gone, the last first.
    Former(Name),
    /// Up to when the asker has read a conversation: a room with its sign, or a name, folded.
    ReadUpto(Box<str>),
    /// The values that the asker may see.
    Metadata(Owner),
    /// Some values of a room, and of who is in it, by id, after this one; of rooms that the asker is
    /// in.
    RoomMetadata {
        /// The room.
        room: Name,
        /// Which values.
        keys: Vec<Box<str>>,
        /// The last person of the page before; the room's own come first.
        after: Option<PersonId>,
    },
    /// Lines of a conversation with a room or a person.
    Lines {
        /// The room or person.
        of: Owner,
        /// Which.
        range: Range,
        /// How many at most.
        limit: u32,
        /// Whether what happened belongs to them, beside what was said.
        happenings: bool,
    },
    /// Conversations of the asker's by the time of their last message, the oldest first.
    Targets {
        /// Later than this.
        from: Timestamp,
        /// Earlier than this.
        to: Timestamp,
        /// How many at most.
        limit: u32,
    },
    /// A message that the asker may read.
    Message(Place),
    /// Whose account a certificate proves, by its SHA-256.
    Certificate([u8; 32]),
    /// The certificates of the asker's account.
    Certificates,
    /// Whether the asker stays without a connection: as they said, if they did.
    Stays,
}

impl Query {
    /// Whether it is about so many that they are gone through: rooms, persons or members. It is answered
    /// in parts, and what others want goes before it.
    #[must_use]
    pub fn is_long(&self) -> bool {
        match self {
            Self::People { .. }
            | Self::Clients { .. }
            | Self::Rooms { .. }
            | Self::Groups { .. }
            | Self::Present { .. }
            | Self::Search { .. }
            | Self::Members { .. }
            | Self::Names { .. }
            | Self::Channels { .. }
            | Self::Invitations { .. }
            | Self::Matching { .. }
            | Self::RoomMetadata { .. }
            | Self::Former(_) => true,
            Self::Standing(_)
            | Self::Client(_)
            | Self::Room(_)
            | Self::OwnRoom(_)
            | Self::Topic(_)
            | Self::Backlog { .. }
            | Self::RoomHistory { .. }
            | Self::History { .. }
            | Self::BroadcastHistory { .. }
            | Self::Barrier
            | Self::Channel(_)
            | Self::Listed { .. }
            | Self::Profile(_)
            | Self::Seen(_)
            | Self::Watch { .. }
            | Self::Census
            | Self::ReadUpto(_)
            | Self::Metadata(_)
            | Self::Lines { .. }
            | Self::Targets { .. }
            | Self::Message(_)
            | Self::Certificate(_)
            | Self::Certificates
            | Self::Stays => false,
        }
    }
}

/// What else is asked of messages that are searched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Said in this room, or between the asker and this person.
    pub within: Option<Owner>,
    /// Said by whoever had this name.
    pub author: Option<Name>,
    /// Said later than this.
    pub after: Option<Timestamp>,
    /// Said earlier than this.
    pub before: Option<Timestamp>,
}

/// Which lines of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    /// The last ones, perhaps only after a point.
    Latest(Option<Point>),
    /// The last ones before a point.
    Before(Point),
    /// The first ones after a point.
    After(Point),
    /// Those around a point, itself among them.
    Around(Point),
    /// Those between two points, which are not among them: the first ones if the first point is the
    /// earlier one, else the last ones.
    Between(Point, Point),
}

/// A point in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// A message.
    Place(Place),
    /// A time.
    Time(Timestamp),
}

/// Which rooms.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChannelFilter {
    /// With more members than this.
    pub members_over: Option<u32>,
    /// With fewer members than this.
    pub members_under: Option<u32>,
    /// Made later than this.
    pub made_after: Option<Timestamp>,
    /// Made earlier than this.
    pub made_before: Option<Timestamp>,
    /// Whose topic was set later than this.
    pub topic_after: Option<Timestamp>,
    /// Whose topic was set earlier than this.
    pub topic_before: Option<Timestamp>,
    /// Whose name is as any of these masks say; all, if there are none.
    pub masks: Vec<String>,
    /// Whose name is as none of these masks says.
    pub not_masks: Vec<String>,
}

/// How a name could come in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nobody has it.
    Free,
    /// A person without a password.
    Open,
    /// A person with a password.
    Protected,
    /// A room or group.
    Room,
}

/// A question to the archive, with the asker's rights worked out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The archive must hold all entries up to here before it answers.
    pub at: Seq,
    /// What is asked.
    pub what: ReadingKind,
}

/// What is asked of the archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadingKind {
    /// The last messages of a conversation, up to the entry asked at.
    History {
        /// Which.
        conversation: Conversation,
        /// How many at most.
        limit: u32,
    },
    /// What waits for a person: what others said to them, to everyone, and to these groups, after
    /// their mark and up to here.
    Backlog {
        /// The person.
        person: PersonId,
        /// Their groups, each with the place where they became member.
        groups: Vec<(RoomId, Place)>,
        /// The last place that counts.
        upto: Place,
        /// The last place of the page before; the count is asked for where there was none.
        after: Option<Place>,
        /// Whose messages are left out.
        ignores: Vec<PersonId>,
    },
    /// Messages that hold all the words: the last ones, oldest first.
    Search {
        /// Words as typed; what is no letter or digit parts them.
        words: String,
        /// The person whose direct messages are looked through, and those to everyone.
        person: PersonId,
        /// The rooms and groups that are looked through.
        rooms: Vec<RoomId>,
        /// Only this conversation, where one is given; the rights are as above.
        within: Option<Conversation>,
        /// Said by whoever had this name, where one is given.
        author: Option<Name>,
        /// Said later than this.
        after: Option<Timestamp>,
        /// Said earlier than this.
        before: Option<Timestamp>,
        /// How many at most.
        limit: u32,
    },
    /// Lines of a conversation, oldest first.
    Lines {
        /// Which conversation.
        conversation: Conversation,
        /// Which lines.
        range: Range,
        /// From here on only: what was before is not the asker's to read.
        since: Place,
        /// How many at most.
        limit: u32,
        /// Whether what happened, and tags alone, belong to them.
        happenings: bool,
    },
    /// The last messages of conversations, by time, the oldest first: where it is after `from` and
    /// before `to`.
    Targets {
        /// The person, whose direct messages count.
        person: PersonId,
        /// The rooms that count.
        rooms: Vec<RoomId>,
        /// Later than this.
        from: Timestamp,
        /// Earlier than this.
        to: Timestamp,
        /// How many at most.
        limit: u32,
    },
    /// One message, if it is in one of the rooms, was said to everyone, or by or to the person.
    Message {
        /// Its place.
        place: Place,
        /// The person.
        person: PersonId,
        /// The rooms.
        rooms: Vec<RoomId>,
    },
}
