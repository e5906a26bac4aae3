//! IRC: each transcript of the folder, against the real server.
#![allow(clippy::expect_used, clippy::panic, reason = "a test says by panicking what is wrong")]

#[path = "support/support.rs"]
mod support;

use support::transcript::{folder_of, play_from};

macro_rules! transcripts {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            play_from(&folder_of("irc"), stringify!($name));
        })*

        const PLAYED: &[&str] = &[$(stringify!($name)),*];
    };
}

transcripts! {
    a_group_is_a_channel_by_invitation
    account_notify_tells_of_logins
    account_registration_makes_an_account
    account_tag_says_who_has_an_account
    away_notify_tells_who_is_away
    batch_holds_together_what_is_one_answer
    batches_that_make_no_sense_are_refused
    bytes_that_are_no_line_are_refused
    cap_notify_comes_with_version_302
    capabilities_are_taken_whole_or_not_at_all
    channel_rename_keeps_everyone_in
    channels_have_ranks_and_modes
    chathistory_tells_what_was_said
    chghost_tells_of_another_host
    commands_that_cannot_be_read_are_refused
    echo_message_gives_back_what_was_sent
    event_playback_tells_what_happened_too
    extended_isupport_can_be_asked_for_early
    extended_join_says_account_and_real_name
    extended_monitor_tells_more_of_those_watched
    history_cannot_be_asked_for_so
    invite_notify_tells_who_was_invited
    labeled_response_says_what_is_answered
    line_mode_and_irc_are_one_world
    message_redaction_takes_back_what_was_said
    message_tags_carry_what_clients_say
    messages_of_several_lines_and_taken_back_ones_reach_line_mode
    metadata_says_more_of_people_and_channels
    monitor_tells_who_comes_and_goes
    multi_prefix_shows_all_ranks
    multiline_holds_lines_together
    no_implicit_names_spares_the_list
    persistence_keeps_one_in
    pre_away_comes_before_the_welcome
    read_marker_says_what_was_read
    registering_may_have_to_wait_for_the_welcome
    relaymsg_speaks_for_those_elsewhere
    sasl_is_aborted_and_bounded
    sasl_plain_proves_an_account
    search_finds_what_one_may_read
    server_time_says_when
    services_keep_accounts_and_channels
    setname_changes_the_real_name
    standard_replies_say_what_failed
    userhost_in_names_shows_masks
    what_is_said_to_the_absent_waits
    what_is_typed_on_two_devices_is_one_person
    who_sends_much_without_a_line_end_is_closed
}

#[test]
fn every_transcript_is_played() {
    let files = std::fs::read_dir(folder_of("irc")).expect("the folder can be read");
    let mut found: Vec<String> = files
        .map(|file| file.expect("the folder can be read").file_name())
        .map(|name| name.to_string_lossy().trim_end_matches(".txt").to_owned())
        .collect();
    found.sort();
    assert_eq!(found, PLAYED);
}
