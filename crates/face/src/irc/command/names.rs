//! `NAMES`: who is in channels.
//!
//! Spec: <https://modern.ircdocs.horse/#names-message>.

use chinwag_model::id::PersonId;
use chinwag_model::message::RoomCard;
use chinwag_model::mode::{Flags, RoomFlag};
use chinwag_model::name::Name;
use chinwag_model::query::{Answer, Names as Page, Query};
use chinwag_wire::irc::message::Message;

use super::{Command, TARGETS_MAX};
use crate::irc::caps::Cap;
use crate::irc::chat::{Chat, Next, Told};
use crate::irc::render::channel;
use crate::irc::{args, sign};
use crate::output::Output;

/// Bytes of names on one line.
const NAMES_BYTES_MAX: usize = 380;

pub(super) const COMMANDS: &[Command] = &[Command {
    run: names,
    ..Command::new("NAMES", "<channel>[,<channel>]", "Lists the members of channels.")
}];

fn names(chat: &mut Chat, message: &Message<'_>, out: &mut Output) {
    let Some(list) = message.params().first() else {
        return chat.numeric(366, &["*"], "End of /NAMES list", out);
    };
    for room in args::list(list, TARGETS_MAX) {
        if let Some(name) = args::channel(room) {
            let masks = chat.has(Cap::UserhostInNames);
            let query = Query::Names { room: name, masks, after: None };
            chat.query(query, Names(room.into()));
        }
    }
    chat.then(End((*list).into()));
}

/// Wants to tell who is in a channel, with the end of the list, before anything else.
pub(super) fn ask_all(chat: &mut Chat, room: Name, target: &str) {
    chat.then_next(End(target.into()));
    ask_page(chat, room, None, target.into());
}

fn ask_page(chat: &mut Chat, room: Name, after: Option<PersonId>, target: Box<str>) {
    let query = Query::Names { room, masks: chat.has(Cap::UserhostInNames), after };
    chat.query_next(query, Names(target));
}

/// A page of who is in a channel is asked for, by the name that was typed.
#[derive(Debug)]
struct Names(Box<str>);

impl Next for Names {
    fn told(self: Box<Self>, told: Told<'_>, chat: &mut Chat, out: &mut Output) {
        let Told::Answer(Answer::Names(card, page)) = told else {
            return chat.unexpected(told, out);
        };
        tell(&self.0, card.as_ref(), page, chat, out);
        if let (Some(after), Some(name)) = (page.next, args::channel(&self.0)) {
            ask_page(chat, name, Some(after), self.0);
        }
    }
}

fn tell(
    target: &str,
    card: Option<&(RoomCard, Flags)>,
    page: &Page,
    chat: &mut Chat,
    out: &mut Output,
) {
    let all = chat.has(Cap::MultiPrefix);
    let shown = card.map_or_else(|| target.to_owned(), |(card, _)| channel(&card.name));
    let secret = card.is_some_and(|(_, flags)| flags.has(RoomFlag::Secret));
    let sign = if secret { "@" } else { "=" };
    let mut names = String::with_capacity(NAMES_BYTES_MAX);
    for (ranks, word) in page.iter() {
        let signs = sign::signs(ranks, all);
        if names.len() + signs.len() + word.len() > NAMES_BYTES_MAX {
            chat.numeric(353, &[sign, &shown], &names, out);
            names.clear();
        }
        if !names.is_empty() {
            names.push(' ');
        }
        names.push_str(&signs);
        names.push_str(word);
    }
    if !names.is_empty() {
        chat.numeric(353, &[sign, &shown], &names, out);
    }
}

/// All are told that were asked for.
#[derive(Debug)]
struct End(Box<str>);

impl Next for End {
    fn told(self: Box<Self>, _: Told<'_>, chat: &mut Chat, out: &mut Output) {
        chat.numeric(366, &[&self.0], "End of /NAMES list", out);
    }
}
