//! Servers under test: started fresh, watched from outside, and stopped.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// Which program serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Program {
    /// The raw loop of this package.
    Raw,
    /// chinwag, from the folder where this program is.
    Chinwag,
}

/// A server that runs, alone in a folder of its own; it is ended when this is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    address: SocketAddr,
    _folder: TempDir,
}

/// Where servers keep what they store.
#[derive(Clone, Debug)]
pub(crate) struct Ground {
    /// The folder in which each gets one of its own. Its disk is what durability is measured on.
    pub(crate) folder: PathBuf,
}

impl Server {
    /// Starts one on loopback, at any free port; returns once it listens.
    ///
    /// # Errors
    /// If it can't be started, or ends, or never says where it listens.
    pub(crate) fn start(program: Program, ground: &Ground) -> Result<Self> {
        std::fs::create_dir_all(&ground.folder).context("make the folder for the servers")?;
        let folder = TempDir::new_in(&ground.folder).context("make a folder for a server")?;
        let own = std::env::current_exe().context("where this program is")?;
        let mut command = match program {
            Program::Raw => {
                let mut command = Command::new(own);
                command.args(["raw", "127.0.0.1:0"]);
                command.stdout(Stdio::piped());
                command
            }
            Program::Chinwag => {
                let file = folder.path().join("chinwag.toml");
                std::fs::write(&file, CHINWAG).context("write chinwag's configuration")?;
                let path = own.with_file_name("chinwag");
                let mut command = Command::new(path);
                command.args(["serve", "--config", "chinwag.toml"]);
                command.current_dir(folder.path()).stderr(Stdio::piped());
                command
            }
        };
        let child = command
            .stdin(Stdio::null())
            .spawn()
            .with_context(|| format!("start {}", Path::new(command.get_program()).display()))?;
        let address = SocketAddr::from(([0; 4], 0));
        let mut server = Self { child, address, _folder: folder };
        server.address = match (server.child.stdout.take(), server.child.stderr.take()) {
            (Some(out), _) => listening(out)?,
            (None, Some(err)) => listening(err)?,
            (None, None) => bail!("nothing of the server's can be read"),
        };
        Ok(server)
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Time of the processor that it took so far, in all its threads.
    ///
    /// # Errors
    /// If it has ended.
    pub(crate) fn time(&self) -> Result<Duration> {
        let path = format!("/proc/{}/stat", self.child.id());
        let text = std::fs::read_to_string(path).context("the server has ended")?;
        // The name of the program is in brackets, and may hold anything (proc_pid_stat(5)): user
        // time and system time are the 12th and 13th value behind it, in ticks.
        let (_, rest) = text.rsplit_once(')').context("a stat without a name")?;
        let ticks = rest.split_whitespace().skip(11).take(2).map(str::parse::<u64>);
        let ticks: u64 = ticks.collect::<Result<Vec<_>, _>>()?.iter().sum();
        let each = rustix::param::clock_ticks_per_second().max(1);
        Ok(Duration::from_nanos(ticks.saturating_mul(1_000_000_000 / each)))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Whether it ended well is no matter here: its folder goes too.
        if let Some(pid) = Pid::from_raw(i32::try_from(self.child.id()).unwrap_or_default()) {
            let _ = kill_process(pid, Signal::KILL);
        }
        let _ = self.child.wait();
    }
}

/// Everything as it is by default, but that loopback is one sender who says all: nobody is slowed
/// down for that.
const CHINWAG: &str = "\
[[listen]]
address = \"127.0.0.1:0\"
[limits]
lines_per_second = 0
";

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
