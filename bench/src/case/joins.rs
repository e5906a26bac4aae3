//! Comings and goings: connections that come and leave, and joins of large rooms.

use std::time::Duration;

use anyhow::Result;

use super::subject::{Gathering, Rooms, Subject};
use super::talking::span;
use crate::generator::entry::{Newcomer, admit, settle};
use crate::generator::face::Face;
use crate::generator::visit::{Visited, come_and_go, storm};
use crate::server::{Ground, Setup};
use crate::trial::{Chart, Experiment, Measured, Metric};

const VISITS: Metric = Metric { name: "joins", unit: "/s", digits: 0 };
const CPU: Metric = Metric { name: "CPU a join and leave", unit: "µs", digits: 0 };
const TOLD: Metric = Metric { name: "lines told, a join", unit: "", digits: 0 };

const BY_MEMBERS: Chart = Chart {
    file: "joins-by-members",
    title: "Join and leave: the server's CPU",
    across: "members of the room",
    metric: CPU,
};

/// In line mode, too, everyone is told, however large the room. On IRC this is so in any case.
const ALL_TOLD: Setup = Setup { tls: false, presence_notices_max: Some(1_000_000) };

/// Those who join and leave.
const GUESTS: usize = 8;

/// Strangers on their way at a time, at most.
const AT_ONCE: usize = 50;

/// The storm, and rooms of growing size, with each server.
pub(super) fn experiments(ground: &Ground, quick: bool) -> Vec<Experiment> {
    let (members, count) = if quick { (10, 50) } else { (100, 4000) };
    let subjects = [Subject::chinwag("chinwag, IRC", &[Face::Irc])];
    let subjects = subjects.into_iter().chain(Subject::peers(ground));
    let trial = |subject: Subject| {
        let ground = ground.clone();
        // One that lets people in once a second is given fewer.
        let count = if subject.name == "inspircd" { count / 20 } else { count };
        subject.trial(move |subject| visits(subject, members, count, &ground))
    };
    let first = Experiment {
        case: "joins",
        setting: format!("connect, register, join a room of {members}, quit"),
        trials: subjects.map(trial).collect(),
        points: Vec::new(),
    };
    let sizes: &[usize] = if quick { &[20] } else { &[10, 100, 300, 1000] };
    let large = sizes.iter().map(|members| growing(*members, ground, quick));
    [first].into_iter().chain(large).collect()
}

fn growing(members: usize, ground: &Ground, quick: bool) -> Experiment {
    let on_irc = |name| Subject::chinwag(name, &[Face::Irc]);
    let in_lines = |name| Subject::chinwag(name, &[Face::Line]);
    let all_told = in_lines("chinwag, members in line mode, all told");
    let own = [
        (on_irc("chinwag, IRC"), Face::Irc),
        (on_irc("chinwag, IRC, who joins has no-implicit-names"), Face::IrcQuiet),
        (
            Subject::chinwag("chinwag, IRC, all have it (told up to 500)", &[Face::IrcQuiet]),
            Face::IrcQuiet,
        ),
        (in_lines("chinwag, members in line mode (told up to 500)"), Face::Irc),
        (Subject { setup: ALL_TOLD, ..all_told }, Face::Irc),
    ];
    let others = Subject::peers(ground).map(|subject| (subject, Face::Irc));
    let trial = |(subject, face): (Subject, Face)| {
        let ground = ground.clone();
        subject.trial(move |subject| joins(subject, face, members, &ground, quick))
    };
    Experiment {
        case: "joins",
        setting: format!("join and leave a room of {members}"),
        trials: own.into_iter().chain(others).map(trial).collect(),
        points: vec![(&BY_MEMBERS, members as f64)],
    }
}

fn silent(members: usize) -> Rooms {
    Rooms { rooms: 1, members, senders: 0, in_flight: 0, size: 0 }
}

fn visits(subject: &Subject, members: usize, count: u64, ground: &Ground) -> Result<Measured> {
    let Gathering { server, mut crowd, .. } = subject.gather(silent(members), ground)?;
    let (before, at_once) = (server.time()?, subject.at_once().min(AT_ONCE));
    let visited = storm(&mut crowd, server.address(), "r0", count, at_once as u64)?;
    settle(&mut crowd, Duration::from_millis(200))?;
    Ok(figures(visited, server.time()?.saturating_sub(before)))
}

fn joins(
    subject: &Subject,
    face: Face,
    members: usize,
    ground: &Ground,
    quick: bool,
) -> Result<Measured> {
    let Gathering { server, mut crowd, .. } = subject.gather(silent(members), ground)?;
    let names: Vec<String> = (0..GUESTS).map(|number| format!("v{number}")).collect();
    let newcomer = |name: &String| Newcomer { face, name: name.clone(), echo: false, room: None };
    let guests: Vec<Newcomer> = names.iter().map(newcomer).collect();
    let first = crowd.len();
    admit(&mut crowd, &[server.address()], &guests, subject.at_once())?;
    settle(&mut crowd, Duration::from_millis(200))?;
    let before = server.time()?;
    let visited = come_and_go(&mut crowd, first, &names, "r0", span(quick).1)?;
    settle(&mut crowd, Duration::from_millis(100))?;
    Ok(figures(visited, server.time()?.saturating_sub(before)))
}

fn figures(visited: Visited, server: Duration) -> Measured {
    let visits = visited.visits as f64;
    vec![
        (VISITS, visits / visited.time.as_secs_f64()),
        (CPU, server.as_secs_f64() * 1e6 / visits),
        (TOLD, visited.told as f64 / visits),
    ]
}
