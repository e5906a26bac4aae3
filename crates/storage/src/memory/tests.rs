use chinwag_model::id::{Seq, Timestamp};
use chinwag_model::outcome::NotStored;
use proptest::prelude::*;

use super::{MemoryArchive, MemoryCopy, MemoryLog};
use crate::log::Log;
use crate::suite::{self, log::Step, word};

macro_rules! log_suite {
    ($($name:ident)*) => {$(
        #[test]
        fn $name() {
            let log = MemoryLog::new();
            suite::log::$name(&mut || Box::new(log.clone()));
        }
    )*};
}

macro_rules! copy_suite {
    ($($name:ident)*) => {$(
        #[test]
        fn $name() {
            let copy = MemoryCopy::new();
            suite::copy::$name(&mut || Box::new(copy.clone()));
        }
    )*};
}

macro_rules! archive_suite {
    ($($name:ident)*) => {$(
        #[test]
        fn $name() {
            let mut archive = Some(MemoryArchive::new());
            // The suite that sees the end must hold the last of the archive.
            let last = stringify!($name) == "everything_is_answered_at_the_end";
            suite::archive::$name(&mut || {
                Box::new(if last { archive.take() } else { archive.clone() }.unwrap())
            });
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

copy_suite! {
    a_copy_knows_of_what_it_is_a_copy
    what_is_kept_is_given_again
    a_snapshot_takes_the_place_of_all_entries_before_its_last
    an_older_snapshot_leaves_a_copy_as_it_is
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
fn a_log_refuses_when_told_to_and_its_clock_stands_still_when_told_to() {
    let mut log = MemoryLog::new();
    let (_, heard) = suite::log::follow(&mut log, Seq(0));
    log.refuse(Some(NotStored::DiskFull));
    log.append(word::packet(0, 1));
    assert_eq!(heard.refused(), (word::packet(0, 1), NotStored::DiskFull));
    log.refuse(None);
    log.set_clock(Timestamp(5));
    log.append(word::packet(0, 1));
    let entry = heard.entry();
    assert_eq!((entry.seq, entry.time, log.entries()), (Seq(1), Timestamp(5), 1));
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => (0..4usize).prop_map(Step::Append),
        2 => (0..5u64, 0..2000usize).prop_map(|(ago, bytes)| Step::Save(ago, bytes)),
        1 => Just(Step::Reopen),
    ]
}

proptest! {
    #[test]
    fn a_log_is_like_a_list(steps in prop::collection::vec(step(), 0..40)) {
        let log = MemoryLog::new();
        suite::log::a_log_is_like_a_list(&mut || Box::new(log.clone()), &steps);
    }
}
