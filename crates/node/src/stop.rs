//! Why a node can't go on.

use chinwag_core::core::Gap;

/// Why a node can't go on: an operator has to know.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stop {
    /// An entry is missing.
    #[error("the log is broken: {0}")]
    Gap(#[from] Gap),
    /// Another process runs under this node's name.
    #[error(
        "another process runs as node {0} of this cluster: give each node a name of its own, under \
         [cluster]"
    )]
    NameInUse(String),
    /// Another node's name comes to the same number.
    #[error(
        "node {own} can't be told from node {other} of this cluster, as their names come to the \
         same number: call it something else, under [cluster]"
    )]
    NumberInUse {
        /// This node's name.
        own: String,
        /// The other one's.
        other: String,
    },
    /// This version is too old for what may stand in the log.
    #[error(
        "the cluster runs by version {level} of the rules, and this version of chinwag knows them \
         up to {knows}: install a newer one on this node"
    )]
    TooOld {
        /// The version by which the cluster runs.
        level: u32,
        /// The newest one known here.
        knows: u32,
    },
    /// The other nodes have come to another state.
    #[error(
        "the state of this node after entry {seq} is another one than that of {others} of the other \
         nodes: its data are damaged, or its version decides otherwise; it has to begin with the data \
         of another node"
    )]
    Differs {
        /// The entry.
        seq: u64,
        /// How many nodes have come to one and the same other state.
        others: usize,
    },
}
