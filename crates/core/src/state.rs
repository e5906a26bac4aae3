//! What decisions need: persons, rooms and sessions. No history: that is the archive's.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use chinwag_model::id::{NodeId, PersonId, RoomId, Seq, SessionId, Timestamp};
use chinwag_model::message::Badge;
use chinwag_model::mode::PersonFlag;
use chinwag_model::name::Name;
use chinwag_model::proof::Proves;
use chinwag_model::secret::Verifier;
use minicbor::{Decode, Encode};

pub(crate) use crate::state::few::Few;
pub use crate::state::invitation::INVITATION_MS;
pub use crate::state::kept::FORMER_NAME_MS;
pub(crate) use crate::state::kept::FormerNames;
#[cfg(test)]
pub(crate) use crate::state::key::Part;
pub(crate) use crate::state::key::{Folded, Key, Look};
pub use crate::state::life::Living;
pub(crate) use crate::state::life::{Life, Member as NodeMember};
pub use crate::state::mail::{HELD_MAX, HELD_MS, RESET_MS, RESETS_MAX};
pub(crate) use crate::state::mail::{Held, Mail, Reset};
pub(crate) use crate::state::numbers::Numbers;
pub(crate) use crate::state::pace::Paces;
pub use crate::state::pace::{GROUP_BURST, GROUP_REFILL_MS};
pub use crate::state::person::PROPOSED_MS;
pub(crate) use crate::state::person::{KnownDevice, Password, Person, Proposal};
pub(crate) use crate::state::persons::Persons;
pub(crate) use crate::state::rare::Rare;
pub(crate) use crate::state::room::{Member, Room, Suspect, TopicMark};
pub use crate::state::silence::NAME_LIFE_MS;
pub(crate) use crate::state::silence::Silent;

mod few;
mod invitation;
mod kept;
mod key;
mod life;
mod mail;
mod numbers;
mod pace;
mod person;
mod persons;
mod rare;
mod room;
mod silence;

/// Most sessions one person can have at a time.
pub const SESSIONS_PER_PERSON_MAX: usize = 64;
/// Most groups that others can have put one person into.
pub const GROUPS_BY_OTHERS_MAX: usize = 100;
/// Most persons one person can ignore.
pub const IGNORES_PER_PERSON_MAX: usize = 200;

/// Everything that decisions need, after all entries up to [`seq`](Self::seq).
#[derive(Debug)]
pub struct State {
    pub(crate) seq: Seq,
    pub(crate) time: Timestamp,
    pub(crate) lives: BTreeMap<NodeId, Life>,
    pub(crate) persons: Persons,
    pub(crate) rooms: BTreeMap<RoomId, Room>,
    pub(crate) sessions: BTreeMap<SessionId, Session>,
    pub(crate) person_next: PersonId,
    pub(crate) room_next: RoomId,
    /// Who has gone or changed name, the last one at the end; at most [`FORMER_MAX`].
    pub(crate) former: VecDeque<Past>,
    /// What all nodes of a cluster that lived at some moment knew; see [`Self::level`].
    pub(crate) level: u32,
    /// What came of all entries of a cluster, one after the other: see [`crate::chain`].
    pub(crate) chain: [u8; 32],
    /// What waits for codes that were mailed, and addresses.
    pub(crate) mail: Mail,
    /// How fast people put others into groups.
    pub(crate) paces: Paces,
    /// Former names of registered rooms.
    pub(crate) former_names: FormerNames,
    /// Open names under which nothing was said yet.
    pub(crate) silent: Silent,
    // What follows is found again from what stands above.
    /// Who has a name, by what is compared: persons by the name they are shown under and by the one
    /// they are registered under, and rooms that were made in line mode.
    pub(crate) names: BTreeMap<Key<Folded>, Holder>,
    /// All rooms, by what is compared of their names.
    pub(crate) channels: BTreeMap<Key<Folded>, RoomId>,
    /// All rooms, by what their names look like.
    pub(crate) room_looks: BTreeMap<Key<Look>, Few<RoomId>>,
    /// Who has a name, by what it looks like; guests left out, as none can take their names.
    pub(crate) looks: BTreeMap<Key<Look>, Holder>,
    /// Sessions by index.
    pub(crate) clients: BTreeMap<u32, SessionId>,
    /// Numbers that no guest has.
    pub(crate) guests: Numbers,
    /// Who is there: with a connection, or staying without one.
    pub(crate) there: BTreeSet<PersonId>,
    /// Of those, the invisible ones.
    pub(crate) invisible: BTreeSet<PersonId>,
    /// Operators of the server.
    pub(crate) operators: BTreeSet<PersonId>,
    /// Accounts by certificate.
    pub(crate) certificates: BTreeMap<[u8; 32], PersonId>,
    /// Who has devices that are told of what is said to them.
    pub(crate) subscribers: BTreeSet<PersonId>,
}

/// Who has a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holder {
    Person(PersonId),
    Room(RoomId),
}

/// A connection of a person's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Session {
    #[n(0)]
    pub(crate) person: PersonId,
    /// From 1, in the order of coming.
    #[n(1)]
    pub(crate) index: u32,
    /// Whether the connection is private.
    #[n(2)]
    #[cbor(default)]
    pub(crate) secure: bool,
    /// Whether it is of a face where everyone is in the lobby.
    #[n(3)]
    #[cbor(default)]
    pub(crate) inside: bool,
}

/// Someone who has gone, or has another name.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Past {
    #[n(0)]
    pub(crate) id: PersonId,
    #[n(1)]
    pub(crate) name: Name,
    #[n(2)]
    pub(crate) badge: Badge,
    #[n(3)]
    pub(crate) real_name: Box<str>,
    #[n(4)]
    pub(crate) time: Timestamp,
}

/// Most of those who have gone that are remembered.
pub const FORMER_MAX: usize = 1000;

/// What must be known of a person to check a password.
#[derive(Clone, Debug)]
pub struct Credential {
    /// What is kept of it.
    pub verifier: Verifier,
    /// What it proves to give the password.
    pub proves: Proves,
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
        let lobby = Room { spoken: true, ..Room::new(Name::lobby(), false, Timestamp(0)) };
        let mut state = Self {
            seq: Seq(0),
            time: Timestamp(0),
            lives: BTreeMap::new(),
            persons: Persons::default(),
            rooms: BTreeMap::new(),
            sessions: BTreeMap::new(),
            person_next: PersonId(1),
            room_next: RoomId(1),
            former: VecDeque::new(),
            level: 0,
            chain: [0; 32],
            mail: Mail::default(),
            paces: Paces::default(),
            former_names: FormerNames::default(),
            silent: Silent::default(),
            names: BTreeMap::new(),
            channels: BTreeMap::new(),
            room_looks: BTreeMap::new(),
            looks: BTreeMap::new(),
            clients: BTreeMap::new(),
            guests: Numbers::default(),
            there: BTreeSet::new(),
            invisible: BTreeSet::new(),
            operators: BTreeSet::new(),
            certificates: BTreeMap::new(),
            subscribers: BTreeSet::new(),
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

    /// What a password of this person is checked against, if they have one.
    #[must_use]
    pub fn credential(&self, name: &Name) -> Option<Credential> {
        let (id, person) = self.person_called(name)?;
        let password = person.password.as_ref()?;
        let proves = Proves::Account(person.proof(id)?);
        Some(Credential { verifier: password.verifier.clone(), proves })
    }

    /// Whether a session is in.
    #[must_use]
    pub fn has_session(&self, session: SessionId) -> bool {
        self.sessions.contains_key(&session)
    }

    /// How many persons are there: with a connection, or staying without one.
    #[must_use]
    pub fn there(&self) -> usize {
        self.there.len()
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

    /// A room by name, for someone to whom persons and rooms share their names: a person goes before
    /// a room that was not made in line mode.
    pub(crate) fn room_called(&self, name: &Name) -> Option<(RoomId, &Room)> {
        match self.holder(name) {
            Some(Holder::Room(id)) => self.rooms.get(&id).map(|room| (id, room)),
            Some(Holder::Person(_)) => None,
            None => self.channel(name),
        }
    }

    /// A room by name, for someone to whom rooms have names of their own.
    pub(crate) fn channel(&self, name: &Name) -> Option<(RoomId, &Room)> {
        let id = *self.channels.get(name.folded())?;
        self.rooms.get(&id).map(|room| (id, room))
    }

    /// Another holder of a name that looks like this one, if there is one.
    pub(crate) fn look_alike(&self, name: &Name, own: Option<PersonId>) -> Option<Holder> {
        let holder = *self.looks.get(name.look())?;
        (own.map(Holder::Person) != Some(holder)).then_some(holder)
    }

    /// A room for which one of this name could be taken, but for one's own.
    pub(crate) fn room_alike(&self, name: &Name, own: Option<RoomId>) -> Option<&Room> {
        let alike = self.room_looks.get(name.look())?.iter();
        alike
            .filter(|id| own != Some(**id))
            .filter_map(|id| self.rooms.get(id))
            .find(|room| room.is_renowned())
    }

    pub(crate) fn insert_person(&mut self, id: PersonId, person: Person) {
        self.names.insert(Key::from(&person.name), Holder::Person(id));
        let registered = person.registered_name();
        self.names.insert(Key::from(registered), Holder::Person(id));
        match person.guest {
            Some(number) => {
                self.guests.take(number);
            }
            None => {
                self.looks.insert(Key::from(registered), Holder::Person(id));
            }
        }
        self.certificates.extend(person.certificates.iter().map(|print| (print.0, id)));
        self.subscribers.extend(person.devices.as_ref().map(|_| id));
        self.persons.insert(id, person);
        self.mark_there(id);
    }

    /// Takes a person out; they are in no room and have no session any more, or come back at once.
    pub(crate) fn remove_person(&mut self, id: PersonId) -> Option<Person> {
        let person = self.persons.remove(&id)?;
        self.names.remove(person.name.folded());
        self.names.remove(person.registered_name().folded());
        match person.guest {
            Some(number) => {
                self.guests.give_back(number);
            }
            None => {
                self.looks.remove(person.registered_name().look());
            }
        }
        for print in person.certificates.iter() {
            self.certificates.remove(&print.0);
        }
        self.subscribers.remove(&id);
        self.there.remove(&id);
        self.invisible.remove(&id);
        self.operators.remove(&id);
        Some(person)
    }

    /// Changes a person, and what is found by them.
    pub(crate) fn change_person(&mut self, id: PersonId, change: impl FnOnce(&mut Person)) {
        if let Some(mut person) = self.remove_person(id) {
            change(&mut person);
            self.insert_person(id, person);
        }
    }

    /// Takes note of whether a person is there, and how.
    pub(crate) fn mark_there(&mut self, id: PersonId) {
        let Some(person) = self.persons.get(&id) else { return };
        let (there, flags) = (person.is_there(), person.flags);
        let mark = |set: &mut BTreeSet<PersonId>, on: bool| {
            if on {
                set.insert(id)
            } else {
                set.remove(&id)
            };
        };
        mark(&mut self.there, there);
        mark(&mut self.invisible, there && flags.has(PersonFlag::Invisible));
        mark(&mut self.operators, there && flags.has(PersonFlag::Operator));
    }

    pub(crate) fn insert_room(&mut self, id: RoomId, room: Room) {
        self.channels.insert(Key::from(&room.name), id);
        self.room_looks.entry(Key::from(&room.name)).or_default().insert(id);
        if !room.apart {
            self.names.insert(Key::from(&room.name), Holder::Room(id));
            self.looks.insert(Key::from(&room.name), Holder::Room(id));
        }
        for member in room.members.keys() {
            if let Some(person) = self.persons.get_mut(member) {
                person.rooms.insert(id);
            }
        }
        self.rooms.insert(id, room);
    }

    /// Takes a room out of what it is found by; nobody is in it any more, or it comes back at once.
    pub(crate) fn remove_room(&mut self, id: RoomId) -> Option<Room> {
        let room = self.rooms.remove(&id)?;
        self.channels.remove(room.name.folded());
        if let Some(alike) = self.room_looks.get_mut(room.name.look()) {
            alike.remove(&id);
            if alike.is_empty() {
                self.room_looks.remove(room.name.look());
            }
        }
        if !room.apart {
            self.names.remove(room.name.folded());
            self.looks.remove(room.name.look());
        }
        Some(room)
    }

    /// Makes a person a member of a room, from this place on, with these ranks.
    pub(crate) fn join(&mut self, person: PersonId, room: RoomId, member: Member) {
        if let (Some(who), Some(where_)) =
            (self.persons.get_mut(&person), self.rooms.get_mut(&room))
        {
            who.rooms.insert(room);
            where_.invited.remove(person);
            where_.members.entry(person).or_insert(member);
        }
    }

    /// Ends a membership. A room where nobody is left is forgotten if nothing was said in it, or if
    /// not everyone could come in, as a group is; else it is open to all again, and so is its history.
    pub(crate) fn part(&mut self, person: PersonId, room: RoomId) {
        if let Some(person) = self.persons.get_mut(&person) {
            person.rooms.remove(&room);
        }
        let Some(left) = self.rooms.get_mut(&room) else { return };
        left.members.remove(&person);
        if !left.members.is_empty() || left.founder.is_some() || room == RoomId::LOBBY {
            return;
        }
        if left.spoken && left.is_public() {
            left.open();
        } else {
            self.remove_room(room);
        }
    }

    pub(crate) fn insert_session(&mut self, id: SessionId, session: Session) {
        self.clients.insert(session.index, id);
        if let Some(person) = self.persons.get_mut(&session.person) {
            person.sessions.insert(id);
        }
        self.sessions.insert(id, session);
        self.mark_there(session.person);
    }

    pub(crate) fn remove_session(&mut self, id: SessionId) -> Option<Session> {
        let session = self.sessions.remove(&id)?;
        self.clients.remove(&session.index);
        if let Some(person) = self.persons.get_mut(&session.person) {
            person.sessions.remove(&id);
        }
        self.mark_there(session.person);
        Some(session)
    }

    /// Remembers that someone has gone, or has another name.
    pub(crate) fn remember(&mut self, past: Past) {
        if self.former.len() >= FORMER_MAX {
            self.former.pop_front();
        }
        self.former.push_back(past);
    }
}
