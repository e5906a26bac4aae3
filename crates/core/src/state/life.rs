//! The lives of nodes: which node's packets count, and which nodes are there.

use chinwag_model::id::{NodeId, Seq, SessionId};
use chinwag_model::node::Incarnation;
use minicbor::{Decode, Encode};

use crate::state::State;

/// A node's life in the log.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Life {
    /// One more each time the node starts.
    #[n(0)]
    pub(crate) epoch: u64,
    /// The number its next request has.
    #[n(1)]
    pub(crate) next: u64,
    /// What else is known of a node of a cluster.
    #[n(2)]
    pub(crate) member: Option<Box<Member>>,
}

/// A node of a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Member {
    /// As what it began.
    #[n(0)]
    pub(crate) incarnation: Incarnation,
    /// The last entry that came from it in its turn.
    #[n(1)]
    pub(crate) seen: Seq,
    /// Whether its life is over; nothing that comes of this epoch counts any more.
    #[n(2)]
    pub(crate) over: bool,
}

/// A node of a cluster that lives, as far as the log says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Living<'s> {
    /// Which.
    pub node: NodeId,
    /// Its epoch.
    pub epoch: u64,
    /// As what it began.
    pub incarnation: &'s Incarnation,
    /// The last entry that came from it in its turn.
    pub seen: Seq,
}

impl Life {
    /// Whether packets of this epoch don't count any more.
    pub(crate) fn is_over(&self) -> bool {
        self.member.as_ref().is_some_and(|member| member.over)
    }
}

impl State {
    /// The epoch of a node's present life; 0 if it never lived.
    #[must_use]
    pub fn epoch(&self, node: NodeId) -> u64 {
        self.lives.get(&node).map_or(0, |life| life.epoch)
    }

    /// A node's life in the cluster, while it lasts.
    #[must_use]
    pub fn living(&self, node: NodeId) -> Option<Living<'_>> {
        self.lives.get(&node).and_then(|life| living(node, life))
    }

    /// The epoch of a node's last life in the cluster, over or not, and as what it began.
    #[must_use]
    pub fn began(&self, node: NodeId) -> Option<(u64, &Incarnation)> {
        let life = self.lives.get(&node)?;
        life.member.as_ref().map(|member| (life.epoch, &member.incarnation))
    }

    /// All nodes of the cluster that live.
    pub fn all_living(&self) -> impl Iterator<Item = Living<'_>> {
        self.lives.iter().filter_map(|(node, life)| living(*node, life))
    }

    /// The name under which a node began last, if it was in a cluster.
    #[must_use]
    pub fn node_name(&self, node: NodeId) -> Option<&str> {
        self.began(node).map(|(_, incarnation)| &*incarnation.name)
    }

    /// The version of the rules whose kinds of intents may be in the log: what all nodes that lived at
    /// some moment knew. It only ever rises. 0 where there was never a cluster.
    #[must_use]
    pub fn level(&self) -> u32 {
        self.level
    }

    /// After a node has begun or ended: what do all that live know now?
    pub(crate) fn raise_level(&mut self) {
        let known = self.all_living().map(|living| living.incarnation.knows).min();
        self.level = self.level.max(known.unwrap_or(0));
    }

    /// The sessions of a node.
    pub(crate) fn sessions_of(&self, node: NodeId) -> impl Iterator<Item = SessionId> {
        let from = SessionId { node, number: 0 };
        let to = SessionId { node, number: u64::MAX };
        self.sessions.range(from..=to).map(|(id, _)| *id)
    }
}

fn living(node: NodeId, life: &Life) -> Option<Living<'_>> {
    let member = life.member.as_ref().filter(|member| !member.over)?;
    let Member { incarnation, seen, .. } = &**member;
    Some(Living { node, epoch: life.epoch, incarnation, seen: *seen })
}
