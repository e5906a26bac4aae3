//! What happened, as a row.

use std::sync::Arc;

use chinwag_model::id::{PersonId, Place, Timestamp};
use chinwag_model::message::{Badge, Card, Conversation};
use chinwag_model::mode::RoomChange;
use chinwag_model::name::Name;
use chinwag_model::record::{Happening, What};
use chinwag_model::text::Text;
use minicbor::{Decode, Encode};
use rusqlite::{Connection, Row, params};

use super::{extra, row};

/// The columns that [`read`] takes.
pub(super) const COLUMNS: &str = "place, time_ms, what, detail";

/// All that is not in a column of its own.
#[derive(Encode, Decode)]
#[cbor(map)]
struct Detail {
    #[n(0)]
    who: Person,
    /// Who was put out, or what they are called since.
    #[n(1)]
    whom: Option<Person>,
    /// The reason or the topic.
    #[n(2)]
    text: Option<Text>,
    /// The message that was taken back.
    #[n(3)]
    message: Option<Place>,
    /// What the room is like since.
    #[n(4)]
    changes: Option<Vec<RoomChange>>,
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct Person {
    #[n(0)]
    id: PersonId,
    #[n(1)]
    name: Name,
    /// Left out where it shows nothing.
    #[n(2)]
    badge: Option<Badge>,
}

/// Writes what happened, and which message is gone with it.
pub(super) fn insert(
    connection: &Connection,
    happening: &Happening,
    gone: Option<Place>,
) -> rusqlite::Result<()> {
    let mut changes = None;
    let (what, whom, text, message) = match &happening.what {
        What::Joined => ("joined", None, None, None),
        What::Left(reason) => ("left", None, reason.clone(), None),
        What::Quit(reason) => ("quit", None, reason.clone(), None),
        What::Kicked(whom, reason) => ("kicked", Some(stored(whom)), reason.clone(), None),
        What::Topic(topic) => ("topic", None, topic.clone(), None),
        What::Renamed(since) => ("renamed", Some(stored(since)), None, None),
        What::Redacted(place, reason) => ("redacted", None, reason.clone(), Some(*place)),
        What::Changed(list) => {
            changes = Some(list.clone());
            ("changed", None, None, None)
        }
    };
    let detail = Detail { who: stored(&happening.who), whom, text, message, changes };
    let sql = "INSERT INTO happening (place, time_ms, conversation, who, what, detail, gone_id)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let values = params![
        row::id(happening.place),
        happening.time.0,
        row::key(happening.conversation),
        happening.who.name.shown(),
        what,
        row::encoded(&detail)?,
        gone.map(row::id),
    ];
    connection.prepare_cached(sql)?.execute(values).map(drop)
}

/// Reads what happened in a conversation from [`COLUMNS`].
pub(super) fn read(row: &Row<'_>, conversation: Conversation) -> rusqlite::Result<Arc<Happening>> {
    let Detail { who, whom, text, message, changes } = row::decoded(3, row.get_ref(3)?.as_blob()?)?;
    let what = match (row.get_ref(2)?.as_str()?, whom, message) {
        ("joined", ..) => What::Joined,
        ("left", ..) => What::Left(text),
        ("quit", ..) => What::Quit(text),
        ("kicked", Some(whom), _) => What::Kicked(card(whom), text),
        ("topic", ..) => What::Topic(text),
        ("renamed", Some(since), _) => What::Renamed(card(since)),
        ("redacted", _, Some(place)) => What::Redacted(place, text),
        ("changed", ..) => What::Changed(changes.unwrap_or_default()),
        (other, ..) => return Err(row::unknown(2, other)),
    };
    Ok(Arc::new(Happening {
        place: row::place(row.get(0)?),
        time: Timestamp(row.get(1)?),
        conversation,
        who: card(who),
        what,
    }))
}

fn stored(card: &Card) -> Person {
    Person { id: card.id, name: card.name.clone(), badge: extra::shown(&card.badge) }
}

fn card(person: Person) -> Card {
    let Person { id, name, badge } = person;
    Card { id, name, badge: Arc::new(badge.unwrap_or_default()) }
}
