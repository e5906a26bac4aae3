//! A copy of the files as they are at one moment, made while they are written.
//!
//! A copy is made page by page within one reading of the file, which its writers do not wait for, and
//! not faster than it is allowed to be. As long as it goes on, what is written stays in the
//! write-ahead log, which grows.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use chinwag_storage::seed::{FILES, Files, Seed, SeedError, SeedFile, SeedSource};
use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};
use sha2::{Digest, Sha256};

use super::{NAMES, Places, failed, remove_folder};
use crate::database;
use crate::folder::Folder;
use crate::private;

/// Pages that are copied in one step: half a mebibyte, where they are of SQLite's usual size.
const PAGES: i32 = 128;

/// Bytes that are read in one step.
const PIECE_BYTES: usize = 512 * 1024;

/// How long a copy waits for a lock, in all.
const LOCKED_MAX: Duration = Duration::from_secs(10);
const LOCKED_PAUSE: Duration = Duration::from_millis(20);

/// Seeds of a data folder.
#[derive(Debug)]
pub struct SqliteSeeds {
    folder: Folder,
    bytes_per_second: u64,
    /// How many were made.
    count: AtomicU64,
}

impl SqliteSeeds {
    pub(crate) fn new(folder: Folder, bytes_per_second: u64) -> Self {
        Self { folder, bytes_per_second: bytes_per_second.max(1), count: AtomicU64::new(0) }
    }

    fn sources(&self) -> [PathBuf; FILES] {
        [self.folder.log(), self.folder.archive()]
    }
}

impl SeedSource for SqliteSeeds {
    fn bytes(&self) -> u64 {
        let bytes = |path: &Path| std::fs::metadata(path).map_or(0, |told| told.len());
        // What was written last is not in the file itself yet.
        let written = |path: &PathBuf| bytes(path) + bytes(&path.with_extension("sqlite-wal"));
        self.sources().iter().map(written).sum()
    }

    fn make(&self, going: &mut dyn FnMut(u64) -> bool) -> Result<Box<dyn Seed>, SeedError> {
        let places = Places::of(self.folder.path());
        places.check_room(self.bytes())?;
        // One that was given up may still be there for a moment.
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        let folder = places.outgoing().join(count.to_string());
        places.make(&folder)?;
        // From here on an error removes it.
        let mut made = SqliteSeed { folder, files: [EMPTY; FILES], open: Vec::new() };
        let mut pace = Pace::new(self.bytes_per_second);
        let mut done = 0;
        // First the log: its snapshot stands on what the archive has had before.
        for ((source, name), file) in self.sources().iter().zip(NAMES).zip(&mut made.files) {
            let path = made.folder.join(name);
            copy(source, &path, &mut |bytes| {
                pace.spent(bytes);
                going(done + bytes)
            })?;
            let opened = File::open(&path).map_err(|error| failed(&path, &error))?;
            *file = sum(&opened, &path, &mut || going(done))?;
            pace.spent(file.bytes);
            done += file.bytes;
            made.open.push(opened);
        }
        Ok(Box::new(made))
    }
}

const EMPTY: SeedFile = SeedFile { bytes: 0, sha256: [0; 32] };

/// A copy, in a folder that is removed with it.
#[derive(Debug)]
struct SqliteSeed {
    folder: PathBuf,
    files: Files,
    open: Vec<File>,
}

impl Seed for SqliteSeed {
    fn files(&self) -> Files {
        self.files
    }

    fn read(&self, file: usize, from: u64, bytes: usize) -> Result<Vec<u8>, SeedError> {
        let none = || SeedError::Failed { reason: format!("there is no file {file}") };
        let (told, open) = self.files.get(file).zip(self.open.get(file)).ok_or_else(none)?;
        let left = usize::try_from(told.bytes.saturating_sub(from)).unwrap_or(usize::MAX);
        let mut read = vec![0; bytes.min(left)];
        open.read_exact_at(&mut read, from).map_err(|error| failed(&self.folder, &error))?;
        Ok(read)
    }
}

impl Drop for SqliteSeed {
    fn drop(&mut self) {
        if let Err(error) = remove_folder(&self.folder) {
            tracing::warn!("cannot remove {}: {error}", self.folder.display());
        }
    }
}

/// Copies a file that others write. `going` is told of the bytes copied so far.
fn copy(from: &Path, to: &Path, going: &mut dyn FnMut(u64) -> bool) -> Result<(), SeedError> {
    let of = |error: rusqlite::Error| failed(from, &error);
    let source = database::open_to_read(from).map_err(of)?;
    // A reading that goes on sees the file as it was when it began; without it, each change of the
    // file by others would begin the copy anew.
    let reading = source.unchecked_transaction().map_err(of)?;
    let page_bytes: i64 = reading
        .query_row("SELECT page_size FROM pragma_page_size", [], |row| row.get(0))
        .map_err(of)?;
    let _: i64 = reading
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(of)?;
    private::prepare(to);
    let mut target = Connection::open(to).map_err(of)?;
    // It is not needed after an end.
    target.pragma_update_and_check(None, "journal_mode", "OFF", |_| Ok(())).map_err(of)?;
    target.pragma_update(None, "synchronous", "OFF").map_err(of)?;
    let backup = Backup::new(&source, &mut target).map_err(of)?;
    let mut locked = Duration::ZERO;
    loop {
        match backup.step(PAGES).map_err(of)? {
            StepResult::Done => return Ok(()),
            StepResult::More => {
                let progress = backup.progress();
                let pages = i64::from(progress.pagecount - progress.remaining);
                if !going(crate::int::unsigned(pages * page_bytes)) {
                    return Err(SeedError::GivenUp);
                }
            }
            _ if locked >= LOCKED_MAX => return Err(failed(from, &"it is locked")),
            _ => {
                sleep(LOCKED_PAUSE);
                locked += LOCKED_PAUSE;
            }
        }
    }
}

/// How long a file is, and its checksum.
fn sum(
    mut file: &File,
    path: &Path,
    going: &mut dyn FnMut() -> bool,
) -> Result<SeedFile, SeedError> {
    let (mut hasher, mut bytes) = (Sha256::new(), 0);
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let count = file.read(&mut piece).map_err(|error| failed(path, &error))?;
        if count == 0 {
            return Ok(SeedFile { bytes, sha256: hasher.finalize().into() });
        }
        hasher.update(piece.get(..count).unwrap_or_default());
        bytes += count as u64;
        if !going() {
            return Err(SeedError::GivenUp);
        }
    }
}

/// Has work take as long as it may at least.
#[derive(Debug)]
struct Pace {
    bytes_per_second: u64,
    began: Instant,
    /// What was done before the file that is copied now.
    before: u64,
    last: u64,
}

impl Pace {
    fn new(bytes_per_second: u64) -> Self {
        Self { bytes_per_second, began: Instant::now(), before: 0, last: 0 }
    }

    /// So many bytes of a file are done, of which there are more than when this was last told, or it is
    /// another file.
    fn spent(&mut self, bytes: u64) {
        if bytes < self.last {
            self.before += self.last;
        }
        self.last = bytes;
        let all = self.before + bytes;
        let due = Duration::from_millis(all.saturating_mul(1000) / self.bytes_per_second);
        sleep(due.saturating_sub(self.began.elapsed()));
    }
}
