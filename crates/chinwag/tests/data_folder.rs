//! A data folder that can't be used: said in one line, with what to do, and nothing is touched.
#![allow(clippy::expect_used, clippy::panic, reason = "a test says by panicking what is wrong")]

#[path = "support/support.rs"]
mod support;

use std::os::unix::fs::PermissionsExt;

use support::client::Client;
use support::server::Settings;

#[test]
fn a_folder_in_use_by_another_server_is_refused() {
    let settings = Settings::new();
    let server = settings.start();
    settings.start_in_vain().assert_said_in_one_line(&["in use by another chinwag", "--data"]);
    // The one that has it goes on.
    Client::login(&server, "Alice");
}

#[test]
fn a_folder_that_cannot_be_made_is_refused() {
    let settings = Settings::new();
    let file = settings.data().with_file_name("a-file");
    std::fs::write(&file, "").expect("a file can be written");
    let settings = settings.data_at(file.join("data"));
    settings.start_in_vain().assert_said_in_one_line(&["cannot be written", "--data"]);
}

#[test]
fn a_folder_that_is_read_only_is_refused() {
    let settings = Settings::new();
    std::fs::create_dir(settings.data()).expect("a folder can be made");
    let read_only = std::fs::Permissions::from_mode(0o555);
    std::fs::set_permissions(settings.data(), read_only).expect("permissions can be set");
    if std::fs::write(settings.data().join("probe"), "").is_ok() {
        // The superuser writes everywhere; a file system mounted read-only is as good.
        std::fs::remove_file(settings.data().join("probe")).expect("it can be removed");
        let settings = settings.data_at("/proc/chinwag");
        return settings.start_in_vain().assert_said_in_one_line(&["cannot be written", "--data"]);
    }
    settings.start_in_vain().assert_said_in_one_line(&["cannot be written", "--data"]);
}

#[test]
fn a_damaged_file_is_named() {
    for file in ["log.sqlite", "chinwag.sqlite"] {
        let settings = Settings::new();
        let mut server = settings.start();
        Client::login(&server, "Alice");
        server.stop();
        let path = settings.data().join(file);
        let mut bytes = std::fs::read(&path).expect("the file is there");
        bytes[..100].fill(b'x');
        std::fs::write(&path, &bytes).expect("it can be damaged");
        settings.start_in_vain().assert_said_in_one_line(&[file, "damaged", "backup"]);
    }
}

#[test]
fn a_file_of_a_newer_version_is_refused_and_left_alone() {
    for file in ["log.sqlite", "chinwag.sqlite"] {
        let settings = Settings::new();
        settings.start().stop();
        let path = settings.data().join(file);
        let database = rusqlite::Connection::open(&path).expect("it is a database");
        database.pragma_update(None, "user_version", 99).expect("it has a version");
        drop(database);
        settings.start_in_vain().assert_said_in_one_line(&[file, "version 99", "newer chinwag"]);
    }
}

#[test]
fn a_missing_archive_is_not_taken_for_an_empty_one() {
    let settings = Settings::new();
    let mut server = settings.start();
    Client::login(&server, "Alice");
    server.stop();
    std::fs::remove_file(settings.data().join("chinwag.sqlite")).expect("it is there");
    settings.start_in_vain().assert_said_in_one_line(&["do not belong together", "put back"]);
}

#[test]
fn start_time_does_not_grow_with_the_log_as_a_stop_leaves_a_snapshot() {
    let settings = Settings::new();
    let mut server = settings.start();
    let mut alice = Client::login(&server, "Alice");
    for n in 0..50 {
        alice.send(&format!("line {n}"));
        alice.expect(&format!("[lobby] Alice: line {n}\n"));
    }
    server.stop();
    let log = rusqlite::Connection::open(settings.data().join("log.sqlite")).expect("it is there");
    let count = |sql| log.query_row(sql, [], |row| row.get::<_, i64>(0)).expect("it is a log");
    assert_eq!(count("SELECT count(*) FROM snapshot"), 1);
    let left = "SELECT count(*) FROM entry WHERE seq > (SELECT seq FROM snapshot)";
    assert_eq!(count(left), 0);
}
