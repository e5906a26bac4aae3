//! `WHOIS`: a person closely.
//!
//! Spec: <https://modern.ircdocs.horse/#whois-message>, <https://ircv3.net/specs/extensions/bot-mode>.

use chinwag_model::mode::PersonFlag;
use chinwag_model::query::{Answer, Profile, Query};
use chinwag_wire::irc::message::Message;

use super::{Command, TARGETS_MAX, metadata};
use crate::irc::caps::Cap;
use crate::irc::chat::{Chat, Next, Told};
use crate::irc::render::channel;
use crate::irc::{args, sign};
use crate::output::Output;

pub(super) const COMMANDS: &[Command] =
    &[Command { run: whois, ..Command::new("WHOIS", "<nick>", "Shows details of a person.") }];

fn whois(chat: &mut Chat, message: &Message<'_>, out: &mut Output) {
    let params = message.params();
    // With two parameters, the first is the server that is to be asked.
    let nick = match params {
        [_, nick, ..] | [nick] => *nick,
        [] => return chat.numeric(431, &[], "No nickname given", out),
    };
    for nick in args::list(nick, TARGETS_MAX) {
        if let Some(service) = args::service(nick) {
            tell_service(chat, service, out);
            continue;
        }
        match args::person(nick) {
            Some(name) => chat.query(Query::Profile(name), Whois(nick.into())),
            None => {
                chat.no_such_nick(nick, out);
                chat.numeric(318, &[nick], "End of /WHOIS list", out);
            }
        }
    }
}

fn tell_service(chat: &mut Chat, service: &str, out: &mut Output) {
    let server = chat.policy.server_name.clone();
    chat.numeric(311, &[service, service, &server, "*"], "A service of this server", out);
    chat.numeric(312, &[service, &server], &chat.policy.description.clone(), out);
    chat.numeric(318, &[service], "End of /WHOIS list", out);
}

/// Tells a person closely.
fn tell(chat: &mut Chat, nick: &str, profile: Option<&Profile>, out: &mut Output) {
    let Some(Profile { seen, rooms, since, secure }) = profile else {
        chat.no_such_nick(nick, out);
        return chat.numeric(318, &[nick], "End of /WHOIS list", out);
    };
    let (who, badge) = (&seen.who, &seen.who.badge);
    let name = who.name.shown();
    chat.numeric(311, &[name, &badge.user, &badge.host, "*"], &seen.real_name, out);
    let all = chat.has(Cap::MultiPrefix);
    let words: Vec<String> = rooms
        .iter()
        .map(|(room, ranks)| format!("{}{}", sign::signs(*ranks, all), channel(&room.name)))
        .collect();
    for line in words.chunks(5) {
        chat.numeric(319, &[name], &line.join(" "), out);
    }
    let (server, about) = (chat.policy.server_name.clone(), chat.policy.description.clone());
    chat.numeric(312, &[name, &server], &about, out);
    if let Some(text) = &seen.away {
        chat.numeric(301, &[name], text.as_str(), out);
    }
    if seen.flags.has(PersonFlag::Operator) {
        chat.numeric(313, &[name], "is an operator of this server", out);
    }
    if let Some(account) = &badge.account {
        chat.numeric(330, &[name, account.shown()], "is logged in as", out);
    }
    if seen.flags.has(PersonFlag::Bot) {
        let text = format!("is a bot on {}", chat.policy.network);
        chat.numeric(335, &[name], &text, out);
    }
    if *secure {
        chat.numeric(671, &[name], "is using a secure connection", out);
    }
    let own = chat.me.as_ref().is_some_and(|me| me.card.id == who.id);
    if own && !chat.about.address.is_empty() {
        let address = chat.about.address.to_string();
        chat.numeric(338, &[name, &address], "is actually using host", out);
    }
    let idle = ((out.now.0 - seen.spoke.0).max(0) / 1000).to_string();
    let since = (since.0 / 1000).to_string();
    chat.numeric(317, &[name, &idle, &since], "seconds idle, signon time", out);
    chat.then_next(End(nick.into()));
    if chat.has(Cap::Metadata) {
        metadata::ask_for_whois(chat, who.name.clone());
    }
}

/// A person is asked for, by the name that was typed.
#[derive(Debug)]
struct Whois(Box<str>);

impl Next for Whois {
    fn told(self: Box<Self>, told: Told<'_>, chat: &mut Chat, out: &mut Output) {
        match told {
            Told::Answer(Answer::Profile(profile)) => tell(chat, &self.0, profile.as_deref(), out),
            other => chat.unexpected(other, out),
        }
    }
}

/// Everything about the person is told.
#[derive(Debug)]
struct End(Box<str>);

impl Next for End {
    fn told(self: Box<Self>, _: Told<'_>, chat: &mut Chat, out: &mut Output) {
        chat.numeric(318, &[&self.0], "End of /WHOIS list", out);
    }
}
