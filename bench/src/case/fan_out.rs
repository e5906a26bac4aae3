//! One room: what a delivery costs, by the members and by how many lines are in flight.

use std::time::Duration;

use anyhow::Result;

use crate::generator::crowd::Crowd;
use crate::generator::entry::{Newcomer, admit, settle};
use crate::generator::face::Face;
use crate::generator::talk::{Plan, Sender, Talked, talk};
use crate::server::{Ground, Program, Server};
use crate::trial::{Experiment, Measured, Metric, Trial};

const CPU: Metric = Metric { name: "CPU a million deliveries", unit: "s", digits: 3 };
const RATE: Metric = Metric { name: "deliveries", unit: "M/s", digits: 2 };
const LINES: Metric = Metric { name: "lines said", unit: "/s", digits: 0 };
const BYTES: Metric = Metric { name: "bytes a delivery", unit: "", digits: 0 };
const SHARE: Metric = Metric { name: "server's CPU", unit: "cores", digits: 2 };
const GENERATOR: Metric = Metric { name: "generator's CPU", unit: "cores", digits: 2 };

/// Who is asked.
const SUBJECTS: &[(Program, Face, &str)] = &[
    (Program::Raw, Face::Raw, "raw loop"),
    (Program::Chinwag, Face::Irc, "chinwag, IRC"),
    (Program::Chinwag, Face::IrcTags, "chinwag, IRC with tags"),
    (Program::Chinwag, Face::Line, "chinwag, line mode"),
];

/// How a room talks.
#[derive(Clone, Copy, Debug)]
struct Talking {
    members: usize,
    senders: usize,
    in_flight: u64,
    size: usize,
    warm: Duration,
    time: Duration,
}

/// Each setting, with each server.
pub(crate) fn experiments(ground: &Ground, quick: bool) -> Vec<Experiment> {
    let settings: &[(usize, usize, u64, usize)] = if quick {
        &[(20, 4, 4, 64)]
    } else {
        &[(100, 10, 8, 64), (1000, 10, 8, 64), (1000, 1, 1, 64), (5000, 10, 8, 64)]
    };
    let (warm, time) = if quick { (50, 300) } else { (1000, 4000) };
    let experiment = |&(members, senders, in_flight, size): &(usize, usize, u64, usize)| {
        let talking = Talking {
            members,
            senders,
            in_flight,
            size,
            warm: Duration::from_millis(warm),
            time: Duration::from_millis(time),
        };
        let trial = |&(program, face, name): &(Program, Face, &str)| {
            let ground = ground.clone();
            Trial {
                subject: name.to_owned(),
                run: Box::new(move || measure(program, face, talking, &ground)),
            }
        };
        Experiment {
            case: "fan-out",
            setting: format!("{members} members, {senders} × {in_flight}, {size} B"),
            trials: SUBJECTS.iter().map(trial).collect(),
        }
    };
    settings.iter().map(experiment).collect()
}

fn measure(program: Program, face: Face, talking: Talking, ground: &Ground) -> Result<Measured> {
    let server = Server::start(program, ground)?;
    let mut crowd = Crowd::new()?;
    let newcomer = |number: usize| Newcomer {
        face,
        name: format!("u{number}"),
        echo: number < talking.senders,
        room: Some("r".to_owned()),
    };
    let all: Vec<Newcomer> = (0..talking.members).map(newcomer).collect();
    admit(&mut crowd, server.address(), &all)?;
    settle(&mut crowd, Duration::from_millis(300))?;
    let sender = |number: usize| Sender {
        member: number,
        witness: number,
        room: 0,
        front: face.say(&format!("u{number}"), "r"),
        end: face.end(),
    };
    let plan = Plan {
        senders: (0..talking.senders).map(sender).collect(),
        size: talking.size,
        in_flight: talking.in_flight,
        rooms: vec![(0..talking.members).collect()],
        after: Vec::new(),
        echo: true,
    };
    let talked = talk(&mut crowd, &plan, talking.warm, talking.time, || server.time())?;
    Ok(figures(&talked))
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
