//! The folder that holds everything, used by one server at a time.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::sync::Arc;

use crate::archive::SqliteArchive;
use crate::error::OpenError;
use crate::log::SqliteLog;

/// Opens both stores of a folder, which is made if there is none. The folder is in use until both
/// are dropped.
///
/// # Errors
/// [`OpenError`], in one line that says what and what to do.
pub fn open(folder: &Path) -> Result<(SqliteLog, SqliteArchive), OpenError> {
    let cannot = |source| OpenError::Folder { folder: folder.to_owned(), source };
    std::fs::create_dir_all(folder).map_err(cannot)?;
    let lock = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(folder.join("lock"))
        .map_err(cannot)?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            return Err(OpenError::InUse { folder: folder.to_owned() });
        }
        Err(TryLockError::Error(source)) => return Err(cannot(source)),
    }
    let lock = Arc::new(lock);
    let archive = SqliteArchive::open(folder, Arc::clone(&lock))?;
    let log = SqliteLog::open(&folder.join("log.sqlite"), lock)?;
    Ok((log, archive))
}
