//! `MODE`: reading changes, and asking what a channel or oneself is like.
//!
//! Spec: <https://modern.ircdocs.horse/#mode-message>.

use chinwag_model::ask::Ask;
use chinwag_model::intent::Intent;
use chinwag_model::mask::Mask;
use chinwag_model::mode::{Flags, PersonFlag, RoomChange, RoomList};
use chinwag_model::name::Name;
use chinwag_model::query::{ChannelRow, Query};
use chinwag_model::text::Text;

use super::args;
use super::chat::{Chat, Why};
use super::sign::{PERSON_FLAGS, RANKS, ROOM_FLAGS, ROOM_LISTS, person_letters};
use crate::output::Output;

/// Most changes of one command.
const CHANGES_MAX: usize = 20;

/// The longest key of a room, in bytes.
pub(super) const KEY_BYTES_MAX: usize = 32;

impl Chat {
    pub(super) fn mode(&mut self, params: &[&str], out: &mut Output) {
        let target = params.first().copied().unwrap_or_default();
        if target.starts_with(args::CHANNEL_SIGN) {
            match args::channel(target) {
                Some(room) => self.channel_mode(target, room, params.get(1..), out),
                None => self.no_such_channel(target, out),
            }
        } else {
            self.own_mode(target, params.get(1).copied(), out);
        }
    }

    fn channel_mode(
        &mut self,
        target: &str,
        room: Name,
        params: Option<&[&str]>,
        out: &mut Output,
    ) {
        let Some([letters, rest @ ..]) = params.filter(|params| !params.is_empty()) else {
            return self.ask(Ask::Query(Query::Channel(room)), Why::RoomModes(target.into()));
        };
        let mut changes = Vec::new();
        let mut rest = rest.iter().copied();
        let mut on = true;
        for letter in letters.chars() {
            match letter {
                '+' => on = true,
                '-' => on = false,
                _ if changes.len() >= CHANGES_MAX => break,
                letter => {
                    let list = ROOM_LISTS.iter().find(|(_, known)| *known == letter);
                    if let Some((list, _)) = list {
                        match rest.next() {
                            Some(mask) => match read_mask(mask) {
                                Some(mask) => changes.push(RoomChange::List(*list, mask, on)),
                                None => self.bad_param(target, letter, mask, "Invalid mask", out),
                            },
                            None => {
                                let query = Query::Listed { room: room.clone(), list: *list };
                                let why = Why::Listed { room: target.into(), list: *list };
                                self.ask(Ask::Query(query), why);
                            }
                        }
                        continue;
                    }
                    if let Some(change) = self.read_change(target, letter, on, &mut rest, out) {
                        changes.push(change);
                    }
                }
            }
        }
        if !changes.is_empty() {
            let entries_max = self.policy.limits.list_mode_entries;
            let change = Intent::ChangeRoom { room, changes, entries_max };
            self.want(change, Why::ChangeRoom(target.into()));
        }
    }

    fn read_change<'p>(
        &mut self,
        target: &str,
        letter: char,
        on: bool,
        rest: &mut impl Iterator<Item = &'p str>,
        out: &mut Output,
    ) -> Option<RoomChange> {
        if let Some((flag, _)) = ROOM_FLAGS.iter().find(|(_, known)| *known == letter) {
            return Some(RoomChange::Flag(*flag, on));
        }
        if let Some((rank, ..)) = RANKS.iter().find(|(_, known, _)| *known == letter) {
            let nick = rest.next()?;
            return match args::person(nick) {
                Some(name) => Some(RoomChange::Rank(name, *rank, on)),
                None => {
                    self.no_such_nick(nick, out);
                    None
                }
            };
        }
        match letter {
            'k' if !on => {
                // A key is taken away whatever is given for it.
                let _ = rest.next();
                Some(RoomChange::Key(None))
            }
            'k' => {
                let Some(key) = rest.next() else {
                    self.bad_param(target, letter, "*", "You must specify a key", out);
                    return None;
                };
                let plain = key.bytes().all(|byte| byte.is_ascii_graphic() && byte != b',');
                let fits = !key.is_empty() && key.len() <= KEY_BYTES_MAX && !key.starts_with(':');
                match Text::parse(key).ok().filter(|_| plain && fits) {
                    Some(key) => Some(RoomChange::Key(Some(key))),
                    None => {
                        self.bad_param(target, letter, "*", "Invalid key", out);
                        None
                    }
                }
            }
            'l' if !on => Some(RoomChange::Limit(None)),
            'l' => {
                let Some(given) = rest.next() else {
                    self.bad_param(target, letter, "*", "You must specify a limit", out);
                    return None;
                };
                match given.parse::<u32>().ok().filter(|limit| *limit > 0) {
                    Some(limit) => Some(RoomChange::Limit(Some(limit))),
                    None => {
                        self.bad_param(target, letter, given, "Invalid limit", out);
                        None
                    }
                }
            }
            unknown => {
                let unknown = unknown.to_string();
                self.numeric(472, &[&unknown], "is an unknown mode character to me", out);
                None
            }
        }
    }

    fn bad_param(&mut self, target: &str, letter: char, given: &str, text: &str, out: &mut Output) {
        let given = if given.is_empty() || given.contains(' ') { "*" } else { given };
        self.numeric(696, &[target, &letter.to_string(), given], text, out);
    }

    fn own_mode(&mut self, target: &str, letters: Option<&str>, out: &mut Output) {
        let own = args::person(target)
            .is_some_and(|name| self.me.as_ref().is_some_and(|me| me.card.name == name));
        if !own {
            // Whether there is somebody of that name does not matter.
            return self.numeric(502, &[], "Can't view or change modes for other users", out);
        }
        let Some(letters) = letters else {
            let flags = self.me.as_ref().map_or(Flags::default(), |me| me.flags);
            return self.numeric_bare(221, &[&format!("+{}", person_letters(flags))], out);
        };
        let (mut on, mut off) = (Flags::default(), Flags::default());
        let mut sign = true;
        let mut unknown = false;
        for letter in letters.chars() {
            match (letter, PERSON_FLAGS.iter().find(|(_, known)| *known == letter)) {
                ('+', _) => sign = true,
                ('-', _) => sign = false,
                // One becomes an operator by `OPER` only.
                (_, Some((PersonFlag::Operator, _))) if sign => {}
                (_, Some((flag, _))) if sign => on = on.with(*flag, true),
                (_, Some((flag, _))) => off = off.with(*flag, true),
                (_, None) => unknown = true,
            }
        }
        if unknown {
            self.numeric(501, &[], "Unknown MODE flag", out);
        }
        if on != Flags::default() || off != Flags::default() {
            self.want(Intent::ChangeSelf { on, off }, Why::Act("MODE", "".into()));
        }
    }

    /// Tells what a channel is like.
    pub(super) fn room_modes(&mut self, room: &str, row: &ChannelRow, out: &mut Output) {
        let mut letters = String::from("+");
        let mut params: Vec<String> = Vec::new();
        for (flag, letter) in ROOM_FLAGS {
            if row.flags.has(*flag) {
                letters.push(*letter);
            }
        }
        if let Some(key) = &row.key {
            letters.push('k');
            params.push(key.as_str().to_owned());
        }
        if let Some(limit) = row.limit {
            letters.push('l');
            params.push(limit.to_string());
        }
        let params: Vec<&str> =
            [room, letters.as_str()].into_iter().chain(params.iter().map(String::as_str)).collect();
        self.numeric_bare(324, &params, out);
        let made = (row.made.0 / 1000).to_string();
        self.numeric_bare(329, &[room, &made], out);
    }

    /// Tells a list of a channel.
    pub(super) fn listed(
        &mut self,
        room: &str,
        list: RoomList,
        entries: &[chinwag_model::mode::Listed],
        out: &mut Output,
    ) {
        let (entry, end, text) = match list {
            RoomList::Bans => (367, 368, "End of channel ban list"),
            RoomList::Exempt => (348, 349, "End of channel exception list"),
            RoomList::Invited => (346, 347, "End of channel invite exception list"),
        };
        for row in entries {
            let time = (row.time.0 / 1000).to_string();
            self.numeric_bare(entry, &[room, row.mask.as_str(), &row.by, &time], out);
        }
        self.numeric(end, &[room], text, out);
    }
}

/// What begins a mask that is not one of `nick!user@host`: it silences, or it means an account.
const PREFIXES: &[&str] = &["m:", "a:", "account:"];

/// Reads a mask; what is missing of `nick!user@host` is anything. A word alone is a nick, or a host if it has
/// what only a host can have.
fn read_mask(given: &str) -> Option<Mask> {
    let (mut prefix, mut mask) = (String::new(), given);
    while let Some(known) = PREFIXES.iter().find(|known| mask.starts_with(**known)) {
        prefix.push_str(known);
        mask = mask.get(known.len()..)?;
        if *known != "m:" {
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
