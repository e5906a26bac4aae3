//! A node's way to the shared log: packets are sent until they came back in their turn, and
//! entries are given on without a hole.

use std::collections::{BTreeMap, VecDeque};

use chinwag_model::entry::{Entry, Packet};
use chinwag_model::id::{NodeId, Seq};

use crate::agenda::{MILLI, Micros};

/// After so long without a sign, packets are sent again, and entries asked for.
const LATE: Micros = 500 * MILLI;

/// The uplink's own state, which ends with the process.
#[derive(Debug)]
pub(crate) struct Uplink {
    node: NodeId,
    /// Offered, and not come back in their turn; the oldest first.
    window: VecDeque<Packet>,
    /// How many of them were sent.
    sent: usize,
    /// When the oldest was sent last, or another one came back.
    moved: Micros,
    last: Seq,
    ahead: BTreeMap<Seq, Entry>,
    heard: Micros,
}

impl Uplink {
    /// An uplink of a node that has read up to an entry.
    pub(crate) fn new(node: NodeId, last: Seq, now: Micros) -> Self {
        let (window, ahead) = (VecDeque::new(), BTreeMap::new());
        Self { node, window, sent: 0, moved: now, last, ahead, heard: now }
    }

    /// A packet is offered. Those of earlier epochs are no longer wanted.
    pub(crate) fn offer(&mut self, packet: Packet) {
        if self.window.front().is_some_and(|oldest| oldest.epoch < packet.epoch) {
            self.window.clear();
            self.sent = 0;
        }
        self.window.push_back(packet);
    }

    /// What is to be sent now.
    pub(crate) fn next(&mut self, now: Micros) -> Option<Packet> {
        let packet = self.window.get(self.sent)?.clone();
        if self.sent == 0 {
            self.moved = now;
        }
        self.sent += 1;
        Some(packet)
    }

    /// An entry came, in whichever order. Gives those whose turn it is.
    pub(crate) fn came(&mut self, entry: Entry, now: Micros) -> Vec<Entry> {
        self.heard = now;
        if entry.seq > self.last {
            self.ahead.insert(entry.seq, entry);
        }
        let mut due = Vec::new();
        while let Some(next) = self.ahead.remove(&self.last.next()) {
            self.last = next.seq;
            self.came_back(&next.packet, now);
            due.push(next);
        }
        due
    }

    fn came_back(&mut self, packet: &Packet, now: Micros) {
        if packet.node != self.node {
            return;
        }
        let is_it = |p: &Packet| (p.epoch, p.first) == (packet.epoch, packet.first);
        match self.window.iter().position(is_it) {
            Some(0) => {
                self.window.pop_front();
                self.sent = self.sent.saturating_sub(1);
                self.moved = now;
            }
            // It passed one that was lost: all from there on go again.
            Some(_) => self.sent = 0,
            None => {}
        }
    }

    /// Time passes. Whether entries are to be asked for, after this one.
    pub(crate) fn tick(&mut self, now: Micros) -> Option<Seq> {
        if self.sent > 0 && now >= self.moved + LATE {
            self.sent = 0;
        }
        let is_wanting = !self.ahead.is_empty() || now >= self.heard + LATE;
        is_wanting.then(|| {
            self.heard = now;
            self.last
        })
    }
}
