//! A file of SQLite's: how it is opened, and brought to the newest format.
//!
//! A format is a number, which SQLite keeps in the file's header (`PRAGMA user_version`). Each
//! migration leads from one to the next, in a transaction that also sets the number, so that a
//! crash between two leaves a file of either format. A file of a later format is not touched.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use crate::error::OpenError;
use crate::private;

/// How long to wait for a lock that another connection holds: no connection holds one for long.
const BUSY: Duration = Duration::from_secs(5);

/// Statements that a reader keeps prepared: as many as there are ways to ask.
const STATEMENTS_MAX: usize = 64;

/// What a commit promises. All files have a write-ahead log (sqlite.org/wal.html), and in all of them
/// what is deleted is overwritten with zeros (sqlite.org/pragma.html#pragma_secure_delete).
#[derive(Clone, Copy, Debug)]
pub(crate) enum Commit {
    /// It has survived a power cut when it returns. Checkpoints are left to the caller.
    Durable,
    /// It survives the end of the process; a power cut may take the last ones, all of each.
    Soon,
}

/// Opens a file to write, made if there is none, and brings it to the newest format. Nobody but the
/// server's user can read it.
pub(crate) fn open(
    path: &Path,
    migrations: &[&str],
    commit: Commit,
) -> Result<Connection, OpenError> {
    let failed = |error| OpenError::of(path, &error);
    private::prepare(path);
    let mut connection = Connection::open_with_flags(path, to_write()).map_err(failed)?;
    let found = format(&connection).map_err(failed)?;
    if found > migrations.len() {
        let known = migrations.len();
        return Err(OpenError::Newer { path: path.to_owned(), found, known });
    }
    if connection.is_readonly("main").map_err(failed)? {
        let reason = "it is read-only".to_owned();
        return Err(OpenError::NotWritable { path: path.to_owned(), reason });
    }
    let mode: String = connection
        .pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))
        .map_err(failed)?;
    if mode != "wal" {
        let reason = "its file system lacks what a write-ahead log needs".to_owned();
        return Err(OpenError::Failed { path: path.to_owned(), reason });
    }
    configure(&connection, commit).map_err(failed)?;
    for (n, migration) in migrations.iter().enumerate().skip(found) {
        migrate(&mut connection, n + 1, migration).map_err(failed)?;
    }
    Ok(connection)
}

/// Opens a file again that [`open`] has opened before.
pub(crate) fn reopen(path: &Path, commit: Commit) -> rusqlite::Result<Connection> {
    let flags = to_write().difference(OpenFlags::SQLITE_OPEN_CREATE);
    let connection = Connection::open_with_flags(path, flags)?;
    configure(&connection, commit)?;
    Ok(connection)
}

/// Opens a file to read.
pub(crate) fn open_to_read(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    Ok(connection)
}

/// Writes as much of the write-ahead log into the file as is possible without anyone waiting.
/// Returns how many of its pages are left.
pub(crate) fn checkpoint(connection: &Connection) -> rusqlite::Result<u64> {
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| {
        let (pages, written): (i64, i64) = (row.get(1)?, row.get(2)?);
        Ok(crate::int::unsigned(pages - written))
    })
}

/// Writes all of the write-ahead log into the file and empties it, so that nothing that was
/// overwritten in the file stays there. Waits so long for those who read; returns whether it was
/// possible, which it is not while one of them reads on.
pub(crate) fn empty_wal(connection: &Connection, patience: Duration) -> rusqlite::Result<bool> {
    connection.busy_timeout(patience)?;
    let busy = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0));
    connection.busy_timeout(BUSY)?;
    busy.map(|busy: bool| !busy)
}

// Without SQLITE_OPEN_URI, so that a path is a path, whatever it begins with.
fn to_write() -> OpenFlags {
    OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
}

fn format(connection: &Connection) -> rusqlite::Result<usize> {
    let version =
        connection.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0))?;
    // A negative one is none of ours, and so taken for a later one.
    Ok(usize::try_from(version).unwrap_or(usize::MAX))
}

fn configure(connection: &Connection, commit: Commit) -> rusqlite::Result<()> {
    connection.pragma_update_and_check(None, "secure_delete", "ON", |_| Ok(()))?;
    match commit {
        Commit::Durable => {
            connection.pragma_update(None, "synchronous", "FULL")?;
            connection.pragma_update(None, "wal_autocheckpoint", 0)
        }
        Commit::Soon => {
            connection.pragma_update(None, "synchronous", "NORMAL")?;
            // In KiB. Rows go to many rooms, so their pages lie far apart.
            connection.pragma_update(None, "cache_size", -16 * 1024)?;
            // In pages. The next rows change many of them again, which then need be written once.
            connection.pragma_update(None, "wal_autocheckpoint", 4 * 1024)
        }
    }
}

fn migrate(connection: &mut Connection, to: usize, sql: &str) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(sql)?;
    transaction.pragma_update(None, "user_version", i64::try_from(to).unwrap_or(i64::MAX))?;
    transaction.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = "CREATE TABLE word (text TEXT); INSERT INTO word VALUES ('tea');";
    const SECOND: &str = "ALTER TABLE word ADD COLUMN length INTEGER;
                          UPDATE word SET length = length(text);";

    #[test]
    fn a_file_of_any_earlier_format_is_brought_to_the_newest() {
        for from in [&[][..], &[FIRST], &[FIRST, SECOND]] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("words");
            drop(open(&path, from, Commit::Soon).unwrap());
            let connection = open(&path, &[FIRST, SECOND], Commit::Soon).unwrap();
            let length: i64 =
                connection.query_row("SELECT length FROM word", [], |row| row.get(0)).unwrap();
            assert_eq!((length, format(&connection).unwrap()), (3, 2));
        }
    }

    #[test]
    fn a_migration_that_fails_leaves_the_file_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("words");
        let broken = "INSERT INTO word VALUES ('coffee'); INSERT INTO nothing VALUES (1);";
        assert!(open(&path, &[FIRST, broken], Commit::Soon).is_err());
        let connection = open(&path, &[FIRST], Commit::Soon).unwrap();
        let count: i64 =
            connection.query_row("SELECT count(*) FROM word", [], |row| row.get(0)).unwrap();
        assert_eq!(count, 1);
    }

    #[test]
    fn a_file_of_a_later_format_is_refused_and_not_touched() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("words");
        drop(open(&path, &[FIRST, SECOND], Commit::Durable).unwrap());
        let before = std::fs::read(&path).unwrap();
        let error = open(&path, &[FIRST], Commit::Durable).unwrap_err();
        assert!(matches!(error, OpenError::Newer { found: 2, known: 1, .. }), "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), before);
    }
}
