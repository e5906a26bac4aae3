//! From effects to the deliveries of each shard: a room's members are touched by the shards that
//! hold them, never one by one here.

use chinwag_model::effect::{Audience, Event};
use chinwag_model::id::{NodeId, SessionId};

use crate::delivery::{Delivery, Recipients, SessionNumber};

/// The deliveries of all shards, gathered in order.
#[derive(Debug)]
pub struct Routes {
    node: NodeId,
    shards: Vec<Vec<Delivery>>,
}

impl Routes {
    /// Routes of a node with so many shards, at least one.
    #[must_use]
    pub fn new(node: NodeId, shards: usize) -> Self {
        Self { node, shards: (0..shards.max(1)).map(|_| Vec::new()).collect() }
    }

    /// Takes what a shard is to do; empty shards and shards there are none of give nothing.
    pub fn take(&mut self, shard: usize) -> Vec<Delivery> {
        self.shards.get_mut(shard).map(std::mem::take).unwrap_or_default()
    }

    /// How many shards there are.
    #[must_use]
    pub fn shards(&self) -> usize {
        self.shards.len()
    }

    /// The shard that holds a session.
    #[must_use]
    pub fn shard_of(&self, session: SessionNumber) -> usize {
        shard_of(session, self.shards.len())
    }

    pub(crate) fn show(&mut self, audience: Audience, event: Event) {
        match audience {
            Audience::Room(room) => {
                self.send_all(&Delivery::Show { to: Recipients::Room(room), event });
            }
            Audience::Everyone => {
                self.send_all(&Delivery::Show { to: Recipients::Everyone, event });
            }
            Audience::Sessions(sessions) => self.send_holders(&sessions, |sessions| {
                Delivery::Show { to: Recipients::Sessions(sessions), event: event.clone() }
            }),
        }
    }

    /// Gives a session's shard a delivery, if the session is one of this node's.
    pub(crate) fn send_session(
        &mut self,
        session: SessionId,
        delivery: impl FnOnce(SessionNumber) -> Delivery,
    ) {
        if session.node == self.node && session.number != 0 {
            let shard = self.shard_of(session.number);
            if let Some(queue) = self.shards.get_mut(shard) {
                queue.push(delivery(session.number));
            }
        }
    }

    /// Gives each shard that holds some of these sessions one delivery for all it holds.
    pub(crate) fn send_holders(
        &mut self,
        sessions: &[SessionId],
        delivery: impl Fn(Vec<SessionNumber>) -> Delivery,
    ) {
        let count = self.shards.len();
        for (shard, queue) in self.shards.iter_mut().enumerate() {
            let held = |s: &&SessionId| s.node == self.node && shard_of(s.number, count) == shard;
            let numbers: Vec<_> = sessions.iter().filter(held).map(|s| s.number).collect();
            if !numbers.is_empty() {
                queue.push(delivery(numbers));
            }
        }
    }

    fn send_all(&mut self, delivery: &Delivery) {
        for queue in &mut self.shards {
            queue.push(delivery.clone());
        }
    }
}

/// The shard that holds a connection, by the connection's number.
#[must_use]
pub fn shard_of(session: SessionNumber, shards: usize) -> usize {
    usize::try_from(session % shards.max(1) as u64).unwrap_or(0)
}
