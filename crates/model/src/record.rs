//! What the archive keeps.

use std::sync::Arc;

use crate::id::{PersonId, Place, Timestamp};
use crate::intent::Mark;
use crate::message::{Card, Conversation, Message};
use crate::mode::RoomChange;
use crate::text::Text;

/// Something for the archive.
#[derive(Clone, Debug, PartialEq)]
pub enum Record {
    /// A message, kept for history and search.
    Message(Arc<Message>),
    /// How far a person has been sent what waits; never moves back.
    Delivered(Mark),
    /// Something else that happened in a conversation, kept for history.
    Happened(Arc<Happening>),
    /// A message is taken back: it is gone from history and search, and that it is gone is kept.
    Redacted {
        /// Which message.
        message: Place,
        /// That it was taken back.
        happening: Arc<Happening>,
    },
    /// A name has expired: nothing is kept for the person any more, and their number never comes again.
    Expired(PersonId),
}

/// Something that happened in a conversation, beside what was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happening {
    /// Where it stands in the one order; one place may have several, in different conversations.
    pub place: Place,
    /// When.
    pub time: Timestamp,
    /// In which conversation.
    pub conversation: Conversation,
    /// Who did it.
    pub who: Card,
    /// What.
    pub what: What,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// They came in.
    Joined,
    /// They left, for this reason.
    Left(Option<Text>),
    /// They left all rooms, for this reason.
    Quit(Option<Text>),
    /// They put this person out, for this reason.
    Kicked(Card, Option<Text>),
    /// They set the topic, or took it away.
    Topic(Option<Text>),
    /// They are called so since then.
    Renamed(Card),
    /// They took back a message, for this reason.
    Redacted(Place, Option<Text>),
    /// They changed what the room is like. What its key was is kept nowhere.
    Changed(Vec<RoomChange>),
}
