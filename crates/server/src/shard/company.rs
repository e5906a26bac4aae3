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

impl Shard {
    /// Waits for the rest of those who were answered in this turn, but for a fraction of what it took
    /// to tell: so nobody who is answered alone waits, nor anybody where telling is quick.
    pub(super) fn wait_for_company(&mut self, events: &mut Events, began: Instant) {
        let answered = std::mem::take(&mut self.answered);
        let until = self.now + (began.elapsed() / SHARE).min(WAIT_MAX);
        while self.asks.len() < answered && !self.woken.load(Ordering::Acquire) {
            let left = until.saturating_duration_since(Instant::now());
            if left < WAIT_MIN {
                return;
            }
            let pause = if left < MILLISECOND {
                std::thread::sleep(left);
                Duration::ZERO
            } else {
                left
            };
            self.look_at_sockets(events, Some(pause));
            self.read_all();
        }
    }
}
