//! Visits: people come into a room and leave it, again and again.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::crowd::{Crowd, Ear};
use super::face::{Face, Sign};

/// How long nothing may come.
const PATIENCE: Duration = Duration::from_secs(30);

/// What came of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Visited {
    /// Visits from beginning to end.
    pub(crate) visits: u64,
    pub(crate) time: Duration,
    /// Lines that those who stayed were told.
    pub(crate) told: u64,
}

/// Strangers: connect, register, join, and leave for good.
#[derive(Debug, Default)]
struct Strangers {
    stay: usize,
    face: Option<Face>,
    known: Vec<usize>,
    joined: Vec<usize>,
    ended: u64,
    told: u64,
}

impl Ear for Strangers {
    fn line(&mut self, member: usize, line: &[u8]) -> bool {
        if member < self.stay {
            self.told += 1;
            return false;
        }
        match self.face.and_then(|face| face.sign(line)) {
            Some(Sign::Welcome) => self.known.push(member),
            Some(Sign::Joined) => self.joined.push(member),
            Some(Sign::Refused) | None => return false,
        }
        true
    }

    fn ended(&mut self, _member: usize) {
        self.ended += 1;
    }
}

/// Has `count` strangers visit a room on IRC, `at_once` of them at a time.
///
/// # Errors
/// If one does not come in, or nothing happens any more.
pub(crate) fn storm(
    crowd: &mut Crowd,
    server: SocketAddr,
    room: &str,
    count: u64,
    at_once: u64,
) -> Result<Visited> {
    let (stay, face) = (crowd.len(), Face::Irc);
    let mut strangers = Strangers { stay, face: Some(face), ..Strangers::default() };
    let (begun, mut come, mut heard) = (Instant::now(), 0, (Instant::now(), 0));
    let mut out = Vec::new();
    while strangers.ended < count {
        while come < count && come < strangers.ended + at_once {
            let member = crowd.connect(server, face)?;
            out.clear();
            face.greet(&format!("v{come}"), false, &mut out);
            crowd.send(member, &out);
            come += 1;
        }
        crowd.turn(Duration::from_millis(100), &mut strangers)?;
        crowd.all_here()?;
        for member in std::mem::take(&mut strangers.known) {
            out.clear();
            face.join(room, &mut out);
            crowd.send(member, &out);
        }
        for member in std::mem::take(&mut strangers.joined) {
            crowd.leave(member, b"QUIT\r\n");
        }
        if strangers.ended > heard.1 {
            heard = (Instant::now(), strangers.ended);
        } else if heard.0.elapsed() > PATIENCE {
            bail!("{} of {count} visits came to their end", strangers.ended);
        }
    }
    Ok(Visited { visits: count, time: begun.elapsed(), told: strangers.told })
}

/// People who are known, and who join and part.
#[derive(Debug)]
struct Guests {
    first: usize,
    /// `:name!` of each, as their own lines begin.
    marks: Vec<Vec<u8>>,
    joined: Vec<usize>,
    parted: Vec<usize>,
    told: u64,
}

impl Ear for Guests {
    fn line(&mut self, member: usize, line: &[u8]) -> bool {
        let Some(guest) = member.checked_sub(self.first) else {
            self.told += 1;
            return false;
        };
        if !self.marks.get(guest).is_some_and(|mark| line.starts_with(mark)) {
            return false;
        }
        match line.split(|byte| *byte == b' ').nth(1) {
            Some(b"JOIN") => self.joined.push(member),
            Some(b"PART") => self.parted.push(member),
            _ => return false,
        }
        true
    }
}

/// Has members of the crowd from `first` on, who are called so, join and part again and again.
///
/// # Errors
/// If nothing happens any more.
pub(crate) fn come_and_go(
    crowd: &mut Crowd,
    first: usize,
    names: &[String],
    room: &str,
    time: Duration,
) -> Result<Visited> {
    let marks = names.iter().map(|name| format!(":{name}!").into_bytes()).collect();
    let parted = (first..first + names.len()).collect();
    let mut guests = Guests { first, marks, joined: Vec::new(), parted, told: 0 };
    let (join, part) = (format!("JOIN #{room}\r\n"), format!("PART #{room}\r\n"));
    let (begun, mut visits, mut heard) = (Instant::now(), 0, Instant::now());
    let mut inside = 0;
    while begun.elapsed() < time || inside > 0 {
        let parted = std::mem::take(&mut guests.parted);
        if begun.elapsed() < time {
            inside += parted.len();
            parted.iter().for_each(|member| crowd.send(*member, join.as_bytes()));
        }
        for member in std::mem::take(&mut guests.joined) {
            crowd.send(member, part.as_bytes());
        }
        crowd.turn(Duration::from_millis(100), &mut guests)?;
        crowd.all_here()?;
        visits += guests.parted.len() as u64;
        inside -= guests.parted.len().min(inside);
        if !guests.joined.is_empty() || !guests.parted.is_empty() {
            heard = Instant::now();
        } else if heard.elapsed() > PATIENCE {
            bail!("someone never came in, or never left");
        }
    }
    Ok(Visited { visits, time: begun.elapsed(), told: guests.told })
}
