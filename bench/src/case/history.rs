//! Pages of history where much is stored, and what a start on it takes.

use std::time::{Instant, SystemTime};

use anyhow::Result;

use super::filled::{Filled, Store};
use super::reader::{FREQUENT, ROOM, Reader};
use super::talking::span;
use crate::generator::spread::Spread;
use crate::server::Ground;
use crate::trial::{Chart, Experiment, Measured, Metric, Trial};

const MIDDLE: Metric = Metric { name: "p50", unit: "µs", digits: 0 };
const HIGH: Metric = Metric { name: "p99", unit: "µs", digits: 0 };
const PAGES: Metric = Metric { name: "answers, one client", unit: "/s", digits: 0 };
const LINES: Metric = Metric { name: "messages an answer", unit: "", digits: 0 };
const START: Metric = Metric { name: "start to listening", unit: "ms", digits: 0 };
const MEMORY: Metric = Metric { name: "memory after it", unit: "MB", digits: 1 };
const STORED: Metric =
    Metric { name: "messages stored, archived and indexed", unit: "/s", digits: 0 };

const BY_STORED: Chart = Chart {
    file: "history-by-stored",
    title: "The latest 100 messages",
    across: "messages stored",
    metric: MIDDLE,
};

/// What is asked for.
#[derive(Clone, Copy, Debug)]
enum Page {
    Latest,
    /// Before any moment.
    Before,
    /// A word that few messages have.
    Rare,
    /// A word that all messages have.
    Frequent,
}

const PAGES_ASKED: [(Page, &str); 4] = [
    (Page::Latest, "latest 100"),
    (Page::Before, "100 before a random moment"),
    (Page::Rare, "search a word that few have"),
    (Page::Frequent, "search a word that all have"),
];

/// Each page on each number of stored messages; ten million only if there is time (`long`).
pub(super) fn experiments(ground: &Ground, quick: bool, long: bool) -> Vec<Experiment> {
    let stored: &[u64] = match (quick, long) {
        (true, _) => &[2000],
        (false, false) => &[10_000, 1_000_000],
        (false, true) => &[10_000, 1_000_000, 10_000_000],
    };
    let of = |stored: &u64| {
        let filled = Filled::new(*stored, ground);
        let experiment = |setting: &str, run: Box<dyn FnMut() -> Result<Measured>>| Experiment {
            case: "history",
            setting: format!("{stored} stored: {setting}"),
            trials: vec![Trial::own("chinwag, IRC", run)],
            points: Vec::new(),
        };
        let start = {
            let filled = filled.clone();
            experiment("start", Box::new(move || begin(filled.store()?)))
        };
        let page = |(page, name): (Page, &str)| {
            let filled = filled.clone();
            let run = Box::new(move || ask(filled.store()?, page, quick));
            let mut one = experiment(name, run);
            if matches!(page, Page::Latest) {
                one.points.push((&BY_STORED, *stored as f64));
            }
            one
        };
        [start].into_iter().chain(PAGES_ASKED.map(page)).collect::<Vec<_>>()
    };
    stored.iter().flat_map(of).collect()
}

fn begin(store: &Store) -> Result<Measured> {
    let begun = Instant::now();
    let server = store.start()?;
    let start = begun.elapsed();
    // What it does behind its start is done when nothing is left to the archive.
    let memory = server.memory()?;
    Ok(vec![
        (START, start.as_secs_f64() * 1e3),
        (MEMORY, memory as f64 / 1e6),
        (STORED, store.rate),
    ])
}

fn ask(store: &Store, page: Page, quick: bool) -> Result<Measured> {
    let server = store.start()?;
    let mut reader = Reader::join(server.address(), "reader")?;
    let (mut spread, mut lines) = (Spread::default(), 0);
    let (span, begun) = (span(quick).1, Instant::now());
    let whole = store.to.duration_since(store.from)?;
    // Without a pattern, and the same in each run.
    let mut share = 0.5;
    while begun.elapsed() < span {
        share = (share + 0.618_033_988_75) % 1.0;
        let question = match page {
            Page::Latest => format!("CHATHISTORY LATEST #{ROOM} * 100"),
            Page::Before => {
                let moment = time(store.from + whole.mul_f64(0.1 + 0.9 * share));
                format!("CHATHISTORY BEFORE #{ROOM} timestamp={moment} 100")
            }
            Page::Rare => {
                let (sender, number) = ((share * 10.0) as u32, (share * 100.0) as u32);
                format!("SEARCH in=#{ROOM};text={sender:04x}{number:011x}")
            }
            Page::Frequent => FREQUENT.to_owned(),
        };
        let from = Instant::now();
        lines += reader.ask(&question)?;
        spread.add(from.elapsed());
    }
    let count = spread.count() as f64;
    Ok(vec![
        (MIDDLE, spread.micros(0.5)),
        (HIGH, spread.micros(0.99)),
        (PAGES, count / begun.elapsed().as_secs_f64()),
        (LINES, lines as f64 / count),
    ])
}

/// A moment as IRC writes it (<https://ircv3.net/specs/extensions/server-time>).
fn time(moment: SystemTime) -> String {
    let since = moment.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let (seconds, millis) = (since.as_secs(), since.subsec_millis());
    // Days are counted in years that begin in March, so that a leap day is the last of its year.
    let days = seconds / 86_400 + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let date = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = era * 400 + year + u64::from(month <= 2);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{date:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn moments_are_written_as_dates() {
        for (seconds, written) in [
            (0, "1970-01-01T00:00:00.007Z"),
            (951_782_400, "2000-02-29T00:00:00.007Z"),
            (1_709_251_199, "2024-02-29T23:59:59.007Z"),
            (4_107_542_400, "2100-03-01T00:00:00.007Z"),
        ] {
            let moment = SystemTime::UNIX_EPOCH + Duration::from_millis(seconds * 1000 + 7);
            assert_eq!(time(moment), written);
        }
    }
}
