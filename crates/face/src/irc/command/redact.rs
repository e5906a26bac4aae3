//! `REDACT`: a message is taken back.
//!
//! Spec: <https://ircv3.net/specs/extensions/message-redaction>.

use chinwag_model::intent::Intent;
use chinwag_model::message::{Destination, Message};
use chinwag_model::outcome::Refusal;
use chinwag_model::query::{Answer, Query};
use chinwag_model::text::Text;
use chinwag_wire::irc::message::Message as IrcMessage;

use super::{Command, TooFew};
use crate::irc::args;
use crate::irc::chat::{Chat, Next, Told};
use crate::output::Output;

pub(super) const COMMANDS: &[Command] = &[Command {
    params: 2,
    too_few: TooFew::Fail,
    run: redact,
    ..Command::new("REDACT", "<target> <msgid> [:<reason>]", "Takes a message back.")
}];

fn redact(chat: &mut Chat, message: &IrcMessage<'_>, out: &mut Output) {
    let params = message.params();
    let [target, id, ..] = params else { return };
    let reason = args::words(params.get(2), chat.policy.limits.kick_length);
    if args::owner(target).is_none() {
        let text = "There is no such target";
        return chat.fail("REDACT", "INVALID_TARGET", &[target], text, out);
    }
    let wanted = Wanted { target: (*target).into(), id: (*id).into(), reason };
    // Whether there is such a room is known before such a message is looked for.
    match args::channel(target) {
        Some(room) => chat.query(Query::Channel(room), InRoom(wanted)),
        None => wanted.find(chat, out),
    }
}

/// A message that is to be taken back; target and id are as typed.
#[derive(Debug)]
struct Wanted {
    target: Box<str>,
    id: Box<str>,
    reason: Option<Text>,
}

impl Wanted {
    fn find(self, chat: &mut Chat, out: &mut Output) {
        match args::place(&self.id) {
            Some(place) => chat.query_next(Query::Message(place), Find(self)),
            None => self.unknown(chat, out),
        }
    }

    fn is_in(&self, message: &Message) -> bool {
        match &message.to {
            Destination::Room(room) => {
                args::channel(&self.target).is_some_and(|name| name == room.name)
            }
            Destination::Person(to) => args::person(&self.target)
                .is_some_and(|name| name == to.name || name == message.author.name),
            Destination::Everyone => false,
        }
    }

    fn unknown(&self, chat: &mut Chat, out: &mut Output) {
        let id = if self.id.is_empty() { "*" } else { &self.id };
        let text = "There is no such message here";
        chat.fail("REDACT", "UNKNOWN_MSGID", &[&self.target, id], text, out);
    }

    fn not_in_room(&self, chat: &mut Chat, out: &mut Output) {
        let text = "You're not on that channel";
        chat.fail("REDACT", "INVALID_TARGET", &[&self.target], text, out);
    }
}

/// The room of the message is asked for.
#[derive(Debug)]
struct InRoom(Wanted);

impl Next for InRoom {
    fn told(self: Box<Self>, told: Told<'_>, chat: &mut Chat, out: &mut Output) {
        let Told::Answer(Answer::Channel(row)) = told else {
            return chat.unexpected(told, out);
        };
        match row {
            Some(row) if row.ranks.is_some() => self.0.find(chat, out),
            _ => self.0.not_in_room(chat, out),
        }
    }
}

/// The message is asked for.
#[derive(Debug)]
struct Find(Wanted);

impl Next for Find {
    fn told(self: Box<Self>, told: Told<'_>, chat: &mut Chat, out: &mut Output) {
        let Told::Answer(Answer::Message(message)) = told else {
            return chat.unexpected(told, out);
        };
        let wanted = self.0;
        let Some(message) = message.as_ref().filter(|message| wanted.is_in(message)) else {
            return wanted.unknown(chat, out);
        };
        let (room, to) = match &message.to {
            Destination::Room(room) => (Some(room.id), None),
            Destination::Person(to) => (None, Some(to.id)),
            Destination::Everyone => (None, None),
        };
        let (message, author) = (message.place, message.author.id);
        let reason = wanted.reason.clone();
        chat.want(Intent::Redact { message, author, room, to, reason }, TakeBack(wanted));
    }
}

/// The message is taken back, if the asker may.
#[derive(Debug)]
struct TakeBack(Wanted);

impl Next for TakeBack {
    fn told(self: Box<Self>, told: Told<'_>, chat: &mut Chat, out: &mut Output) {
        let Wanted { target, id, .. } = &self.0;
        match told {
            Told::Outcome(Ok(_)) => {}
            Told::Outcome(Err(Refusal::NotYours)) => {
                let text = "You may not take this message back";
                chat.fail("REDACT", "REDACT_FORBIDDEN", &[target, id], text, out);
            }
            Told::Outcome(Err(Refusal::Room(..))) => self.0.not_in_room(chat, out),
            Told::Outcome(Err(Refusal::NoSuchMessage)) => self.0.unknown(chat, out),
            other => chat.not_done("REDACT", target, other, out),
        }
    }
}
