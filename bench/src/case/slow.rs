//! A slow and a stalled reader in a large room: what the others notice of them.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result};

use super::latency;
use super::subject::{Rooms, Subject};
use crate::generator::face::Face;
use crate::server::Ground;
use crate::trial::Experiment;

/// Who reads too slowly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Laggard {
    None,
    /// Reads 10 kB a second.
    Slow,
    /// Never reads.
    Stalled,
}

/// With and without, with each server.
pub(super) fn experiments(ground: &Ground, quick: bool) -> Vec<Experiment> {
    let members = if quick { 20 } else { 1000 };
    let rooms = Rooms { rooms: 1, members, senders: 10, in_flight: 0, size: 400 };
    let (rate, time) =
        if quick { (200.0, Duration::from_millis(300)) } else { (500.0, Duration::from_secs(8)) };
    let experiment = |(laggard, name): (Laggard, &str)| {
        let trial = |subject: Subject| {
            let ground = ground.clone();
            subject.trial(move |subject| {
                let mut gathering = subject.gather(rooms, &ground)?;
                let _reader = Reader::join(laggard, gathering.server.address())?;
                latency::measure(&mut gathering, rate, time)
            })
        };
        let subjects = [Subject::chinwag("chinwag, IRC", &[Face::Irc])];
        Experiment {
            case: "slow",
            setting: format!("{members} members, {rate} lines/s, {name}"),
            trials: subjects.into_iter().chain(Subject::peers(ground)).map(trial).collect(),
            points: Vec::new(),
        }
    };
    let settings = [
        (Laggard::None, "all read"),
        (Laggard::Slow, "one more reads 10 kB/s"),
        (Laggard::Stalled, "one more never reads"),
    ];
    settings.into_iter().map(experiment).collect()
}

/// A member beyond the others; it goes when this is dropped.
#[derive(Debug)]
struct Reader {
    thread: Option<JoinHandle<()>>,
    is_over: Arc<AtomicBool>,
}

impl Reader {
    fn join(laggard: Laggard, server: SocketAddr) -> Result<Self> {
        let is_over = Arc::new(AtomicBool::new(false));
        if laggard == Laggard::None {
            return Ok(Self { thread: None, is_over });
        }
        let mut stream = TcpStream::connect(server).context("the slow reader")?;
        // Little fits on its side: what it does not read is soon the server's.
        rustix::net::sockopt::set_socket_recv_buffer_size(&stream, 4096)?;
        let mut hello = Vec::new();
        Face::Irc.greet("laggard", false, &mut hello);
        stream.write_all(&hello)?;
        hello.clear();
        read_until(&mut stream, b" 001 ")?;
        Face::Irc.join("r0", &mut hello);
        stream.write_all(&hello)?;
        read_until(&mut stream, b" 366 ")?;
        let over = Arc::clone(&is_over);
        let thread = std::thread::spawn(move || {
            let mut piece = [0; 1000];
            while !over.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(100));
                // Once the server has closed it, it is no reader any more.
                if laggard == Laggard::Slow && !matches!(stream.read(&mut piece), Ok(1..)) {
                    return;
                }
            }
        });
        Ok(Self { thread: Some(thread), is_over })
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // It has nothing to say.
            let _ = thread.join();
        }
    }
}

fn read_until(stream: &mut TcpStream, sign: &[u8]) -> Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    let (mut heard, mut piece) = (Vec::new(), [0; 4096]);
    while memchr::memmem::find(&heard, sign).is_none() {
        let count = stream.read(&mut piece).context("the slow reader never came in")?;
        heard.extend_from_slice(piece.get(..count).unwrap_or_default());
        anyhow::ensure!(count > 0, "the slow reader was turned away");
    }
    Ok(())
}
