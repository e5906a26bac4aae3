//! `TOPIC`: what a channel is about.
//!
//! Spec: <https://modern.ircdocs.horse/#topic-message>.

use chinwag_model::intent::Intent;
use chinwag_model::name::Name;
use chinwag_model::query::{Answer, ChannelRow, Query};
use chinwag_wire::irc::message::Message;

use super::Command;
use crate::irc::args;
use crate::irc::chat::{Chat, Next, Told};
use crate::irc::refusal::Act;
use crate::irc::render::{channel, one_line};
use crate::output::Output;

pub(super) const COMMANDS: &[Command] = &[Command {
    params: 1,
    run: topic,
    ..Command::new("TOPIC", "<channel> [:<text>]", "Shows or sets a topic.")
}];

fn topic(chat: &mut Chat, message: &Message<'_>, out: &mut Output) {
    let [room, rest @ ..] = message.params() else { return };
    let Some(name) = args::channel(room) else { return chat.no_such_channel(room, out) };
    match rest.first() {
        None => chat.query(Query::Channel(name), Topic { room: (*room).into(), quiet: false }),
        Some(topic) => {
            let topic = args::words(Some(topic), chat.policy.limits.topic_length);
            chat.want(Intent::Entitle { room: name, topic }, Act::new("TOPIC", room));
        }
    }
}

/// Wants to tell a channel's topic before anything else, if it has one.
pub(super) fn ask_quietly(chat: &mut Chat, room: Name, target: &str) {
    chat.query_next(Query::Channel(room), Topic { room: target.into(), quiet: true });
}

/// A channel's topic is asked for; quietly, where nothing need be said of there being none.
#[derive(Debug)]
struct Topic {
    room: Box<str>,
    quiet: bool,
}

impl Next for Topic {
    fn told(self: Box<Self>, told: Told<'_>, chat: &mut Chat, out: &mut Output) {
        match told {
            Told::Answer(Answer::Channel(Some(row))) => self.tell(row, chat, out),
            Told::Answer(Answer::Channel(None)) if self.quiet => {}
            Told::Answer(Answer::Channel(None)) => chat.no_such_channel(&self.room, out),
            other => chat.unexpected(other, out),
        }
    }
}

impl Topic {
    fn tell(&self, row: &ChannelRow, chat: &mut Chat, out: &mut Output) {
        if !self.quiet && !row.reads {
            return chat.numeric(442, &[&self.room], "You're not on that channel", out);
        }
        let room = channel(&row.card.name);
        match &row.topic {
            Some((topic, by, time)) => {
                chat.numeric(332, &[&room], &one_line(topic.as_str()), out);
                let time = (time.0 / 1000).to_string();
                let by: &str = if by.is_empty() { "*" } else { by };
                chat.numeric_bare(333, &[&room, by, &time], out);
            }
            None if self.quiet => {}
            None => chat.numeric(331, &[&room], "No topic is set", out),
        }
    }
}
