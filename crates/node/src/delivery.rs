//! What a shard is to do, in order.

use std::sync::Arc;

use chinwag_model::effect::{Event, Stamp};
use chinwag_model::id::{PersonId, RoomId};
use chinwag_model::outcome::Outcome;
use chinwag_model::query::Answer;

/// A session of this node, by its connection's number.
pub type SessionNumber = u64;

/// To whom something is shown, among a shard's sessions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recipients {
    /// Those subscribed to the room.
    Room(RoomId),
    /// All that are attached.
    Everyone,
    /// These.
    Sessions(Vec<SessionNumber>),
    /// Those subscribed to any of the rooms, and these, each once.
    Peers {
        /// The rooms.
        rooms: Vec<RoomId>,
        /// Sessions of the person whom it is about.
        own: Vec<SessionNumber>,
        /// Sessions that watch the person's name.
        watchers: Vec<SessionNumber>,
    },
}

/// An event that is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// What.
    pub event: Event,
    /// Where it stands, and whose doing it is.
    pub stamp: Stamp,
    /// Whether it is told to so many that who can do without is not to be bothered.
    pub crowded: bool,
}

/// What a shard is to do next.
#[derive(Clone, Debug, PartialEq)]
pub enum Delivery {
    /// Show an event, which the shards share.
    Show {
        /// To whom.
        to: Recipients,
        /// What.
        shown: Arc<Shown>,
    },
    /// Tell a session what became of a request.
    Outcome {
        /// The session.
        session: SessionNumber,
        /// Its number for the request.
        request: u32,
        /// What became of it.
        outcome: Box<Outcome>,
    },
    /// Tell a session the answer to a query.
    Answer {
        /// The session.
        session: SessionNumber,
        /// Its number for the query.
        request: u32,
        /// The answer.
        answer: Box<Answer>,
    },
    /// The session is this person's from here on, and subscribed to these rooms.
    Attach {
        /// The session.
        session: SessionNumber,
        /// The person.
        person: PersonId,
        /// Their rooms.
        rooms: Vec<RoomId>,
    },
    /// The session is shown nothing from here on.
    Detach(SessionNumber),
    /// These sessions see what is shown to the room from here on.
    Subscribe(RoomId, Vec<SessionNumber>),
    /// These sessions do not, from here on.
    Unsubscribe(RoomId, Vec<SessionNumber>),
    /// Say to all connections that this node has lost the others, and close them.
    CloseAll,
}
