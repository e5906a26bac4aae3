//! The benchmarks: built in release, and run.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

/// The servers that chinwag is measured beside: each program's name is its Debian package's, too.
const PEERS: &[(&str, &str)] =
    &[("/usr/sbin/ngircd", "ngircd"), ("/usr/sbin/inspircd", "inspircd")];

/// Builds chinwag and the benchmarks, and runs those that the arguments name. With
/// `--install-peers`, first installs the servers to compare with, where they are missing; for the
/// cluster's case, NATS.
pub(crate) fn run(root: &Path, arguments: impl Iterator<Item = OsString>) -> Result<()> {
    let mut arguments: Vec<OsString> = arguments.collect();
    let all = arguments.len();
    arguments.retain(|argument| argument != "--install-peers");
    if arguments.len() < all {
        crate::tools::install_missing(PEERS)?;
    }
    let text = |argument: &OsString| argument.to_string_lossy().into_owned();
    let is_all = !arguments.iter().any(|argument| text(argument).starts_with("--case"));
    if is_all || arguments.iter().any(|argument| text(argument).ends_with("cluster")) {
        crate::tools::install_nats(root)?;
    }
    let packages = ["--package", "chinwag", "--package", "chinwag-bench"];
    crate::cargo(root, &[&["build", "--release", "--quiet"][..], &packages].concat(), &[])?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(root).args(["run", "--release", "--quiet", "--package", "chinwag-bench"]);
    let status = command
        .args(["--bin", "chinwag-bench", "--", "run"])
        .args(arguments)
        .status()
        .context("cannot run cargo")?;
    if !status.success() {
        bail!("the benchmarks ended with {status}");
    }
    Ok(())
}
