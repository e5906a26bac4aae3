//! What is said of a data folder that can't be used.
#![allow(clippy::expect_used, reason = "it is a test, its small functions too")]

use std::fs;
use std::path::Path;

use chinwag_sqlite::store;

fn refused(folder: &Path) -> String {
    let error = store::open(folder).expect_err("it can't be used").to_string();
    assert!(!error.contains('\n'), "one line: {error}");
    error
}

#[test]
fn a_folder_is_made_where_there_is_none() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("a/b");
    drop(store::open(&folder).unwrap());
    drop(store::open(&folder).unwrap());
}

#[test]
fn a_folder_in_use_is_refused_until_both_stores_are_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let (log, archive) = store::open(folder.path()).unwrap();
    assert!(refused(folder.path()).contains("in use by another chinwag"));
    drop(log);
    assert!(refused(folder.path()).contains("in use by another chinwag"));
    drop(archive);
    drop(store::open(folder.path()).unwrap());
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    for path in ["file", "file/data"] {
        let path = folder.path().join(path);
        let said = refused(&path);
        assert!(said.starts_with(&format!("the data folder {} cannot be written", path.display())));
        assert!(said.ends_with("choose another with --data"), "{said}");
    }
}

#[test]
fn a_file_that_cannot_be_used_is_named_with_what_to_do() {
    for (name, version) in [("log.sqlite", 2), ("chinwag.sqlite", 2)] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(name);
        drop(store::open(folder.path()).unwrap());
        let connection = rusqlite::Connection::open(&file).unwrap();
        connection.pragma_update(None, "user_version", 99).unwrap();
        drop(connection);
        let said = refused(folder.path());
        let known = format!("written by a newer chinwag (this one knows version {version})");
        assert!(said.contains(&format!("of version 99, {known}")), "{said}");
        assert!(said.contains(name), "{said}");

        fs::write(&file, "not a database".repeat(1000)).unwrap();
        let said = refused(folder.path());
        assert!(said.contains("is damaged") && said.contains("from a backup"), "{said}");
        assert!(said.contains(name), "{said}");

        fs::remove_file(&file).unwrap();
        fs::create_dir(&file).unwrap();
        let said = refused(folder.path());
        assert!(said.contains("cannot be written") && said.contains(name), "{said}");
    }
}
