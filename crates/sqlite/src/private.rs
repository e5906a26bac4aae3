//! Files that nobody but their owner can read: they hold private messages and password hashes.
//!
//! SQLite gives a write-ahead log and its shared memory the permissions of the database beside them
//! (sqlite.org/tempfiles.html), so a database that is made here first keeps them private, too.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// Read and written by the owner.
const MODE: u32 = 0o600;

/// What chinwag keeps in a data folder, by how the names begin: what SQLite puts beside a file begins
/// with the file's name. Other files in the folder are not chinwag's to change.
const NAMES: [&str; 7] =
    ["lock", "log.sqlite", "chinwag.sqlite", "search.sqlite", "cloak.key", "push.key", "seed-"];

/// How a private file is opened or made.
pub(crate) fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(MODE);
    options
}

/// Sees to it that a database is there and private, before SQLite opens it.
///
/// A failure is left to SQLite, which meets it again and says what it means for the file.
pub(crate) fn prepare(database: &Path) {
    // A file that is there is not opened: to close it again would end the locks that SQLite has on it in
    // this process (sqlite.org/howtocorrupt.html, section 2.2).
    drop(options().create_new(true).write(true).open(database));
    for end in ["", "-wal", "-shm"] {
        let mut path = database.as_os_str().to_owned();
        path.push(end);
        let _ = mend(Path::new(&path));
    }
}

/// Takes everyone but the owner out of a file's permissions. Returns whether that was necessary.
fn mend(path: &Path) -> io::Result<bool> {
    let told = fs::metadata(path)?;
    if !told.is_file() || told.permissions().mode() & 0o777 & !MODE == 0 {
        return Ok(false);
    }
    fs::set_permissions(path, Permissions::from_mode(MODE))?;
    Ok(true)
}

/// Makes private what is chinwag's in a data folder, such as what an earlier version or a copy with
/// other permissions has left there. The operator is told once.
pub(crate) fn mend_folder(folder: &Path) {
    let (mut mended, mut failed) = (0_usize, None);
    for path in files(folder) {
        match mend(&path) {
            Ok(true) => mended += 1,
            Ok(false) => {}
            Err(error) => failed = Some((path, error)),
        }
    }
    if mended > 0 {
        let folder = folder.display();
        tracing::warn!("{mended} files in {folder} were open to other users; they no longer are");
    }
    if let Some((path, error)) = failed {
        let path = path.display();
        tracing::error!("other users may read {path}, and that can't be changed: {error}");
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let is_own = NAMES.iter().any(|own| name.as_encoded_bytes().starts_with(own.as_bytes()));
        if !is_own {
            continue;
        }
        let path = entry.path();
        if path.is_dir() {
            // The folder of a copy for another node, or from one.
            found.extend(fs::read_dir(&path).into_iter().flatten().flatten().map(|e| e.path()));
        } else {
            found.push(path);
        }
    }
    found
}

/// Syncs a private file that is empty.
pub(crate) fn touch(path: &Path) -> io::Result<()> {
    let file: File = options().create(true).write(true).truncate(true).open(path)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn what_is_there_is_made_private_and_what_is_not_chinwags_stays() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("seed-whole")).unwrap();
        let files = ["log.sqlite", "log.sqlite-wal", "push.key", "seed-whole/log.sqlite"];
        for name in files.into_iter().chain(["notes.txt"]) {
            let path = folder.path().join(name);
            fs::write(&path, "").unwrap();
            fs::set_permissions(&path, Permissions::from_mode(0o664)).unwrap();
        }
        mend_folder(folder.path());
        for name in files {
            assert_eq!(mode(&folder.path().join(name)), 0o600, "{name}");
        }
        assert_eq!(mode(&folder.path().join("notes.txt")), 0o664);
    }

    #[test]
    fn a_stricter_mode_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cloak.key");
        fs::write(&path, "").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o400)).unwrap();
        mend_folder(folder.path());
        assert_eq!(mode(&path), 0o400);
    }
}
