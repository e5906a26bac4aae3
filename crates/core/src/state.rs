//! What decisions need: persons, rooms and sessions. No history: that is the archive's.

use std::collections::{BTreeMap, BTreeSet};

use chinwag_model::id::{NodeId, PersonId, Place, RoomId, Seq, SessionId, Timestamp};
use chinwag_model::message::{Card, RoomCard};
use chinwag_model::name::Name;
use chinwag_model::secret::Verifier;
use chinwag_model::text::Text;
use minicbor::{Decode, Encode};

/// Most sessions one person can have at a time.
pub const SESSIONS_PER_PERSON_MAX: usize = 64;
/// Most rooms and groups one person can be in.
pub const ROOMS_PER_PERSON_MAX: usize = 500;
/// Most persons one person can ignore.
pub const IGNORES_PER_PERSON_MAX: usize = 200;

/// Everything that decisions need, after all entries up to [`seq`](Self::seq).
#[derive(Debug)]
pub struct State {
    pub(crate) seq: Seq,
    pub(crate) time: Timestamp,
    pub(crate) lives: BTreeMap<NodeId, Life>,
    pub(crate) persons: BTreeMap<PersonId, Person>,
    pub(crate) rooms: BTreeMap<RoomId, Room>,
    pub(crate) sessions: BTreeMap<SessionId, Session>,
    pub(crate) person_next: PersonId,
    pub(crate) room_next: RoomId,
    // What follows is found again from what stands above.
    /// Who has a name, by what is compared.
    pub(crate) names: BTreeMap<Box<str>, Holder>,
    /// Who has a name, by what it looks like; guests left out, as none can take their names.
    pub(crate) looks: BTreeMap<Box<str>, Holder>,
    /// Sessions by index.
    pub(crate) clients: BTreeMap<u32, SessionId>,
    /// Numbers of the guests there are.
    pub(crate) guests: BTreeSet<u32>,
}

/// A node's life in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Life {
    /// One more each time the node starts.
    #[n(0)]
    pub(crate) epoch: u64,
    /// The number its next request has.
    #[n(1)]
    pub(crate) next: u64,
}

/// Who has a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holder {
    Person(PersonId),
    Room(RoomId),
}

/// Someone who was here once, or a guest who is.
#[derive(Clone, Debug, Encode, Decode)]
pub(crate) struct Person {
    #[n(0)]
    pub(crate) name: Name,
    /// The guest's number; `None` for who is registered.
    #[n(1)]
    pub(crate) guest: Option<u32>,
    #[n(2)]
    pub(crate) password: Option<Password>,
    #[n(3)]
    pub(crate) away: Option<Text>,
    #[n(4)]
    pub(crate) ignores: BTreeSet<PersonId>,
    /// Found again from the sessions.
    #[cbor(skip)]
    pub(crate) sessions: BTreeSet<SessionId>,
    /// Found again from the rooms' members.
    #[cbor(skip)]
    pub(crate) rooms: BTreeSet<RoomId>,
}

/// What is kept of a password.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Password {
    #[n(0)]
    pub(crate) verifier: Verifier,
    /// One more each time it is set.
    #[n(1)]
    pub(crate) version: u32,
}

/// A room or group.
#[derive(Clone, Debug, Encode, Decode)]
pub(crate) struct Room {
    #[n(0)]
    pub(crate) name: Name,
    #[n(1)]
    pub(crate) group: bool,
    #[n(2)]
    pub(crate) topic: Option<Text>,
    /// Who is in it, and since where.
    #[n(3)]
    pub(crate) members: BTreeMap<PersonId, Place>,
    /// Whether anything was ever said in it: then it stays, so that its history can be read.
    #[n(4)]
    pub(crate) spoken: bool,
}

/// A connection of a person's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Session {
    #[n(0)]
    pub(crate) person: PersonId,
    /// From 1, in the order of coming.
    #[n(1)]
    pub(crate) index: u32,
}

/// What must be known of a person to check a password.
#[derive(Clone, Debug)]
pub struct Credential {
    /// What is kept of it.
    pub verifier: Verifier,
    /// Its version.
    pub version: u32,
}

impl Default for State {
    fn default() -> Self {
        Self::new()
    }
}

impl State {
    /// The state before the first entry: a lobby with nobody in it.
    #[must_use]
    pub fn new() -> Self {
        let lobby = Room {
            name: Name::lobby(),
            group: false,
            topic: None,
            members: BTreeMap::new(),
            spoken: true,
        };
        let mut state = Self {
            seq: Seq(0),
            time: Timestamp(0),
            lives: BTreeMap::new(),
            persons: BTreeMap::new(),
            rooms: BTreeMap::new(),
            sessions: BTreeMap::new(),
            person_next: PersonId(1),
            room_next: RoomId(1),
            names: BTreeMap::new(),
            looks: BTreeMap::new(),
            clients: BTreeMap::new(),
            guests: BTreeSet::new(),
        };
        state.insert_room(RoomId::LOBBY, lobby);
        state
    }

    /// The last entry taken.
    #[must_use]
    pub fn seq(&self) -> Seq {
        self.seq
    }

    /// The time of the last entry taken.
    #[must_use]
    pub fn time(&self) -> Timestamp {
        self.time
    }

    /// The epoch of a node's present life; 0 if it never lived.
    #[must_use]
    pub fn epoch(&self, node: NodeId) -> u64 {
        self.lives.get(&node).map_or(0, |life| life.epoch)
    }

    /// What a password of this person is checked against, if they have one.
    #[must_use]
    pub fn credential(&self, name: &Name) -> Option<Credential> {
        let (_, person) = self.person_called(name)?;
        let Password { verifier, version } = person.password.clone()?;
        Some(Credential { verifier, version })
    }

    /// Whether a session is in.
    #[must_use]
    pub fn has_session(&self, session: SessionId) -> bool {
        self.sessions.contains_key(&session)
    }

    /// How many are in a room; 0 if there is none.
    #[must_use]
    pub fn members(&self, room: RoomId) -> usize {
        self.rooms.get(&room).map_or(0, |room| room.members.len())
    }

    pub(crate) fn holder(&self, name: &Name) -> Option<Holder> {
        self.names.get(name.folded()).copied()
    }

    pub(crate) fn person_called(&self, name: &Name) -> Option<(PersonId, &Person)> {
        match self.holder(name)? {
            Holder::Person(id) => self.persons.get(&id).map(|person| (id, person)),
            Holder::Room(_) => None,
        }
    }

    pub(crate) fn room_called(&self, name: &Name) -> Option<(RoomId, &Room)> {
        match self.holder(name)? {
            Holder::Room(id) => self.rooms.get(&id).map(|room| (id, room)),
            Holder::Person(_) => None,
        }
    }

    /// The name of something else that looks like this one, if there is one.
    pub(crate) fn look_alike(&self, name: &Name, own: Option<PersonId>) -> Option<&Name> {
        match *self.looks.get(name.look())? {
            Holder::Person(id) if own == Some(id) => None,
            Holder::Person(id) => self.persons.get(&id).map(|person| &person.name),
            Holder::Room(id) => self.rooms.get(&id).map(|room| &room.name),
        }
    }

    pub(crate) fn insert_person(&mut self, id: PersonId, person: Person) {
        self.names.insert(person.name.folded().into(), Holder::Person(id));
        match person.guest {
            Some(number) => {
                self.guests.insert(number);
            }
            None => {
                self.looks.insert(person.name.look().into(), Holder::Person(id));
            }
        }
        self.persons.insert(id, person);
    }

    /// Takes a person out; they are in no room and have no session any more.
    pub(crate) fn remove_person(&mut self, id: PersonId) -> Option<Person> {
        let person = self.persons.remove(&id)?;
        self.names.remove(person.name.folded());
        match person.guest {
            Some(number) => {
                self.guests.remove(&number);
            }
            None => {
                self.looks.remove(person.name.look());
            }
        }
        Some(person)
    }

    pub(crate) fn insert_room(&mut self, id: RoomId, room: Room) {
        self.names.insert(room.name.folded().into(), Holder::Room(id));
        self.looks.insert(room.name.look().into(), Holder::Room(id));
        for member in room.members.keys() {
            if let Some(person) = self.persons.get_mut(member) {
                person.rooms.insert(id);
            }
        }
        self.rooms.insert(id, room);
    }

    /// Makes a person a member of a room, from this place on.
    pub(crate) fn join(&mut self, person: PersonId, room: RoomId, since: Place) {
        if let (Some(who), Some(where_)) =
            (self.persons.get_mut(&person), self.rooms.get_mut(&room))
        {
            who.rooms.insert(room);
            where_.members.insert(person, since);
        }
    }

    /// Ends a membership. A public room where nobody is left and nothing was said is forgotten.
    pub(crate) fn part(&mut self, person: PersonId, room: RoomId) {
        if let Some(person) = self.persons.get_mut(&person) {
            person.rooms.remove(&room);
        }
        let Some(left) = self.rooms.get_mut(&room) else { return };
        left.members.remove(&person);
        if left.members.is_empty() && !left.spoken && !left.group {
            self.names.remove(left.name.folded());
            self.looks.remove(left.name.look());
            self.rooms.remove(&room);
        }
    }

    pub(crate) fn insert_session(&mut self, id: SessionId, session: Session) {
        self.clients.insert(session.index, id);
        if let Some(person) = self.persons.get_mut(&session.person) {
            person.sessions.insert(id);
        }
        self.sessions.insert(id, session);
    }

    pub(crate) fn remove_session(&mut self, id: SessionId) -> Option<Session> {
        let session = self.sessions.remove(&id)?;
        self.clients.remove(&session.index);
        if let Some(person) = self.persons.get_mut(&session.person) {
            person.sessions.remove(&id);
        }
        Some(session)
    }
}

impl Person {
    pub(crate) fn is_online(&self) -> bool {
        !self.sessions.is_empty()
    }

    pub(crate) fn card(&self, id: PersonId) -> Card {
        Card { id, name: self.name.clone() }
    }

    pub(crate) fn sessions(&self) -> Vec<SessionId> {
        self.sessions.iter().copied().collect()
    }
}

impl Room {
    pub(crate) fn card(&self, id: RoomId) -> RoomCard {
        RoomCard { id, name: self.name.clone(), group: self.group }
    }
}
