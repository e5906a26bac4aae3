use chinwag_model::id::{PersonId, Timestamp};
use chinwag_model::query::{Line, Point, Range};
use chinwag_storage::suite::archive::lines;

use super::*;

#[test]
fn an_archive_of_the_first_format_is_brought_to_the_newest_with_its_index() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("chinwag.sqlite");
    let connection = database::open(&file, &MIGRATIONS[..1], Commit::Soon).unwrap();
    connection
        .execute_batch(
            "INSERT INTO message VALUES
                 (65536, 1700000001000, 'room', 1, NULL, 1, 'P1', 'p1', 'p1', 'R1', 'r1', 'r1',
                  'speech', 'tea of old'),
                 (65537, 1700000001001, 'person', NULL, 2, 1, 'P1', 'p1', 'p1', 'P2', 'p2', 'p2',
                  'action', 'pours tea');
             UPDATE archive SET kept = 1;",
        )
        .unwrap();
    let id: String = connection.query_row("SELECT id FROM archive", [], |row| row.get(0)).unwrap();
    drop(connection);
    let index = folder.path().join("search.sqlite");
    let connection = database::open(&index, &index::MIGRATIONS[..1], Commit::Soon).unwrap();
    let sql = "INSERT INTO progress VALUES (?1, 131071)";
    connection.execute(sql, [id]).unwrap();
    drop(connection);

    let archive = open(folder.path());
    assert_eq!(archive.kept(), Seq(1));
    let (lobby, pair) =
        (Conversation::Room(RoomId(1)), Conversation::pair(PersonId(1), PersonId(2)));
    let old = history(&*archive, 1, lobby, 9);
    assert_eq!(old, [message(1, 0, 1, room(1), "tea of old")]);
    assert_eq!(texts(&search(&*archive, 1, "tea", 1, &[1], 9)), ["tea of old", "pours tea"]);

    let new = message_adorned(2, 0, 1, room(1));
    archive.keep(Seq(2), vec![Record::Message(new.clone()), joined(2, 1, 1, 1)]);
    assert_eq!(history(&*archive, 2, lobby, 9), [old[0].clone(), new]);
    let after = Range::After(Point::Time(Timestamp(0)));
    assert_eq!(lines(&*archive, 2, lobby, after, 9).len(), 3);
    let pair = lines(&*archive, 2, pair, after, 9);
    assert_eq!(pair, [Line::Message(message(1, 1, 1, to(2), "pours tea"))]);
}

#[test]
fn a_message_that_has_nothing_special_takes_no_more_room() {
    let folder = tempdir().unwrap();
    let archive = open(folder.path());
    archive.keep(
        Seq(1),
        vec![
            said(1, 0, 1, to(2), "plain"),
            Record::Message(message_adorned(1, 1, 1, to(2))),
            Record::Message(tags(1, 2, 1, to(2), "smile")),
        ],
    );
    let _ = synced(&*archive);
    let connection = Connection::open(folder.path().join("chinwag.sqlite")).unwrap();
    let sql = "SELECT group_concat(manner || ' ' || (extra IS NULL), ', ')
               FROM (SELECT * FROM message UNION ALL SELECT * FROM aside)";
    let read: String = connection.query_row(sql, [], |row| row.get(0)).unwrap();
    assert_eq!(read, "speech 1, notice 0, tags 0");
}
