//! `WHO`: who fits a mask, or is in a channel.
//!
//! Spec: <https://modern.ircdocs.horse/#who-message>, <https://ircv3.net/specs/extensions/whox>,
//! <https://ircv3.net/specs/extensions/bot-mode>.

use chinwag_model::id::PersonId;
use chinwag_model::mode::PersonFlag;
use chinwag_model::name::Name;
use chinwag_model::query::{Answer, Page, Query, Seen};
use chinwag_wire::irc::message::Message;

use super::Command;
use crate::irc::caps::Cap;
use crate::irc::chat::{Chat, Next, Told};
use crate::irc::render::channel;
use crate::irc::{args, sign};
use crate::output::Output;

pub(super) const COMMANDS: &[Command] = &[Command {
    params: 1,
    run: who,
    ..Command::new("WHO", "<mask> [o][%<fields>]", "Lists the people who fit a mask.")
}];

/// A page of persons is asked for.
#[derive(Debug)]
struct Who {
    mask: Box<str>,
    /// The fields wanted (WHOX), in any order; `None` for the plain answer.
    fields: Option<Box<str>>,
    token: Box<str>,
    operators: bool,
}

fn who(chat: &mut Chat, message: &Message<'_>, out: &mut Output) {
    let params = message.params();
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
    let ask = Who {
        mask: mask.into(),
        fields: fields.map(Box::from),
        token: token.into(),
        operators: flags.contains('o'),
    };
    if mask.starts_with(args::CHANNEL_SIGN) {
        match args::channel(mask) {
            Some(room) => chat.query(Query::Members { room, after: None }, ask),
            None => chat.numeric(315, &[mask], "End of WHO list", out),
        }
        return;
    }
    ask.matching(chat, None);
}

impl Who {
    fn matching(self, chat: &mut Chat, after: Option<PersonId>) {
        let mask = if &*self.mask == "0" { "*" } else { &*self.mask };
        let query = Query::Matching { mask: mask.to_owned(), operators: self.operators, after };
        chat.query_next(query, self);
    }

    fn tell(self, page: &Page<Seen, PersonId>, chat: &mut Chat, out: &mut Output) {
        let wanted = |seen: &&Seen| !self.operators || seen.flags.has(PersonFlag::Operator);
        for seen in page.rows.iter().filter(wanted) {
            match &self.fields {
                Some(fields) => tell_fields(chat, seen, fields, &self.token, out),
                None => tell_plain(chat, seen, out),
            }
        }
        match (page.next, args::channel(&self.mask)) {
            (Some(after), Some(room)) => {
                chat.query_next(Query::Members { room, after: Some(after) }, self);
            }
            (Some(after), None) => self.matching(chat, Some(after)),
            (None, _) => {
                let mask = if self.mask.contains(' ') { "*" } else { &*self.mask };
                chat.numeric(315, &[mask], "End of WHO list", out);
            }
        }
    }
}

impl Next for Who {
    fn told(self: Box<Self>, told: Told<'_>, chat: &mut Chat, out: &mut Output) {
        match told {
            Told::Answer(Answer::Members(_, page) | Answer::Matching(page)) => {
                self.tell(page, chat, out);
            }
            other => chat.unexpected(other, out),
        }
    }
}

fn flags(chat: &Chat, seen: &Seen) -> String {
    let mut flags = String::from(if seen.away.is_some() || !seen.online { "G" } else { "H" });
    if seen.flags.has(PersonFlag::Operator) {
        flags.push('*');
    }
    flags.push_str(&sign::signs(seen.ranks, chat.has(Cap::MultiPrefix)));
    if seen.flags.has(PersonFlag::Bot) {
        flags.push('B');
    }
    flags
}

fn tell_plain(chat: &mut Chat, seen: &Seen, out: &mut Output) {
    let room = seen.room.as_ref().map_or_else(|| "*".to_owned(), |room| channel(&room.name));
    let (server, flags) = (chat.policy.server_name.clone(), flags(chat, seen));
    let (who, badge) = (&seen.who, &seen.who.badge);
    let params = [&room, &*badge.user, &badge.host, &server, who.name.shown(), &flags];
    chat.numeric(352, &params, &format!("0 {}", seen.real_name), out);
}

fn tell_fields(chat: &mut Chat, seen: &Seen, fields: &str, token: &str, out: &mut Output) {
    let (who, badge) = (&seen.who, &seen.who.badge);
    let own = chat.me.as_ref().is_some_and(|me| me.card.id == who.id);
    let account = badge.account.as_ref().map_or("0", Name::shown);
    let room = seen.room.as_ref().map_or_else(|| "*".to_owned(), |room| channel(&room.name));
    let address = if own { &*chat.about.address } else { "255.255.255.255" };
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
            's' => chat.policy.server_name.clone(),
            'n' => who.name.shown().to_owned(),
            'f' => flags(chat, seen),
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
        return chat.numeric(354, &params, &text, out);
    }
    let params: Vec<&str> = words.iter().map(String::as_str).collect();
    chat.numeric_bare(354, &params, out);
}
