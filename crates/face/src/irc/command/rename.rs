//! `RENAME`: a channel gets another name, and everyone stays in it.
//!
//! Spec: <https://ircv3.net/specs/extensions/channel-rename>.

use chinwag_model::intent::Intent;
use chinwag_model::outcome::{Refusal, RoomNo};
use chinwag_wire::irc::message::Message;

use super::Command;
use crate::irc::args;
use crate::irc::chat::{Chat, Next, Told};
use crate::irc::render::channel;
use crate::output::Output;

pub(super) const COMMANDS: &[Command] = &[Command {
    params: 2,
    run: rename,
    ..Command::new("RENAME", "<channel> <new name> [:<reason>]", "Gives a channel another name.")
}];

fn rename(chat: &mut Chat, message: &Message<'_>, out: &mut Output) {
    let [room, to, rest @ ..] = message.params() else { return };
    let reason = args::words(rest.first(), chat.policy.limits.kick_length);
    let Some(name) = args::channel(room) else { return chat.no_such_channel(room, out) };
    let Some(new) = args::new_channel(to, chat.policy.limits.channel_length) else {
        let text = "That is no name for a channel";
        return chat.fail("RENAME", "CANNOT_RENAME", &[room, to], text, out);
    };
    let rename = Intent::RenameRoom { room: name, to: new, reason };
    chat.want(rename, Rename { from: (*room).into(), to: (*to).into() });
}

/// A channel is renamed; both names are as typed.
#[derive(Debug)]
struct Rename {
    from: Box<str>,
    to: Box<str>,
}

impl Next for Rename {
    fn told(self: Box<Self>, told: Told<'_>, chat: &mut Chat, out: &mut Output) {
        let both: [&str; 2] = [&self.from, &self.to];
        match told {
            Told::Outcome(Ok(_)) => {}
            Told::Outcome(Err(Refusal::Taken(_))) => {
                let text = "There is a channel of that name already";
                chat.fail("RENAME", "CHANNEL_NAME_IN_USE", &both, text, out);
            }
            Told::Outcome(Err(Refusal::LooksLike { existing, .. })) => {
                let text = format!("That looks like {}; choose another name", channel(existing));
                chat.fail("RENAME", "CANNOT_RENAME", &both, &text, out);
            }
            Told::Outcome(Err(Refusal::NotTakeable(_))) => {
                let text = "No channel can have that name; choose another one";
                chat.fail("RENAME", "CANNOT_RENAME", &both, text, out);
            }
            Told::Outcome(Err(Refusal::NameKept(_))) => {
                let text = "That was a registered channel's name until a short time ago";
                chat.fail("RENAME", "CANNOT_RENAME", &both, text, out);
            }
            Told::Outcome(Err(Refusal::Room(_, RoomNo::ForEver))) => {
                let text = "This channel keeps its name";
                chat.fail("RENAME", "CANNOT_RENAME", &both, text, out);
            }
            other => chat.not_done("RENAME", &self.from, other, out),
        }
    }
}
