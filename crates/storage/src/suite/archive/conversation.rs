//! The last messages of conversations, messages by place, and searches for more than words.

use std::sync::Arc;

use chinwag_model::id::{PersonId, Place, RoomId, Seq, Timestamp};
use chinwag_model::message::{Conversation, Destination, Message};
use chinwag_model::name::Name;
use chinwag_model::query::{Answer, ROWS_MAX, ReadingKind};
use chinwag_model::record::Record;

use super::{Open, ask, texts};
use crate::archive::Archive;
use crate::suite::word::{group, joined, message, name, place, room, said, tags, time, to};

/// The last message of each room given and of each other person, by time.
pub fn targets_are_the_last_messages_of_conversations(open: Open<'_>) {
    let archive = open();
    let records = [
        said(1, 0, 1, room(1), "room 1, first"),
        said(1, 1, 1, to(2), "1 to 2, first"),
        said(2, 0, 2, to(1), "2 to 1"),
        said(3, 0, 1, to(2), "1 to 2"),
        said(4, 0, 3, room(1), "room 1"),
        Record::Message(tags(4, 1, 3, room(1), "a smile")),
        joined(4, 2, 1, 3),
        said(5, 0, 1, room(2), "a room not asked for"),
        said(5, 1, 3, to(2), "others"),
        said(5, 2, 3, Destination::Everyone, "everyone"),
        said(6, 0, 3, to(1), "3 to 1"),
        Record::Message(tags(6, 1, 1, to(3), "a smile")),
        said(7, 0, 1, to(1), "a note"),
        said(8, 0, 5, group(3), "group 3"),
        Record::Message(tags(9, 0, 1, to(6), "tags alone make no conversation")),
    ];
    archive.keep(Seq(9), records.into());
    let all = (Timestamp(0), Timestamp(i64::MAX));
    for (person, rooms, (from, to), limit, expected) in [
        (1, &[1, 3][..], all, 9, &["1 to 2", "room 1", "3 to 1", "a note", "group 3"][..]),
        (1, &[1, 3], all, 2, &["1 to 2", "room 1"]),
        (1, &[1, 3, 1, 77], (time(3, 0), time(8, 0)), 9, &["room 1", "3 to 1", "a note"]),
        (1, &[], (time(2, 999), time(6, 1)), 9, &["1 to 2", "3 to 1"]),
        (1, &[1], (time(6, 0), all.1), 9, &["a note"]),
        (1, &[1, 3], (all.1, all.0), 9, &[]),
        (2, &[], all, 9, &["1 to 2", "others"]),
        (3, &[], all, 9, &["others", "3 to 1"]),
        (6, &[], all, 9, &[]),
        (9, &[2], all, 9, &["a room not asked for"]),
    ] {
        let found = targets(&*archive, 9, person, rooms, (from, to), limit);
        assert_eq!(texts(&found), expected, "{person} {rooms:?} {from:?} {to:?} {limit}");
    }
}

/// Of very many conversations the first ones are told, and what came later than asked is none.
pub fn targets_are_bounded_and_end_with_the_entry_asked_at(open: Open<'_>) {
    let archive = open();
    let others = ROWS_MAX as u64 + 10;
    for other in 1..=others {
        let record = match other % 2 {
            0 => said(other, 0, 1000, to(1000 + other), &other.to_string()),
            _ => said(other, 0, 1000 - other, to(1000), &other.to_string()),
        };
        archive.keep(Seq(other), vec![record]);
    }
    archive.keep(Seq(others + 1), vec![said(others + 1, 0, 1000, to(1002), "later")]);
    let all = (Timestamp(0), Timestamp(i64::MAX));
    let found = targets(&*archive, others, 1000, &[], all, u32::MAX);
    assert_eq!((found.len(), &texts(&found)[..3]), (ROWS_MAX, &["1", "2", "3"][..]));
    let found = targets(&*archive, others + 1, 1000, &[], all, 3);
    assert_eq!(texts(&found), ["1", "3", "4"]);
}

/// One message is told to whom it was said, and to who may look into the room.
pub fn a_message_is_told_to_who_may_read_it(open: Open<'_>) {
    let archive = open();
    archive.keep(
        Seq(1),
        vec![
            said(1, 0, 1, room(1), "room"),
            said(1, 1, 1, to(2), "pair"),
            said(1, 2, 1, Destination::Everyone, "everyone"),
            Record::Message(tags(1, 3, 1, room(1), "a smile")),
            joined(1, 4, 1, 1),
        ],
    );
    archive.keep(Seq(2), vec![said(2, 0, 1, room(1), "later than asked")]);
    let room_1 = message(1, 0, 1, room(1), "room");
    let pair = message(1, 1, 1, to(2), "pair");
    let everyone = message(1, 2, 1, Destination::Everyone, "everyone");
    let smile = tags(1, 3, 1, room(1), "a smile");
    for (place, person, rooms, expected) in [
        (place(1, 0), 9, &[1, 2][..], Some(&room_1)),
        (place(1, 0), 9, &[2], None),
        (place(1, 0), 1, &[], None),
        (place(1, 1), 1, &[], Some(&pair)),
        (place(1, 1), 2, &[], Some(&pair)),
        (place(1, 1), 9, &[1, 2], None),
        (place(1, 2), 9, &[], Some(&everyone)),
        (place(1, 3), 9, &[1], Some(&smile)),
        (place(1, 3), 9, &[], None),
        (place(1, 4), 9, &[1], None),
        (place(2, 0), 9, &[1], None),
        (Place::default(), 9, &[1], None),
        (Seq(u64::MAX).end(), 9, &[1], None),
    ] {
        let rooms: Vec<_> = rooms.iter().copied().map(RoomId).collect();
        let answer =
            ask(&*archive, 1, ReadingKind::Message { place, person: PersonId(person), rooms });
        assert_eq!(answer, Answer::Message(expected.cloned()), "{place} for {person}");
    }
}

/// What else is asked of messages counts before the limit does, and gives nobody more rights.
pub fn a_search_is_narrowed_by_conversation_author_and_time(open: Open<'_>) {
    let archive = open();
    let of = |seq, by: &str, to, text: &str| {
        let mut message = Message::clone(&message(seq, 0, 1, to, text));
        message.author.name = name(by);
        Record::Message(Arc::new(message))
    };
    let records = [
        of(1, "Zoë_1", room(1), "tea 1"),
        of(2, "Zoe_1", room(1), "tea 2"),
        of(3, "Zoe", room(2), "tea 3"),
        said(4, 0, 1, to(2), "tea 4"),
        said(5, 0, 2, to(1), "tea 5"),
        said(6, 0, 1, to(1), "tea 6"),
        said(7, 0, 3, to(1), "tea 7"),
        said(8, 0, 3, to(2), "tea 8"),
        of(9, "Zoe", Destination::Everyone, "tea 9"),
        said(10, 0, 1, room(3), "tea 10"),
        said(11, 0, 12, to(1), "tea 11"),
    ];
    archive.keep(Seq(11), records.into());
    let pair = |one, other| Some(Conversation::pair(PersonId(one), PersonId(other)));
    let room = |room| Some(Conversation::Room(RoomId(room)));
    let (by, when) = (|shown| Some(name(shown)), |seq| Some(time(seq, 0)));
    for (within, author, after, before, limit, expected) in [
        (None, None, None, None, 2, &["tea 9", "tea 11"][..]),
        (room(1), None, None, None, 9, &["tea 1", "tea 2"]),
        (room(1), None, None, None, 1, &["tea 2"]),
        (room(3), None, None, None, 9, &[]),
        (pair(1, 2), None, None, None, 9, &["tea 4", "tea 5"]),
        (pair(1, 1), None, None, None, 9, &["tea 6"]),
        (pair(3, 1), None, None, None, 9, &["tea 7"]),
        (pair(3, 2), None, None, None, 9, &[]),
        (Some(Conversation::Everyone), None, None, None, 9, &["tea 9"]),
        (None, by("ZOE"), None, None, 9, &["tea 3", "tea 9"]),
        (None, by("zoe"), None, None, 1, &["tea 9"]),
        (None, by("zoe_1"), None, None, 9, &["tea 2"]),
        (None, by("zoë_1"), None, None, 9, &["tea 1"]),
        (None, by("nobody"), None, None, 9, &[]),
        (room(1), by("zoe"), None, None, 9, &[]),
        (pair(1, 2), by("p2"), None, None, 9, &["tea 5"]),
        (None, None, when(7), None, 9, &["tea 9", "tea 11"]),
        (None, None, None, when(3), 9, &["tea 1", "tea 2"]),
        (None, None, None, when(3), 1, &["tea 2"]),
        (None, None, when(2), when(5), 9, &["tea 3", "tea 4"]),
        (None, None, when(5), when(2), 9, &[]),
        (None, by("zoe"), when(3), Some(Timestamp(i64::MAX)), 9, &["tea 9"]),
        (room(1), by("zoe_1"), Some(Timestamp(0)), when(3), 9, &["tea 2"]),
    ] {
        let case = format!("{within:?} {author:?} {after:?} {before:?} {limit}");
        let found = narrowed(&*archive, within, author, (after, before), limit);
        assert_eq!(texts(&found), expected, "{case}");
    }
}

/// Asks for the last messages of conversations.
fn targets(
    archive: &dyn Archive,
    at: u64,
    person: u64,
    rooms: &[u64],
    (from, to): (Timestamp, Timestamp),
    limit: u32,
) -> Vec<Arc<Message>> {
    let rooms = rooms.iter().copied().map(RoomId).collect();
    let what = ReadingKind::Targets { person: PersonId(person), rooms, from, to, limit };
    match ask(archive, at, what) {
        Answer::Targets(messages) => messages,
        other => panic!("{other:?}"),
    }
}

/// Searches for tea, for the person 1, who may look into the rooms 1 and 2.
fn narrowed(
    archive: &dyn Archive,
    within: Option<Conversation>,
    author: Option<Name>,
    (after, before): (Option<Timestamp>, Option<Timestamp>),
    limit: u32,
) -> Vec<Arc<Message>> {
    let what = ReadingKind::Search {
        words: "tea".to_owned(),
        person: PersonId(1),
        rooms: vec![RoomId(1), RoomId(2)],
        within,
        author,
        after,
        before,
        limit,
    };
    match ask(archive, 11, what) {
        Answer::Found(messages) => messages,
        other => panic!("{other:?}"),
    }
}
