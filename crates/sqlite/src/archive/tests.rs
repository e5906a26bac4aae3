use std::fs;
use std::path::Path;

use chinwag_model::id::{RoomId, Seq};
use chinwag_model::message::{Conversation, Destination};
use chinwag_model::query::{Answer, ReadingKind};
use chinwag_storage::archive::Archive;
use chinwag_storage::suite::archive::{ask, history, search, synced, texts};
use chinwag_storage::suite::{self, word::*};
use rusqlite::Connection;
use tempfile::tempdir;

use super::*;

mod format;
mod line;
mod plan;
mod redaction;

fn open(folder: &Path) -> Box<dyn Archive> {
    Box::new(SqliteArchive::open(&Folder::take(folder).unwrap()).unwrap())
}

macro_rules! archive_suite {
    ($($name:ident)*) => {$(
        #[test]
        fn $name() {
            let folder = tempdir().unwrap();
            suite::archive::$name(&mut || open(folder.path()));
        }
    )*};
}

archive_suite! {
    history_gives_messages_back_whole
    history_is_the_last_messages_up_to_the_entry_asked_at
    history_is_bounded
    replay_writes_nothing_twice
    entries_without_records_count
    sync_covers_all_that_was_taken
    backlog_is_what_others_said_since
    backlog_comes_in_pages
    backlog_pages_are_bounded_in_bytes
    a_mark_never_moves_back
    an_expired_name_has_no_mark
    search_finds_all_the_words
    search_keeps_to_what_one_may_read
    search_gives_the_last_ones
    everything_is_answered_at_the_end
    lines_give_all_that_happened_back_whole
    lines_are_cut_by_every_range
    lines_lie_between_what_may_be_read_and_the_entry_asked_at
    lines_are_bounded
    what_stands_at_one_place_stays_in_order
    tags_alone_are_only_among_lines_with_happenings
    targets_are_the_last_messages_of_conversations
    targets_are_bounded_and_end_with_the_entry_asked_at
    a_message_is_told_to_who_may_read_it
    a_search_is_narrowed_by_conversation_author_and_time
    what_was_taken_back_is_gone
    a_redaction_of_nothing_is_kept
    replay_redacts_nothing_twice
}

#[test]
fn what_is_not_kept_in_time_is_unavailable() {
    let folder = tempdir().unwrap();
    let folder = Folder::take(folder.path()).unwrap();
    let archive = SqliteArchive::open_with(&folder, Duration::from_millis(30)).unwrap();
    let what = ReadingKind::History { conversation: Conversation::Everyone, limit: 1 };
    assert_eq!(ask(&archive, 1, what), Answer::Unavailable);
}

#[test]
fn accents_do_not_matter_to_a_search() {
    let folder = tempdir().unwrap();
    let archive = open(folder.path());
    archive.keep(
        Seq(1),
        vec![
            said(1, 0, 1, room(0), "Café"),
            said(1, 1, 1, room(0), "cafe\u{301}"),
            said(1, 2, 1, room(0), "CAFE"),
        ],
    );
    for words in ["cafe", "café", "cafe\u{301}"] {
        assert_eq!(search(&*archive, 1, words, 9, &[0], 9).len(), 3, "{words}");
    }
}

/// Two rooms, three messages, and the index of them.
fn indexed(folder: &Path) {
    let archive = open(folder);
    archive.keep(
        Seq(2),
        vec![
            said(1, 0, 1, room(0), "tea"),
            said(1, 1, 1, room(1), "tea elsewhere"),
            said(2, 0, 1, room(0), "more tea"),
        ],
    );
    assert_eq!(search(&*archive, 2, "tea", 9, &[0], 9).len(), 2);
}

#[test]
fn an_index_that_cannot_be_used_is_built_again() {
    type Spoil = (&'static str, fn(&Path));
    let spoil: [Spoil; 5] = [
        ("missing", |file| fs::remove_file(file).unwrap()),
        ("no database", |file| fs::write(file, "x".repeat(5000)).unwrap()),
        ("cut short", |file| {
            let bytes = fs::read(file).unwrap();
            fs::write(file, &bytes[..bytes.len() / 2]).unwrap();
        }),
        ("of a later version", |file| {
            Connection::open(file).unwrap().pragma_update(None, "user_version", 99).unwrap();
        }),
        ("of another archive", |file| {
            let sql = "UPDATE progress SET archive = 'another', upto = 1 << 40";
            Connection::open(file).unwrap().execute_batch(sql).unwrap();
        }),
    ];
    for (what, spoil) in spoil {
        let folder = tempdir().unwrap();
        indexed(folder.path());
        spoil(&folder.path().join("search.sqlite"));
        let archive = open(folder.path());
        assert_eq!(texts(&search(&*archive, 2, "tea", 9, &[0], 9)), ["tea", "more tea"], "{what}");
    }
}

#[test]
fn an_index_that_is_found_damaged_by_a_search_is_built_again() {
    let folder = tempdir().unwrap();
    indexed(folder.path());
    let sql = "UPDATE found_data SET block = x'00ff' WHERE id > 10";
    Connection::open(folder.path().join("search.sqlite")).unwrap().execute_batch(sql).unwrap();
    let archive = open(folder.path());
    let find = || {
        let what = ReadingKind::Search {
            words: "tea".to_owned(),
            person: chinwag_model::id::PersonId(9),
            rooms: vec![RoomId(0)],
            within: None,
            author: None,
            after: None,
            before: None,
            limit: 9,
        };
        ask(&*archive, 2, what)
    };
    assert_eq!(find(), Answer::Unavailable);
    assert!(matches!(find(), Answer::Found(found) if found.len() == 2));
}

#[test]
fn an_index_of_more_than_the_archive_holds_is_cut_back() {
    let folder = tempdir().unwrap();
    let older = tempdir().unwrap();
    let archive = open(folder.path());
    archive.keep(Seq(1), vec![said(1, 0, 1, room(0), "tea one")]);
    drop(archive);
    fs::copy(folder.path().join("chinwag.sqlite"), older.path().join("chinwag.sqlite")).unwrap();
    let archive = open(folder.path());
    archive.keep(Seq(2), vec![said(2, 0, 1, room(0), "tea two")]);
    assert_eq!(search(&*archive, 2, "tea", 9, &[0], 9).len(), 2);
    drop(archive);
    // As if a power cut had taken the archive's last transaction.
    fs::copy(older.path().join("chinwag.sqlite"), folder.path().join("chinwag.sqlite")).unwrap();
    let archive = open(folder.path());
    assert_eq!(archive.kept(), Seq(1));
    archive.keep(Seq(2), vec![said(2, 0, 1, room(0), "coffee two")]);
    assert_eq!(texts(&search(&*archive, 2, "tea", 9, &[0], 9)), ["tea one"]);
    assert_eq!(texts(&search(&*archive, 2, "two", 9, &[0], 9)), ["coffee two"]);
}

#[test]
fn nobody_reads_what_a_wrong_index_says_they_may() {
    let folder = tempdir().unwrap();
    let archive = open(folder.path());
    archive.keep(Seq(1), vec![said(1, 0, 1, to(2), "a secret")]);
    assert_eq!(search(&*archive, 1, "secret", 9, &[0], 9).len(), 0);
    let sql = "INSERT INTO found (rowid, text, scope) VALUES (65536 + 77, 'secret', 'r0');
               DELETE FROM found WHERE rowid = 65536;
               INSERT INTO found (rowid, text, scope) VALUES (65536, 'secret', 'r0');";
    Connection::open(folder.path().join("search.sqlite")).unwrap().execute_batch(sql).unwrap();
    assert_eq!(search(&*archive, 1, "secret", 9, &[0], 9).len(), 0);
    assert_eq!(search(&*archive, 1, "secret", 2, &[0], 9).len(), 1);
}

#[test]
fn an_empty_archive_is_searched_and_has_no_history() {
    let folder = tempdir().unwrap();
    let archive = open(folder.path());
    assert_eq!(search(&*archive, 0, "tea", 9, &[0], 9).len(), 0);
    assert_eq!(history(&*archive, 0, Conversation::Everyone, 9).len(), 0);
}

#[test]
fn many_messages_are_indexed_whole() {
    let folder = tempdir().unwrap();
    let archive = open(folder.path());
    // Batches end within an entry.
    for seq in 1..=5u32 {
        let index = 0..700;
        let records = index.map(|n| said(seq.into(), n, 1, room(0), &format!("tea w{seq}x{n}")));
        archive.keep(Seq(seq.into()), records.collect());
    }
    for seq in 1..=5 {
        for n in [0, 299, 300, 301, 699] {
            assert_eq!(search(&*archive, 5, &format!("w{seq}x{n}"), 9, &[0], 9).len(), 1);
        }
    }
}

#[test]
fn what_was_synced_is_there_after_a_crash() {
    let folder = tempdir().unwrap();
    let copy = tempdir().unwrap();
    let archive = open(folder.path());
    for seq in 1..=50 {
        archive.keep(Seq(seq), vec![said(seq, 0, 1, room(0), "x"), delivered(2, place(seq, 0))]);
    }
    assert_eq!(synced(&*archive), Seq(50));
    for file in ["chinwag.sqlite", "chinwag.sqlite-wal"] {
        fs::copy(folder.path().join(file), copy.path().join(file)).unwrap();
    }
    std::mem::forget(archive);
    let archive = open(copy.path());
    assert_eq!(archive.kept(), Seq(50));
    assert_eq!(history(&*archive, 50, Conversation::Room(RoomId(0)), 500).len(), 50);
}

#[test]
fn the_archive_can_be_read_by_hand() {
    let folder = tempdir().unwrap();
    let archive = open(folder.path());
    archive.keep(
        Seq(1),
        vec![said(1, 0, 1, to(2), "hello"), said(1, 1, 1, Destination::Everyone, "all")],
    );
    let _ = synced(&*archive);
    let connection = Connection::open(folder.path().join("chinwag.sqlite")).unwrap();
    let sql =
        "SELECT group_concat(author || ' to ' || coalesce(target, kind) || ': ' || text, '; ')
               FROM message";
    let read: String = connection.query_row(sql, [], |row| row.get(0)).unwrap();
    assert_eq!(read, "P1 to P2: hello; P1 to everyone: all");
}
