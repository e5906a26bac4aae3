//! What a server does besides where it is one of several.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chinwag_model::entry::Packet;
use chinwag_model::id::NodeId;
use chinwag_node::health::Standing;
use chinwag_node::node::{Node, Part};
use chinwag_storage::whispers::Whispers;
use crossbeam_channel::Sender;

use crate::courier::ToHub;
use crate::metrics::Metrics;

/// As what a server takes part in a cluster. The log is the one that all its nodes share.
pub struct Cluster {
    /// Its name, and the times by which it lives.
    pub part: Part,
    /// The way to the other nodes, beside the log.
    pub whispers: Box<dyn Whispers>,
    /// Where people reach the other nodes, as they are told; empty where nobody knows.
    pub addresses: String,
    /// What is called once the state was found to differ from that of most other nodes. Nothing is
    /// taken or stored from then on, and the server is to be stopped; without this the process ends.
    pub differs: Option<Differs>,
}

/// Who is told that a node's state differs.
pub type Differs = Box<dyn Fn() + Send>;

impl std::fmt::Debug for Cluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cluster").field("part", &self.part).finish_non_exhaustive()
    }
}

/// What the hub of a node of a cluster has besides.
pub(crate) struct Member {
    whispers: Box<dyn Whispers>,
    /// From when on the node is told the time.
    started: Instant,
    /// When packets were offered, by their epoch and first number.
    offered: VecDeque<(u64, u64, Instant)>,
    standing: Standing,
    /// How often the node had begun anew.
    begun_anew: u64,
    addresses: String,
    differs: Option<Differs>,
}

impl Member {
    pub(crate) fn new(cluster: Cluster, started: Instant) -> Self {
        let Cluster { whispers, addresses, differs, .. } = cluster;
        let (offered, standing) = (VecDeque::new(), Standing::Joining);
        Self { whispers, started, offered, standing, begun_anew: 0, addresses, differs }
    }

    /// Where the people of this node can go when it ends, if there is such a place.
    pub(crate) fn hint(&self, node: &Node) -> Option<Arc<str>> {
        let is_alone = node.health().nodes.len() < 2;
        let words = "Another server of this chat can be connected to now";
        match (is_alone, self.addresses.as_str()) {
            (true, _) => None,
            (false, "") => Some(words.into()),
            (false, addresses) => Some(format!("{words}: {addresses}").into()),
        }
    }

    /// The state differs from that of most other nodes. Says whether somebody minds that.
    pub(crate) fn differs(&mut self, metrics: &Metrics) -> bool {
        let Some(differs) = &self.differs else { return false };
        metrics.set_standing(Standing::Joining);
        differs();
        true
    }

    /// Has the hub hear what is whispered. What comes while it is busy is lost.
    pub(crate) fn hear(&mut self, hub: Sender<ToHub>) {
        self.whispers.hear(Box::new(move |bytes| {
            let _ = hub.try_send(ToHub::Whispered(bytes));
        }));
    }

    /// Tells the node the time, and the operator how it stands; whispers what there is to whisper.
    pub(crate) fn tick(&mut self, node: &mut Node, metrics: &Metrics) {
        node.tick(self.started.elapsed());
        for whisper in node.take_whispers() {
            self.whispers.whisper(whisper.to_bytes());
        }
        metrics.set_cluster(node.state().all_living().count(), self.offered.len());
        // It may be over before it is looked how the node stands.
        let begun_anew = node.begun_anew();
        if begun_anew != std::mem::replace(&mut self.begun_anew, begun_anew) {
            metrics.began_anew();
            tracing::warn!(
                "the other nodes have taken this one for gone, or it hears none of them; it closes \
                 its connections and begins anew"
            );
        }
        let standing = node.standing();
        if standing != std::mem::replace(&mut self.standing, standing) {
            metrics.set_standing(standing);
            match standing {
                Standing::Well => tracing::info!("what people send is stored"),
                Standing::Joining => {}
                Standing::Stalled => {
                    tracing::warn!("the cluster stores nothing; what people send is held");
                }
                Standing::CutOff => {
                    tracing::error!(
                        "this node is cut off from its cluster, or the cluster has lost its \
                         quorum; what people send is refused"
                    );
                }
            }
        }
    }

    /// A packet goes to the log.
    pub(crate) fn offered(&mut self, packet: &Packet) {
        // Those of an epoch that is over never land.
        self.offered.retain(|(epoch, ..)| *epoch == packet.epoch);
        self.offered.push_back((packet.epoch, packet.first, Instant::now()));
    }

    /// How long it took for a packet to come back, if it is this node's, and the first time.
    pub(crate) fn landed(&mut self, own: NodeId, packet: &Packet) -> Option<Duration> {
        let is_it = |(epoch, first, _): &mut (u64, u64, Instant)| {
            packet.node == own && (*epoch, *first) == (packet.epoch, packet.first)
        };
        self.offered.pop_front_if(is_it).map(|(_, _, at)| at.elapsed())
    }
}
