//! Lines of a conversation: messages, messages of tags alone, and what happened, merged by place.

use std::ops;

use chinwag_model::id::{Place, Seq, Timestamp};
use chinwag_model::message::Conversation;
use chinwag_model::query::{Line, Point, Range};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{happening, history, moment, row};

/// Lines of which conversation, and which of them may be told.
pub(super) struct Lines {
    pub(super) conversation: Conversation,
    pub(super) since: Place,
    pub(super) at: Seq,
    /// Whether tags alone and what happened belong to them.
    pub(super) happenings: bool,
}

/// Where lines come from: a table, along one of its indices.
struct Source {
    table: &'static str,
    columns: &'static str,
    /// The column with the place.
    id: &'static str,
    /// A condition with `?1` and `?2` in it, and the values of those.
    condition: &'static str,
    values: [Value; 2],
    read: fn(&Row<'_>, Conversation) -> rusqlite::Result<Line>,
}

/// Where a stretch begins.
#[derive(Clone, Copy)]
enum Begin {
    Start,
    At(Point),
    After(Point),
}

/// Which end of a stretch is wanted, and how much of it.
#[derive(Clone, Copy)]
enum Take {
    First(usize),
    Last(usize),
}

impl Lines {
    /// Reads a range, oldest first.
    pub(super) fn read(
        &self,
        connection: &Connection,
        range: Range,
        limit: u32,
    ) -> rusqlite::Result<Vec<Line>> {
        let limit = usize::try_from(history::bounded(limit)).unwrap_or(0);
        let pick = |begin, before, take| self.pick(connection, begin, before, take);
        match range {
            Range::Latest(None) => pick(Begin::Start, None, Take::Last(limit)),
            Range::Latest(Some(point)) => pick(Begin::After(point), None, Take::Last(limit)),
            Range::Before(point) => pick(Begin::Start, Some(point), Take::Last(limit)),
            Range::After(point) => pick(Begin::After(point), None, Take::First(limit)),
            Range::Around(point) => {
                let mut around = pick(Begin::Start, Some(point), Take::Last(limit / 2))?;
                let rest = limit - around.len();
                around.extend(pick(Begin::At(point), None, Take::First(rest))?);
                Ok(around)
            }
            Range::Between(one, other) => {
                // Nothing is both after the later point and before the earlier one.
                let forward = pick(Begin::After(one), Some(other), Take::First(limit))?;
                if !forward.is_empty() {
                    return Ok(forward);
                }
                pick(Begin::After(other), Some(one), Take::Last(limit))
            }
        }
    }

    /// One end of the stretch from a point to before another one.
    fn pick(
        &self,
        connection: &Connection,
        begin: Begin,
        before: Option<Point>,
        take: Take,
    ) -> rusqlite::Result<Vec<Line>> {
        let whole = row::id(self.since)..row::id(self.at.end()) + 1;
        if whole.is_empty() {
            return Ok(Vec::new());
        }
        let mut rows = Vec::new();
        for source in self.sources() {
            let first = |point, is_after| source.first(connection, &whole, point, is_after);
            let begin = match begin {
                Begin::Start => whole.start,
                Begin::At(point) => first(point, false)?,
                Begin::After(point) => first(point, true)?,
            };
            let end = match before {
                Some(point) => first(point, false)?,
                None => whole.end,
            };
            if begin < end {
                rows.extend(source.select(connection, self.conversation, begin..end, take)?);
            }
        }
        // Stable, so that at one place a message stays before what happened there.
        rows.sort_by_key(|(id, _)| *id);
        let wanted = match take {
            Take::First(limit) => 0..limit.min(rows.len()),
            Take::Last(limit) => rows.len().saturating_sub(limit)..rows.len(),
        };
        Ok(rows.drain(wanted).map(|(_, line)| line).collect())
    }

    fn sources(&self) -> Vec<Source> {
        let messages = |table| {
            let (condition, values) = row::of(self.conversation);
            Source {
                table,
                columns: row::COLUMNS,
                id: "id",
                condition,
                values: values.map(Value::Integer),
                read: |row, _| row::read(row).map(Line::Message),
            }
        };
        if !self.happenings {
            return vec![messages("message")];
        }
        let happenings = Source {
            table: "happening",
            columns: happening::COLUMNS,
            id: "place",
            condition: "conversation = ?1",
            values: [Value::Text(row::key(self.conversation)), Value::Null],
            read: |row, of| happening::read(row, of).map(Line::Happening),
        };
        vec![messages("message"), messages("aside"), happenings]
    }
}

impl Source {
    /// The first id of a span that is at a point, or after it; the span's end if none is.
    fn first(
        &self,
        connection: &Connection,
        span: &ops::Range<i64>,
        point: Point,
        is_after: bool,
    ) -> rusqlite::Result<i64> {
        let time = match point {
            Point::Place(place) => {
                let first = row::id(place) + i64::from(is_after);
                return Ok(first.max(span.start).min(span.end));
            }
            Point::Time(time) => time,
        };
        let Self { table, id, condition, .. } = self;
        let sql = format!(
            "SELECT {id}, time_ms FROM {table} WHERE {condition} AND {id} >= ?3
             ORDER BY {id} LIMIT 1"
        );
        let mut statement = connection.prepare_cached(&sql)?;
        let [one, other] = &self.values;
        let next = |id: i64| {
            let row = |row: &Row<'_>| Ok((row.get(0)?, Timestamp(row.get(1)?)));
            statement.query_row(params![one, other, id], row).optional()
        };
        moment::first_past(span.clone(), next, |at| at > time || at == time && !is_after)
    }

    /// One end of a span, each line with its id, in order.
    fn select(
        &self,
        connection: &Connection,
        conversation: Conversation,
        span: ops::Range<i64>,
        take: Take,
    ) -> rusqlite::Result<Vec<(i64, Line)>> {
        let Self { table, columns, id, condition, .. } = self;
        let (order, limit) = match take {
            Take::First(limit) => ("ASC", limit),
            Take::Last(limit) => ("DESC", limit),
        };
        // What has one place is in the order of its rows.
        let sql = format!(
            "SELECT {columns} FROM {table} WHERE {condition} AND {id} >= ?3 AND {id} < ?4
             ORDER BY {id} {order}, rowid {order} LIMIT ?5"
        );
        let mut statement = connection.prepare_cached(&sql)?;
        let [one, other] = &self.values;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let values = params![one, other, span.start, span.end, limit];
        let line = |row: &Row<'_>| Ok((row.get(0)?, (self.read)(row, conversation)?));
        let mut rows = statement.query_map(values, line)?.collect::<rusqlite::Result<Vec<_>>>()?;
        if let Take::Last(_) = take {
            rows.reverse();
        }
        Ok(rows)
    }
}
