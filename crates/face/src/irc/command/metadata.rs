//! `METADATA`: values that persons and channels have for clients to show.
//!
//! Spec: <https://ircv3.net/specs/extensions/metadata>, as of its third draft.

use chinwag_model::id::PersonId;
use chinwag_model::intent::{Intent, Owner};
use chinwag_model::message::Subject;
use chinwag_model::name::Name;
use chinwag_model::outcome::{Done, Refusal};
use chinwag_model::query::{Answer, Page, Query};
use chinwag_model::text::Text;
use chinwag_wire::irc::message::Message;

use super::Command;
use crate::irc::args;
use crate::irc::caps::Cap;
use crate::irc::chat::{Chat, Next, Nothing, Told};
use crate::irc::render::channel;
use crate::output::Output;

/// The longest value, in bytes.
const VALUE_BYTES_MAX: usize = 400;

/// The longest key, in bytes.
const KEY_BYTES_MAX: usize = 64;

/// Keys of one command.
const KEYS_MAX: usize = 100;

pub(super) const COMMANDS: &[Command] = &[Command {
    early: true,
    run: metadata,
    ..Command::new(
        "METADATA",
        "<target> GET|LIST|SET|CLEAR|SYNC|SUB|UNSUB|SUBS [<key>]",
        "Shows or sets values that clients display.",
    )
}];

/// Which values are wanted.
#[derive(Debug)]
enum Wanted {
    /// These, each told whether it is set or not.
    Keys(Vec<Box<str>>),
    /// All.
    All,
    /// All, if there are any.
    Own,
    /// All, in an answer to `WHOIS`.
    Whois,
}

fn metadata(chat: &mut Chat, message: &Message<'_>, out: &mut Output) {
    let params = message.params();
    let [target, subcommand, rest @ ..] = params else {
        let text = "Not enough parameters";
        return chat.fail("METADATA", "NEED_MORE_PARAMS", &[], text, out);
    };
    let subcommand = subcommand.to_ascii_uppercase();
    match (subcommand.as_str(), rest) {
        ("SUB", keys) => return subscribe(chat, keys, out),
        ("UNSUB", keys) => return unsubscribe(chat, keys, out),
        ("SUBS", _) => return subscriptions(chat, out),
        _ => {}
    }
    if chat.me.is_none() {
        return early_metadata(chat, &subcommand, target, rest, out);
    }
    let Some((of, target)) = owner_of(chat, target) else {
        return bad_target(chat, target, out);
    };
    match (subcommand.as_str(), rest) {
        ("GET", [_, ..]) => {
            let keys = rest.iter().take(KEYS_MAX).map(|key| (*key).into()).collect();
            ask_metadata(chat, of, &target, Wanted::Keys(keys));
        }
        ("LIST", _) => ask_metadata(chat, of, &target, Wanted::All),
        ("SET", [key, value @ ..]) => {
            let Some((key, value)) = read_value(chat, key, value.first(), out) else { return };
            set_metadata(chat, of, &target, Some(key), value);
        }
        ("CLEAR", _) => set_metadata(chat, of, &target, None, None),
        ("SYNC", _) => sync_metadata(chat, &of, &target, out),
        _ => {
            let text = "Unknown subcommand, or not enough parameters";
            chat.fail("METADATA", "INVALID_PARAMS", &[&subcommand], text, out);
        }
    }
}

fn owner_of(chat: &Chat, target: &str) -> Option<(Owner, String)> {
    if target == "*" {
        let name = chat.me.as_ref()?.card.name.clone();
        let shown = name.shown().to_owned();
        return Some((Owner::Person(name), shown));
    }
    Some((args::owner(target)?, target.to_owned()))
}

fn bad_target(chat: &mut Chat, target: &str, out: &mut Output) {
    chat.fail("METADATA", "INVALID_TARGET", &[target], "Invalid target", out);
}

fn ask_metadata(chat: &mut Chat, of: Owner, target: &str, wanted: Wanted) {
    chat.query(Query::Metadata(of), Ask { target: target.into(), wanted });
}

/// Wants to tell one's own values, if there are any.
pub(super) fn ask_own(chat: &mut Chat) {
    let Some(me) = &chat.me else { return };
    let name = me.card.name.clone();
    let target = name.to_string();
    ask_metadata(chat, Owner::Person(name), &target, Wanted::Own);
}

/// Wants to tell a person's values before anything else, as a part of `WHOIS`.
pub(super) fn ask_for_whois(chat: &mut Chat, name: Name) {
    let next = Ask { target: name.shown().into(), wanted: Wanted::Whois };
    chat.query_next(Query::Metadata(Owner::Person(name)), next);
}

/// Values are asked for.
#[derive(Debug)]
struct Ask {
    target: Box<str>,
    wanted: Wanted,
}

impl Next for Ask {
    fn told(self: Box<Self>, told: Told<'_>, chat: &mut Chat, out: &mut Output) {
        let Told::Answer(Answer::Metadata(found)) = told else {
            return chat.unexpected(told, out);
        };
        match (found, &self.wanted) {
            (Some((_, values)), wanted) => tell(chat, &self.target, values, wanted, out),
            (None, Wanted::Own | Wanted::Whois) => {}
            (None, _) => bad_target(chat, &self.target, out),
        }
    }
}

fn set_metadata(
    chat: &mut Chat,
    of: Owner,
    target: &str,
    key: Option<Box<str>>,
    value: Option<Text>,
) {
    let keys_max = chat.policy.limits.metadata_keys;
    let next = Set { target: target.into(), key: key.clone() };
    chat.want(Intent::SetMetadata { of, key, value, keys_max }, next);
}

/// Sets a value of one's own without telling.
pub(super) fn set_own_quietly(chat: &mut Chat, key: Box<str>, value: Option<Text>) {
    let Some(me) = &chat.me else { return };
    let of = Owner::Person(me.card.name.clone());
    let keys_max = chat.policy.limits.metadata_keys;
    chat.want(Intent::SetMetadata { of, key: Some(key), value, keys_max }, Nothing);
}

fn read_value(
    chat: &mut Chat,
    key: &str,
    value: Option<&&str>,
    out: &mut Output,
) -> Option<(Box<str>, Option<Text>)> {
    if !is_key(key) {
        chat.fail("METADATA", "KEY_INVALID", &[&shown_key(key)], "Invalid key", out);
        return None;
    }
    let value = match value {
        None => None,
        Some(value) if value.len() > VALUE_BYTES_MAX => {
            let text = "Value is too long";
            chat.fail("METADATA", "INVALID_VALUE", &[key], text, out);
            return None;
        }
        Some(value) => Some(Text::parse(value).unwrap_or_else(|_| Text::empty())),
    };
    Some((key.into(), value))
}

/// Before one comes in, one's own values can be set, and read.
fn early_metadata(
    chat: &mut Chat,
    subcommand: &str,
    target: &str,
    rest: &[&str],
    out: &mut Output,
) {
    if target != "*" {
        return bad_target(chat, target, out);
    }
    match (subcommand, rest) {
        ("SET", [key, value @ ..]) => {
            let Some((key, value)) = read_value(chat, key, value.first(), out) else { return };
            let most = usize::try_from(chat.policy.limits.metadata_keys).unwrap_or(usize::MAX);
            let Some(intro) = &mut chat.intro else { return };
            intro.metadata.retain(|(known, _)| *known != key);
            if intro.metadata.len() >= most.min(KEYS_MAX) {
                let text = "Too many keys";
                return chat.fail("METADATA", "LIMIT_REACHED", &["*"], text, out);
            }
            if let Some(value) = &value {
                intro.metadata.push((key.clone(), value.clone()));
            }
            tell_value(chat, None, "*", &key, value.as_ref(), out);
        }
        ("GET", keys) => {
            let own = chat.intro.as_ref().map(|intro| intro.metadata.clone());
            let keys = keys.iter().take(KEYS_MAX).map(|key| (*key).into()).collect();
            tell(chat, "*", &own.unwrap_or_default(), &Wanted::Keys(keys), out);
        }
        ("LIST", _) => {
            let own = chat.intro.as_ref().map(|intro| intro.metadata.clone());
            tell(chat, "*", &own.unwrap_or_default(), &Wanted::All, out);
        }
        _ => chat.fail("METADATA", "INVALID_PARAMS", &[subcommand], "Not possible yet", out),
    }
}

fn subscribe(chat: &mut Chat, keys: &[&str], out: &mut Output) {
    let most = chat.policy.limits.metadata_subscriptions;
    let mut done = Vec::new();
    for key in keys.iter().take(KEYS_MAX) {
        if !is_key(key) {
            chat.fail("METADATA", "KEY_INVALID", &[&shown_key(key)], "Invalid key", out);
            continue;
        }
        let Some(subscribed) = subscribed(chat) else { return };
        if !subscribed.contains(*key) && subscribed.len() >= most {
            let text = "Too many subscriptions";
            return chat.fail("METADATA", "TOO_MANY_SUBS", &[key], text, out);
        }
        subscribed.insert((*key).into());
        done.push(*key);
    }
    if done.is_empty() {
        return;
    }
    for part in done.chunks(10) {
        chat.numeric_bare(770, part, out);
    }
    if chat.me.is_some() {
        // What there is already is told by `SYNC`, or as one comes into a channel.
        chat.numeric_bare(774, &["*", "0"], out);
    }
}

fn subscribed(chat: &mut Chat) -> Option<&mut std::collections::BTreeSet<Box<str>>> {
    match (&mut chat.me, &mut chat.intro) {
        (Some(me), _) => Some(&mut me.keys),
        (None, Some(intro)) => Some(&mut intro.keys),
        (None, None) => None,
    }
}

fn unsubscribe(chat: &mut Chat, keys: &[&str], out: &mut Output) {
    let Some(subscribed) = subscribed(chat) else { return };
    for key in keys {
        subscribed.remove(*key);
    }
    for part in keys.chunks(10) {
        chat.numeric_bare(771, part, out);
    }
}

fn subscriptions(chat: &mut Chat, out: &mut Output) {
    let keys: Vec<String> = subscribed(chat)
        .map_or_else(Vec::new, |keys| keys.iter().map(ToString::to_string).collect());
    let id = chat.open_batch("metadata-subs", &[], out);
    for part in keys.chunks(10) {
        let words: Vec<&str> = part.iter().map(String::as_str).collect();
        chat.numeric_in(id.as_deref(), 772, &words, None, out);
    }
    chat.close_batch(id, out);
}

/// Keys that the client wants to hear of.
fn keys(chat: &Chat) -> Vec<Box<str>> {
    chat.me.as_ref().map_or_else(Vec::new, |me| me.keys.iter().cloned().collect())
}

fn sync_metadata(chat: &mut Chat, of: &Owner, target: &str, out: &mut Output) {
    match of {
        Owner::Room(room) => {
            let batch = chat.open_batch("metadata", &[target], out);
            let sync = Sync { room: room.clone(), batch };
            let query = sync.query(chat, None);
            chat.query(query, sync);
        }
        Owner::Person(_) => {
            let wanted = Wanted::Keys(keys(chat));
            ask_metadata(chat, of.clone(), target, wanted);
        }
    }
}

/// Wants to tell the values of a room that one has come into, before anything else.
pub(super) fn ask_room(chat: &mut Chat, room: &Name) {
    if chat.has(Cap::Metadata) && chat.me.as_ref().is_some_and(|me| !me.keys.is_empty()) {
        let sync = Sync { room: room.clone(), batch: None };
        let query = sync.query(chat, None);
        chat.query_next(query, sync);
    }
}

/// A page of the values of a room and of those in it is asked for, perhaps to be told in a batch.
#[derive(Debug)]
struct Sync {
    room: Name,
    batch: Option<Box<str>>,
}

impl Sync {
    fn query(&self, chat: &Chat, after: Option<PersonId>) -> Query {
        Query::RoomMetadata { room: self.room.clone(), keys: keys(chat), after }
    }

    fn tell(
        self,
        page: &Page<(Subject, Box<str>, Text), PersonId>,
        chat: &mut Chat,
        out: &mut Output,
    ) {
        for (of, key, value) in &page.rows {
            let params = [&subject(of), &**key, "*"];
            chat.numeric_in(self.batch.as_deref(), 761, &params, Some(value.as_str()), out);
        }
        match page.next {
            Some(after) => {
                let query = self.query(chat, Some(after));
                chat.query_next(query, self);
            }
            None => chat.close_batch(self.batch, out),
        }
    }
}

impl Next for Sync {
    fn told(self: Box<Self>, told: Told<'_>, chat: &mut Chat, out: &mut Output) {
        match told {
            Told::Answer(Answer::RoomMetadata(page)) => self.tell(page, chat, out),
            other => chat.unexpected(other, out),
        }
    }
}

/// Tells values: of `WHOIS` as they are, others in a batch.
fn tell(
    chat: &mut Chat,
    target: &str,
    values: &[(Box<str>, Text)],
    wanted: &Wanted,
    out: &mut Output,
) {
    match wanted {
        Wanted::Whois => {
            for (key, value) in values {
                chat.numeric(760, &[target, key, "*"], value.as_str(), out);
            }
            return;
        }
        Wanted::Own if values.is_empty() => return,
        _ => {}
    }
    let id = chat.open_batch("metadata", &[target], out);
    let batch = id.as_deref();
    match wanted {
        Wanted::Keys(keys) => {
            for key in keys {
                if is_key(key) {
                    let value = values.iter().find(|(known, _)| known == key);
                    tell_value(chat, batch, target, key, value.map(|(_, value)| value), out);
                } else {
                    let key = shown_key(key);
                    chat.fail_in(batch, "METADATA", "KEY_INVALID", &[&key], "Invalid key", out);
                }
            }
        }
        _ => {
            for (key, value) in values {
                tell_value(chat, batch, target, key, Some(value), out);
            }
        }
    }
    chat.close_batch(id, out);
}

fn tell_value(
    chat: &mut Chat,
    batch: Option<&str>,
    target: &str,
    key: &str,
    value: Option<&Text>,
    out: &mut Output,
) {
    match value {
        Some(value) => {
            chat.numeric_in(batch, 761, &[target, key, "*"], Some(value.as_str()), out);
        }
        None => chat.numeric_in(batch, 766, &[target, key], Some(NOT_SET), out),
    }
}

/// What is said of a key that has no value.
const NOT_SET: &str = "Key is not set";

/// A value is set or taken away; all are taken away where there is no key.
#[derive(Debug)]
struct Set {
    target: Box<str>,
    key: Option<Box<str>>,
}

impl Next for Set {
    fn told(self: Box<Self>, told: Told<'_>, chat: &mut Chat, out: &mut Output) {
        let target = &*self.target;
        match told {
            Told::Outcome(Ok(Done::Metadata(_, values))) => {
                let all = self.key.is_none();
                let id = if all { chat.open_batch("metadata", &[target], out) } else { None };
                for (key, value) in values {
                    tell_value(chat, id.as_deref(), target, key, value.as_ref(), out);
                }
                chat.close_batch(id, out);
            }
            Told::Outcome(Err(refusal)) => self.refused(refusal, chat, out),
            other => chat.unexpected(other, out),
        }
    }
}

impl Set {
    fn refused(&self, refusal: &Refusal, chat: &mut Chat, out: &mut Output) {
        let target = &*self.target;
        let key = self.key.as_deref().unwrap_or("*");
        match refusal {
            Refusal::NoSuchPerson(_) | Refusal::NoSuchRoom(_) => bad_target(chat, target, out),
            Refusal::NotYours | Refusal::Room(..) => {
                let text = "You may not set values of that";
                chat.fail("METADATA", "KEY_NO_PERMISSION", &[target, key], text, out);
            }
            Refusal::NoSuchKey => {
                chat.fail("METADATA", "KEY_NOT_SET", &[target, key], NOT_SET, out);
            }
            Refusal::TooMany => {
                let text = "Too many values, or too long ones in all";
                chat.fail("METADATA", "LIMIT_REACHED", &[target], text, out);
            }
            other => chat.refused("METADATA", target, other, out),
        }
    }
}

/// Tells at once that someone's value was set, or taken away.
pub(in crate::irc) fn tell_change(
    chat: &Chat,
    of: &Subject,
    key: &str,
    value: Option<&Text>,
    out: &mut Output,
) {
    let target = subject(of);
    match value {
        Some(value) => chat.numeric_now(761, &[&target, key, "*"], value.as_str(), out),
        None => chat.numeric_now(766, &[&target, key], NOT_SET, out),
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
