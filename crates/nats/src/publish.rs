//! Packets on their way into the stream: sent again until they are there.
//!
//! Whether a packet is stored is known by one thing: it came back from the stream. While all goes
//! well packets are sent one behind the other. When one is late, refused or passed by a later one,
//! the oldest is sent alone, on the condition that the last entry of this node in the stream is the
//! one last seen there (`Nats-Expected-Last-Subject-Sequence`): a copy that was stored meanwhile,
//! whose answer was lost, then makes the condition false, and is not stored a second time. Once one
//! was stored so, the rest follows.
//!
//! Copies that were sent before and are held up somewhere may still be stored twice, or behind a
//! later packet; the numbers of packets then tell every node alike to pass over them. JetStream's
//! own ids for this (`Nats-Msg-Id`) would be of no use: where packet 1 is lost and 2 is stored, 1 is
//! stored behind it, and 2, sent again, would be taken for a repeat.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bytes::Bytes;
use chinwag_model::entry::Packet;
use chinwag_model::id::Seq;

use crate::message;

/// After so long without a sign, a packet is sent again.
const LATE: Duration = Duration::from_millis(500);

/// After a refusal, a packet is sent again this much later.
const REFUSED: Duration = Duration::from_millis(100);

/// The packets of this node that are on their way.
#[derive(Debug)]
pub(crate) struct Window {
    /// The oldest first.
    packets: VecDeque<OnItsWay>,
    /// How many of them were sent, from the oldest on.
    sent: usize,
    mode: Mode,
    /// The last entry of this node that came back, or that is known to be its last.
    own: Seq,
    /// Names sendings, so that each answer is known to be of one.
    sendings: u64,
    /// The last name before the oldest was sent alone.
    flowed: u64,
    /// Sendings of what had been sent before.
    again: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// All goes well.
    Flow,
    /// The oldest is sent alone, not before this time.
    Probe(Instant),
}

#[derive(Debug)]
struct OnItsWay {
    epoch: u64,
    first: u64,
    bytes: Bytes,
    /// The name of the last sending, and when that was.
    sending: u64,
    at: Option<Instant>,
    stored: bool,
}

/// What to publish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sending {
    /// Its name.
    pub(crate) name: u64,
    pub(crate) payload: Bytes,
    /// On the condition that this is the last entry of this node.
    pub(crate) after: Option<Seq>,
}

/// What JetStream answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It is stored.
    Stored,
    /// The condition is not met: the last entry of this node is this one.
    WrongLast(Seq),
    /// It is not stored, for now.
    Refused,
}

impl Window {
    pub(crate) fn new() -> Self {
        Self {
            packets: VecDeque::new(),
            sent: 0,
            mode: Mode::Flow,
            own: Seq(0),
            sendings: 0,
            flowed: 0,
            again: 0,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.packets.is_empty()
    }

    /// How often something was sent that had been sent before.
    pub(crate) fn again(&self) -> u64 {
        self.again
    }

    /// A packet is offered, behind all others. Those of earlier epochs are no longer wanted.
    pub(crate) fn offer(&mut self, packet: &Packet) {
        if self.packets.front().is_some_and(|oldest| oldest.epoch < packet.epoch) {
            self.packets.retain(|other| other.epoch >= packet.epoch);
            self.sent = self.packets.iter().filter(|other| other.at.is_some()).count();
        }
        self.packets.push_back(OnItsWay {
            epoch: packet.epoch,
            first: packet.first,
            bytes: message::write(packet),
            sending: 0,
            at: None,
            stored: false,
        });
    }

    /// An entry of this node came back.
    pub(crate) fn came_back(&mut self, seq: Seq, packet: &Packet, now: Instant) {
        self.own = self.own.max(seq);
        let is_it = |other: &OnItsWay| (other.epoch, other.first) == (packet.epoch, packet.first);
        match self.packets.iter().position(is_it) {
            Some(0) => {
                self.packets.pop_front();
                self.sent = self.sent.saturating_sub(1);
            }
            // It passed one that was lost.
            Some(_) if self.mode == Mode::Flow => self.probe(now),
            _ => {}
        }
    }

    /// JetStream answered to a sending. `followed` is the last entry that came back of whomever.
    pub(crate) fn answered(&mut self, name: u64, answer: Answer, followed: Seq, now: Instant) {
        let packet = self.packets.iter_mut().find(|packet| packet.sending == name);
        match answer {
            Answer::Stored => {
                if let Some(packet) = packet {
                    packet.stored = true;
                }
                // It may have come back before its answer did.
                if name > self.flowed {
                    self.mode = Mode::Flow;
                }
            }
            _ if packet.is_none() => {}
            // All that came up to there was looked at, so nothing that is on its way is stored.
            Answer::WrongLast(last) if last <= followed => {
                self.own = last;
                self.probe(now);
            }
            Answer::WrongLast(_) | Answer::Refused => self.probe(now + REFUSED),
        }
    }

    /// Time passes. Whether a packet is stored that did not come back: it is to be fetched.
    pub(crate) fn tick(&mut self, now: Instant) -> bool {
        let Some(oldest) = self.packets.front() else { return false };
        let late = self.sent > 0 && oldest.at.is_some_and(|at| now >= at + LATE);
        if late && oldest.stored {
            return true;
        }
        if late {
            self.probe(now);
        }
        false
    }

    /// What is to be sent now.
    pub(crate) fn next(&mut self, now: Instant) -> Option<Sending> {
        let after = match self.mode {
            Mode::Flow => None,
            Mode::Probe(from) if self.sent == 0 && now >= from => Some(self.own),
            Mode::Probe(_) => return None,
        };
        let packet = self.packets.get_mut(self.sent)?;
        self.sendings += 1;
        self.sent += 1;
        self.again += u64::from(packet.at.is_some());
        (packet.sending, packet.at, packet.stored) = (self.sendings, Some(now), false);
        Some(Sending { name: self.sendings, payload: packet.bytes.clone(), after })
    }

    fn probe(&mut self, from: Instant) {
        if self.mode == Mode::Flow {
            self.flowed = self.sendings;
        }
        self.mode = Mode::Probe(from);
        self.sent = 0;
    }
}

#[cfg(test)]
mod tests;
