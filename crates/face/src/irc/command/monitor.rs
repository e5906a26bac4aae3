//! `MONITOR`: being told when names are there.
//!
//! Spec: <https://ircv3.net/specs/extensions/monitor>.

use chinwag_model::message::Card;
use chinwag_model::name::Name;
use chinwag_model::query::{Answer, Query};
use chinwag_wire::irc::message::Message;

use super::Command;
use crate::irc::args;
use crate::irc::chat::{Chat, Next, Nothing, Told};
use crate::output::Output;

/// Bytes of names on one line.
const LINE_BYTES_MAX: usize = 380;

/// Most names of one command.
const NAMES_MAX: usize = 1000;

/// Names that are asked for together.
const NAMES_ASKED: usize = 100;

pub(super) const COMMANDS: &[Command] = &[Command {
    run: monitor,
    ..Command::new(
        "MONITOR",
        "+|-|C|L|S [<nick>[,<nick>]]",
        "Says when nicknames come online and go offline.",
    )
}];

fn monitor(chat: &mut Chat, message: &Message<'_>, out: &mut Output) {
    let params = message.params();
    let subcommand = params.first().copied().unwrap_or_default();
    let list = params.get(1).copied().unwrap_or_default();
    match subcommand {
        "+" => watch(chat, list, out),
        "-" => unwatch(chat, args::list(list, NAMES_MAX).filter_map(args::person).collect()),
        "C" | "c" => {
            let all = all(chat);
            unwatch(chat, all);
        }
        "L" | "l" => {
            let names: Vec<String> = chat.me.as_ref().map_or_else(Vec::new, |me| {
                me.watched.values().map(|name| name.shown().to_owned()).collect()
            });
            names_in_lines(chat, 732, &names, out);
            chat.numeric(733, &[], "End of MONITOR list", out);
        }
        "S" | "s" => {
            for part in all(chat).chunks(NAMES_ASKED) {
                chat.query(Query::Seen(part.to_vec()), Monitor(part.to_vec()));
            }
        }
        "" => chat.too_few("MONITOR", out),
        other => {
            let text = "Unknown subcommand; it is one of + - C L S";
            chat.fail("MONITOR", "INVALID_PARAMS", &[other], text, out);
        }
    }
}

fn all(chat: &Chat) -> Vec<Name> {
    chat.me.as_ref().map_or_else(Vec::new, |me| me.watched.values().cloned().collect())
}

fn watch(chat: &mut Chat, list: &str, out: &mut Output) {
    let most = chat.policy.limits.monitor_entries;
    let Some(me) = &mut chat.me else { return };
    let (mut added, mut beyond) = (Vec::new(), Vec::new());
    for word in args::list(list, NAMES_MAX) {
        // A mask is no name, and nobody has it.
        let Some(name) = args::person(word) else { continue };
        let known = me.watched.contains_key(name.folded());
        if !known && me.watched.len() >= most {
            beyond.push(word.to_owned());
            continue;
        }
        me.watched.insert(name.folded().into(), name.clone());
        added.push(name);
    }
    for part in added.chunks(NAMES_ASKED) {
        let query = Query::Watch { names: part.to_vec(), on: true };
        chat.query(query, Monitor(part.to_vec()));
    }
    if !beyond.is_empty() {
        let most = most.to_string();
        chat.numeric(734, &[&most, &beyond.join(",")], "Monitor list is full", out);
    }
}

fn unwatch(chat: &mut Chat, names: Vec<Name>) {
    if let Some(me) = &mut chat.me {
        for name in &names {
            me.watched.remove(name.folded());
        }
    }
    if !names.is_empty() {
        chat.query(Query::Watch { names, on: false }, Nothing);
    }
}

/// Whether these names are there is asked for.
#[derive(Debug)]
struct Monitor(Vec<Name>);

impl Next for Monitor {
    fn told(self: Box<Self>, told: Told<'_>, chat: &mut Chat, out: &mut Output) {
        let Told::Answer(Answer::Seen(seen)) = told else { return chat.unexpected(told, out) };
        let (mut there, mut gone) = (Vec::new(), Vec::new());
        for (name, seen) in self.0.iter().zip(seen) {
            match seen {
                Some(seen) => there.push(mask(&seen.who)),
                None => gone.push(name.shown().to_owned()),
            }
        }
        names_in_lines(chat, 730, &there, out);
        names_in_lines(chat, 731, &gone, out);
    }
}

/// Tells at once that a name is there, or no longer.
pub(in crate::irc) fn tell_change(chat: &Chat, name: &Name, who: Option<&Card>, out: &mut Output) {
    let word = who.map_or_else(|| name.shown().to_owned(), mask);
    chat.numeric_now(if who.is_some() { 730 } else { 731 }, &[], &word, out);
}

fn names_in_lines(chat: &mut Chat, number: u16, names: &[String], out: &mut Output) {
    let mut line = String::new();
    for name in names {
        if line.len() + name.len() > LINE_BYTES_MAX {
            chat.numeric(number, &[], &std::mem::take(&mut line), out);
        }
        if !line.is_empty() {
            line.push(',');
        }
        line.push_str(name);
    }
    if !line.is_empty() {
        chat.numeric(number, &[], &line, out);
    }
}

fn mask(who: &Card) -> String {
    format!("{}!{}@{}", who.name, who.badge.user, who.badge.host)
}
