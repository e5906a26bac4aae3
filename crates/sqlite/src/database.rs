//! Opening a SQLite file: its settings, its version, and what can be wrong with it.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode, OpenFlags};

/// A kind of file, and how it came to be: each step makes the next version of it.
#[derive(Debug)]
pub(crate) struct Kind {
    /// Written into the file's header, so that no other program's file is taken for one of ours.
    pub(crate) application_id: i32,
    /// How far a commit is synced: `FULL`, or `NORMAL` where a lost tail is found again.
    pub(crate) synchronous: &'static str,
    /// SQL that makes version 1, 2, …; never changed once released.
    pub(crate) migrations: &'static [&'static str],
}

/// Why a file can't be used.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It was written by a later version.
    #[error(
        "{file} is of version {found}, and this chinwag knows versions up to {known}: use a newer \
         chinwag, or another folder with --data"
    )]
    Newer {
        /// The file.
        file: PathBuf,
        /// Its version.
        found: i64,
        /// The last version known here.
        known: usize,
    },
    /// It is not what was once written, or never was one of ours.
    #[error(
        "{file} is damaged, or not chinwag's: restore the data folder from a backup, or choose \
         another with --data"
    )]
    Damaged {
        /// The file.
        file: PathBuf,
    },
    /// It can't be written.
    #[error("{file} cannot be written: make the folder writable, or choose another with --data")]
    ReadOnly {
        /// The file.
        file: PathBuf,
    },
    /// Anything else.
    #[error("{file} cannot be opened: {source}")]
    Other {
        /// The file.
        file: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
}

/// Opens a file for writing, made anew or brought up to this version.
pub(crate) fn open(file: &Path, kind: &Kind) -> Result<Connection, FileError> {
    let named = |error| name_error(file, error);
    let mut connection = Connection::open(file).map_err(named)?;
    settle(&connection, kind).map_err(named)?;
    let version: i64 =
        connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(named)?;
    let application: i32 =
        connection.query_row("PRAGMA application_id", [], |row| row.get(0)).map_err(named)?;
    let known = kind.migrations.len();
    let done = match usize::try_from(version) {
        Ok(done) if done <= known => done,
        _ => return Err(FileError::Newer { file: file.to_owned(), found: version, known }),
    };
    if done > 0 && application != kind.application_id {
        return Err(FileError::Damaged { file: file.to_owned() });
    }
    migrate(&mut connection, kind, done).map_err(named)?;
    Ok(connection)
}

/// Opens a file, which is there, for reading only.
pub(crate) fn open_to_read(file: &Path) -> Result<Connection, rusqlite::Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    Ok(connection)
}

fn settle(connection: &Connection, kind: &Kind) -> rusqlite::Result<()> {
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", kind.synchronous)?;
    connection.pragma_update(None, "foreign_keys", "ON")
}

fn migrate(connection: &mut Connection, kind: &Kind, done: usize) -> rusqlite::Result<()> {
    for (version, sql) in (1..).zip(kind.migrations).skip(done) {
        let step = connection.transaction()?;
        step.execute_batch(sql)?;
        step.pragma_update(None, "application_id", kind.application_id)?;
        step.pragma_update(None, "user_version", version)?;
        step.commit()?;
    }
    Ok(())
}

fn name_error(file: &Path, source: rusqlite::Error) -> FileError {
    let file = file.to_owned();
    match source.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => FileError::Damaged { file },
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
            FileError::ReadOnly { file }
        }
        _ => FileError::Other { file, source },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIND: Kind = Kind {
        application_id: 77,
        synchronous: "FULL",
        migrations: &["CREATE TABLE one (a)", "ALTER TABLE one ADD COLUMN b"],
    };

    #[test]
    fn a_file_of_an_earlier_version_is_brought_up_to_this_one() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.sqlite");
        let first = Kind { migrations: &KIND.migrations[..1], ..KIND };
        open(&file, &first).unwrap().execute("INSERT INTO one VALUES (5)", []).unwrap();
        let connection = open(&file, &KIND).unwrap();
        let row = connection.query_row("SELECT a, b FROM one", [], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, Option<i64>>(1)?))
        });
        assert_eq!(row.unwrap(), (5, None));
    }

    #[test]
    fn a_file_of_a_later_version_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.sqlite");
        open(&file, &KIND).unwrap().pragma_update(None, "user_version", 3).unwrap();
        let error = open(&file, &KIND).unwrap_err();
        assert!(matches!(error, FileError::Newer { found: 3, known: 2, .. }), "{error}");
    }

    #[test]
    fn what_is_no_file_of_ours_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.sqlite");
        std::fs::write(&file, "not a database, but long enough to be looked at".repeat(50))
            .unwrap();
        assert!(matches!(open(&file, &KIND).unwrap_err(), FileError::Damaged { .. }));
        let other = folder.path().join("y.sqlite");
        open(&other, &Kind { application_id: 78, ..KIND }).unwrap();
        assert!(matches!(open(&other, &KIND).unwrap_err(), FileError::Damaged { .. }));
    }
}
