use std::time::{Duration, Instant};

use super::*;

const SECRET: &str = "xylophonique";
const ROOM: Conversation = Conversation::Room(RoomId(0));

/// The files in a folder that hold a text in so many words.
fn holding(folder: &Path, text: &str) -> Vec<String> {
    let mut holding = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        if bytes.windows(text.len()).any(|window| window == text.as_bytes()) {
            holding.push(path.file_name().unwrap().to_string_lossy().into_owned());
        }
    }
    holding
}

/// Waits until no file holds the secret any more. Words in the index begin where they differ from
/// the one before, so their ends are looked for.
fn wait_until_forgotten(folder: &Path) {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let holding = holding(folder, &SECRET[4..]);
        if holding.is_empty() {
            return;
        }
        assert!(Instant::now() < deadline, "it is still in {holding:?}");
        std::thread::yield_now();
    }
}

#[test]
fn what_was_taken_back_is_in_no_file() {
    let folder = tempdir().unwrap();
    let archive = open(folder.path());
    for seq in 1..=300 {
        let text = format!("tea {seq} {}", if seq % 100 == 7 { SECRET } else { "and biscuits" });
        archive.keep(Seq(seq), vec![said(seq, 0, 1, room(0), &text.repeat(5))]);
    }
    assert_eq!(search(&*archive, 300, SECRET, 9, &[0], 9).len(), 3);
    assert_ne!(holding(folder.path(), &SECRET[4..]).len(), 0);
    let gone = [7, 107, 207].map(|seq| redacted(301, 0, ROOM, 1, place(seq, 0)));
    archive.keep(Seq(301), gone.into());
    wait_until_forgotten(folder.path());
    assert_eq!(search(&*archive, 301, "tea", 9, &[0], 500).len(), 297);
    // Again, with an index that was cleaned once.
    archive.keep(Seq(302), vec![said(302, 0, 1, room(0), SECRET)]);
    assert_eq!(search(&*archive, 302, SECRET, 9, &[0], 9).len(), 1);
    archive.keep(Seq(303), vec![redacted(303, 0, ROOM, 1, place(302, 0))]);
    wait_until_forgotten(folder.path());
    assert_eq!(search(&*archive, 303, "biscuits", 9, &[0], 500).len(), 297);
}

#[test]
fn an_index_that_was_not_cleaned_is_cleaned_after_the_next_start() {
    let folder = tempdir().unwrap();
    let archive = open(folder.path());
    archive.keep(Seq(1), vec![said(1, 0, 1, room(0), SECRET)]);
    assert_eq!(search(&*archive, 1, SECRET, 9, &[0], 9).len(), 1);
    drop(archive);
    let index = Connection::open(folder.path().join("search.sqlite")).unwrap();
    index.execute_batch("UPDATE progress SET is_dirty = 1; DELETE FROM found").unwrap();
    drop(index);
    let archive = open(folder.path());
    archive.keep(Seq(2), vec![redacted(2, 0, ROOM, 1, place(1, 0))]);
    wait_until_forgotten(folder.path());
}

/// However far the index has come, and whichever of the two files is of before a crash.
#[test]
fn an_index_that_lags_behind_never_finds_what_was_taken_back() {
    let feed = |archive: &dyn Archive, from: u64, to: u64| {
        for seq in from..=to {
            let records = match seq {
                1 => vec![said(1, 0, 1, room(0), "tea one"), said(1, 1, 1, room(0), "tea two")],
                2 => vec![redacted(2, 0, ROOM, 1, place(1, 1))],
                _ => vec![said(3, 0, 1, room(0), "tea three")],
            };
            archive.keep(Seq(seq), records);
        }
    };
    for (archive_at, index_at) in [(1, 1), (1, 2), (2, 1), (2, 2), (3, 1), (1, 3), (2, 0), (3, 0)] {
        let folders =
            [tempdir().unwrap(), tempdir().unwrap(), tempdir().unwrap(), tempdir().unwrap()];
        let whole = tempdir().unwrap();
        // The same archive, as it was after each entry.
        for (at, folder) in (0..).zip(&folders) {
            let archive = open(whole.path());
            feed(&*archive, at.max(1), at);
            let _ = search(&*archive, at, "tea", 9, &[0], 9);
            drop(archive);
            for entry in fs::read_dir(whole.path()).unwrap() {
                let path = entry.unwrap().path();
                fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
            }
        }
        let folder = &folders[archive_at];
        let index = folder.path().join("search.sqlite");
        match index_at {
            0 => fs::remove_file(index).unwrap(),
            _ => drop(fs::copy(folders[index_at].path().join("search.sqlite"), index).unwrap()),
        }
        let archive = open(folder.path());
        feed(&*archive, 1, 3);
        let case = format!("archive of {archive_at}, index of {index_at}");
        let found = search(&*archive, 3, "tea", 9, &[0], 9);
        assert_eq!(texts(&found), ["tea one", "tea three"], "{case}");
        drop(archive);
        let index = Connection::open(folder.path().join("search.sqlite")).unwrap();
        let sql = "SELECT count(*) FROM found WHERE found MATCH 'two'";
        let count: i64 = index.query_row(sql, [], |row| row.get(0)).unwrap();
        assert_eq!(count, 0, "{case}");
    }
}

/// Rows move between pages as others are deleted, which must leave no copies of them behind.
#[test]
fn attack_of_many_texts_taken_back_in_any_order_none_is_left_in_any_page() {
    let folder = tempdir().unwrap();
    let archive = open(folder.path());
    // Digits that look like chance, so that words share no beginnings.
    let mark = |seq: u64| format!("{:016x}", seq.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let bytes = |seq: u64| usize::try_from(seq * 7919 % 2500).unwrap();
    let count = 900;
    for seq in 1..=count {
        let text = format!("{} {}", mark(seq), "tea ".repeat(1 + bytes(seq) / 4));
        archive.keep(Seq(seq), vec![said(seq, 0, 1, room(0), &text)]);
    }
    assert_eq!(search(&*archive, count, &mark(1), 9, &[0], 9).len(), 1);
    // Two of three, scattered, in several transactions.
    let mut gone: Vec<u64> = (1..=count).filter(|seq| seq % 3 != 0).collect();
    gone.sort_unstable_by_key(|seq| seq * 7919 % 887);
    let mut seq = count;
    for chunk in gone.chunks(100) {
        seq += 1;
        let redactions = chunk.iter().map(|gone| redacted(seq, 0, ROOM, 1, place(*gone, 0)));
        archive.keep(Seq(seq), redactions.collect());
        assert!(!history(&*archive, seq, ROOM, 1).is_empty());
    }
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let files = ["chinwag.sqlite", "chinwag.sqlite-wal", "search.sqlite", "search.sqlite-wal"];
        let bytes = files.map(|name| fs::read(folder.path().join(name)).unwrap_or_default());
        let found: std::collections::HashSet<&[u8]> =
            bytes.iter().flat_map(|bytes| bytes.windows(12)).collect();
        let left: Vec<_> =
            gone.iter().filter(|seq| found.contains(&mark(**seq).as_bytes()[4..])).collect();
        if left.is_empty() {
            break;
        }
        assert!(Instant::now() < deadline, "{} are left, such as {:?}", left.len(), left[0]);
        std::thread::yield_now();
    }
    assert_eq!(search(&*archive, seq, "tea", 9, &[0], 500).len(), 300);
}
