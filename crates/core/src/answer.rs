//! Queries, answered from the state, or turned into a reading of the archive.

use std::ops::Bound;

use chinwag_model::id::{PersonId, RoomId, SessionId};
use chinwag_model::message::{Card, Conversation};
use chinwag_model::name::Name;
use chinwag_model::query::{
    Answer, Client, Filter, GroupRow, Page, Query, Reading, ReadingKind, RoomRow, Standing,
};
use chinwag_model::text::Text;

use crate::access::Access;
use crate::state::{Holder, Person, Room, State};

pub mod reader;
mod visitor;
mod work;

pub use self::work::WORK_MAX;
use self::work::{Work, of_access};

/// Most rooms that one search looks through: one's own first, then public ones, the oldest first.
pub const ROOMS_SEARCHED_MAX: usize = 1000;

/// Most rooms among which those are looked for that are searched; fewer where it takes long to tell whether
/// they may be read.
const ROOMS_LOOKED_AT_MAX: usize = 5 * ROOMS_SEARCHED_MAX;

/// Most members of a group that are named with it.
const GROUP_NAMES_MAX: usize = 500;

/// An answer, or what to ask the archive for it.
#[derive(Clone, Debug, PartialEq)]
pub enum Response {
    /// The answer.
    Now(Answer),
    /// What the archive is to answer.
    Later(Reading),
}

impl State {
    /// Answers a session's query. Who has not come in learns only how a name stands.
    #[must_use]
    pub fn answer(&self, session: SessionId, query: &Query) -> Response {
        self.answer_counted(session, query).0
    }

    /// Answers a session's query, and says how much was looked at for it: hardly more than [`WORK_MAX`].
    #[must_use]
    pub fn answer_counted(&self, session: SessionId, query: &Query) -> (Response, usize) {
        match query {
            Query::Standing(name) => {
                return (Response::Now(Answer::Standing(self.standing(name))), 1);
            }
            Query::Certificate(fingerprint) => {
                return (Response::Now(Answer::Certificate(self.certificate(*fingerprint))), 1);
            }
            _ => {}
        }
        let asker = self
            .sessions
            .get(&session)
            .and_then(|session| Some((session.person, self.persons.get(&session.person)?)));
        let mut work = Work::default();
        let response = match asker {
            Some((id, person)) => self.answer_person(id, person, query, &mut work),
            None => Response::Now(Answer::Unavailable),
        };
        (response, work.done().max(1))
    }

    fn answer_person(
        &self,
        id: PersonId,
        asker: &Person,
        query: &Query,
        work: &mut Work,
    ) -> Response {
        let answer = match query {
            Query::People { after } => Answer::People(self.people(after.as_ref(), work)),
            Query::Clients { after } => Answer::Clients(self.clients_after(*after, work)),
            Query::Client(index) => Answer::Client(self.client(*index)),
            Query::Rooms { after } => {
                Answer::Rooms(self.public_rooms(id, asker, after.as_ref(), work))
            }
            Query::Groups { after } => Answer::Groups(self.groups(asker, *after, work)),
            Query::Present { room, after } => {
                Answer::Present(self.present(id, asker, (*room, *after), work))
            }
            Query::Room(name) => {
                let named = self.room_called(name);
                let room = named.filter(|(room, _)| self.may_read(id, asker, *room));
                Answer::Room(room.map(|(id, room)| room.card(id)))
            }
            Query::OwnRoom(name) => {
                let room = self.room_called(name).filter(|(id, _)| asker.rooms.contains(id));
                Answer::Room(room.map(|(id, room)| room.card(id)))
            }
            Query::Topic(room) => {
                let room = self.rooms.get(room).filter(|_| self.may_read(id, asker, *room));
                Answer::Topic(room.and_then(|room| room.topic.clone()))
            }
            Query::Backlog { upto, after } => {
                let since = |room_id: &RoomId| {
                    let room = self.rooms.get(room_id).filter(|room| room.group)?;
                    Some((*room_id, room.members.get(&id)?.since))
                };
                return self.later(ReadingKind::Backlog {
                    person: id,
                    groups: asker.rooms.iter().filter_map(since).collect(),
                    upto: *upto,
                    after: *after,
                    ignores: asker.ignores.iter().copied().collect(),
                });
            }
            Query::RoomHistory { room, limit } if self.may_read(id, asker, *room) => {
                return self.history(Conversation::Room(*room), *limit);
            }
            Query::RoomHistory { .. } => Answer::Unavailable,
            Query::History { of, limit } => match self.conversation(id, asker, of) {
                Some(conversation) => return self.history(conversation, *limit),
                None => Answer::NoSuchHistory(of.clone()),
            },
            Query::BroadcastHistory { limit } => {
                return self.history(Conversation::Everyone, *limit);
            }
            Query::Search { words, filter, limit } => {
                return self.search(id, asker, (words, filter, *limit), work);
            }
            other => return self.answer_visitor(id, asker, other, work),
        };
        Response::Now(answer)
    }

    fn later(&self, what: ReadingKind) -> Response {
        Response::Later(Reading { at: self.seq, what })
    }

    fn history(&self, conversation: Conversation, limit: u32) -> Response {
        self.later(ReadingKind::History { conversation, limit })
    }

    fn search(
        &self,
        id: PersonId,
        asker: &Person,
        (words, filter, limit): (&str, &Filter, u32),
        work: &mut Work,
    ) -> Response {
        let within = match &filter.within {
            None => None,
            Some(owner) => match self.conversation_with(id, asker, owner) {
                Some(conversation) => Some(conversation),
                None => return Response::Now(Answer::Found(Vec::new())),
            },
        };
        self.later(ReadingKind::Search {
            words: words.to_owned(),
            person: id,
            rooms: self.searched(id, asker, work),
            within,
            author: filter.author.clone(),
            after: filter.after,
            before: filter.before,
            limit,
        })
    }

    fn conversation(&self, id: PersonId, asker: &Person, of: &Name) -> Option<Conversation> {
        if let Some(Holder::Person(other)) = self.holder(of) {
            return Some(Conversation::pair(id, other));
        }
        let (room, _) = self.room_called(of)?;
        self.may_read(id, asker, room).then_some(Conversation::Room(room))
    }

    fn searched(&self, who: PersonId, asker: &Person, work: &mut Work) -> Vec<RoomId> {
        let mut rooms: Vec<RoomId> = asker.rooms.iter().copied().collect();
        for (id, room) in &self.rooms {
            if rooms.len() >= ROOMS_SEARCHED_MAX || work.done() >= ROOMS_LOOKED_AT_MAX {
                break;
            }
            work.add(1 + of_access(room));
            if !asker.rooms.contains(id) && self.access(who, asker, *id, room) == Access::Read {
                rooms.push(*id);
            }
        }
        rooms.truncate(ROOMS_SEARCHED_MAX);
        rooms
    }

    fn standing(&self, name: &Name) -> Standing {
        match self.holder(name) {
            Some(Holder::Room(_)) => Standing::Room,
            Some(Holder::Person(id)) => match self.persons.get(&id) {
                Some(person) if person.guest.is_some() => Standing::Free,
                Some(person) if person.password.is_some() => Standing::Protected,
                Some(_) => Standing::Open,
                None => Standing::Free,
            },
            None => Standing::Free,
        }
    }

    fn people(&self, after: Option<&Name>, work: &mut Work) -> Page<(Name, bool), Name> {
        let from = after.map_or(Bound::Unbounded, |name| Bound::Excluded(name.folded()));
        let names = self.names.range::<str, _>((from, Bound::Unbounded));
        // What is told of each, if it is a person, and the name that stands there.
        let entries = names.filter_map(|(key, holder)| match holder {
            Holder::Room(id) => Some((None, &self.rooms.get(id)?.name)),
            Holder::Person(id) => {
                let person = self.persons.get(id)?;
                let registered = person.registered_name();
                // Each person once, by the name they are registered under.
                let is_registered = registered.folded() == key.text();
                let name = if is_registered { registered } else { &person.name };
                Some((is_registered.then_some(person), name))
            }
        });
        let row = |(person, name): &(Option<&Person>, &Name), _: &mut Work| {
            Some(((*name).clone(), (*person)?.is_online()))
        };
        work.page(entries, row, |(_, name)| name.clone())
    }

    fn rooms_after<'s>(
        &'s self,
        after: Option<&Name>,
    ) -> impl Iterator<Item = (RoomId, &'s Room)> + use<'s> {
        let from = after.map_or(Bound::Unbounded, |name| Bound::Excluded(name.folded()));
        let ids = self.channels.range::<str, _>((from, Bound::Unbounded));
        ids.filter_map(|(_, id)| Some((*id, self.rooms.get(id)?)))
    }

    fn public_rooms(
        &self,
        who: PersonId,
        asker: &Person,
        after: Option<&Name>,
        work: &mut Work,
    ) -> Page<RoomRow, Name> {
        let row = |(id, room): &(RoomId, &Room), work: &mut Work| {
            if !room.is_public() || room.members.is_empty() {
                return None;
            }
            work.add(of_access(room));
            Some(RoomRow {
                name: room.name.clone(),
                members: room.members.len(),
                topic: room.topic.clone().filter(|_| self.may_read(who, asker, *id)),
            })
        };
        work.page(self.rooms_after(after), row, |(_, room)| room.name.clone())
    }

    fn clients_after(&self, after: u32, work: &mut Work) -> Page<Client, u32> {
        let entries = self.clients.range((Bound::Excluded(after), Bound::Unbounded));
        let row = |(index, session): &(&u32, &SessionId), _: &mut Work| {
            let person = self.persons.get(&self.sessions.get(session)?.person)?;
            Some(Client { index: **index, name: person.name.clone(), session: **session })
        };
        work.page(entries, row, |(index, _)| *index)
    }

    fn client(&self, index: u32) -> Option<Card> {
        let session = self.sessions.get(self.clients.get(&index)?)?;
        Some(self.persons.get(&session.person)?.card(session.person))
    }

    fn groups(
        &self,
        asker: &Person,
        after: Option<RoomId>,
        work: &mut Work,
    ) -> Page<GroupRow, RoomId> {
        let entries = asker.rooms.iter().copied().skip_while(|id| Some(*id) <= after);
        let row = |id: &RoomId, work: &mut Work| {
            let room = self.rooms.get(id).filter(|room| room.group)?;
            let members = room.members.keys().take(GROUP_NAMES_MAX).inspect(|_| work.add(1));
            let named = members.filter_map(|member| self.persons.get(member));
            let names: Vec<_> = named.map(|person| person.name.clone()).collect();
            let more = room.members.len().saturating_sub(GROUP_NAMES_MAX);
            Some(GroupRow { room: room.card(*id), names, more })
        };
        work.page(entries, row, |id| id)
    }

    fn present(
        &self,
        who: PersonId,
        asker: &Person,
        (room, after): (RoomId, Option<PersonId>),
        work: &mut Work,
    ) -> Page<(Name, Option<Text>), PersonId> {
        let Some(room) = self.rooms.get(&room).filter(|_| self.may_read(who, asker, room)) else {
            return Page { rows: Vec::new(), next: None };
        };
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let members = room.members.range((from, Bound::Unbounded)).map(|(id, _)| *id);
        let row = |id: &PersonId, _: &mut Work| {
            let person = self.persons.get(id).filter(|person| person.is_online())?;
            Some((person.name.clone(), person.away.clone()))
        };
        work.page(members, row, |id| id)
    }
}

#[cfg(test)]
mod tests;
