//! NickServ and ChanServ: by old habit, the same rules in words.

use chinwag_model::ask::{Ask, Checked, Slowed};
use chinwag_model::intent::Intent;
use chinwag_model::mode::RoomChange;
use chinwag_model::name::Name;
use chinwag_model::outcome::{Entered, Refusal};
use chinwag_model::proof::{Proof, Proves};
use chinwag_model::query::{ChannelRow, Profile, Query, Seen};
use chinwag_model::rank::Rank;
use chinwag_model::secret::{Secret, Verifier};

use super::args;
use super::chat::{Chat, Door, Why};
use super::refusal::slowed_by;
use super::render::channel;
use crate::output::Output;

const NICKSERV: &str = "NickServ";
const CHANSERV: &str = "ChanServ";

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

impl Chat {
    /// Something was said to a service.
    pub(super) fn tell_service(&mut self, service: &'static str, text: &str, out: &mut Output) {
        let words: Vec<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
        let (command, rest) = match words.split_first() {
            Some((command, rest)) => (command.to_ascii_uppercase(), rest),
            None => ("HELP".to_owned(), &[][..]),
        };
        if service == NICKSERV {
            self.nickserv(&command, rest, out);
        } else {
            self.chanserv(&command, rest, out);
        }
    }

    fn say_help(&mut self, service: &str, lines: &[&str], out: &mut Output) {
        for line in lines {
            self.notice(Some(service), line, out);
        }
    }

    fn nickserv(&mut self, command: &str, rest: &[&str], out: &mut Output) {
        match (command, rest) {
            ("REGISTER", [password, email @ ..]) => {
                if !self.policy.registration {
                    return self.notice(Some(NICKSERV), "Registration is closed.", out);
                }
                let nick = self.nick().to_owned();
                let email = email.first().copied().unwrap_or_default();
                self.make_account(Door::Service, &nick, password, email, out);
            }
            ("VERIFY" | "CONFIRM", [account, code, ..]) => {
                self.verify_by(Door::Service, account, code, out);
            }
            ("RESETPASS", rest) => self.reset_password(rest, out),
            ("IDENTIFY" | "LOGIN" | "ID", [password]) => {
                let nick = self.nick().to_owned();
                self.identify(&nick, password, out);
            }
            ("IDENTIFY" | "LOGIN" | "ID", [account, password, ..]) => {
                self.identify(account, password, out);
            }
            ("GHOST" | "REGAIN" | "RECOVER" | "RELEASE", [nick, password @ ..]) => {
                match (args::person(nick), password.first()) {
                    (Some(_), Some(password)) => self.identify(nick, password, out),
                    (Some(name), None) => {
                        let said = format!("Other connections of {name} are ended.");
                        self.want(Intent::Ghost(name), Why::Service(NICKSERV, said.into()));
                    }
                    (None, _) => self.notice(Some(NICKSERV), "That is no nickname.", out),
                }
            }
            ("INFO", rest) => {
                let nick = rest.first().map_or_else(|| self.nick().to_owned(), |n| (*n).to_owned());
                match args::person(&nick) {
                    Some(name) => {
                        let why = Why::Info(nick.into());
                        self.ask(Ask::Query(Query::Profile(name)), why);
                    }
                    None => self.notice(Some(NICKSERV), "That is no nickname.", out),
                }
            }
            ("STATUS" | "ACC", rest) => {
                let nick = rest.first().map_or_else(|| self.nick().to_owned(), |n| (*n).to_owned());
                let names = args::person(&nick).into_iter().collect();
                self.ask(Ask::Query(Query::Seen(names)), Why::Status(nick.into()));
            }
            ("SET", [setting, rest @ ..]) => self.set(&setting.to_ascii_uppercase(), rest, out),
            ("CERT", [subcommand, rest @ ..]) => {
                self.cert(&subcommand.to_ascii_uppercase(), rest.first().copied(), out);
            }
            ("CERT", []) => self.cert("LIST", None, out),
            _ => self.say_help(NICKSERV, NICKSERV_HELP, out),
        }
    }

    fn identify(&mut self, account: &str, password: &str, out: &mut Output) {
        match args::person(account) {
            Some(name) => {
                let password = Secret::new(password.to_owned());
                let check = Ask::Check { name: name.clone(), password };
                self.ask(check, Why::Check(Door::Service, name));
            }
            None => self.notice(Some(NICKSERV), "That is no account.", out),
        }
    }

    pub(super) fn service_checked(&mut self, name: Name, checked: &Checked, out: &mut Output) {
        match checked {
            Checked::Right(Proves::Account(proof)) => {
                let login = Intent::Login { account: name, proof: *proof };
                self.want(login, Why::Login(Door::Service));
            }
            Checked::Limited { why, seconds } => self.service_slowed(*why, *seconds, out),
            _ => self.notice(Some(NICKSERV), "Wrong account or password.", out),
        }
    }

    /// A password is not looked at now.
    pub(super) fn service_slowed(&mut self, why: Slowed, seconds: u32, out: &mut Output) {
        let text = format!("{}. Try again in {seconds} seconds.", slowed_by(why));
        self.notice(Some(NICKSERV), &text, out);
    }

    /// The session is the account's from here on.
    pub(super) fn has_logged_in(&mut self, door: Door, entered: &Entered, out: &mut Output) {
        self.sasl = None;
        let before = self.me.as_ref().map(|me| me.card.clone());
        let account = entered.person.badge.account.clone();
        self.become_person(entered);
        let nick = self.nick().to_owned();
        let account = account.as_ref().map_or("*", Name::shown).to_owned();
        self.logged_in(&nick, &account, out);
        match door {
            Door::Command => {}
            Door::Sasl => {
                self.numeric(903, &[], "SASL authentication successful", out);
            }
            Door::Service => {
                let text = format!("You are now logged in as {account}.");
                self.notice(Some(NICKSERV), &text, out);
            }
        }
        let Some(before) = before.filter(|before| before.id != entered.person.id) else { return };
        if before.name != entered.person.name {
            let mut body = Vec::new();
            let writer = chinwag_wire::irc::message::LineWriter::new(&mut body);
            let badge = &before.badge;
            let line = writer.source_mask(before.name.shown(), &badge.user, &badge.host);
            line.command("NICK").param(entered.person.name.shown()).end();
            self.push(super::reply::Line { tags: Vec::new(), body }, out);
        }
        self.catch_up(entered, out);
    }

    pub(super) fn not_logged_in(&mut self, door: Door, out: &mut Output) {
        if door == Door::Service {
            return self.notice(Some(NICKSERV), "You could not be logged in; try again.", out);
        }
        self.failed(out);
    }

    fn set(&mut self, setting: &str, rest: &[&str], out: &mut Output) {
        match (setting, rest) {
            ("PASSWORD", [old, new, ..]) => {
                let Some(me) = &self.me else { return };
                let Some(name) = me.card.badge.account.clone() else {
                    return self.notice(Some(NICKSERV), "You have no account.", out);
                };
                let check = Ask::Check { name, password: Secret::new((*old).to_owned()) };
                self.ask(check, Why::CheckOld(Secret::new((*new).to_owned())));
            }
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
                self.want(Intent::Stay(stays), Why::Service(NICKSERV, said.into()));
            }
            _ => self.notice(Some(NICKSERV), "SET PASSWORD OLD NEW, or SET ALWAYS-ON on|off", out),
        }
    }

    pub(super) fn old_password_right(&mut self, password: Secret, proof: Proof) {
        self.ask(Ask::Hash(password), Why::NewPassword(proof));
    }

    pub(super) fn new_password(&mut self, proof: Proof, verifier: Verifier) {
        self.want(Intent::SetPassword { verifier, proof: Some(proof) }, Why::SetPassword);
    }

    pub(super) fn account_info(&mut self, nick: &str, profile: Option<&Profile>, out: &mut Output) {
        let text = match profile.map(|profile| (&profile.seen.who, profile)) {
            Some((who, _)) => match &who.badge.account {
                Some(account) => format!("{} is logged in as {account}.", who.name),
                None => format!("{} has no account.", who.name),
            },
            None => format!("{nick} is not here."),
        };
        self.notice(Some(NICKSERV), &text, out);
    }

    pub(super) fn status(&mut self, nick: &str, seen: Option<&Seen>, out: &mut Output) {
        // As clients that ask so expect it: 3 for logged in, 1 for here, 0 for nobody.
        let level = match seen {
            Some(seen) if seen.who.badge.account.is_some() => 3,
            Some(_) => 1,
            None => 0,
        };
        self.notice(Some(NICKSERV), &format!("STATUS {nick} {level}"), out);
    }

    fn chanserv(&mut self, command: &str, rest: &[&str], out: &mut Output) {
        let Some((room, rest)) = rest.split_first() else {
            return self.say_help(CHANSERV, CHANSERV_HELP, out);
        };
        let Some(name) = args::channel(room) else {
            return self.notice(Some(CHANSERV), &format!("{room} is no channel."), out);
        };
        let nick = rest.first().map_or_else(|| self.nick().to_owned(), |nick| (*nick).to_owned());
        let shown = channel(&name);
        let rank = |rank, on| match args::person(&nick) {
            Some(who) => vec![RoomChange::Rank(who, rank, on)],
            None => Vec::new(),
        };
        let changes = match command {
            "REGISTER" => {
                let said = format!("{shown} is yours.");
                let found = Intent::Found { room: name, on: true };
                return self.want(found, Why::Service(CHANSERV, said.into()));
            }
            "UNREGISTER" | "DROP" => {
                let said = format!("{shown} is no longer yours.");
                let found = Intent::Found { room: name, on: false };
                return self.want(found, Why::Service(CHANSERV, said.into()));
            }
            "INFO" => {
                let why = Why::RoomInfo((*room).into());
                return self.ask(Ask::Query(Query::Channel(name)), why);
            }
            "TOPIC" => {
                let topic =
                    args::words(Some(&rest.join(" ").as_str()), self.policy.limits.topic_length);
                let set = Intent::Entitle { room: name, topic };
                return self.want(set, Why::Service(CHANSERV, "The topic is set.".into()));
            }
            "INVITE" => {
                if let Some(who) = args::person(&nick) {
                    let said = format!("{nick} may come in.");
                    let call = Intent::Call { who, room: name };
                    self.want(call, Why::Service(CHANSERV, said.into()));
                }
                return;
            }
            "UNINVITE" => {
                if let Some(who) = args::person(&nick) {
                    let said = format!("{nick} is no longer invited.");
                    let uninvite = Intent::Uninvite { who, room: name };
                    self.want(uninvite, Why::Service(CHANSERV, said.into()));
                }
                return;
            }
            "KICK" => {
                let reason = rest.get(1..).unwrap_or_default().join(" ");
                let reason = args::words(Some(&reason.as_str()), self.policy.limits.kick_length);
                if let Some(who) = args::person(&nick) {
                    let kick = Intent::Kick { room: name, who, reason };
                    self.want(kick, Why::Service(CHANSERV, format!("{nick} is out.").into()));
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
            _ => return self.say_help(CHANSERV, CHANSERV_HELP, out),
        };
        let entries_max = self.policy.limits.list_mode_entries;
        let change = Intent::ChangeRoom { room: name, changes, entries_max };
        self.want(change, Why::ChangeRoom(shown.into()));
    }

    pub(super) fn room_info(&mut self, room: &str, row: Option<&ChannelRow>, out: &mut Output) {
        let text = match row {
            None => format!("There is no channel {room}."),
            Some(row) => {
                let made = chinwag_wire::irc::time::timestamp(row.made.0);
                let owned = if row.founded { "It is registered." } else { "It is not registered." };
                format!("{room} has {} members and was made {made}. {owned}", row.members)
            }
        };
        self.notice(Some(CHANSERV), &text, out);
    }

    pub(super) fn service_refused(
        &mut self,
        service: &'static str,
        refusal: &Refusal,
        out: &mut Output,
    ) {
        let text = match refusal {
            Refusal::AccountNeeded => {
                "You need an account for that; say HELP to NickServ.".to_owned()
            }
            Refusal::Room(room, chinwag_model::outcome::RoomNo::Founded(true)) => {
                format!("{} is registered already.", channel(&room.name))
            }
            Refusal::Room(room, chinwag_model::outcome::RoomNo::Founded(false)) => {
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
                format!("Not stored, so not done: {}.", super::refusal::not_stored(*why))
            }
            _ => "That cannot be done.".to_owned(),
        };
        self.notice(Some(service), &text, out);
    }
}
