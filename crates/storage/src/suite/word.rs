//! Things to store, in few words.

use std::sync::Arc;

use chinwag_model::entry::Packet;
use chinwag_model::id::{NodeId, PersonId, Place, RoomId, Seq, SessionId, Timestamp};
use chinwag_model::intent::{Intent, Mark, Origin, Request, Target};
use chinwag_model::message::{Card, Destination, Manner, Message, RoomCard};
use chinwag_model::name::Name;
use chinwag_model::record::Record;
use chinwag_model::text::Text;

/// A place: entry and index.
#[must_use]
pub fn place(seq: u64, index: u32) -> Place {
    Place { seq: Seq(seq), index }
}

/// The person with this id, called `P1` for 1.
#[must_use]
pub fn person(id: u64) -> Card {
    Card { id: PersonId(id), name: name(&format!("P{id}")) }
}

/// To the public room with this id.
#[must_use]
pub fn room(id: u64) -> Destination {
    Destination::Room(RoomCard { id: RoomId(id), name: name(&format!("R{id}")), group: false })
}

/// To the group with this id.
#[must_use]
pub fn group(id: u64) -> Destination {
    Destination::Room(RoomCard { id: RoomId(id), name: name(&format!("G{id}")), group: true })
}

/// To the person with this id.
#[must_use]
pub fn to(id: u64) -> Destination {
    Destination::Person(person(id))
}

/// A message of the person `by`, said at this place.
#[must_use]
pub fn message(seq: u64, index: u32, by: u64, to: Destination, text: &str) -> Arc<Message> {
    let manner = if index.is_multiple_of(2) { Manner::Speech } else { Manner::Action };
    Arc::new(Message {
        place: place(seq, index),
        time: Timestamp(1_700_000_000_000 + i64::from(index)),
        author: person(by),
        to,
        manner,
        text: self::text(text),
    })
}

/// That something was said.
#[must_use]
pub fn said(seq: u64, index: u32, by: u64, to: Destination, text: &str) -> Record {
    Record::Message(message(seq, index, by, to, text))
}

/// That the person has been sent everything up to a place.
#[must_use]
pub fn delivered(person: u64, upto: Place) -> Record {
    Record::Delivered(Mark { person: PersonId(person), upto })
}

/// A packet, the first of whose requests has this number.
#[must_use]
pub fn packet(first: u64, requests: usize) -> Packet {
    let request = |n: usize| Request {
        origin: Origin { session: SessionId { node: NodeId(0), number: 1 + n as u64 }, request: 7 },
        intent: Intent::Say {
            to: Target::Room(RoomId::LOBBY),
            manner: Manner::Speech,
            text: text(&format!("packet {first}, request {n}")),
        },
    };
    Packet { node: NodeId(0), epoch: 3, first, requests: (0..requests).map(request).collect() }
}

fn name(text: &str) -> Name {
    Name::parse(text).expect("a name")
}

fn text(text: &str) -> Text {
    Text::parse(text).expect("a text")
}
