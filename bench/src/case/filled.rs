//! A chinwag that has stored much: filled once, and started again by whoever asks it.

use std::cell::OnceCell;
use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Result, bail};
use tempfile::TempDir;

use super::reader::{FREQUENT, Reader};
use super::subject::{Gathering, Rooms, Subject};
use crate::generator::crowd::Crowd;
use crate::generator::face::Face;
use crate::generator::talk::{Plan, talk};
use crate::server::{Ground, Program, Server, Setup};

/// Those who say it.
pub(super) const TALKERS: Rooms =
    Rooms { rooms: 1, members: 10, senders: 10, in_flight: 64, size: 64 };

/// Records that may wait for the archive before more is said: it refuses at several times as many.
const BACKLOG: f64 = 20_000.0;

/// How long the archive may take for what waits.
const PATIENCE: Duration = Duration::from_secs(120);

/// A folder with so many messages, made when it is first asked for.
#[derive(Clone, Debug)]
pub(super) struct Filled {
    messages: u64,
    ground: Ground,
    made: Rc<OnceCell<Store>>,
}

/// How long the index may take for all of it.
const INDEX_PATIENCE: Duration = Duration::from_secs(600);

/// What was stored.
#[derive(Debug)]
pub(super) struct Store {
    folder: TempDir,
    /// When the first and the last message were said.
    pub(super) from: SystemTime,
    pub(super) to: SystemTime,
    /// Messages that it took a second, with their archive and index.
    pub(super) rate: f64,
}

impl Filled {
    /// Nothing is stored yet.
    pub(super) fn new(messages: u64, ground: &Ground) -> Self {
        Self { messages, ground: ground.clone(), made: Rc::default() }
    }

    /// The store, which is filled first if it has not been.
    ///
    /// # Errors
    /// As of a server and of a talk.
    pub(super) fn store(&self) -> Result<&Store> {
        if let Some(store) = self.made.get() {
            return Ok(store);
        }
        let store = self.fill()?;
        Ok(self.made.get_or_init(|| store))
    }

    fn fill(&self) -> Result<Store> {
        let folder = self.ground.dig()?;
        let subject = Subject::chinwag("chinwag", &[Face::Irc]);
        let from = SystemTime::now();
        let mut gathering = subject.gather_in(TALKERS, folder.path())?;
        let Gathering { server, crowd, plan } = &mut gathering;
        let said = say(crowd, plan, self.messages, std::slice::from_ref(server))?;
        drain(server, 0.0)?;
        let to = SystemTime::now();
        await_index(server)?;
        let rate = said as f64 / from.elapsed()?.as_secs_f64();
        Ok(Store { folder, from, to, rate })
    }
}

impl Store {
    /// Starts the server on what is stored.
    ///
    /// # Errors
    /// As of a server.
    pub(super) fn start(&self) -> Result<Server> {
        Server::start_in(Program::Chinwag, Setup::default(), self.folder.path())
    }

    /// The same, with clients in rooms.
    ///
    /// # Errors
    /// As of a server and of coming in.
    pub(super) fn gather(&self, subject: &Subject, rooms: Rooms) -> Result<Gathering> {
        subject.gather_in(rooms, self.folder.path())
    }
}

/// Waits until all that is archived can be found: a search waits for that, but not for ever.
fn await_index(server: &Server) -> Result<()> {
    let begun = Instant::now();
    let mut reader = Reader::join(server.address(), "searcher")?;
    while let Err(error) = reader.ask(FREQUENT) {
        if begun.elapsed() > INDEX_PATIENCE {
            return Err(error.context("the index does not come to its end"));
        }
    }
    Ok(())
}

/// Has a crowd say at least so many messages, and no faster than all servers' archives take them;
/// gives how many it said.
///
/// # Errors
/// As of a talk and of [`drain`].
pub(super) fn say(
    crowd: &mut Crowd,
    plan: &Plan,
    messages: u64,
    servers: &[Server],
) -> Result<u64> {
    let mut said = 0;
    while said < messages {
        let time = if messages - said > 100_000 { 1000 } else { 100 };
        let time = Duration::from_millis(time);
        said += talk(crowd, plan, Duration::ZERO, time, || Ok(Duration::ZERO))?.lines;
        for server in servers {
            drain(server, BACKLOG)?;
        }
    }
    Ok(said)
}

/// Waits until no more than `most` records wait for the archive.
///
/// # Errors
/// If that takes too long; if the server does not answer.
pub(super) fn drain(server: &Server, most: f64) -> Result<()> {
    let begun = Instant::now();
    while server.counted()?.backlog > most {
        if begun.elapsed() > PATIENCE {
            bail!("the archive does not come to its end");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}
