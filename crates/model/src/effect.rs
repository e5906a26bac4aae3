//! What someone is to see, once it is decided.

use std::sync::Arc;

use crate::id::{PersonId, RoomId, SessionId};
use crate::intent::Origin;
use crate::message::{Card, Message, RoomCard};
use crate::name::Name;
use crate::outcome::Outcome;
use crate::record::Record;
use crate::text::Text;

/// Who is to see something. It means those who are there when the effect comes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Every session of everyone in a room.
    Room(RoomId),
    /// Every session.
    Everyone,
    /// These sessions.
    Sessions(Vec<SessionId>),
}

/// Something that happened, with all that is needed to tell it. Cheap to clone.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A message.
    Said(Arc<Message>),
    /// A person has come online.
    Online(Card),
    /// A person has gone offline.
    Offline(Card),
    /// A person has come into a room.
    Joined(Card, RoomCard),
    /// A person has left a room.
    Left(Card, RoomCard),
    /// A person has another name.
    Renamed {
        /// The name before.
        was: Name,
        /// The person now.
        who: Card,
    },
    /// A room's topic was set, or taken away.
    Topic {
        /// The room.
        room: RoomCard,
        /// By whom.
        by: Card,
        /// The topic.
        topic: Option<Text>,
    },
    /// The one who sees this was made member of a group.
    Added {
        /// By whom.
        by: Card,
        /// To which group.
        group: RoomCard,
    },
    /// The one who sees this is invited to a room.
    Invited {
        /// By whom.
        by: Card,
        /// To which room.
        room: RoomCard,
    },
    /// The one who sees this has begun or ended to ignore someone, here or on another device.
    Ignoring {
        /// Whom.
        who: PersonId,
        /// Whether.
        on: bool,
    },
}

/// What follows from a commit, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// An audience is to see an event.
    Show {
        /// Who.
        audience: Audience,
        /// What.
        event: Event,
    },
    /// An asker learns what became of a request; after all that it caused.
    Reply(Origin, Outcome),
    /// From here on the session is this person's, and in these rooms.
    Attach {
        /// The session.
        session: SessionId,
        /// The person.
        person: PersonId,
        /// Their rooms.
        rooms: Vec<RoomId>,
    },
    /// From here on the session sees nothing.
    Detach(SessionId),
    /// From here on these sessions see what is shown to the room.
    Subscribe(RoomId, Vec<SessionId>),
    /// From here on these sessions no longer do.
    Unsubscribe(RoomId, Vec<SessionId>),
    /// Something for the archive.
    Keep(Record),
}
