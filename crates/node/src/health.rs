//! How a node stands with the cluster, for whoever looks after it.

use std::fmt;
use std::time::Duration;

use chinwag_model::id::Seq;

/// The times by which a node of a cluster lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// So often a node says in the log that it lives.
    pub beat: Duration,
    /// After so many of its own beats without a word of another node, a node says that the other one
    /// is gone. Counted are beats and not seconds, so that while nobody can write to the log, as
    /// through the election of a leader, nobody is gone.
    pub beats_max: u32,
    /// After so long without anything stored, a node is stalled: what people send is held.
    pub stalled: Duration,
    /// After so long, it is cut off: what people send, and what was held, is refused.
    pub cut_off: Duration,
    /// After so long, if it hears nothing of any other node either, it closes its connections, so that
    /// people go to another one.
    pub close: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            beat: Duration::from_secs(1),
            beats_max: 8,
            stalled: Duration::from_secs(3),
            cut_off: Duration::from_secs(12),
            close: Duration::from_secs(30),
        }
    }
}

/// How a node stands with the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// It has not begun yet, or begins again.
    Joining,
    /// What people send is stored.
    #[default]
    Well,
    /// Nothing was stored for a while: what people send is held.
    Stalled,
    /// Nothing was stored for long: what people send is refused, and what is stored can be read.
    CutOff,
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Joining => "joining",
            Self::Well => "well",
            Self::Stalled => "stalled",
            Self::CutOff => "cut off",
        })
    }
}

/// How a node stands, at some moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// With the log.
    pub standing: Standing,
    /// For how long nothing of its own was stored; zero where there is no cluster.
    pub quiet: Duration,
    /// The last entry that it has taken.
    pub seq: Seq,
    /// The names of the nodes that live, as the log says; none where there is no cluster.
    pub nodes: Vec<String>,
    /// The version of the rules by which the cluster runs; 0 where there is none.
    pub level: u32,
}
