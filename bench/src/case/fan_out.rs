//! One room: what a delivery costs, by the members, by how many lines are in flight, and by size.

use super::subject::{Rooms, Subject};
use super::talking;
use crate::generator::payload::SIZE_MIN;
use crate::server::Ground;
use crate::trial::{Chart, Experiment};

const RATE_BY_MEMBERS: Chart = Chart {
    file: "throughput-by-members",
    title: "One room, 10 senders with 8 lines in flight each: deliveries",
    across: "members of the room",
    metric: talking::RATE,
};
const CPU_BY_MEMBERS: Chart = Chart {
    file: "cpu-by-members",
    title: "One room, 10 senders with 8 lines in flight each: CPU a million deliveries",
    metric: talking::CPU,
    ..RATE_BY_MEMBERS
};

/// Members of the largest room that other servers are filled with, unless there is much time.
const MEMBERS_MAX: usize = 1000;

/// Which of the settings stand in the charts.
const CHARTED: (usize, u64, usize) = (10, 8, 64);

/// Each setting, with each server.
pub(super) fn experiments(ground: &Ground, quick: bool, long: bool) -> Vec<Experiment> {
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
    let subjects = Subject::on_irc(ground);
    // As everyone is told of everyone who comes, others take minutes until so many are in a room.
    let patient = |members| if members > MEMBERS_MAX && !long { 2 } else { subjects.len() };
    let experiment = |&(members, senders, in_flight, size): &(usize, usize, u64, usize)| {
        let rooms = Rooms { rooms: 1, members, senders, in_flight, size };
        let subjects = subjects.get(..patient(members)).unwrap_or_default();
        let mut one = talking::experiment("fan-out", rooms, subjects, ground, quick);
        if (senders, in_flight, size) == CHARTED {
            let members = members as f64;
            one.points = vec![(&RATE_BY_MEMBERS, members), (&CPU_BY_MEMBERS, members)];
        }
        one
    };
    settings.iter().map(experiment).collect()
}
