//! What is told to those who ask.

use super::Standing;
use crate::id::{PersonId, Place, RoomId, SessionId, Timestamp};
use crate::message::{Badge, Card, Message, RoomCard, Subject};
use crate::mode::{Flags, Listed};
use crate::name::Name;
use crate::proof::Proof;
use crate::rank::Ranks;
use crate::record::Happening;
use crate::text::Text;
use std::sync::Arc;

/// An answer to a query, of the same name.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// To [`Query::Standing`](super::Query::Standing).
    Standing(Standing),
    /// To [`Query::People`](super::Query::People): names, and whether online.
    People(Page<(Name, bool), Name>),
    /// To [`Query::Clients`](super::Query::Clients).
    Clients(Page<Client, u32>),
    /// To [`Query::Client`](super::Query::Client).
    Client(Option<Card>),
    /// To [`Query::Rooms`](super::Query::Rooms).
    Rooms(Page<RoomRow, Name>),
    /// To [`Query::Groups`](super::Query::Groups).
    Groups(Page<GroupRow, RoomId>),
    /// To [`Query::Present`](super::Query::Present).
    Present(Page<(Name, Option<Text>), PersonId>),
    /// To [`Query::Room`](super::Query::Room) and [`Query::OwnRoom`](super::Query::OwnRoom).
    Room(Option<RoomCard>),
    /// To [`Query::Topic`](super::Query::Topic).
    Topic(Option<Text>),
    /// To [`Query::Backlog`](super::Query::Backlog).
    Backlog(Backlog),
    /// To all kinds of history.
    History(Vec<Arc<Message>>),
    /// To [`Query::History`](super::Query::History) where there is no such room or person.
    NoSuchHistory(Name),
    /// To [`Query::Search`](super::Query::Search).
    Found(Vec<Arc<Message>>),
    /// To [`Query::Barrier`](super::Query::Barrier).
    Barrier,
    /// To [`Query::Members`](super::Query::Members); no room where there is none, or none that the asker may know of.
    Members(Option<(RoomCard, Flags)>, Page<Seen, PersonId>),
    /// To [`Query::Names`](super::Query::Names); no room as above.
    Names(Option<(RoomCard, Flags)>, Names),
    /// To [`Query::Channel`](super::Query::Channel).
    Channel(Option<Box<ChannelRow>>),
    /// To [`Query::Channels`](super::Query::Channels).
    Channels(Page<ChannelRow, Name>),
    /// To [`Query::Listed`](super::Query::Listed); no room as above.
    Listed(Option<(RoomCard, Vec<Listed>)>),
    /// To [`Query::Invitations`](super::Query::Invitations).
    Invitations(Page<RoomCard, RoomId>),
    /// To [`Query::Profile`](super::Query::Profile).
    Profile(Option<Box<Profile>>),
    /// To [`Query::Matching`](super::Query::Matching).
    Matching(Page<Seen, PersonId>),
    /// To [`Query::Seen`](super::Query::Seen) and [`Query::Watch`](super::Query::Watch), in the order asked.
    Seen(Vec<Option<Seen>>),
    /// To [`Query::Census`](super::Query::Census).
    Census(Census),
    /// To [`Query::Former`](super::Query::Former).
    Former(Vec<Former>),
    /// To [`Query::ReadUpto`](super::Query::ReadUpto).
    ReadUpto(Option<Timestamp>),
    /// To [`Query::Metadata`](super::Query::Metadata); `None` where there is no such person or room.
    Metadata(Option<Values>),
    /// To [`Query::RoomMetadata`](super::Query::RoomMetadata): whose, which, and what.
    RoomMetadata(Page<(Subject, Box<str>, Text), PersonId>),
    /// To [`Query::Lines`](super::Query::Lines), oldest first.
    Lines(Vec<Line>),
    /// To [`Query::Targets`](super::Query::Targets): the last message of each.
    Targets(Vec<Arc<Message>>),
    /// To [`Query::Message`](super::Query::Message).
    Message(Option<Arc<Message>>),
    /// To [`Query::Certificate`](super::Query::Certificate): the account, and its proof.
    Certificate(Option<(Name, Proof)>),
    /// To [`Query::Certificates`](super::Query::Certificates).
    Certificates(Vec<[u8; 32]>),
    /// To [`Query::Stays`](super::Query::Stays).
    Stays(Option<bool>),
    /// The archive could not answer; the reason is in the server's log.
    Unavailable,
}

/// A group of the asker's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupRow {
    /// Which.
    pub room: RoomCard,
    /// The names of its members, the first ones where there are very many.
    pub names: Vec<Name>,
    /// How many members are not named.
    pub more: usize,
}

/// A part of a longer answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<Row, Cursor> {
    /// At most [`ROWS_MAX`](super::ROWS_MAX) rows. Fewer, or none, do not mean that it is the last page: a
    /// page ends as well where enough was looked at.
    pub rows: Vec<Row>,
    /// What to ask the next page with; `None` after the last one.
    pub next: Option<Cursor>,
}

/// Names on a page of [`Names`], at most.
pub const NAMES_MAX: usize = 1000;

/// A page of who is in a room, by name alone: in one piece, as everyone who comes in is told of all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    words: String,
    /// The ranks of each, and where their word ends.
    ends: Vec<(Ranks, usize)>,
    /// What to ask the next page with; `None` after the last one.
    pub next: Option<PersonId>,
}

impl Names {
    /// Adds someone; with user and host, if these are given. `false`, and nothing is added, where the
    /// page is full.
    pub fn push(&mut self, ranks: Ranks, name: &Name, badge: Option<&Badge>) -> bool {
        if self.ends.len() >= NAMES_MAX {
            return false;
        }
        self.words.push_str(name.shown());
        if let Some(badge) = badge {
            for (sign, part) in [('!', &badge.user), ('@', &badge.host)] {
                self.words.push(sign);
                self.words.push_str(part);
            }
        }
        self.ends.push((ranks, self.words.len()));
        true
    }

    /// The ranks of each, and their name, `name!user@host` where that was asked for.
    pub fn iter(&self) -> impl Iterator<Item = (Ranks, &str)> {
        let mut from = 0;
        self.ends.iter().map(move |(ranks, end)| {
            let word = self.words.get(from..*end).unwrap_or_default();
            from = *end;
            (*ranks, word)
        })
    }
}

/// Values of metadata, and whose they are.
pub type Values = (Subject, Vec<(Box<str>, Text)>);

/// A person as others may know them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Who.
    pub who: Card,
    /// What they are called beside the name.
    pub real_name: Arc<str>,
    /// How they are.
    pub flags: Flags,
    /// Where they are away, why.
    pub away: Option<Text>,
    /// Whether they have a connection.
    pub online: bool,
    /// Their ranks in the room asked about, or in one that they share with the asker.
    pub ranks: Ranks,
    /// That room.
    pub room: Option<RoomCard>,
    /// When they last said something.
    pub spoke: Timestamp,
}

/// A person, closely.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// As everyone may know them.
    pub seen: Seen,
    /// Rooms that the asker may know of, with the ranks there.
    pub rooms: Vec<(RoomCard, Ranks)>,
    /// Since when they are there.
    pub since: Timestamp,
    /// Whether all of their connections are private.
    pub secure: bool,
}

/// A room, as someone may know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelRow {
    /// Which.
    pub card: RoomCard,
    /// Its switches.
    pub flags: Flags,
    /// Its key, told to members only.
    pub key: Option<Text>,
    /// How many may be in it.
    pub limit: Option<u32>,
    /// Its topic, with who set it and when.
    pub topic: Option<(Text, Box<str>, Timestamp)>,
    /// When it was made.
    pub made: Timestamp,
    /// How many are in it.
    pub members: usize,
    /// The asker's ranks there; `None` for who is not in it.
    pub ranks: Option<Ranks>,
    /// Whether it has a founder.
    pub founded: bool,
    /// Whether the asker may read it; the topic is told only then.
    pub reads: bool,
}

/// How many there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Census {
    /// Persons with a connection, or who stay without one.
    pub persons: usize,
    /// Of those, invisible ones.
    pub invisible: usize,
    /// Operators.
    pub operators: usize,
    /// Connections that have not come in yet, as far as the one who answers knows.
    pub strangers: usize,
    /// Rooms.
    pub rooms: usize,
    /// Most persons there were at a time, as far as the one who answers knows.
    pub most: usize,
}

/// Someone who has gone, or has another name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Former {
    /// As they were.
    pub who: Card,
    /// What they were called beside the name.
    pub real_name: Arc<str>,
    /// When.
    pub time: Timestamp,
}

/// A line of a conversation.
#[derive(Clone, Debug, PartialEq)]
pub enum Line {
    /// Something said.
    Message(Arc<Message>),
    /// Something that happened.
    Happening(Arc<Happening>),
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
