//! What a service says when something is done, or is not.

use chinwag_model::outcome::{Refusal, RoomNo};

use crate::irc::chat::{Chat, Next, Told};
use crate::irc::refusal::not_stored;
use crate::irc::render::channel;
use crate::output::Output;

/// Something is done that a service then says in these words.
#[derive(Debug)]
pub(super) struct Said(pub(super) &'static str, pub(super) Box<str>);

impl Next for Said {
    fn told(self: Box<Self>, told: Told<'_>, chat: &mut Chat, out: &mut Output) {
        match told {
            Told::Outcome(Ok(_)) => chat.notice(Some(self.0), &self.1, out),
            Told::Outcome(Err(refusal)) => refused(chat, self.0, refusal, out),
            other => chat.unexpected(other, out),
        }
    }
}

/// Says, by a service, why something is not done.
pub(super) fn refused(chat: &mut Chat, service: &str, refusal: &Refusal, out: &mut Output) {
    let text = match refusal {
        Refusal::AccountNeeded => "You need an account for that; say HELP to NickServ.".to_owned(),
        Refusal::Room(room, RoomNo::Founded(true)) => {
            format!("{} is registered already.", channel(&room.name))
        }
        Refusal::Room(room, RoomNo::Founded(false)) => {
            format!("{} is not registered.", channel(&room.name))
        }
        Refusal::Room(room, _) => {
            format!("You may not do that in {}.", channel(&room.name))
        }
        Refusal::NoSuchRoom(name) => format!("There is no channel {}.", channel(name)),
        Refusal::NoSuchPerson(name) => format!("There is no {name}."),
        Refusal::NotYours => "That is not yours.".to_owned(),
        Refusal::TooMany => "You have as many as one can have.".to_owned(),
        Refusal::NotStored(why) => {
            format!("Not stored, so not done: {}.", not_stored(*why))
        }
        _ => "That cannot be done.".to_owned(),
    };
    chat.notice(Some(service), &text, out);
}
