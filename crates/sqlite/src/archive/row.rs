//! A message as a row.

use std::sync::Arc;

use chinwag_model::entry::PACKET_REQUESTS_MAX;
use chinwag_model::id::{PersonId, Place, RoomId, Seq, Timestamp};
use chinwag_model::message::{Card, Destination, Manner, Message, RoomCard};
use chinwag_model::name::Name;
use chinwag_model::text::Text;
use rusqlite::types::Type;
use rusqlite::{Connection, Row, params};

use crate::int::{signed, unsigned};

/// Bits of an id that hold the index within the entry.
const INDEX_BITS: u32 = 16;
const INDEX_MAX: u32 = (1 << INDEX_BITS) - 1;
const _: () = assert!(PACKET_REQUESTS_MAX <= INDEX_MAX as usize, "each place has its own id");

/// The columns that [`read`] takes.
pub(super) const COLUMNS: &str = "id, time_ms, kind, coalesce(room_id, recipient_id), author_id, \
     author, author_folded, author_look, target, target_folded, target_look, manner, text";

/// A place as one number, in the same order. The last place of an entry is a large index there,
/// which none of its messages has.
pub(super) fn id(place: Place) -> i64 {
    let seq = place.seq.0.min(u64::MAX >> (INDEX_BITS + 1));
    signed(seq << INDEX_BITS | u64::from(place.index.min(INDEX_MAX)))
}

/// The place with an id.
pub(super) fn place(id: i64) -> Place {
    let id = unsigned(id);
    Place { seq: Seq(id >> INDEX_BITS), index: (id & u64::from(INDEX_MAX)) as u32 }
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
    let manner = match message.manner {
        Manner::Speech => "speech",
        Manner::Action => "action",
    };
    let author = &message.author;
    let sql =
        "INSERT INTO message VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
               ON CONFLICT DO NOTHING";
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
    ];
    connection.prepare_cached(sql)?.execute(values).map(drop)
}

/// Reads a message from [`COLUMNS`].
pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Arc<Message>> {
    let kind = row.get_ref(2)?.as_str()?;
    let to = match kind {
        "everyone" => Destination::Everyone,
        "person" => {
            Destination::Person(Card { id: PersonId(number(row, 3)?), name: name(row, 8)? })
        }
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
        other => return Err(unknown(11, other)),
    };
    Ok(Arc::new(Message {
        place: place(row.get(0)?),
        time: Timestamp(row.get(1)?),
        author: Card { id: PersonId(number(row, 4)?), name: name(row, 5)? },
        to,
        manner,
        text: text(row, 12)?,
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

fn word<T>(column: usize, stored: impl minicbor::Encode<()>) -> rusqlite::Result<T>
where
    T: for<'b> minicbor::Decode<'b, ()>,
{
    let wrong = |error| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, error);
    let bytes = minicbor::to_vec(stored).map_err(|error| wrong(error.to_string().into()))?;
    minicbor::decode(&bytes).map_err(|error| wrong(error.into()))
}

fn unknown(column: usize, found: &str) -> rusqlite::Error {
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
        assert!(id(Seq(u64::MAX).end()) > 0);
    }
}
