//! A seed on its way in.

use std::fs::{self, File};
use std::io::Write;

use chinwag_model::id::Seq;
use chinwag_storage::seed::{FILE_BYTES_MAX, FILES, Files, SeedError, SeedSink};
use sha2::{Digest, Sha256};

use super::{NAMES, Places, check, failed, sync_folder};
use crate::folder::Folder;
use crate::private;

/// Takes a seed into a data folder whose files nobody has open.
#[derive(Debug)]
pub struct SqliteArrival {
    folder: Folder,
    coming: Option<Coming>,
}

/// What came so far.
#[derive(Debug)]
struct Coming {
    files: Files,
    open: [File; FILES],
    sums: [Sha256; FILES],
    bytes: [u64; FILES],
}

impl SqliteArrival {
    pub(crate) fn new(folder: Folder) -> Self {
        Self { folder, coming: None }
    }
}

impl SeedSink for SqliteArrival {
    fn begin(&mut self, files: &Files) -> Result<(), SeedError> {
        self.coming = None;
        if files.iter().any(|file| file.bytes > FILE_BYTES_MAX) {
            return Err(SeedError::Damaged { what: "a file of impossible length".to_owned() });
        }
        let places = Places::of(self.folder.path());
        places.check_room(files.iter().map(|file| file.bytes).sum())?;
        let folder = places.coming();
        places.make(&folder)?;
        let create = |name| {
            let path = folder.join(name);
            let made = private::options().write(true).create_new(true).open(&path);
            made.map_err(|error| failed(&path, &error))
        };
        let [log, archive] = NAMES;
        let open = [create(log)?, create(archive)?];
        let sums = [Sha256::new(), Sha256::new()];
        self.coming = Some(Coming { files: *files, open, sums, bytes: [0; FILES] });
        Ok(())
    }

    fn put(&mut self, file: usize, bytes: &[u8]) -> Result<(), SeedError> {
        let more = || SeedError::Damaged { what: "more than was told".to_owned() };
        let coming = self.coming.as_mut().ok_or_else(more)?;
        let told = coming.files.get(file).ok_or_else(more)?;
        let (Some(open), Some(sum), Some(count)) =
            (coming.open.get_mut(file), coming.sums.get_mut(file), coming.bytes.get_mut(file))
        else {
            return Err(more());
        };
        *count += bytes.len() as u64;
        if *count > told.bytes {
            return Err(more());
        }
        sum.update(bytes);
        open.write_all(bytes)
            .map_err(|error| failed(&Places::of(self.folder.path()).coming(), &error))
    }

    fn finish(&mut self, log: &str, first: Seq) -> Result<(), SeedError> {
        let less = || SeedError::Damaged { what: "less than was told".to_owned() };
        let coming = self.coming.take().ok_or_else(less)?;
        let places = Places::of(self.folder.path());
        let of = |error: &dyn std::fmt::Display| failed(&places.coming(), error);
        for (((told, open), sum), bytes) in
            coming.files.iter().zip(&coming.open).zip(coming.sums).zip(coming.bytes)
        {
            if bytes != told.bytes {
                return Err(less());
            }
            if <[u8; 32]>::from(sum.finalize()) != told.sha256 {
                let what = "it does not match its checksum".to_owned();
                return Err(SeedError::Damaged { what });
            }
            open.sync_all().map_err(|error| of(&error))?;
        }
        let [log_file, archive_file] = NAMES.map(|name| places.coming().join(name));
        check::check(&log_file, &archive_file, log, first)?;
        // Checking may have brought them to a newer format.
        for path in [&log_file, &archive_file] {
            File::open(path).and_then(|file| file.sync_all()).map_err(|error| of(&error))?;
        }
        let take = || {
            sync_folder(&places.coming())?;
            fs::rename(places.coming(), places.whole())?;
            sync_folder(&places.folder)?;
            places.settle()
        };
        take().map_err(|error| failed(&places.folder, &error))
    }
}
