//! `ISON` and `USERHOST`: whether names are there, and from where.
//!
//! Spec: <https://modern.ircdocs.horse/#ison-message>,
//! <https://modern.ircdocs.horse/#userhost-message>.

use chinwag_model::mode::PersonFlag;
use chinwag_model::query::{Answer, Query, Seen};
use chinwag_wire::irc::message::Message;

use super::Command;
use crate::irc::args;
use crate::irc::chat::{Chat, Next, Told};
use crate::output::Output;

/// Most names of one `ISON`.
const NAMES_MAX: usize = 20;

/// Most names of one `USERHOST`.
const HOSTS_MAX: usize = 5;

pub(super) const COMMANDS: &[Command] = &[
    Command {
        params: 1,
        run: ison,
        ..Command::new("ISON", "<nick>...", "Says which of these nicknames are online.")
    },
    Command {
        params: 1,
        run: userhost,
        ..Command::new("USERHOST", "<nick>...", "Shows the hosts of up to five people.")
    },
];

fn ison(chat: &mut Chat, message: &Message<'_>, _: &mut Output) {
    let params = message.params();
    let words = params.iter().flat_map(|param| param.split(' '));
    let names = words.filter_map(args::person).take(NAMES_MAX).collect();
    chat.query(Query::Seen(names), Ison);
}

fn userhost(chat: &mut Chat, message: &Message<'_>, _: &mut Output) {
    let params = message.params();
    let names = params.iter().take(HOSTS_MAX).filter_map(|nick| args::person(nick)).collect();
    chat.query(Query::Seen(names), Userhost);
}

/// Whether names are there is asked for.
#[derive(Debug)]
struct Ison;

impl Next for Ison {
    fn told(self: Box<Self>, told: Told<'_>, chat: &mut Chat, out: &mut Output) {
        let Told::Answer(Answer::Seen(seen)) = told else { return chat.unexpected(told, out) };
        let words: Vec<&str> = seen.iter().flatten().map(|seen| seen.who.name.shown()).collect();
        chat.numeric(303, &[], &words.join(" "), out);
    }
}

/// Hosts are asked for.
#[derive(Debug)]
struct Userhost;

impl Next for Userhost {
    fn told(self: Box<Self>, told: Told<'_>, chat: &mut Chat, out: &mut Output) {
        let Told::Answer(Answer::Seen(seen)) = told else { return chat.unexpected(told, out) };
        let words: Vec<String> = seen.iter().flatten().map(host).collect();
        chat.numeric(302, &[], &words.join(" "), out);
    }
}

fn host(seen: &Seen) -> String {
    let (who, badge) = (&seen.who, &seen.who.badge);
    let operator = if seen.flags.has(PersonFlag::Operator) { "*" } else { "" };
    let away = if seen.away.is_some() { '-' } else { '+' };
    format!("{}{operator}={away}{}@{}", who.name, badge.user, badge.host)
}
