//! People who talk without a pause while something happens, and whether all of them saw the same.

use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::client::Client;
use super::cluster::{LONG, assert_history, history, read, visitor};
use super::server::Server;

/// People who talk: on each of three nodes, to begin with, one by IRC and one in line mode.
const PEOPLE: usize = 6;

/// How often each of them says something.
const PACE: Duration = Duration::from_millis(20);

/// What is said first, and last.
const BEGIN: &str = "let us begin";
const END: &str = "that is all";

/// What those who talk share.
#[derive(Debug)]
pub(crate) struct Crowd {
    pace: Duration,
    nodes: Vec<SocketAddr>,
    /// Messages that came to anybody.
    heard: AtomicUsize,
    hushed: AtomicBool,
    /// Whether something failed, and all are to go.
    failed: AtomicBool,
}

/// Who speaks how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tongue {
    Line,
    Irc,
}

/// What someone saw of #tea on one connection.
#[derive(Debug)]
pub(crate) struct Visit {
    name: String,
    /// Who said what, under which id if that is told.
    saw: Vec<(Option<String>, String)>,
    /// Whether they saw that it is over.
    to_the_end: bool,
}

/// Has people talk on these nodes while something happens, and then compares what each of them saw with
/// what every node's history tells: nothing is lost, doubled or in another order.
pub(crate) fn talk_through(nodes: &mut [Server], happens: impl FnOnce(&mut [Server], &Crowd)) {
    talk_at(PACE, nodes, happens);
}

/// The same, where each of them says something this often.
pub(crate) fn talk_at(
    pace: Duration,
    nodes: &mut [Server],
    happens: impl FnOnce(&mut [Server], &Crowd),
) {
    let crowd = Crowd {
        pace,
        nodes: nodes.iter().map(Server::address).collect(),
        heard: AtomicUsize::new(0),
        hushed: AtomicBool::new(false),
        failed: AtomicBool::new(false),
    };
    let mut opener = visitor(&nodes[0], "opener");
    opener.send(&format!("PRIVMSG #tea :{BEGIN}"));
    let first = loop {
        if let Some((id, _)) = read(&opener.line()) {
            break id;
        }
    };
    drop(opener);
    let visits: Vec<Visit> = thread::scope(|scope| {
        let crowd = &crowd;
        let talking: Vec<_> =
            (0..PEOPLE).map(|person| scope.spawn(move || crowd.talk(person))).collect();
        let _end = End(crowd);
        crowd.go_on(500);
        happens(nodes, crowd);
        crowd.hushed.store(true, Ordering::Relaxed);
        let mut last = Client::login(&nodes[0], "last");
        last.send("/join tea");
        last.skip_within(LONG, "<You are in tea");
        last.send(&format!("/say {END}"));
        last.skip_within(LONG, &format!("[tea] last: {END}"));
        talking.into_iter().flat_map(|talk| talk.join().expect("they talked")).collect()
    });
    let visits: Vec<_> = visits.into_iter().filter(|visit| !visit.saw.is_empty()).collect();
    let told = history(&nodes[0], &first, END);
    assert_history(&told);
    for other in &nodes[1..] {
        assert!(history(other, &first, END) == told, "all nodes have the same history");
    }
    for visit in &visits {
        visit.assert_in(&told);
    }
    let stayed = visits.iter().filter(|visit| visit.to_the_end).count();
    assert!(stayed >= PEOPLE / 2, "most stayed, not {stayed}");
    println!("{} messages, {} visits", told.len(), visits.len());
}

/// Has everyone go where something fails.
struct End<'c>(&'c Crowd);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.failed.store(thread::panicking(), Ordering::Relaxed);
    }
}

impl Crowd {
    /// Waits until so many more messages came.
    pub(crate) fn go_on(&self, more: usize) {
        let enough = self.heard.load(Ordering::Relaxed) + more;
        let deadline = Instant::now() + 2 * LONG;
        while self.heard.load(Ordering::Relaxed) < enough {
            assert!(Instant::now() < deadline, "nobody hears anything any more");
            thread::park_timeout(Duration::from_millis(20));
        }
    }

    /// Waits for so long, in which messages have to come.
    pub(crate) fn go_on_for(&self, time: Duration) {
        let until = Instant::now() + time;
        while Instant::now() < until {
            self.go_on(100);
        }
    }

    /// Talks until all are hushed and the end is seen, on one node after the other.
    fn talk(&self, person: usize) -> Vec<Visit> {
        let mut visits = Vec::new();
        while !self.failed.load(Ordering::Relaxed) {
            let turn = visits.len();
            let address = self.nodes[(person + turn) % self.nodes.len()];
            let tongue = if (person / self.nodes.len()).is_multiple_of(2) {
                Tongue::Irc
            } else {
                Tongue::Line
            };
            let visit = self.visit(address, tongue, format!("p{person}x{turn}"));
            let is_over = visit.to_the_end;
            visits.push(visit);
            if is_over || self.hushed.load(Ordering::Relaxed) {
                break;
            }
        }
        visits
    }

    fn visit(&self, address: SocketAddr, tongue: Tongue, name: String) -> Visit {
        let mut visit = Visit { name, saw: Vec::new(), to_the_end: false };
        let Ok(mut stream) = TcpStream::connect(address) else {
            thread::park_timeout(Duration::from_millis(100));
            return visit;
        };
        let name = visit.name.clone();
        let hello = tongue.hello(&name);
        let ready = stream
            .set_read_timeout(Some(self.pace))
            .and_then(|()| stream.write_all(hello.as_bytes()));
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
                    is_in |= tongue.is_in(&text);
                    if let Some(message) = tongue.read(&text) {
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
            // As clients do, people go elsewhere when a server is silent. All of them may be on one.
            if now > heard + LONG / 2 || self.failed.load(Ordering::Relaxed) {
                return visit;
            }
            if is_in && now >= due && !self.hushed.load(Ordering::Relaxed) {
                due = now + self.pace;
                said += 1;
                let line = tongue.say(&format!("{name} says {said}"));
                if stream.write_all(line.as_bytes()).is_err() {
                    return visit;
                }
            }
        }
    }
}

impl Tongue {
    /// What someone sends to be in #tea under this name.
    fn hello(self, name: &str) -> String {
        match self {
            Self::Line => format!("{name}\n/join tea\n"),
            Self::Irc => format!(
                "CAP REQ :message-tags echo-message\r\nNICK {name}\r\nUSER {name} 0 * \
                 :{name}\r\nCAP END\r\nJOIN #tea\r\n"
            ),
        }
    }

    /// Whether that is the answer.
    fn is_in(self, line: &str) -> bool {
        match self {
            Self::Line => line.starts_with("<You are in tea"),
            Self::Irc => line.contains(" 366 "),
        }
    }

    fn say(self, text: &str) -> String {
        match self {
            Self::Line => format!("/say {text}\n"),
            Self::Irc => format!("PRIVMSG #tea :{text}\r\n"),
        }
    }

    fn read(self, line: &str) -> Option<(Option<String>, String)> {
        match self {
            Self::Line => Some((None, line.strip_prefix("[tea] ")?.trim_end().to_owned())),
            Self::Irc => read(line).map(|(id, said)| (Some(id), said)),
        }
    }
}

impl Visit {
    /// Checks that this is what the history has, from the first message that was seen up to the last.
    fn assert_in(&self, history: &[(String, String)]) {
        let Self { name, saw, .. } = self;
        let Some((_, first)) = saw.first() else { return };
        let begin = history.iter().position(|(_, told)| told == first);
        let Some(begin) = begin else { panic!("{name} saw {first:?}, which no history has") };
        for (n, (id, said)) in saw.iter().enumerate() {
            let told = history.get(begin + n);
            let is_same = told.is_some_and(|(told_id, told)| {
                told == said && id.as_ref().is_none_or(|id| id == told_id)
            });
            assert!(is_same, "{name} saw {id:?} {said:?} after {n} messages, history has {told:?}");
        }
    }
}
