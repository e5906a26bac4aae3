//! Answers to those to whom rooms are channels and persons have masks.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use chinwag_model::id::{PersonId, Place, RoomId};
use chinwag_model::intent::Owner;
use chinwag_model::mask::matches;
use chinwag_model::message::Subject;
use chinwag_model::message::{Card, Conversation, RoomCard};
use chinwag_model::mode::{Flags, Listed, PersonFlag, RoomList};
use chinwag_model::name::Name;
use chinwag_model::query::{
    Answer, Census, ChannelFilter, ChannelRow, Former, Names, Page, Profile, Query, ROWS_MAX,
    ReadingKind, Seen, Values,
};
use chinwag_model::rank::Ranks;
use chinwag_model::text::Text;

use super::{Response, page};
use crate::access::Access;
use crate::state::{Holder, Person, Room, State};

impl State {
    pub(super) fn answer_visitor(&self, id: PersonId, asker: &Person, query: &Query) -> Response {
        let answer = match query {
            Query::Barrier => Answer::Barrier,
            Query::Members { room, after } => {
                let (card, page) = self.members_of(id, asker, room, *after);
                Answer::Members(card, page)
            }
            Query::Names { room, masks, after } => {
                let (card, names) = self.names_of(id, asker, room, *masks, *after);
                Answer::Names(card, names)
            }
            Query::Channel(name) => {
                let room = self.known_room(id, asker, name).ok();
                let row = |(room, there)| Box::new(self.row(id, asker, room, there));
                Answer::Channel(room.map(row))
            }
            Query::Channels { filter, after } => {
                Answer::Channels(self.channels_after(id, asker, filter, after.as_ref()))
            }
            Query::Listed { room, list } => Answer::Listed(self.listed(id, asker, room, *list)),
            Query::Invitations => {
                let rooms =
                    self.rooms.iter().filter(|(_, room)| room.invitation(id, self.time).is_some());
                Answer::Invitations(rooms.take(100).map(|(id, room)| room.card(*id)).collect())
            }
            Query::Profile(name) => Answer::Profile(self.profile(id, asker, name).map(Box::new)),
            Query::Matching { mask, operators, after } => {
                Answer::Matching(self.matching(id, asker, mask, *operators, *after))
            }
            Query::Seen(names) | Query::Watch { names, .. } => {
                Answer::Seen(names.iter().map(|name| self.seen_called(name)).collect())
            }
            Query::Census => Answer::Census(Census {
                persons: self.there.len(),
                invisible: self.invisible.len(),
                operators: self.operators.len(),
                strangers: 0,
                rooms: self.rooms.len(),
                most: self.there.len(),
            }),
            Query::Former(name) => Answer::Former(self.former_called(name)),
            Query::ReadUpto(target) => Answer::ReadUpto(asker.read.get(&**target).copied()),
            Query::RoomMetadata { room, keys, after } => {
                Answer::RoomMetadata(self.room_metadata(asker, room, keys, *after))
            }
            Query::Metadata(owner) => Answer::Metadata(self.metadata(id, asker, owner)),
            Query::Lines { of, range, limit, happenings } => {
                let Some(conversation) = self.conversation_with(id, asker, of) else {
                    let (Owner::Person(name) | Owner::Room(name)) = of;
                    return Response::Now(Answer::NoSuchHistory(name.clone()));
                };
                return self.later(ReadingKind::Lines {
                    conversation,
                    range: *range,
                    since: Place::default(),
                    limit: *limit,
                    happenings: *happenings,
                });
            }
            Query::Targets { from, to, limit } => {
                return self.later(ReadingKind::Targets {
                    person: id,
                    rooms: asker.rooms.iter().copied().collect(),
                    from: *from,
                    to: *to,
                    limit: *limit,
                });
            }
            Query::Message(place) => {
                return self.later(ReadingKind::Message {
                    place: *place,
                    person: id,
                    rooms: asker.rooms.iter().copied().collect(),
                });
            }
            Query::Certificates => {
                Answer::Certificates(asker.certificates.iter().map(|print| print.0).collect())
            }
            Query::Stays => Answer::Stays(asker.stays),
            _ => Answer::Unavailable,
        };
        Response::Now(answer)
    }

    /// The account that a certificate proves.
    pub(super) fn certificate(&self, fingerprint: [u8; 32]) -> Option<(Name, u32)> {
        let person = self.persons.get(self.certificates.get(&fingerprint)?)?;
        let version = person.password.as_ref()?.version;
        Some((person.account()?.clone(), version))
    }

    /// The conversation with a person, or of a room that the asker is in.
    pub(super) fn conversation_with(
        &self,
        id: PersonId,
        asker: &Person,
        of: &Owner,
    ) -> Option<Conversation> {
        match of {
            Owner::Room(name) => {
                let (room, _) = self.channel(name)?;
                asker.rooms.contains(&room).then_some(Conversation::Room(room))
            }
            Owner::Person(name) => {
                let (other, _) = self.person_called(name)?;
                Some(Conversation::pair(id, other))
            }
        }
    }

    /// A room that the asker may read.
    fn readable(&self, who: PersonId, asker: &Person, name: &Name) -> Option<(RoomId, &Room)> {
        self.channel(name).filter(|(id, room)| self.access(who, asker, *id, room) == Access::Read)
    }

    fn members_of(
        &self,
        id: PersonId,
        asker: &Person,
        name: &Name,
        after: Option<PersonId>,
    ) -> (Option<(RoomCard, Flags)>, Page<Seen, PersonId>) {
        let Some((room, there)) = self.readable(id, asker, name) else {
            return (None, Page { rows: Vec::new(), next: None });
        };
        let card = there.card(room);
        let present = self.seen_in(id, asker, (room, there), after);
        let rows =
            present.map(|(other, person, ranks)| seen(other, person, ranks, Some(card.clone())));
        let page = page(rows, |row| row.who.id);
        (Some((card.clone(), there.mode.flags)), page)
    }

    fn names_of(
        &self,
        id: PersonId,
        asker: &Person,
        name: &Name,
        masks: bool,
        after: Option<PersonId>,
    ) -> (Option<(RoomCard, Flags)>, Names) {
        let mut names = Names::default();
        let Some((room, there)) = self.readable(id, asker, name) else { return (None, names) };
        let mut last = None;
        for (other, person, ranks) in self.seen_in(id, asker, (room, there), after) {
            if !names.push(ranks, &person.name, masks.then_some(&*person.badge)) {
                names.next = last;
                break;
            }
            last = Some(other);
        }
        (Some((there.card(room), there.mode.flags)), names)
    }

    /// Who is in a room and seen there by the asker, after this one.
    fn seen_in<'s>(
        &'s self,
        id: PersonId,
        asker: &Person,
        (room, there): (RoomId, &'s Room),
        after: Option<PersonId>,
    ) -> impl Iterator<Item = (PersonId, &'s Person, Ranks)> + use<'s> {
        let inside = asker.rooms.contains(&room);
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        there.members.range((from, Bound::Unbounded)).filter_map(move |(other, member)| {
            let person = self.persons.get(other).filter(|person| person.is_there())?;
            let shown = inside || *other == id || !person.flags.has(PersonFlag::Invisible);
            shown.then_some((*other, person, member.ranks))
        })
    }

    fn channels_after(
        &self,
        id: PersonId,
        asker: &Person,
        filter: &ChannelFilter,
        after: Option<&Name>,
    ) -> Page<ChannelRow, Name> {
        let known = |room_id, room| self.access(id, asker, room_id, room) >= Access::Known;
        let rooms = self
            .rooms_after(after)
            .filter(|(room_id, room)| !room.members.is_empty() && known(*room_id, room))
            .map(|(room_id, room)| self.row(id, asker, room_id, room))
            .filter(|row| is_wanted(row, filter));
        page(rooms, |row| row.card.name.clone())
    }

    /// What the asker may know of a room; its topic, where they may read it.
    fn row(&self, who: PersonId, asker: &Person, id: RoomId, room: &Room) -> ChannelRow {
        let ranks = room.members.get(&who).map(|member| member.ranks);
        let reads = self.access(who, asker, id, room) == Access::Read;
        let topic = room.topic.clone().filter(|_| reads).map(|topic| match &room.topic_mark {
            Some(mark) => (topic, mark.by.clone(), mark.time),
            None => (topic, Box::default(), room.made),
        });
        ChannelRow {
            card: room.card(id),
            flags: room.mode.flags,
            key: room.mode.key.clone().filter(|_| ranks.is_some()),
            limit: room.mode.limit,
            topic,
            made: room.made,
            members: room.members.len(),
            ranks,
            founded: room.founder.is_some(),
            reads,
        }
    }

    fn listed(
        &self,
        id: PersonId,
        asker: &Person,
        name: &Name,
        list: RoomList,
    ) -> Option<(RoomCard, Vec<Listed>)> {
        let (room, there) = self.known_room(id, asker, name).ok()?;
        // Whom a room lets in and keeps out is a matter of those who are in it.
        let told = there.members.contains_key(&id) || list == RoomList::Bans;
        let entries = if told { there.list(list).to_vec() } else { Vec::new() };
        Some((there.card(room), entries))
    }

    fn seen_called(&self, name: &Name) -> Option<Seen> {
        let (id, person) = self.person_called(name)?;
        // Under the name they are registered under they are not seen while shown under another.
        let shown = person.is_there() && person.name == *name;
        shown.then(|| seen(id, person, Ranks::NONE, None))
    }

    fn profile(&self, id: PersonId, asker: &Person, name: &Name) -> Option<Profile> {
        let (other, person) = self.person_called(name).filter(|(_, person)| person.is_there())?;
        let rooms = person.rooms.iter().filter_map(|room_id| {
            let room = self.rooms.get(room_id)?;
            let shared = asker.rooms.contains(room_id);
            let open = self.access(id, asker, *room_id, room) >= Access::Known;
            let shown = shared || other == id || open && !person.flags.has(PersonFlag::Invisible);
            shown.then(|| (room.card(*room_id), room.ranks(other)))
        });
        let session = |id| self.sessions.get(id);
        Some(Profile {
            seen: seen(other, person, Ranks::NONE, None),
            rooms: rooms.collect(),
            since: person.since,
            secure: person.is_online()
                && person.sessions.iter().filter_map(session).all(|session| session.secure),
        })
    }

    fn matching(
        &self,
        id: PersonId,
        asker: &Person,
        mask: &str,
        operators: bool,
        after: Option<PersonId>,
    ) -> Page<Seen, PersonId> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let set = if operators { &self.operators } else { &self.there };
        let rows = set.range((from, Bound::Unbounded)).filter_map(|other| {
            let person = self.persons.get(other)?;
            let shared = person.rooms.intersection(&asker.rooms).next();
            let exact = person.name.shown().eq_ignore_ascii_case(mask);
            let hidden = person.flags.has(PersonFlag::Invisible)
                && *other != id
                && shared.is_none()
                && !exact;
            if hidden || !fits(person, mask) {
                return None;
            }
            let room = shared.and_then(|id| Some((*id, self.rooms.get(id)?)));
            let ranks = room.map_or(Ranks::NONE, |(_, room)| room.ranks(*other));
            Some(seen(*other, person, ranks, room.map(|(id, room)| room.card(id))))
        });
        page(rows, |row| row.who.id)
    }

    fn former_called(&self, name: &Name) -> Vec<Former> {
        let entries = self.former.iter().rev().filter(|past| past.name == *name);
        let former = entries.map(|past| Former {
            who: Card { id: past.id, name: past.name.clone(), badge: Arc::new(past.badge.clone()) },
            real_name: Arc::from(&*past.real_name),
            time: past.time,
        });
        former.collect()
    }

    fn room_metadata(
        &self,
        asker: &Person,
        name: &Name,
        keys: &[Box<str>],
        after: Option<PersonId>,
    ) -> Page<(Subject, Box<str>, Text), PersonId> {
        let mut rows = Vec::new();
        let mut next = None;
        let inside = |(id, _): &(RoomId, &Room)| asker.rooms.contains(id);
        let Some((id, room)) = self.channel(name).filter(inside) else {
            return Page { rows, next };
        };
        let mut take = |of: &Subject, values: &BTreeMap<Box<str>, Text>| {
            for key in keys {
                rows.extend(values.get(key).map(|value| (of.clone(), key.clone(), value.clone())));
            }
            rows.len() >= ROWS_MAX
        };
        if after.is_none() {
            take(&Subject::Room(room.card(id)), &room.metadata);
        }
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        for (other, _) in room.members.range((from, Bound::Unbounded)) {
            let Some(person) = self.persons.get(other) else { continue };
            if !person.metadata.is_empty()
                && take(&Subject::Person(person.card(*other)), &person.metadata)
            {
                next = Some(*other);
                break;
            }
        }
        Page { rows, next }
    }

    fn metadata(&self, who: PersonId, asker: &Person, owner: &Owner) -> Option<Values> {
        let (subject, values) = match owner {
            Owner::Person(name) => match self.holder(name)? {
                Holder::Person(id) => {
                    let person = self.persons.get(&id)?;
                    (Subject::Person(person.card(id)), &*person.metadata)
                }
                Holder::Room(_) => return None,
            },
            Owner::Room(name) => {
                let (id, room) = self.readable(who, asker, name)?;
                (Subject::Room(room.card(id)), &room.metadata)
            }
        };
        let values = values.iter().map(|(key, value)| (key.clone(), value.clone()));
        Some((subject, values.collect()))
    }
}

fn is_wanted(room: &ChannelRow, filter: &ChannelFilter) -> bool {
    let members = u32::try_from(room.members).unwrap_or(u32::MAX);
    let topic = room.topic.as_ref().map(|(.., time)| *time);
    let name = format!("#{}", room.card.name);
    let named = |masks: &[String]| {
        masks.iter().any(|mask| matches(&mask.to_lowercase(), &name.to_lowercase()))
    };
    filter.members_over.is_none_or(|over| members > over)
        && filter.members_under.is_none_or(|under| members < under)
        && filter.made_after.is_none_or(|after| room.made > after)
        && filter.made_before.is_none_or(|before| room.made < before)
        && filter.topic_after.is_none_or(|after| topic.is_some_and(|time| time > after))
        && filter.topic_before.is_none_or(|before| topic.is_some_and(|time| time < before))
        && (filter.masks.is_empty() || named(&filter.masks))
        && !named(&filter.not_masks)
}

fn seen(id: PersonId, person: &Person, ranks: Ranks, room: Option<RoomCard>) -> Seen {
    Seen {
        who: person.card(id),
        real_name: Arc::from(&*person.real_name),
        flags: person.flags,
        away: person.away.clone(),
        online: person.is_online(),
        ranks,
        room,
        spoke: person.spoke,
    }
}

/// Whether a mask means a person by any of what is shown of them.
fn fits(person: &Person, mask: &str) -> bool {
    let badge = &person.badge;
    if mask.contains('!') || mask.contains('@') {
        let whole = format!("{}!{}@{}", person.name, badge.user, badge.host);
        return matches(mask, &whole);
    }
    let account = person.account().map_or("", Name::shown);
    [person.name.shown(), &badge.user, &badge.host, &person.real_name, account]
        .into_iter()
        .any(|shown| matches(mask, shown))
}
