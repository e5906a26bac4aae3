//! The benchmarks: built in release, and run.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

/// Builds chinwag and the benchmarks, and runs those that the arguments name.
pub(crate) fn run(root: &Path, arguments: impl Iterator<Item = OsString>) -> Result<()> {
    let packages = ["--package", "chinwag", "--package", "chinwag-bench"];
    crate::cargo(root, &[&["build", "--release", "--quiet"][..], &packages].concat(), &[])?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(root).args(["run", "--release", "--quiet", "--package", "chinwag-bench"]);
    let status =
        command.args(["--", "run"]).args(arguments).status().context("cannot run cargo")?;
    if !status.success() {
        bail!("the benchmarks ended with {status}");
    }
    Ok(())
}
