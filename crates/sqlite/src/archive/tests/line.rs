use std::sync::Arc;

use chinwag_model::id::{PersonId, Place, Timestamp};
use chinwag_model::message::{Manner, Message};
use chinwag_model::query::{Point, Range};
use chinwag_model::record::{Happening, What};
use chinwag_storage::memory::MemoryArchive;
use proptest::prelude::*;

use super::*;

/// What is kept at one place, and how much later than what was before it.
#[derive(Clone, Debug)]
struct Kept {
    step: Step,
    conversation: u64,
    later_ms: i64,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Say,
    Tag,
    /// So many persons come in.
    Come(u64),
    /// The message so many places ago is taken back.
    TakeBack(u64),
}

/// Places are in entries of so many.
const ENTRY: u64 = 3;

/// Milliseconds since 1970 of the first place.
const BEGIN: i64 = 1_700_000_000_000;

fn kept() -> impl Strategy<Value = Kept> {
    let step = prop_oneof![
        5 => Just(Step::Say),
        1 => Just(Step::Tag),
        3 => (1..4u64).prop_map(Step::Come),
        1 => (0..9u64).prop_map(Step::TakeBack),
    ];
    let later_ms = prop_oneof![Just(0), 1..4i64];
    (step, 0..5u64, later_ms).prop_map(|(step, conversation, later_ms)| Kept {
        step,
        conversation,
        later_ms,
    })
}

fn point() -> impl Strategy<Value = Point> {
    prop_oneof![
        (0..65u64).prop_map(|n| Point::Place(nth(n))),
        (-3..130i64).prop_map(|ms| Point::Time(Timestamp(BEGIN + ms))),
        Just(Point::Place(Place { seq: Seq(u64::MAX), index: u32::MAX })),
        any::<i64>().prop_map(|ms| Point::Time(Timestamp(ms))),
    ]
}

fn range() -> impl Strategy<Value = Range> {
    prop_oneof![
        prop::option::of(point()).prop_map(Range::Latest),
        point().prop_map(Range::Before),
        point().prop_map(Range::After),
        point().prop_map(Range::Around),
        (point(), point()).prop_map(|(one, other)| Range::Between(one, other)),
    ]
}

fn question() -> impl Strategy<Value = ReadingKind> {
    let since = prop_oneof![2 => Just(Place::default()), 1 => (0..65u64).prop_map(nth)];
    let limit = prop_oneof![0..12u32, Just(u32::MAX)];
    let time =
        || prop_oneof![(-3..130i64).prop_map(|ms| Timestamp(BEGIN + ms)), Just(Timestamp(0))];
    let rooms = Just(vec![RoomId(0), RoomId(2)]);
    prop_oneof![
        6 => (0..5u64, range(), since, limit.clone(), any::<bool>()).prop_map(
            |(of, range, since, limit, happenings)| ReadingKind::Lines {
                conversation: conversation(of).0,
                range,
                since,
                limit,
                happenings,
            },
        ),
        1 => (0..3u64, rooms.clone(), time(), time(), limit).prop_map(
            |(person, rooms, from, to, limit)| ReadingKind::Targets {
                person: PersonId(person),
                rooms,
                from,
                to,
                limit,
            },
        ),
        1 => (0..65u64, 0..3u64, rooms).prop_map(|(n, person, rooms)| ReadingKind::Message {
            place: nth(n),
            person: PersonId(person),
            rooms,
        }),
    ]
}

/// The place after so many.
fn nth(n: u64) -> Place {
    place(1 + n / ENTRY, (n % ENTRY) as u32)
}

/// A conversation, with whom one speaks to in it; the person 1 speaks in all.
fn conversation(n: u64) -> (Conversation, Destination) {
    match n {
        0..=1 => (Conversation::Room(RoomId(n)), room(n)),
        2 => (Conversation::pair(PersonId(1), PersonId(2)), to(2)),
        3 => (Conversation::pair(PersonId(1), PersonId(1)), to(1)),
        _ => (Conversation::Everyone, Destination::Everyone),
    }
}

fn records(kept: &[Kept]) -> Vec<Record> {
    let mut records = Vec::new();
    let mut time = Timestamp(BEGIN);
    for (n, Kept { step, conversation: of, later_ms }) in (0..).zip(kept) {
        time.0 += later_ms;
        let place = nth(n);
        let (conversation, to) = conversation(*of);
        let message = |message: Arc<Message>| {
            Record::Message(Arc::new(Message { time, ..Message::clone(&message) }))
        };
        let happening =
            |who, what| Arc::new(Happening { place, time, conversation, who: person(who), what });
        let (seq, index) = (place.seq.0, place.index);
        match *step {
            Step::Say => records.push(message(super::message(seq, index, 1, to, "x"))),
            Step::Tag => records.push(message(tags(seq, index, 1, to, "x"))),
            Step::Come(persons) => records
                .extend((1..=persons).map(|who| Record::Happened(happening(who, What::Joined)))),
            Step::TakeBack(ago) => {
                let message = nth(n.saturating_sub(ago));
                let happening = happening(1, What::Redacted(message, None));
                records.push(Record::Redacted { message, happening });
            }
        }
    }
    records
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn answers_are_those_of_an_archive_in_memory(
        kept in prop::collection::vec(kept(), 0..60),
        questions in prop::collection::vec((question(), 0..22u64), 60),
    ) {
        let folder = tempdir().unwrap();
        let archives: [Box<dyn Archive>; 2] =
            [open(folder.path()), Box::new(MemoryArchive::new())];
        for archive in &archives {
            archive.keep(Seq(22), records(&kept));
        }
        for (what, at) in questions {
            let [one, other] = archives.each_ref().map(|archive| ask(&**archive, at, what.clone()));
            prop_assert_eq!(one, other, "{:?} at {}", what, at);
        }
    }
}

#[test]
fn tags_alone_do_not_make_history_slow() {
    let folder = tempdir().unwrap();
    let archive = open(folder.path());
    archive.keep(Seq(1), vec![Record::Message(tags(1, 0, 1, room(0), "x"))]);
    let _ = synced(&*archive);
    let connection = Connection::open(folder.path().join("chinwag.sqlite")).unwrap();
    let count = |table| {
        let sql = format!("SELECT count(*) FROM {table}");
        connection.query_row(&sql, [], |row| row.get::<_, i64>(0)).unwrap()
    };
    assert_eq!((count("message"), count("aside")), (0, 1));
    let what =
        ReadingKind::Message { place: place(1, 0), person: PersonId(1), rooms: vec![RoomId(0)] };
    let Answer::Message(Some(message)) = ask(&*archive, 1, what) else { panic!("no message") };
    assert_eq!(message.manner, Manner::Tags);
}
