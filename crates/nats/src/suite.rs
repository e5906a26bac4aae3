//! Real NATS servers for tests, on this machine.

#![allow(clippy::expect_used, clippy::panic, reason = "a test says by panicking what is wrong")]
#![allow(clippy::missing_panics_doc, reason = "everything here panics where it does not succeed")]

pub mod blocks;
pub mod login;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use chinwag_model::entry::Packet;
use chinwag_model::id::{NodeId, Seq};
use rustix::process::{Pid, Signal, kill_process};
use serde::de::IgnoredAny;
use tempfile::TempDir;

use crate::api::Api;
use crate::connection::{Runtime, open};
use crate::message;
use crate::options::{Login, Options, Tls};
use crate::stream::{self, Identity, Keys, RAW};

/// How long servers may take for whatever is asked of them.
const PATIENCE: Duration = Duration::from_secs(30);

/// The name and password of the node's account.
pub const USER: &str = "chinwag";
/// The password.
pub const PASSWORD: &str = "of servers under test";

/// Where a server runs.
#[derive(Clone, Debug)]
pub struct Place {
    /// The address that it listens on.
    pub address: Ipv4Addr,
    /// A command that runs what stands behind it there, as `nsenter --target 7 --net`; may be empty.
    pub through: Vec<String>,
}

/// How servers are set up, where not as docs/cluster.md says.
#[derive(Clone, Debug)]
pub struct Setup {
    /// How many there are.
    pub servers: usize,
    /// Where the first ones run; the others are on 127.0.0.1.
    pub places: Vec<Place>,
    /// `sync_interval`, if it is set.
    pub sync: Option<&'static str>,
    /// Who may log in, in place of [`USER`]: a list as it stands behind `users:`.
    pub users: Option<String>,
    /// Whether they tell the node's account how they are set up.
    pub exported: bool,
    /// What stands in place of all accounts, if something does.
    pub accounts: Option<String>,
    /// More settings.
    pub more: String,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            servers: 3,
            places: Vec::new(),
            sync: Some("always"),
            users: None,
            exported: true,
            accounts: None,
            more: String::new(),
        }
    }
}

/// Running servers; they end when this is dropped.
#[derive(Debug)]
pub struct Servers {
    folder: TempDir,
    servers: Vec<Server>,
}

#[derive(Debug)]
struct Server {
    place: Place,
    port: u16,
    monitor: u16,
    process: Option<Child>,
}

impl Servers {
    /// Starts servers, and waits until JetStream is ready.
    #[must_use]
    pub fn start(setup: &Setup) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let ports = free_ports(setup.servers * 3);
        let mut servers = Vec::new();
        let here = || Place { address: Ipv4Addr::LOCALHOST, through: Vec::new() };
        let place = |n: usize| setup.places.get(n).cloned().unwrap_or_else(here);
        for (n, own) in ports.chunks_exact(3).enumerate() {
            let routes: Vec<String> = (ports.chunks_exact(3).enumerate())
                .filter(|(other, _)| *other != n)
                .map(|(other, ports)| format!("nats://{}:{}", place(other).address, ports[2]))
                .collect();
            let server = Server { place: place(n), port: own[0], monitor: own[1], process: None };
            let text = configuration(setup, folder.path(), n, &server, own[2], &routes);
            fs::write(folder.path().join(format!("n{n}.conf")), text).expect("a file");
            servers.push(server);
        }
        let mut all = Self { folder, servers };
        for n in 0..setup.servers {
            all.begin(n);
        }
        all.wait_ready();
        all
    }

    /// The servers' URLs.
    #[must_use]
    pub fn urls(&self) -> Vec<String> {
        let url = |server: &Server| format!("nats://{}:{}", server.place.address, server.port);
        self.servers.iter().map(url).collect()
    }

    /// How a node called `a` with the number 0 finds this stream here.
    #[must_use]
    pub fn options(&self, stream: &str) -> Options {
        Options {
            servers: self.urls(),
            node: "a".to_owned(),
            id_of: |_| NodeId(0),
            stream: stream.to_owned(),
            replicas: self.servers.len(),
            login: Login::Password { user: USER.to_owned(), password: PASSWORD.to_owned() },
            tls: Tls::default(),
        }
    }

    /// Publishes something, as any client may that is let.
    pub fn publish(&self, subject: &str, payload: Vec<u8>) {
        let options = self.options("none");
        let runtime = Runtime::start().expect("a thread");
        runtime.block_on(async {
            let until = tokio::time::Instant::now() + PATIENCE;
            let client = open(&options, until).await.expect("a connection");
            client.publish(subject.to_owned(), payload.into()).await.expect("it is published");
            client.flush().await.expect("it is sent");
        });
    }

    /// Deletes the stream.
    pub fn delete(&self, stream: &str) {
        let options = self.options(stream);
        let runtime = Runtime::start().expect("a thread");
        runtime.block_on(async {
            let api = connect(&options).await;
            let _: IgnoredAny =
                api.ask("STREAM.DELETE", &serde_json::Value::Null).await.expect("it is deleted");
        });
    }

    /// Deletes the stream and makes it anew with these packets in it: as the same log, as a backup
    /// would, or as another one.
    pub fn replace(&self, stream: &str, as_the_same: bool, packets: &[Packet]) {
        let options = self.options(stream);
        let runtime = Runtime::start().expect("a thread");
        runtime.block_on(async {
            let api = connect(&options).await;
            let info = stream::info(&api).await.expect("an answer").expect("a stream");
            let mut identity = Identity::new(Keys::new()).expect("chance");
            if as_the_same {
                info.config.identity().expect("one of ours").clone_into(&mut identity.log);
            }
            let _: IgnoredAny =
                api.ask("STREAM.DELETE", &serde_json::Value::Null).await.expect("it is deleted");
            let made = stream::create(&api, &options, &identity, Seq(1)).await;
            made.expect("an answer").expect("it is made");
            for packet in packets {
                let stored = api.client().request(options.log_subject(), message::write(packet));
                stored.await.expect("it is stored");
            }
        });
    }

    /// Has the stream forget what it has by now, as if that had grown too old.
    pub fn trim(&self, stream: &str) {
        let options = self.options(stream);
        let runtime = Runtime::start().expect("a thread");
        runtime.block_on(async {
            let api = connect(&options).await;
            let info = stream::info(&api).await.expect("an answer").expect("a stream");
            let (before, last) = (info.config.clone(), info.state.last_seq);
            let mut short = info.config;
            short.max_age = 100_000_000;
            for config in [short, before] {
                let _: IgnoredAny = api
                    .ask("STREAM.UPDATE", &serde_json::json!(config))
                    .await
                    .expect("it can be changed");
                let until = Instant::now() + PATIENCE;
                while stream::info(&api)
                    .await
                    .expect("an answer")
                    .expect("a stream")
                    .state
                    .first_seq
                    <= last
                {
                    assert!(Instant::now() < until, "nothing grows too old");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        });
    }

    /// Starts a server that was killed.
    pub fn begin(&mut self, n: usize) {
        let folder = self.folder.path();
        let log = File::options()
            .create(true)
            .append(true)
            .open(folder.join(format!("n{n}.log")))
            .expect("a file");
        let program = program();
        let through = &self.servers[n].place.through;
        let mut command = match through.split_first() {
            Some((first, rest)) => {
                let mut command = Command::new(first);
                command.args(rest).arg(program);
                command
            }
            None => Command::new(program),
        };
        let process = command
            .arg("-c")
            .arg(folder.join(format!("n{n}.conf")))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("nats-server starts");
        self.servers[n].process = Some(process);
    }

    /// Kills a server at once, as a power cut of its machine would.
    pub fn kill(&mut self, n: usize) {
        if let Some(mut process) = self.servers[n].process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    /// Kills all servers at the same moment, as a power cut of all machines would.
    pub fn kill_all(&mut self) {
        for server in &mut self.servers {
            if let Some(process) = &mut server.process {
                let _ = process.kill();
            }
        }
        for n in 0..self.servers.len() {
            self.kill(n);
        }
    }

    /// Starts all servers, and waits until JetStream is ready.
    pub fn begin_all(&mut self) {
        for n in 0..self.servers.len() {
            self.begin(n);
        }
        self.wait_ready();
    }

    /// Stops a server in good order.
    pub fn stop(&mut self, n: usize) {
        if let Some(mut process) = self.servers[n].process.take() {
            let pid = Pid::from_child(&process);
            kill_process(pid, Signal::TERM).expect("it gets a signal");
            process.wait().expect("it ends");
        }
    }

    /// Has the stream compressed, as chinwag once made it. Servers that run go on as they did.
    pub fn compress(&self, stream: &str) {
        self.change(stream, |config| {
            config["compression"] = "s2".into();
            config["metadata"].as_object_mut().expect("a map").retain(|key, _| key != RAW);
        });
    }

    /// Changes the stream's configuration, as an operator may.
    pub fn change(&self, stream: &str, change: impl FnOnce(&mut serde_json::Value)) {
        let options = self.options(stream);
        let runtime = Runtime::start().expect("a thread");
        runtime.block_on(async {
            let api = connect(&options).await;
            let none = serde_json::Value::Null;
            let info: serde_json::Value =
                api.ask("STREAM.INFO", &none).await.expect("there is a stream");
            let mut config = info["config"].clone();
            change(&mut config);
            let _: IgnoredAny = api.ask("STREAM.UPDATE", &config).await.expect("it can be changed");
        });
    }

    /// What a server has of the stream on its disk: payloads by their numbers. It has to be stopped
    /// before, as it may have told its disk less than it has.
    ///
    /// # Errors
    /// What is wrong with a block.
    pub fn on_disk(&self, n: usize, stream: &str) -> Result<BTreeMap<u64, Vec<u8>>, String> {
        let folder =
            self.folder.path().join(format!("n{n}/jetstream/CHINWAG/streams/{stream}/msgs"));
        blocks::read(&folder)
    }

    /// Asserts that each server's disk has every message of the stream from 1 on as all others have
    /// it, and each with a good checksum. Stops the servers before, and gives the last number.
    pub fn assert_whole(&mut self, stream: &str) -> u64 {
        self.wait_current(stream);
        for n in 0..self.servers.len() {
            self.stop(n);
        }
        let copies: Vec<_> = (0..self.servers.len())
            .map(|n| self.on_disk(n, stream).unwrap_or_else(|why| panic!("server n{n}: {why}")))
            .collect();
        let (first, others) = copies.split_first().expect("a server");
        let last = u64::try_from(first.len()).expect("few");
        assert!(first.keys().copied().eq(1..=last), "n0 has {last} messages, with holes");
        for (seq, payload) in first {
            assert!(message::is_whole(payload), "message {seq} of n0 is damaged");
        }
        for (n, other) in others.iter().enumerate() {
            assert_eq!(other.len(), first.len(), "messages of n{} and of n0", n + 1);
            assert!(other == first, "n{} has other messages than n0", n + 1);
        }
        last
    }

    /// Waits until all copies of the stream have all of it.
    fn wait_current(&self, stream: &str) {
        wait_for("copy of all that is current", || {
            let last = |n: usize| {
                let told = self.told(n, "jsz?accounts=true&streams=true")?;
                let streams = told["account_details"][0]["stream_detail"].as_array()?.clone();
                let own = streams.iter().find(|told| told["name"] == stream)?;
                own["state"]["last_seq"].as_u64()
            };
            let all: Vec<_> = (0..self.servers.len()).map(last).collect();
            (all[0].is_some() && all.iter().all(|last| *last == all[0])).then_some(())
        });
    }

    /// Stops a server where it stands, or has it go on.
    pub fn pause(&self, n: usize, paused: bool) {
        let process = self.servers[n].process.as_ref().expect("it runs");
        let pid = i32::try_from(process.id()).ok().and_then(Pid::from_raw).expect("a process");
        let signal = if paused { Signal::STOP } else { Signal::CONT };
        kill_process(pid, signal).expect("it gets a signal");
    }

    /// Empties a server's store, as its disk's end would. The server has to be killed before.
    pub fn empty(&self, n: usize) {
        let _ = fs::remove_dir_all(self.folder.path().join(format!("n{n}")));
    }

    /// The server that leads the stream.
    #[must_use]
    pub fn leader(&self, stream: &str) -> usize {
        wait_for("a leader", || {
            (0..self.servers.len()).find(|n| {
                let told = self.told(*n, "jsz?accounts=true&streams=true").unwrap_or_default();
                let streams = told["account_details"][0]["stream_detail"].clone();
                let found = streams.as_array().into_iter().flatten();
                found
                    .filter(|told| told["name"] == stream)
                    .any(|told| told["cluster"]["leader"] == format!("n{n}"))
            })
        })
    }

    /// Waits until JetStream has a leader, of which all servers that run know.
    pub fn wait_ready(&self) {
        let running = self.servers.iter().filter(|server| server.process.is_some()).count();
        wait_for("JetStream", || {
            let known = (0..self.servers.len()).filter(|n| {
                let told = self.told(*n, "jsz").unwrap_or_default();
                let meta = &told["meta_cluster"];
                let led = meta["leader"].as_str().is_some_and(|leader| !leader.is_empty());
                led || (self.servers.len() == 1 && told["server_id"].is_string())
            });
            let led = known.count() == running;
            let healthy = (0..self.servers.len())
                .filter(|n| self.told(*n, "healthz").is_some_and(|told| told["status"] == "ok"));
            (led && healthy.count() == running).then_some(())
        });
    }

    /// What the server tells at its monitoring port.
    fn told(&self, n: usize, what: &str) -> Option<serde_json::Value> {
        let Server { place, monitor, process, .. } = &self.servers[n];
        process.as_ref()?;
        let address = SocketAddr::from((place.address, *monitor));
        let patience = Duration::from_secs(2);
        let mut stream = TcpStream::connect_timeout(&address, patience).ok()?;
        stream.set_read_timeout(Some(patience)).ok()?;
        write!(stream, "GET /{what} HTTP/1.0\r\n\r\n").ok()?;
        let mut text = String::new();
        stream.read_to_string(&mut text).ok()?;
        let (_, body) = text.split_once("\r\n\r\n")?;
        serde_json::from_str(body).ok()
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        for n in 0..self.servers.len() {
            self.kill(n);
        }
    }
}

async fn connect(options: &Options) -> Api {
    let until = tokio::time::Instant::now() + PATIENCE;
    Api::new(open(options, until).await.expect("a connection"), &options.stream)
}

fn configuration(
    setup: &Setup,
    folder: &Path,
    n: usize,
    server: &Server,
    route: u16,
    routes: &[String],
) -> String {
    let store = folder.join(format!("n{n}"));
    let Server { place: Place { address, .. }, port, monitor, .. } = server;
    let mut text = format!(
        "server_name: n{n}\nlisten: {address}:{port}\nhttp: {address}:{monitor}\nmax_payload: \
         2MB\n"
    );
    let sync = setup.sync.map_or(String::new(), |sync| format!(", sync_interval: {sync}"));
    let _ = writeln!(
        text,
        "jetstream {{ store_dir: \"{}\", max_mem: 64M, max_file: 2G{sync} }}",
        store.display()
    );
    if !routes.is_empty() {
        let _ = writeln!(
            text,
            "cluster {{ name: chinwag, listen: {address}:{route}, routes: [{}] }}",
            routes.join(", ")
        );
    }
    if let Some(accounts) = &setup.accounts {
        return format!("{text}{accounts}{}", setup.more);
    }
    let users = setup
        .users
        .clone()
        .unwrap_or_else(|| format!("[{{ user: {USER}, password: \"{PASSWORD}\" }}]"));
    let (exports, imports) = if setup.exported {
        (
            "exports: [{ service: \"$SYS.REQ.SERVER.PING.JSZ\", response_type: stream }]",
            "imports: [{ service: { account: SYS, subject: \"$SYS.REQ.SERVER.PING.JSZ\" } }]",
        )
    } else {
        ("", "")
    };
    let _ = writeln!(
        text,
        "system_account: SYS\naccounts {{\n SYS {{ {exports} }}\n CHINWAG {{ jetstream: enabled\n users: {users}\n {imports} }}\n}}\n{}",
        setup.more
    );
    text
}

/// Where the program is: named by `CHINWAG_NATS_SERVER`, or where `cargo xtask tools` puts it.
fn program() -> PathBuf {
    let own =
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tools/nats/bin/nats-server");
    let path = std::env::var_os("CHINWAG_NATS_SERVER").map_or_else(own, PathBuf::from);
    assert!(path.is_file(), "there is no {}; `cargo xtask tools` installs it", path.display());
    path
}

/// Ports that nobody uses just now.
fn free_ports(count: usize) -> Vec<u16> {
    let bound: Vec<TcpListener> =
        (0..count).map(|_| TcpListener::bind("127.0.0.1:0").expect("a port")).collect();
    bound.iter().map(|bound| bound.local_addr().expect("an address").port()).collect()
}

fn wait_for<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(Instant::now() < until, "there is no {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
