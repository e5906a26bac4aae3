//! One run: the world of a seed, from its beginning until all have read all.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::oracle;
use crate::world::World;

/// What came of a run.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The seed of the run.
    pub seed: u64,
    /// What broke a promise, in words; nothing where all were kept.
    pub wrong: Vec<String>,
    /// What happened, in order of time, if that was asked for.
    pub trace: Vec<String>,
    /// How many entries the log came to hold.
    pub entries: usize,
    /// How many messages were stored, and how often one was told.
    pub messages: usize,
    /// How often a message was told to someone.
    pub told: usize,
}

/// Runs the world of a seed, and holds the promises against what happened in it.
///
/// The same seed gives the same run, on every machine, for as long as neither the world nor the
/// product changes.
#[must_use]
pub fn run(seed: u64, is_traced: bool) -> Report {
    let mut world = World::new(seed, is_traced);
    let ran = catch_unwind(AssertUnwindSafe(|| world.run()));
    let mut wrong = std::mem::take(&mut world.wrong);
    if let Err(panic) = ran {
        let words = panic.downcast_ref::<String>().cloned();
        let words = words.or_else(|| panic.downcast_ref::<&str>().map(|&words| words.to_owned()));
        wrong.push(format!("it panicked: {}", words.unwrap_or_default()));
    }
    if wrong.is_empty() {
        let tellings_max = world.plan.tellings_max();
        oracle::check_bots(&world.bots, &world.truth, tellings_max, &mut wrong);
        for (at, process, shelf) in world.nodes() {
            let state = process.map(|process| process.node.state());
            let seq = state.map(chinwag_core::state::State::seq);
            oracle::check_node(at, seq, shelf.rows(), &world.truth, &mut wrong);
            if state.is_some_and(|state| {
                state.seq() == world.truth.last() && state.digest() != world.truth.digest()
            }) {
                wrong.push(format!("node {at} is in another state at the end"));
            }
        }
    }
    let visits = world.bots.iter().flat_map(|bot| &bot.visits);
    Report {
        seed,
        wrong,
        entries: world.truth.entries.len(),
        messages: world.truth.said.len(),
        told: visits.map(|visit| visit.told.len()).sum(),
        trace: world.trace.take().unwrap_or_default(),
    }
}
