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
use chinwag_model::proof::{Fingerprint, Proof};
use chinwag_model::query::{
    Answer, Census, ChannelFilter, ChannelRow, Former, Names, Page, Profile, Query, ROWS_MAX,
    ReadingKind, Seen, Values,
};
use chinwag_model::rank::Ranks;
use chinwag_model::text::Text;

use super::Response;
use super::work::{Work, of_access, of_masks};
use crate::access::Access;
use crate::state::{Holder, Member, Person, Room, State};

/// Rooms of two persons that are compared as quickly as an entry is looked at.
const ROOMS_COMPARED: usize = 4;

impl State {
    pub(super) fn answer_visitor(
        &self,
        id: PersonId,
        asker: &Person,
        query: &Query,
        work: &mut Work,
    ) -> Response {
        let answer = match query {
            Query::Barrier => Answer::Barrier,
            Query::Members { room, after } => {
                let (card, page) = self.members_of(id, asker, (room, *after), work);
                Answer::Members(card, page)
            }
            Query::Names { room, masks, after } => {
                let (card, names) = self.names_of(id, asker, (room, *masks, *after), work);
                Answer::Names(card, names)
            }
            Query::Channel(name) => {
                let room = self.known_room(id, asker, name).ok();
                let row = |(room, there)| Box::new(self.row(id, asker, room, there));
                Answer::Channel(room.map(row))
            }
            Query::Channels { filter, after } => {
                Answer::Channels(self.channels_after(id, asker, (filter, after.as_ref()), work))
            }
            Query::Listed { room, list } => Answer::Listed(self.listed(id, asker, room, *list)),
            Query::Invitations { after } => Answer::Invitations(self.invitations(id, *after, work)),
            Query::Profile(name) => Answer::Profile(self.profile(id, asker, name).map(Box::new)),
            Query::Matching { mask, operators, after } => {
                Answer::Matching(self.matching(id, asker, (mask, *operators, *after), work))
            }
            Query::Seen(names) | Query::Watch { names, .. } => {
                work.add(names.len());
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
            Query::Former(name) => {
                work.add(self.former.len());
                Answer::Former(self.former_called(name))
            }
            Query::ReadUpto(target) => Answer::ReadUpto(asker.read.get(&**target).copied()),
            Query::RoomMetadata { room, keys, after } => {
                Answer::RoomMetadata(self.room_metadata(asker, (room, keys, *after), work))
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

    /// The account that a certificate proves, and the proof.
    pub(super) fn certificate(&self, fingerprint: [u8; 32]) -> Option<(Name, Proof)> {
        let id = *self.certificates.get(&fingerprint)?;
        let person = self.persons.get(&id)?;
        let proof = Proof { certificate: Some(Fingerprint(fingerprint)), ..person.proof(id)? };
        Some((person.account()?.clone(), proof))
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
        (name, after): (&Name, Option<PersonId>),
        work: &mut Work,
    ) -> (Option<(RoomCard, Flags)>, Page<Seen, PersonId>) {
        let Some((room, there)) = self.readable(id, asker, name) else {
            return (None, Page { rows: Vec::new(), next: None });
        };
        let card = there.card(room);
        let is_inside = asker.rooms.contains(&room);
        let row = |(other, member): &(PersonId, &Member), _: &mut Work| {
            let person = self.seen_in(id, is_inside, *other)?;
            Some(seen(*other, person, member.ranks, Some(card.clone())))
        };
        let page = work.page(members_after(there, after), row, |(other, _)| other);
        (Some((card.clone(), there.mode.flags)), page)
    }

    fn names_of(
        &self,
        id: PersonId,
        asker: &Person,
        (name, masks, after): (&Name, bool, Option<PersonId>),
        work: &mut Work,
    ) -> (Option<(RoomCard, Flags)>, Names) {
        let mut names = Names::default();
        let Some((room, there)) = self.readable(id, asker, name) else { return (None, names) };
        let is_inside = asker.rooms.contains(&room);
        let mut last = None;
        for (other, member) in members_after(there, after) {
            let full = work.is_over()
                || self.seen_in(id, is_inside, other).is_some_and(|person| {
                    !names.push(member.ranks, &person.name, masks.then_some(&*person.badge))
                });
            if full {
                names.next = last;
                break;
            }
            work.add(1);
            last = Some(other);
        }
        (Some((there.card(room), there.mode.flags)), names)
    }

    /// A member of a room, if the asker, who is in it or not, sees them there.
    fn seen_in(&self, id: PersonId, is_inside: bool, other: PersonId) -> Option<&Person> {
        let person = self.persons.get(&other).filter(|person| person.is_there())?;
        let shown = is_inside || other == id || !person.flags.has(PersonFlag::Invisible);
        shown.then_some(person)
    }

    fn channels_after(
        &self,
        id: PersonId,
        asker: &Person,
        (filter, after): (&ChannelFilter, Option<&Name>),
        work: &mut Work,
    ) -> Page<ChannelRow, Name> {
        let wanted = Wanted::new(filter);
        let row = |(room_id, room): &(RoomId, &Room), work: &mut Work| {
            let listed = !room.members.is_empty() && self.may_know(id, asker, *room_id, room);
            if !listed || !wanted.has(room, work) {
                return None;
            }
            work.add(of_access(room));
            Some(self.row(id, asker, *room_id, room)).filter(|row| wanted.has_topic(row))
        };
        work.page(self.rooms_after(after), row, |(_, room)| room.name.clone())
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

    fn invitations(
        &self,
        id: PersonId,
        after: Option<RoomId>,
        work: &mut Work,
    ) -> Page<RoomCard, RoomId> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let row = |(room_id, room): &(&RoomId, &Room), _: &mut Work| {
            room.invitation(id, self.time).map(|_| room.card(**room_id))
        };
        work.page(self.rooms.range((from, Bound::Unbounded)), row, |(room_id, _)| *room_id)
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
            let open = self.may_know(id, asker, *room_id, room);
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
        (mask, operators, after): (&String, bool, Option<PersonId>),
        work: &mut Work,
    ) -> Page<Seen, PersonId> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let set = if operators { &self.operators } else { &self.there };
        let cost = of_masks([mask]);
        let row = |other: &PersonId, work: &mut Work| {
            let person = self.persons.get(other)?;
            work.add(cost);
            if !fits(person, mask) {
                return None;
            }
            work.add(person.rooms.len() / ROOMS_COMPARED);
            let shared = person.rooms.intersection(&asker.rooms).next();
            let exact = person.name.shown().eq_ignore_ascii_case(mask);
            let is_invisible = person.flags.has(PersonFlag::Invisible);
            if is_invisible && *other != id && shared.is_none() && !exact {
                return None;
            }
            let room = shared.and_then(|id| Some((*id, self.rooms.get(id)?)));
            let ranks = room.map_or(Ranks::NONE, |(_, room)| room.ranks(*other));
            Some(seen(*other, person, ranks, room.map(|(id, room)| room.card(id))))
        };
        work.page(set.range((from, Bound::Unbounded)).copied(), row, |other| other)
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
        (name, keys, after): (&Name, &[Box<str>], Option<PersonId>),
        work: &mut Work,
    ) -> Page<(Subject, Box<str>, Text), PersonId> {
        let mut rows = Vec::new();
        let inside = |(id, _): &(RoomId, &Room)| asker.rooms.contains(id);
        let Some((id, room)) = self.channel(name).filter(inside) else {
            return Page { rows, next: None };
        };
        let mut take = |of: &Subject, values: &BTreeMap<Box<str>, Text>, work: &mut Work| {
            work.add(keys.len());
            for key in keys {
                rows.extend(values.get(key).map(|value| (of.clone(), key.clone(), value.clone())));
            }
            rows.len() >= ROWS_MAX
        };
        let mut is_full = false;
        if after.is_none() {
            is_full = take(&Subject::Room(room.card(id)), &room.metadata, work);
        }
        let mut last = after;
        let mut next = None;
        for (other, _) in members_after(room, after) {
            // With no member told yet, the page goes on, as there is no place to begin the next one at.
            if last.is_some() && (is_full || work.is_over()) {
                next = last;
                break;
            }
            work.add(1);
            last = Some(other);
            let Some(person) = self.persons.get(&other) else { continue };
            if !person.metadata.is_empty() {
                is_full = take(&Subject::Person(person.card(other)), &person.metadata, work);
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

/// Members of a room, after this one.
fn members_after(
    room: &Room,
    after: Option<PersonId>,
) -> impl Iterator<Item = (PersonId, &Member)> {
    let from = after.map_or(Bound::Unbounded, Bound::Excluded);
    room.members.range((from, Bound::Unbounded)).map(|(id, member)| (*id, member))
}

/// A filter, made ready for many rooms.
struct Wanted<'f> {
    filter: &'f ChannelFilter,
    masks: Vec<String>,
    not_masks: Vec<String>,
    /// What it costs to hold a name against the masks.
    cost: usize,
}

impl<'f> Wanted<'f> {
    fn new(filter: &'f ChannelFilter) -> Self {
        let small = |masks: &[String]| masks.iter().map(|mask| mask.to_lowercase()).collect();
        let cost = of_masks(filter.masks.iter().chain(&filter.not_masks));
        Self { filter, masks: small(&filter.masks), not_masks: small(&filter.not_masks), cost }
    }

    /// Whether a room is wanted by all but its topic.
    fn has(&self, room: &Room, work: &mut Work) -> bool {
        let filter = self.filter;
        let members = u32::try_from(room.members.len()).unwrap_or(u32::MAX);
        let fits = filter.members_over.is_none_or(|over| members > over)
            && filter.members_under.is_none_or(|under| members < under)
            && filter.made_after.is_none_or(|after| room.made > after)
            && filter.made_before.is_none_or(|before| room.made < before);
        if !fits || self.cost == 0 {
            return fits;
        }
        work.add(self.cost);
        let name = format!("#{}", room.name).to_lowercase();
        let named = |masks: &[String]| masks.iter().any(|mask| matches(mask, &name));
        (self.masks.is_empty() || named(&self.masks)) && !named(&self.not_masks)
    }

    /// Whether a room is wanted by its topic, as far as the asker may know it.
    fn has_topic(&self, row: &ChannelRow) -> bool {
        let topic = row.topic.as_ref().map(|(.., time)| *time);
        let filter = self.filter;
        filter.topic_after.is_none_or(|after| topic.is_some_and(|time| time > after))
            && filter.topic_before.is_none_or(|before| topic.is_some_and(|time| time < before))
    }
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
