//! `METADATA`: values that persons and channels have for clients to show.
//!
//! Spec: <https://ircv3.net/specs/extensions/metadata>, as of its third draft.

use chinwag_model::ask::Ask;
use chinwag_model::id::PersonId;
use chinwag_model::intent::{Intent, Owner};
use chinwag_model::message::Subject;
use chinwag_model::outcome::Refusal;
use chinwag_model::query::{Page, Query};
use chinwag_model::text::Text;

use super::args;
use super::caps::Cap;
use super::chat::{Chat, Why};
use super::render::channel;
use super::reply::Line;
use crate::output::Output;

/// The longest value, in bytes.
const VALUE_BYTES_MAX: usize = 400;

/// The longest key, in bytes.
const KEY_BYTES_MAX: usize = 64;

/// Keys of one command.
const KEYS_MAX: usize = 100;

/// Which values are wanted.
#[derive(Clone, Debug)]
pub(super) enum Wanted {
    /// These, each told whether it is set or not.
    Keys(Vec<Box<str>>),
    /// All.
    All,
    /// All, if there are any.
    Own,
    /// All, in an answer to `WHOIS`.
    Whois,
}

impl Chat {
    pub(super) fn metadata(&mut self, params: &[&str], out: &mut Output) {
        let [target, subcommand, rest @ ..] = params else {
            let text = "Not enough parameters";
            return self.fail("METADATA", "NEED_MORE_PARAMS", &[], text, out);
        };
        let subcommand = subcommand.to_ascii_uppercase();
        match (subcommand.as_str(), rest) {
            ("SUB", keys) => return self.subscribe(keys, out),
            ("UNSUB", keys) => return self.unsubscribe(keys, out),
            ("SUBS", _) => return self.subscriptions(out),
            _ => {}
        }
        if self.me.is_none() {
            return self.early_metadata(&subcommand, target, rest, out);
        }
        let Some((of, target)) = self.owner_of(target) else {
            return self.bad_target(target, out);
        };
        match (subcommand.as_str(), rest) {
            ("GET", [_, ..]) => {
                let keys = rest.iter().take(KEYS_MAX).map(|key| (*key).into()).collect();
                self.ask_metadata(of, &target, Wanted::Keys(keys));
            }
            ("LIST", _) => self.ask_metadata(of, &target, Wanted::All),
            ("SET", [key, value @ ..]) => {
                let Some((key, value)) = self.read_value(key, value.first(), out) else { return };
                self.set_metadata(of, &target, Some(key), value);
            }
            ("CLEAR", _) => self.set_metadata(of, &target, None, None),
            ("SYNC", _) => self.sync_metadata(&of, &target, out),
            _ => {
                let text = "Unknown subcommand, or not enough parameters";
                self.fail("METADATA", "INVALID_PARAMS", &[&subcommand], text, out);
            }
        }
    }

    fn owner_of(&self, target: &str) -> Option<(Owner, String)> {
        if target == "*" {
            let name = self.me.as_ref()?.card.name.clone();
            let shown = name.shown().to_owned();
            return Some((Owner::Person(name), shown));
        }
        Some((args::owner(target)?, target.to_owned()))
    }

    fn bad_target(&mut self, target: &str, out: &mut Output) {
        self.fail("METADATA", "INVALID_TARGET", &[target], "Invalid target", out);
    }

    fn ask_metadata(&mut self, of: Owner, target: &str, ask: Wanted) {
        let why = Why::Metadata { target: target.into(), ask };
        self.ask(Ask::Query(Query::Metadata(of)), why);
    }

    fn set_metadata(
        &mut self,
        of: Owner,
        target: &str,
        key: Option<Box<str>>,
        value: Option<Text>,
    ) {
        let keys_max = self.policy.limits.metadata_keys;
        let why = Why::SetMetadata { target: target.into(), key: key.clone() };
        self.want(Intent::SetMetadata { of, key, value, keys_max }, why);
    }

    /// Sets a value of one's own without telling.
    pub(super) fn set_own_metadata(&mut self, key: Box<str>, value: Option<Text>, why: Why) {
        let Some(me) = &self.me else { return };
        let of = Owner::Person(me.card.name.clone());
        let keys_max = self.policy.limits.metadata_keys;
        self.want(Intent::SetMetadata { of, key: Some(key), value, keys_max }, why);
    }

    fn read_value(
        &mut self,
        key: &str,
        value: Option<&&str>,
        out: &mut Output,
    ) -> Option<(Box<str>, Option<Text>)> {
        if !is_key(key) {
            self.fail("METADATA", "KEY_INVALID", &[&shown_key(key)], "Invalid key", out);
            return None;
        }
        let value = match value {
            None => None,
            Some(value) if value.len() > VALUE_BYTES_MAX => {
                let text = "Value is too long";
                self.fail("METADATA", "INVALID_VALUE", &[key], text, out);
                return None;
            }
            Some(value) => Some(Text::parse(value).unwrap_or_else(|_| Text::empty())),
        };
        Some((key.into(), value))
    }

    /// Before one comes in, one's own values can be set, and read.
    fn early_metadata(&mut self, subcommand: &str, target: &str, rest: &[&str], out: &mut Output) {
        if target != "*" {
            return self.bad_target(target, out);
        }
        match (subcommand, rest) {
            ("SET", [key, value @ ..]) => {
                let Some((key, value)) = self.read_value(key, value.first(), out) else { return };
                let most = usize::try_from(self.policy.limits.metadata_keys).unwrap_or(usize::MAX);
                let Some(intro) = &mut self.intro else { return };
                intro.metadata.retain(|(known, _)| *known != key);
                if intro.metadata.len() >= most.min(KEYS_MAX) {
                    let text = "Too many keys";
                    return self.fail("METADATA", "LIMIT_REACHED", &["*"], text, out);
                }
                if let Some(value) = &value {
                    intro.metadata.push((key.clone(), value.clone()));
                }
                self.value("*", &key, value.as_ref(), out);
            }
            ("GET", keys) => {
                let own = self.intro.as_ref().map(|intro| intro.metadata.clone());
                let keys = keys.iter().take(KEYS_MAX).map(|key| (*key).into()).collect();
                self.values("*", &own.unwrap_or_default(), &Wanted::Keys(keys), out);
            }
            ("LIST", _) => {
                let own = self.intro.as_ref().map(|intro| intro.metadata.clone());
                self.values("*", &own.unwrap_or_default(), &Wanted::All, out);
            }
            _ => self.fail("METADATA", "INVALID_PARAMS", &[subcommand], "Not possible yet", out),
        }
    }

    fn subscribe(&mut self, keys: &[&str], out: &mut Output) {
        let most = self.policy.limits.metadata_subscriptions;
        let mut done = Vec::new();
        for key in keys.iter().take(KEYS_MAX) {
            if !is_key(key) {
                self.fail("METADATA", "KEY_INVALID", &[&shown_key(key)], "Invalid key", out);
                continue;
            }
            let Some(subscribed) = self.subscribed() else { return };
            if !subscribed.contains(*key) && subscribed.len() >= most {
                let text = "Too many subscriptions";
                return self.fail("METADATA", "TOO_MANY_SUBS", &[key], text, out);
            }
            subscribed.insert((*key).into());
            done.push(*key);
        }
        if done.is_empty() {
            return;
        }
        for part in done.chunks(10) {
            self.numeric_bare(770, part, out);
        }
        if self.me.is_some() {
            // What there is already is told by `SYNC`, or as one comes into a channel.
            self.numeric_bare(774, &["*", "0"], out);
        }
    }

    fn subscribed(&mut self) -> Option<&mut std::collections::BTreeSet<Box<str>>> {
        match (&mut self.me, &mut self.intro) {
            (Some(me), _) => Some(&mut me.keys),
            (None, Some(intro)) => Some(&mut intro.keys),
            (None, None) => None,
        }
    }

    fn unsubscribe(&mut self, keys: &[&str], out: &mut Output) {
        let Some(subscribed) = self.subscribed() else { return };
        for key in keys {
            subscribed.remove(*key);
        }
        for part in keys.chunks(10) {
            self.numeric_bare(771, part, out);
        }
    }

    fn subscriptions(&mut self, out: &mut Output) {
        let keys: Vec<String> = self
            .subscribed()
            .map_or_else(Vec::new, |keys| keys.iter().map(ToString::to_string).collect());
        let id = self.open_batch("metadata-subs", &[], out);
        for part in keys.chunks(10) {
            let words: Vec<&str> = part.iter().map(String::as_str).collect();
            let line = self.numeric_line(772, &words, None);
            self.push_in(id.as_deref(), line, out);
        }
        self.close_batch(id, out);
    }

    fn sync_metadata(&mut self, of: &Owner, target: &str, out: &mut Output) {
        let keys: Vec<Box<str>> =
            self.me.as_ref().map_or_else(Vec::new, |me| me.keys.iter().cloned().collect());
        match of {
            Owner::Room(room) => {
                let id = self.open_batch("metadata", &[target], out);
                let query = Query::RoomMetadata { room: room.clone(), keys, after: None };
                self.ask(Ask::Query(query), Why::Sync { room: room.clone(), batch: id });
            }
            Owner::Person(_) => {
                self.ask_metadata(of.clone(), target, Wanted::Keys(keys));
            }
        }
    }

    /// Wants the values of a room one has come into.
    pub(super) fn room_values(&mut self, room: &chinwag_model::name::Name) {
        let keys: Vec<Box<str>> =
            self.me.as_ref().map_or_else(Vec::new, |me| me.keys.iter().cloned().collect());
        if self.has(Cap::Metadata) && !keys.is_empty() {
            let query = Query::RoomMetadata { room: room.clone(), keys, after: None };
            self.ask_next(Ask::Query(query), Why::Sync { room: room.clone(), batch: None });
        }
    }

    /// Tells a page of a room's values, and of those in it.
    pub(super) fn synced(
        &mut self,
        room: chinwag_model::name::Name,
        batch: Option<Box<str>>,
        page: &Page<(Subject, Box<str>, Text), PersonId>,
        out: &mut Output,
    ) {
        for (of, key, value) in &page.rows {
            let line = self.numeric_line(761, &[&subject(of), key, "*"], Some(value.as_str()));
            self.push_in(batch.as_deref(), line, out);
        }
        match page.next {
            Some(after) => {
                let keys =
                    self.me.as_ref().map_or_else(Vec::new, |me| me.keys.iter().cloned().collect());
                let query = Query::RoomMetadata { room: room.clone(), keys, after: Some(after) };
                self.ask_next(Ask::Query(query), Why::Sync { room, batch });
            }
            None => self.close_batch(batch, out),
        }
    }

    /// Tells values in a batch.
    pub(super) fn values(
        &mut self,
        target: &str,
        values: &[(Box<str>, Text)],
        ask: &Wanted,
        out: &mut Output,
    ) {
        match ask {
            Wanted::Whois => {
                for (key, value) in values {
                    self.numeric(760, &[target, key, "*"], value.as_str(), out);
                }
                return;
            }
            Wanted::Own if values.is_empty() => return,
            _ => {}
        }
        let id = self.open_batch("metadata", &[target], out);
        match ask {
            Wanted::Keys(keys) => {
                for key in keys {
                    let value = values.iter().find(|(known, _)| known == key);
                    let line = if is_key(key) {
                        self.value_line(target, key, value.map(|(_, value)| value))
                    } else {
                        self.key_invalid(key)
                    };
                    self.push_in(id.as_deref(), line, out);
                }
            }
            _ => {
                for (key, value) in values {
                    let line = self.value_line(target, key, Some(value));
                    self.push_in(id.as_deref(), line, out);
                }
            }
        }
        self.close_batch(id, out);
    }

    fn key_invalid(&self, key: &str) -> Line {
        let mut body = Vec::new();
        let server = &self.policy.server_name;
        let writer = chinwag_wire::irc::message::LineWriter::new(&mut body).source(server);
        let line = writer.command("FAIL").param("METADATA").param("KEY_INVALID");
        line.param(&shown_key(key)).trailing("Invalid key").end();
        Line { tags: Vec::new(), body }
    }

    fn value_line(&self, target: &str, key: &str, value: Option<&Text>) -> Line {
        match value {
            Some(value) => self.numeric_line(761, &[target, key, "*"], Some(value.as_str())),
            None => self.numeric_line(766, &[target, key], Some("Key is not set")),
        }
    }

    pub(super) fn value(
        &mut self,
        target: &str,
        key: &str,
        value: Option<&Text>,
        out: &mut Output,
    ) {
        let line = self.value_line(target, key, value);
        self.push(line, out);
    }

    /// Values were set, or taken away.
    pub(super) fn metadata_set(
        &mut self,
        target: &str,
        key: Option<&str>,
        values: &[(Box<str>, Option<Text>)],
        out: &mut Output,
    ) {
        if key.is_some() {
            for (key, value) in values {
                self.value(target, key, value.as_ref(), out);
            }
            return;
        }
        let id = self.open_batch("metadata", &[target], out);
        for (key, value) in values {
            let line = self.value_line(target, key, value.as_ref());
            self.push_in(id.as_deref(), line, out);
        }
        self.close_batch(id, out);
    }

    pub(super) fn metadata_refused(
        &mut self,
        target: &str,
        key: Option<&str>,
        refusal: &Refusal,
        out: &mut Output,
    ) {
        let key = key.unwrap_or("*");
        match refusal {
            Refusal::NoSuchPerson(_) | Refusal::NoSuchRoom(_) => self.bad_target(target, out),
            Refusal::NotYours | Refusal::Room(..) => {
                let text = "You may not set values of that";
                self.fail("METADATA", "KEY_NO_PERMISSION", &[target, key], text, out);
            }
            Refusal::NoSuchKey => {
                self.fail("METADATA", "KEY_NOT_SET", &[target, key], "Key is not set", out);
            }
            Refusal::TooMany => {
                self.fail(
                    "METADATA",
                    "LIMIT_REACHED",
                    &[target],
                    "Too many values, or too long ones in all",
                    out,
                );
            }
            other => self.refused("METADATA", target, other, out),
        }
    }

    /// Someone's value was set, or taken away.
    pub(super) fn metadata_event(
        &self,
        of: &Subject,
        key: &str,
        value: Option<&Text>,
        out: &mut Output,
    ) {
        Self::tell(&self.value_line(&subject(of), key, value), out);
    }
}

fn subject(of: &Subject) -> String {
    match of {
        Subject::Person(who) => who.name.shown().to_owned(),
        Subject::Room(room) => channel(&room.name),
    }
}

fn is_key(key: &str) -> bool {
    let plain = |byte: u8| {
        byte.is_ascii_lowercase()
            || byte.is_ascii_digit()
            || matches!(byte, b'_' | b'.' | b'/' | b'-')
    };
    !key.is_empty() && key.len() <= KEY_BYTES_MAX && key.bytes().all(plain)
}

fn shown_key(key: &str) -> String {
    let shown = chinwag_model::name::quoted(key).replace([' ', ':'], "_");
    if shown.is_empty() { "*".to_owned() } else { shown }
}
