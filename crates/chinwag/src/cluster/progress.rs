//! How the copying of the past is told.

use std::time::{Duration, Instant};

use chinwag_nats::Seeding;

/// How often the log is told while it goes on.
const EVERY: Duration = Duration::from_secs(5);

/// What was told so far.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    last: Option<(String, Instant)>,
}

impl Progress {
    /// Tells the log what becomes of it, now and then. Gives what is to be told to whoever asks why the
    /// server is not ready.
    pub(crate) fn tell(&mut self, what: &Seeding) -> String {
        let (why, detail) = words(what);
        let is_new = self.last.as_ref().is_none_or(|(last, _)| *last != why);
        if is_new || self.last.as_ref().is_some_and(|(_, at)| at.elapsed() >= EVERY) {
            match what {
                Seeding::Failed(..) => tracing::warn!("{detail}"),
                _ => tracing::info!("{detail}"),
            }
            self.last = Some((why.clone(), Instant::now()));
        }
        why
    }
}

/// What stays the same while it goes on, and all of it.
fn words(what: &Seeding) -> (String, String) {
    match what {
        Seeding::Waiting => {
            let why = "waiting for a node that gives the past to others just now".to_owned();
            (why.clone(), why)
        }
        Seeding::Making(node, done, all) => {
            let why = format!("waiting for node {node}, which copies the past for this one");
            let detail = format!("{why}: {} of {} MB", mega(*done), mega(*all));
            (why, detail)
        }
        Seeding::Copying(node, done, all) => {
            let (done, all) = (mega(*done), mega(*all));
            let detail = format!("copying {done} of {all} MB from node {node}");
            (format!("copying the past from node {node}"), detail)
        }
        Seeding::Failed(node, why) => {
            let detail = format!("node {node} did not give the past: {why}; asking others");
            ("looking for a node that gives the past".to_owned(), detail)
        }
    }
}

/// Bytes in millions, to one place.
fn mega(bytes: u64) -> String {
    let tenths = bytes.div_ceil(100_000);
    format!("{}.{}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_far_it_is_stands_in_the_log_and_what_it_is_where_it_is_asked() {
        for (what, why, detail) in [
            (
                Seeding::Copying("b".to_owned(), 1_234_567, 98_000_000),
                "copying the past from node b",
                "copying 1.3 of 98.0 MB from node b",
            ),
            (
                Seeding::Failed("b".to_owned(), "no room".to_owned()),
                "looking for a node that gives the past",
                "node b did not give the past: no room; asking others",
            ),
        ] {
            assert_eq!(words(&what), (why.to_owned(), detail.to_owned()));
        }
    }
}
