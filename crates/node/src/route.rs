//! From effects to the deliveries of each shard: a room's members are touched by the shards that
//! hold them, never one by one here.

use std::sync::Arc;

use chinwag_model::effect::Audience;
use chinwag_model::id::{NodeId, SessionId};

use crate::delivery::{Delivery, Recipients, SessionNumber, Shown};

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

    /// Shows an event to an audience; `watching` are the sessions that watch the name in it.
    pub(crate) fn show(&mut self, audience: Audience, watching: &[SessionNumber], shown: Shown) {
        let shown = Arc::new(shown);
        let show = |to| Delivery::Show { to, shown: Arc::clone(&shown) };
        match audience {
            Audience::Room(room) => self.send_all(&show(Recipients::Room(room))),
            Audience::Everyone => self.send_all(&show(Recipients::Everyone)),
            Audience::Sessions(sessions) => {
                self.send_holders(&sessions, |held| show(Recipients::Sessions(held)));
            }
            Audience::Watchers(_) => {
                let count = self.shards.len();
                for (shard, queue) in self.shards.iter_mut().enumerate() {
                    let held = held_by(shard, count, watching.iter().copied());
                    if !held.is_empty() {
                        queue.push(show(Recipients::Sessions(held)));
                    }
                }
            }
            Audience::Peers { rooms, own, .. } => {
                let (node, count) = (self.node, self.shards.len());
                for (shard, queue) in self.shards.iter_mut().enumerate() {
                    let own = own.iter().filter(|id| id.node == node).map(|id| id.number);
                    queue.push(show(Recipients::Peers {
                        rooms: rooms.clone(),
                        own: held_by(shard, count, own),
                        watchers: held_by(shard, count, watching.iter().copied()),
                    }));
                }
            }
        }
    }

    /// Has every shard close all its connections.
    pub fn close_all(&mut self) {
        self.send_all(&Delivery::CloseAll);
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

/// Those of these connections that a shard holds.
fn held_by(
    shard: usize,
    shards: usize,
    sessions: impl Iterator<Item = SessionNumber>,
) -> Vec<SessionNumber> {
    sessions.filter(|session| shard_of(*session, shards) == shard).collect()
}

/// The shard that holds a connection, by the connection's number.
#[must_use]
pub fn shard_of(session: SessionNumber, shards: usize) -> usize {
    usize::try_from(session % shards.max(1) as u64).unwrap_or(0)
}
