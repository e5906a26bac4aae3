//! `ACCEPT`: whose messages one takes although one is `+R`.

use chinwag_model::intent::Intent;
use chinwag_wire::irc::message::Message;

use super::Command;
use crate::irc::args;
use crate::irc::chat::Chat;
use crate::irc::refusal::Act;
use crate::output::Output;

/// Most names of one command.
const NAMES_MAX: usize = 20;

pub(super) const COMMANDS: &[Command] = &[Command {
    params: 1,
    run: accept,
    ..Command::new(
        "ACCEPT",
        "<nick>[,-<nick>]",
        "Accepts messages from these people although you are +R.",
    )
}];

fn accept(chat: &mut Chat, message: &Message<'_>, out: &mut Output) {
    let params = message.params();
    for word in args::list(params.first().copied().unwrap_or_default(), NAMES_MAX) {
        let (nick, on) = match word.strip_prefix('-') {
            Some(nick) => (nick, false),
            None => (word.strip_prefix('+').unwrap_or(word), true),
        };
        match args::person(nick) {
            Some(who) => {
                chat.want(Intent::Accept { who, on }, Act::new("ACCEPT", nick));
            }
            None => chat.no_such_nick(nick, out),
        }
    }
}
