//! `MODE`: reading changes, and asking what a channel or oneself is like.
//!
//! Spec: <https://modern.ircdocs.horse/#mode-message>.

use chinwag_model::intent::Intent;
use chinwag_model::mask::Mask;
use chinwag_model::mode::{Flags, Listed, PersonFlag, RoomChange, RoomList};
use chinwag_model::name::Name;
use chinwag_model::outcome::Done;
use chinwag_model::query::{Answer, ChannelRow, Query};
use chinwag_model::text::Text;
use chinwag_wire::irc::message::Message;

use super::Command;
use crate::irc::args;
use crate::irc::chat::{Chat, Next, Told};
use crate::irc::refusal::Act;
use crate::irc::sign::{self, Kind, PERSON_MODES, ROOM_MODES, person_letters, room_mode};
use crate::output::Output;

/// Most changes of one command.
pub(super) const CHANGES_MAX: usize = 20;

/// The longest key of a room, in bytes.
pub(super) const KEY_BYTES_MAX: usize = 32;

pub(super) const COMMANDS: &[Command] = &[Command {
    params: 1,
    run: mode,
    ..Command::new(
        "MODE",
        "<target> [<letters> [<parameter>...]]",
        "Shows or changes modes; see HELP MODES.",
    )
}];

fn mode(chat: &mut Chat, message: &Message<'_>, out: &mut Output) {
    let params = message.params();
    let target = params.first().copied().unwrap_or_default();
    if target.starts_with(args::CHANNEL_SIGN) {
        match args::channel(target) {
            Some(room) => channel_mode(chat, target, room, params.get(1..), out),
            None => chat.no_such_channel(target, out),
        }
    } else {
        own_mode(chat, target, params.get(1).copied(), out);
    }
}

fn channel_mode(
    chat: &mut Chat,
    target: &str,
    room: Name,
    params: Option<&[&str]>,
    out: &mut Output,
) {
    let Some([letters, rest @ ..]) = params.filter(|params| !params.is_empty()) else {
        return chat.query(Query::Channel(room), RoomModes(target.into()));
    };
    let mut changes = Vec::new();
    let mut rest = rest.iter().copied();
    let mut on = true;
    for letter in letters.chars() {
        match letter {
            '+' => on = true,
            '-' => on = false,
            _ if changes.len() >= CHANGES_MAX => break,
            letter => match room_mode(letter) {
                Some(Kind::List(list)) => match rest.next() {
                    Some(mask) => match read_mask(mask) {
                        Some(mask) => changes.push(RoomChange::List(list, mask, on)),
                        None => bad_param(chat, target, letter, mask, "Invalid mask", out),
                    },
                    None => {
                        let query = Query::Listed { room: room.clone(), list };
                        chat.query(query, Entries { room: target.into(), list });
                    }
                },
                Some(kind) => {
                    changes.extend(read_change(chat, target, (letter, kind), on, &mut rest, out));
                }
                None => {
                    let text = "is an unknown mode character to me";
                    chat.numeric(472, &[&letter.to_string()], text, out);
                }
            },
        }
    }
    if !changes.is_empty() {
        let entries_max = chat.policy.limits.list_mode_entries;
        let change = Intent::ChangeRoom { room, changes, entries_max };
        chat.want(change, ChangeRoom(target.into()));
    }
}

/// Reads a change of what is no list, with its parameter.
fn read_change<'p>(
    chat: &mut Chat,
    target: &str,
    (letter, kind): (char, Kind),
    on: bool,
    rest: &mut impl Iterator<Item = &'p str>,
    out: &mut Output,
) -> Option<RoomChange> {
    match kind {
        Kind::List(_) => None,
        Kind::Flag(flag) => Some(RoomChange::Flag(flag, on)),
        Kind::Rank(rank) => {
            let nick = rest.next()?;
            let name = args::person(nick);
            if name.is_none() {
                chat.no_such_nick(nick, out);
            }
            name.map(|name| RoomChange::Rank(name, rank, on))
        }
        Kind::Key if !on => {
            // A key is taken away whatever is given for it.
            let _ = rest.next();
            Some(RoomChange::Key(None))
        }
        Kind::Key => {
            let Some(key) = rest.next() else {
                bad_param(chat, target, letter, "*", "You must specify a key", out);
                return None;
            };
            let plain = key.bytes().all(|byte| byte.is_ascii_graphic() && byte != b',');
            let fits = !key.is_empty() && key.len() <= KEY_BYTES_MAX && !key.starts_with(':');
            let key = Text::parse(key).ok().filter(|_| plain && fits);
            if key.is_none() {
                bad_param(chat, target, letter, "*", "Invalid key", out);
            }
            key.map(|key| RoomChange::Key(Some(key)))
        }
        Kind::Limit if !on => Some(RoomChange::Limit(None)),
        Kind::Limit => {
            let Some(given) = rest.next() else {
                bad_param(chat, target, letter, "*", "You must specify a limit", out);
                return None;
            };
            let limit = given.parse::<u32>().ok().filter(|limit| *limit > 0);
            if limit.is_none() {
                bad_param(chat, target, letter, given, "Invalid limit", out);
            }
            limit.map(|limit| RoomChange::Limit(Some(limit)))
        }
    }
}

fn bad_param(
    chat: &mut Chat,
    target: &str,
    letter: char,
    given: &str,
    text: &str,
    out: &mut Output,
) {
    let given = if given.is_empty() || given.contains(' ') { "*" } else { given };
    chat.numeric(696, &[target, &letter.to_string(), given], text, out);
}

fn own_mode(chat: &mut Chat, target: &str, letters: Option<&str>, out: &mut Output) {
    let own = args::person(target)
        .is_some_and(|name| chat.me.as_ref().is_some_and(|me| me.card.name == name));
    if !own {
        // Whether there is somebody of that name does not matter.
        return chat.numeric(502, &[], "Can't view or change modes for other users", out);
    }
    let Some(letters) = letters else {
        let flags = chat.me.as_ref().map_or(Flags::default(), |me| me.flags);
        return chat.numeric_bare(221, &[&format!("+{}", person_letters(flags))], out);
    };
    let (mut on, mut off) = (Flags::default(), Flags::default());
    let mut sign = true;
    let mut unknown = false;
    for letter in letters.chars() {
        let flag = PERSON_MODES.iter().find(|mode| mode.letter == letter).map(|mode| mode.flag);
        match (letter, flag) {
            ('+', _) => sign = true,
            ('-', _) => sign = false,
            // One becomes an operator by `OPER` only.
            (_, Some(PersonFlag::Operator)) if sign => {}
            (_, Some(flag)) if sign => on = on.with(flag, true),
            (_, Some(flag)) => off = off.with(flag, true),
            (_, None) => unknown = true,
        }
    }
    if unknown {
        chat.numeric(501, &[], "Unknown MODE flag", out);
    }
    if on != Flags::default() || off != Flags::default() {
        chat.want(Intent::ChangeSelf { on, off }, Act::new("MODE", ""));
    }
}

/// A channel is changed, by the name that was typed.
#[derive(Debug)]
pub(super) struct ChangeRoom(pub(super) Box<str>);

impl Next for ChangeRoom {
    fn told(self: Box<Self>, told: Told<'_>, chat: &mut Chat, out: &mut Output) {
        match told {
            Told::Outcome(Ok(Done::Changed(refused))) => {
                for refusal in refused {
                    chat.refused("MODE", &self.0, refusal, out);
                }
            }
            other => chat.not_done("MODE", &self.0, other, out),
        }
    }
}

/// What a channel is like is asked for, by the name that was typed.
#[derive(Debug)]
struct RoomModes(Box<str>);

impl Next for RoomModes {
    fn told(self: Box<Self>, told: Told<'_>, chat: &mut Chat, out: &mut Output) {
        match told {
            Told::Answer(Answer::Channel(Some(row))) => tell_modes(chat, &self.0, row, out),
            Told::Answer(Answer::Channel(None)) => chat.no_such_channel(&self.0, out),
            other => chat.unexpected(other, out),
        }
    }
}

fn tell_modes(chat: &mut Chat, room: &str, row: &ChannelRow, out: &mut Output) {
    let (mut on, mut with_param, mut params) = (String::from("+"), String::new(), Vec::new());
    for mode in ROOM_MODES {
        let param = match mode.kind {
            Kind::Flag(flag) => {
                if row.flags.has(flag) {
                    on.push(mode.letter);
                }
                None
            }
            Kind::Key => row.key.as_ref().map(|key| key.as_str().to_owned()),
            Kind::Limit => row.limit.map(|limit| limit.to_string()),
            Kind::List(_) | Kind::Rank(_) => None,
        };
        if let Some(param) = param {
            with_param.push(mode.letter);
            params.push(param);
        }
    }
    on.push_str(&with_param);
    let params: Vec<&str> =
        [room, on.as_str()].into_iter().chain(params.iter().map(String::as_str)).collect();
    chat.numeric_bare(324, &params, out);
    let made = (row.made.0 / 1000).to_string();
    chat.numeric_bare(329, &[room, &made], out);
}

/// The entries of a channel's list are asked for, by the name that was typed.
#[derive(Debug)]
struct Entries {
    room: Box<str>,
    list: RoomList,
}

impl Next for Entries {
    fn told(self: Box<Self>, told: Told<'_>, chat: &mut Chat, out: &mut Output) {
        match told {
            Told::Answer(Answer::Listed(Some((_, entries)))) => {
                tell_entries(chat, &self.room, self.list, entries, out);
            }
            Told::Answer(Answer::Listed(None)) => chat.no_such_channel(&self.room, out),
            other => chat.unexpected(other, out),
        }
    }
}

fn tell_entries(chat: &mut Chat, room: &str, list: RoomList, entries: &[Listed], out: &mut Output) {
    let (entry, end, text) = match list {
        RoomList::Bans => (367, 368, "End of channel ban list"),
        RoomList::Exempt => (348, 349, "End of channel exception list"),
        RoomList::Invited => (346, 347, "End of channel invite exception list"),
    };
    for row in entries {
        let time = (row.time.0 / 1000).to_string();
        chat.numeric_bare(entry, &[room, row.mask.as_str(), &row.by, &time], out);
    }
    chat.numeric(end, &[room], text, out);
}

/// What begins a mask that is not one of `nick!user@host`.
const PREFIXES: &[(&str, Prefix)] =
    &[("m:", Prefix::Mute), ("a:", Prefix::Account), ("account:", Prefix::Account)];

/// What the beginning of a mask says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Prefix {
    /// Whoever fits the rest may not speak.
    Mute,
    /// The rest is an account.
    Account,
}

/// The letters that begin masks, as `EXTBAN` tells them.
pub(super) fn mask_letters() -> String {
    let letters = PREFIXES.iter().filter_map(|(prefix, _)| {
        let mut chars = prefix.trim_end_matches(':').chars();
        chars.next().filter(|_| chars.next().is_none())
    });
    sign::letters(letters)
}

/// The words that mean an account in a mask, as `ACCOUNTEXTBAN` tells them.
pub(super) fn account_masks() -> String {
    let accounts = PREFIXES.iter().filter(|(_, prefix)| *prefix == Prefix::Account);
    let words: Vec<&str> = accounts.map(|(prefix, _)| prefix.trim_end_matches(':')).collect();
    words.join(",")
}

/// Reads a mask; what is missing of `nick!user@host` is anything. A word alone is a nick, or a host if it has
/// what only a host can have.
fn read_mask(given: &str) -> Option<Mask> {
    let (mut prefix, mut mask) = (String::new(), given);
    while let Some((known, kind)) = PREFIXES.iter().find(|(known, _)| mask.starts_with(known)) {
        prefix.push_str(known);
        mask = mask.get(known.len()..)?;
        if *kind == Prefix::Account {
            return Mask::parse(&format!("{prefix}{mask}")).filter(|_| !mask.is_empty());
        }
    }
    if mask.is_empty() || mask.starts_with(':') {
        return None;
    }
    let whole = match (mask.contains('!'), mask.contains('@')) {
        (true, true) => mask.to_owned(),
        (true, false) => format!("{mask}@*"),
        (false, true) => format!("*!{mask}"),
        (false, false) if mask.contains(['.', ':']) => format!("*!*@{mask}"),
        (false, false) => format!("{mask}!*@*"),
    };
    Mask::parse(&format!("{prefix}{whole}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_of_a_mask_is_anything() {
        for (given, mask) in [
            ("bob", Some("bob!*@*")),
            ("bob!u@h", Some("bob!u@h")),
            ("0123abcd.cloak", Some("*!*@0123abcd.cloak")),
            ("*.cloak", Some("*!*@*.cloak")),
            ("2001:db8::*", Some("*!*@2001:db8::*")),
            ("*!*@2001:db8::1", Some("*!*@2001:db8::1")),
            ("u@h", Some("*!u@h")),
            ("bob!u", Some("bob!u@*")),
            ("a:bob", Some("a:bob")),
            ("account:bob", Some("account:bob")),
            ("m:bob", Some("m:bob!*@*")),
            ("m:a:bob", Some("m:a:bob")),
            ("", None),
            ("m:", None),
            ("a:", None),
            ("x y", None),
        ] {
            assert_eq!(read_mask(given).as_ref().map(Mask::as_str), mask, "{given}");
        }
    }
}
