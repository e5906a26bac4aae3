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
    a_known_name_is_welcomed_back
    a_name_with_a_password_is_asked_for_it
    a_password_lets_one_person_in_on_two_devices
    a_room_and_a_person_never_have_the_same_name
    an_open_name_that_is_online_is_refused
    comings_and_goings_are_told_to_the_lobby
    guests_are_in_get_users_only_while_online
    guests_can_be_unwelcome
    in_large_rooms_nobody_is_told_of_comings_and_goings
    names_can_be_made_to_need_passwords
    names_of_any_script_are_names
    nobody_is_told_what_came_before_them
    nothing_but_enter_gives_a_guest_name
    silence_is_greeted
    three_wrong_passwords_close_the_connection
    too_many_wrong_passwords_have_to_wait
    what_came_while_away_is_told_once
    what_is_no_name_is_refused_with_its_reason
    what_looks_like_a_name_that_exists_is_no_name
    what_waits_outlives_a_kill
    what_waits_outlives_the_server
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
