//! Seeds between folders, without a network.

use std::path::Path;

use chinwag_model::entry::Entry;
use chinwag_model::id::{Seq, Timestamp};
use chinwag_storage::archive::Archive;
use chinwag_storage::copy::LogCopy;
use chinwag_storage::log::Snapshot;
use chinwag_storage::seed::{Files, Seed, SeedError, SeedSink, SeedSource};
use chinwag_storage::suite::word;
use tempfile::TempDir;

use crate::store::Store;

const LOG: &str = "the log";

/// As fast as it goes.
const RATE: u64 = u64::MAX;

fn entry(seq: u64) -> Entry {
    let millis = i64::try_from(seq).unwrap();
    Entry { seq: Seq(seq), time: Timestamp(millis), packet: word::packet(seq, 1) }
}

/// A node's folder with entries up to `last`, and a snapshot at `saved`.
fn node(saved: u64, last: u64) -> (TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::take(folder.path()).unwrap();
    let (copy, archive) = store.open_copy().unwrap();
    copy.set_origin(LOG).unwrap();
    for seq in 1..=last {
        copy.keep(&entry(seq));
        archive.keep(Seq(seq), Vec::new());
        if seq == saved {
            let bytes = vec![7; 300_000];
            copy.save_snapshot(Snapshot { seq: Seq(seq), time: Timestamp(1), bytes });
        }
    }
    drop((copy, archive));
    (folder, store)
}

/// Puts all of a seed into a sink, in pieces; `change` may change them.
fn pass(
    seed: &dyn Seed,
    sink: &mut dyn SeedSink,
    mut change: impl FnMut(&mut Vec<u8>),
) -> Result<(), SeedError> {
    let files = seed.files();
    sink.begin(&files)?;
    for (n, file) in files.iter().enumerate() {
        let mut at = 0;
        while at < file.bytes {
            let mut piece = seed.read(n, at, 10_000)?;
            at += piece.len() as u64;
            change(&mut piece);
            sink.put(n, &piece)?;
        }
    }
    Ok(())
}

fn last(store: &Store) -> (Seq, Seq) {
    let (copy, archive) = store.open_copy().unwrap();
    (copy.last().unwrap().0, archive.kept())
}

#[test]
fn a_seed_takes_the_place_of_what_was_there() {
    let (_from, giver) = node(5, 9);
    let (to, taker) = node(0, 2);
    std::fs::write(to.path().join("search.sqlite"), "of the archive that was here").unwrap();
    taker.want_seed().unwrap();
    let open = giver.open_copy().unwrap();
    let seed = giver.seeds(RATE).make(&mut |_| true).unwrap();
    let mut sink = taker.arrival();
    pass(&*seed, &mut sink, |_| {}).unwrap();
    assert!(taker.wants_seed());
    sink.finish(LOG, Seq(10)).unwrap();
    assert!(!taker.wants_seed());
    assert!(!to.path().join("search.sqlite").exists());
    assert_eq!(last(&taker), (Seq(9), Seq(9)));
    let (copy, _archive) = taker.open_copy().unwrap();
    assert_eq!(copy.snapshot().unwrap().unwrap().seq, Seq(5));
    assert_eq!(copy.origin().unwrap().as_deref(), Some(LOG));
    drop((seed, open));
}

#[test]
fn a_seed_is_of_one_moment_though_the_files_are_written_meanwhile() {
    let (_from, giver) = node(5, 9);
    let (_to, taker) = node(0, 0);
    let (copy, archive) = giver.open_copy().unwrap();
    let mut next = 10;
    let seeds = giver.seeds(RATE);
    let seed = seeds.make(&mut |_| {
        copy.keep(&entry(next));
        archive.keep(Seq(next), Vec::new());
        next += 1;
        true
    });
    assert!(next > 11, "it goes on in steps");
    let seed = seed.unwrap();
    let mut sink = taker.arrival();
    pass(&*seed, &mut sink, |_| {}).unwrap();
    sink.finish(LOG, Seq(10)).unwrap();
    let (log, archive) = last(&taker);
    assert!(log >= Seq(9) && archive >= Seq(5), "{log:?} {archive:?}");
}

#[test]
fn what_is_not_as_it_was_given_is_refused_and_changes_nothing() {
    let (from, giver) = node(5, 9);
    let seed = giver.seeds(RATE).make(&mut |_| true).unwrap();
    let (to, taker) = node(0, 2);
    let refused = |change: &mut dyn FnMut(&mut Vec<u8>), log: &str, first: u64, what: &str| {
        let mut sink = taker.arrival();
        let passed = pass(&*seed, &mut sink, change).and_then(|()| sink.finish(log, Seq(first)));
        let said = passed.unwrap_err().to_string();
        assert!(said.contains(what), "{said}");
        assert!(!to.path().join("seed-whole").exists());
        assert_eq!(last(&taker), (Seq(2), Seq(2)), "{what}");
    };
    let mut count = 0;
    refused(
        &mut |piece| {
            count += 1;
            if count == 3 {
                piece[77] ^= 1;
            }
        },
        LOG,
        1,
        "checksum",
    );
    refused(&mut |piece| piece.push(0), LOG, 1, "more than was told");
    refused(&mut |piece| piece.truncate(9_000), LOG, 1, "less than was told");
    refused(&mut |_| {}, "another", 1, "of another log");
    refused(&mut |_| {}, LOG, 11, "ends at entry 9, and the log begins at 11");
    drop(seed);
    assert!(is_empty(&from.path().join("seed-out")), "what was given is gone");
}

fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).unwrap().next().is_none()
}

/// Refuses a seed of a folder in which something was done by SQL.
fn refused_after(file: &str, sql: &str, what: &str) {
    let (from, giver) = node(5, 9);
    let changed = rusqlite::Connection::open(from.path().join(file)).unwrap();
    changed.execute_batch(sql).unwrap();
    drop(changed);
    let seed = giver.seeds(RATE).make(&mut |_| true).unwrap();
    let (_to, taker) = node(0, 0);
    let mut sink = taker.arrival();
    pass(&*seed, &mut sink, |_| {}).unwrap();
    let said = sink.finish(LOG, Seq(1)).unwrap_err().to_string();
    assert!(said.contains(what), "{sql}: {said}");
}

#[test]
fn files_that_no_node_would_give_are_refused() {
    for (file, sql, what) in [
        ("log.sqlite", "PRAGMA user_version = 99", "is of version 99"),
        ("log.sqlite", "PRAGMA user_version = 0", "is of version 0"),
        ("log.sqlite", "CREATE TABLE more (x)", "has other tables"),
        (
            "chinwag.sqlite",
            "CREATE TRIGGER t AFTER INSERT ON message BEGIN DELETE FROM message; END",
            "has other tables",
        ),
        ("log.sqlite", "DELETE FROM entry WHERE seq = 7", "lacks entry 7"),
        ("log.sqlite", "UPDATE entry SET time_ms = 1 WHERE seq = 7", "entry 7"),
        ("log.sqlite", "UPDATE snapshot SET seq = 4", "a snapshot that"),
        ("log.sqlite", "DELETE FROM origin", "of another log"),
        ("chinwag.sqlite", "UPDATE archive SET kept = 3", "ends at entry 3"),
    ] {
        refused_after(file, sql, what);
    }
}

#[test]
fn a_seed_that_is_no_database_is_refused() {
    let (_to, taker) = node(0, 0);
    let mut sink = taker.arrival();
    let bytes = vec![b'x'; 5000];
    let sha256 = <sha2::Sha256 as sha2::Digest>::digest(&bytes).into();
    let file = chinwag_storage::seed::SeedFile { bytes: 5000, sha256 };
    let files: Files = [file, file];
    sink.begin(&files).unwrap();
    sink.put(0, &bytes).unwrap();
    sink.put(1, &bytes).unwrap();
    assert!(sink.put(2, &bytes).is_err());
    let said = sink.finish(LOG, Seq(1)).unwrap_err().to_string();
    assert!(said.contains("not a database"), "{said}");
    let huge = chinwag_storage::seed::SeedFile { bytes: u64::MAX, sha256 };
    assert!(matches!(sink.begin(&[huge, huge]), Err(SeedError::Damaged { .. })));
    let large = chinwag_storage::seed::SeedFile { bytes: 1 << 43, sha256 };
    assert!(matches!(sink.begin(&[large, large]), Err(SeedError::NoRoom { .. })));
}

#[test]
fn a_seed_that_was_begun_is_begun_anew_and_one_that_was_whole_is_put_in_its_place() {
    let (_from, giver) = node(5, 9);
    let seed = giver.seeds(RATE).make(&mut |_| true).unwrap();
    let (to, taker) = node(0, 2);
    let mut sink = taker.arrival();
    pass(&*seed, &mut sink, |_| {}).unwrap();
    let coming = to.path().join("seed-in");
    assert!(coming.is_dir());
    let copy_in = |name: &str, to: &Path| {
        std::fs::copy(coming.join(name), to).unwrap();
    };
    // As after an end in the middle of taking a whole one's files.
    let whole = to.path().join("seed-whole");
    std::fs::create_dir(&whole).unwrap();
    copy_in("log.sqlite", &to.path().join("log.sqlite"));
    copy_in("chinwag.sqlite", &whole.join("chinwag.sqlite"));
    drop((sink, taker));
    let taker = Store::take(to.path()).unwrap();
    assert!(!coming.exists() && !whole.exists());
    assert_eq!(last(&taker), (Seq(9), Seq(9)));
    drop(taker);
    // And as after one while it came.
    let (to, taker) = node(0, 2);
    pass(&*seed, &mut taker.arrival(), |_| {}).unwrap();
    drop(taker);
    let taker = Store::take(to.path()).unwrap();
    assert!(!to.path().join("seed-in").exists());
    assert_eq!(last(&taker), (Seq(2), Seq(2)));
}

#[test]
fn a_seed_that_nobody_wants_any_more_is_given_up() {
    let (from, giver) = node(5, 9);
    let made = giver.seeds(RATE).make(&mut |_| false);
    assert!(matches!(made, Err(SeedError::GivenUp)));
    assert!(is_empty(&from.path().join("seed-out")));
}
