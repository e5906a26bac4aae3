//! `WHOWAS`: who had a name.
//!
//! Spec: <https://modern.ircdocs.horse/#whowas-message>.

use chinwag_model::query::{Answer, Former, Query};
use chinwag_wire::irc::message::Message;

use super::{Command, TARGETS_MAX};
use crate::irc::args;
use crate::irc::chat::{Chat, Next, Told};
use crate::output::Output;

pub(super) const COMMANDS: &[Command] = &[Command {
    run: whowas,
    ..Command::new("WHOWAS", "<nick> [<count>]", "Lists the people who had a nickname.")
}];

fn whowas(chat: &mut Chat, message: &Message<'_>, out: &mut Output) {
    let params = message.params();
    let Some(nicks) = params.first().filter(|nick| !nick.is_empty()) else {
        return chat.numeric(431, &[], "No nickname given", out);
    };
    let most = chat.policy.limits.whowas_entries;
    let limit = params.get(1).and_then(|count| count.parse::<i64>().ok()).unwrap_or(0);
    let limit = usize::try_from(limit).ok().filter(|limit| *limit > 0).unwrap_or(most);
    let limit = limit.min(most);
    for nick in args::list(nicks, TARGETS_MAX) {
        match args::person(nick) {
            Some(name) => {
                chat.query(Query::Former(name), Whowas { name: nick.into(), limit });
            }
            None => tell(chat, nick, &[], out),
        }
    }
}

/// Tells who had a name.
fn tell(chat: &mut Chat, nick: &str, former: &[Former], out: &mut Output) {
    if former.is_empty() {
        chat.numeric(406, &[nick], "There was no such nickname", out);
    }
    let server = chat.policy.server_name.clone();
    for row in former {
        let (name, badge) = (row.who.name.shown(), &row.who.badge);
        chat.numeric(314, &[name, &badge.user, &badge.host, "*"], &row.real_name, out);
        if let Some(account) = &badge.account {
            chat.numeric(330, &[name, account.shown()], "was logged in as", out);
        }
        let time = chinwag_wire::irc::time::timestamp(row.time.0);
        chat.numeric(312, &[name, &server], &time, out);
    }
    chat.numeric(369, &[nick], "End of WHOWAS", out);
}

/// Those who had a name are asked for, by the name that was typed; at most so many are told.
#[derive(Debug)]
struct Whowas {
    name: Box<str>,
    limit: usize,
}

impl Next for Whowas {
    fn told(self: Box<Self>, told: Told<'_>, chat: &mut Chat, out: &mut Output) {
        let Told::Answer(Answer::Former(former)) = told else {
            return chat.unexpected(told, out);
        };
        let told = former.get(..self.limit.min(former.len())).unwrap_or_default();
        tell(chat, &self.name, told, out);
    }
}
