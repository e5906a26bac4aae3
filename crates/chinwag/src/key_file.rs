//! Secrets in the data folder that are made at the first start.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::{Context, Result};

/// Reads a secret, or keeps the one that is made now; only the server's user can read it.
pub(crate) fn read_or_make(path: &Path, make: impl FnOnce() -> Result<Vec<u8>>) -> Result<Vec<u8>> {
    match fs::read(path) {
        Ok(key) => return Ok(key),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => {
            return Err(error).with_context(|| format!("cannot read {}", path.display()));
        }
    }
    let key = make()?;
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    let written = options.open(path).and_then(|mut file| {
        file.write_all(&key)?;
        file.sync_all()
    });
    written.with_context(|| format!("cannot write {}", path.display()))?;
    Ok(key)
}

/// Keeps this secret in place of whatever is there.
pub(crate) fn replace(path: &Path, key: &[u8]) -> Result<()> {
    let new = path.with_extension("new");
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let written = options.open(&new).and_then(|mut file| {
        file.write_all(key)?;
        file.sync_all()?;
        fs::rename(&new, path)
    });
    written.with_context(|| format!("cannot write {}", path.display()))
}
