//! Whether files that came are those of a node of this cluster.
//!
//! What a node holds it could have written otherwise than this one would; here it is made sure that
//! nothing but chinwag's own tables is in the files, that the log's part is whole, and that both belong
//! together.

use std::path::Path;

use chinwag_model::id::Seq;
use chinwag_storage::seed::SeedError;
use rusqlite::Connection;

use super::failed;
use crate::database::{self, Commit};
use crate::int::unsigned;
use crate::{archive, log};

/// Checks the log's end and the archive, and brings them to this version's format.
pub(super) fn check(
    log_file: &Path,
    archive_file: &Path,
    identity: &str,
    first: Seq,
) -> Result<(), SeedError> {
    let own = open(log_file, log::MIGRATIONS)?;
    let found = log::examine(&own).map_err(|error| failed(log_file, &error))?;
    let found = found.map_err(|why| damaged(format!("the log's end {why}")))?;
    if found.origin.as_deref() != Some(identity) {
        return Err(damaged("it is of another log".to_owned()));
    }
    if found.last.next() < first {
        let (last, first) = (found.last.0, first.0);
        return Err(damaged(format!("it ends at entry {last}, and the log begins at {first}")));
    }
    let kept: i64 = open(archive_file, archive::MIGRATIONS)?
        .query_row("SELECT kept FROM archive", [], |row| row.get(0))
        .map_err(|error| failed(archive_file, &error))?;
    if unsigned(kept) < found.saved.0 {
        let what = format!("the archive ends at entry {kept}, before the snapshot's");
        return Err(damaged(what));
    }
    Ok(())
}

/// Opens a file that came, in which nothing is but what this version, or one before, makes.
fn open(path: &Path, migrations: &[&str]) -> Result<Connection, SeedError> {
    let of = |error: rusqlite::Error| failed(path, &error);
    {
        let read = database::open_to_read(path).map_err(of)?;
        let version: i64 =
            read.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(of)?;
        let version = usize::try_from(version).unwrap_or(usize::MAX);
        let Some(own) = migrations.get(..version).filter(|own| !own.is_empty()) else {
            return Err(damaged(format!("{} is of version {version}", path.display())));
        };
        let made = Connection::open_in_memory().map_err(of)?;
        own.iter().try_for_each(|sql| made.execute_batch(sql)).map_err(of)?;
        if schema(&read).map_err(of)? != schema(&made).map_err(of)? {
            return Err(damaged(format!("{} has other tables", path.display())));
        }
    }
    let opened = database::open(path, migrations, Commit::Durable);
    opened.map_err(|error| SeedError::Failed { reason: error.to_string() })
}

/// Everything that is defined in a file.
fn schema(connection: &Connection) -> rusqlite::Result<Vec<(String, String, Option<String>)>> {
    let sql = "SELECT type, name, sql FROM sqlite_schema ORDER BY type, name";
    let mut all = connection.prepare(sql)?;
    let rows = all.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    rows.collect()
}

fn damaged(what: String) -> SeedError {
    SeedError::Damaged { what }
}
