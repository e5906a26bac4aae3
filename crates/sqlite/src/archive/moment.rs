//! From a time to a place.
//!
//! Times never run back from place to place, so where a time lies is found by halving, in as many
//! steps as a place has bits, along the index that the reading uses anyway.

use chinwag_model::id::Timestamp;
use rusqlite::{Connection, OptionalExtension};

/// The first id of a span from which on all rows are past, given whether a row of a time is; the
/// span's end if none is. `next` tells the first row from an id on, with its time.
pub(super) fn first_past(
    span: std::ops::Range<i64>,
    mut next: impl FnMut(i64) -> rusqlite::Result<Option<(i64, Timestamp)>>,
    is_past: impl Fn(Timestamp) -> bool,
) -> rusqlite::Result<i64> {
    let (mut low, mut high) = (span.start, span.end.max(span.start));
    while low < high {
        let middle = low + (high - low) / 2;
        match next(middle)? {
            Some((id, time)) if id < high && !is_past(time) => low = id + 1,
            _ => high = middle,
        }
    }
    Ok(low)
}

/// The same for all messages in which something is said.
pub(super) fn first_message_past(
    connection: &Connection,
    span: std::ops::Range<i64>,
    is_past: impl Fn(Timestamp) -> bool,
) -> rusqlite::Result<i64> {
    let sql = "SELECT id, time_ms FROM message WHERE id >= ?1 ORDER BY id LIMIT 1";
    let mut statement = connection.prepare_cached(sql)?;
    let next = |id: i64| {
        statement.query_row([id], |row| Ok((row.get(0)?, Timestamp(row.get(1)?)))).optional()
    };
    first_past(span, next, is_past)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_place_past_a_time_is_found_in_few_steps() {
        let rows: Vec<(i64, i64)> = (0..1000).map(|n| (n << 30, n / 3)).collect();
        for (span, time) in [
            (0..i64::MAX, 100),
            (0..i64::MAX, -1),
            (0..i64::MAX, 5000),
            (0..1 << 33, 100),
            (7 << 30..1 << 33, 0),
            (5..5, 0),
        ] {
            let mut steps = 0;
            let next = |id| {
                steps += 1;
                let row = rows.iter().find(|(found, _)| *found >= id);
                Ok(row.map(|(id, time)| (*id, Timestamp(*time))))
            };
            let found = first_past(span.clone(), next, |at| at > Timestamp(time)).unwrap();
            let inside =
                |from: i64, to: i64| rows.iter().filter(move |(id, _)| (from..to).contains(id));
            assert!(inside(span.start, found).all(|(_, at)| *at <= time), "{span:?} {time}");
            assert!(inside(found, span.end).all(|(_, at)| *at > time), "{span:?} {time}");
            assert!(steps <= 64, "{steps}");
        }
    }
}
