//! The commands. A command is a file with a row: its name, its parameters, its help and its handler; what
//! comes next, after it has asked something, is a value of that file. This file finds a row by its name.

mod accept;
mod account;
pub(in crate::irc) mod arrival;
mod authenticate;
mod away;
mod cap;
mod certificate;
mod chathistory;
mod help;
mod invite;
mod ison;
mod isupport;
mod join;
mod kick;
mod list;
mod login;
mod mail;
mod markread;
pub(in crate::irc) mod message;
pub(in crate::irc) mod metadata;
mod mode;
pub(in crate::irc) mod monitor;
mod names;
mod oper;
mod part;
mod password;
mod persistence;
mod ping;
mod playback;
pub(in crate::irc) mod quit;
mod redact;
mod register;
pub(in crate::irc) mod registration;
mod relaymsg;
mod rename;
mod search;
mod server;
mod server_password;
mod service;
mod services;
mod setname;
mod topic;
mod uninvite;
pub(in crate::irc) mod webpush;
mod welcome;
mod who;
mod whois;
mod whowas;

use chinwag_wire::irc::message::Message;

use super::chat::Chat;
use crate::output::Output;

/// Most channels or persons that one command names.
const TARGETS_MAX: usize = 10;

/// The longest real name, in bytes.
const REAL_NAME_BYTES_MAX: usize = 150;

/// The longest user name, in bytes, with the tilde that the server puts before it.
const USER_BYTES_MAX: usize = 17;

/// What handles a command.
type Run = fn(&mut Chat, &Message<'_>, &mut Output);

/// A command: everything that is known of it but what its handler does.
#[derive(Clone, Copy, Debug)]
struct Command {
    /// Its name, in capitals.
    name: &'static str,
    /// The least number of parameters. Where it is not 0, the first of them is not empty.
    params: usize,
    /// Whether a client may send it before it has come in.
    early: bool,
    /// How a client is told that there are fewer parameters.
    too_few: TooFew,
    /// Which parameter may name a server, if one does: a command is refused that is for another server.
    server: Option<usize>,
    /// What follows the name, as `HELP` tells it; empty for nothing.
    usage: &'static str,
    /// What the command does, in a sentence without a subject.
    about: &'static str,
    run: Run,
}

impl Command {
    /// A command of those who have come in, without parameters that it needs.
    const fn new(name: &'static str, usage: &'static str, about: &'static str) -> Self {
        let (params, early, too_few, server) = (0, false, TooFew::Numeric, None);
        Self { name, params, early, too_few, server, usage, about, run: |_, _, _| {} }
    }
}

/// How a client is told that there are fewer parameters than needed.
#[derive(Clone, Copy, Debug)]
enum TooFew {
    /// `ERR_NEEDMOREPARAMS`.
    Numeric,
    /// `FAIL NEED_MORE_PARAMS`.
    Fail,
}

/// All rows, file by file.
const FILES: &[&[Command]] = &[
    accept::COMMANDS,
    authenticate::COMMANDS,
    away::COMMANDS,
    cap::COMMANDS,
    chathistory::COMMANDS,
    help::COMMANDS,
    invite::COMMANDS,
    ison::COMMANDS,
    isupport::COMMANDS,
    join::COMMANDS,
    kick::COMMANDS,
    list::COMMANDS,
    mail::COMMANDS,
    markread::COMMANDS,
    message::COMMANDS,
    metadata::COMMANDS,
    mode::COMMANDS,
    monitor::COMMANDS,
    names::COMMANDS,
    oper::COMMANDS,
    part::COMMANDS,
    persistence::COMMANDS,
    ping::COMMANDS,
    quit::COMMANDS,
    redact::COMMANDS,
    register::COMMANDS,
    registration::COMMANDS,
    relaymsg::COMMANDS,
    rename::COMMANDS,
    search::COMMANDS,
    server::COMMANDS,
    server_password::COMMANDS,
    services::COMMANDS,
    setname::COMMANDS,
    topic::COMMANDS,
    uninvite::COMMANDS,
    webpush::COMMANDS,
    who::COMMANDS,
    whois::COMMANDS,
    whowas::COMMANDS,
];

fn all() -> impl Iterator<Item = &'static Command> {
    FILES.iter().copied().flatten()
}

fn find(name: &str) -> Option<&'static Command> {
    all().find(|command| command.name.eq_ignore_ascii_case(name))
}

/// The names of all commands.
#[cfg(test)]
pub(in crate::irc) fn names() -> impl Iterator<Item = &'static str> {
    all().map(|command| command.name)
}

/// Handles a command. Speech to one target does not come here.
pub(super) fn handle(chat: &mut Chat, message: &Message<'_>, out: &mut Output) {
    let Some(command) = find(message.command()) else {
        if chat.me.is_none() {
            return not_registered(chat, out);
        }
        let unknown = message.command().to_ascii_uppercase();
        return chat.numeric(421, &[&unknown], "Unknown command", out);
    };
    if chat.me.is_none() && !command.early {
        return not_registered(chat, out);
    }
    let params = message.params();
    let no_first = params.first().is_some_and(|first| first.is_empty());
    if params.len() < command.params || command.params > 0 && no_first {
        return match command.too_few {
            TooFew::Numeric => chat.too_few(command.name, out),
            TooFew::Fail => {
                let text = "Not enough parameters";
                chat.fail(command.name, "NEED_MORE_PARAMS", &[], text, out);
            }
        };
    }
    if let Some(named) = command.server.and_then(|place| params.get(place))
        && !is_here(chat, named)
    {
        return chat.numeric(402, &[&named.replace(' ', "_")], "No such server", out);
    }
    (command.run)(chat, message, out);
}

fn not_registered(chat: &mut Chat, out: &mut Output) {
    chat.numeric(451, &[], "You have not registered", out);
}

/// Whether a server that a client names is this one, which is the only one there is.
fn is_here(chat: &Chat, named: &str) -> bool {
    chinwag_model::mask::matches(named, &chat.policy.server_name)
        || chat.me.as_ref().is_some_and(|me| me.card.name.shown().eq_ignore_ascii_case(named))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_found_by_its_name_alone() {
        for command in all() {
            assert_eq!(all().filter(|other| other.name == command.name).count(), 1);
            assert_eq!(command.name, command.name.to_ascii_uppercase());
            assert!(command.about.ends_with('.') && command.params < 5, "{}", command.name);
        }
    }
}
