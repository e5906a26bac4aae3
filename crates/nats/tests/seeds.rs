//! Seeds from node to node over a real server: givers that fail, and several who want one.
#![allow(clippy::expect_used, clippy::panic, reason = "a test says by panicking what is wrong")]

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread::sleep;
use std::time::{Duration, Instant};

use chinwag_model::id::Seq;
use chinwag_nats::suite::{Servers, Setup};
use chinwag_nats::{Cluster, JetStreamLog, Keys, NatsError, Options, Seeding};
use chinwag_storage::memory::MemoryCopy;
use chinwag_storage::seed::{Files, Seed, SeedError, SeedFile, SeedSink, SeedSource};

/// As fast as it goes.
const RATE: u64 = u64::MAX;

/// How long something may take.
const PATIENCE: Duration = Duration::from_secs(20);

fn servers() -> Servers {
    Servers::start(&Setup { servers: 1, ..Setup::default() })
}

fn options(servers: &Servers, node: &str) -> Options {
    Options { node: node.to_owned(), ..servers.options("chat") }
}

/// Two files: one of several chunks, and one of none.
fn content() -> [Vec<u8>; 2] {
    let bytes = (0..700_000_u32).map(|n| n.to_le_bytes()[usize::from(n % 3 == 0)]);
    [bytes.collect(), Vec::new()]
}

/// What a node has.
#[derive(Default)]
struct Source {
    /// What it gives is not what it tells.
    lies: bool,
    /// It makes no seed as long as this holds.
    waits: AtomicBool,
    made: AtomicU64,
}

struct Given {
    files: [Vec<u8>; 2],
    lies: bool,
}

impl SeedSource for Source {
    fn bytes(&self) -> u64 {
        700_000
    }

    fn make(&self, going: &mut dyn FnMut(u64) -> bool) -> Result<Box<dyn Seed>, SeedError> {
        while self.waits.load(Ordering::Relaxed) {
            if !going(1) {
                return Err(SeedError::GivenUp);
            }
            sleep(Duration::from_millis(10));
        }
        self.made.fetch_add(1, Ordering::Relaxed);
        Ok(Box::new(Given { files: content(), lies: self.lies }))
    }
}

impl Seed for Given {
    fn files(&self) -> Files {
        [0, 1].map(|n| SeedFile { bytes: self.files[n].len() as u64, sha256: [7; 32] })
    }

    fn read(&self, file: usize, from: u64, bytes: usize) -> Result<Vec<u8>, SeedError> {
        let from = usize::try_from(from).expect("small");
        let mut read = self.files[file][from..from + bytes].to_vec();
        if self.lies {
            read.reverse();
        }
        Ok(read)
    }
}

/// What came.
#[derive(Default)]
struct Sink {
    files: [Vec<u8>; 2],
    is_whole: bool,
}

impl SeedSink for Sink {
    fn begin(&mut self, files: &Files) -> Result<(), SeedError> {
        assert_eq!(files[0].bytes, 700_000);
        self.files = Default::default();
        Ok(())
    }

    fn put(&mut self, file: usize, bytes: &[u8]) -> Result<(), SeedError> {
        self.files[file].extend_from_slice(bytes);
        Ok(())
    }

    fn finish(&mut self, log: &str, first: Seq) -> Result<(), SeedError> {
        assert!(!log.is_empty() && first == Seq(1));
        if self.files != content() {
            return Err(SeedError::Damaged { what: "it is another one".to_owned() });
        }
        self.is_whole = true;
        Ok(())
    }
}

/// A node that gives for as long as this is kept.
fn giver(servers: &Servers, node: &str, source: &Arc<Source>) -> JetStreamLog {
    let open = || {
        let cluster = Cluster::connect(options(servers, node)).expect("the servers are good");
        cluster.open(Arc::new(MemoryCopy::new()), &Keys::new()).expect("the stream is good")
    };
    // Who is told how another one gets a seed can't wait for servers on the same thread.
    let log = std::thread::scope(|scope| scope.spawn(open).join().expect("it is open"));
    log.giving().begin(Arc::<Source>::clone(source), RATE);
    log
}

/// Gets a seed, which comes whole; and all that was told meanwhile.
fn get(servers: &Servers, node: &str, told: &mut dyn FnMut(&Seeding)) {
    let cluster = Cluster::connect(options(servers, node)).expect("the servers are good");
    let mut sink = Sink::default();
    let got = cluster.seed(Seq(0), &mut sink, &mut |what| {
        told(&what);
        true
    });
    got.expect("a seed");
    assert!(sink.is_whole);
}

#[test]
fn a_giver_whose_files_are_damaged_is_left_for_another_one() {
    let servers = servers();
    let liar = Arc::new(Source { lies: true, ..Source::default() });
    let honest = Arc::new(Source::default());
    let mut givers = vec![giver(&servers, "a", &liar)];
    let mut failed = Vec::new();
    get(&servers, "c", &mut |what| {
        if let Seeding::Failed(node, why) = what {
            failed.push((node.clone(), why.clone()));
            if givers.len() == 1 {
                givers.push(giver(&servers, "b", &honest));
            }
        }
    });
    assert!(failed.iter().all(|(node, why)| node == "a" && why.contains("damaged")), "{failed:?}");
    assert!(!failed.is_empty());
    assert_eq!(honest.made.load(Ordering::Relaxed), 1);
}

#[test]
fn a_giver_that_dies_while_it_makes_one_is_left_for_another_one() {
    let servers = servers();
    let (slow, quick) = (Arc::new(Source::default()), Arc::new(Source::default()));
    slow.waits.store(true, Ordering::Relaxed);
    let mut first = Some(giver(&servers, "a", &slow));
    let mut second = None;
    let mut copied_from = None;
    get(&servers, "c", &mut |what| match what {
        Seeding::Making(..) if first.is_some() => {
            second = Some(giver(&servers, "b", &quick));
            first = None;
        }
        Seeding::Copying(node, ..) => copied_from = Some(node.clone()),
        _ => {}
    });
    assert_eq!(copied_from.as_deref(), Some("b"));
    slow.waits.store(false, Ordering::Relaxed);
}

#[test]
fn a_node_gives_to_one_at_a_time_and_who_waits_is_next() {
    let servers = servers();
    let source = Arc::new(Source::default());
    source.waits.store(true, Ordering::Relaxed);
    let _giver = giver(&servers, "a", &source);
    let (tell, told) = channel();
    let tell = Mutex::new(tell);
    std::thread::scope(|scope| {
        for node in ["b", "c"] {
            let (tell, servers) = (tell.lock().expect("no panic").clone(), &servers);
            scope.spawn(move || {
                get(servers, node, &mut |what| tell.send((node, what.clone())).expect("heard"));
            });
        }
        // One of them waits for the other.
        let until = Instant::now() + PATIENCE;
        let (mut making, mut waiting) = (None, None);
        while making.is_none() || waiting.is_none() {
            match told.recv_timeout(until - Instant::now()).expect("it is told") {
                (node, Seeding::Making(..)) => making = Some(node),
                (node, Seeding::Waiting) => waiting = Some(node),
                (_, other) => panic!("{other:?}"),
            }
        }
        assert_ne!(making, waiting);
        source.waits.store(false, Ordering::Relaxed);
    });
    assert_eq!(source.made.load(Ordering::Relaxed), 2);
}

#[test]
fn who_does_not_want_it_any_more_is_let_go() {
    let servers = servers();
    let source = Arc::new(Source::default());
    source.waits.store(true, Ordering::Relaxed);
    let _giver = giver(&servers, "a", &source);
    let cluster = Cluster::connect(options(&servers, "b")).expect("the servers are good");
    let got = cluster.seed(Seq(0), &mut Sink::default(), &mut |_| false);
    assert!(matches!(got, Err(NatsError::Seed(SeedError::GivenUp))), "{got:?}");
    source.waits.store(false, Ordering::Relaxed);
}

#[test]
fn where_nobody_gives_it_is_said() {
    let servers = servers();
    // A node that follows and does not give; so the stream is there.
    let cluster = Cluster::connect(options(&servers, "a")).expect("the servers are good");
    let _log = cluster.open(Arc::new(MemoryCopy::new()), &Keys::new()).expect("the stream is good");
    let cluster = Cluster::connect(options(&servers, "b")).expect("the servers are good");
    let got = cluster.seed(Seq(7), &mut Sink::default(), &mut |_| true);
    assert!(matches!(got, Err(NatsError::NoSeed { last: 7, first: 1, .. })), "{got:?}");
}
