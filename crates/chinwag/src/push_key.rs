//! By what push services know the server: a key in the data folder, made at the first start.

use std::path::Path;

use anyhow::{Context, Result};
use chinwag_server::vapid::Vapid;

use crate::key_file::read_or_make;

/// Reads the key, or makes it.
pub(crate) fn key(data: &Path) -> Result<Vapid> {
    let path = data.join("push.key");
    let kept =
        read_or_make(&path, || Vapid::generate().context("the system gives no random numbers"))?;
    Vapid::read(&kept).with_context(|| {
        format!("{} is damaged; delete it, and devices have to register again", path.display())
    })
}
