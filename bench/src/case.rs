//! The cases: which questions are put to which servers.

mod cluster;
mod direct;
mod faces;
mod fan_out;
mod filled;
mod growth;
mod history;
mod idle;
mod joins;
mod latency;
mod reader;
mod rooms;
mod slow;
mod subject;
mod talking;

use clap::ValueEnum;

use crate::server::Ground;
use crate::trial::Experiment;

/// A group of experiments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Case {
    /// One room, by its members and what is in flight.
    FanOut,
    /// Many small rooms in which everyone talks.
    Rooms,
    /// Direct messages, and what of a round trip is the commit.
    Direct,
    /// Comings and goings.
    Joins,
    /// Silent connections: memory, and time of the processor.
    Idle,
    /// Latency at fixed rates.
    Latency,
    /// Pages of history where much is stored.
    History,
    /// What a message costs where there is much else.
    Growth,
    /// A slow and a stalled reader among many.
    Slow,
    /// One room in each way to be spoken to.
    Faces,
    /// Three nodes beside one chinwag, and what they take when something of theirs ends.
    Cluster,
}

impl Case {
    /// All of them, in their order.
    pub(crate) fn all() -> Vec<Self> {
        Self::value_variants().to_vec()
    }

    /// Its experiments; `quick`: only to see that they work; `long`: those,
    /// too, that take an hour.
    pub(crate) fn experiments(self, ground: &Ground, quick: bool, long: bool) -> Vec<Experiment> {
        match self {
            Self::FanOut => fan_out::experiments(ground, quick, long),
            Self::Rooms => rooms::experiments(ground, quick),
            Self::Direct => direct::experiments(ground, quick),
            Self::Joins => joins::experiments(ground, quick),
            Self::Idle => idle::experiments(ground, quick),
            Self::Latency => latency::experiments(ground, quick),
            Self::History => history::experiments(ground, quick, long),
            Self::Growth => growth::experiments(ground, quick),
            Self::Slow => slow::experiments(ground, quick),
            Self::Faces => faces::experiments(ground, quick),
            Self::Cluster => cluster::experiments(ground, quick),
        }
    }
}
