//! `CHATHISTORY`: what was said before.
//!
//! Spec: <https://ircv3.net/specs/extensions/chathistory>.

use std::sync::Arc;

use chinwag_model::id::Timestamp;
use chinwag_model::message::{Destination, Message};
use chinwag_model::query::{Answer, Point, Query, Range};
use chinwag_wire::irc::message::Message as IrcMessage;
use chinwag_wire::irc::time::{parse_timestamp, timestamp};

use super::{Command, TooFew, playback};
use crate::irc::args;
use crate::irc::caps::Cap;
use crate::irc::chat::{Chat, Next, Told};
use crate::irc::render::channel;
use crate::output::Output;

/// How a message can be named, as `MSGREFTYPES` tells it.
pub(super) const POINTS: &str = "msgid,timestamp";

pub(super) const COMMANDS: &[Command] = &[Command {
    params: 1,
    too_few: TooFew::Fail,
    run: chathistory,
    ..Command::new("CHATHISTORY", "LATEST <target> * <count>", "Shows earlier messages.")
}];

fn chathistory(chat: &mut Chat, message: &IrcMessage<'_>, out: &mut Output) {
    let params = message.params();
    let subcommand = params.first().map(|word| word.to_ascii_uppercase()).unwrap_or_default();
    if subcommand == "TARGETS" {
        return targets(chat, params, out);
    }
    let points = match subcommand.as_str() {
        "LATEST" | "BEFORE" | "AFTER" | "AROUND" => 1,
        "BETWEEN" => 2,
        _ => {
            let text = "Unknown subcommand";
            return chat.fail("CHATHISTORY", "UNKNOWN_COMMAND", &[&subcommand], text, out);
        }
    };
    if params.len() < points + 3 {
        let text = "Not enough parameters";
        return chat.fail("CHATHISTORY", "NEED_MORE_PARAMS", &[&subcommand], text, out);
    }
    let target = params.get(1).copied().unwrap_or_default();
    let read = (|| {
        let one = *params.get(2)?;
        let range = match subcommand.as_str() {
            "LATEST" if one == "*" => Range::Latest(None),
            "LATEST" => Range::Latest(Some(point(one)?)),
            "BEFORE" => Range::Before(point(one)?),
            "AFTER" => Range::After(point(one)?),
            "AROUND" => Range::Around(point(one)?),
            _ => Range::Between(point(one)?, point(params.get(3)?)?),
        };
        let limit: u32 = params.get(points + 2)?.parse().ok()?;
        (limit > 0).then_some((range, limit))
    })();
    let Some((range, limit)) = read else {
        let text = "Invalid parameters";
        return chat.fail("CHATHISTORY", "INVALID_PARAMS", &[&subcommand], text, out);
    };
    let Some(of) = args::owner(target) else {
        return bad_target(chat, &subcommand, target, out);
    };
    let limit = limit.min(chat.policy.limits.chathistory_messages);
    let happenings = chat.has(Cap::EventPlayback);
    let page = Page { target: target.into(), subcommand: subcommand.into() };
    chat.query(Query::Lines { of, range, limit, happenings }, page);
}

fn bad_target(chat: &mut Chat, subcommand: &str, target: &str, out: &mut Output) {
    let text = "Messages of that target cannot be read";
    let target = if target.is_empty() { "*" } else { target };
    chat.fail("CHATHISTORY", "INVALID_TARGET", &[subcommand, target], text, out);
}

/// A page of lines is asked for.
#[derive(Debug)]
struct Page {
    target: Box<str>,
    subcommand: Box<str>,
}

impl Next for Page {
    fn told(self: Box<Self>, told: Told<'_>, chat: &mut Chat, out: &mut Output) {
        match told {
            Told::Answer(Answer::Lines(lines)) => {
                let batch = chat.open_batch("chathistory", &[&self.target], out);
                for line in lines {
                    playback::tell(chat, line, &self.target, batch.as_deref(), out);
                }
                chat.close_batch(batch, out);
            }
            Told::Answer(Answer::NoSuchHistory(_)) => {
                bad_target(chat, &self.subcommand, &self.target, out);
            }
            other => chat.unexpected(other, out),
        }
    }
}

fn targets(chat: &mut Chat, params: &[&str], out: &mut Output) {
    let read = (|| {
        let [_, one, other, limit, ..] = params else { return None };
        let (Point::Time(one), Point::Time(other)) = (point(one)?, point(other)?) else {
            return None;
        };
        let limit: u32 = limit.parse().ok()?;
        Some((one.min(other), one.max(other), limit))
    })();
    let Some((from, to, limit)) = read else {
        let text = "Invalid parameters";
        return chat.fail("CHATHISTORY", "INVALID_PARAMS", &["TARGETS"], text, out);
    };
    let limit = limit.min(chat.policy.limits.chathistory_messages);
    chat.query(Query::Targets { from, to, limit }, Targets);
}

/// Conversations are asked for, each with its last message.
#[derive(Debug)]
struct Targets;

impl Next for Targets {
    fn told(self: Box<Self>, told: Told<'_>, chat: &mut Chat, out: &mut Output) {
        let Told::Answer(Answer::Targets(messages)) = told else {
            return chat.unexpected(told, out);
        };
        tell_targets(chat, messages, out);
    }
}

/// Tells conversations, each with the time of its last message.
fn tell_targets(chat: &mut Chat, messages: &[Arc<Message>], out: &mut Output) {
    let batch = chat.open_batch("draft/chathistory-targets", &[], out);
    let own = chat.me.as_ref().map(|me| me.card.id);
    for message in messages {
        let target = match &message.to {
            Destination::Room(room) => channel(&room.name),
            Destination::Person(to) if Some(to.id) == own => message.author.name.to_string(),
            Destination::Person(to) => to.name.to_string(),
            Destination::Everyone => continue,
        };
        let time = timestamp(message.time.0);
        let (line, server, _) = chat.line(batch.as_deref(), out);
        let line = line.source(server).command("CHATHISTORY").param("TARGETS");
        line.param(&target).param(&time).end();
    }
    chat.close_batch(batch, out);
}

/// A point of a conversation, as a client gives it.
fn point(text: &str) -> Option<Point> {
    match text.split_once('=')? {
        ("msgid", id) => args::place(id).map(Point::Place),
        ("timestamp", time) => parse_timestamp(time).map(|ms| Point::Time(Timestamp(ms))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use chinwag_model::id::{Place, Seq};

    use super::*;

    #[test]
    fn points_are_ids_or_times() {
        let place = Place { seq: Seq(12), index: 3 };
        for (text, read) in [
            ("msgid=12.3", Some(Point::Place(place))),
            ("timestamp=1970-01-01T00:00:00.001Z", Some(Point::Time(Timestamp(1)))),
            ("msgid=", None),
            ("msgid=12", None),
            ("msgid=-1.0", None),
            ("timestamp=then", None),
            ("*", None),
            ("", None),
        ] {
            assert_eq!(point(text), read, "{text}");
        }
    }
}
