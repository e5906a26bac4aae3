//! How words of messages that were taken back leave the file of the full-text index.
//!
//! A message that is deleted from the index is found no more at once, but its words lie in the file
//! until FTS5 merges the part of the index that they are in (sqlite.org/fts5.html, "The 'merge'
//! Command"). So all of it is merged, a little at a time; where it lay before is overwritten. As
//! that writes the whole index anew, it is not begun again before twenty times as long has passed, or
//! 25 seconds.

use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::database;

/// Pages, of 4 KB, that one step writes, so that what is to be indexed does not wait for long.
const STEP_PAGES: i32 = 256;

/// How long to wait for who searches, as the write-ahead log can't be emptied then.
const RETRY: Duration = Duration::from_secs(1);

/// How long the writer waits for those who search, as the write-ahead log can't be emptied before.
const EMPTYING: Duration = Duration::from_millis(250);

/// How much longer than the cleaning the time is before the next one, and the longest that it is: what
/// is deleted meanwhile has to be gone within a minute.
const REST: u32 = 20;
const REST_MAX: Duration = Duration::from_secs(25);

/// How long the steps may take that are done in a row, while others wait for the index.
const STEPS_TIME: Duration = Duration::from_millis(200);

/// How far the cleaning of an index is.
#[derive(Debug, Default)]
pub(super) struct Cleaning {
    /// When the next step is due; `None` while there is nothing to clean.
    due: Option<Instant>,
    /// Not to be begun before.
    rests_until: Option<Instant>,
    /// Whether it has begun, so that what is deleted now may be missed.
    has_begun: bool,
    /// Whether something was deleted since.
    is_wanted_again: bool,
    /// How long the steps took so far.
    spent: Duration,
}

impl Cleaning {
    /// Something was deleted from the index.
    pub(super) fn wanted(&mut self) {
        if self.has_begun {
            self.is_wanted_again = true;
        } else if self.due.is_none() {
            let now = Instant::now();
            self.due = Some(self.rests_until.map_or(now, |until| until.max(now)));
        }
    }

    /// When the next step is due.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Does what is due, for a short while.
    pub(super) fn go_on(&mut self, index: &Connection) -> rusqlite::Result<()> {
        let began = Instant::now();
        loop {
            self.step(index)?;
            let now = Instant::now();
            if self.due.is_none_or(|due| due > now) || now - began > STEPS_TIME {
                return Ok(());
            }
        }
    }

    /// Cleans at once what is to be cleaned, in so much time at most: nobody waits for the index.
    pub(super) fn finish(&mut self, index: &Connection, time: Duration) -> rusqlite::Result<()> {
        let end = Instant::now() + time;
        while self.due.is_some() && Instant::now() < end {
            self.due = Some(Instant::now());
            self.step(index)?;
        }
        Ok(())
    }

    /// Does a step if it is due.
    fn step(&mut self, index: &Connection) -> rusqlite::Result<()> {
        let began = Instant::now();
        if self.due.is_none_or(|due| due > began) {
            return Ok(());
        }
        // A negative number begins to merge everything, a positive one goes on with it.
        let pages = if self.has_begun { STEP_PAGES } else { -STEP_PAGES };
        let changes = index.total_changes();
        index
            .prepare_cached("INSERT INTO found (found, rank) VALUES ('merge', ?1)")?
            .execute([pages])?;
        // The statement itself counts as one; less than two say that there was nothing to merge.
        let is_over = self.has_begun && index.total_changes() - changes < 2;
        self.has_begun = true;
        self.spent += began.elapsed();
        if !is_over {
            return Ok(());
        }
        if !database::empty_wal(index, EMPTYING)? {
            self.due = Some(Instant::now() + RETRY);
            return Ok(());
        }
        let is_wanted_again = self.is_wanted_again;
        let rests_until = Some(Instant::now() + REST_MAX.min(self.spent * REST));
        *self = Self { rests_until, ..Self::default() };
        if is_wanted_again {
            self.wanted();
            return Ok(());
        }
        index.execute("UPDATE progress SET is_dirty = 0", []).map(drop)
    }
}
