//! IRC: each transcript of the folder, against the real server.
#![allow(clippy::expect_used, clippy::panic, reason = "a test says by panicking what is wrong")]

#[path = "support/support.rs"]
mod support;

use support::client::Client;
use support::server::{Server, Settings};
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
    a_name_that_looks_like_an_account_is_refused
    account_notify_tells_of_logins
    account_registration_makes_an_account
    account_tag_says_who_has_an_account
    attack_a_channel_that_looks_like_another_is_not_made
    attack_a_registered_channels_name_is_its_founders
    attack_a_secret_channel_is_denied_by_orders_too
    attack_an_invitation_passes_no_lock_unless_by_who_could_lift_it
    attack_who_is_banned_reads_nothing_from_outside
    away_notify_tells_who_is_away
    batch_holds_together_what_is_one_answer
    batches_that_make_no_sense_are_refused
    bytes_that_are_no_line_are_refused
    cap_notify_comes_with_version_302
    capabilities_are_taken_whole_or_not_at_all
    channel_rename_keeps_everyone_in
    channels_have_ranks_and_modes
    channels_keep_out_whom_they_want
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
    nobody_else_learns_of_a_group
    one_account_serves_both
    persistence_keeps_one_in
    persons_have_modes
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
    webpush_tells_devices_that_sleep
    what_is_said_to_a_rank_is_read_by_that_rank
    what_is_said_to_the_absent_waits
    what_is_typed_on_two_devices_is_one_person
    who_sends_much_without_a_line_end_is_closed
    who_stays_is_told_what_was_missed
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

const GUIDE: &str = include_str!("../../../docs/irc.md");

/// What stands first in the rows of the table under a heading of the guide.
fn table(heading: &str) -> Vec<&'static str> {
    let (_, section) = GUIDE.split_once(&format!("\n## {heading}\n")).expect("it has the heading");
    let section = section.split("\n## ").next().expect("a section has a beginning");
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    rows.map(|(name, _)| name).collect()
}

fn name(word: &str) -> &str {
    word.split_once('=').map_or(word, |(name, _)| name)
}

#[test]
fn the_guide_lists_the_capabilities_that_there_are() {
    let server = Settings::new().start();
    let mut client = Client::connect(&server);
    client.send("CAP LS 302\r");
    let mut told = Vec::new();
    loop {
        let line = client.skip_to(":chat.test CAP * LS ");
        let (head, words) = line.trim_end().split_once(" :").expect("it ends with a list");
        told.extend(words.split(' ').map(|word| name(word).to_owned()));
        if !head.ends_with('*') {
            break;
        }
    }
    assert_eq!(table("Capabilities"), told);
}

#[test]
fn the_guide_lists_the_tokens_that_there_are() {
    let server = Settings::new().set("server.icon", "\"https://example.org/icon.png\"").start();
    let mut client = Client::connect(&server);
    client.send("NICK alice\r\nUSER alice 0 * :Alice\r\nVERSION\r");
    client.skip_to(":chat.test 351 ");
    let mut told = Vec::new();
    while told.last().is_none_or(|token| token != "draft/ICON") {
        let line = client.skip_to(":chat.test 005 alice ");
        let (words, _) = line.split_once(" :").expect("it ends with a sentence");
        told.extend(words.split(' ').skip(3).map(|word| name(word).to_owned()));
    }
    assert_eq!(table("ISUPPORT"), told);
}

/// A client that has come in as alice, and has been told all of the welcome.
fn alice(server: &Server) -> Client {
    let mut client = Client::connect(server);
    client.send("NICK alice\r\nUSER alice 0 * :Alice\r\nPING in\r");
    client
}

/// What `HELP` tells of a subject, line by line.
fn help(client: &mut Client, subject: &str) -> Vec<String> {
    client.send(&format!("HELP {subject}\r"));
    let mut told = Vec::new();
    loop {
        let line = client.skip_to(":chat.test 70");
        let (head, text) = line.trim_end().split_once(" :").expect("it ends with a text");
        if head.contains(" 706 ") {
            return told;
        }
        told.push(text.to_owned());
    }
}

#[test]
fn the_guide_lists_the_commands_that_there_are_and_what_help_says_of_each() {
    let server = Settings::new().start();
    let mut client = alice(&server);
    client.skip_to(":chat.test PONG ");
    let told = help(&mut client, "COMMANDS").join(" ");
    let names = told.strip_prefix("Commands: ").expect("it begins so").split_whitespace();
    let mut rows = Vec::new();
    for name in names {
        let told = help(&mut client, name);
        let [usage, about] = told.as_slice() else { panic!("{name} is told as {told:?}") };
        assert_eq!(usage.split(' ').next(), Some(name));
        rows.push(format!("| `{}` | {about} |", usage.replace('|', "\\|")));
    }
    let (_, section) = GUIDE.split_once("\n## Commands\n").expect("it has the heading");
    let section = section.split("\n## ").next().expect("a section has a beginning");
    let listed: Vec<&str> = section.lines().filter(|line| line.starts_with("| `")).collect();
    assert_eq!(listed, rows, "the table of docs/irc.md should be\n{}", rows.join("\n"));
}

#[test]
fn the_guide_lists_the_modes_that_there_are() {
    let server = Settings::new().start();
    let mut client = alice(&server);
    let line = client.skip_to(":chat.test 004 ");
    let told: Vec<&str> = line.split_whitespace().collect();
    let [.., persons, rooms, _] = told.as_slice() else { panic!("{line}") };
    let (_, section) = GUIDE.split_once("\n## Channels\n").expect("it has the heading");
    let section = section.split("\n## ").next().expect("a section has a beginning");
    let (of_rooms, of_persons) = section.split_once("| of a person").expect("it has two tables");
    for (table, told) in [(of_rooms, rooms), (of_persons, persons)] {
        let rows = table.lines().filter_map(|line| line.strip_prefix("| `")?.split(" | ").next());
        // Each mode is in backticks, perhaps with the word for its parameter.
        let cells: String = rows.map(|row| format!("`{row}, ")).collect();
        let mut letters: Vec<char> =
            cells.split("`, ").filter_map(|mode| mode.strip_prefix('`')?.chars().next()).collect();
        letters.sort_unstable();
        assert_eq!(letters.into_iter().collect::<String>(), **told);
    }
}

#[test]
fn every_transcript_says_what_it_goes_by() {
    for name in PLAYED {
        let path = folder_of("irc").join(format!("{name}.txt"));
        let text = std::fs::read_to_string(path).expect("it can be read");
        assert!(text.starts_with("# https://"), "{name} begins with no address");
    }
}
