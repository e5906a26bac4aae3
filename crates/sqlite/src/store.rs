//! The folder that holds everything, used by one server at a time.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::archive::SqliteArchive;
use crate::database::FileError;
use crate::log::SqliteLog;

/// Why the folder can't be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It can't be made or written.
    #[error(
        "the data folder {folder} cannot be written ({source}): make it writable, or choose another \
         with --data"
    )]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another server uses it.
    #[error(
        "the data folder {folder} is in use by another chinwag: stop that one, or choose another \
         folder with --data"
    )]
    InUse {
        /// The folder.
        folder: PathBuf,
    },
    /// One of its files can't be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// The system gave no thread.
    #[error("cannot start a thread: {0}")]
    Thread(#[from] io::Error),
}

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
