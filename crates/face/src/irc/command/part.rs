//! `PART`: out of channels.
//!
//! Spec: <https://modern.ircdocs.horse/#part-message>.

use chinwag_model::intent::Intent;
use chinwag_wire::irc::message::Message;

use super::{Command, TARGETS_MAX};
use crate::irc::args;
use crate::irc::chat::Chat;
use crate::irc::refusal::Act;
use crate::output::Output;

pub(super) const COMMANDS: &[Command] = &[Command {
    params: 1,
    run: part,
    ..Command::new("PART", "<channel>[,<channel>] [:<reason>]", "Leaves channels.")
}];

fn part(chat: &mut Chat, message: &Message<'_>, out: &mut Output) {
    let params = message.params();
    let reason = args::words(params.get(1), chat.policy.limits.kick_length);
    for name in args::list(params.first().copied().unwrap_or_default(), TARGETS_MAX) {
        match args::channel(name) {
            Some(room) => {
                let part = Intent::Part { room, reason: reason.clone() };
                chat.want(part, Act::new("PART", name));
            }
            None => chat.no_such_channel(name, out),
        }
    }
}
