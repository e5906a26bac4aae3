//! Queries, answered from the state, or turned into a reading of the archive.

use std::ops::Bound;

use chinwag_model::id::{PersonId, RoomId, SessionId};
use chinwag_model::message::{Card, Conversation, RoomCard};
use chinwag_model::name::Name;
use chinwag_model::query::{
    Answer, Client, Filter, Page, Query, ROWS_MAX, Reading, ReadingKind, RoomRow, Standing,
};
use chinwag_model::text::Text;

use crate::access::Access;
use crate::state::{Holder, Person, Room, State};

pub mod reader;
mod visitor;

/// Most rooms that one search looks through: one's own first, then public ones.
pub const ROOMS_SEARCHED_MAX: usize = 1000;

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
        match query {
            Query::Standing(name) => {
                return Response::Now(Answer::Standing(self.standing(name)));
            }
            Query::Certificate(fingerprint) => {
                return Response::Now(Answer::Certificate(self.certificate(*fingerprint)));
            }
            _ => {}
        }
        let asker = self
            .sessions
            .get(&session)
            .and_then(|session| Some((session.person, self.persons.get(&session.person)?)));
        match asker {
            Some((id, person)) => self.answer_person(id, person, query),
            None => Response::Now(Answer::Unavailable),
        }
    }

    fn answer_person(&self, id: PersonId, asker: &Person, query: &Query) -> Response {
        let answer = match query {
            Query::People { after } => Answer::People(self.people(after.as_ref())),
            Query::Clients { after } => Answer::Clients(self.clients_after(*after)),
            Query::Client(index) => Answer::Client(self.client(*index)),
            Query::Rooms { after } => Answer::Rooms(self.public_rooms(id, asker, after.as_ref())),
            Query::Groups => Answer::Groups(self.groups(asker)),
            Query::Present { room, after } => {
                Answer::Present(self.present(id, asker, *room, *after))
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
                return self.search(id, asker, words, filter, *limit);
            }
            other => return self.answer_visitor(id, asker, other),
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
        words: &str,
        filter: &Filter,
        limit: u32,
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
            rooms: self.searched(id, asker),
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

    fn searched(&self, who: PersonId, asker: &Person) -> Vec<RoomId> {
        let readable =
            |id: &RoomId, room: &Room| self.access(who, asker, *id, room) == Access::Read;
        let outside =
            self.rooms.iter().filter(|(id, room)| !asker.rooms.contains(id) && readable(id, room));
        let all = asker.rooms.iter().copied().chain(outside.map(|(id, _)| *id));
        all.take(ROOMS_SEARCHED_MAX).collect()
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

    fn people(&self, after: Option<&Name>) -> Page<(Name, bool), Name> {
        // Each person once, by the name they are registered under.
        let from = after.map_or(Bound::Unbounded, |name| Bound::Excluded(name.folded()));
        let people =
            self.names.range::<str, _>((from, Bound::Unbounded)).filter_map(|(key, holder)| {
                match holder {
                    Holder::Person(id) => {
                        let person = self.persons.get(id)?;
                        (person.registered_name().folded() == key.text()).then_some(person)
                    }
                    Holder::Room(_) => None,
                }
            });
        let row = |person: &Person| (person.registered_name().clone(), person.is_online());
        page(people.map(row), |row| row.0.clone())
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
    ) -> Page<RoomRow, Name> {
        let rooms = self.rooms_after(after);
        let rows = rooms.filter(|(_, room)| room.is_public() && !room.members.is_empty());
        let row = |(id, room): (RoomId, &Room)| RoomRow {
            name: room.name.clone(),
            members: room.members.len(),
            topic: room.topic.clone().filter(|_| self.may_read(who, asker, id)),
        };
        page(rows.map(row), |row| row.name.clone())
    }

    fn clients_after(&self, after: u32) -> Page<Client, u32> {
        let rows = self.clients.range((Bound::Excluded(after), Bound::Unbounded));
        let rows = rows.filter_map(|(index, session)| {
            let person = self.persons.get(&self.sessions.get(session)?.person)?;
            Some(Client { index: *index, name: person.name.clone(), session: *session })
        });
        page(rows, |row| row.index)
    }

    fn client(&self, index: u32) -> Option<Card> {
        let session = self.sessions.get(self.clients.get(&index)?)?;
        Some(self.persons.get(&session.person)?.card(session.person))
    }

    fn groups(&self, asker: &Person) -> Vec<(RoomCard, Vec<Name>)> {
        let groups = asker.rooms.iter().filter_map(|id| {
            let room = self.rooms.get(id).filter(|room| room.group)?;
            let names = room.members.keys().filter_map(|member| self.persons.get(member));
            Some((room.card(*id), names.map(|person| person.name.clone()).collect()))
        });
        groups.collect()
    }

    fn present(
        &self,
        who: PersonId,
        asker: &Person,
        room: RoomId,
        after: Option<PersonId>,
    ) -> Page<(Name, Option<Text>), PersonId> {
        let Some(room) = self.rooms.get(&room).filter(|_| self.may_read(who, asker, room)) else {
            return Page { rows: Vec::new(), next: None };
        };
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let present = room.members.range((from, Bound::Unbounded)).filter_map(|(id, _)| {
            let person = self.persons.get(id).filter(|person| person.is_online())?;
            Some((*id, (person.name.clone(), person.away.clone())))
        });
        let Page { rows, next } = page(present, |row| row.0);
        Page { rows: rows.into_iter().map(|(_, row)| row).collect(), next }
    }
}

/// The first rows of an iterator, and where to go on if there are more.
fn page<Row, Cursor>(
    rows: impl Iterator<Item = Row>,
    cursor: impl Fn(&Row) -> Cursor,
) -> Page<Row, Cursor> {
    let mut rows: Vec<Row> = rows.take(ROWS_MAX + 1).collect();
    let more = rows.len() > ROWS_MAX;
    rows.truncate(ROWS_MAX);
    let next = rows.last().filter(|_| more).map(cursor);
    Page { rows, next }
}

#[cfg(test)]
mod tests;
