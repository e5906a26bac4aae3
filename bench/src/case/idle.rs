//! Silent connections: what memory each takes, and what time of the processor all take.

use std::time::{Duration, Instant};

use anyhow::Result;
use rustix::process::{Resource, getrlimit};

use super::subject::Subject;
use crate::generator::crowd::Crowd;
use crate::generator::entry::{Newcomer, admit, settle};
use crate::generator::face::Face;
use crate::server::{Ground, Server, Setup};
use crate::trial::{Experiment, Measured, Metric};

const MEMORY: Metric = Metric { name: "memory a connection", unit: "B", digits: 0 };
const WHOLE: Metric = Metric { name: "memory of the server", unit: "MB", digits: 1 };
const CPU: Metric = Metric { name: "CPU while silent", unit: "ms/s", digits: 1 };
const ENTRY: Metric = Metric { name: "connections let in", unit: "/s", digits: 0 };

/// Files that a process, here or a server, may have open beside its connections.
const OTHER_FILES: usize = 500;

/// Where the system sets the bound, it is rounded down to so many connections.
const ROUND: usize = 100;

/// Members of each room.
const MEMBERS: usize = 100;

/// By connections, with and without rooms; not more than this system lets a process open.
pub(super) fn experiments(ground: &Ground, quick: bool) -> Vec<Experiment> {
    let most = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let most = usize::try_from(most).unwrap_or(usize::MAX).saturating_sub(OTHER_FILES);
    let most = most / ROUND * ROUND;
    let counts: &[usize] = if quick { &[200] } else { &[1000, 10_000, 20_000] };
    let mut counts: Vec<usize> = counts.iter().map(|count| most.min(*count)).collect();
    counts.dedup();
    let mut all = Vec::new();
    for count in counts {
        for joins in [false, true] {
            let trial = |subject: Subject| {
                let ground = ground.clone();
                subject.trial(move |subject| measure(subject, count, joins, &ground, quick))
            };
            let rooms = if joins { format!(", in rooms of {MEMBERS}") } else { String::new() };
            all.push(Experiment {
                case: "idle",
                setting: format!("{count} connections{rooms}"),
                trials: subjects(ground).into_iter().map(trial).collect(),
                points: Vec::new(),
            });
        }
    }
    all
}

fn subjects(ground: &Ground) -> Vec<Subject> {
    let own = [
        Subject::chinwag("chinwag, IRC", &[Face::Irc]),
        Subject::chinwag("chinwag, line mode", &[Face::Line]),
        Subject {
            setup: Setup { tls: true, presence_notices_max: None },
            ..Subject::chinwag("chinwag, IRC over TLS", &[Face::Tls])
        },
    ];
    own.into_iter().chain(Subject::peers(ground)).collect()
}

fn measure(
    subject: &Subject,
    count: usize,
    joins: bool,
    ground: &Ground,
    quick: bool,
) -> Result<Measured> {
    let server = Server::start(subject.program, subject.setup, ground)?;
    let mut crowd = Crowd::new()?;
    if let Some(certificate) = server.certificate() {
        crowd.trust(certificate)?;
    }
    let newcomer = |number: usize| Newcomer {
        face: subject.face(number),
        name: format!("u{number}"),
        echo: false,
        room: joins.then(|| format!("r{}", number / MEMBERS)),
    };
    let all: Vec<Newcomer> = (0..count).map(newcomer).collect();
    let (empty, begun) = (server.memory()?, Instant::now());
    admit(&mut crowd, &[server.address()], &all, subject.at_once())?;
    let entry = begun.elapsed();
    settle(&mut crowd, Duration::from_millis(300))?;
    let rest = if quick { Duration::from_millis(300) } else { Duration::from_secs(4) };
    settle(&mut crowd, rest / 2)?;
    let (begun, before) = (Instant::now(), server.time()?);
    settle(&mut crowd, rest)?;
    let (spent, memory) = (server.time()?.saturating_sub(before), server.memory()?);
    Ok(vec![
        (MEMORY, memory.saturating_sub(empty) as f64 / count as f64),
        (WHOLE, memory as f64 / 1e6),
        (CPU, spent.as_secs_f64() * 1e3 / begun.elapsed().as_secs_f64()),
        (ENTRY, count as f64 / entry.as_secs_f64()),
    ])
}
