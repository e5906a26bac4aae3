//! Direct messages: pairs who answer each other, and what of a round trip is the commit.

use std::cell::Cell;
use std::time::Duration;

use anyhow::Result;

use super::subject::Subject;
use super::talking::span;
use crate::generator::crowd::Crowd;
use crate::generator::entry::{Newcomer, admit, settle};
use crate::generator::pairs::exchange;
use crate::server::{Counted, Ground, Program, Server};
use crate::trial::{Experiment, Measured, Metric};

const TRIPS: Metric = Metric { name: "round trips", unit: "/s", digits: 0 };
const MIDDLE: Metric = Metric { name: "p50", unit: "µs", digits: 0 };
const HIGH: Metric = Metric { name: "p99", unit: "µs", digits: 0 };
const CPU: Metric = Metric { name: "CPU a round trip", unit: "µs", digits: 1 };
const COMMIT: Metric = Metric { name: "a commit", unit: "µs", digits: 0 };
const REQUESTS: Metric = Metric { name: "requests a commit", unit: "", digits: 1 };
const SHARE: Metric = Metric { name: "of a trip in two commits", unit: "%", digits: 0 };

const SIZE: usize = 64;

/// One pair and a hundred, with each server.
pub(super) fn experiments(ground: &Ground, quick: bool) -> Vec<Experiment> {
    let experiment = |pairs: usize| {
        let trial = |subject: Subject| {
            let ground = ground.clone();
            subject.trial(move |subject| measure(subject, pairs, &ground, quick))
        };
        Experiment {
            case: "direct",
            setting: if pairs == 1 { "1 pair".to_owned() } else { format!("{pairs} pairs") },
            trials: Subject::on_irc(ground).into_iter().map(trial).collect(),
            points: Vec::new(),
        }
    };
    let pairs: &[usize] = if quick { &[1, 10] } else { &[1, 100] };
    pairs.iter().copied().map(experiment).collect()
}

fn measure(subject: &Subject, pairs: usize, ground: &Ground, quick: bool) -> Result<Measured> {
    let server = Server::start(subject.program, subject.setup, ground)?;
    let mut crowd = Crowd::new()?;
    // The raw loop knows rooms only: each pair has one.
    let has_rooms = subject.program == Program::Raw;
    let newcomer = |number: usize| Newcomer {
        face: subject.face(number),
        name: format!("u{number}"),
        echo: false,
        room: has_rooms.then(|| format!("p{}", number / 2)),
    };
    let all: Vec<Newcomer> = (0..2 * pairs).map(newcomer).collect();
    admit(&mut crowd, &[server.address()], &all, subject.at_once())?;
    settle(&mut crowd, Duration::from_millis(300))?;
    let front = |number: usize| {
        subject.face(number).tell(&format!("u{number}"), &format!("u{}", number ^ 1))
    };
    let fronts: Vec<String> = (0..2 * pairs).map(front).collect();
    let (warm, time) = span(quick);
    let is_chinwag = subject.program == Program::Chinwag;
    let counted = || if is_chinwag { server.counted() } else { Ok(Counted::default()) };
    let (before, spent) = (Cell::new(Counted::default()), Cell::new(Duration::ZERO));
    let exchanged = exchange(&mut crowd, &fronts, SIZE, warm, time, || {
        before.set(counted()?);
        spent.set(server.time()?);
        Ok(())
    })?;
    let spent = server.time()?.saturating_sub(spent.get());
    let (trips, middle) = (exchanged.trips.count() as f64, exchanged.trips.micros(0.5));
    let mut measured = vec![
        (TRIPS, trips / exchanged.time.as_secs_f64()),
        (MIDDLE, middle),
        (HIGH, exchanged.trips.micros(0.99)),
        (CPU, spent.as_secs_f64() * 1e6 / trips),
    ];
    if is_chinwag {
        let since = counted()?.since(before.get());
        let commit = since.commit_seconds * 1e6 / since.commits;
        measured.push((COMMIT, commit));
        measured.push((REQUESTS, since.requests / since.commits));
        let mean = exchanged.time.as_secs_f64() * 1e6 * pairs as f64 / trips;
        measured.push((SHARE, 200.0 * commit / mean));
    }
    Ok(measured)
}
