//! What people want to know. Lane: local; a query never enters the log.

use std::sync::Arc;

use crate::id::{PersonId, Place, RoomId, Seq, SessionId};
use crate::message::{Card, Conversation, Message, RoomCard};
use crate::name::Name;
use crate::text::Text;

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
    /// The asker's groups with their members.
    Groups,
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
        /// How many at most.
        limit: u32,
    },
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

/// An answer to a query, of the same name.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// To [`Query::Standing`].
    Standing(Standing),
    /// To [`Query::People`]: names, and whether online.
    People(Page<(Name, bool), Name>),
    /// To [`Query::Clients`].
    Clients(Page<Client, u32>),
    /// To [`Query::Client`].
    Client(Option<Card>),
    /// To [`Query::Rooms`].
    Rooms(Page<RoomRow, Name>),
    /// To [`Query::Groups`].
    Groups(Vec<(RoomCard, Vec<Name>)>),
    /// To [`Query::Present`].
    Present(Page<(Name, Option<Text>), PersonId>),
    /// To [`Query::Room`] and [`Query::OwnRoom`].
    Room(Option<RoomCard>),
    /// To [`Query::Topic`].
    Topic(Option<Text>),
    /// To [`Query::Backlog`].
    Backlog(Backlog),
    /// To all kinds of history.
    History(Vec<Arc<Message>>),
    /// To [`Query::History`] where there is no such room or person.
    NoSuchHistory(Name),
    /// To [`Query::Search`].
    Found(Vec<Arc<Message>>),
    /// The archive could not answer; the reason is in the server's log.
    Unavailable,
}

/// A part of a longer answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<Row, Cursor> {
    /// At most [`ROWS_MAX`] rows.
    pub rows: Vec<Row>,
    /// What to ask the next page with; `None` after the last one.
    pub next: Option<Cursor>,
}

/// A session as others may know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// From 1, in the order of coming.
    pub index: u32,
    /// The person's name.
    pub name: Name,
    /// The connection.
    pub session: SessionId,
}

/// A public room as others may know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomRow {
    /// Its name.
    pub name: Name,
    /// How many are in it.
    pub members: usize,
    /// Its topic.
    pub topic: Option<Text>,
}

/// A page of what came while someone was away.
#[derive(Clone, Debug, PartialEq)]
pub struct Backlog {
    /// How many in all; told with the first page only, 0 with the others.
    pub total: u64,
    /// The messages of this page, oldest first.
    pub messages: Vec<Arc<Message>>,
    /// Where to go on; `None` after the last one.
    pub next: Option<Place>,
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
        /// How many at most.
        limit: u32,
    },
}
