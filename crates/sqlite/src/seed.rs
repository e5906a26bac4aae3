//! Seeds: copies of a folder's files for another node, made while they are in use; and the taking in of
//! one.
//!
//! | name | what it is | what becomes of it at a start |
//! |---|---|---|
//! | `seed-out` | a copy that is being given | it is removed |
//! | `seed-in` | a copy that is coming | it is removed |
//! | `seed-whole` | one that came and was checked | it takes its place |
//! | `seed-wanted` | says that the files here are not to be gone on with | it goes when a seed takes their place |
//!
//! A copy that came takes the place of the files in one moment: when its folder gets the name
//! `seed-whole`. What is left to do then is done again at the next start, if need be.

mod arrival;
mod check;
mod making;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use chinwag_storage::seed::{FILES, SeedError};

use crate::private;

pub use arrival::SqliteArrival;
pub use making::SqliteSeeds;

/// The files of a seed, in their order.
const NAMES: [&str; FILES] = ["log.sqlite", "chinwag.sqlite"];

/// What is made anew from them.
const INDEX: &str = "search.sqlite";

/// What SQLite may have put beside a file.
const BESIDE: [&str; 3] = ["", "-wal", "-shm"];

/// Room on the disk that a seed leaves, in bytes: 256 MiB.
const ROOM_LEFT: u64 = 256 << 20;

/// The names of seeds in a data folder.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    folder: PathBuf,
}

impl Places {
    pub(crate) fn of(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    fn outgoing(&self) -> PathBuf {
        self.folder.join("seed-out")
    }

    fn coming(&self) -> PathBuf {
        self.folder.join("seed-in")
    }

    fn whole(&self) -> PathBuf {
        self.folder.join("seed-whole")
    }

    fn wanted(&self) -> PathBuf {
        self.folder.join("seed-wanted")
    }

    /// Removes what an end has left half done, and does the rest of what was decided.
    pub(crate) fn tidy(&self) -> io::Result<()> {
        remove_folder(&self.outgoing())?;
        remove_folder(&self.coming())?;
        if self.whole().is_dir() { self.settle() } else { Ok(()) }
    }

    /// Puts the files of a whole seed in their places.
    fn settle(&self) -> io::Result<()> {
        let whole = self.whole();
        for name in NAMES {
            if whole.join(name).is_file() {
                self.remove_file(name)?;
                fs::rename(whole.join(name), self.folder.join(name))?;
            }
        }
        self.remove_file(INDEX)?;
        remove(&self.wanted())?;
        sync_folder(&self.folder)?;
        remove_folder(&whole)
    }

    /// Removes a file and what belongs to it, those first that would mean nothing without it.
    fn remove_file(&self, name: &str) -> io::Result<()> {
        BESIDE.iter().rev().try_for_each(|end| remove(&self.folder.join(format!("{name}{end}"))))
    }

    /// Says, durably, that the files are not to be gone on with.
    pub(crate) fn want(&self) -> io::Result<()> {
        private::touch(&self.wanted())?;
        sync_folder(&self.folder)
    }

    /// Whether that was said.
    pub(crate) fn is_wanted(&self) -> bool {
        self.wanted().exists()
    }

    /// A new folder of this name, for nobody else to read.
    fn make(&self, folder: &Path) -> Result<(), SeedError> {
        remove_folder(folder)
            .and_then(|()| {
                let mut builder = fs::DirBuilder::new();
                builder.recursive(true);
                #[cfg(unix)]
                std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
                builder.create(folder)
            })
            .map_err(|error| failed(folder, &error))
    }

    /// Whether there is room for so many bytes, and some to spare.
    fn check_room(&self, bytes: u64) -> Result<(), SeedError> {
        let told = rustix::fs::statvfs(&self.folder);
        let told = told.map_err(|error| failed(&self.folder, &error))?;
        let free = told.f_bavail.saturating_mul(told.f_frsize);
        let needed = bytes.saturating_add(ROOM_LEFT);
        if needed > free {
            return Err(SeedError::NoRoom { needed: needed / 1_000_000, free: free / 1_000_000 });
        }
        Ok(())
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn remove_folder(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

fn failed(path: &Path, error: &dyn std::fmt::Display) -> SeedError {
    SeedError::Failed { reason: format!("{}: {error}", path.display()) }
}

#[cfg(test)]
mod tests;
