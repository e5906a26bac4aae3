//! Why a data folder can't be used.

use std::io;
use std::path::PathBuf;

use crate::database::FileError;

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
