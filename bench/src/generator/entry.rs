//! Bringing clients in: connected, known, and in their rooms.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::crowd::{Crowd, Ear};
use super::face::{Face, Sign};

/// Clients that are on their way in at a time: fewer than a server's backlog of connections.
pub(crate) const AT_ONCE: usize = 200;

/// How long nothing may happen.
const PATIENCE: Duration = Duration::from_secs(60);

/// A client who is to come in.
#[derive(Clone, Debug)]
pub(crate) struct Newcomer {
    /// What it speaks.
    pub(crate) face: Face,
    /// Its name, which nobody else has.
    pub(crate) name: String,
    /// Whether it wants its own lines back.
    pub(crate) echo: bool,
    /// The room it joins, without `#`, if any.
    pub(crate) room: Option<String>,
}

#[derive(Debug, Default)]
struct Gate {
    first: usize,
    faces: Vec<Face>,
    welcomed: Vec<usize>,
    joined: usize,
    refused: Option<String>,
    lines: u64,
}

impl Ear for Gate {
    fn line(&mut self, member: usize, line: &[u8]) -> bool {
        self.lines += 1;
        let face = member.checked_sub(self.first).and_then(|at| self.faces.get(at));
        match face.and_then(|face| face.sign(line)) {
            None => return false,
            Some(Sign::Welcome) => self.welcomed.push(member),
            Some(Sign::Joined) => self.joined += 1,
            Some(Sign::Refused) => {
                self.refused.get_or_insert_with(|| String::from_utf8_lossy(line).into_owned());
            }
        }
        true
    }
}

/// Has all of them connect to these servers in turn, come in, and join their rooms, so many at a
/// time; returns when the last has.
///
/// # Errors
/// A refusal of the server's; nothing happening for a minute; a connection that ends.
pub(crate) fn admit(
    crowd: &mut Crowd,
    servers: &[SocketAddr],
    all: &[Newcomer],
    at_once: usize,
) -> Result<()> {
    let first = crowd.len();
    let faces = all.iter().map(|one| one.face).collect();
    let mut gate = Gate { first, faces, ..Gate::default() };
    let (mut known, mut inside) = (0, 0);
    let mut out = Vec::new();
    let mut heard = Instant::now();
    while known < all.len() || inside < all.len() {
        while crowd.len() - first < all.len() && crowd.len() - first < inside + at_once {
            let number = crowd.len() - first;
            let one = all.get(number).context("there is one more")?;
            let server = servers.get(number % servers.len().max(1)).context("there is a server")?;
            let member = crowd.connect(*server, one.face)?;
            out.clear();
            one.face.greet(&one.name, one.echo, &mut out);
            crowd.send(member, &out);
        }
        let before = gate.lines;
        crowd.turn(Duration::from_millis(100), &mut gate)?;
        crowd.all_here().with_context(|| format!("{inside} of {} were in", all.len()))?;
        if let Some(line) = gate.refused {
            bail!("the server says: {line}");
        }
        for member in std::mem::take(&mut gate.welcomed) {
            known += 1;
            let one = member.checked_sub(first).and_then(|at| all.get(at));
            match one.and_then(|one| Some((one, one.room.as_ref()?))) {
                Some((one, room)) => {
                    out.clear();
                    one.face.join(room, &mut out);
                    crowd.send(member, &out);
                }
                None => inside += 1,
            }
        }
        inside += std::mem::take(&mut gate.joined);
        if gate.lines > before {
            heard = Instant::now();
        } else if heard.elapsed() > PATIENCE {
            bail!("{inside} of {} are in, and nothing happens any more", all.len());
        }
    }
    Ok(())
}

/// Hears what still comes until nothing has come for `calm`.
///
/// # Errors
/// A connection that ends.
pub(crate) fn settle(crowd: &mut Crowd, calm: Duration) -> Result<()> {
    let mut gate = Gate::default();
    let mut heard = Instant::now();
    while heard.elapsed() < calm {
        let before = gate.lines;
        crowd.turn(calm / 4, &mut gate)?;
        if gate.lines > before {
            heard = Instant::now();
        }
    }
    crowd.all_here()
}
