//! Three NATS servers on this machine, set up as docs/cluster.md says, but without TLS.

use std::fmt::Write;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use super::{metrics, quiet, time_of};

/// How many there are.
const SERVERS: usize = 3;

/// Where `cargo xtask tools` puts the program, below the workspace.
const PROGRAM: &str = "target/tools/nats/bin/nats-server";

/// What all nodes log in with.
pub(super) const PASSWORD: &str = "of servers under test";

/// How long they may take for what is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// Running servers; they end when this is dropped.
#[derive(Debug)]
pub(crate) struct Nats {
    folder: PathBuf,
    servers: Vec<One>,
}

#[derive(Debug)]
struct One {
    address: SocketAddr,
    monitor: SocketAddr,
    /// `None` while it is killed.
    process: Option<Child>,
}

impl Nats {
    /// Starts servers in a folder, for nodes of these names; returns once `JetStream` is ready.
    ///
    /// # Errors
    /// If the program is missing, or they do not come to agree.
    pub(super) fn start(folder: &Path, nodes: &[&str]) -> Result<Self> {
        let folder = std::path::absolute(folder)?;
        let listeners: Vec<TcpListener> = (0..3 * SERVERS)
            .map(|_| TcpListener::bind("127.0.0.1:0"))
            .collect::<Result<_, _>>()
            .context("no free ports")?;
        let free: Vec<SocketAddr> =
            listeners.iter().map(TcpListener::local_addr).collect::<Result<_, _>>()?;
        drop(listeners);
        let routes: Vec<SocketAddr> = free.iter().skip(2).step_by(3).copied().collect();
        let mut servers = Vec::new();
        for own in free.chunks_exact(3) {
            let [address, monitor, route] = own else { continue };
            let text = configuration(&folder, servers.len(), *address, *monitor, *route, &routes);
            let text = text + &accounts(nodes);
            std::fs::write(folder.join(format!("n{}.conf", servers.len())), text)
                .context("write the configuration of a NATS server")?;
            servers.push(One { address: *address, monitor: *monitor, process: None });
        }
        let mut all = Self { folder, servers };
        for n in 0..SERVERS {
            all.begin(n)?;
        }
        all.wait_ready()?;
        Ok(all)
    }

    /// The servers' URLs.
    pub(super) fn urls(&self) -> Vec<String> {
        self.servers.iter().map(|server| format!("nats://{}", server.address)).collect()
    }

    /// How many there are, with those that were killed.
    pub(crate) fn len(&self) -> usize {
        self.servers.len()
    }

    /// Starts a server that does not run.
    ///
    /// # Errors
    /// If the program is missing.
    pub(crate) fn begin(&mut self, n: usize) -> Result<()> {
        let program = std::env::var_os("CHINWAG_NATS_SERVER").map_or_else(
            || Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(PROGRAM),
            PathBuf::from,
        );
        ensure!(
            program.is_file(),
            "there is no {}; `cargo xtask tools` installs it",
            program.display()
        );
        let mut command = quiet(Command::new(program));
        command.arg("-c").arg(self.folder.join(format!("n{n}.conf")));
        let server = self.servers.get_mut(n).context("there is no such server")?;
        server.process = Some(command.spawn().context("start a NATS server")?);
        Ok(())
    }

    /// Kills a server at once, as a power cut of its machine would.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn kill(&mut self, n: usize) -> Result<()> {
        if let Some(mut process) = self.servers.get_mut(n).and_then(|one| one.process.take()) {
            process.kill()?;
            process.wait()?;
        }
        Ok(())
    }

    /// Time of the processor that those who run took so far, together.
    ///
    /// # Errors
    /// If one has ended.
    pub(crate) fn time(&self) -> Result<Duration> {
        self.servers.iter().filter_map(|server| server.process.as_ref()).map(time_of).sum()
    }

    /// Which of them leads the stream, once one does.
    ///
    /// # Errors
    /// If none does.
    pub(crate) fn leader(&self) -> Result<usize> {
        wait_for("no NATS server leads the stream", || {
            (0..self.servers.len())
                .find(|n| self.stream(*n)["cluster"]["leader"] == format!("n{n}"))
        })
    }

    /// The number of the stream's last entry.
    ///
    /// # Errors
    /// If nobody tells it.
    pub(crate) fn last(&self) -> Result<u64> {
        self.stream(self.leader()?)["state"]["last_seq"].as_u64().context("a stream has an end")
    }

    /// Waits until those who run have a leader and lack nothing.
    ///
    /// # Errors
    /// If that takes too long.
    pub(crate) fn wait_ready(&self) -> Result<()> {
        let is_ready = |n: usize| {
            let led = self.told(n, "/jsz")["meta_cluster"]["leader"].as_str().map(str::is_empty);
            led == Some(false) && self.told(n, "/healthz")["status"] == "ok"
        };
        let runs = |n: &usize| self.servers.get(*n).is_some_and(|one| one.process.is_some());
        wait_for("the NATS servers do not get ready", || {
            (0..self.servers.len()).filter(runs).all(is_ready).then_some(())
        })
    }

    /// What a server tells of the stream; there is only one.
    fn stream(&self, n: usize) -> Value {
        let told = self.told(n, "/jsz?accounts=true&streams=true");
        told["account_details"][0]["stream_detail"][0].clone()
    }

    /// What a server tells at its monitoring port; nothing if it does not run.
    fn told(&self, n: usize, path: &str) -> Value {
        let running = self.servers.get(n).filter(|server| server.process.is_some());
        let text = running.and_then(|server| metrics::get(server.monitor, path).ok());
        let body = text.as_ref().and_then(|text| text.split_once("\r\n\r\n"));
        body.and_then(|(_, body)| serde_json::from_str(body).ok()).unwrap_or_default()
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        for n in 0..self.servers.len() {
            // Its folder goes, too.
            let _ = self.kill(n);
        }
    }
}

fn configuration(
    folder: &Path,
    n: usize,
    address: SocketAddr,
    monitor: SocketAddr,
    route: SocketAddr,
    routes: &[SocketAddr],
) -> String {
    let others: Vec<String> =
        routes.iter().filter(|other| **other != route).map(|url| format!("nats://{url}")).collect();
    let store = folder.join(format!("n{n}"));
    format!(
        "server_name: n{n}\nlisten: {address}\nhttp: {monitor}\nmax_payload: 2MB\n\
         jetstream {{ store_dir: {store:?}, max_file: 100G, sync_interval: always }}\n\
         cluster {{ name: chinwag, listen: {route}, routes: [ {} ] }}\n",
        others.join(", ")
    )
}

/// Each node may speak in its own name, and do nothing else that it does not need.
fn accounts(nodes: &[&str]) -> String {
    let mut users = String::new();
    for node in nodes {
        // Writing to memory can't fail.
        let _ = writeln!(
            users,
            "{{ user: {node}, password: \"{PASSWORD}\", permissions: {{ \
             publish: [ \"chinwag.log.{node}\", \"chinwag.whisper.{node}\", \
             \"$SYS.REQ.SERVER.PING.JSZ\", \"$JS.API.STREAM.CREATE.chinwag\", \
             \"$JS.API.STREAM.INFO.chinwag\", \"$JS.API.STREAM.MSG.GET.chinwag\", \
             \"$JS.API.DIRECT.GET.chinwag\" ], \
             subscribe: [ \"chinwag.live.*\", \"chinwag.whisper.*\", \"_INBOX.>\" ] }} }}"
        );
    }
    format!(
        "system_account: SYS\naccounts {{\n\
         SYS {{ exports: [ {{ service: \"$SYS.REQ.SERVER.PING.JSZ\", response_type: stream }} ] }}\n\
         CHINWAG {{\njetstream: enabled\n\
         imports: [ {{ service: {{ account: SYS, subject: \"$SYS.REQ.SERVER.PING.JSZ\" }} }} ]\n\
         users: [\n{users}]\n}}\n}}\n"
    )
}

/// Asks until there is an answer.
fn wait_for<T>(failing: &str, mut found: impl FnMut() -> Option<T>) -> Result<T> {
    let begun = Instant::now();
    loop {
        if let Some(found) = found() {
            return Ok(found);
        }
        if begun.elapsed() > PATIENCE {
            bail!("{failing}");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}
