//! Three nodes on three real NATS servers, under load, while nodes and servers die: what everyone saw is
//! what every node's history tells.
//!
//! `CHINWAG_CLUSTER_SECONDS=600` has the last test go on for so long, with accidents by chance;
//! it prints its seed, and `CHINWAG_SEED` has it again.
#![allow(clippy::expect_used, clippy::panic, reason = "a test says by panicking what is wrong")]

#[path = "support/support.rs"]
mod support;

use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use chinwag_nats::suite::{Servers, Setup};
use rustix::process::Signal;
use support::client::Client;
use support::cluster::{LONG, assert_same, history, node, read};
use support::dice::Dice;
use support::server::Server;

/// The stream, as it is called where nothing else is said.
const STREAM: &str = "chinwag";

/// People who talk, a third of them on each node to begin with.
const PEOPLE: usize = 6;

/// How often each of them says something.
const PACE: Duration = Duration::from_millis(20);

/// What all say that is the last thing said.
const END: &str = "that is all";

/// What goes wrong.
#[derive(Clone, Copy, Debug)]
enum Accident {
    /// The NATS server that leads the stream is killed, and comes back.
    LeaderDies,
    /// A node is killed, and comes back.
    NodeDies(usize),
    /// A node is stopped in good order, and comes back: as with another version.
    NodeIsReplaced(usize),
    /// A node's process stands still for a moment.
    NodeFreezes(usize),
}

/// What those who talk share.
struct Crowd {
    nodes: Mutex<Vec<SocketAddr>>,
    /// Messages that came to anybody.
    heard: AtomicUsize,
    hushed: AtomicBool,
}

/// What someone saw of #tea on one connection.
struct Visit {
    name: String,
    saw: Vec<(String, String)>,
    /// Whether they saw that it is over.
    to_the_end: bool,
}

impl Crowd {
    /// Talks until all are hushed and the end is seen, on one node after the other.
    fn talk(&self, person: usize) -> Vec<Visit> {
        let mut visits = Vec::new();
        let deadline = Instant::now() + Duration::from_secs(3600);
        while Instant::now() < deadline {
            let turn = visits.len();
            let address = {
                let nodes = self.nodes.lock().expect("no thread panics");
                nodes[(person + turn) % nodes.len()]
            };
            let visit = self.visit(address, format!("p{person}x{turn}"));
            let is_over = visit.to_the_end;
            visits.push(visit);
            if is_over || self.hushed.load(Ordering::Relaxed) {
                break;
            }
        }
        visits
    }

    fn visit(&self, address: SocketAddr, name: String) -> Visit {
        let mut visit = Visit { name, saw: Vec::new(), to_the_end: false };
        let Ok(mut stream) = TcpStream::connect(address) else {
            thread::park_timeout(Duration::from_millis(100));
            return visit;
        };
        let name = visit.name.clone();
        let hello = format!(
            "CAP REQ :message-tags echo-message\r\nNICK {name}\r\nUSER {name} 0 * :{name}\r\nCAP \
             END\r\nJOIN #tea\r\n"
        );
        let ready =
            stream.set_read_timeout(Some(PACE)).and_then(|()| stream.write_all(hello.as_bytes()));
        let (Ok(()), Ok(reading)) = (ready, stream.try_clone()) else { return visit };
        let mut reading = BufReader::new(reading);
        let (mut line, mut is_in, mut said) = (Vec::new(), false, 0);
        let mut heard = Instant::now();
        let mut due = heard;
        loop {
            match reading.read_until(b'\n', &mut line) {
                Ok(0) => return visit,
                Ok(_) => {
                    heard = Instant::now();
                    let text = String::from_utf8_lossy(&line).into_owned();
                    line.clear();
                    is_in |= text.contains(" 366 ");
                    if let Some(message) = read(&text) {
                        self.heard.fetch_add(1, Ordering::Relaxed);
                        visit.to_the_end = message.1.ends_with(END);
                        visit.saw.push(message);
                    }
                    if visit.to_the_end {
                        return visit;
                    }
                }
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(_) => return visit,
            }
            let now = Instant::now();
            if now > heard + 2 * LONG {
                return visit;
            }
            if is_in && now >= due && !self.hushed.load(Ordering::Relaxed) {
                due = now + PACE;
                said += 1;
                let line = format!("PRIVMSG #tea :{name} says {said}\r\n");
                if stream.write_all(line.as_bytes()).is_err() {
                    return visit;
                }
            }
        }
    }

    /// Waits until so many more messages came.
    fn go_on(&self, more: usize) {
        let enough = self.heard.load(Ordering::Relaxed) + more;
        let deadline = Instant::now() + 2 * LONG;
        while self.heard.load(Ordering::Relaxed) < enough {
            assert!(Instant::now() < deadline, "nobody hears anything any more");
            thread::park_timeout(Duration::from_millis(20));
        }
    }
}

/// Has people talk through these accidents, and then compares.
fn talk_through(accidents: impl IntoIterator<Item = Accident>) {
    let mut servers = Servers::start(&Setup::default());
    let mut nodes: Vec<Server> = ["a", "b", "c"].map(|name| node(&servers, name).start()).into();
    let crowd = Crowd {
        nodes: Mutex::new(nodes.iter().map(Server::address).collect()),
        heard: AtomicUsize::new(0),
        hushed: AtomicBool::new(false),
    };
    let visits: Vec<Visit> = thread::scope(|scope| {
        let crowd = &crowd;
        let talking: Vec<_> =
            (0..PEOPLE).map(|person| scope.spawn(move || crowd.talk(person))).collect();
        crowd.go_on(500);
        for accident in accidents {
            println!("{accident:?}");
            happen(accident, &mut servers, &mut nodes, crowd);
            crowd.go_on(1500);
        }
        crowd.hushed.store(true, Ordering::Relaxed);
        let mut last = Client::login(&nodes[0], "last");
        last.send("/join tea");
        last.skip_within(LONG, "<You are in tea");
        last.send(&format!("/say {END}"));
        last.skip_within(LONG, &format!("[tea] last: {END}"));
        talking.into_iter().flat_map(|talk| talk.join().expect("they talked")).collect()
    });
    let visits: Vec<_> = visits.into_iter().filter(|visit| !visit.saw.is_empty()).collect();
    let number = |id: &str| id.split_once('.').and_then(|(seq, _)| seq.parse::<u64>().ok());
    let firsts = visits.iter().filter_map(|visit| visit.saw.first()).map(|(id, _)| id);
    let first = firsts.min_by_key(|id| number(id)).expect("somebody saw something");
    let told = history(&nodes[0], first, END);
    for other in &nodes[1..] {
        assert!(history(other, first, END) == told, "all nodes have the same history");
    }
    for visit in &visits {
        assert_same(&told, &visit.saw, &visit.name);
    }
    assert!(visits.iter().filter(|visit| visit.to_the_end).count() >= PEOPLE / 2, "most stayed");
    println!("{} messages, {} visits", told.len(), visits.len());
}

fn happen(accident: Accident, servers: &mut Servers, nodes: &mut [Server], crowd: &Crowd) {
    match accident {
        Accident::LeaderDies => {
            let leader = servers.leader(STREAM);
            servers.kill(leader);
            crowd.go_on(1500);
            servers.begin(leader);
            servers.wait_ready();
        }
        Accident::NodeDies(n) => {
            nodes[n].kill();
            crowd.go_on(1500);
            nodes[n].start_again_in_place();
        }
        Accident::NodeIsReplaced(n) => {
            nodes[n].stop();
            crowd.go_on(500);
            nodes[n].start_again_in_place();
            let calm =
                |node: &Server| !node.log().lines().iter().any(|l| l.contains("begins anew"));
            assert!(nodes.iter().all(calm), "nobody else is sent away");
        }
        Accident::NodeFreezes(n) => {
            nodes[n].signal(Signal::STOP);
            crowd.go_on(1000);
            nodes[n].signal(Signal::CONT);
        }
    }
}

#[test]
fn nodes_are_replaced_one_by_one_and_nobody_misses_a_word() {
    talk_through((0..3).map(Accident::NodeIsReplaced));
}

#[test]
fn what_everyone_saw_is_every_nodes_history_whatever_dies() {
    let Ok(seconds) = std::env::var("CHINWAG_CLUSTER_SECONDS") else {
        return talk_through([
            Accident::LeaderDies,
            Accident::NodeDies(1),
            Accident::NodeFreezes(2),
        ]);
    };
    let seconds = seconds.parse().expect("CHINWAG_CLUSTER_SECONDS is a number");
    let until = Instant::now() + Duration::from_secs(seconds);
    let mut dice = Dice::new();
    talk_through(std::iter::from_fn(move || {
        let n = dice.below(3);
        let accidents = [
            Accident::LeaderDies,
            Accident::NodeDies(n),
            Accident::NodeIsReplaced(n),
            Accident::NodeFreezes(n),
        ];
        let accident = accidents[dice.below(accidents.len())];
        (Instant::now() < until).then_some(accident)
    }));
}
