//! `KICK`: someone is put out of a channel.
//!
//! Spec: <https://modern.ircdocs.horse/#kick-message>.

use chinwag_model::intent::Intent;
use chinwag_model::outcome::Refusal;
use chinwag_wire::irc::message::Message;

use super::{Command, TARGETS_MAX};
use crate::irc::args;
use crate::irc::chat::{Chat, Next, Told};
use crate::output::Output;

pub(super) const COMMANDS: &[Command] = &[Command {
    params: 2,
    run: kick,
    ..Command::new(
        "KICK",
        "<channel> <nick>[,<nick>] [:<reason>]",
        "Removes people from a channel.",
    )
}];

fn kick(chat: &mut Chat, message: &Message<'_>, out: &mut Output) {
    let params = message.params();
    let [room, nicks, ..] = params else { return };
    let reason = args::words(params.get(2), chat.policy.limits.kick_length);
    // One room for all, or one for each.
    let rooms: Vec<&str> = args::list(room, TARGETS_MAX).collect();
    for (at, nick) in args::list(nicks, TARGETS_MAX).enumerate() {
        let Some(room) = rooms.get(at).or(rooms.last()).copied() else { return };
        let Some(name) = args::channel(room) else {
            chat.no_such_channel(room, out);
            continue;
        };
        let Some(who) = args::person(nick) else {
            chat.no_such_nick(nick, out);
            continue;
        };
        let kick = Intent::Kick { room: name, who, reason: reason.clone() };
        chat.want(kick, Kick { room: room.into(), who: nick.into() });
    }
}

/// Someone is put out; both names are as typed.
#[derive(Debug)]
struct Kick {
    room: Box<str>,
    who: Box<str>,
}

impl Next for Kick {
    fn told(self: Box<Self>, told: Told<'_>, chat: &mut Chat, out: &mut Output) {
        match told {
            Told::Outcome(Ok(_)) => {}
            Told::Outcome(Err(Refusal::NoSuchPerson(_))) => chat.no_such_nick(&self.who, out),
            other => chat.not_done("KICK", &self.room, other, out),
        }
    }
}
