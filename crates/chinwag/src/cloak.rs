//! What addresses are cloaked with: a secret in the data folder, made at the first start.

use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::key_file::read_or_make;

/// Bytes of the secret.
const KEY_BYTES: usize = 32;

/// Reads the secret, or makes it.
pub(crate) fn key(data: &Path) -> Result<Vec<u8>> {
    let path = data.join("cloak.key");
    let key = read_or_make(&path, || {
        let mut key = vec![0; KEY_BYTES];
        getrandom::fill(&mut key).context("the system gives no random numbers")?;
        Ok(key)
    })?;
    ensure!(
        key.len() == KEY_BYTES,
        "{} is damaged; delete it, and bans by host begin anew",
        path.display()
    );
    Ok(key)
}
