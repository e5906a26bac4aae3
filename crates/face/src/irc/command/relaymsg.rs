//! `RELAYMSG`: what bridges say for others.
//!
//! Spec: <https://github.com/ircv3/ircv3-specifications/pull/417>.

use chinwag_model::intent::Intent;
use chinwag_model::name::Name;
use chinwag_model::outcome::{Refusal, RoomNo};
use chinwag_model::text::Text;
use chinwag_wire::irc::message::Message;

use super::Command;
use super::message::{Said, client_tags};
use crate::irc::args;
use crate::irc::chat::{Chat, Next, Told};
use crate::irc::session::Slot;
use crate::output::Output;

pub(super) const COMMANDS: &[Command] = &[Command {
    params: 3,
    run: relaymsg,
    ..Command::new(
        "RELAYMSG",
        "<channel> <nick>/<network> :<text>",
        "Relays a message from another network; for bridges.",
    )
}];

fn relaymsg(chat: &mut Chat, message: &Message<'_>, out: &mut Output) {
    let [room, nick, text, ..] = message.params() else { return };
    let Some(name) = args::channel(room) else { return chat.no_such_channel(room, out) };
    let Ok(who) = Name::parse_elsewhere(nick) else {
        let text = "A relayed nickname is NICK/NETWORK";
        return chat.fail("RELAYMSG", "INVALID_NICK", &[], text, out);
    };
    let Ok(text) = Text::parse(text) else {
        return chat.fail("RELAYMSG", "BLANK_MSG", &[], "There is no text", out);
    };
    let tags = client_tags(chat, message);
    let slot = Slot { request: 0, label: None, command: "RELAYMSG", target: (*room).into() };
    let relay = Intent::Relay { room: name, name: who, text, tags };
    chat.want(relay, Relay(slot));
}

/// Something is said for someone elsewhere.
#[derive(Debug)]
struct Relay(Slot);

impl Next for Relay {
    fn told(self: Box<Self>, told: Told<'_>, chat: &mut Chat, out: &mut Output) {
        match told {
            Told::Outcome(Err(Refusal::Room(_, RoomNo::RankNeeded(_)))) => {
                let text = "You may not relay messages to this channel";
                chat.fail("RELAYMSG", "PRIVS_NEEDED", &[], text, out);
            }
            other => Box::new(Said(self.0)).told(other, chat, out),
        }
    }
}
