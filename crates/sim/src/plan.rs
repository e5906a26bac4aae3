//! What a seed draws before anything happens: how large the world is, how fast, and what goes wrong
//! in it. Every seed has another mixture, so that each fault is met alone and with others.

use std::ops::RangeInclusive;

use crate::agenda::{MILLI, Micros, SECOND};
use crate::chance::Chance;
use crate::voice::PAGE;

/// What stands around a text on a line, at most.
const LINE_BYTES: usize = 160;

/// A kind of thing that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// A process is killed, and started again.
    Kill,
    /// A machine loses its power: what was not synced may be gone.
    Power,
    /// A process is told to stop, and started again.
    Stop,
    /// A process does not run for a while.
    Pause,
    /// Nothing goes from a node to the log, or comes from there, or either.
    Cut,
    /// The log has no leader for a while.
    Election,
    /// The disk is full for a while.
    Full,
    /// The log's clock is set, by up to an hour.
    Clock,
    /// A client does not read for a while.
    Stall,
    /// A client's connection breaks.
    Break,
}

/// All of them.
const TROUBLES: [Trouble; 10] = [
    Trouble::Kill,
    Trouble::Power,
    Trouble::Stop,
    Trouble::Pause,
    Trouble::Cut,
    Trouble::Election,
    Trouble::Full,
    Trouble::Clock,
    Trouble::Stall,
    Trouble::Break,
];

/// What a world is like.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// One for a node with a log of its own, three for a cluster.
    pub(crate) nodes: usize,
    pub(crate) bots: usize,
    /// How often in a thousand a connection speaks IRC.
    pub(crate) irc: u64,
    /// For how long things go wrong.
    pub(crate) trouble_time: Micros,
    /// When what goes wrong, and for how long.
    pub(crate) troubles: Vec<(Micros, Trouble, Micros)>,
    /// Between two things that a bot does.
    pub(crate) think: RangeInclusive<Micros>,
    /// How long a commit takes.
    pub(crate) commit: RangeInclusive<Micros>,
    /// How long something is on its way between two machines.
    pub(crate) net: RangeInclusive<Micros>,
    /// How often in a thousand something between a node and the log is lost, or comes twice.
    pub(crate) lost: u64,
    pub(crate) repeated: u64,
    /// How often in a thousand it takes a second longer.
    pub(crate) held_up: u64,
    pub(crate) outbox_bytes: usize,
    /// What the kernel keeps for a connection.
    pub(crate) socket_bytes: usize,
    /// What a slow client reads at a time.
    pub(crate) slow_bytes: usize,
    /// Entries after which a snapshot is made.
    pub(crate) snapshot_entries: u64,
    /// How long the archive waits before it writes.
    pub(crate) archive_lag: RangeInclusive<Micros>,
    pub(crate) archive_backlog_max: usize,
    /// The longest text, in bytes.
    pub(crate) text_bytes_max: u64,
}

impl Plan {
    pub(crate) fn draw(chance: &mut Chance) -> Self {
        let nodes = if chance.happens(500) { 1 } else { 3 };
        let spread = |chance: &mut Chance, low: u64, high: u64| {
            let one = chance.spread(low..=high);
            one.min(low * 4)..=one
        };
        // So many things are done by each, at most.
        let acts = chance.within(40..=150);
        let busy = chance.spread(20..=2000) * MILLI;
        let time = (busy * acts / 2).clamp(2 * SECOND, 60 * SECOND);
        let mut plan = Self {
            nodes,
            bots: usize::try_from(chance.within(2..=6)).unwrap_or(2),
            irc: *[0, 500, 500, 1000].get(chance.below(4)).unwrap_or(&0),
            trouble_time: time,
            troubles: Vec::new(),
            think: busy / 4..=busy,
            commit: spread(chance, 50, 50_000),
            net: spread(chance, 20, 100_000),
            lost: if chance.happens(400) { chance.spread(1..=200) } else { 0 },
            repeated: if chance.happens(400) { chance.spread(1..=300) } else { 0 },
            held_up: if chance.happens(300) { chance.spread(1..=100) } else { 0 },
            outbox_bytes: usize::try_from(chance.spread(8_192..=1_048_576)).unwrap_or(8_192),
            socket_bytes: usize::try_from(chance.spread(256..=65_536)).unwrap_or(256),
            slow_bytes: usize::try_from(chance.spread(16..=16_384)).unwrap_or(16),
            snapshot_entries: chance.spread(10..=500),
            archive_lag: spread(chance, 1, 500_000),
            archive_backlog_max: if chance.happens(200) { 8 } else { 200_000 },
            text_bytes_max: chance.spread(8..=350),
        };
        // One answer has to fit, or nobody could ever read it.
        let page = PAGE * (usize::try_from(plan.text_bytes_max).unwrap_or(0) + LINE_BYTES);
        plan.outbox_bytes = plan.outbox_bytes.max(page);
        let met: Vec<Trouble> = TROUBLES.into_iter().filter(|_| chance.happens(400)).collect();
        if !met.is_empty() {
            for _ in 0..chance.within(0..=8) {
                let at = chance.within(0..=time);
                let what = *met.get(chance.below(met.len())).unwrap_or(&Trouble::Break);
                let long = chance.spread(10 * MILLI..=40 * SECOND);
                plan.troubles.push((at, what, long));
            }
        }
        plan
    }

    /// How often at most something that waits is told to its person; where that can't be said, as
    /// nodes are cut off from their log, `None`.
    pub(crate) fn tellings_max(&self) -> Option<usize> {
        let is = |kinds: &[Trouble]| self.troubles.iter().filter(|t| kinds.contains(&t.1)).count();
        let is_apart = is(&[Trouble::Cut, Trouble::Election, Trouble::Pause, Trouble::Full]) > 0;
        (!is_apart && self.lost == 0).then(|| 1 + is(&[Trouble::Kill, Trouble::Power]))
    }

    /// What a cluster differs in from a node alone.
    pub(crate) fn is_cluster(&self) -> bool {
        self.nodes > 1
    }
}
