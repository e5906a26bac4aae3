//! What every copy of a log does.

use chinwag_model::entry::Entry;
use chinwag_model::id::{Seq, Timestamp};

use super::log::snapshot;
use super::word::packet;
use crate::copy::LogCopy;
use crate::log::LogError;

/// Opens the same copy, once the one before was dropped.
pub type Open<'a> = &'a mut dyn FnMut() -> Box<dyn LogCopy>;

/// A copy remembers which log it is of.
pub fn a_copy_knows_of_what_it_is_a_copy(open: Open<'_>) {
    assert_eq!(open().origin().expect("an origin"), None);
    open().set_origin("one").expect("it is set");
    assert_eq!(open().origin().expect("an origin").as_deref(), Some("one"));
    open().set_origin("two").expect("it is set");
    assert_eq!(open().origin().expect("an origin").as_deref(), Some("two"));
}

/// Entries are there again after a start, and go on from where they were.
pub fn what_is_kept_is_given_again(open: Open<'_>) {
    let copy = open();
    assert_eq!(copy.last().expect("a last one"), (Seq(0), None));
    (1..=600).for_each(|n| copy.keep(&entry(n)));
    drop(copy);
    let copy = open();
    assert_eq!(copy.last().expect("a last one"), (Seq(600), Some(entry(600))));
    (601..=602).for_each(|n| copy.keep(&entry(n)));
    drop(copy);
    let copy = open();
    for after in [0, 1, 599, 602] {
        let (last, entries) = replay(&*copy, after);
        assert_eq!((last, entries), (Seq(602), (after + 1..=602).map(entry).collect()));
    }
}

/// A snapshot forgets the entries before the one it ends with.
pub fn a_snapshot_takes_the_place_of_all_entries_before_its_last(open: Open<'_>) {
    let copy = open();
    (1..=5).for_each(|n| copy.keep(&entry(n)));
    let saved = snapshot(&entry(3), 1_000_000);
    copy.save_snapshot(saved.clone());
    drop(copy);
    let copy = open();
    assert_eq!(copy.snapshot().expect("a snapshot"), Some(saved));
    assert_eq!(replay(&*copy, 3), (Seq(5), vec![entry(4), entry(5)]));
    let before = copy.replay(Seq(2), &mut |_| {});
    assert!(matches!(before, Err(LogError::Trimmed { first: 4, wanted: 3 })), "{before:?}");

    copy.save_snapshot(snapshot(&entry(5), 10));
    drop(copy);
    let copy = open();
    assert_eq!(copy.last().expect("a last one"), (Seq(5), Some(entry(5))));
    assert_eq!(replay(&*copy, 5), (Seq(5), vec![]));
    // As of a node that took a snapshot from another.
    copy.save_snapshot(snapshot(&entry(9), 10));
    drop(copy);
    assert_eq!(open().last().expect("a last one"), (Seq(9), None));
}

/// A snapshot that is not newer than the one saved is passed over.
pub fn an_older_snapshot_leaves_a_copy_as_it_is(open: Open<'_>) {
    let copy = open();
    (1..=3).for_each(|n| copy.keep(&entry(n)));
    copy.save_snapshot(snapshot(&entry(3), 20));
    drop(copy);
    open().save_snapshot(snapshot(&entry(2), 10));
    let copy = open();
    assert_eq!(copy.snapshot().expect("a snapshot"), Some(snapshot(&entry(3), 20)));
    assert_eq!(copy.last().expect("a last one"), (Seq(3), Some(entry(3))));
}

fn entry(seq: u64) -> Entry {
    let time = Timestamp(i64::try_from(seq).expect("small") * 10);
    Entry { seq: Seq(seq), time, packet: packet(seq, 2) }
}

fn replay(copy: &dyn LogCopy, after: u64) -> (Seq, Vec<Entry>) {
    let mut entries = Vec::new();
    let last = copy.replay(Seq(after), &mut |entry| entries.push(entry)).expect("entries");
    (last, entries)
}
