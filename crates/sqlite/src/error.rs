//! Why a data folder can't be used.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

/// Why a data folder can't be used, and what to do, in one line.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is no such folder, and it can't be made.
    #[error("the data folder {} cannot be written ({source}); make it writable, or choose another with --data", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The folder, or a file in it, can't be written.
    #[error("{} cannot be written ({reason}); make it writable, or choose another folder with --data", path.display())]
    NotWritable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// Another process uses it.
    #[error("the data folder {} is in use by another chinwag; stop that one, or choose another folder with --data", path.display())]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// A later version has written it.
    #[error("{} is of version {found}, written by a newer chinwag (this one knows version {known}); run the newer one", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// The format found.
        found: usize,
        /// The last format that this version knows.
        known: usize,
    },
    /// It is what a node of a cluster has kept.
    #[error("{} belongs to a node of a cluster; say which in [cluster], make it a folder of its own with `chinwag cluster export`, or choose another with --data", path.display())]
    OfCluster {
        /// The file.
        path: PathBuf,
    },
    /// It is no database, or not as it was written.
    #[error("{} is damaged ({reason}); put the data folder back from a backup", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        reason: String,
    },
    /// It can't be opened, for another reason.
    #[error("cannot use {}: {reason}; mend that, or choose another folder with --data", path.display())]
    Failed {
        /// The file.
        path: PathBuf,
        /// What the system or SQLite said.
        reason: String,
    },
}

impl OpenError {
    /// What an error of SQLite's means for a file.
    pub(crate) fn of(path: &Path, error: &rusqlite::Error) -> Self {
        let (path, reason) = (path.to_owned(), error.to_string());
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
                Self::Damaged { path, reason }
            }
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
                Self::NotWritable { path, reason }
            }
            _ => Self::Failed { path, reason },
        }
    }
}
