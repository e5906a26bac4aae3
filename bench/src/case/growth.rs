//! What a message costs where there is much else: other people, other rooms, stored messages.

use std::time::Duration;

use anyhow::Result;

use super::filled::Filled;
use super::subject::{Gathering, Rooms, Subject};
use super::talking::{self, CPU};
use crate::generator::crowd::Crowd;
use crate::generator::entry::{Newcomer, admit, settle};
use crate::generator::face::Face;
use crate::server::{Ground, Server};
use crate::trial::{Chart, Experiment, Measured, Trial};

const BY_PEOPLE: Chart = Chart {
    file: "cost-by-people",
    title: "Room of 100: the server's CPU a million deliveries",
    across: "other people, connected and silent",
    metric: CPU,
};
const BY_ROOMS: Chart = Chart { file: "cost-by-rooms", across: "other rooms", ..BY_PEOPLE };
const BY_STORED: Chart = Chart { file: "cost-by-stored", across: "messages stored", ..BY_PEOPLE };

/// The room that talks.
const ROOM: Rooms = Rooms { rooms: 1, members: 100, senders: 10, in_flight: 8, size: 64 };

/// Rooms that one person joins beside it.
const EACH: usize = 100;

/// What there is else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Other {
    People,
    Rooms,
}

/// Each kind of other things, in growing number.
pub(super) fn experiments(ground: &Ground, quick: bool) -> Vec<Experiment> {
    let counts: &[usize] = if quick { &[0, 100] } else { &[0, 1000, 10_000] };
    let mut all = Vec::new();
    for (other, name, chart) in
        [(Other::People, "other people", &BY_PEOPLE), (Other::Rooms, "other rooms", &BY_ROOMS)]
    {
        for count in counts.iter().copied() {
            let trial = |subject: Subject| {
                let ground = ground.clone();
                subject.trial(move |subject| beside(subject, other, count, &ground, quick))
            };
            all.push(Experiment {
                case: "growth",
                setting: format!("{count} {name}"),
                trials: subjects(other, ground).into_iter().map(trial).collect(),
                points: vec![(chart, count as f64)],
            });
        }
    }
    let stored: &[u64] = if quick { &[1000] } else { &[0, 100_000, 1_000_000] };
    for count in stored {
        let filled = Filled::new(*count, ground);
        let run = Box::new(move || {
            let subject = Subject::chinwag("chinwag, IRC", &[Face::Irc]);
            talking::measure(&mut filled.store()?.gather(&subject, ROOM)?, quick)
        });
        all.push(Experiment {
            case: "growth",
            setting: format!("{count} messages stored"),
            trials: vec![Trial::own("chinwag, IRC", run)],
            points: vec![(&BY_STORED, *count as f64)],
        });
    }
    all
}

/// The raw loop has people; what it has of rooms is no more than a list.
fn subjects(other: Other, ground: &Ground) -> Vec<Subject> {
    let all = Subject::on_irc(ground).into_iter();
    all.filter(|subject| other == Other::People || subject.name != Subject::RAW.name).collect()
}

fn beside(
    subject: &Subject,
    other: Other,
    count: usize,
    ground: &Ground,
    quick: bool,
) -> Result<Measured> {
    let mut gathering = subject.gather(ROOM, ground)?;
    // Others have a generator of their own, which is silent meanwhile.
    let mut others = Crowd::new()?;
    match other {
        Other::People => connect(subject, &gathering.server, &mut others, count)?,
        Other::Rooms => {
            connect(subject, &gathering.server, &mut others, count.div_ceil(EACH))?;
            found(&mut others, count)?;
        }
    }
    let Gathering { crowd, .. } = &mut gathering;
    settle(crowd, Duration::from_millis(100))?;
    talking::measure(&mut gathering, quick)
}

fn connect(subject: &Subject, server: &Server, others: &mut Crowd, count: usize) -> Result<()> {
    let newcomer = |number: usize| Newcomer {
        face: subject.face(number),
        name: format!("o{number}"),
        echo: false,
        room: None,
    };
    let all: Vec<Newcomer> = (0..count).map(newcomer).collect();
    admit(others, &[server.address()], &all, subject.at_once())?;
    settle(others, Duration::from_millis(300))
}

/// Each of the others founds rooms, and says something in them.
fn found(others: &mut Crowd, count: usize) -> Result<()> {
    for room in 0..count {
        let mut lines = Vec::new();
        Face::Irc.join(&format!("other{room}"), &mut lines);
        lines.extend(format!("PRIVMSG #other{room} :here\r\n").as_bytes());
        others.send(room / EACH, &lines);
        if room % 100 == 99 {
            settle(others, Duration::from_millis(5))?;
        }
    }
    settle(others, Duration::from_millis(300))
}
