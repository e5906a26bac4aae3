//! `INVITE`: someone is let into a channel once; without parameters, which channels one is invited to.
//!
//! Spec: <https://modern.ircdocs.horse/#invite-message>.

use chinwag_model::intent::Intent;
use chinwag_model::outcome::Refusal;
use chinwag_model::query::{Answer, Query};
use chinwag_wire::irc::message::Message;

use super::Command;
use crate::irc::args;
use crate::irc::chat::{Chat, Next, Told};
use crate::irc::render::channel;
use crate::output::Output;

pub(super) const COMMANDS: &[Command] = &[Command {
    run: invite,
    ..Command::new(
        "INVITE",
        "[<nick> <channel>]",
        "Invites a person; without parameters, lists your invitations.",
    )
}];

fn invite(chat: &mut Chat, message: &Message<'_>, out: &mut Output) {
    let params = message.params();
    let [nick, room, ..] = params else {
        if params.is_empty() {
            return chat.query(Query::Invitations { after: None }, Invitations);
        }
        return chat.too_few("INVITE", out);
    };
    let Some(name) = args::channel(room) else { return chat.no_such_channel(room, out) };
    let Some(who) = args::person(nick) else { return chat.no_such_nick(nick, out) };
    let next = Invite { who: (*nick).into(), room: (*room).into() };
    chat.want(Intent::Call { who, room: name }, next);
}

/// Someone is invited; both names are as typed.
#[derive(Debug)]
struct Invite {
    who: Box<str>,
    room: Box<str>,
}

impl Next for Invite {
    fn told(self: Box<Self>, told: Told<'_>, chat: &mut Chat, out: &mut Output) {
        let Self { who, room } = *self;
        match told {
            Told::Outcome(Ok(_)) => chat.numeric_bare(341, &[&who, &room], out),
            Told::Outcome(Err(Refusal::NoSuchPerson(_) | Refusal::Offline(_))) => {
                chat.no_such_nick(&who, out);
            }
            other => chat.not_done("INVITE", &room, other, out),
        }
    }
}

/// A page of the channels one is invited to is asked for.
#[derive(Debug)]
struct Invitations;

impl Next for Invitations {
    fn told(self: Box<Self>, told: Told<'_>, chat: &mut Chat, out: &mut Output) {
        let Told::Answer(Answer::Invitations(page)) = told else {
            return chat.unexpected(told, out);
        };
        for room in &page.rows {
            chat.numeric_bare(336, &[&channel(&room.name)], out);
        }
        match page.next {
            Some(after) => chat.query_next(Query::Invitations { after: Some(after) }, *self),
            None => chat.numeric(337, &[], "End of /INVITE list", out),
        }
    }
}
