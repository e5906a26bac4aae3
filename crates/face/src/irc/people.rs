//! Persons: `WHO`, `WHOIS`, `WHOWAS`, `USERHOST`, `ISON`, `ACCEPT`.
//!
//! Spec: <https://modern.ircdocs.horse/#who-message>, <https://ircv3.net/specs/extensions/whox>,
//! <https://ircv3.net/specs/extensions/bot-mode>.

use chinwag_model::ask::Ask;
use chinwag_model::id::PersonId;
use chinwag_model::intent::{Intent, Owner};
use chinwag_model::mode::PersonFlag;
use chinwag_model::query::{Former, Page, Profile, Query, Seen};

use super::caps::Cap;
use super::channel::TARGETS_MAX;
use super::chat::{Chat, Why};
use super::metadata::Wanted;
use super::render::channel;
use super::{args, sign};
use crate::output::Output;

/// Most names of one command.
const NAMES_MAX: usize = 20;

/// What a `WHO` asks for.
#[derive(Clone, Debug)]
pub(super) struct WhoAsk {
    mask: Box<str>,
    /// The fields wanted (WHOX), in any order; `None` for the plain answer.
    fields: Option<Box<str>>,
    token: Box<str>,
    operators: bool,
}

impl Chat {
    pub(super) fn who(&mut self, params: &[&str], out: &mut Output) {
        let mask = params.first().copied().unwrap_or_default();
        let flags = params.get(1).copied().unwrap_or_default();
        let (flags, fields) = match flags.split_once('%') {
            Some((flags, fields)) => (flags, Some(fields)),
            None => (flags, None),
        };
        let (fields, token) = match fields.map(|fields| fields.split_once(',')) {
            Some(Some((letters, token))) => (Some(letters), token),
            Some(None) => (fields, ""),
            None => (None, ""),
        };
        let token = if token.len() <= 3 { token } else { "" };
        let ask = WhoAsk {
            mask: mask.into(),
            fields: fields.map(Box::from),
            token: token.into(),
            operators: flags.contains('o'),
        };
        if mask.starts_with(args::CHANNEL_SIGN) {
            match args::channel(mask) {
                Some(room) => {
                    let query = Query::Members { room, after: None };
                    self.ask(Ask::Query(query), Why::Who(Box::new(ask)));
                }
                None => self.numeric(315, &[mask], "End of WHO list", out),
            }
            return;
        }
        self.who_matching(ask, None);
    }

    fn who_matching(&mut self, ask: WhoAsk, after: Option<PersonId>) {
        let mask = if &*ask.mask == "0" { "*" } else { &*ask.mask };
        let query = Query::Matching { mask: mask.to_owned(), operators: ask.operators, after };
        self.ask_next(Ask::Query(query), Why::Who(Box::new(ask)));
    }

    /// Tells a page of persons.
    pub(super) fn who_page(&mut self, ask: WhoAsk, page: &Page<Seen, PersonId>, out: &mut Output) {
        let wanted = |seen: &&Seen| !ask.operators || seen.flags.has(PersonFlag::Operator);
        for seen in page.rows.iter().filter(wanted) {
            match &ask.fields {
                Some(fields) => self.whox(seen, fields, &ask.token, out),
                None => self.who_line(seen, out),
            }
        }
        match (page.next, args::channel(&ask.mask)) {
            (Some(after), Some(room)) => {
                let query = Query::Members { room, after: Some(after) };
                self.ask_next(Ask::Query(query), Why::Who(Box::new(ask)));
            }
            (Some(after), None) => self.who_matching(ask, Some(after)),
            (None, _) => {
                let mask = if ask.mask.contains(' ') { "*" } else { &*ask.mask };
                self.numeric(315, &[mask], "End of WHO list", out);
            }
        }
    }

    fn who_flags(&self, seen: &Seen) -> String {
        let mut flags = String::from(if seen.away.is_some() || !seen.online { "G" } else { "H" });
        if seen.flags.has(PersonFlag::Operator) {
            flags.push('*');
        }
        flags.push_str(&sign::signs(seen.ranks, self.has(Cap::MultiPrefix)));
        if seen.flags.has(PersonFlag::Bot) {
            flags.push('B');
        }
        flags
    }

    fn who_line(&mut self, seen: &Seen, out: &mut Output) {
        let room = seen.room.as_ref().map_or_else(|| "*".to_owned(), |room| channel(&room.name));
        let (server, flags) = (self.policy.server_name.clone(), self.who_flags(seen));
        let (who, badge) = (&seen.who, &seen.who.badge);
        let params = [&room, &*badge.user, &badge.host, &server, who.name.shown(), &flags];
        self.numeric(352, &params, &format!("0 {}", seen.real_name), out);
    }

    fn whox(&mut self, seen: &Seen, fields: &str, token: &str, out: &mut Output) {
        let (who, badge) = (&seen.who, &seen.who.badge);
        let own = self.me.as_ref().is_some_and(|me| me.card.id == who.id);
        let account = badge.account.as_ref().map_or("0", chinwag_model::name::Name::shown);
        let room = seen.room.as_ref().map_or_else(|| "*".to_owned(), |room| channel(&room.name));
        let address = if own { &*self.about.address } else { "255.255.255.255" };
        let address = if address.is_empty() { "255.255.255.255" } else { address };
        let idle = ((out.now.0 - seen.spoke.0).max(0) / 1000).to_string();
        let mut words: Vec<String> = Vec::new();
        // The order is that of the specification, whatever was given.
        for letter in "tcuihsnfdlaor".chars().filter(|letter| fields.contains(*letter)) {
            words.push(match letter {
                't' => {
                    if token.is_empty() {
                        "0".into()
                    } else {
                        token.to_owned()
                    }
                }
                'c' => room.clone(),
                'u' => badge.user.to_string(),
                'i' => address.to_owned(),
                'h' => badge.host.to_string(),
                's' => self.policy.server_name.clone(),
                'n' => who.name.shown().to_owned(),
                'f' => self.who_flags(seen),
                'd' => "0".to_owned(),
                'l' => idle.clone(),
                'a' => account.to_owned(),
                'o' => sign::signs(seen.ranks, false)
                    .chars()
                    .next()
                    .map_or("n/a".into(), |s| s.to_string()),
                _ => seen.real_name.to_string(),
            });
        }
        if fields.contains('r') {
            let text = words.pop().unwrap_or_default();
            let params: Vec<&str> = words.iter().map(String::as_str).collect();
            return self.numeric(354, &params, &text, out);
        }
        let params: Vec<&str> = words.iter().map(String::as_str).collect();
        self.numeric_bare(354, &params, out);
    }

    pub(super) fn whois(&mut self, params: &[&str], out: &mut Output) {
        // With two parameters, the first is the server that is to be asked.
        let nick = match params {
            [_, nick, ..] | [nick] => *nick,
            [] => return self.numeric(431, &[], "No nickname given", out),
        };
        for nick in args::list(nick, TARGETS_MAX) {
            if let Some(service) = super::speech::is_service(nick) {
                self.whois_service(service, out);
                continue;
            }
            match args::person(nick) {
                Some(name) => self.ask(Ask::Query(Query::Profile(name)), Why::Whois(nick.into())),
                None => {
                    self.no_such_nick(nick, out);
                    self.numeric(318, &[nick], "End of /WHOIS list", out);
                }
            }
        }
    }

    fn whois_service(&mut self, service: &str, out: &mut Output) {
        let server = self.policy.server_name.clone();
        self.numeric(311, &[service, service, &server, "*"], "A service of this server", out);
        self.numeric(312, &[service, &server], &self.policy.description.clone(), out);
        self.numeric(318, &[service], "End of /WHOIS list", out);
    }

    /// Tells a person closely.
    pub(super) fn profile(&mut self, nick: &str, profile: Option<&Profile>, out: &mut Output) {
        let Some(Profile { seen, rooms, since, secure }) = profile else {
            self.no_such_nick(nick, out);
            return self.numeric(318, &[nick], "End of /WHOIS list", out);
        };
        let (who, badge) = (&seen.who, &seen.who.badge);
        let name = who.name.shown();
        self.numeric(311, &[name, &badge.user, &badge.host, "*"], &seen.real_name, out);
        let all = self.has(Cap::MultiPrefix);
        let words: Vec<String> = rooms
            .iter()
            .map(|(room, ranks)| format!("{}{}", sign::signs(*ranks, all), channel(&room.name)))
            .collect();
        for line in words.chunks(5) {
            self.numeric(319, &[name], &line.join(" "), out);
        }
        let (server, about) = (self.policy.server_name.clone(), self.policy.description.clone());
        self.numeric(312, &[name, &server], &about, out);
        if let Some(text) = &seen.away {
            self.numeric(301, &[name], text.as_str(), out);
        }
        if seen.flags.has(PersonFlag::Operator) {
            self.numeric(313, &[name], "is an operator of this server", out);
        }
        if let Some(account) = &badge.account {
            self.numeric(330, &[name, account.shown()], "is logged in as", out);
        }
        if seen.flags.has(PersonFlag::Bot) {
            let text = format!("is a bot on {}", self.policy.network);
            self.numeric(335, &[name], &text, out);
        }
        if *secure {
            self.numeric(671, &[name], "is using a secure connection", out);
        }
        let own = self.me.as_ref().is_some_and(|me| me.card.id == who.id);
        if own && !self.about.address.is_empty() {
            let address = self.about.address.to_string();
            self.numeric(338, &[name, &address], "is actually using host", out);
        }
        let idle = ((out.now.0 - seen.spoke.0).max(0) / 1000).to_string();
        let since = (since.0 / 1000).to_string();
        self.numeric(317, &[name, &idle, &since], "seconds idle, signon time", out);
        self.then_next(Why::EndOfWhois(nick.into()));
        if self.has(Cap::Metadata) {
            let of = Owner::Person(who.name.clone());
            let why = Why::Metadata { target: name.into(), ask: Wanted::Whois };
            self.ask_next(Ask::Query(Query::Metadata(of)), why);
        }
    }

    pub(super) fn whowas(&mut self, params: &[&str], out: &mut Output) {
        let Some(nicks) = params.first().filter(|nick| !nick.is_empty()) else {
            return self.numeric(431, &[], "No nickname given", out);
        };
        let most = self.policy.limits.whowas_entries;
        let limit = params.get(1).and_then(|count| count.parse::<i64>().ok()).unwrap_or(0);
        let limit = usize::try_from(limit).ok().filter(|limit| *limit > 0).unwrap_or(most);
        let limit = limit.min(most);
        for nick in args::list(nicks, TARGETS_MAX) {
            match args::person(nick) {
                Some(name) => {
                    let why = Why::Whowas { name: nick.into(), limit };
                    self.ask(Ask::Query(Query::Former(name)), why);
                }
                None => self.former(nick, &[], out),
            }
        }
    }

    /// Tells who had a name.
    pub(super) fn former(&mut self, nick: &str, former: &[Former], out: &mut Output) {
        if former.is_empty() {
            self.numeric(406, &[nick], "There was no such nickname", out);
        }
        let server = self.policy.server_name.clone();
        for row in former {
            let (name, badge) = (row.who.name.shown(), &row.who.badge);
            self.numeric(314, &[name, &badge.user, &badge.host, "*"], &row.real_name, out);
            if let Some(account) = &badge.account {
                self.numeric(330, &[name, account.shown()], "was logged in as", out);
            }
            let time = chinwag_wire::irc::time::timestamp(row.time.0);
            self.numeric(312, &[name, &server], &time, out);
        }
        self.numeric(369, &[nick], "End of WHOWAS", out);
    }

    pub(super) fn userhost(&mut self, params: &[&str], _: &mut Output) {
        let names = params.iter().take(5).filter_map(|nick| args::person(nick)).collect();
        self.ask(Ask::Query(Query::Seen(names)), Why::Userhost);
    }

    pub(super) fn hosts(&mut self, seen: &[Option<Seen>], out: &mut Output) {
        let words: Vec<String> = seen
            .iter()
            .flatten()
            .map(|seen| {
                let (who, badge) = (&seen.who, &seen.who.badge);
                let operator = if seen.flags.has(PersonFlag::Operator) { "*" } else { "" };
                let away = if seen.away.is_some() { '-' } else { '+' };
                format!("{}{operator}={away}{}@{}", who.name, badge.user, badge.host)
            })
            .collect();
        self.numeric(302, &[], &words.join(" "), out);
    }

    pub(super) fn ison(&mut self, params: &[&str], _: &mut Output) {
        let words = params.iter().flat_map(|param| param.split(' '));
        let names = words.filter_map(args::person).take(NAMES_MAX).collect();
        self.ask(Ask::Query(Query::Seen(names)), Why::Ison);
    }

    pub(super) fn are_on(&mut self, seen: &[Option<Seen>], out: &mut Output) {
        let words: Vec<&str> = seen.iter().flatten().map(|seen| seen.who.name.shown()).collect();
        self.numeric(303, &[], &words.join(" "), out);
    }

    pub(super) fn accept(&mut self, params: &[&str], out: &mut Output) {
        for word in args::list(params.first().copied().unwrap_or_default(), NAMES_MAX) {
            let (nick, on) = match word.strip_prefix('-') {
                Some(nick) => (nick, false),
                None => (word.strip_prefix('+').unwrap_or(word), true),
            };
            match args::person(nick) {
                Some(who) => {
                    self.want(Intent::Accept { who, on }, Why::Act("ACCEPT", nick.into()));
                }
                None => self.no_such_nick(nick, out),
            }
        }
    }
}
