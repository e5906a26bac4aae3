//! What addresses are cloaked with: a secret in the data folder, made at the first start.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::{Context, Result};

/// Bytes of the secret.
const KEY_BYTES: usize = 32;

/// Reads the secret, or makes it.
pub(crate) fn key(data: &Path) -> Result<Vec<u8>> {
    let path = data.join("cloak.key");
    match fs::read(&path) {
        Ok(key) if key.len() == KEY_BYTES => return Ok(key),
        Ok(_) => {
            anyhow::bail!("{} is damaged; delete it, and bans by host begin anew", path.display())
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => {
            return Err(error).with_context(|| format!("cannot read {}", path.display()));
        }
    }
    let mut key = vec![0; KEY_BYTES];
    getrandom::fill(&mut key).context("the system gives no random numbers")?;
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    let written = options.open(&path).and_then(|mut file| {
        file.write_all(&key)?;
        file.sync_all()
    });
    written.with_context(|| format!("cannot write {}", path.display()))?;
    Ok(key)
}
