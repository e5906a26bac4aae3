//! What operators of the server do: `OPER`, `KILL`, `WALLOPS`, `REHASH`.
//!
//! Spec: <https://modern.ircdocs.horse/#operator-messages>.

use chinwag_model::ask::{Ask, Checked};
use chinwag_model::intent::Intent;
use chinwag_model::mode::PersonFlag;
use chinwag_model::outcome::Refusal;
use chinwag_model::proof::Proves;
use chinwag_model::secret::Secret;
use chinwag_model::text::Text;
use chinwag_wire::irc::message::Message;

use super::Command;
use crate::irc::args;
use crate::irc::chat::{Chat, Next, Nothing, Told};
use crate::irc::refusal::{Act, slowed};
use crate::output::Output;

pub(super) const COMMANDS: &[Command] = &[
    Command {
        params: 1,
        run: kill,
        ..Command::new(
            "KILL",
            "<nick> [:<reason>]",
            "Ends the connections of a person; for operators.",
        )
    },
    Command {
        params: 2,
        run: oper,
        ..Command::new("OPER", "<name> <password>", "Makes you an operator of the server.")
    },
    Command {
        run: rehash,
        ..Command::new("REHASH", "", "Reads the configuration again; for operators.")
    },
    Command {
        params: 1,
        run: wallops,
        ..Command::new(
            "WALLOPS",
            ":<text>",
            "Sends a message to everyone who is +w; for operators.",
        )
    },
];

fn oper(chat: &mut Chat, message: &Message<'_>, _: &mut Output) {
    let [name, password, ..] = message.params() else { return };
    let password = Secret::new((*password).to_owned());
    let name = (*name).to_owned();
    chat.ask(Ask::Operate { name: name.clone(), password }, Oper(name.into()));
}

/// The password of the operator with this name is checked.
#[derive(Debug)]
struct Oper(Box<str>);

impl Next for Oper {
    fn told(self: Box<Self>, told: Told<'_>, chat: &mut Chat, out: &mut Output) {
        match told {
            Told::Checked(Checked::Right(Proves::Operator(version))) => {
                let become_one = Ask::BecomeOperator { name: self.0.into(), version: *version };
                chat.ask(become_one, Raised);
            }
            Told::Checked(Checked::Limited { why, seconds }) => {
                chat.numeric(464, &[], &slowed(*why, *seconds), out);
            }
            Told::Checked(_) => chat.numeric(464, &[], "Password incorrect", out),
            other => chat.unexpected(other, out),
        }
    }
}

/// The asker becomes an operator.
#[derive(Debug)]
struct Raised;

impl Next for Raised {
    fn told(self: Box<Self>, told: Told<'_>, chat: &mut Chat, out: &mut Output) {
        match told {
            Told::Outcome(Ok(_)) => {
                chat.numeric(381, &[], "You are now an IRC operator", out);
            }
            // The password was changed in this very moment.
            Told::Outcome(Err(Refusal::OperatorNeeded)) => {
                chat.numeric(464, &[], "Password incorrect", out);
            }
            other => chat.unexpected(other, out),
        }
    }
}

fn is_operator(chat: &mut Chat, out: &mut Output) -> bool {
    let is = chat.me.as_ref().is_some_and(|me| me.flags.has(PersonFlag::Operator));
    if !is {
        chat.not_operator(out);
    }
    is
}

fn kill(chat: &mut Chat, message: &Message<'_>, out: &mut Output) {
    let params = message.params();
    let nick = params.first().copied().unwrap_or_default();
    if !is_operator(chat, out) {
        return;
    }
    let reason = args::words(params.get(1), chat.policy.limits.kick_length);
    match args::person(nick) {
        Some(who) => chat.want(Intent::Kill { who, reason }, Act::new("KILL", nick)),
        None => chat.no_such_nick(nick, out),
    }
}

fn wallops(chat: &mut Chat, message: &Message<'_>, out: &mut Output) {
    if !is_operator(chat, out) {
        return;
    }
    match message.params().first().and_then(|text| Text::parse(text).ok()) {
        Some(text) => chat.want(Intent::Wallops(text), Act::new("WALLOPS", "")),
        None => chat.too_few("WALLOPS", out),
    }
}

fn rehash(chat: &mut Chat, _: &Message<'_>, out: &mut Output) {
    if is_operator(chat, out) {
        chat.numeric(382, &["chinwag.toml"], "Rehashing", out);
        chat.ask(Ask::Reread, Nothing);
    }
}
