//! What the server tells of itself, and what its operators do.

use chinwag_model::ask::{Ask, Checked};
use chinwag_model::id::Timestamp;
use chinwag_model::intent::Intent;
use chinwag_model::mode::PersonFlag;
use chinwag_model::proof::Proves;
use chinwag_model::query::{Census, Query};
use chinwag_model::secret::Secret;
use chinwag_model::text::Text;

use super::chat::{Chat, Why};
use super::refusal::slowed;
use super::{args, help};
use crate::output::Output;

impl Chat {
    /// Commands that ask the server about itself.
    pub(super) fn server_command(&mut self, command: &str, params: &[&str], out: &mut Output) {
        // Another server is not to be asked: this is the only one there is.
        if let Some(other) = self.other_server(command, params) {
            return self.numeric(402, &[&other], "No such server", out);
        }
        match command {
            "MOTD" => self.motd(out),
            "LUSERS" => self.ask(Ask::Query(Query::Census), Why::Lusers),
            "VERSION" => {
                let (version, server) = (self.version(), self.policy.server_name.clone());
                self.numeric(351, &[&version, &server], &self.policy.description.clone(), out);
                self.isupport(false, out);
            }
            "TIME" => self.time(out),
            "INFO" => self.info(out),
            "ADMIN" => {
                let server = self.policy.server_name.clone();
                self.numeric(256, &[&server], "Administrative info", out);
                self.numeric(257, &[], &self.policy.description.clone(), out);
                self.numeric(258, &[], &self.policy.network.clone(), out);
                self.numeric(259, &[], "Ask an operator; see WHO * o", out);
            }
            "LINKS" => {
                let server = self.policy.server_name.clone();
                let text = format!("0 {}", self.policy.description);
                self.numeric(364, &[&server, &server], &text, out);
                self.numeric(365, &["*"], "End of /LINKS list", out);
            }
            "STATS" => self.stats(params, out),
            "HELP" | "HELPOP" => self.help(params.first().copied(), out),
            "USERS" => self.numeric(446, &[], "USERS has been disabled", out),
            "SUMMON" => self.numeric(445, &[], "SUMMON has been disabled", out),
            _ => self.numeric(481, &[], "Permission Denied: there is only this server", out),
        }
    }

    /// The server that a command names, if it is another one than this.
    fn other_server(&self, command: &str, params: &[&str]) -> Option<String> {
        let named = match command {
            "MOTD" | "VERSION" | "TIME" | "INFO" | "ADMIN" => params.first(),
            "STATS" | "LUSERS" => params.get(1),
            _ => None,
        }?;
        let own = chinwag_model::mask::matches(named, &self.policy.server_name)
            || self.me.as_ref().is_some_and(|me| me.card.name.shown().eq_ignore_ascii_case(named));
        (!own).then(|| named.replace(' ', "_"))
    }

    fn version(&self) -> String {
        self.policy.version.replace(' ', "-")
    }

    pub(super) fn motd(&mut self, out: &mut Output) {
        let lines = self.policy.motd.clone();
        if lines.is_empty() {
            return self.numeric(422, &[], "MOTD File is missing", out);
        }
        let server = self.policy.server_name.clone();
        self.numeric(375, &[], &format!("- {server} Message of the day - "), out);
        for line in lines {
            self.numeric(372, &[], &format!("- {line}"), out);
        }
        self.numeric(376, &[], "End of /MOTD command", out);
    }

    pub(super) fn lusers(&mut self, census: &Census, out: &mut Output) {
        let visible = census.persons.saturating_sub(census.invisible);
        let text =
            format!("There are {visible} users and {} invisible on 1 servers", census.invisible);
        self.numeric(251, &[], &text, out);
        self.numeric(252, &[&census.operators.to_string()], "operator(s) online", out);
        self.numeric(253, &[&census.strangers.to_string()], "unknown connection(s)", out);
        self.numeric(254, &[&census.rooms.to_string()], "channels formed", out);
        let text = format!("I have {} clients and 0 servers", census.persons);
        self.numeric(255, &[], &text, out);
        let (now, most) = (census.persons.to_string(), census.most.max(census.persons).to_string());
        let text = format!("Current local users {now}, max {most}");
        self.numeric(265, &[&now, &most], &text, out);
        let text = format!("Current global users {now}, max {most}");
        self.numeric(266, &[&now, &most], &text, out);
    }

    fn time(&mut self, out: &mut Output) {
        let server = self.policy.server_name.clone();
        let seconds = (out.now.0 / 1000).to_string();
        let text = chinwag_wire::irc::time::timestamp(out.now.0);
        self.numeric(391, &[&server, &seconds, "0"], &text, out);
    }

    fn info(&mut self, out: &mut Output) {
        let version = self.policy.version.clone();
        let started = chinwag_wire::irc::time::timestamp(self.policy.started.0);
        for line in [
            format!("This is {version}, a chat server for nc, IRC clients and browsers."),
            "What you see here was stored before it was shown.".to_owned(),
            format!("It runs since {started}."),
        ] {
            self.numeric(371, &[], &line, out);
        }
        self.numeric(374, &[], "End of /INFO list", out);
    }

    fn stats(&mut self, params: &[&str], out: &mut Output) {
        let query = params.first().copied().unwrap_or_default();
        let letter: String = query.chars().filter(char::is_ascii_alphanumeric).take(1).collect();
        if letter == "u" {
            let Timestamp(started) = self.policy.started;
            let up = ((out.now.0 - started).max(0)) / 1000;
            let (days, hours) = (up / 86_400, up / 3600 % 24);
            let text = format!("Server Up {days} days {hours}:{:02}:{:02}", up / 60 % 60, up % 60);
            self.numeric(242, &[], &text, out);
        }
        let letter = if letter.is_empty() { "*" } else { &letter };
        self.numeric(219, &[letter], "End of /STATS report", out);
    }

    fn help(&mut self, subject: Option<&str>, out: &mut Output) {
        let subject = subject.unwrap_or_default();
        let (shown, lines) = match help::find(subject) {
            Some(found) => found,
            None => {
                let shown = chinwag_model::name::quoted(subject).replace([' ', ':'], "_");
                let text = "There is no help on that; HELP lists what there is";
                return self.numeric(524, &[&shown], text, out);
            }
        };
        for (number, line) in lines.iter().enumerate() {
            self.numeric(if number == 0 { 704 } else { 705 }, &[shown], line, out);
        }
        self.numeric(706, &[shown], "End of /HELP", out);
    }

    pub(super) fn oper(&mut self, params: &[&str], _: &mut Output) {
        let [name, password, ..] = params else { return };
        let password = Secret::new((*password).to_owned());
        let name = (*name).to_owned();
        self.ask(Ask::Operate { name: name.clone(), password }, Why::Oper(name.into()));
    }

    pub(super) fn oper_checked(&mut self, name: &str, checked: &Checked, out: &mut Output) {
        match checked {
            Checked::Right(Proves::Operator(version)) => {
                let become_one = Ask::BecomeOperator { name: name.to_owned(), version: *version };
                self.ask(become_one, Why::OperFlags);
            }
            Checked::Limited { why, seconds } => {
                self.numeric(464, &[], &slowed(*why, *seconds), out);
            }
            _ => self.numeric(464, &[], "Password incorrect", out),
        }
    }

    fn is_operator(&mut self, out: &mut Output) -> bool {
        let is = self.me.as_ref().is_some_and(|me| me.flags.has(PersonFlag::Operator));
        if !is {
            self.not_operator(out);
        }
        is
    }

    pub(super) fn not_operator(&mut self, out: &mut Output) {
        let text = "Permission Denied- You're not an IRC operator";
        self.numeric(481, &[], text, out);
    }

    pub(super) fn kill(&mut self, params: &[&str], out: &mut Output) {
        let nick = params.first().copied().unwrap_or_default();
        if !self.is_operator(out) {
            return;
        }
        let reason = args::words(params.get(1), self.policy.limits.kick_length);
        match args::person(nick) {
            Some(who) => self.want(Intent::Kill { who, reason }, Why::Act("KILL", nick.into())),
            None => self.no_such_nick(nick, out),
        }
    }

    pub(super) fn wallops(&mut self, params: &[&str], out: &mut Output) {
        if !self.is_operator(out) {
            return;
        }
        match params.first().and_then(|text| Text::parse(text).ok()) {
            Some(text) => self.want(Intent::Wallops(text), Why::Act("WALLOPS", "".into())),
            None => self.too_few("WALLOPS", out),
        }
    }

    pub(super) fn rehash(&mut self, out: &mut Output) {
        if self.is_operator(out) {
            self.numeric(382, &["chinwag.toml"], "Rehashing", out);
            self.ask(Ask::Reread, Why::Nothing);
        }
    }
}
