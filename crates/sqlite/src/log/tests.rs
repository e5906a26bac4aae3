use std::fs;
use std::path::Path;
use std::sync::mpsc::channel;

use chinwag_model::id::{Seq, Timestamp};
use chinwag_model::intent::{Intent, Target};
use chinwag_model::message::Manner;
use chinwag_model::text::Text;
use chinwag_storage::copy::LogCopy;
use chinwag_storage::log::{Log, LogError, Logged};
use chinwag_storage::suite::log::{Step, fill, follow, snapshot};
use chinwag_storage::suite::{self, word::packet};
use proptest::prelude::*;
use rusqlite::Connection;
use tempfile::{TempDir, tempdir};

use super::*;

fn open(folder: &Path) -> Box<dyn Log> {
    Box::new(SqliteLog::open(&Folder::take(folder).unwrap()).unwrap())
}

macro_rules! log_suite {
    ($($name:ident)*) => {$(
        #[test]
        fn $name() {
            let folder = tempdir().unwrap();
            suite::log::$name(&mut || open(folder.path()));
        }
    )*};
}

log_suite! {
    entries_come_in_the_order_offered
    entries_are_given_again
    packets_of_any_size_are_stored
    a_snapshot_takes_the_place_of_entries
    numbers_and_time_go_on_after_a_snapshot
    an_older_snapshot_is_passed_over
}

macro_rules! copy_suite {
    ($($name:ident)*) => {$(
        #[test]
        fn $name() {
            let folder = tempdir().unwrap();
            suite::copy::$name(&mut || {
                Box::new(SqliteCopy::open(&Folder::take(folder.path()).unwrap()).unwrap())
            });
        }
    )*};
}

copy_suite! {
    a_copy_knows_of_what_it_is_a_copy
    what_is_kept_is_given_again
    a_snapshot_takes_the_place_of_all_entries_before_its_last
    an_older_snapshot_leaves_a_copy_as_it_is
}

#[test]
fn a_copy_is_not_taken_for_a_log_of_its_own() {
    let folder = tempdir().unwrap();
    let take = || Folder::take(folder.path()).unwrap();
    SqliteCopy::open(&take()).unwrap().set_origin("elsewhere").unwrap();
    let opened = SqliteLog::open(&take()).map(drop);
    assert!(matches!(opened, Err(OpenError::OfCluster { .. })), "{opened:?}");
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => (0..4usize).prop_map(Step::Append),
        2 => (0..5u64, 0..600_000usize).prop_map(|(ago, bytes)| Step::Save(ago, bytes)),
        1 => Just(Step::Reopen),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn a_log_is_like_a_list(steps in prop::collection::vec(step(), 0..20)) {
        let folder = tempdir().unwrap();
        suite::log::a_log_is_like_a_list(&mut || open(folder.path()), &steps);
    }
}

/// Five entries, and then a change by hand.
fn changed(sql: &str) -> (TempDir, Box<dyn Log>) {
    let folder = tempdir().unwrap();
    fill(&mut || open(folder.path()), 5);
    let connection = Connection::open(folder.path().join("log.sqlite")).unwrap();
    connection.execute_batch(sql).unwrap();
    drop(connection);
    let log = open(folder.path());
    (folder, log)
}

#[test]
fn a_damaged_row_is_named_and_what_is_before_it_is_given() {
    for (sql, given, said) in [
        (
            "UPDATE entry SET packet = zeroblob(length(packet)) WHERE seq = 3",
            2,
            "entry 3 does not match its checksum",
        ),
        ("UPDATE entry SET packet = 'text' WHERE seq = 3", 2, "entry 3 is not readable"),
        (
            "UPDATE entry SET time_ms = time_ms + 1 WHERE seq = 5",
            4,
            "entry 5 does not match its checksum",
        ),
        ("DELETE FROM entry WHERE seq = 4", 3, "entry 4 is missing"),
        ("DELETE FROM entry WHERE seq = 1", 0, "entry 1 is missing"),
        (
            "DELETE FROM entry WHERE seq = 2; UPDATE entry SET seq = 2 WHERE seq = 3",
            1,
            "entry 2 does not match its checksum",
        ),
    ] {
        let (_folder, mut log) = changed(sql);
        let (sink, heard) = channel();
        let error = log.follow(Seq(0), Box::new(move |logged| sink.send(logged).unwrap()));
        let error = error.unwrap_err().to_string();
        assert!(error.contains(said), "{sql}: {error}");
        assert!(error.contains("log.sqlite"), "{error}");
        assert_eq!(heard.try_iter().count(), given, "{sql}");
    }
}

#[test]
fn a_packet_of_a_later_version_is_named_and_not_passed_over() {
    let row = Row::of(Seq(6), Timestamp(i64::MAX), &packet(5, 1));
    let later: Vec<u8> = [9].into_iter().chain(row.packet[1..].iter().copied()).collect();
    let sum = row::crc32(6, i64::MAX, &later);
    let hex: String = later.iter().map(|byte| format!("{byte:02x}")).collect();
    let (_folder, mut log) =
        changed(&format!("INSERT INTO entry VALUES (6, {}, x'{hex}', {sum})", i64::MAX));
    let error = log.follow(Seq(0), Box::new(|_| {})).unwrap_err().to_string();
    assert!(error.contains("entry 6 holds a packet of format Some(9)"), "{error}");
}

#[test]
fn a_damaged_snapshot_is_named() {
    for sql in [
        "UPDATE snapshot_part SET bytes = zeroblob(length(bytes)) WHERE part = 1",
        "DELETE FROM snapshot_part WHERE part = 1",
        "UPDATE snapshot SET time_ms = 7",
    ] {
        let folder = tempdir().unwrap();
        let stored = fill(&mut || open(folder.path()), 1);
        let mut log = open(folder.path());
        follow(&mut *log, Seq(0));
        log.save_snapshot(snapshot(&stored[0], 1_000_000));
        drop(log);
        Connection::open(folder.path().join("log.sqlite")).unwrap().execute_batch(sql).unwrap();
        let error = open(folder.path()).snapshot().unwrap_err();
        assert!(matches!(error, LogError::Damaged { .. }), "{error}");
    }
}

#[test]
fn damage_that_sqlite_finds_is_damage_of_the_log() {
    let folder = tempdir().unwrap();
    fill(&mut || open(folder.path()), 200);
    let file = folder.path().join("log.sqlite");
    let mut bytes = fs::read(&file).unwrap();
    let length = bytes.len();
    // The first pages are the tables' beginnings, without which the file is not opened at all.
    bytes[32_768..length].fill(0x55);
    fs::write(&file, bytes).unwrap();
    let mut log = open(folder.path());
    let error = log.follow(Seq(0), Box::new(|_| {})).unwrap_err();
    assert!(matches!(error, LogError::Damaged { .. }), "{error}");
}

/// What the disk holds if the power fails now. Called while the log's own thread waits, so that
/// only the checkpointing helper can be at work: what that may have half done in the file itself,
/// the write-ahead log, copied after it, has whole.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for file in ["log.sqlite", "log.sqlite-wal"] {
        fs::copy(from.join(file), to.join(file)).unwrap();
    }
}

#[test]
fn whatever_was_heard_is_there_after_a_crash_at_any_moment() {
    const ENTRIES: u64 = 160;
    let folder = tempdir().unwrap();
    let copies = tempdir().unwrap();
    let (from, to) = (folder.path().to_owned(), copies.path().to_owned());
    let (said, heard) = channel();
    let sink = Box::new(move |logged| {
        if let Logged::Entry(entry) = logged {
            if entry.seq.0.is_multiple_of(9) {
                copy(&from, &to.join(entry.seq.0.to_string()));
            }
            said.send(entry).unwrap();
        }
    });
    let mut log = open(folder.path());
    log.follow(Seq(0), sink).unwrap();
    let mut stored = Vec::new();
    for n in 0..ENTRIES {
        // Enough bytes for several checkpoints.
        log.append(packet(n, 1000));
        stored.push(heard.recv().unwrap());
        if n % 25 == 24 {
            log.save_snapshot(snapshot(&stored[stored.len() - 5], 700_000));
        }
    }
    // It is never closed.
    std::mem::forget(log);

    let mut snapshots = 0;
    for crash in (9..=ENTRIES).step_by(9) {
        let mut log = open(&copies.path().join(crash.to_string()));
        let saved = log.snapshot().unwrap();
        snapshots += usize::from(saved.is_some());
        let after = saved.map_or(Seq(0), |saved| saved.seq);
        let (last, heard) = follow(&mut *log, after);
        assert_eq!(last, Seq(crash));
        for entry in &stored[after.0 as usize..crash as usize] {
            assert_eq!(&heard.entry(), entry);
        }
        log.append(packet(crash, 1));
        assert_eq!(heard.entry().seq, last.next());
    }
    assert!(snapshots > 5, "crashes after snapshots are among them: {snapshots}");
}

#[test]
fn a_crash_within_a_trim_leaves_nothing_behind_for_long() {
    let folder = tempdir().unwrap();
    let stored = fill(&mut || open(folder.path()), 6);
    let mut log = open(folder.path());
    follow(&mut *log, Seq(0));
    log.save_snapshot(snapshot(&stored[1], 10));
    drop(log);
    let file = folder.path().join("log.sqlite");
    let connection = Connection::open(&file).unwrap();
    let count = |sql| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    // As if the end had come before the snapshot was the snapshot, and before another's entries
    // were deleted.
    connection
        .execute_batch(
            "INSERT INTO snapshot_part VALUES (9, 0, x'00');
         INSERT INTO entry SELECT 1, time_ms, packet, crc32 FROM entry WHERE seq = 3;",
        )
        .unwrap();
    let mut log = open(folder.path());
    assert_eq!(log.snapshot().unwrap(), Some(snapshot(&stored[1], 10)));
    follow(&mut *log, Seq(2));
    log.save_snapshot(snapshot(&stored[3], 10));
    drop(log);
    assert_eq!(count("SELECT count(*) FROM snapshot_part"), 1);
    assert_eq!(count("SELECT min(seq) FROM entry"), 5);
}

#[test]
fn the_write_ahead_log_does_not_grow_for_ever() {
    let folder = tempdir().unwrap();
    let mut log = open(folder.path());
    let (_, heard) = follow(&mut *log, Seq(0));
    for n in 0..600 {
        log.append(packet(n, 1000));
        let _ = heard.entry();
    }
    let length = fs::metadata(folder.path().join("log.sqlite-wal")).unwrap().len();
    assert!(length < 24 << 20, "{length} bytes, after about 40 MiB of packets");
}

#[test]
fn a_commit_of_unknown_outcome_is_looked_up_as_after_a_crash() {
    let folder = tempdir().unwrap();
    let stored = fill(&mut || open(folder.path()), 3);
    let file = folder.path().join("log.sqlite");
    let live = |last| {
        let connection = database::reopen(&file, Commit::Durable).unwrap();
        let closing = Arc::new(Closing::default());
        let live = Live::new(file.clone(), connection, Box::new(|_| {}), Arc::clone(&closing));
        (live.at(Seq(last), Timestamp(0), Seq(0)), closing)
    };
    let row = |n: usize| Row::of(stored[n].seq, stored[n].time, &stored[n].packet);
    assert_eq!(live(2).0.find_out(&row(2)), Some(true), "it is there");
    let next = Row::of(Seq(4), stored[2].time, &packet(3, 1));
    assert_eq!(live(3).0.find_out(&next), Some(false), "it is not there");
    let (mut live, closing) = live(1);
    closing.begin();
    assert_eq!(live.find_out(&row(1)), None, "it ends elsewhere, and the log is being closed");
}

/// Pages of deleted entries are overwritten, and what moved between pages leaves no copies.
#[test]
fn attack_what_a_snapshot_took_the_place_of_is_in_no_page() {
    let folder = tempdir().unwrap();
    let mut log = open(folder.path());
    let (_, heard) = follow(&mut *log, Seq(0));
    let mark = |n: u64| format!("{:016x}", (n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let mut saved = 0;
    for n in 0..400 {
        let mut packet = packet(n, 1);
        let filler = "tea ".repeat(usize::try_from(n * 37 % 3000).unwrap());
        let text = Text::parse(&format!("{} {filler}", mark(n))).unwrap();
        packet.requests[0].intent = Intent::say(Target::Everyone, Manner::Speech, text);
        log.append(packet);
        let entry = heard.entry();
        if n % 90 == 89 {
            saved = entry.seq.0;
            log.save_snapshot(snapshot(&entry, 1000));
        }
    }
    drop(log);
    let bytes = fs::read(folder.path().join("log.sqlite")).unwrap();
    let found: std::collections::HashSet<&[u8]> = bytes.windows(16).collect();
    let left: Vec<u64> = (0..400).filter(|n| found.contains(mark(*n).as_bytes())).collect();
    assert_eq!(left, (saved..400).collect::<Vec<_>>());
}
