//! `JOIN`: into channels.
//!
//! Spec: <https://modern.ircdocs.horse/#join-message>.

use chinwag_model::intent::Intent;
use chinwag_model::outcome::{Done, Refusal};
use chinwag_model::text::Text;
use chinwag_wire::irc::message::Message;

use super::arrival::{Past, expect_past, look_around};
use super::{Command, TARGETS_MAX};
use crate::irc::args;
use crate::irc::chat::{Chat, Next, Told};
use crate::irc::render::channel;
use crate::output::Output;

pub(super) const COMMANDS: &[Command] = &[Command {
    params: 1,
    run: join,
    ..Command::new("JOIN", "<channel>[,<channel>] [<key>[,<key>]]", "Joins channels.")
}];

fn join(chat: &mut Chat, message: &Message<'_>, out: &mut Output) {
    let params = message.params();
    let channels = params.first().copied().unwrap_or_default();
    let mut keys = params.get(1).copied().unwrap_or_default().split(',');
    if channels == "0" {
        let text = "JOIN 0 is not supported; PART each channel";
        return chat.numeric(403, &["0"], text, out);
    }
    for name in args::list(channels, TARGETS_MAX) {
        let key = keys.next().and_then(|key| Text::parse(key).ok());
        match args::new_channel(name, chat.policy.limits.channel_length) {
            Some(room) => chat.want(Intent::Visit { room, key }, Join(name.into())),
            None => chat.no_such_channel(name, out),
        }
    }
}

/// Into a channel, by the name that was typed.
#[derive(Debug)]
struct Join(Box<str>);

impl Next for Join {
    fn told(self: Box<Self>, told: Told<'_>, chat: &mut Chat, out: &mut Output) {
        match told {
            Told::Outcome(Ok(Done::Joined(room))) => {
                expect_past(chat, Past::Last);
                look_around(chat, room, Past::Last);
            }
            Told::Outcome(Ok(_)) => {}
            Told::Outcome(Err(Refusal::LooksLike { existing, .. })) => {
                let text = format!("That looks like {}; choose another name", channel(existing));
                chat.numeric(403, &[&self.0], &text, out);
            }
            Told::Outcome(Err(Refusal::NotTakeable(_))) => {
                let text = "No channel can have that name; choose another one";
                chat.numeric(403, &[&self.0], text, out);
            }
            other => chat.not_done("JOIN", &self.0, other, out),
        }
    }
}
