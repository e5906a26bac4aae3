//! Messages as rows.

use std::sync::Arc;

use chinwag_model::id::{PersonId, Place, RoomId, Seq, Timestamp};
use chinwag_model::message::{Card, Destination, Manner, Message, RoomCard};
use chinwag_model::name::Name;
use chinwag_model::text::Text;
use rusqlite::types::Type;
use rusqlite::{Error, Row, Statement, params};

/// Places of one entry; a packet has no more requests.
const PLACES: i64 = 1024;

/// The columns that [`read`] takes, in its order.
pub(super) const COLUMNS: &str =
    "id, time_ms, author, author_name, room, is_group, recipient, to_name, manner, text";

/// A place as a row's id: in the order of places.
pub(super) fn id(place: Place) -> i64 {
    let seq = i64::try_from(place.seq.0).unwrap_or(i64::MAX / PLACES - 1);
    seq * PLACES + i64::from(place.index).min(PLACES - 1)
}

/// The place that an id stands for.
pub(super) fn place(id: i64) -> Place {
    let seq = u64::try_from(id / PLACES).unwrap_or(0);
    Place { seq: Seq(seq), index: u32::try_from(id % PLACES).unwrap_or(0) }
}

/// Puts a message into a row of [`COLUMNS`].
pub(super) fn insert(statement: &mut Statement<'_>, message: &Message) -> rusqlite::Result<usize> {
    let (room, is_group, recipient, to_name) = match &message.to {
        Destination::Room(room) => {
            (Some(number(room.id.0)), Some(room.group), None, Some(room.name.shown()))
        }
        Destination::Person(to) => (None, None, Some(number(to.id.0)), Some(to.name.shown())),
        Destination::Everyone => (None, None, None, None),
    };
    statement.execute(params![
        id(message.place),
        message.time.0,
        number(message.author.id.0),
        message.author.name.shown(),
        room,
        is_group,
        recipient,
        to_name,
        message.manner == Manner::Action,
        message.text.as_str(),
    ])
}

/// Reads a row of [`COLUMNS`].
pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Arc<Message>> {
    let name = |at| row.get_ref(at).and_then(|name| Ok(Name::stored(name.as_str()?)));
    let id = |number: i64| u64::try_from(number).unwrap_or(0);
    let to = match (row.get(4)?, row.get(6)?) {
        (Some(room), _) => {
            Destination::Room(RoomCard { id: RoomId(id(room)), name: name(7)?, group: row.get(5)? })
        }
        (None, Some(to)) => Destination::Person(Card { id: PersonId(id(to)), name: name(7)? }),
        (None, None) => Destination::Everyone,
    };
    let text = Text::parse(row.get_ref(9)?.as_str()?)
        .map_err(|error| Error::FromSqlConversionFailure(9, Type::Text, Box::new(error)))?;
    Ok(Arc::new(Message {
        place: place(row.get(0)?),
        time: Timestamp(row.get(1)?),
        author: Card { id: PersonId(id(row.get(2)?)), name: name(3)? },
        to,
        manner: if row.get(8)? { Manner::Action } else { Manner::Speech },
        text,
    }))
}

/// An id of ours as SQLite has it.
pub(super) fn number(id: u64) -> i64 {
    i64::try_from(id).unwrap_or(i64::MAX)
}
