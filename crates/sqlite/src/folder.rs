//! The data folder, held by one process at a time.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::OpenError;
use crate::private;

/// A data folder that this process alone uses, until the last clone is dropped.
#[derive(Clone, Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    _lock: Arc<File>,
}

impl Folder {
    /// Takes a folder, which is made if there is none.
    pub(crate) fn take(path: &Path) -> Result<Self, OpenError> {
        if !path.is_dir() {
            make(path).map_err(|source| OpenError::Folder { path: path.to_owned(), source })?;
        }
        let file = path.join("lock");
        // The system lets go of the lock when the process ends, however it ends.
        let lock = private::options().create(true).truncate(false).write(true).open(&file);
        let lock = lock.map_err(|error| OpenError::NotWritable {
            path: path.to_owned(),
            reason: error.to_string(),
        })?;
        match lock.try_lock() {
            Ok(()) => {
                private::mend_folder(path);
                Ok(Self { path: path.to_owned(), _lock: Arc::new(lock) })
            }
            Err(TryLockError::WouldBlock) => Err(OpenError::InUse { path: path.to_owned() }),
            Err(TryLockError::Error(error)) => {
                Err(OpenError::Failed { path: file, reason: error.to_string() })
            }
        }
    }

    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The short log.
    pub(crate) fn log(&self) -> PathBuf {
        self.path.join("log.sqlite")
    }

    /// The archive.
    pub(crate) fn archive(&self) -> PathBuf {
        self.path.join("chinwag.sqlite")
    }

    /// The full-text index.
    pub(crate) fn search(&self) -> PathBuf {
        self.path.join("search.sqlite")
    }
}

/// Makes a folder, and sees to it that its name survives a power cut, as what is in it must.
/// Private messages and password hashes are for its owner alone.
fn make(path: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)?;
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
}
