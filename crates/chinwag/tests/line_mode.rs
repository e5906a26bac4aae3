//! Line mode, byte for byte: each transcript of the folder, against the real server.
#![allow(clippy::expect_used, clippy::panic, reason = "a test says by panicking what is wrong")]

#[path = "support/support.rs"]
mod support;

use support::transcript::{folder, play};

macro_rules! transcripts {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            play(stringify!($name));
        })*

        const PLAYED: &[&str] = &[$(stringify!($name)),*];
    };
}

transcripts! {
    a_full_server_says_so
    a_group_has_at_most_32_named_members
    a_group_is_left_by_either_face
    a_group_is_made_of_those_named_and_the_maker
    a_group_that_cannot_be_is_refused
    a_guest_who_takes_a_name_is_registered
    a_known_name_is_welcomed_back
    a_line_that_cannot_be_read_is_said
    a_line_that_is_too_long_is_said_at_once_and_once
    a_listener_can_be_limited_to_some_faces
    a_missing_password_is_told_apart_from_a_missing_name
    a_name_can_be_changed
    a_name_that_was_given_up_is_free
    a_name_with_a_password_is_asked_for_it
    a_password_is_changed_with_the_old_one
    a_password_lets_one_person_in_on_two_devices
    a_password_outlives_the_server
    a_refused_name_ends_a_script_at_once
    a_room_and_a_person_never_have_the_same_name
    a_room_has_a_topic
    a_script_sets_no_first_password
    a_server_that_stops_says_so
    an_empty_line_is_nothing
    an_invitation_is_taken_back_by_uninvite
    an_open_name_that_is_online_is_refused
    attack_a_name_that_nobody_can_see_is_refused
    attack_a_rename_does_not_change_where_a_line_goes
    attack_nobody_is_put_into_groups_by_whom_they_ignore_or_too_fast
    attack_who_is_put_out_of_the_current_room_says_nothing_elsewhere
    comings_and_goings_are_told_to_the_lobby
    everyone_is_spoken_to_with_broad
    exit_leaves_at_every_prompt_but_one_for_a_password
    get_users_tells_everyone_with_o_and_x
    guests_are_in_get_users_only_while_online
    guests_can_be_unwelcome
    help_lists_the_commands
    history_tells_the_last_messages_as_they_looked
    in_large_rooms_nobody_is_told_of_comings_and_goings
    invite_tells_of_a_room_and_adds_to_a_group
    lines_come_in_pieces_of_any_size
    lines_may_end_in_cr_lf
    list_tells_clients_and_send_writes_to_one
    names_can_be_made_to_need_passwords
    names_of_any_script_are_names
    nobody_is_told_what_came_before_them
    nothing_but_enter_gives_a_guest_name
    nothing_that_a_terminal_obeys_is_passed_on
    one_person_is_spoken_to_by_name
    other_protocols_get_one_clear_line
    piped_input_is_done_before_the_end
    rooms_and_groups_can_be_the_current_room
    rooms_are_joined_left_and_changed
    rooms_groups_and_who_tell_a_line_each
    say_takes_anything_and_me_is_an_action
    search_finds_what_one_may_read
    send_takes_anything_for_a_message
    silence_is_greeted
    telnet_is_asked_not_to_echo_a_password
    telnets_own_bytes_are_no_text
    terminal_controls_reach_nobody_by_other_ways
    the_longest_line_can_be_set
    there_are_many_words_to_leave_with
    three_wrong_passwords_close_the_connection
    too_many_wrong_passwords_have_to_wait
    usage_is_said_where_something_is_missing
    what_came_while_away_is_told_once
    what_comes_during_a_dialogue_has_a_line_of_its_own
    what_goes_wrong_with_names_is_said_and_nothing_is_sent
    what_has_no_line_end_is_a_line_after_a_while
    what_is_no_name_is_refused_with_its_reason
    what_is_typed_goes_to_everyone_in_the_room
    what_looks_like_a_name_that_exists_is_no_name
    what_telnet_sends_is_never_text
    what_waits_outlives_a_kill
    what_waits_outlives_the_server
    who_gives_no_name_in_time_is_closed
    who_is_away_is_told_to_who_writes_to_them
    who_is_ignored_is_not_seen
    who_sends_too_fast_is_delayed_and_loses_nothing
    who_speaks_first_is_greeted_too
}

#[test]
fn every_transcript_is_played() {
    let files = std::fs::read_dir(folder()).expect("the folder can be read");
    let mut found: Vec<String> = files
        .map(|file| file.expect("the folder can be read").file_name())
        .map(|name| name.to_string_lossy().trim_end_matches(".txt").to_owned())
        .collect();
    found.sort();
    assert_eq!(found, PLAYED);
}
