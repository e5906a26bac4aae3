//! How messages and events look. What people typed is cleaned of control characters here.

use std::borrow::Cow;
use std::fmt::Display;
use std::io::Write;

use chinwag_model::effect::Event;
use chinwag_model::id::PersonId;
use chinwag_model::message::{Destination, Manner, Message};
use chinwag_model::rank::Rank;
use chinwag_model::text::Text;
use chinwag_wire::line::clean::clean;
use chinwag_wire::line::time::write_time;

/// Adds a line.
pub(super) fn line(out: &mut Vec<u8>, text: impl Display) {
    let written = writeln!(out, "{text}");
    debug_assert!(written.is_ok(), "writing to memory can't fail");
}

/// Adds a line of the server's own, in its brackets.
pub(super) fn notice(out: &mut Vec<u8>, text: impl Display) {
    line(out, format_args!("<{text}>"));
}

/// A text where there is but one line for it.
pub(super) fn one_line(text: &Text) -> String {
    clean(&text.as_str().replace('\n', " ")).into_owned()
}

/// Names with commas between.
pub(super) fn listed(names: &[impl Display]) -> String {
    names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Adds an event that looks the same to everyone who may see it; `false` if it is none of those.
pub(super) fn shared(event: &Event, out: &mut Vec<u8>) -> bool {
    match event {
        Event::Said(message) => match message.to {
            Destination::Room(_) | Destination::Everyone => {
                // Nobody in particular looks at it.
                self::message(message, None, "", out);
            }
            Destination::Person(_) => return false,
        },
        Event::Online(who) => notice(out, format_args!("User {} is online.", who.name)),
        Event::Offline(who) => notice(out, format_args!("User {} is offline.", who.name)),
        Event::Joined(arrival) => {
            notice(out, format_args!("{} joined {}.", arrival.who.name, arrival.room.name));
        }
        Event::Left { who, room, .. } => {
            notice(out, format_args!("{} left {}.", who.name, room.name));
        }
        Event::Kicked { room, who, by, reason } => {
            let why = reason.as_ref().map(|reason| format!(": {}", one_line(reason)));
            let why = why.unwrap_or_default();
            notice(
                out,
                format_args!("{} was put out of {} by {}{why}.", who.name, room.name, by.name),
            );
        }
        Event::RoomRenamed { was, room, .. } => {
            notice(out, format_args!("{was} is now called {}.", room.name));
        }
        Event::Redacted(redaction) => {
            notice(out, format_args!("{} took a message back.", redaction.by.name));
        }
        Event::PasswordChanged { who } => notice(
            out,
            format_args!("The password of {} was changed. Come in again with it.", who.name),
        ),
        Event::Ended { by, reason } => {
            let why = reason.as_ref().map(|reason| format!(": {}", one_line(reason)));
            let why = why.unwrap_or_default();
            notice(out, format_args!("You were put out by {}{why}.", by.name));
        }
        Event::Renamed { was, who } => {
            notice(out, format_args!("{} is now called {}.", was.name, who.name));
        }
        Event::Topic { room, topic: Some(topic), .. } => {
            notice(out, format_args!("Topic of {}: {}", room.name, one_line(topic)));
        }
        Event::Topic { room, topic: None, .. } => {
            notice(out, format_args!("{} has no topic any more.", room.name));
        }
        Event::Added { by, group } => {
            notice(out, format_args!("{} added you to group {}.", by.name, group.name));
        }
        Event::Invited { by, room, .. } => notice(
            out,
            format_args!("{} invites you to {room}. Type /join {room}.", by.name, room = room.name),
        ),
        Event::Ignoring { .. }
        | Event::Quit { .. }
        | Event::Changed { .. }
        | Event::Away { .. }
        | Event::Account(_)
        | Event::RealName { .. }
        | Event::Badge { .. }
        | Event::Flags { .. }
        | Event::Watched { .. }
        | Event::Read { .. }
        | Event::Metadata { .. }
        | Event::Wallops { .. } => return false,
    }
    true
}

/// When a message was said, to stand in front of it.
pub(super) fn time(message: &Message) -> String {
    let mut front = String::new();
    write_time(message.time.0, &mut front);
    front
}

/// Adds a message as `viewer` sees it, with `front` before each of its lines.
///
/// A message to one person is seen by its author and by that person; who writes to themselves sees
/// both sides of it.
pub(super) fn message(
    message: &Message,
    viewer: Option<PersonId>,
    front: impl Display,
    out: &mut Vec<u8>,
) {
    let author = &message.author.name;
    let acts = message.manner == Manner::Action;
    let label = match &message.to {
        // Said only to those who lead the room, or may speak in it.
        Destination::Room(room) => match message.rank {
            None => Cow::Borrowed(room.name.shown()),
            Some(Rank::Voice) => Cow::Owned(format!("+{}", room.name)),
            Some(_) => Cow::Owned(format!("@{}", room.name)),
        },
        Destination::Everyone => Cow::Borrowed("broadcast"),
        Destination::Person(other) => {
            for text in lines(&message.text).filter(|_| viewer == Some(message.author.id)) {
                if acts {
                    line(out, format_args!("{front}<To {}> * {author} {text}", other.name));
                } else {
                    line(out, format_args!("{front}<To {}> {text}", other.name));
                }
            }
            for text in lines(&message.text).filter(|_| viewer == Some(other.id)) {
                if acts {
                    let said =
                        format_args!("{front}<Message from {author}: \"* {author} {text}\">");
                    line(out, said);
                } else {
                    line(out, format_args!("{front}<Message from {author}: \"{text}\">"));
                }
            }
            return;
        }
    };
    for text in lines(&message.text) {
        if acts {
            line(out, format_args!("{front}[{label}] * {author} {text}"));
        } else {
            line(out, format_args!("{front}[{label}] {author}: {text}"));
        }
    }
}

fn lines(text: &Text) -> impl Iterator<Item = Cow<'_, str>> {
    text.as_str().lines().map(clean)
}
