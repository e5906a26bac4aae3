//! Takes entries in order: for each request a decision, a commit, and its effects.

use std::panic::{AssertUnwindSafe, catch_unwind};

use chinwag_model::effect::Effect;
use chinwag_model::entry::{Entry, Packet};
use chinwag_model::id::Place;
use chinwag_model::intent::Intent;
use chinwag_model::outcome::Refusal;

use crate::rule;
use crate::state::{Life, State};
use crate::step::Step;

/// The state and the loop that moves it.
#[derive(Debug, Default)]
pub struct Core {
    state: State,
}

/// An entry that does not follow the last one: something was lost, and nothing may go on.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("entry {got} does not follow entry {last}")]
pub struct Gap {
    /// The last entry taken.
    pub last: u64,
    /// The entry that came.
    pub got: u64,
}

impl Core {
    /// Goes on from a state.
    #[must_use]
    pub fn new(state: State) -> Self {
        Self { state }
    }

    /// The state now.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Takes the next entry. What follows from it is appended to `out`, in order; a request that
    /// is refused has its refusal there. A packet of an epoch that is over, or that was taken
    /// before, changes nothing.
    ///
    /// # Errors
    /// [`Gap`] if an entry is missing before this one; nothing was changed.
    pub fn apply(&mut self, entry: &Entry, out: &mut Vec<Effect>) -> Result<(), Gap> {
        if entry.seq != self.state.seq.next() {
            return Err(Gap { last: self.state.seq.0, got: entry.seq.0 });
        }
        self.state.seq = entry.seq;
        self.state.time = self.state.time.max(entry.time);
        if !self.takes(&entry.packet) {
            return Ok(());
        }
        for (index, request) in (0u32..).zip(&entry.packet.requests) {
            let step = Step {
                place: Place { seq: entry.seq, index },
                time: self.state.time,
                origin: request.origin,
            };
            // A decision touches nothing, so that one which panics is a bug of ours and a no to
            // the asker, on every node alike; it must not stop the log at this place for ever.
            let decided =
                catch_unwind(AssertUnwindSafe(|| rule::decide(&self.state, &step, request)))
                    .unwrap_or(Err(Refusal::Internal));
            match decided {
                Ok(change) => change.commit(&mut self.state, &step, out),
                Err(refusal) => out.push(Effect::Reply(request.origin, Err(refusal))),
            }
        }
        Ok(())
    }

    /// Whether a packet counts: the next one of a living epoch, or the first of a new one.
    fn takes(&mut self, packet: &Packet) -> bool {
        let begins = matches!(packet.requests.first(), Some(r) if r.intent == Intent::Begin);
        let length = packet.requests.len() as u64;
        let life = self.state.lives.entry(packet.node).or_insert(Life { epoch: 0, next: 0 });
        if begins && packet.first == 0 && packet.epoch > life.epoch {
            *life = Life { epoch: packet.epoch, next: length };
            return true;
        }
        let counts = packet.epoch == life.epoch && packet.first == life.next && life.epoch > 0;
        if counts {
            life.next += length;
        }
        counts
    }
}
