//! Whispers between nodes: what goes out, and what came too early.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use chinwag_model::id::{NodeId, Seq};
use chinwag_model::whisper::{Murmur, Whisper};

/// Whispers that wait for what their node had seen; beyond, the oldest is lost.
const HELD_MAX: usize = 1024;

/// A whisper that waits for longer is lost.
const HELD_TIME: Duration = Duration::from_secs(5);

/// Whispers that wait to be passed on; beyond, they are lost.
const OUT_MAX: usize = 4096;

/// Whispers of this node and of others.
#[derive(Debug, Default)]
pub(crate) struct Grapevine {
    out: Vec<Whisper>,
    /// Those of nodes that had seen more of the log than this one, and when they came.
    held: VecDeque<(Duration, Whisper)>,
    /// When which node was heard last.
    heard: BTreeMap<NodeId, Duration>,
}

impl Grapevine {
    pub(crate) fn tell(&mut self, node: NodeId, seq: Seq, what: Murmur) {
        if self.out.len() < OUT_MAX {
            self.out.push(Whisper { node, seq, what });
        }
    }

    /// What is to be passed on.
    pub(crate) fn take_out(&mut self) -> Vec<Whisper> {
        std::mem::take(&mut self.out)
    }

    /// A node that lives was heard.
    pub(crate) fn note(&mut self, node: NodeId, now: Duration) {
        self.heard.insert(node, now);
    }

    /// When any other node was heard last.
    pub(crate) fn last_heard(&self) -> Option<Duration> {
        self.heard.values().max().copied()
    }

    pub(crate) fn forget(&mut self, lives: impl Fn(NodeId) -> bool) {
        self.heard.retain(|node, _| lives(*node));
    }

    /// Keeps a whisper until this node has seen what its node had seen.
    pub(crate) fn hold(&mut self, now: Duration, whisper: Whisper) {
        if self.held.len() >= HELD_MAX {
            self.held.pop_front();
        }
        self.held.push_back((now, whisper));
    }

    /// The whispers whose time has come.
    pub(crate) fn take_due(&mut self, seq: Seq, now: Duration) -> Vec<Whisper> {
        if self.held.is_empty() {
            return Vec::new();
        }
        let held = std::mem::take(&mut self.held);
        let fresh = held.into_iter().filter(|(came, _)| now.saturating_sub(*came) <= HELD_TIME);
        let (due, held): (Vec<_>, Vec<_>) = fresh.partition(|(_, whisper)| whisper.seq <= seq);
        self.held = held.into();
        due.into_iter().map(|(_, whisper)| whisper).collect()
    }

    /// Time went by in which this process did not run.
    pub(crate) fn slept(&mut self, gap: Duration) {
        self.heard.values_mut().for_each(|heard| *heard += gap);
    }
}
