//! Lines of the past, told as they looked then.

use std::sync::Arc;

use chinwag_model::effect::{Arrival, Event, Redaction, Stamp};
use chinwag_model::id::{NodeId, PersonId, RoomId, SessionId};
use chinwag_model::intent::Origin;
use chinwag_model::message::{Card, Conversation, Message, RoomCard};
use chinwag_model::mode::{RoomChange, RoomChanged};
use chinwag_model::query::Line;
use chinwag_model::rank::Ranks;
use chinwag_model::record::{Happening, What};
use chinwag_model::text::Text;

use crate::irc::args;
use crate::irc::chat::{Chat, nick_of};
use crate::irc::render::Teller;
use crate::output::Output;

/// Tells a line of a conversation with this target, perhaps in a batch.
pub(super) fn tell(
    chat: &mut Chat,
    line: &Line,
    target: &str,
    batch: Option<&str>,
    out: &mut Output,
) {
    match line {
        Line::Message(message) => tell_message(chat, message, batch, out),
        Line::Happening(happening) => {
            let session = SessionId { node: NodeId(0), number: 0 };
            let origin = Origin { session, request: 0 };
            let stamp = Stamp { place: happening.place, time: happening.time, origin };
            if let Some(event) = event_of(happening, target) {
                write(chat, batch, out, |teller, bytes| teller.event(&event, &stamp, bytes));
            }
        }
    }
}

/// Tells a message of the past, perhaps in a batch.
pub(super) fn tell_message(
    chat: &mut Chat,
    message: &Message,
    batch: Option<&str>,
    out: &mut Output,
) {
    write(chat, batch, out, |teller, bytes| teller.message(message, bytes));
}

/// Has lines written straight to the output, with the tag of their batch or of the answer's.
fn write(
    chat: &mut Chat,
    batch: Option<&str>,
    out: &mut Output,
    tell: impl FnOnce(&Teller<'_>, &mut Vec<u8>),
) {
    // With a label that is not told yet, they would have to wait for it.
    chat.reply.open_batch(&chat.policy.server_name, &mut chat.batch_next, out);
    let front = batch.or(chat.reply.batch()).map(|batch| ("batch", batch));
    let teller = Teller {
        server: &chat.policy.server_name,
        look: chat.look,
        front: front.as_slice(),
        viewer: nick_of(chat.me.as_deref(), chat.intro.as_deref()),
    };
    tell(&teller, &mut out.bytes);
}

/// What happened in a conversation with this target, as it was told then.
fn event_of(happening: &Happening, target: &str) -> Option<Event> {
    let who = happening.who.clone();
    let id = match happening.conversation {
        Conversation::Room(id) => id,
        _ => RoomId::LOBBY,
    };
    let room = args::channel(target).map(|name| RoomCard { id, name, group: false });
    Some(match &happening.what {
        What::Redacted(message, reason) => Event::Redacted(Arc::new(Redaction {
            message: *message,
            conversation: happening.conversation,
            to: args::person(target).map(|name| Card { id: who.id, name, badge: Arc::default() }),
            room,
            by: who,
            reason: reason.clone(),
        })),
        What::Renamed(now) => Event::Renamed { was: who, who: now.clone() },
        What::Quit(reason) => Event::Quit { who, reason: reason.clone() },
        What::Joined => Event::Joined(Arc::new(Arrival {
            who,
            room: room?,
            real_name: Arc::from(""),
            ranks: Ranks::NONE,
            away: None,
            metadata: Arc::from(vec![]),
        })),
        What::Left(reason) => Event::Left { who, room: room?, reason: reason.clone() },
        What::Kicked(whom, reason) => {
            let (room, reason) = (room?, reason.clone());
            Event::Kicked { room, who: whom.clone(), by: who, reason }
        }
        What::Changed(changes) => Event::Changed {
            room: room?,
            by: Some(who),
            changes: changes.iter().filter_map(changed).collect(),
        },
        What::Topic(topic) => Event::Topic { room: room?, by: who, topic: topic.clone() },
    })
}

/// A change of a room as it was told then, but for its key.
fn changed(change: &RoomChange) -> Option<RoomChanged> {
    Some(match change {
        RoomChange::Flag(flag, on) => RoomChanged::Flag(*flag, *on),
        RoomChange::Key(key) => RoomChanged::Key(Text::parse("*").ok()?, key.is_some()),
        RoomChange::Limit(limit) => RoomChanged::Limit(*limit),
        RoomChange::List(list, mask, on) => RoomChanged::List(*list, mask.clone(), *on),
        RoomChange::Rank(name, rank, on) => {
            let who = Card { id: PersonId(0), name: name.clone(), badge: Arc::default() };
            RoomChanged::Rank(who, *rank, *on)
        }
    })
}
