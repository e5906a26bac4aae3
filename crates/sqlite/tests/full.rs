//! A full disk, as a limit on the size of files makes one.
#![allow(clippy::unwrap_used, clippy::panic, reason = "it is a test, its small functions too")]

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chinwag_model::id::Seq;
use chinwag_model::message::Conversation;
use chinwag_model::outcome::NotStored;
use chinwag_sqlite::store;
use chinwag_storage::archive::Archive;
use chinwag_storage::log::{Log, Logged};
use chinwag_storage::suite::archive::history;
use chinwag_storage::suite::log::{follow, snapshot};
use chinwag_storage::suite::word::{packet, room, said};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

const FOLDER: &str = "CHINWAG_TEST_FOLDER";

/// The limit is the whole process's, and a signal comes with it; so this runs once more in a
/// process of its own, where a shell has the signal passed over.
#[test]
fn what_a_full_disk_cannot_take_is_refused_and_later_things_are_stored_again() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        return with_little_room(&folder);
    }
    let folder = tempfile::tempdir().unwrap();
    let this = "what_a_full_disk_cannot_take_is_refused_and_later_things_are_stored_again";
    let output = Command::new("sh")
        .args(["-c", &format!("trap '' XFSZ; exec \"$0\" --exact {this} --nocapture")])
        .arg(std::env::current_exe().unwrap())
        .env(FOLDER, folder.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn limit(bytes: Option<u64>) {
    let Rlimit { maximum, .. } = getrlimit(Resource::Fsize);
    setrlimit(Resource::Fsize, Rlimit { current: bytes, maximum }).unwrap();
}

fn with_little_room(folder: &OsStr) {
    let (mut log, archive) = store::open(Path::new(folder)).unwrap();
    let archive: Arc<dyn Archive> = Arc::new(archive);
    let (_, heard) = follow(&mut log, Seq(0));
    limit(Some(1 << 20));

    let mut stored = Vec::new();
    let mut refused = 0;
    while refused < 5 {
        log.append(packet(stored.len() as u64, 1000));
        match heard.next() {
            Logged::Entry(entry) => {
                archive
                    .keep(entry.seq, vec![said(entry.seq.0, 0, 1, room(0), &"x".repeat(16_000))]);
                stored.push(entry);
            }
            Logged::Refused { packet: back, why } => {
                assert_eq!(why, NotStored::DiskFull);
                assert_eq!(back, packet(stored.len() as u64, 1000));
                refused += 1;
            }
            Logged::Broken { why } => panic!("{why}"),
        }
    }
    assert!(stored.len() > 3, "{}", stored.len());
    // It has no room either, and what it had stays.
    log.save_snapshot(snapshot(&stored[1], 2_000_000));
    let entries = stored.len() as u64;
    let last = entries + 100;
    for seq in entries + 1..=last {
        archive.keep(Seq(seq), vec![said(seq, 0, 1, room(0), &"x".repeat(16_000))]);
    }
    wait(|| archive.backlog() > 0 && archive.kept() < Seq(last));

    limit(None);
    log.append(packet(entries, 1));
    let entry = heard.entry();
    assert_eq!(entry.seq, Seq(entries + 1));
    stored.push(entry);
    wait(|| archive.backlog() == 0);
    assert_eq!(archive.kept(), Seq(last));
    assert_eq!(
        history(&*archive, last, Conversation::Room(chinwag_model::id::RoomId(0)), 500).len(),
        last as usize
    );
    drop((log, archive));

    let (mut log, archive) = store::open(Path::new(folder)).unwrap();
    assert_eq!(archive.kept(), Seq(last));
    assert_eq!(log.snapshot().unwrap(), None);
    let (end, heard) = follow(&mut log, Seq(0));
    assert_eq!(end, Seq(entries + 1));
    for entry in stored {
        assert_eq!(heard.entry(), entry);
    }
}

fn wait(until: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !until() {
        assert!(Instant::now() < deadline, "it takes too long");
        std::thread::yield_now();
    }
}
