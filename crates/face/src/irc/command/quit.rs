//! `QUIT`: the connection ends.
//!
//! Spec: <https://modern.ircdocs.horse/#quit-message>.

use chinwag_model::intent::Intent;
use chinwag_model::text::Text;
use chinwag_wire::irc::message::Message;

use super::Command;
use crate::irc::args;
use crate::irc::chat::{Chat, Next, Told};
use crate::output::Output;

pub(super) const COMMANDS: &[Command] = &[Command {
    early: true,
    run: quit,
    ..Command::new("QUIT", "[:<reason>]", "Ends your connection.")
}];

fn quit(chat: &mut Chat, message: &Message<'_>, out: &mut Output) {
    let reason = args::words(message.params().first(), chat.policy.limits.kick_length);
    leave(chat, reason, out);
}

/// Ends the session; others are told why.
pub(in crate::irc) fn leave(chat: &mut Chat, reason: Option<Text>, out: &mut Output) {
    chat.over = true;
    if chat.me.is_some() {
        let exit = Intent::Exit { delivered: None, reason: reason.clone() };
        chat.want(exit, Quit(reason));
    } else {
        chat.close(words(reason.as_ref()), out);
    }
}

/// The session ends, with these words.
#[derive(Debug)]
struct Quit(Option<Text>);

impl Next for Quit {
    fn told(self: Box<Self>, _: Told<'_>, chat: &mut Chat, out: &mut Output) {
        chat.me = None;
        chat.close(words(self.0.as_ref()), out);
    }
}

fn words(reason: Option<&Text>) -> &str {
    reason.map_or("Client quit", Text::as_str)
}
