//! How long nothing is heard when a NATS server is killed, or all of them.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use anyhow::{Context, Result};

use super::{ACCIDENTS, CHINWAG};
use crate::case::subject::Rooms;
use crate::generator::crowd::Crowd;
use crate::generator::pace::pace;
use crate::generator::talk::Plan;
use crate::server::{Cluster, Ground};
use crate::trial::{Experiment, Measured, Metric, Trial};

const GAP: Metric = Metric { name: "longest silence, middle of the kills", unit: "ms", digits: 0 };
const WORST: Metric = Metric { name: "worst kill", unit: "ms", digits: 0 };
const BEST: Metric = Metric { name: "best kill", unit: "ms", digits: 0 };
const HIGH: Metric = Metric { name: "p99 of all lines", unit: "ms", digits: 1 };

/// Who talks while it happens.
const ROOM: Rooms = Rooms { rooms: 1, members: 30, senders: 10, in_flight: 0, size: 64 };

/// Lines a second.
const RATE: f64 = 100.0;

/// Before the kill, and from it to the last line. An election may take 9 seconds.
const CALM: Duration = Duration::from_secs(1);
const TIME: Duration = Duration::from_secs(12);

/// Who is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Victim {
    Nobody,
    Follower,
    Leader,
    /// All at once, and started again at once.
    All,
}

/// The leader of the stream, beside one that follows and beside nobody.
pub(super) fn experiment(ground: &Ground, quick: bool) -> Experiment {
    let kills = if quick { 1 } else { 3 };
    let victims = [
        (Victim::Nobody, "nobody is killed"),
        (Victim::Follower, "a NATS server that follows is killed"),
        (Victim::Leader, "the NATS server that leads is killed"),
        (Victim::All, "all NATS servers are killed"),
    ];
    let trials = victims.map(|(victim, name)| {
        let ground = ground.clone();
        Trial::own(name, move || measure(victim, kills, &ground))
    });
    Experiment {
        case: ACCIDENTS,
        setting: format!("{} members on three nodes, {RATE} lines/s", ROOM.members),
        trials: trials.into(),
        points: Vec::new(),
    }
}

/// Kills one after the other, and each comes back before the next.
fn measure(victim: Victim, kills: usize, ground: &Ground) -> Result<Measured> {
    let mut cluster = Cluster::start(ground)?;
    let (mut crowd, plan) = CHINWAG.people(&cluster.addresses(), None, ROOM)?;
    let (mut gaps, mut high) = (Vec::new(), Vec::new());
    for _ in 0..kills {
        let (gap, p99) = once(victim, &mut cluster, &mut crowd, &plan)?;
        gaps.push(gap);
        high.push(p99);
    }
    gaps.sort_by(f64::total_cmp);
    high.sort_by(f64::total_cmp);
    let at = |all: &[f64], at: usize| all.get(at).copied().context("there was a kill");
    Ok(vec![
        (GAP, at(&gaps, kills / 2)?),
        (BEST, at(&gaps, 0)?),
        (WORST, at(&gaps, kills - 1)?),
        (HIGH, at(&high, kills / 2)?),
    ])
}

/// The longest time in which someone heard nothing, and the p99 of all lines, in milliseconds.
fn once(
    victim: Victim,
    cluster: &mut Cluster,
    crowd: &mut Crowd,
    plan: &Plan,
) -> Result<(f64, f64)> {
    let leader = cluster.nats().leader()?;
    let servers = cluster.nats().len();
    let killed = match victim {
        Victim::Nobody => Vec::new(),
        Victim::Follower => vec![(leader + 1) % servers],
        Victim::Leader => vec![leader],
        Victim::All => (0..servers).collect(),
    };
    // The meter is looked at when the calm is over, and at the end.
    let due = Cell::new(killed.clone());
    let nats = RefCell::new(cluster.nats_mut());
    let paced = pace(crowd, plan, RATE, CALM, TIME, || {
        let (due, mut nats) = (due.take(), nats.borrow_mut());
        due.iter().try_for_each(|server| nats.kill(*server))?;
        if victim == Victim::All {
            due.iter().try_for_each(|server| nats.begin(*server))?;
        }
        Ok(Duration::ZERO)
    })?;
    let nats = cluster.nats_mut();
    if victim != Victim::All {
        killed.iter().try_for_each(|server| nats.begin(*server))?;
    }
    nats.wait_ready()?;
    Ok((paced.gap.as_secs_f64() * 1e3, paced.times.micros(0.99) / 1e3))
}
