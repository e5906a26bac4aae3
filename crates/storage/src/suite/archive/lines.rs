//! Lines of conversations.

use chinwag_model::id::{PersonId, Place, RoomId, Seq, Timestamp};
use chinwag_model::message::{Conversation, Destination};
use chinwag_model::mode::{RoomChange, RoomFlag};
use chinwag_model::query::{Answer, Line, Point, ROWS_MAX, Range, ReadingKind};
use chinwag_model::record::{Record, What};

use super::{Open, ask, backlog, history, lines, search};
use crate::archive::Archive;
use crate::suite::word::{
    happening, joined, message, message_adorned, person_shown, place, room, said, tags, text, time,
    to,
};

const ROOM: Conversation = Conversation::Room(RoomId(1));

/// All that a message or a happening holds comes back, and only in its own conversation.
pub fn lines_give_all_that_happened_back_whole(open: Open<'_>) {
    let archive = open();
    let pair = Conversation::pair(PersonId(1), PersonId(2));
    let note = Conversation::pair(PersonId(3), PersonId(3));
    let mut shown = happening(3, 0, ROOM, 1, What::Renamed(person_shown(8))).as_ref().clone();
    shown.who = person_shown(1);
    let all = [
        (ROOM, Line::Message(message_adorned(1, 0, 1, room(1)))),
        (ROOM, Line::Happening(happening(1, 1, ROOM, 1, What::Joined))),
        (ROOM, Line::Happening(happening(1, 2, ROOM, 1, What::Left(None)))),
        (ROOM, Line::Happening(happening(1, 3, ROOM, 1, What::Left(Some(text("I go")))))),
        (ROOM, Line::Happening(happening(1, 4, ROOM, 1, What::Quit(None)))),
        (ROOM, Line::Happening(happening(1, 5, ROOM, 1, What::Quit(Some(text("lost")))))),
        (ROOM, Line::Happening(happening(2, 0, ROOM, 1, What::Kicked(person_shown(4), None)))),
        (
            ROOM,
            Line::Happening(happening(
                2,
                1,
                ROOM,
                1,
                What::Kicked(person_shown(4), Some(text("noise"))),
            )),
        ),
        (ROOM, Line::Happening(happening(2, 2, ROOM, 1, What::Topic(Some(text("Tea")))))),
        (ROOM, Line::Happening(happening(2, 3, ROOM, 1, What::Topic(None)))),
        (ROOM, Line::Message(tags(2, 4, 1, room(1), "a smile"))),
        (
            ROOM,
            Line::Happening(happening(
                2,
                9,
                ROOM,
                1,
                What::Changed(vec![
                    RoomChange::Flag(RoomFlag::Moderated, true),
                    RoomChange::Key(None),
                    RoomChange::Limit(Some(7)),
                ]),
            )),
        ),
        (ROOM, Line::Happening(shown.into())),
        (pair, Line::Message(message_adorned(3, 1, 2, Destination::Person(person_shown(1))))),
        (pair, Line::Message(tags(3, 2, 1, to(2), "a frown"))),
        (
            pair,
            Line::Happening(happening(
                3,
                3,
                pair,
                2,
                What::Redacted(place(1, 77), Some(text("oh"))),
            )),
        ),
        (note, Line::Happening(happening(3, 4, note, 3, What::Redacted(place(1, 78), None)))),
        (note, Line::Message(tags(3, 5, 3, to(3), "a note"))),
        (
            Conversation::Everyone,
            Line::Happening(happening(3, 6, Conversation::Everyone, 1, What::Topic(None))),
        ),
        (Conversation::Everyone, Line::Message(tags(3, 7, 1, Destination::Everyone, "a wave"))),
        (Conversation::Everyone, Line::Message(message(3, 8, 1, Destination::Everyone, "all"))),
    ];
    let record = |line: &Line| match line {
        Line::Message(message) => Record::Message(message.clone()),
        Line::Happening(happening) => Record::Happened(happening.clone()),
    };
    archive.keep(Seq(3), all.iter().map(|(_, line)| record(line)).collect());
    for conversation in [ROOM, pair, note, Conversation::Everyone, Conversation::Room(RoomId(7))] {
        let expected: Vec<_> =
            all.iter().filter(|(of, _)| *of == conversation).map(|(_, line)| line).collect();
        let found = lines(&*archive, 3, conversation, Range::Latest(None), 50);
        assert_eq!(found.iter().collect::<Vec<_>>(), expected);
    }
}

/// Each range has its lines, whether its points are places or times, there or not.
pub fn lines_are_cut_by_every_range(open: Open<'_>) {
    let archive = open();
    // A line in every other entry; what is elsewhere does not count.
    for seq in (2..=20).step_by(2) {
        let here = if seq % 4 == 0 { joined(seq, 0, 1, 1) } else { said(seq, 0, 1, room(1), "x") };
        let elsewhere = vec![here, joined(seq, 1, 2, 1), said(seq, 2, 1, room(2), "y")];
        archive.keep(Seq(seq), elsewhere);
    }
    let at = |seq| Point::Place(place(seq, 0));
    let when = |seq| Point::Time(time(seq, 0));
    let moment = |ms| Point::Time(Timestamp(ms));
    for (range, limit, expected) in [
        (Range::Latest(None), 3, &[16, 18, 20][..]),
        (Range::Latest(None), 0, &[]),
        (Range::Latest(Some(at(16))), 9, &[18, 20]),
        (Range::Latest(Some(at(4))), 2, &[18, 20]),
        (Range::Latest(Some(when(15))), 9, &[16, 18, 20]),
        (Range::Latest(Some(at(20))), 9, &[]),
        (Range::Before(at(6)), 9, &[2, 4]),
        (Range::Before(at(7)), 2, &[4, 6]),
        (Range::Before(when(6)), 1, &[4]),
        (Range::Before(when(7)), 1, &[6]),
        (Range::Before(at(2)), 9, &[]),
        (Range::Before(moment(i64::MIN)), 9, &[]),
        (Range::Before(moment(i64::MAX)), 1, &[20]),
        (Range::Before(Point::Place(Seq(u64::MAX).end())), 1, &[20]),
        (Range::After(at(16)), 9, &[18, 20]),
        (Range::After(at(3)), 2, &[4, 6]),
        (Range::After(when(16)), 1, &[18]),
        (Range::After(moment(0)), 1, &[2]),
        (Range::After(moment(i64::MAX)), 1, &[]),
        (Range::After(Point::Place(Place::default())), 1, &[2]),
        (Range::After(at(20)), 9, &[]),
        (Range::Around(at(10)), 5, &[6, 8, 10, 12, 14]),
        (Range::Around(at(10)), 4, &[6, 8, 10, 12]),
        (Range::Around(at(10)), 1, &[10]),
        (Range::Around(at(10)), 0, &[]),
        (Range::Around(at(9)), 2, &[8, 10]),
        (Range::Around(when(10)), 3, &[8, 10, 12]),
        (Range::Around(at(2)), 4, &[2, 4, 6, 8]),
        (Range::Around(at(20)), 4, &[16, 18, 20]),
        (Range::Between(at(4), at(10)), 9, &[6, 8]),
        (Range::Between(at(4), at(16)), 2, &[6, 8]),
        (Range::Between(at(16), at(4)), 2, &[12, 14]),
        (Range::Between(when(4), when(16)), 2, &[6, 8]),
        (Range::Between(when(16), when(4)), 2, &[12, 14]),
        (Range::Between(when(16), at(4)), 2, &[12, 14]),
        (Range::Between(at(16), when(4)), 2, &[12, 14]),
        (Range::Between(at(3), when(9)), 9, &[4, 6, 8]),
        (Range::Between(when(10), at(10)), 9, &[]),
        (Range::Between(at(10), at(10)), 9, &[]),
        (Range::Between(at(10), at(12)), 9, &[]),
    ] {
        let found = lines(&*archive, 20, ROOM, range, limit);
        assert_eq!(places(&found), expected, "{range:?}, {limit}");
    }
}

/// Nothing before what may be read, or after the entry asked at, is told, whatever the range.
pub fn lines_lie_between_what_may_be_read_and_the_entry_asked_at(open: Open<'_>) {
    let archive = open();
    for seq in 1..=9 {
        archive.keep(Seq(seq), vec![said(seq, 0, 1, room(1), "x"), joined(seq, 1, 1, 1)]);
    }
    let point = Point::Place(place(5, 0));
    for range in [
        Range::Latest(None),
        Range::Latest(Some(Point::Time(Timestamp(0)))),
        Range::Before(Point::Time(Timestamp(i64::MAX))),
        Range::Before(Point::Place(place(8, 0))),
        Range::Around(Point::Place(place(8, 0))),
        Range::After(Point::Place(Place::default())),
        Range::Around(point),
        Range::Between(Point::Place(Place::default()), Point::Time(Timestamp(i64::MAX))),
        Range::Between(Point::Time(Timestamp(i64::MAX)), Point::Place(Place::default())),
    ] {
        for (since, expected) in [
            (place(4, 0), &[4, 4, 5, 5, 6, 6][..]),
            (place(4, 1), &[4, 5, 5, 6, 6]),
            (place(4, 2), &[5, 5, 6, 6]),
            (place(7, 0), &[]),
            (place(9, 0), &[]),
        ] {
            let found = told(&*archive, 6, range, since, 50, true);
            assert_eq!(places(&found), expected, "{range:?} since {since}");
        }
        let said = told(&*archive, 6, range, place(4, 1), 50, false);
        assert_eq!(places(&said), [5, 6], "{range:?} without happenings");
    }
}

/// However many are asked for, an answer is bounded.
pub fn lines_are_bounded(open: Open<'_>) {
    let archive = open();
    let records =
        (0..ROWS_MAX as u32).flat_map(|n| [said(1, n, 1, room(1), "x"), joined(1, n, 1, 1)]);
    archive.keep(Seq(1), records.collect());
    let middle = Point::Place(place(1, 250));
    for range in [
        Range::Latest(None),
        Range::Before(Point::Time(Timestamp(i64::MAX))),
        Range::After(Point::Time(Timestamp(0))),
        Range::Around(middle),
        Range::Between(Point::Time(Timestamp(i64::MAX)), Point::Time(Timestamp(0))),
    ] {
        assert_eq!(lines(&*archive, 1, ROOM, range, u32::MAX).len(), ROWS_MAX, "{range:?}");
    }
}

/// A message comes before what happened at its place, and that in the order of keeping; one place
/// may have something in several conversations.
pub fn what_stands_at_one_place_stays_in_order(open: Open<'_>) {
    let archive = open();
    let records = vec![
        joined(1, 0, 1, 5),
        joined(1, 0, 2, 5),
        joined(1, 0, 1, 3),
        said(1, 0, 1, room(1), "x"),
        joined(1, 0, 1, 4),
    ];
    archive.keep(Seq(1), records);
    let who = |line: &Line| match line {
        Line::Message(message) => message.author.id.0,
        Line::Happening(happening) => happening.who.id.0,
    };
    for (range, limit, expected) in [
        (Range::Latest(None), 9, &[1, 5, 3, 4][..]),
        (Range::Latest(None), 2, &[3, 4]),
        (Range::After(Point::Place(Place::default())), 2, &[1, 5]),
        (Range::Around(Point::Place(place(1, 0))), 3, &[1, 5, 3]),
        (Range::Around(Point::Time(time(1, 0))), 3, &[1, 5, 3]),
    ] {
        let found = lines(&*archive, 1, ROOM, range, limit);
        assert_eq!(found.iter().map(who).collect::<Vec<_>>(), expected, "{range:?}");
    }
    let other = lines(&*archive, 1, Conversation::Room(RoomId(2)), Range::Latest(None), 9);
    assert_eq!(other.len(), 1);
}

/// Tags alone are no history, do not wait and are not found.
pub fn tags_alone_are_only_among_lines_with_happenings(open: Open<'_>) {
    let archive = open();
    let tags = |index, to| Record::Message(tags(1, index, 1, to, "tea"));
    archive.keep(
        Seq(1),
        vec![tags(0, room(1)), tags(1, to(2)), tags(2, Destination::Everyone), tags(3, to(2))],
    );
    let pair = Conversation::pair(PersonId(1), PersonId(2));
    for conversation in [ROOM, pair, Conversation::Everyone] {
        assert!(history(&*archive, 1, conversation, 9).is_empty(), "{conversation:?}");
        assert!(!lines(&*archive, 1, conversation, Range::Latest(None), 9).is_empty());
    }
    assert!(told(&*archive, 1, Range::Latest(None), Place::default(), 9, false).is_empty());
    let waiting = backlog(&*archive, 1, 2, &[1], None, &[]);
    assert_eq!((waiting.total, waiting.messages.len()), (0, 0));
    assert!(search(&*archive, 1, "tea", 2, &[1], 9).is_empty());
}

/// Asks for lines of the room 1.
fn told(
    archive: &dyn Archive,
    at: u64,
    range: Range,
    since: Place,
    limit: u32,
    happenings: bool,
) -> Vec<Line> {
    let what = ReadingKind::Lines { conversation: ROOM, range, since, limit, happenings };
    match ask(archive, at, what) {
        Answer::Lines(lines) => lines,
        other => panic!("{other:?}"),
    }
}

/// The entries of lines.
fn places(lines: &[Line]) -> Vec<u64> {
    let place = |line: &Line| match line {
        Line::Message(message) => message.place,
        Line::Happening(happening) => happening.place,
    };
    lines.iter().map(|line| place(line).seq.0).collect()
}
