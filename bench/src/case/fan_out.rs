//! One room: what a delivery costs, by the members, by how many lines are in flight, and by size.

use super::subject::{Rooms, Subject};
use super::talking;
use crate::generator::payload::SIZE_MIN;
use crate::server::Ground;
use crate::trial::Experiment;

/// Each setting, with each server.
pub(super) fn experiments(ground: &Ground, quick: bool) -> Vec<Experiment> {
    let settings: &[(usize, usize, u64, usize)] = if quick {
        &[(20, 4, 4, 64)]
    } else {
        &[
            (100, 10, 8, 64),
            (1000, 10, 8, 64),
            (5000, 10, 8, 64),
            (10_000, 10, 8, 64),
            (1000, 1, 1, 64),
            (1000, 10, 8, SIZE_MIN),
            (1000, 10, 8, 400),
        ]
    };
    let subjects = Subject::on_irc();
    let experiment = |&(members, senders, in_flight, size): &(usize, usize, u64, usize)| {
        let rooms = Rooms { rooms: 1, members, senders, in_flight, size };
        talking::experiment("fan-out", rooms, &subjects, ground, quick)
    };
    settings.iter().map(experiment).collect()
}
