//! Rooms that talk as fast as they can, with so many lines in flight.

use std::time::Duration;

use anyhow::Result;

use super::subject::{Gathering, Rooms, Subject};
use crate::generator::talk::{Talked, talk};
use crate::server::Ground;
use crate::trial::{Experiment, Measured, Metric};

pub(super) const CPU: Metric = Metric { name: "CPU a million deliveries", unit: "s", digits: 3 };
pub(super) const RATE: Metric = Metric { name: "deliveries", unit: "M/s", digits: 2 };
pub(super) const LINES: Metric = Metric { name: "lines said", unit: "/s", digits: 0 };
const BYTES: Metric = Metric { name: "bytes a delivery", unit: "", digits: 0 };
pub(super) const SHARE: Metric = Metric { name: "server's CPU", unit: "cores", digits: 2 };
pub(super) const GENERATOR: Metric = Metric { name: "generator's CPU", unit: "cores", digits: 2 };

/// How long a talk is listened to.
pub(super) fn span(quick: bool) -> (Duration, Duration) {
    let (warm, time) = if quick { (50, 300) } else { (500, 2000) };
    (Duration::from_millis(warm), Duration::from_millis(time))
}

/// One setting, with each server.
pub(super) fn experiment(
    case: &'static str,
    rooms: Rooms,
    subjects: &[Subject],
    ground: &Ground,
    quick: bool,
) -> Experiment {
    let trial = |subject: &Subject| {
        let (subject, ground) = (subject.clone(), ground.clone());
        subject.trial(move |subject| {
            let mut gathering = subject.gather(rooms, &ground)?;
            measure(&mut gathering, quick)
        })
    };
    Experiment {
        case,
        setting: setting(rooms),
        trials: subjects.iter().map(trial).collect(),
        points: Vec::new(),
    }
}

/// What rooms are called in tables.
pub(super) fn setting(rooms: Rooms) -> String {
    let Rooms { rooms, members, senders, in_flight, size } = rooms;
    let of = if rooms == 1 { String::new() } else { format!("{rooms} rooms of ") };
    format!("{of}{members} members, {senders} × {in_flight}, {size} B")
}

/// Has those who gathered talk, and says what it cost.
///
/// # Errors
/// As of a talk.
pub(super) fn measure(gathering: &mut Gathering, quick: bool) -> Result<Measured> {
    let Gathering { server, crowd, plan } = gathering;
    let (warm, time) = span(quick);
    Ok(figures(&talk(crowd, plan, warm, time, || server.time())?))
}

/// What a talk says of a server.
fn figures(talked: &Talked) -> Measured {
    let (seconds, deliveries) = (talked.time.as_secs_f64(), talked.deliveries as f64);
    let server = talked.server.as_secs_f64();
    vec![
        (CPU, server / (deliveries / 1e6)),
        (RATE, deliveries / seconds / 1e6),
        (LINES, talked.lines as f64 / seconds),
        (BYTES, talked.bytes as f64 / deliveries),
        (SHARE, server / seconds),
        (GENERATOR, talked.generator.as_secs_f64() / seconds),
    ]
}
