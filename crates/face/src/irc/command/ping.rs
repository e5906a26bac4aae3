//! `PING`: whether the server is there, and everything before it done.
//!
//! Spec: <https://modern.ircdocs.horse/#ping-message>.

use chinwag_model::query::Query;
use chinwag_wire::irc::message::Message;

use super::Command;
use crate::irc::chat::{Chat, Next, Told};
use crate::output::Output;

pub(super) const COMMANDS: &[Command] = &[
    Command { early: true, run: |_, _, _| {}, ..Command::new("ERROR", "", "Is passed over.") },
    Command { early: true, run: ping, ..Command::new("PING", "<token>", "Is answered by PONG.") },
    Command {
        early: true,
        run: |_, _, _| {},
        ..Command::new("PONG", "<token>", "Is passed over.")
    },
];

fn ping(chat: &mut Chat, message: &Message<'_>, out: &mut Output) {
    let params = message.params();
    let Some(token) = params.first().filter(|token| !token.is_empty()) else {
        if params.is_empty() {
            return chat.too_few("PING", out);
        }
        return chat.numeric(409, &[], "No origin specified", out);
    };
    if chat.me.is_some() {
        // What was asked before lies in every outbox before this is answered.
        chat.query(Query::Barrier, Pong((*token).into()));
    } else {
        pong(chat, token, out);
    }
}

/// Everything before it is told.
#[derive(Debug)]
struct Pong(Box<str>);

impl Next for Pong {
    fn told(self: Box<Self>, _: Told<'_>, chat: &mut Chat, out: &mut Output) {
        pong(chat, &self.0, out);
    }
}

fn pong(chat: &mut Chat, token: &str, out: &mut Output) {
    let (line, server, _) = chat.line(None, out);
    line.source(server).command("PONG").param(server).trailing(token).end();
}
