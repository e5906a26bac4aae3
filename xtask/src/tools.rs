//! What the tests need on a machine, installed where it is missing.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// A program, and the Debian package that has it.
const PACKAGES: &[(&str, &str)] = &[
    ("irssi", "irssi"),
    ("nc", "netcat-openbsd"),
    ("openssl", "openssl"),
    ("tmux", "tmux"),
    ("weechat", "weechat-curses"),
];

/// Installs what is missing, or says how it is to be had.
pub(crate) fn install(root: &Path) -> Result<()> {
    install_missing(PACKAGES)?;
    let nextest = Command::new("cargo")
        .args(["nextest", "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if !nextest.is_ok_and(|status| status.success()) {
        crate::cargo(root, &["install", "cargo-nextest", "--locked"], &[])?;
    }
    Ok(())
}

/// Installs the packages whose programs are not there; a program may be named with its folder.
pub(crate) fn install_missing(packages: &[(&str, &str)]) -> Result<()> {
    let missing: Vec<&str> =
        packages.iter().filter(|(program, _)| !is_there(program)).map(|(_, p)| *p).collect();
    if missing.is_empty() { Ok(()) } else { install_packages(&missing) }
}

fn is_there(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

fn install_packages(packages: &[&str]) -> Result<()> {
    let names = packages.join(" ");
    if !is_there("apt-get") {
        bail!("these Debian packages are missing, or what is like them here: {names}");
    }
    let sudo = if is_there("sudo") { &["sudo"][..] } else { &[] };
    for arguments in [&["update", "-qq"][..], &[&["install", "-y", "-qq"][..], packages].concat()] {
        let all = [sudo, &["apt-get"][..], arguments].concat();
        let (program, rest) = all.split_first().context("there is a program")?;
        let status = Command::new(program)
            .args(rest)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .stdout(Stdio::null())
            .status()
            .context("cannot run apt-get")?;
        if !status.success() {
            bail!("apt-get failed; install these packages by hand: {names}");
        }
    }
    Ok(())
}
