//! What the server tells of itself.
//!
//! Spec: <https://modern.ircdocs.horse/#server-queries-and-commands>.

use chinwag_model::id::Timestamp;
use chinwag_model::query::{Answer, Census, Query};
use chinwag_wire::irc::message::Message;

use super::{Command, isupport};
use crate::irc::chat::{Chat, Next, Told};
use crate::output::Output;

pub(super) const COMMANDS: &[Command] = &[
    Command {
        server: Some(0),
        run: admin,
        ..Command::new("ADMIN", "", "Says whom to ask about the server.")
    },
    Command {
        run: other_servers,
        ..Command::new("CONNECT", "", "Is refused: there is only this server.")
    },
    Command { server: Some(0), run: info, ..Command::new("INFO", "", "Describes the server.") },
    Command {
        run: links,
        ..Command::new("LINKS", "", "Lists this server, as there are no others.")
    },
    Command {
        server: Some(1),
        run: lusers,
        ..Command::new("LUSERS", "", "Counts people and channels.")
    },
    Command {
        server: Some(0),
        run: motd,
        ..Command::new("MOTD", "", "Shows the message of the day.")
    },
    Command {
        run: other_servers,
        ..Command::new("SQUIT", "", "Is refused: there is only this server.")
    },
    Command {
        server: Some(1),
        run: stats,
        ..Command::new("STATS", "[u]", "Shows how long the server has been running.")
    },
    Command { run: summon, ..Command::new("SUMMON", "", "Is disabled.") },
    Command {
        server: Some(0),
        run: time,
        ..Command::new("TIME", "", "Shows the time at the server.")
    },
    Command { run: users, ..Command::new("USERS", "", "Is disabled.") },
    Command {
        server: Some(0),
        run: version,
        ..Command::new("VERSION", "", "Shows the version and what is supported.")
    },
];

fn version(chat: &mut Chat, _: &Message<'_>, out: &mut Output) {
    let (version, server) =
        (chat.policy.version.replace(' ', "-"), chat.policy.server_name.clone());
    chat.numeric(351, &[&version, &server], &chat.policy.description.clone(), out);
    isupport::tell(chat, out);
}

fn admin(chat: &mut Chat, _: &Message<'_>, out: &mut Output) {
    let server = chat.policy.server_name.clone();
    chat.numeric(256, &[&server], "Administrative info", out);
    chat.numeric(257, &[], &chat.policy.description.clone(), out);
    chat.numeric(258, &[], &chat.policy.network.clone(), out);
    chat.numeric(259, &[], "Ask an operator; see WHO * o", out);
}

fn links(chat: &mut Chat, _: &Message<'_>, out: &mut Output) {
    let server = chat.policy.server_name.clone();
    let text = format!("0 {}", chat.policy.description);
    chat.numeric(364, &[&server, &server], &text, out);
    chat.numeric(365, &["*"], "End of /LINKS list", out);
}

fn users(chat: &mut Chat, _: &Message<'_>, out: &mut Output) {
    chat.numeric(446, &[], "USERS has been disabled", out);
}

fn summon(chat: &mut Chat, _: &Message<'_>, out: &mut Output) {
    chat.numeric(445, &[], "SUMMON has been disabled", out);
}

fn other_servers(chat: &mut Chat, _: &Message<'_>, out: &mut Output) {
    chat.numeric(481, &[], "Permission Denied: there is only this server", out);
}

fn motd(chat: &mut Chat, _: &Message<'_>, out: &mut Output) {
    tell_motd(chat, out);
}

/// Tells the message of the day.
pub(super) fn tell_motd(chat: &mut Chat, out: &mut Output) {
    let lines = chat.policy.motd.clone();
    if lines.is_empty() {
        return chat.numeric(422, &[], "MOTD File is missing", out);
    }
    let server = chat.policy.server_name.clone();
    chat.numeric(375, &[], &format!("- {server} Message of the day - "), out);
    for line in lines {
        chat.numeric(372, &[], &format!("- {line}"), out);
    }
    chat.numeric(376, &[], "End of /MOTD command", out);
}

fn lusers(chat: &mut Chat, _: &Message<'_>, _: &mut Output) {
    ask_census(chat);
}

/// Wants to tell how many are there.
pub(super) fn ask_census(chat: &mut Chat) {
    chat.query(Query::Census, Lusers);
}

/// How many are there is asked for.
#[derive(Debug)]
struct Lusers;

impl Next for Lusers {
    fn told(self: Box<Self>, told: Told<'_>, chat: &mut Chat, out: &mut Output) {
        match told {
            Told::Answer(Answer::Census(census)) => tell_census(chat, census, out),
            other => chat.unexpected(other, out),
        }
    }
}

fn tell_census(chat: &mut Chat, census: &Census, out: &mut Output) {
    let visible = census.persons.saturating_sub(census.invisible);
    let text = format!("There are {visible} users and {} invisible on 1 servers", census.invisible);
    chat.numeric(251, &[], &text, out);
    chat.numeric(252, &[&census.operators.to_string()], "operator(s) online", out);
    chat.numeric(253, &[&census.strangers.to_string()], "unknown connection(s)", out);
    chat.numeric(254, &[&census.rooms.to_string()], "channels formed", out);
    let text = format!("I have {} clients and 0 servers", census.persons);
    chat.numeric(255, &[], &text, out);
    let (now, most) = (census.persons.to_string(), census.most.max(census.persons).to_string());
    let text = format!("Current local users {now}, max {most}");
    chat.numeric(265, &[&now, &most], &text, out);
    let text = format!("Current global users {now}, max {most}");
    chat.numeric(266, &[&now, &most], &text, out);
}

fn time(chat: &mut Chat, _: &Message<'_>, out: &mut Output) {
    let server = chat.policy.server_name.clone();
    let seconds = (out.now.0 / 1000).to_string();
    let text = chinwag_wire::irc::time::timestamp(out.now.0);
    chat.numeric(391, &[&server, &seconds, "0"], &text, out);
}

fn info(chat: &mut Chat, _: &Message<'_>, out: &mut Output) {
    let version = chat.policy.version.clone();
    let started = chinwag_wire::irc::time::timestamp(chat.policy.started.0);
    for line in [
        format!("This is {version}, a chat server for nc, IRC clients and browsers."),
        "What you see here was stored before it was shown.".to_owned(),
        format!("It runs since {started}."),
    ] {
        chat.numeric(371, &[], &line, out);
    }
    chat.numeric(374, &[], "End of /INFO list", out);
}

fn stats(chat: &mut Chat, message: &Message<'_>, out: &mut Output) {
    let query = message.params().first().copied().unwrap_or_default();
    let letter: String = query.chars().filter(char::is_ascii_alphanumeric).take(1).collect();
    if letter == "u" {
        let Timestamp(started) = chat.policy.started;
        let up = ((out.now.0 - started).max(0)) / 1000;
        let (days, hours) = (up / 86_400, up / 3600 % 24);
        let text = format!("Server Up {days} days {hours}:{:02}:{:02}", up / 60 % 60, up % 60);
        chat.numeric(242, &[], &text, out);
    }
    let letter = if letter.is_empty() { "*" } else { &letter };
    chat.numeric(219, &[letter], "End of /STATS report", out);
}
