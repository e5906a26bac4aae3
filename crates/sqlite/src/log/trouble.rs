//! What an error of SQLite's means for a packet.

use std::fs;
use std::io::{self, ErrorKind, Seek, SeekFrom, Write};
use std::path::Path;

use chinwag_model::outcome::NotStored;
use rusqlite::{ErrorCode, ffi};

use crate::private;

/// Why a commit into this file failed.
pub(super) fn why(error: &rusqlite::Error, file: &Path) -> NotStored {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => NotStored::DiskFull,
        // SQLite takes only ENOSPC for a full disk, and does not pass on what else the system
        // said; a quota or a limit on the size of files is found by trying.
        Some(ErrorCode::SystemIoFailure) if !has_room(file) => NotStored::DiskFull,
        _ => NotStored::StoreFailed,
    }
}

/// Whether a commit that failed so can't be found later in any case.
///
/// A transaction counts once its last page, which says so, is in the write-ahead log. An error
/// while pages are written, or before, means that this one is not; an error of a later step (the
/// fsync, the index in shared memory) leaves it open.
pub(super) fn is_surely_undone(error: &rusqlite::Error) -> bool {
    match error {
        rusqlite::Error::SqliteFailure(failure, _) => {
            failure.extended_code == ffi::SQLITE_IOERR_WRITE
                || matches!(
                    failure.code,
                    ErrorCode::DiskFull
                        | ErrorCode::DatabaseBusy
                        | ErrorCode::DatabaseLocked
                        | ErrorCode::ReadOnly
                        | ErrorCode::ConstraintViolation
                        | ErrorCode::TooBig
                )
        }
        _ => false,
    }
}

/// Whether a file beside this one can hold as much as its write-ahead log, and a little more.
fn has_room(file: &Path) -> bool {
    const MORE_BYTES: usize = 64 * 1024;
    let probe = file.with_extension("probe");
    let length = fs::metadata(file.with_extension("sqlite-wal")).map_or(0, |wal| wal.len());
    let write = || -> io::Result<()> {
        let mut probe = private::options().create(true).write(true).truncate(true).open(&probe)?;
        probe.seek(SeekFrom::Start(length))?;
        probe.write_all(&[0; MORE_BYTES])
    };
    let written = write();
    // What is left behind is small, and written over the next time.
    let _ = fs::remove_file(&probe);
    !written.is_err_and(|error| {
        matches!(
            error.kind(),
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge
        )
    })
}
