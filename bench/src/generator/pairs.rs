//! Pairs: one says something, the other answers, and so on.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::crowd::{Crowd, Ear};
use super::payload::{self, Head};
use super::spread::Spread;

/// How long nothing may come.
const PATIENCE: Duration = Duration::from_secs(30);

/// What came of it.
#[derive(Clone, Debug)]
pub(crate) struct Exchanged {
    /// How long it was looked at.
    pub(crate) time: Duration,
    /// From saying something to having the answer.
    pub(crate) trips: Spread,
}

#[derive(Debug)]
struct Pairs {
    size: usize,
    /// Which line each member waits for, and since when.
    next: Vec<u64>,
    since: Vec<Instant>,
    turn_of: Vec<usize>,
    trips: Spread,
    fault: Option<String>,
}

impl Ear for Pairs {
    fn line(&mut self, member: usize, line: &[u8]) -> bool {
        let Some(head) = payload::find(line, self.size, 0) else { return false };
        let Some(next) = self.next.get_mut(member) else { return false };
        match payload::read(head) {
            // What one says oneself comes back from the raw loop.
            Some(Head { sender, .. }) if sender == member => return true,
            Some(Head { sender, number }) if sender == member ^ 1 && number == *next => {}
            _ => {
                let text = String::from_utf8_lossy(head);
                self.fault.get_or_insert(format!("member {member} got {text} out of turn"));
                return true;
            }
        }
        *next += 1;
        if member.is_multiple_of(2)
            && let Some(since) = self.since.get(member)
        {
            self.trips.add(since.elapsed());
        }
        self.turn_of.push(member);
        true
    }
}

/// Has members 0 and 1, 2 and 3 and so on exchange lines: `warm` long unobserved, `time` long
/// observed. `fronts` is what each writes before a payload.
///
/// # Errors
/// A line that is lost, comes twice or in another order.
pub(crate) fn exchange(
    crowd: &mut Crowd,
    fronts: &[String],
    size: usize,
    warm: Duration,
    time: Duration,
    mut at_begin: impl FnMut() -> Result<()>,
) -> Result<Exchanged> {
    let now = Instant::now();
    let mut pairs = Pairs {
        size,
        next: vec![0; fronts.len()],
        since: vec![now; fronts.len()],
        turn_of: (0..fronts.len()).step_by(2).collect(),
        trips: Spread::default(),
        fault: None,
    };
    let (mut begun, mut heard) = (None, Instant::now());
    let mut out = Vec::new();
    loop {
        for member in std::mem::take(&mut pairs.turn_of) {
            let front = fronts.get(member).context("a member")?;
            // Who asks says their next; who answers says what they have just got.
            let next = pairs.next.get(member).copied().unwrap_or_default();
            let number = if member % 2 == 0 { next } else { next - 1 };
            out.clear();
            out.extend(front.as_bytes());
            payload::write(Head { sender: member, number }, size, &mut out);
            out.extend(b"\r\n");
            if let Some(since) = pairs.since.get_mut(member) {
                *since = Instant::now();
            }
            crowd.send(member, &out);
        }
        crowd.turn(Duration::from_millis(100), &mut pairs)?;
        crowd.all_here()?;
        if let Some(fault) = pairs.fault {
            bail!("{fault}");
        }
        if !pairs.turn_of.is_empty() {
            heard = Instant::now();
        } else if heard.elapsed() > PATIENCE {
            bail!("a line or its answer never came");
        }
        match begun {
            None if now.elapsed() >= warm => {
                at_begin()?;
                pairs.trips = Spread::default();
                begun = Some(Instant::now());
            }
            Some(begun) if begun.elapsed() >= time => {
                return Ok(Exchanged { time: begun.elapsed(), trips: pairs.trips });
            }
            _ => {}
        }
    }
}
