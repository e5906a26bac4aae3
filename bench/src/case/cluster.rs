//! Three nodes on three NATS servers, beside one chinwag on SQLite.

mod accident;
mod back;

use std::cell::RefCell;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Result;

use super::latency::{self, LATE, ROOM};
use super::subject::{Rooms, Subject};
use super::talking::{self, CPU, GENERATOR, LINES, RATE, SHARE, span};
use crate::generator::face::Face;
use crate::generator::pace::pace;
use crate::generator::talk::talk;
use crate::server::{Cluster, Ground, Server};
use crate::trial::{Experiment, Measured, Metric, Trial};

/// The names of the tables.
const TALK: &str = "cluster";
const LATENCY: &str = "cluster-latency";
const ACCIDENTS: &str = "cluster-accidents";
const RETURN: &str = "cluster-return";

const NATS_CPU: Metric = Metric { name: "NATS's CPU a million deliveries", unit: "s", digits: 3 };
const NATS: Metric = Metric { name: "NATS's CPU", unit: "cores", digits: 2 };

/// All who take part speak IRC.
const CHINWAG: Subject = Subject::chinwag("chinwag", &[Face::Irc]);

/// Whom people connect to.
#[derive(Debug)]
enum Site {
    /// One chinwag on SQLite.
    One(Server),
    /// Nodes in turn.
    Three(Cluster),
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    One,
    Three,
}

const KINDS: [(Kind, &str); 2] =
    [(Kind::One, "one chinwag, SQLite"), (Kind::Three, "three nodes, three NATS servers")];

/// Talk, latency, accidents, and the return of a node.
pub(super) fn experiments(ground: &Ground, quick: bool) -> Vec<Experiment> {
    let rooms =
        |rooms, members, senders, in_flight| Rooms { rooms, members, senders, in_flight, size: 64 };
    let talks = if quick {
        vec![rooms(1, 30, 10, 8), rooms(10, 10, 10, 1)]
    } else {
        vec![
            rooms(1, 30, 30, 64),
            rooms(1, 100, 10, 8),
            rooms(1, 1000, 10, 8),
            rooms(100, 10, 10, 1),
            rooms(100, 10, 10, 8),
        ]
    };
    let rates: &[f64] = if quick { &[100.0] } else { &[1.0, 100.0, 1000.0] };
    let both = |case, setting: String, run: &dyn Fn(Kind) -> Run| Experiment {
        case,
        setting,
        trials: KINDS.map(|(kind, name)| Trial::own(name, run(kind))).into(),
        points: Vec::new(),
    };
    let mut all = Vec::new();
    for rooms in talks {
        all.push(both(TALK, talking::setting(rooms), &|kind| {
            let ground = ground.clone();
            Box::new(move || talks_fast(&Site::start(kind, &ground)?, rooms, quick))
        }));
    }
    for rate in rates.iter().copied() {
        all.push(both(LATENCY, format!("{rate} lines/s"), &|kind| {
            let ground = ground.clone();
            Box::new(move || talks_paced(&Site::start(kind, &ground)?, rate, quick))
        }));
    }
    all.push(accident::experiment(ground, quick));
    all.push(back::experiment(ground, quick));
    all
}

type Run = Box<dyn FnMut() -> Result<Measured>>;

impl Site {
    fn start(kind: Kind, ground: &Ground) -> Result<Self> {
        Ok(match kind {
            Kind::One => Self::One(Server::start(CHINWAG.program, CHINWAG.setup, ground)?),
            Kind::Three => Self::Three(Cluster::start(ground)?),
        })
    }

    fn addresses(&self) -> Vec<SocketAddr> {
        match self {
            Self::One(server) => vec![server.address()],
            Self::Three(cluster) => cluster.addresses(),
        }
    }

    /// What chinwag took of the processor so far, and what NATS did.
    fn times(&self) -> Result<(Duration, Duration)> {
        Ok(match self {
            Self::One(server) => (server.time()?, Duration::ZERO),
            Self::Three(cluster) => (cluster.time()?, cluster.nats().time()?),
        })
    }

    /// Has them talk in any way, with a meter; gives what came of it, and what NATS took of the
    /// processor from the first look at the meter to the last.
    fn metered<T>(
        &self,
        talk: impl FnOnce(&dyn Fn() -> Result<Duration>) -> Result<T>,
    ) -> Result<(T, Duration)> {
        let seen = RefCell::new(Vec::new());
        let done = talk(&|| {
            let (chinwag, nats) = self.times()?;
            seen.borrow_mut().push(nats);
            Ok(chinwag)
        })?;
        let seen = seen.into_inner();
        let (first, last) = (seen.first().copied(), seen.last().copied());
        Ok((done, last.unwrap_or_default().saturating_sub(first.unwrap_or_default())))
    }
}

fn talks_fast(site: &Site, rooms: Rooms, quick: bool) -> Result<Measured> {
    let (mut crowd, plan) = CHINWAG.people(&site.addresses(), None, rooms)?;
    let (warm, time) = span(quick);
    let (talked, nats) = site.metered(|meter| talk(&mut crowd, &plan, warm, time, meter))?;
    let (seconds, deliveries) = (talked.time.as_secs_f64(), talked.deliveries as f64);
    let a_million = |time: Duration| time.as_secs_f64() / (deliveries / 1e6);
    Ok(vec![
        (LINES, talked.lines as f64 / seconds),
        (RATE, deliveries / seconds / 1e6),
        (CPU, a_million(talked.server)),
        (NATS_CPU, a_million(nats)),
        (SHARE, talked.server.as_secs_f64() / seconds),
        (NATS, nats.as_secs_f64() / seconds),
        (GENERATOR, talked.generator.as_secs_f64() / seconds),
    ])
}

fn talks_paced(site: &Site, rate: f64, quick: bool) -> Result<Measured> {
    let (mut crowd, plan) = CHINWAG.people(&site.addresses(), None, ROOM)?;
    let time = latency::span(rate, quick);
    let (paced, nats) =
        site.metered(|meter| pace(&mut crowd, &plan, rate, time / 4, time, meter))?;
    let seconds = paced.time.as_secs_f64();
    Ok(vec![
        (latency::MIDDLE, paced.times.micros(0.5)),
        (latency::HIGH, paced.times.micros(0.99)),
        (latency::RATE, paced.lines),
        (latency::SERVER, paced.server.as_secs_f64() / seconds),
        (NATS, nats.as_secs_f64() / seconds),
        (latency::GENERATOR, paced.generator.as_secs_f64() / seconds),
        (LATE, paced.late.micros(0.99)),
    ])
}
