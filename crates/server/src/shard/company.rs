//! Who was answered together is heard together.
//!
//! Those whose lines were stored in one packet, and told in one write, speak again at about the same
//! time, each as soon as their client has read it. Were the first of them asked for at once, the
//! others would be a packet, and a write to everyone, of their own, and so it would go on.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use mio::Events;

use super::Shard;

/// The part of the time that telling took, for which those who were answered then are waited for.
const SHARE: u32 = 8;

/// The longest that is waited.
const WAIT_MAX: Duration = Duration::from_millis(5);

/// What is not worth a wait.
const WAIT_MIN: Duration = Duration::from_micros(50);

/// The system waits for sockets by whole ones of these.
const MILLISECOND: Duration = Duration::from_millis(1);

/// So many who were answered, and how long they are waited for from then on.
#[derive(Clone, Copy, Debug)]
struct Company {
    answered: usize,
    wait: Duration,
}

impl Company {
    /// Those who were answered in a turn that took so long.
    fn new(answered: usize, took: Duration) -> Self {
        Self { answered, wait: (took / SHARE).min(WAIT_MAX) }
    }

    /// How long to wait still, where so many have asked again, so long after.
    fn wait(self, asked: usize, since: Duration) -> Option<Duration> {
        let left = self.wait.saturating_sub(since);
        (asked < self.answered && left >= WAIT_MIN).then_some(left)
    }
}

impl Shard {
    /// Waits for the rest of those who were answered in this turn, but for a fraction of what it took
    /// to tell: so nobody who is answered alone waits, nor anybody where telling is quick.
    pub(super) fn wait_for_company(&mut self, events: &mut Events, began: Instant) {
        let told = Instant::now();
        let company = Company::new(std::mem::take(&mut self.answered), told - began);
        while !self.woken.load(Ordering::Acquire)
            && let Some(wait) = company.wait(self.asks.len(), told.elapsed())
        {
            let pause = if wait < MILLISECOND {
                std::thread::sleep(wait);
                Duration::ZERO
            } else {
                wait
            };
            self.look_at_sockets(events, Some(pause));
            self.read_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_waits_alone_nor_long() {
        let micros = Duration::from_micros;
        for (answered, took, asked, since, wait) in [
            // Everyone is there, or who was answered alone.
            (80, 8000, 80, 0, None),
            (1, 8000, 1, 0, None),
            (80, 8000, 50, 0, Some(1000)),
            (80, 8000, 50, 600, Some(400)),
            (80, 8000, 50, 960, None),
            (80, 8000, 50, 2000, None),
            // Telling was quick; and it took very long.
            (80, 390, 1, 0, None),
            (80, 1_000_000, 1, 0, Some(5000)),
        ] {
            let company = Company::new(answered, micros(took));
            let waits = company.wait(asked, micros(since));
            assert_eq!(waits, wait.map(micros), "{company:?} {asked} {since}");
        }
    }
}
