//! What waits for a person.

use std::sync::Arc;

use chinwag_model::id::{PersonId, Place, RoomId};
use chinwag_model::message::Message;
use chinwag_model::query::Backlog;
use chinwag_storage::archive::BACKLOG_PAGE;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params_from_iter};

use super::message::{self, number};
use super::read::select;

/// A stretch of an index in which everything waits for the person.
struct Stretch {
    condition: &'static str,
    value: Option<i64>,
    /// The id before its first one.
    from: i64,
}

/// Reads a page of what waits for `person`: see
/// [`ReadingKind::Backlog`](chinwag_model::query::ReadingKind::Backlog).
pub(super) fn read(
    messages: &Connection,
    person: PersonId,
    groups: &[(RoomId, Place)],
    upto: Place,
    after: Option<Place>,
    ignores: &[PersonId],
) -> rusqlite::Result<Backlog> {
    let person = number(person.0);
    let mark = messages
        .query_row("SELECT upto FROM delivered WHERE person = ?", [person], |row| row.get(0))
        .optional()?
        .unwrap_or(0);
    let from = after.map_or(mark, message::id);
    let everyone = "room IS NULL AND recipient IS NULL AND ?1 IS NULL";
    let mut stretches = vec![
        Stretch { condition: "recipient = ?1", value: Some(person), from },
        Stretch { condition: everyone, value: None, from },
    ];
    stretches.extend(groups.iter().map(|(room, since)| Stretch {
        condition: "room = ?1",
        value: Some(number(room.0)),
        from: from.max(message::id(*since)),
    }));

    let left_out: Vec<i64> =
        std::iter::once(person).chain(ignores.iter().map(|id| number(id.0))).collect();
    let marks = vec!["?"; left_out.len()].join(", ");
    let values = |stretch: &Stretch| -> Vec<Value> {
        let fixed = [stretch.value.into(), stretch.from.into(), message::id(upto).into()];
        fixed.into_iter().chain(left_out.iter().map(|id| Value::from(*id))).collect()
    };
    let condition = |stretch: &Stretch| {
        format!("{} AND id > ?2 AND id <= ?3 AND author NOT IN ({marks})", stretch.condition)
    };

    let mut total = 0;
    let mut page: Vec<Arc<Message>> = Vec::new();
    for stretch in &stretches {
        let condition = condition(stretch);
        if after.is_none() {
            let sql = format!("SELECT count(*) FROM message WHERE {condition}");
            let mut count = messages.prepare_cached(&sql)?;
            let count: i64 =
                count.query_row(params_from_iter(values(stretch)), |row| row.get(0))?;
            total += u64::try_from(count).unwrap_or(0);
        }
        let limited = format!("{condition} ORDER BY id LIMIT {}", BACKLOG_PAGE + 1);
        page.extend(select(messages, &limited, params_from_iter(values(stretch)))?);
    }
    page.sort_by_key(|message| message.place);
    let more = page.len() > BACKLOG_PAGE;
    page.truncate(BACKLOG_PAGE);
    let next = page.last().filter(|_| more).map(|message| message.place);
    Ok(Backlog { total, messages: page, next })
}
