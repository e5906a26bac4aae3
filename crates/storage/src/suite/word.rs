//! Things to store, in few words.

use std::sync::Arc;

use chinwag_model::entry::Packet;
use chinwag_model::id::{NodeId, PersonId, Place, RoomId, Seq, SessionId, Timestamp};
use chinwag_model::intent::{Intent, Mark, Origin, Request, Target};
use chinwag_model::message::{Badge, Card, Conversation, Destination, Manner, Message, RoomCard};
use chinwag_model::name::Name;
use chinwag_model::rank::Rank;
use chinwag_model::record::{Happening, Record, What};
use chinwag_model::tag::Tags;
use chinwag_model::text::Text;

/// A place: entry and index.
#[must_use]
pub fn place(seq: u64, index: u32) -> Place {
    Place { seq: Seq(seq), index }
}

/// When the place was taken: each entry a second after the one before, each index a millisecond.
#[must_use]
pub fn time(seq: u64, index: u32) -> Timestamp {
    let seconds = i64::try_from(seq).expect("small");
    Timestamp(1_700_000_000_000 + seconds * 1000 + i64::from(index))
}

/// The person with this id, called `P1` for 1.
#[must_use]
pub fn person(id: u64) -> Card {
    Card { id: PersonId(id), name: name(&format!("P{id}")), badge: Arc::default() }
}

/// The person with this id, with all that can be shown of them.
#[must_use]
pub fn person_shown(id: u64) -> Card {
    let badge = Badge {
        user: "~user".into(),
        host: "cloak.of.some.host".into(),
        account: Some(name(&format!("Account{id}"))),
        bot: id.is_multiple_of(2),
    };
    Card { badge: Arc::new(badge), ..person(id) }
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
    let (place, time) = (place(seq, index), time(seq, index));
    Arc::new(Message::plain(place, time, person(by), to, manner, self::text(text)))
}

/// A message that has all that a message can have, of a person who has all that can be shown.
#[must_use]
pub fn message_adorned(seq: u64, index: u32, by: u64, to: Destination) -> Arc<Message> {
    let tags = vec![("+draft/reply".into(), "77".into()), ("+empty".into(), "".into())];
    Arc::new(Message {
        author: person_shown(by),
        manner: Manner::Notice,
        tags: Tags::new(tags).expect("tags"),
        rank: Some(Rank::HalfOperator),
        joints: Some([3, 70_000].into()),
        ..Message::clone(&message(seq, index, by, to, "a long line"))
    })
}

/// A message that is tags alone, of which one has this value.
#[must_use]
pub fn tags(seq: u64, index: u32, by: u64, to: Destination, value: &str) -> Arc<Message> {
    Arc::new(Message {
        manner: Manner::Tags,
        text: Text::empty(),
        tags: Tags::new(vec![("+draft/react".into(), value.into())]).expect("tags"),
        ..Message::clone(&message(seq, index, by, to, "nothing"))
    })
}

/// Something that the person `by` did at this place.
#[must_use]
pub fn happening(
    seq: u64,
    index: u32,
    conversation: Conversation,
    by: u64,
    what: What,
) -> Arc<Happening> {
    let (place, time) = (place(seq, index), time(seq, index));
    Arc::new(Happening { place, time, conversation, who: person(by), what })
}

/// That someone came into a room.
#[must_use]
pub fn joined(seq: u64, index: u32, room: u64, who: u64) -> Record {
    let conversation = Conversation::Room(RoomId(room));
    Record::Happened(happening(seq, index, conversation, who, What::Joined))
}

/// That the person `by` took back a message, at this place.
#[must_use]
pub fn redacted(
    seq: u64,
    index: u32,
    conversation: Conversation,
    by: u64,
    message: Place,
) -> Record {
    let what = What::Redacted(message, Some(text("a slip")));
    Record::Redacted { message, happening: happening(seq, index, conversation, by, what) }
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
            tags: Tags::NONE,
            joints: None,
        },
    };
    let requests = (0..requests).map(request).collect();
    Packet { node: NodeId(0), epoch: 3, first, requests, expires: None }
}

/// A name.
///
/// # Panics
/// If it is none.
#[must_use]
pub fn name(text: &str) -> Name {
    Name::parse(text).expect("a name")
}

/// A text.
///
/// # Panics
/// If it is none.
#[must_use]
pub fn text(text: &str) -> Text {
    Text::parse(text).expect("a text")
}
