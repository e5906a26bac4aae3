//! A node that was away comes back: how fast it reads what was stored meanwhile.

use std::time::Instant;

use anyhow::{Result, ensure};

use super::{CHINWAG, RETURN};
use crate::case::filled::{TALKERS, drain, say};
use crate::case::reader::Reader;
use crate::server::{Cluster, Ground};
use crate::trial::{Experiment, Measured, Metric, Trial};

const MESSAGES: Metric = Metric { name: "messages read", unit: "/s", digits: 0 };
const ENTRIES: Metric = Metric { name: "entries read", unit: "/s", digits: 0 };
const READY: Metric = Metric { name: "start to ready", unit: "ms", digits: 0 };
const ARCHIVED: Metric = Metric { name: "start to all in the archive", unit: "ms", digits: 0 };
const CPU: Metric = Metric { name: "its CPU until ready", unit: "cores", digits: 2 };
const STORED: Metric = Metric { name: "stored by the others before", unit: "/s", digits: 0 };

/// So many messages are said while one of three nodes is stopped.
pub(super) fn experiment(ground: &Ground, quick: bool) -> Experiment {
    let messages = if quick { 5000 } else { 200_000 };
    let ground = ground.clone();
    Experiment {
        case: RETURN,
        setting: format!("{messages} messages stored while it was away"),
        trials: vec![Trial::own("a node that comes back", move || measure(messages, &ground))],
        points: Vec::new(),
    }
}

fn measure(messages: u64, ground: &Ground) -> Result<Measured> {
    let mut cluster = Cluster::start(ground)?;
    cluster.stop_last()?;
    let before = cluster.nats().last()?;
    let (mut crowd, plan) = CHINWAG.people(&cluster.addresses(), None, TALKERS)?;
    let begun = Instant::now();
    let said = say(&mut crowd, &plan, messages, cluster.nodes())?;
    for node in cluster.nodes() {
        drain(node, 0.0)?;
    }
    let stored = said as f64 / begun.elapsed().as_secs_f64();
    let entries = cluster.nats().last()? - before;

    let begun = Instant::now();
    let node = cluster.bring_back()?;
    let (ready, spent) = (begun.elapsed().as_secs_f64(), node.time()?.as_secs_f64());
    drain(node, 0.0)?;
    let archived = begun.elapsed().as_secs_f64();
    let mut told = Vec::new();
    for (number, node) in cluster.nodes().iter().enumerate() {
        let mut reader = Reader::join(node.address(), &format!("reader{number}"))?;
        told.push(reader.latest()?);
    }
    let is_whole = told.first().is_some_and(|first| !first.is_empty());
    ensure!(is_whole && told.windows(2).all(|two| two.first() == two.last()), "histories differ");
    Ok(vec![
        (MESSAGES, said as f64 / ready),
        (ENTRIES, entries as f64 / ready),
        (READY, ready * 1e3),
        (ARCHIVED, archived * 1e3),
        (CPU, spent / ready),
        (STORED, stored),
    ])
}
