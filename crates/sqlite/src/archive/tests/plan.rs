use std::sync::{Arc, Mutex};

use chinwag_model::id::{PersonId, Place, Timestamp};
use chinwag_model::query::{Point, Range};
use rusqlite::trace::{TraceEvent, TraceEventCodes};

use super::*;
use crate::archive::reader::Reader;

/// Every statement that a reading runs on the archive, whatever is asked, with its plan.
#[test]
fn no_reading_goes_through_a_whole_table() {
    let folder = tempdir().unwrap();
    let archive = open(folder.path());
    archive.keep(
        Seq(2),
        vec![
            said(1, 0, 1, room(1), "tea"),
            said(1, 1, 1, to(2), "tea"),
            said(1, 2, 2, to(1), "tea"),
            said(1, 3, 2, Destination::Everyone, "tea"),
            said(2, 0, 3, to(1), "tea"),
        ],
    );
    assert_eq!(search(&*archive, 2, "tea", 1, &[1], 9).len(), 5);
    drop(archive);

    let (file, index) = (folder.path().join("chinwag.sqlite"), folder.path().join("search.sqlite"));
    let reader = Reader::new(&file, &index, &Arc::new(Desk::new(Seq(2))));
    let mut connection = database::open_to_read(&file).unwrap();
    let ran = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&ran);
    let note = move |event: TraceEvent<'_>| {
        if let TraceEvent::Stmt(_, sql) = event {
            sink.lock().unwrap().push(sql.to_owned());
        }
    };
    connection.trace_v2(TraceEventCodes::SQLITE_TRACE_STMT, Some(note)).unwrap();
    let mut connection = Some(connection);
    for what in readings() {
        for at in [1, 2] {
            let reading = Reading { at: Seq(at), what: what.clone() };
            let answer = reader.read(&mut connection, &reading).unwrap();
            assert_ne!(answer, Answer::Unavailable, "{what:?}");
        }
    }
    drop(connection);
    let mut ran = Arc::into_inner(ran).unwrap().into_inner().unwrap();
    ran.sort();
    ran.dedup();
    ran.retain(|sql| sql.contains("FROM"));
    assert!(ran.len() > 30, "{ran:#?}");
    let connection = database::open_to_read(&file).unwrap();
    for sql in ran {
        let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next().unwrap() {
            let step: String = row.get(3).unwrap();
            let is_list = step.starts_with("SCAN json_each");
            let is_slow = step.contains("SCAN") || step.contains("TEMP B-TREE");
            assert!(is_list || !is_slow, "{sql}: {step}");
        }
    }
}

/// All that can be asked.
fn readings() -> Vec<ReadingKind> {
    let conversations = [
        Conversation::Room(RoomId(1)),
        Conversation::pair(PersonId(1), PersonId(2)),
        Conversation::Everyone,
    ];
    let point = Point::Time(Timestamp(5));
    let ranges = [Range::Latest(None), Range::After(point), Range::Between(point, point)];
    let (person, rooms) = (PersonId(1), vec![RoomId(1)]);
    let mut readings = vec![
        ReadingKind::Backlog {
            person,
            groups: vec![(RoomId(1), Place::default())],
            upto: place(9, 0),
            after: None,
            ignores: vec![PersonId(3)],
        },
        ReadingKind::Search {
            words: "tea".to_owned(),
            person,
            rooms: rooms.clone(),
            within: None,
            author: None,
            after: Some(Timestamp(0)),
            before: Some(Timestamp(i64::MAX)),
            limit: 9,
        },
        ReadingKind::Targets {
            person,
            rooms: rooms.clone(),
            from: Timestamp(0),
            to: Timestamp(i64::MAX),
            limit: 9,
        },
        ReadingKind::Message { place: place(9, 9), person, rooms },
    ];
    for conversation in conversations {
        readings.push(ReadingKind::History { conversation, limit: 9 });
        let since = Place::default();
        readings.extend(ranges.map(|range| ReadingKind::Lines {
            conversation,
            range,
            since,
            limit: 9,
            happenings: true,
        }));
    }
    readings
}
