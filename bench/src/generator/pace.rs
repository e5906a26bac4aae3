//! Talk at a fixed rate: each line has its moment, whether or not those before it have arrived.
//!
//! A time runs from the moment at which a line was to be said. If the server, or the generator, is
//! late with one line, those after it are late, too, and count as that ("coordinated omission").

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::crowd::{Crowd, Ear};
use super::payload::{self, Head};
use super::spread::Spread;
use super::talk::{Plan, Talk, own_time};

/// How long nothing may come while something is on its way.
const PATIENCE: Duration = Duration::from_secs(10);

/// The system's queue of events waits in whole milliseconds: what is due sooner is waited for
/// without it.
const TICK: Duration = Duration::from_millis(1);

/// What came of it, without the time for warming up.
#[derive(Clone, Debug)]
pub(crate) struct Paced {
    /// From when a line was to be said to when a receiver had it: each receiver of each line.
    pub(crate) times: Spread,
    /// From when a line was to be said to when it was.
    pub(crate) late: Spread,
    /// The longest time from one line to the next that a receiver got.
    pub(crate) gap: Duration,
    /// Lines a second that were delivered to everyone, until the last was.
    pub(crate) lines: f64,
    /// Time of the processor that the server took, and how long it was looked at.
    pub(crate) server: Duration,
    pub(crate) generator: Duration,
    pub(crate) time: Duration,
}

#[derive(Debug)]
struct Pace<'a> {
    talk: Talk<'a>,
    size: usize,
    senders: u64,
    /// Nanoseconds from one line to the next.
    each: f64,
    begun: Instant,
    warm: Duration,
    now: Instant,
    times: Spread,
    /// When each member got a line.
    last: Vec<Instant>,
    gap: Duration,
}

impl Pace<'_> {
    /// When a line is to be said.
    fn due(&self, line: u64) -> Instant {
        self.begun + Duration::from_nanos((line as f64 * self.each) as u64)
    }
}

impl Ear for Pace<'_> {
    fn listen(&mut self) {
        self.now = Instant::now();
    }

    #[inline]
    fn line(&mut self, member: usize, line: &[u8]) -> bool {
        if !self.talk.line(member, line) {
            return false;
        }
        let head = payload::find(line, self.size, 0).and_then(payload::read);
        if let Some(Head { sender, number }) = head {
            let due = self.due(number * self.senders + sender as u64);
            if due >= self.begun + self.warm {
                self.times.add(self.now.saturating_duration_since(due));
            }
        }
        if let Some(last) = self.last.get_mut(member) {
            self.gap = self.gap.max(self.now.saturating_duration_since(*last));
            *last = self.now;
        }
        true
    }
}

/// Says `rate` lines a second, the senders in turn, and waits until all have arrived; checks that
/// everyone received everything, once and in one order.
///
/// # Errors
/// What was not as it must be.
pub(crate) fn pace(
    crowd: &mut Crowd,
    plan: &Plan,
    rate: f64,
    warm: Duration,
    time: Duration,
    server_time: impl Fn() -> Result<Duration>,
) -> Result<Paced> {
    let mut pace = Pace {
        talk: Talk::new(plan, crowd.len()),
        size: plan.size,
        senders: plan.senders.len() as u64,
        each: 1e9 / rate,
        begun: Instant::now(),
        warm,
        now: Instant::now(),
        times: Spread::default(),
        last: vec![Instant::now(); crowd.len()],
        gap: Duration::ZERO,
    };
    let mut said = vec![0; plan.senders.len()];
    let lines = ((warm + time).as_secs_f64() * rate).ceil() as u64;
    let warm_lines = (warm.as_secs_f64() * rate).ceil() as u64;
    let (mut line, mut late, mut out) = (0, Spread::default(), Vec::new());
    let mut begun = (Instant::now(), server_time()?, own_time());
    let mut heard = (Instant::now(), 0);
    while line < lines || pace.talk.deliveries < pace.talk.expected(&said).iter().sum() {
        let now = Instant::now();
        while line < lines && pace.due(line) <= now {
            if line == warm_lines {
                begun = (Instant::now(), server_time()?, own_time());
            }
            let number = (line % pace.senders) as usize;
            if let (Some(sender), Some(said)) = (plan.senders.get(number), said.get_mut(number)) {
                out.clear();
                out.extend(sender.front.as_bytes());
                payload::write(Head { sender: number, number: *said }, plan.size, &mut out);
                out.extend(sender.end);
                crowd.send(sender.member, &out);
                *said += 1;
            }
            if line >= warm_lines {
                late.add(pace.due(line).elapsed());
            }
            line += 1;
        }
        let left = pace.due(line).saturating_duration_since(now);
        let wait = match (line < lines, left.checked_sub(TICK)) {
            (false, _) => Duration::from_millis(50),
            (true, Some(wait)) => wait.min(Duration::from_millis(100)),
            (true, None) => Duration::ZERO,
        };
        crowd.turn(wait, &mut pace)?;
        if pace.talk.deliveries > heard.1 || line < lines {
            heard = (Instant::now(), pace.talk.deliveries);
        } else if heard.0.elapsed() > PATIENCE {
            crowd.all_here()?;
            bail!("lines were lost: nothing comes any more");
        }
    }
    crowd.all_here()?;
    pace.talk.check(&said)?;
    let time = begun.0.elapsed();
    Ok(Paced {
        times: pace.times,
        late,
        gap: pace.gap,
        lines: (lines - warm_lines) as f64 / time.as_secs_f64(),
        server: server_time()?.saturating_sub(begun.1),
        generator: own_time().saturating_sub(begun.2),
        time,
    })
}
