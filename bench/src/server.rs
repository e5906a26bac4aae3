//! Servers under test: started fresh, watched from outside, and stopped.

mod cluster;
mod metrics;
mod nats;
mod peer;

use std::fmt::Write;
use std::io::{BufRead, BufReader, Read};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::raw::Fault;
pub(crate) use cluster::Cluster;
pub(crate) use metrics::Counted;
pub(crate) use peer::Peer;

/// Until it is known where a server listens.
const NOWHERE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// Which program serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Program {
    /// The raw loop of this package.
    Raw,
    /// chinwag, from the folder where this program is.
    Chinwag,
    /// Another server.
    Peer(Peer),
}

/// How a server is set up, beyond what is so for all.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Setup {
    /// chinwag speaks TLS, too, with a certificate of its own making.
    pub(crate) tls: bool,
    /// chinwag's `presence_notices_max`, where it is not to be the default.
    pub(crate) presence_notices_max: Option<u32>,
}

/// A server that runs; it is ended when this is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    address: SocketAddr,
    certificate: Option<PathBuf>,
    /// A folder of its own, if it has one: it goes with it.
    _folder: Option<TempDir>,
}

/// Where servers keep what they store.
#[derive(Clone, Debug)]
pub(crate) struct Ground {
    /// The folder in which each gets one of its own. Its disk is what durability is measured on.
    pub(crate) folder: PathBuf,
    /// Other servers are left out.
    pub(crate) own: bool,
    /// What the raw loop does wrong.
    pub(crate) fault: Option<Fault>,
}

impl Ground {
    /// A new folder that goes when it is dropped.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn dig(&self) -> Result<TempDir> {
        std::fs::create_dir_all(&self.folder).context("make the folder for the servers")?;
        TempDir::new_in(&self.folder).context("make a folder for a server")
    }
}

impl Server {
    /// Starts one on loopback, at any free port and in a new folder; returns once it listens.
    ///
    /// # Errors
    /// If it can't be started, or ends, or never says where it listens.
    pub(crate) fn start(program: Program, setup: Setup, ground: &Ground) -> Result<Self> {
        let folder = ground.dig()?;
        let mut server = Self::launch(program, setup, folder.path(), ground.fault)?;
        server._folder = Some(folder);
        Ok(server)
    }

    /// The same in a folder that may hold what it stored before.
    ///
    /// # Errors
    /// As above.
    pub(crate) fn start_in(program: Program, setup: Setup, folder: &Path) -> Result<Self> {
        Self::launch(program, setup, folder, None)
    }

    fn launch(program: Program, setup: Setup, folder: &Path, fault: Option<Fault>) -> Result<Self> {
        let (mut address, mut certificate) = (NOWHERE, None);
        let command = match program {
            Program::Raw => {
                let mut command = quiet(Command::new(std::env::current_exe()?));
                command.args(["raw", "127.0.0.1:0"]).stdout(Stdio::piped());
                if let Some(fault) = fault.and_then(|fault| fault.to_possible_value()) {
                    command.args(["--fault", fault.get_name()]);
                }
                command
            }
            Program::Chinwag => {
                if setup.tls {
                    certificate = Some(make_certificate(folder)?);
                }
                serving(folder, &configuration(setup))?
            }
            Program::Peer(peer) => {
                address = peer::free_address()?;
                quiet(peer.command(folder, address)?)
            }
        };
        Self::spawn(command, address, certificate)
    }

    /// Starts chinwag with more in its configuration than it has by default; returns once it
    /// listens.
    ///
    /// # Errors
    /// As of [`start`](Self::start).
    fn start_with(more: &str, folder: &Path) -> Result<Self> {
        let text = configuration(Setup::default()) + more;
        Self::spawn(serving(folder, &text)?, NOWHERE, None)
    }

    /// What does not say where it listens listens at `address`.
    fn spawn(
        mut command: Command,
        address: SocketAddr,
        certificate: Option<PathBuf>,
    ) -> Result<Self> {
        let child = command
            .spawn()
            .with_context(|| format!("start {}", Path::new(command.get_program()).display()))?;
        let mut server = Self { child, address, certificate, _folder: None };
        match (server.child.stdout.take(), server.child.stderr.take()) {
            (Some(out), _) => server.address = listening(out)?,
            (None, Some(err)) => server.address = listening(err)?,
            (None, None) => peer::wait_for(&mut server.child, address)?,
        }
        Ok(server)
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The certificate that it shows, if it speaks TLS: a file in PEM.
    pub(crate) fn certificate(&self) -> Option<&Path> {
        self.certificate.as_deref()
    }

    /// Time of the processor that it took so far, in all its threads.
    ///
    /// # Errors
    /// If it has ended.
    pub(crate) fn time(&self) -> Result<Duration> {
        time_of(&self.child)
    }

    /// Bytes of memory that it has in use now (`VmRSS`, proc_pid_status(5)).
    ///
    /// # Errors
    /// If it has ended.
    pub(crate) fn memory(&self) -> Result<u64> {
        let path = format!("/proc/{}/status", self.child.id());
        let text = std::fs::read_to_string(path).context("the server has ended")?;
        let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib: u64 =
            line.and_then(|line| line.split_whitespace().next()).unwrap_or("").parse()?;
        Ok(kib * 1024)
    }

    /// What chinwag counted of itself so far.
    ///
    /// # Errors
    /// If it does not answer.
    pub(crate) fn counted(&self) -> Result<Counted> {
        metrics::read(self.address)
    }

    /// Whether chinwag says at `/readyz` that it stores what is sent (docs/monitoring.md).
    ///
    /// # Errors
    /// If it does not answer.
    pub(crate) fn is_ready(&self) -> Result<bool> {
        Ok(metrics::get(self.address, "/readyz")?.split(' ').nth(1) == Some("200"))
    }

    /// Asks it to end (SIGTERM), and waits until it has.
    ///
    /// # Errors
    /// If it does not end well.
    fn stop(mut self) -> Result<()> {
        if let Some(pid) = Pid::from_raw(i32::try_from(self.child.id())?) {
            kill_process(pid, Signal::TERM)?;
        }
        let status = self.child.wait()?;
        anyhow::ensure!(status.success(), "the server ended with {status}");
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Whether it ended well is no matter here: its folder goes too, or it recovers.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Time of the processor that a process took so far, in all its threads.
///
/// # Errors
/// If it has ended.
fn time_of(process: &Child) -> Result<Duration> {
    let path = format!("/proc/{}/stat", process.id());
    let text = std::fs::read_to_string(path).context("the server has ended")?;
    // The name of the program is in brackets, and may hold anything (proc_pid_stat(5)): user
    // time and system time are the 12th and 13th value behind it, in ticks.
    let (_, rest) = text.rsplit_once(')').context("a stat without a name")?;
    let ticks = rest.split_whitespace().skip(11).take(2).map(str::parse::<u64>);
    let ticks: u64 = ticks.collect::<Result<Vec<_>, _>>()?.iter().sum();
    let each = rustix::param::clock_ticks_per_second().max(1);
    Ok(Duration::from_nanos(ticks.saturating_mul(1_000_000_000 / each)))
}

/// With nothing to read, and with what it says lost, unless that is changed.
fn quiet(mut command: Command) -> Command {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// What has chinwag serve in a folder, configured so.
fn serving(folder: &Path, configuration: &str) -> Result<Command> {
    std::fs::write(folder.join("chinwag.toml"), configuration)
        .context("write chinwag's configuration")?;
    let mut command = quiet(Command::new(chinwag()?));
    command.args(["serve", "--config", "chinwag.toml"]).current_dir(folder).stderr(Stdio::piped());
    Ok(command)
}

/// chinwag's program: beside this one.
fn chinwag() -> Result<PathBuf> {
    Ok(std::env::current_exe().context("where this program is")?.with_file_name("chinwag"))
}

/// Everything as it is by default, but that loopback is one sender who says all: nobody is slowed
/// down for that.
fn configuration(setup: Setup) -> String {
    let mut text = String::from("[[listen]]\naddress = \"127.0.0.1:0\"\n");
    if setup.tls {
        text.push_str("tls = \"detect\"\n");
        text.push_str("[tls]\ncertificate = \"fullchain.pem\"\nkey = \"privkey.pem\"\n");
    }
    text.push_str("[limits]\nlines_per_second = 0\n");
    if let Some(most) = setup.presence_notices_max {
        // Writing to memory can't fail.
        let _ = writeln!(text, "presence_notices_max = {most}");
    }
    text
}

fn make_certificate(folder: &Path) -> Result<PathBuf> {
    let mut command = Command::new(chinwag()?);
    command.args(["make-certificate", "--name", "localhost", "--out", "."]);
    let status = command.current_dir(folder).stdout(Stdio::null()).status()?;
    if !status.success() {
        bail!("no certificate could be made: {status}");
    }
    Ok(folder.join("fullchain.pem"))
}

/// Reads until the server says where it listens; what it says later is read by a thread, so that it
/// never waits for a reader.
fn listening(from: impl Read + Send + 'static) -> Result<SocketAddr> {
    let mut from = BufReader::new(from);
    let mut said = String::new();
    loop {
        let mut line = String::new();
        if from.read_line(&mut line).context("what the server says")? == 0 {
            bail!("the server ended; it said:\n{said}");
        }
        let address = line.split_once("listening on ").and_then(|(_, rest)| {
            rest.split_whitespace().next().and_then(|address| address.parse().ok())
        });
        said.push_str(&line);
        if let Some(address) = address {
            std::thread::spawn(move || std::io::copy(&mut from, &mut std::io::sink()));
            return Ok(address);
        }
    }
}
