//! Servers over one log in memory: as one machine is one of several.

#![allow(clippy::expect_used, clippy::panic, reason = "a test says by panicking what is wrong")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::num::NonZero;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chinwag_face::irc::IrcPolicy;
use chinwag_model::entry::Packet;
use chinwag_model::id::Seq;
use chinwag_model::intent::Intent;
use chinwag_model::node::NodeName;
use chinwag_model::outcome::NotStored;
use chinwag_node::health::Pace;
use chinwag_node::node::Part;
use chinwag_server::cluster::{Cluster, Differs};
use chinwag_server::options::{
    Address, Faces, Limits, ListenOptions, Options, Peers, Policy, TlsUse,
};
use chinwag_server::server::{Server, StartError};
use chinwag_storage::log::{Log, LogError, LogSink, Logged, Snapshot};
use chinwag_storage::memory::{MemoryArchive, MemoryLog, MemoryWhispers};

/// How long something may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// The times of a cluster that is in a hurry.
const PACE: Pace = Pace {
    beat: Duration::from_millis(100),
    beats_max: 8,
    stalled: Duration::from_millis(300),
    cut_off: Duration::from_millis(1_200),
    close: Duration::from_secs(3),
};

/// The log, and the way of whispers.
#[derive(Default)]
struct Ground {
    log: MemoryLog,
    whispers: MemoryWhispers,
}

/// The log, but that it hides what is said: as to one that reads it wrongly.
struct Misread(MemoryLog);

impl Log for Misread {
    fn snapshot(&mut self) -> Result<Option<Snapshot>, LogError> {
        self.0.snapshot()
    }

    fn follow(&mut self, after: Seq, mut sink: LogSink) -> Result<Seq, LogError> {
        let misread = move |mut logged| {
            if let Logged::Entry(entry) = &mut logged {
                for request in &mut entry.packet.requests {
                    if matches!(request.intent, Intent::Say { .. }) {
                        request.intent = Intent::Nothing;
                    }
                }
            }
            sink(logged);
        };
        self.0.follow(after, Box::new(misread))
    }

    fn append(&mut self, packet: Packet) {
        self.0.append(packet);
    }

    fn save_snapshot(&mut self, snapshot: Snapshot) {
        self.0.save_snapshot(snapshot);
    }
}

impl Ground {
    fn start(&self, name: &str, nonce: u64) -> Result<Server, StartError> {
        self.start_over(name, nonce, Box::new(self.log.clone()), None)
    }

    fn start_over(
        &self,
        name: &str,
        nonce: u64,
        log: Box<dyn Log>,
        differs: Option<Differs>,
    ) -> Result<Server, StartError> {
        let name = NodeName::parse(name).expect("a name");
        let part = Part { name, nonce, pace: PACE, digest_period: 100 };
        let whispers = Box::new(self.whispers.clone());
        let addresses = "chat-b.example.org:6667".to_owned();
        let cluster = Cluster { part, whispers, addresses, differs };
        Server::start_in_cluster(options(), log, Arc::new(MemoryArchive::new()), cluster)
    }
}

fn options() -> Options {
    let listener = ListenOptions {
        address: Address::Tcp(SocketAddr::from(([127, 0, 0, 1], 0))),
        faces: Faces { line: true, irc: true, web: true, metrics: false },
        unterminated: None,
        tls: TlsUse::Off,
        proxies: Peers::default(),
    };
    let limits = Limits {
        lines_per_second: 0,
        presence_notices_max: 100,
        failed_logins_per_minute: 0,
        registrations_per_minute: 0,
        mails_per_minute: 0,
        new_names_per_hour: 0,
        name_time: PATIENCE,
        ..Limits::default()
    };
    let policy = Policy {
        clients_max: 100,
        password_memory_kib: 64,
        password_passes: 1,
        cloak_key: vec![7; 32],
        limits,
        ..Policy::new("srv", irc())
    };
    Options {
        listeners: vec![listener],
        certificate: None,
        shards: NonZero::new(2),
        policy,
        reread: || {},
        push: None,
    }
}

fn irc() -> IrcPolicy {
    IrcPolicy { always_on: false, lines_per_second: 0, ..IrcPolicy::new("srv", "net") }
}

/// Someone connected.
struct Client {
    stream: TcpStream,
    seen: String,
}

impl Client {
    fn connect(server: &Server) -> Self {
        let Address::Tcp(address) = server.listening()[0].address else { panic!("TCP it is") };
        let stream = TcpStream::connect(address).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_millis(50))).expect("a timeout");
        Self { stream, seen: String::new() }
    }

    /// Someone in line mode, who is in.
    fn enter(server: &Server, name: &str) -> Self {
        let mut client = Self::connect(server);
        client.send(&format!("{name}\n"));
        client.until("You are new here");
        client
    }

    fn send(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).expect("it takes text");
    }

    /// Reads until this is seen; gives all that was seen up to it.
    fn until(&mut self, what: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        let mut buffer = [0; 4096];
        loop {
            if let Some(at) = self.seen.find(what) {
                return self.seen.drain(..at + what.len()).collect();
            }
            assert!(Instant::now() < deadline, "no {what:?} in {:?}", self.seen);
            match self.stream.read(&mut buffer) {
                Ok(0) => panic!("closed, without {what:?}: {:?}", self.seen),
                Ok(count) => self.seen.push_str(&String::from_utf8_lossy(&buffer[..count])),
                Err(_) => {}
            }
        }
    }

    /// The answer to a request by HTTP.
    fn get(server: &Server, path: &str) -> String {
        let mut client = Self::connect(server);
        client.send(&format!("GET {path} HTTP/1.1\r\nHost: srv\r\nConnection: close\r\n\r\n"));
        let mut answer = client.until("\r\n\r\n");
        answer.push_str(&client.until("\n"));
        answer
    }
}

#[test]
fn people_at_two_servers_talk_on_all_faces_and_a_server_that_ends_takes_only_its_own_along() {
    let ground = Ground::default();
    let (a, b) = (ground.start("a", 1).expect("a"), ground.start("b", 2).expect("b"));
    let mut ana = Client::enter(&a, "ana");
    let mut bo = Client::enter(&b, "bo");
    ana.until("bo is online");
    let mut cy = Client::connect(&b);
    cy.send("NICK cy\r\nUSER cy 0 * :Cy\r\n");
    cy.until(" 001 cy ");
    cy.send("JOIN #tea\r\n");
    cy.until(" JOIN ");
    let mut dora = Client::connect(&a);
    dora.send("NICK dora\r\nUSER dora 0 * :D\r\nJOIN #tea\r\n");
    dora.until(" JOIN ");
    // What one says oneself comes back only where that is asked for, whoever else has the number of
    // one's session at another node.
    cy.until("dora");
    cy.send("PRIVMSG #tea :from b\r\nPING x\r\n");
    dora.until("from b");
    assert!(!cy.until(" PONG ").contains("from b"));
    ana.send("bo: hello\n");
    bo.until("hello");
    cy.send("PRIVMSG ana :and hello from IRC\r\n");
    ana.until("and hello from IRC");
    let twin = ground.start("b", 3);
    assert!(matches!(twin.err(), Some(StartError::Node(_))), "a name is one node's");
    b.stop();
    let hint = "Another server of this chat can be connected to now: chat-b.example.org:6667";
    bo.until(&format!("<{hint}.>\n<The server is shutting down.>\n"));
    cy.until(&format!(":srv NOTICE cy :{hint}\r\nERROR :"));
    ana.until("bo is offline");
    a.stop();
}

#[test]
fn without_a_quorum_what_is_said_is_refused_aloud_and_later_all_goes_on() {
    let ground = Ground::default();
    let a = ground.start("a", 1).expect("a");
    let mut ana = Client::enter(&a, "ana");
    assert!(Client::get(&a, "/readyz").starts_with("HTTP/1.1 200"));
    ground.log.refuse(Some(NotStored::CutOff));
    ana.send("hello\n");
    ana.until("Not stored, so not sent: this server is cut off from the others.");
    let deadline = Instant::now() + PATIENCE;
    while !Client::get(&a, "/readyz").contains("cut off") {
        assert!(Instant::now() < deadline, "it is said that it is cut off");
    }
    assert!(Client::get(&a, "/healthz").starts_with("HTTP/1.1 200"));
    ground.log.refuse(None);
    while !Client::get(&a, "/readyz").starts_with("HTTP/1.1 200") {
        assert!(Instant::now() < deadline, "it goes on by itself");
    }
    ana.send("again\n");
    ana.until("again");
    a.stop();
}

#[test]
fn a_server_whose_state_differs_says_so_stores_nothing_more_and_leaves_to_others_what_comes() {
    let ground = Ground::default();
    let (a, b) = (ground.start("a", 1).expect("a"), ground.start("b", 2).expect("b"));
    let (tell, told) = std::sync::mpsc::channel();
    let differs: Differs = Box::new(move || tell.send(()).expect("somebody listens"));
    let log = Box::new(Misread(ground.log.clone()));
    let c = ground.start_over("c", 3, log, Some(differs)).expect("c");
    let mut ana = Client::enter(&a, "ana");
    let mut cy = Client::enter(&c, "cy");
    ana.until("cy is online");
    ana.send("hello\n");
    ana.until("ana: hello");
    told.recv_timeout(PATIENCE).expect("it is told");
    cy.until("<This server has lost the others and begins anew. Connect again.>");
    assert!(Client::get(&c, "/readyz").starts_with("HTTP/1.1 503"));
    c.stop();
    // The others end its sessions, and it can come again.
    ana.until("cy is offline");
    let c = ground.start("c", 4).expect("c");
    let mut cy = Client::connect(&c);
    cy.send("cy\n");
    ana.until("cy is online");
    for server in [c, b, a] {
        server.stop();
    }
    // Nobody is left who could be connected to.
    let left = ana.until("<The server is shutting down.>");
    assert!(!left.contains("Another server"), "{left}");
}
