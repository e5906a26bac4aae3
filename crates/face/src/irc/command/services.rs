//! NickServ and ChanServ: by old habit, the same rules in words.

use chinwag_model::ask::{Ask, Checked};
use chinwag_model::intent::Intent;
use chinwag_model::mode::RoomChange;
use chinwag_model::name::Name;
use chinwag_model::proof::Proves;
use chinwag_model::query::{Answer, Query};
use chinwag_model::rank::Rank;
use chinwag_model::secret::Secret;
use chinwag_wire::irc::message::Message;

use super::login::slowed;
use super::service::Said;
use super::{Command, certificate, login, mail, mode, password, register};
use crate::irc::args::{self, CHANSERV, NICKSERV};
use crate::irc::chat::{Chat, Next, Told};
use crate::irc::render::channel;
use crate::irc::session::Door;
use crate::output::Output;

pub(super) const COMMANDS: &[Command] = &[
    Command { run: chanserv_command, ..Command::new("CHANSERV", "<text>", "As CS.") },
    Command {
        run: chanserv_command,
        ..Command::new("CS", "<text>", "Sends a command to ChanServ; see CS HELP.")
    },
    Command { run: nickserv_command, ..Command::new("NICKSERV", "<text>", "As NS.") },
    Command {
        run: nickserv_command,
        ..Command::new("NS", "<text>", "Sends a command to NickServ; see NS HELP.")
    },
];

const NICKSERV_HELP: &[&str] = &[
    "REGISTER PASSWORD [EMAIL]      makes your nickname an account",
    "VERIFY ACCOUNT CODE            makes it yours, by the code that was mailed",
    "RESETPASS ACCOUNT              has a code mailed, if you lost your password",
    "IDENTIFY [ACCOUNT] PASSWORD    logs you in",
    "GHOST NICK                     ends your other connections",
    "INFO [ACCOUNT]                 tells of an account",
    "STATUS [NICK]                  tells whether someone is logged in",
    "SET PASSWORD OLD NEW           sets another password",
    "SET ALWAYS-ON on|off|default   whether you stay in your channels",
    "CERT LIST|ADD|DEL [SHA256]     certificates that log you in",
    "CERT CONFIRM ACCOUNT           lets your certificate log in to an account",
];

const CHANSERV_HELP: &[&str] = &[
    "REGISTER #CHANNEL              makes a channel yours",
    "UNREGISTER #CHANNEL            gives it up",
    "INFO #CHANNEL                  tells of a channel",
    "OP|DEOP|HALFOP|DEHALFOP|VOICE|DEVOICE #CHANNEL [NICK]",
    "TOPIC #CHANNEL TEXT            sets the topic",
    "INVITE #CHANNEL [NICK]         lets someone in",
    "UNINVITE #CHANNEL NICK         takes that back",
    "KICK #CHANNEL NICK [REASON]    puts someone out",
];

fn nickserv_command(chat: &mut Chat, message: &Message<'_>, out: &mut Output) {
    tell(chat, NICKSERV, &message.params().join(" "), out);
}

fn chanserv_command(chat: &mut Chat, message: &Message<'_>, out: &mut Output) {
    tell(chat, CHANSERV, &message.params().join(" "), out);
}

/// Something was said to a service.
pub(super) fn tell(chat: &mut Chat, service: &'static str, text: &str, out: &mut Output) {
    let words: Vec<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
    let (command, rest) = match words.split_first() {
        Some((command, rest)) => (command.to_ascii_uppercase(), rest),
        None => ("HELP".to_owned(), &[][..]),
    };
    if service == NICKSERV {
        nickserv(chat, &command, rest, out);
    } else {
        chanserv(chat, &command, rest, out);
    }
}

fn say_help(chat: &mut Chat, service: &str, lines: &[&str], out: &mut Output) {
    for line in lines {
        chat.notice(Some(service), line, out);
    }
}

fn nickserv(chat: &mut Chat, command: &str, rest: &[&str], out: &mut Output) {
    match (command, rest) {
        ("REGISTER", [password, email @ ..]) => {
            if !chat.policy.registration {
                return chat.notice(Some(NICKSERV), "Registration is closed.", out);
            }
            let nick = chat.nick().to_owned();
            let email = email.first().copied().unwrap_or_default();
            register::make_account(chat, Door::Service, &nick, password, email, out);
        }
        ("VERIFY" | "CONFIRM", [account, code, ..]) => {
            mail::verify_by(chat, Door::Service, account, code, out);
        }
        ("RESETPASS", rest) => mail::reset_password(chat, rest, out),
        ("IDENTIFY" | "LOGIN" | "ID", [password]) => {
            let nick = chat.nick().to_owned();
            identify(chat, &nick, password, out);
        }
        ("IDENTIFY" | "LOGIN" | "ID", [account, password, ..]) => {
            identify(chat, account, password, out);
        }
        ("GHOST" | "REGAIN" | "RECOVER" | "RELEASE", [nick, password @ ..]) => {
            match (args::person(nick), password.first()) {
                (Some(_), Some(password)) => identify(chat, nick, password, out),
                (Some(name), None) => {
                    let said = format!("Other connections of {name} are ended.");
                    chat.want(Intent::Ghost(name), Said(NICKSERV, said.into()));
                }
                (None, _) => chat.notice(Some(NICKSERV), "That is no nickname.", out),
            }
        }
        ("INFO", rest) => {
            let nick = rest.first().map_or_else(|| chat.nick().to_owned(), |n| (*n).to_owned());
            match args::person(&nick) {
                Some(name) => {
                    chat.query(Query::Profile(name), Info(nick.into()));
                }
                None => chat.notice(Some(NICKSERV), "That is no nickname.", out),
            }
        }
        ("STATUS" | "ACC", rest) => {
            let nick = rest.first().map_or_else(|| chat.nick().to_owned(), |n| (*n).to_owned());
            let names = args::person(&nick).into_iter().collect();
            chat.query(Query::Seen(names), Status(nick.into()));
        }
        ("SET", [setting, rest @ ..]) => set(chat, &setting.to_ascii_uppercase(), rest, out),
        ("CERT", [subcommand, rest @ ..]) => {
            certificate::cert(chat, &subcommand.to_ascii_uppercase(), rest.first().copied(), out);
        }
        ("CERT", []) => certificate::cert(chat, "LIST", None, out),
        _ => say_help(chat, NICKSERV, NICKSERV_HELP, out),
    }
}

fn identify(chat: &mut Chat, account: &str, password: &str, out: &mut Output) {
    match args::person(account) {
        Some(name) => {
            let password = Secret::new(password.to_owned());
            let check = Ask::Check { name: name.clone(), password };
            chat.ask(check, Check(name));
        }
        None => chat.notice(Some(NICKSERV), "That is no account.", out),
    }
}

/// An account's password is checked, to log in to it.
#[derive(Debug)]
struct Check(Name);

impl Next for Check {
    fn told(self: Box<Self>, told: Told<'_>, chat: &mut Chat, out: &mut Output) {
        match told {
            Told::Checked(Checked::Right(Proves::Account(proof))) => {
                login::want(chat, self.0, *proof, Door::Service);
            }
            Told::Checked(Checked::Limited { why, seconds }) => {
                slowed(chat, *why, *seconds, out);
            }
            Told::Checked(_) => chat.notice(Some(NICKSERV), "Wrong account or password.", out),
            other => chat.unexpected(other, out),
        }
    }
}

fn set(chat: &mut Chat, setting: &str, rest: &[&str], out: &mut Output) {
    match (setting, rest) {
        ("PASSWORD", [old, new, ..]) => password::set(chat, old, new, out),
        ("ALWAYS-ON" | "ALWAYSON", [value, ..]) => {
            let stays = match value.to_ascii_lowercase().as_str() {
                "on" | "true" | "yes" => Some(true),
                "off" | "false" | "no" => Some(false),
                _ => None,
            };
            let said = match stays {
                Some(true) => "You stay in your channels when your client is gone.",
                Some(false) => "You leave your channels when your client is gone.",
                None => "You stay in your channels, or not, as the server has it.",
            };
            chat.want(Intent::Stay(stays), Said(NICKSERV, said.into()));
        }
        _ => chat.notice(Some(NICKSERV), "SET PASSWORD OLD NEW, or SET ALWAYS-ON on|off", out),
    }
}

/// A person is asked for, by the name that was typed.
#[derive(Debug)]
struct Info(Box<str>);

impl Next for Info {
    fn told(self: Box<Self>, told: Told<'_>, chat: &mut Chat, out: &mut Output) {
        let Told::Answer(Answer::Profile(profile)) = told else {
            return chat.unexpected(told, out);
        };
        let text = match profile.as_deref().map(|profile| &profile.seen.who) {
            Some(who) => match &who.badge.account {
                Some(account) => format!("{} is logged in as {account}.", who.name),
                None => format!("{} has no account.", who.name),
            },
            None => format!("{} is not here.", self.0),
        };
        chat.notice(Some(NICKSERV), &text, out);
    }
}

/// Whether someone is logged in is asked for, by the name that was typed.
#[derive(Debug)]
struct Status(Box<str>);

impl Next for Status {
    fn told(self: Box<Self>, told: Told<'_>, chat: &mut Chat, out: &mut Output) {
        let Told::Answer(Answer::Seen(seen)) = told else { return chat.unexpected(told, out) };
        // As clients that ask so expect it: 3 for logged in, 1 for here, 0 for nobody.
        let level = match seen.first().and_then(Option::as_ref) {
            Some(seen) if seen.who.badge.account.is_some() => 3,
            Some(_) => 1,
            None => 0,
        };
        chat.notice(Some(NICKSERV), &format!("STATUS {} {level}", self.0), out);
    }
}

fn chanserv(chat: &mut Chat, command: &str, rest: &[&str], out: &mut Output) {
    let Some((room, rest)) = rest.split_first() else {
        return say_help(chat, CHANSERV, CHANSERV_HELP, out);
    };
    let Some(name) = args::channel(room) else {
        return chat.notice(Some(CHANSERV), &format!("{room} is no channel."), out);
    };
    let nick = rest.first().map_or_else(|| chat.nick().to_owned(), |nick| (*nick).to_owned());
    let shown = channel(&name);
    let rank = |rank, on| match args::person(&nick) {
        Some(who) => vec![RoomChange::Rank(who, rank, on)],
        None => Vec::new(),
    };
    let changes = match command {
        "REGISTER" => {
            let said = format!("{shown} is yours.");
            let found = Intent::Found { room: name, on: true };
            return chat.want(found, Said(CHANSERV, said.into()));
        }
        "UNREGISTER" | "DROP" => {
            let said = format!("{shown} is no longer yours.");
            let found = Intent::Found { room: name, on: false };
            return chat.want(found, Said(CHANSERV, said.into()));
        }
        "INFO" => {
            return chat.query(Query::Channel(name), RoomInfo((*room).into()));
        }
        "TOPIC" => {
            let topic =
                args::words(Some(&rest.join(" ").as_str()), chat.policy.limits.topic_length);
            let set = Intent::Entitle { room: name, topic };
            return chat.want(set, Said(CHANSERV, "The topic is set.".into()));
        }
        "INVITE" => {
            if let Some(who) = args::person(&nick) {
                let said = format!("{nick} may come in.");
                let call = Intent::Call { who, room: name };
                chat.want(call, Said(CHANSERV, said.into()));
            }
            return;
        }
        "UNINVITE" => {
            if let Some(who) = args::person(&nick) {
                let said = format!("{nick} is no longer invited.");
                let uninvite = Intent::Uninvite { who, room: name };
                chat.want(uninvite, Said(CHANSERV, said.into()));
            }
            return;
        }
        "KICK" => {
            let reason = rest.get(1..).unwrap_or_default().join(" ");
            let reason = args::words(Some(&reason.as_str()), chat.policy.limits.kick_length);
            if let Some(who) = args::person(&nick) {
                let kick = Intent::Kick { room: name, who, reason };
                chat.want(kick, Said(CHANSERV, format!("{nick} is out.").into()));
            }
            return;
        }
        "OP" => rank(Rank::Operator, true),
        "DEOP" => rank(Rank::Operator, false),
        "HALFOP" => rank(Rank::HalfOperator, true),
        "DEHALFOP" => rank(Rank::HalfOperator, false),
        "VOICE" => rank(Rank::Voice, true),
        "DEVOICE" => rank(Rank::Voice, false),
        "ADMIN" | "PROTECT" => rank(Rank::Admin, true),
        "DEADMIN" | "DEPROTECT" => rank(Rank::Admin, false),
        _ => return say_help(chat, CHANSERV, CHANSERV_HELP, out),
    };
    let entries_max = chat.policy.limits.list_mode_entries;
    let change = Intent::ChangeRoom { room: name, changes, entries_max };
    chat.want(change, mode::ChangeRoom(shown.into()));
}

/// A channel is asked for, by the name that was typed.
#[derive(Debug)]
struct RoomInfo(Box<str>);

impl Next for RoomInfo {
    fn told(self: Box<Self>, told: Told<'_>, chat: &mut Chat, out: &mut Output) {
        let Told::Answer(Answer::Channel(row)) = told else { return chat.unexpected(told, out) };
        let room = &self.0;
        let text = match row {
            None => format!("There is no channel {room}."),
            Some(row) => {
                let made = chinwag_wire::irc::time::timestamp(row.made.0);
                let owned = if row.founded { "It is registered." } else { "It is not registered." };
                format!("{room} has {} members and was made {made}. {owned}", row.members)
            }
        };
        chat.notice(Some(CHANSERV), &text, out);
    }
}
