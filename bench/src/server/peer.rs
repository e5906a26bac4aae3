//! Other servers, from Debian's packages: how they are set up to be measured.
//!
//! As with chinwag: nobody is slowed down, nobody's name is looked up, and queues are long.

use std::fmt::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// How long one may take until it listens.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server that is measured beside chinwag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    /// <https://ngircd.barton.de>
    Ngircd,
    /// <https://www.inspircd.org>
    Inspircd,
}

impl Peer {
    /// All of them.
    pub(crate) const ALL: [Self; 2] = [Self::Ngircd, Self::Inspircd];

    /// Its program, which is also the name of its Debian package.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ngircd => "ngircd",
            Self::Inspircd => "inspircd",
        }
    }

    /// Where its program is, if it is installed.
    pub(crate) fn program(self) -> Option<PathBuf> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        // Debian keeps servers where only the administrator's search begins.
        let folders = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
        folders.map(|folder| folder.join(self.name())).find(|program| program.is_file())
    }

    /// Whether it has `echo-message`, so that who speaks sees their own lines.
    pub(crate) fn has_echo(self) -> bool {
        self == Self::Inspircd
    }

    /// What starts it in the foreground with a configuration that it finds in `folder`.
    ///
    /// # Errors
    /// If it is not installed, or the configuration can't be written.
    pub(super) fn command(self, folder: &Path, address: SocketAddr) -> Result<Command> {
        let program = self.program().with_context(|| format!("{} is not there", self.name()))?;
        let file = std::path::absolute(folder)?.join("peer.conf");
        let (host, port) = (address.ip(), address.port());
        let mut text = String::new();
        let mut command = Command::new(program);
        match self {
            Self::Ngircd => {
                writeln!(text, "[Global]\nListen = {host}\nPorts = {port}\n{NGIRCD}")?;
                command.args(["--nodaemon", "--config"]).arg(&file);
            }
            Self::Inspircd => {
                writeln!(text, "<bind address=\"{host}\" port=\"{port}\" type=\"clients\">")?;
                text.push_str(INSPIRCD);
                command.args(["--nofork", "--runasroot", "--config"]).arg(&file);
            }
        }
        std::fs::write(&file, text).context("write the peer's configuration")?;
        command.current_dir(folder);
        Ok(command)
    }
}

/// An address on loopback that was free a moment ago.
///
/// # Errors
/// The system's.
pub(super) fn free_address() -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").context("no free port")?;
    Ok(listener.local_addr()?)
}

/// Waits until something listens there.
///
/// # Errors
/// If the program ends before, or takes too long.
pub(super) fn wait_for(child: &mut Child, address: SocketAddr) -> Result<()> {
    let begun = Instant::now();
    while TcpStream::connect(address).is_err() {
        if let Some(status) = child.try_wait()? {
            bail!("it ended with {status} before it listened");
        }
        if begun.elapsed() > PATIENCE {
            bail!("it does not listen");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// ngIRCd has no limit on what waits for a client but 3 MB, by the way it is built.
const NGIRCD: &str = "\
Name = irc.bench.example
Info = bench
AdminEMail = bench@bench.example
MotdPhrase = bench
[Limits]
MaxConnections = 0
MaxConnectionsIP = 0
MaxJoins = 0
MaxNickLength = 31
MaxPenaltyTime = 0
PingTimeout = 3600
PongTimeout = 3600
[Options]
DNS = no
Ident = no
PAM = no
";

const INSPIRCD: &str = r#"
<server name="irc.bench.example" description="bench" network="bench">
<admin name="bench" nick="bench" email="bench@bench.example">
<connect allow="*" timeout="60" pingfreq="3600" hardsendq="100000000" softsendq="100000000"
  recvq="1000000" threshold="1000000" commandrate="100000000" fakelag="no" localmax="100000"
  globalmax="100000" maxconnwarn="no" resolvehostnames="no" useident="no" limit="100000"
  maxchans="10000">
<performance netbuffersize="65534" somaxconn="4096" softlimit="100000" quietbursts="yes"
  clonesonconnect="no">
<limits maxnick="32" maxchan="64">
<options defaultmodes="n">
<log method="file" type="* -USERINPUT -USEROUTPUT" level="default" target="/dev/null">
<module name="cap">
<module name="ircv3">
<module name="ircv3_echomessage">
<module name="ircv3_servertime">
"#;
