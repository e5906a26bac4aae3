//! The cases: which questions are put to which servers.

mod fan_out;
mod rooms;
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
}

impl Case {
    /// All of them, in their order.
    pub(crate) fn all() -> Vec<Self> {
        Self::value_variants().to_vec()
    }

    /// Its experiments; `quick`: only to see that they work.
    pub(crate) fn experiments(self, ground: &Ground, quick: bool) -> Vec<Experiment> {
        match self {
            Self::FanOut => fan_out::experiments(ground, quick),
            Self::Rooms => rooms::experiments(ground, quick),
        }
    }
}
