//! A data folder, opened.

use std::path::Path;

use crate::archive::SqliteArchive;
use crate::error::OpenError;
use crate::folder::Folder;
use crate::log::{SqliteCopy, SqliteLog};
use crate::seed::{Places, SqliteArrival, SqliteSeeds};

/// Opens the log and the archive of a data folder, which is made if there is none. It is held
/// until both are dropped.
///
/// Takes no longer for a long history than for a short one.
///
/// # Errors
/// [`OpenError`], which says in one line what is wrong and what to do.
pub fn open(folder: &Path) -> Result<(SqliteLog, SqliteArchive), OpenError> {
    let Store { folder } = Store::take(folder)?;
    Ok((SqliteLog::open(&folder)?, SqliteArchive::open(&folder)?))
}

/// Opens the archive of a data folder, and the copy in it of a log elsewhere; otherwise as
/// [`open`].
///
/// # Errors
/// As of [`open`].
pub fn open_copy(folder: &Path) -> Result<(SqliteCopy, SqliteArchive), OpenError> {
    Store::take(folder)?.open_copy()
}

/// The data folder of a node of a cluster, held until this and all that was opened in it is dropped.
#[derive(Debug)]
pub struct Store {
    folder: Folder,
}

impl Store {
    /// Takes a folder, which is made if there is none. What the end of another process has left half
    /// done in it is tidied up.
    ///
    /// # Errors
    /// [`OpenError`], which says in one line what is wrong and what to do.
    pub fn take(folder: &Path) -> Result<Self, OpenError> {
        let folder = Folder::take(folder)?;
        places(&folder).tidy().map_err(|error| not_writable(&folder, &error))?;
        Ok(Self { folder })
    }

    /// Opens the archive in it, and the copy of a log elsewhere.
    ///
    /// # Errors
    /// [`OpenError`], which says in one line what is wrong and what to do.
    pub fn open_copy(&self) -> Result<(SqliteCopy, SqliteArchive), OpenError> {
        Ok((SqliteCopy::open(&self.folder)?, SqliteArchive::open(&self.folder)?))
    }

    /// Seeds of it for other nodes, made at no more than so many bytes a second.
    #[must_use]
    pub fn seeds(&self, bytes_per_second: u64) -> SqliteSeeds {
        SqliteSeeds::new(self.folder.clone(), bytes_per_second)
    }

    /// Where a seed is taken in. What was opened in the folder has to be dropped before it is whole.
    #[must_use]
    pub fn arrival(&self) -> SqliteArrival {
        SqliteArrival::new(self.folder.clone())
    }

    /// Says, durably, that what is in it is wrong, and not to be gone on with: a seed has to take its
    /// place.
    ///
    /// # Errors
    /// [`OpenError::NotWritable`] if that can't be written.
    pub fn want_seed(&self) -> Result<(), OpenError> {
        places(&self.folder).want().map_err(|error| not_writable(&self.folder, &error))
    }

    /// Whether that was said, and no seed has come since.
    #[must_use]
    pub fn wants_seed(&self) -> bool {
        places(&self.folder).is_wanted()
    }
}

fn places(folder: &Folder) -> Places {
    Places::of(folder.path())
}

fn not_writable(folder: &Folder, error: &std::io::Error) -> OpenError {
    OpenError::NotWritable { path: folder.path().to_owned(), reason: error.to_string() }
}
