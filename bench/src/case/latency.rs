//! Latency at fixed rates, up to where the servers are full, and what the disk takes of it.

use std::fs::File;
use std::io::Write;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::subject::{Gathering, Rooms, Subject};
use crate::generator::pace::pace;
use crate::generator::spread::Spread;
use crate::server::Ground;
use crate::trial::{Chart, Experiment, Measured, Metric, Trial};

pub(super) const MIDDLE: Metric = Metric { name: "p50", unit: "µs", digits: 0 };
pub(super) const HIGH: Metric = Metric { name: "p99", unit: "µs", digits: 0 };
pub(super) const RATE: Metric = Metric { name: "lines delivered to all", unit: "/s", digits: 0 };
pub(super) const SERVER: Metric = Metric { name: "server's CPU", unit: "cores", digits: 2 };
pub(super) const GENERATOR: Metric = Metric { name: "generator's CPU", unit: "cores", digits: 2 };
pub(super) const LATE: Metric =
    Metric { name: "the generator's own lateness, p99", unit: "µs", digits: 0 };

const BY_RATE: Chart = Chart {
    file: "latency-by-rate",
    title: "Latency, half of all deliveries are faster",
    across: "lines a second, room of 100",
    metric: MIDDLE,
};
const HIGH_BY_RATE: Chart = Chart {
    file: "latency-p99-by-rate",
    title: "Latency, 99 of 100 deliveries are faster",
    across: "lines a second, room of 100",
    metric: HIGH,
};

const BY_MEMBERS: Chart = Chart {
    file: "latency-by-members",
    title: "Latency at 20 lines a second, half of all deliveries are faster",
    across: "members of the room",
    metric: MIDDLE,
};

/// Lines a second in rooms of growing size.
const CALM: f64 = 20.0;

pub(super) const ROOM: Rooms =
    Rooms { rooms: 1, members: 100, senders: 10, in_flight: 0, size: 64 };

/// Each rate, with each server, and the disk alone.
pub(super) fn experiments(ground: &Ground, quick: bool) -> Vec<Experiment> {
    let rates: &[u32] =
        if quick { &[100, 1000] } else { &[1, 100, 1000, 10_000, 20_000, 40_000, 80_000] };
    let by_rate = rates.iter().map(|rate| {
        let rate = f64::from(*rate);
        let mut one = experiment(ROOM, rate, format!("{rate} lines/s"), ground, quick);
        one.points = vec![(&BY_RATE, rate), (&HIGH_BY_RATE, rate)];
        if rate <= 1000.0 {
            let (ground, time) = (ground.clone(), span(rate, quick));
            one.trials
                .push(Trial::own("the disk alone: fdatasync", move || sync(&ground, rate, time)));
        }
        one
    });
    let sizes: &[usize] = if quick { &[20, 40] } else { &[10, 100, 1000] };
    let by_members = sizes.iter().map(|members| {
        let setting = format!("{members} members, {CALM} lines/s");
        let rooms = Rooms { members: *members, ..ROOM };
        let mut one = experiment(rooms, CALM, setting, ground, quick);
        one.points = vec![(&BY_MEMBERS, *members as f64)];
        one
    });
    by_rate.chain(by_members).collect()
}

/// How long lines are said: few a second take longer to tell something.
pub(super) fn span(rate: f64, quick: bool) -> Duration {
    Duration::from_millis(match (quick, rate < 10.0) {
        (true, _) => 300,
        (false, true) => 8000,
        (false, false) => 2500,
    })
}

fn experiment(
    rooms: Rooms,
    rate: f64,
    setting: String,
    ground: &Ground,
    quick: bool,
) -> Experiment {
    let time = span(rate, quick);
    let trial = |subject: Subject| {
        let ground = ground.clone();
        subject.trial(move |subject| measure(&mut subject.gather(rooms, &ground)?, rate, time))
    };
    let trials = Subject::on_irc(ground).into_iter().map(trial).collect();
    Experiment { case: "latency", setting, trials, points: Vec::new() }
}

/// Has those who gathered talk at a rate, and says how long it took.
///
/// # Errors
/// As of a talk.
pub(super) fn measure(gathering: &mut Gathering, rate: f64, time: Duration) -> Result<Measured> {
    let Gathering { server, crowd, plan } = gathering;
    let paced = pace(crowd, plan, rate, time / 4, time, || server.time())?;
    let seconds = paced.time.as_secs_f64();
    Ok(vec![
        (MIDDLE, paced.times.micros(0.5)),
        (HIGH, paced.times.micros(0.99)),
        (RATE, paced.lines),
        (SERVER, paced.server.as_secs_f64() / seconds),
        (GENERATOR, paced.generator.as_secs_f64() / seconds),
        (LATE, paced.late.micros(0.99)),
    ])
}

/// Appends a page to a file and syncs it, so often a second, where the servers store.
fn sync(ground: &Ground, rate: f64, time: Duration) -> Result<Measured> {
    let folder = ground.dig()?;
    let mut file = File::create(folder.path().join("synced")).context("make a file")?;
    let page = [0x5a; 4096];
    let (begun, mut spread, mut number) = (Instant::now(), Spread::default(), 0u32);
    while begun.elapsed() < time {
        let due = begun + Duration::from_secs_f64(f64::from(number) / rate);
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        let from = Instant::now();
        file.write_all(&page)?;
        file.sync_data()?;
        spread.add(from.elapsed());
        number += 1;
    }
    Ok(vec![(MIDDLE, spread.micros(0.5)), (HIGH, spread.micros(0.99))])
}
