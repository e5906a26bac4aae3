//! `UNINVITE`, as Ergo has it: an invitation is taken back.
//!
//! Spec: <https://github.com/ergochat/ergo/blob/master/docs/MANUAL.md>.

use chinwag_model::intent::Intent;
use chinwag_model::outcome::Refusal;
use chinwag_wire::irc::message::Message;

use super::Command;
use crate::irc::args;
use crate::irc::chat::{Chat, Next, Told};
use crate::output::Output;

pub(super) const COMMANDS: &[Command] = &[Command {
    params: 2,
    run: uninvite,
    ..Command::new("UNINVITE", "<nick> <channel>", "Takes an invitation back.")
}];

fn uninvite(chat: &mut Chat, message: &Message<'_>, out: &mut Output) {
    let [nick, room, ..] = message.params() else { return };
    let Some(name) = args::channel(room) else { return chat.no_such_channel(room, out) };
    let Some(who) = args::person(nick) else { return chat.no_such_nick(nick, out) };
    let next = Uninvite { who: (*nick).into(), room: (*room).into() };
    chat.want(Intent::Uninvite { who, room: name }, next);
}

/// An invitation is taken back; both names are as typed.
#[derive(Debug)]
struct Uninvite {
    who: Box<str>,
    room: Box<str>,
}

impl Next for Uninvite {
    fn told(self: Box<Self>, told: Told<'_>, chat: &mut Chat, out: &mut Output) {
        let Self { who, room } = *self;
        match told {
            // The client is told by its own command.
            Told::Outcome(Ok(_)) => {
                let Some(card) = chat.me.as_ref().map(|me| me.card.clone()) else { return };
                let (line, ..) = chat.line(None, out);
                let line = line.source_mask(card.name.shown(), &card.badge.user, &card.badge.host);
                line.command("UNINVITE").param(&who).param(&room).end();
            }
            Told::Outcome(Err(Refusal::NoSuchPerson(_))) => chat.no_such_nick(&who, out),
            other => chat.not_done("UNINVITE", &room, other, out),
        }
    }
}
