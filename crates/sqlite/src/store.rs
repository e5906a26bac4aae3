//! A data folder, opened.

use std::path::Path;

use crate::archive::SqliteArchive;
use crate::error::OpenError;
use crate::folder::Folder;
use crate::log::{SqliteCopy, SqliteLog};

/// Opens the log and the archive of a data folder, which is made if there is none. It is held
/// until both are dropped.
///
/// Takes no longer for a long history than for a short one.
///
/// # Errors
/// [`OpenError`], which says in one line what is wrong and what to do.
pub fn open(folder: &Path) -> Result<(SqliteLog, SqliteArchive), OpenError> {
    let folder = Folder::take(folder)?;
    Ok((SqliteLog::open(&folder)?, SqliteArchive::open(&folder)?))
}

/// Opens the archive of a data folder, and the copy in it of a log elsewhere; otherwise as
/// [`open`].
///
/// # Errors
/// As of [`open`].
pub fn open_copy(folder: &Path) -> Result<(SqliteCopy, SqliteArchive), OpenError> {
    let folder = Folder::take(folder)?;
    Ok((SqliteCopy::open(&folder)?, SqliteArchive::open(&folder)?))
}
