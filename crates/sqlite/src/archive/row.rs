//! A message as a row.

use std::sync::Arc;

use chinwag_model::entry::PACKET_REQUESTS_MAX;
use chinwag_model::id::{PersonId, Place, RoomId, Seq, Timestamp};
use chinwag_model::message::{Card, Conversation, Destination, Manner, Message, RoomCard};
use chinwag_model::name::Name;
use chinwag_model::text::Text;
use minicbor::{Decode, Encode};
use rusqlite::types::Type;
use rusqlite::{Connection, Row, params};

use super::extra::Extra;
use crate::int::{signed, unsigned};

/// Bits of an id that hold the index within the entry.
const INDEX_BITS: u32 = 16;
const INDEX_MAX: u32 = (1 << INDEX_BITS) - 1;
const _: () = assert!(PACKET_REQUESTS_MAX <= INDEX_MAX as usize, "each place has its own id");

/// The columns that [`read`] takes.
pub(super) const COLUMNS: &str = "id, time_ms, kind, coalesce(room_id, recipient_id), author_id, \
     author, author_folded, author_look, target, target_folded, target_look, manner, text, extra";

const INSERT: &str = "INSERT INTO message
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
     ON CONFLICT DO NOTHING";
const INSERT_ASIDE: &str = "INSERT INTO aside
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
     ON CONFLICT DO NOTHING";

/// A place as one number, in the same order. The last place of an entry is a large index there,
/// which none of its messages has. There is always a next number.
pub(super) fn id(place: Place) -> i64 {
    let seq = place.seq.0.min(u64::MAX >> (INDEX_BITS + 2));
    signed(seq << INDEX_BITS | u64::from(place.index.min(INDEX_MAX)))
}

/// The place with an id.
pub(super) fn place(id: i64) -> Place {
    let id = unsigned(id);
    Place { seq: Seq(id >> INDEX_BITS), index: (id & u64::from(INDEX_MAX)) as u32 }
}

/// A conversation as a text, which is also what stands for it in the full-text index.
pub(super) fn key(conversation: Conversation) -> String {
    match conversation {
        Conversation::Room(room) => format!("r{}", room.0),
        Conversation::Pair(one, other) => format!("p{} p{}", one.0, other.0),
        Conversation::Everyone => "all".to_owned(),
    }
}

/// Which rows of messages belong to a conversation: a condition with `?1` and `?2` in it, and the
/// values of those. The condition is written as the indices are.
pub(super) fn of(conversation: Conversation) -> (&'static str, [i64; 2]) {
    match conversation {
        Conversation::Room(room) => ("room_id = ?1", [signed(room.0), 0]),
        Conversation::Pair(one, other) => (
            "recipient_id IS NOT NULL AND min(author_id, recipient_id) = ?1
             AND max(author_id, recipient_id) = ?2",
            [signed(one.0), signed(other.0)],
        ),
        Conversation::Everyone => ("kind = 'everyone'", [0, 0]),
    }
}

/// Writes a message, unless it is written.
pub(super) fn insert(connection: &Connection, message: &Message) -> rusqlite::Result<()> {
    let (kind, room, recipient, target) = match &message.to {
        Destination::Room(room) => {
            let kind = if room.group { "group" } else { "room" };
            (kind, Some(signed(room.id.0)), None, Some(&room.name))
        }
        Destination::Person(to) => ("person", None, Some(signed(to.id.0)), Some(&to.name)),
        Destination::Everyone => ("everyone", None, None, None),
    };
    let (sql, manner) = match message.manner {
        Manner::Speech => (INSERT, "speech"),
        Manner::Action => (INSERT, "action"),
        Manner::Notice => (INSERT, "notice"),
        Manner::Tags => (INSERT_ASIDE, "tags"),
    };
    let author = &message.author;
    let values = params![
        id(message.place),
        message.time.0,
        kind,
        room,
        recipient,
        signed(author.id.0),
        author.name.shown(),
        author.name.folded(),
        author.name.look(),
        target.map(Name::shown),
        target.map(Name::folded),
        target.map(Name::look),
        manner,
        message.text.as_str(),
        Extra::of(message).map(|extra| encoded(&extra)).transpose()?,
    ];
    connection.prepare_cached(sql)?.execute(values).map(drop)
}

/// Removes a message, if it is there.
pub(super) fn remove(connection: &Connection, place: Place) -> rusqlite::Result<()> {
    for table in ["message", "aside"] {
        let sql = format!("DELETE FROM {table} WHERE id = ?1");
        connection.prepare_cached(&sql)?.execute([id(place)])?;
    }
    Ok(())
}

/// Reads a message from [`COLUMNS`].
pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Arc<Message>> {
    let extra = match row.get_ref(13)?.as_blob_or_null()? {
        Some(bytes) => decoded(13, bytes)?,
        None => Extra::default(),
    };
    let kind = row.get_ref(2)?.as_str()?;
    let to = match kind {
        "everyone" => Destination::Everyone,
        "person" => Destination::Person(Card {
            id: PersonId(number(row, 3)?),
            name: name(row, 8)?,
            badge: Arc::new(extra.recipient.unwrap_or_default()),
        }),
        "room" | "group" => Destination::Room(RoomCard {
            id: RoomId(number(row, 3)?),
            name: name(row, 8)?,
            group: kind == "group",
        }),
        other => return Err(unknown(2, other)),
    };
    let manner = match row.get_ref(11)?.as_str()? {
        "speech" => Manner::Speech,
        "action" => Manner::Action,
        "notice" => Manner::Notice,
        "tags" => Manner::Tags,
        other => return Err(unknown(11, other)),
    };
    Ok(Arc::new(Message {
        place: place(row.get(0)?),
        time: Timestamp(row.get(1)?),
        author: Card {
            id: PersonId(number(row, 4)?),
            name: name(row, 5)?,
            badge: Arc::new(extra.author.unwrap_or_default()),
        },
        to,
        manner,
        text: text(row, 12)?,
        tags: extra.tags,
        rank: extra.rank,
        joints: extra.joints.map(Arc::from),
    }))
}

fn number(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    row.get(column).map(unsigned)
}

/// A name from three columns. What is stored was read at the door once, perhaps by another
/// version, and is taken as it is; its stored form is what all versions read.
fn name(row: &Row<'_>, column: usize) -> rusqlite::Result<Name> {
    let part = |n: usize| Ok::<_, rusqlite::Error>(row.get_ref(column + n)?.as_str()?);
    word(column, (part(0)?, part(1)?, part(2)?))
}

fn text(row: &Row<'_>, column: usize) -> rusqlite::Result<Text> {
    word(column, row.get_ref(column)?.as_str()?)
}

fn word<T>(column: usize, stored: impl Encode<()>) -> rusqlite::Result<T>
where
    T: for<'b> Decode<'b, ()>,
{
    decoded(column, &encoded(&stored)?)
}

/// A value in CBOR.
pub(super) fn encoded(value: &impl Encode<()>) -> rusqlite::Result<Vec<u8>> {
    minicbor::to_vec(value)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.to_string().into()))
}

/// A value from CBOR, found in a column.
pub(super) fn decoded<T>(column: usize, bytes: &[u8]) -> rusqlite::Result<T>
where
    T: for<'b> Decode<'b, ()>,
{
    minicbor::decode(bytes).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Blob, error.into())
    })
}

/// What is said of a word in a column that this version does not know.
pub(super) fn unknown(column: usize, found: &str) -> rusqlite::Error {
    let reason = format!("\"{found}\" is nothing that this version knows");
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, reason.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_in_the_order_of_places() {
        let places = [
            Place::default(),
            Place { seq: Seq(0), index: 1 },
            Place { seq: Seq(1), index: 0 },
            Place { seq: Seq(1), index: 1023 },
            Place { seq: Seq(1), index: INDEX_MAX },
            Place { seq: Seq(2), index: 0 },
            Place { seq: Seq(1 << 40), index: 7 },
        ];
        for pair in places.windows(2) {
            assert!(id(pair[0]) < id(pair[1]), "{pair:?}");
        }
        for one in places {
            assert_eq!(place(id(one)), one);
        }
    }

    #[test]
    fn the_end_of_an_entry_lies_before_the_next_one() {
        for seq in [Seq(0), Seq(1), Seq(12345)] {
            assert!(id(seq.end()) < id(Place { seq: seq.next(), index: 0 }));
        }
        assert!((1..i64::MAX).contains(&id(Seq(u64::MAX).end())));
    }
}
