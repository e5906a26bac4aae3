//! `MARKREAD`: how far a conversation was read, on all of one's devices.
//!
//! Spec: <https://ircv3.net/specs/extensions/read-marker>.

use chinwag_model::id::Timestamp;
use chinwag_model::intent::Intent;
use chinwag_model::outcome::{Done, Refusal};
use chinwag_model::query::{Answer, Query};
use chinwag_wire::irc::message::Message;
use chinwag_wire::irc::time::{parse_timestamp, timestamp};

use super::Command;
use crate::irc::args;
use crate::irc::chat::{Chat, Next, Told};
use crate::output::Output;

pub(super) const COMMANDS: &[Command] = &[Command {
    run: markread,
    ..Command::new(
        "MARKREAD",
        "<target> [timestamp=<time>]",
        "Shows or sets how far you have read.",
    )
}];

fn markread(chat: &mut Chat, message: &Message<'_>, out: &mut Output) {
    let params = message.params();
    let Some(target) = params.first().filter(|target| !target.is_empty()) else {
        let text = "Missing parameters";
        return chat.fail("MARKREAD", "NEED_MORE_PARAMS", &[], text, out);
    };
    if args::owner(target).is_none() {
        let text = "Invalid target";
        return chat.fail("MARKREAD", "INVALID_PARAMS", &[target], text, out);
    }
    let key = args::read_key(target);
    let Some(given) = params.get(1) else {
        return chat.query(Query::ReadUpto(key), Mark((*target).into()));
    };
    let upto = given.strip_prefix("timestamp=").and_then(parse_timestamp);
    let Some(upto) = upto else {
        let text = "Invalid timestamp";
        return chat.fail("MARKREAD", "INVALID_PARAMS", &[target], text, out);
    };
    let read = Intent::Read { target: key, upto: Timestamp(upto) };
    chat.want(read, Mark((*target).into()));
}

/// Wants to tell before anything else how far a channel was read.
pub(super) fn ask_first(chat: &mut Chat, target: &str) {
    let key = args::read_key(target);
    chat.query_next(Query::ReadUpto(key), Mark(target.into()));
}

/// A mark is set or asked for, by the target that was typed.
#[derive(Debug)]
struct Mark(Box<str>);

impl Next for Mark {
    fn told(self: Box<Self>, told: Told<'_>, chat: &mut Chat, out: &mut Output) {
        let upto = match told {
            Told::Outcome(Ok(Done::Read(upto))) => Some(*upto),
            Told::Answer(Answer::ReadUpto(upto)) => *upto,
            Told::Outcome(Err(Refusal::NotInRoom)) => {
                let text = "Invalid target";
                return chat.fail("MARKREAD", "INVALID_PARAMS", &[&self.0], text, out);
            }
            other => return chat.unexpected(other, out),
        };
        let upto = match upto {
            Some(upto) => format!("timestamp={}", timestamp(upto.0)),
            None => "*".to_owned(),
        };
        chat.server_line("MARKREAD", |line| line.param(&self.0).param(&upto), out);
    }
}
