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
    echo_message_gives_back_what_was_sent
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
