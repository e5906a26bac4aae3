//! The real server, as its own process.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process, prlimit};
use tempfile::TempDir;

use super::PATIENCE;

/// The name that servers greet with here.
pub(crate) const NAME: &str = "chat.test";

/// Lines of the log that a failure shows.
const LOG_LINES_SHOWN: usize = 30;

/// What a server logged so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.lock().expect("no test panics here").clone()
    }

    /// The end of the log, for a failure's message.
    pub(crate) fn tail(&self) -> String {
        let lines = self.lines();
        let from = lines.len().saturating_sub(LOG_LINES_SHOWN);
        format!("the server's log ends:\n  {}", lines[from..].join("\n  "))
    }

    fn push(&self, line: String) {
        self.0.lock().expect("no test panics here").push(line);
    }
}

/// How a server is to be started. Its data is a new folder, kept while the settings live.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    keys: BTreeMap<String, String>,
    listen: BTreeMap<String, String>,
    environment: BTreeMap<String, PathBuf>,
    through: Vec<String>,
    address: String,
    folder: Arc<TempDir>,
    data: PathBuf,
}

impl Settings {
    /// As the defaults are, but for what would slow a test: pacing is off, and passwords are
    /// hashed cheaply. Connections are divided between two threads, whatever machine this is.
    pub(crate) fn new() -> Self {
        let folder = TempDir::with_prefix("chinwag-test-").expect("a folder for the test");
        let mut keys = BTreeMap::new();
        for (key, value) in [
            ("server.name", "\"chat.test\""),
            ("server.connection_threads", "2"),
            ("limits.lines_per_second", "0"),
            ("accounts.password.memory_kib", "1024"),
            ("accounts.password.passes", "1"),
        ] {
            keys.insert(key.to_owned(), value.to_owned());
        }
        let data = folder.path().join("data");
        Self {
            keys,
            listen: BTreeMap::new(),
            environment: BTreeMap::new(),
            through: Vec::new(),
            address: "127.0.0.1:0".to_owned(),
            folder: Arc::new(folder),
            data,
        }
    }

    /// Sets a key of the configuration, as in `limits.line_bytes`, to a TOML value.
    pub(crate) fn set(mut self, key: &str, value: impl ToString) -> Self {
        self.keys.insert(key.to_owned(), value.to_string());
        self
    }

    /// Sets a key of the only listener to a TOML value.
    pub(crate) fn listen(mut self, key: &str, value: impl ToString) -> Self {
        self.listen.insert(key.to_owned(), value.to_string());
        self
    }

    /// Sets a variable of its environment to a path.
    pub(crate) fn environment(mut self, variable: &str, path: impl Into<PathBuf>) -> Self {
        self.environment.insert(variable.to_owned(), path.into());
        self
    }

    /// Has it believe what a proxy on this machine says of where its connections come from.
    pub(crate) fn behind_proxy(self) -> Self {
        self.listen("proxy_from", "[\"127.0.0.0/8\"]")
    }

    /// Has it run by another command, which is told what to run.
    pub(crate) fn through(mut self, command: &[impl ToString]) -> Self {
        self.through = command.iter().map(ToString::to_string).collect();
        self
    }

    /// Has it listen at this address; without it, at a free port of 127.0.0.1.
    pub(crate) fn address(mut self, address: impl ToString) -> Self {
        self.address = address.to_string();
        self
    }

    /// Has the data there.
    pub(crate) fn data_at(mut self, data: impl Into<PathBuf>) -> Self {
        self.data = data.into();
        self
    }

    /// Where the data is.
    pub(crate) fn data(&self) -> &Path {
        &self.data
    }

    /// Starts a server, and waits until it listens.
    pub(crate) fn start(&self) -> Server {
        Server::start_with(self)
    }

    /// Starts a server, and waits for nothing.
    pub(crate) fn begin(&self) -> Begun {
        Begun { settings: self.clone(), run: Run::of(self.command()) }
    }

    /// Starts a server that can't start.
    pub(crate) fn start_in_vain(&self) -> InVain {
        let begun = Instant::now();
        let mut run = Run::of(self.command());
        match run.heard.recv_timeout(PATIENCE) {
            Err(RecvTimeoutError::Disconnected) => {}
            Ok(address) => panic!("it listens on {address}, but must not start"),
            Err(RecvTimeoutError::Timeout) => panic!("it neither starts nor ends"),
        }
        let status = run.child.wait().expect("the process can be waited for");
        InVain { status, said: run.log.lines(), took: begun.elapsed() }
    }

    /// The command that starts a server.
    pub(crate) fn command(&self) -> Command {
        let mut command = self.command_of(&["serve"]);
        if self.listen.is_empty() {
            command.arg("--listen").arg(&self.address);
        }
        command
    }

    /// Another command, with the same configuration and data.
    pub(crate) fn command_of(&self, words: &[&str]) -> Command {
        let config = self.folder.path().join("chinwag.toml");
        std::fs::write(&config, self.toml()).expect("the configuration can be written");
        let mut all = self.through.clone();
        all.push(env!("CARGO_BIN_EXE_chinwag").to_owned());
        let mut command = Command::new(&all[0]);
        command
            .args(&all[1..])
            .args(words)
            .arg("--config")
            .arg(config)
            .arg("--data")
            .arg(&self.data);
        command.current_dir(self.folder.path()).stdin(Stdio::null()).stdout(Stdio::null());
        for (key, _) in std::env::vars_os() {
            if key.to_string_lossy().starts_with("CHINWAG_") {
                command.env_remove(key);
            }
        }
        command.envs(&self.environment);
        command
    }

    fn toml(&self) -> String {
        let mut toml: String =
            self.keys.iter().map(|(key, value)| format!("{key} = {value}\n")).collect();
        if !self.listen.is_empty() {
            toml.push_str(&format!("[[listen]]\naddress = \"{}\"\n", self.address));
            toml.extend(self.listen.iter().map(|(key, value)| format!("{key} = {value}\n")));
        }
        toml
    }
}

/// What came of a start in vain.
#[derive(Debug)]
pub(crate) struct InVain {
    pub(crate) status: ExitStatus,
    /// Its lines on standard error.
    pub(crate) said: Vec<String>,
    pub(crate) took: Duration,
}

impl InVain {
    /// Asserts that it ended as the contract says: exit 1, in under a second, with one line that
    /// holds each of `words`.
    pub(crate) fn assert_said_in_one_line(&self, words: &[&str]) {
        self.assert_said(words);
        assert!(self.took < Duration::from_secs(1), "it took too long: {self:#?}");
    }

    /// The same of one that may have to ask others, which takes as long as they do.
    pub(crate) fn assert_said(&self, words: &[&str]) {
        assert_eq!(self.status.code(), Some(1), "{self:#?}");
        let [line] = &self.said[..] else { panic!("not one line: {self:#?}") };
        for word in words {
            assert!(line.contains(word), "no {word:?} in {line:?}");
        }
    }
}

/// A process, and what is heard of it.
#[derive(Debug)]
struct Run {
    child: Child,
    log: Log,
    /// The address that it listens on; disconnected once the process has ended.
    heard: Receiver<SocketAddr>,
}

impl Run {
    fn of(mut command: Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().expect("the server can be run");
        let stderr = child.stderr.take().expect("standard error is a pipe");
        let log = Log::default();
        let (say, heard) = channel();
        let kept = log.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines() {
                let Ok(line) = line else { break };
                let address = line
                    .split_once("listening on ")
                    .and_then(|(_, rest)| rest.split(' ').next()?.parse().ok());
                kept.push(line);
                if let Some(address) = address {
                    // Nobody may care any more.
                    let _ = say.send(address);
                }
            }
        });
        Self { child, log, heard }
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        // It may well have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A server that may not listen yet; killed when dropped.
#[derive(Debug)]
pub(crate) struct Begun {
    settings: Settings,
    run: Run,
}

impl Begun {
    pub(crate) fn log(&self) -> &Log {
        &self.run.log
    }

    /// Waits until it listens.
    pub(crate) fn wait(self, patience: Duration) -> Server {
        match self.run.heard.recv_timeout(patience) {
            Ok(address) => Server { settings: self.settings, run: self.run, address },
            Err(_) => panic!("the server does not listen; {}", self.run.log.tail()),
        }
    }

    /// Stops it with SIGTERM; it must end well.
    pub(crate) fn stop(mut self) {
        kill_process(Pid::from_child(&self.run.child), Signal::TERM).expect("the server runs");
        match self.run.heard.recv_timeout(PATIENCE) {
            Err(RecvTimeoutError::Disconnected) => {}
            other => panic!("it does not end, {other:?}; {}", self.run.log.tail()),
        }
        let status = self.run.child.wait().expect("the process can be waited for");
        assert_eq!(status.code(), Some(0), "it ended badly; {}", self.run.log.tail());
    }

    /// Ends it with SIGKILL.
    pub(crate) fn kill(mut self) {
        self.run.child.kill().expect("the process can be killed");
        self.run.child.wait().expect("the process can be waited for");
    }
}

/// A running server; killed when dropped.
#[derive(Debug)]
pub(crate) struct Server {
    settings: Settings,
    run: Run,
    address: SocketAddr,
}

impl Server {
    /// One with the usual settings.
    pub(crate) fn start() -> Self {
        Settings::new().start()
    }

    fn start_with(settings: &Settings) -> Self {
        let run = Run::of(settings.command());
        match run.heard.recv_timeout(PATIENCE) {
            Ok(address) => Self { settings: settings.clone(), run, address },
            Err(_) => panic!("the server does not listen; {}", run.log.tail()),
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn log(&self) -> &Log {
        &self.run.log
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Its process.
    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.run.child)
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("the server runs");
    }

    /// Stops it with SIGTERM; it must end well.
    pub(crate) fn stop(&mut self) {
        self.stop_with(Signal::TERM);
    }

    /// Stops it with this signal; it must end well.
    pub(crate) fn stop_with(&mut self, signal: Signal) {
        self.signal(signal);
        let status = self.ended();
        assert_eq!(status.code(), Some(0), "{signal:?} ended it badly; {}", self.log().tail());
    }

    /// Waits until it has ended by itself.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        match self.run.heard.recv_timeout(PATIENCE) {
            Err(RecvTimeoutError::Disconnected) => {}
            other => panic!("the server does not end, {other:?}; {}", self.log().tail()),
        }
        self.run.child.wait().expect("the process can be waited for")
    }

    /// Ends it as a power cut would end the process, with SIGKILL.
    pub(crate) fn kill(&mut self) {
        self.run.child.kill().expect("the process can be killed");
        self.run.child.wait().expect("the process can be waited for");
    }

    /// Starts it again with the same data, at another port, after it was stopped or killed.
    pub(crate) fn start_again(&mut self) {
        *self = Self::start_with(&self.settings);
    }

    /// Starts it again with the same data and at the same port.
    pub(crate) fn start_again_in_place(&mut self) {
        let settings = self.settings.clone().address(self.address);
        *self = Self::start_with(&settings);
    }

    /// Sets how large its files may become, in bytes; `None` for no limit.
    pub(crate) fn limit_files(&self, bytes: Option<u64>) {
        let limit = Rlimit { current: bytes, maximum: None };
        prlimit(Some(self.pid()), Resource::Fsize, limit).expect("its limits can be set");
    }

    /// How much memory it holds, in KiB.
    pub(crate) fn memory_kib(&self) -> u64 {
        self.memory("VmRSS:")
    }

    /// How much memory it has held at most, in KiB.
    pub(crate) fn memory_kib_max(&self) -> u64 {
        self.memory("VmHWM:")
    }

    fn memory(&self, which: &str) -> u64 {
        let path = format!("/proc/{}/status", self.pid());
        let status = std::fs::read_to_string(path).expect("the server runs, on Linux");
        let line = status.lines().find_map(|line| line.strip_prefix(which));
        let count = line.and_then(|line| line.trim().strip_suffix(" kB")).map(str::trim);
        count.and_then(|count| count.parse().ok()).expect("Linux tells the resident memory")
    }
}
