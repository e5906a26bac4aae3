//! `AWAY`: whether one is there.
//!
//! Spec: <https://modern.ircdocs.horse/#away-message>, <https://ircv3.net/specs/extensions/pre-away>.

use chinwag_model::intent::Intent;
use chinwag_model::outcome::Done;
use chinwag_model::text::Text;
use chinwag_wire::irc::message::Message;

use super::Command;
use crate::irc::args;
use crate::irc::caps::Cap;
use crate::irc::chat::{Chat, Next, Told};
use crate::output::Output;

pub(super) const COMMANDS: &[Command] = &[Command {
    early: true,
    run: away,
    ..Command::new("AWAY", "[:<text>]", "Says that you are away, or back.")
}];

fn away(chat: &mut Chat, message: &Message<'_>, out: &mut Output) {
    let params = message.params();
    // A star is a device that is unattended: its owner is away, and says nothing of it.
    let text = match params.first() {
        Some(&"*") => Text::parse("Away from the keyboard").ok(),
        other => args::words(other, chat.policy.limits.away_length),
    };
    if chat.me.is_some() {
        return chat.want(Intent::SetAway(text), Away);
    }
    if !chat.has(Cap::PreAway) {
        return chat.numeric(451, &[], "You have not registered", out);
    }
    if let Some(intro) = &mut chat.intro {
        intro.away = text.clone();
    }
    tell(chat, text.as_ref(), out);
}

/// The asker goes away, or comes back.
#[derive(Debug)]
struct Away;

impl Next for Away {
    fn told(self: Box<Self>, told: Told<'_>, chat: &mut Chat, out: &mut Output) {
        match told {
            Told::Outcome(Ok(Done::Away(text))) => tell(chat, text.as_ref(), out),
            other => chat.unexpected(other, out),
        }
    }
}

fn tell(chat: &mut Chat, text: Option<&Text>, out: &mut Output) {
    match text {
        Some(_) => chat.numeric(306, &[], "You have been marked as being away", out),
        None => chat.numeric(305, &[], "You are no longer marked as being away", out),
    }
}
