//! `MONITOR`: being told when names are there.
//!
//! Spec: <https://ircv3.net/specs/extensions/monitor>.

use chinwag_model::ask::Ask;
use chinwag_model::message::Card;
use chinwag_model::name::Name;
use chinwag_model::query::{Query, Seen};

use super::args;
use super::chat::{Chat, Why};
use crate::output::Output;

/// Bytes of names on one line.
const LINE_BYTES_MAX: usize = 380;

impl Chat {
    pub(super) fn monitor(&mut self, params: &[&str], out: &mut Output) {
        let subcommand = params.first().copied().unwrap_or_default();
        let list = params.get(1).copied().unwrap_or_default();
        match subcommand {
            "+" => self.watch(list, out),
            "-" => self.unwatch(args::list(list, 1000).filter_map(args::person).collect()),
            "C" | "c" => {
                let all = self
                    .me
                    .as_ref()
                    .map_or_else(Vec::new, |me| me.watched.values().cloned().collect());
                self.unwatch(all);
            }
            "L" | "l" => {
                let names: Vec<String> = self.me.as_ref().map_or_else(Vec::new, |me| {
                    me.watched.values().map(|name| name.shown().to_owned()).collect()
                });
                self.names_in_lines(732, &names, out);
                self.numeric(733, &[], "End of MONITOR list", out);
            }
            "S" | "s" => {
                let names: Vec<Name> = self
                    .me
                    .as_ref()
                    .map_or_else(Vec::new, |me| me.watched.values().cloned().collect());
                for part in names.chunks(100) {
                    self.ask(Ask::Query(Query::Seen(part.to_vec())), Why::Monitor(part.to_vec()));
                }
            }
            "" => self.too_few("MONITOR", out),
            other => {
                let text = "Unknown subcommand; it is one of + - C L S";
                self.fail("MONITOR", "INVALID_PARAMS", &[other], text, out);
            }
        }
    }

    fn watch(&mut self, list: &str, out: &mut Output) {
        let most = self.policy.limits.monitor_entries;
        let Some(me) = &mut self.me else { return };
        let (mut added, mut beyond) = (Vec::new(), Vec::new());
        for word in args::list(list, 1000) {
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
        for part in added.chunks(100) {
            let query = Query::Watch { names: part.to_vec(), on: true };
            self.ask(Ask::Query(query), Why::Monitor(part.to_vec()));
        }
        if !beyond.is_empty() {
            let most = most.to_string();
            self.numeric(734, &[&most, &beyond.join(",")], "Monitor list is full", out);
        }
    }

    fn unwatch(&mut self, names: Vec<Name>) {
        if let Some(me) = &mut self.me {
            for name in &names {
                me.watched.remove(name.folded());
            }
        }
        if !names.is_empty() {
            self.ask(Ask::Query(Query::Watch { names, on: false }), Why::Nothing);
        }
    }

    /// Tells which of these names are there.
    pub(super) fn watched(&mut self, names: &[Name], seen: &[Option<Seen>], out: &mut Output) {
        let (mut there, mut gone) = (Vec::new(), Vec::new());
        for (name, seen) in names.iter().zip(seen) {
            match seen {
                Some(seen) => there.push(mask(&seen.who)),
                None => gone.push(name.shown().to_owned()),
            }
        }
        self.names_in_lines(730, &there, out);
        self.names_in_lines(731, &gone, out);
    }

    /// Tells that a name is there, or no longer.
    pub(super) fn watched_now(&mut self, name: &Name, who: Option<&Card>, out: &mut Output) {
        let word = who.map_or_else(|| name.shown().to_owned(), mask);
        let number = if who.is_some() { 730 } else { 731 };
        let mut body = Vec::new();
        let server = &self.policy.server_name;
        let writer = chinwag_wire::irc::message::LineWriter::new(&mut body).source(server);
        writer.numeric(number).param(self.nick()).trailing(&word).end();
        Self::tell(&super::reply::Line { tags: Vec::new(), body }, out);
    }

    fn names_in_lines(&mut self, number: u16, names: &[String], out: &mut Output) {
        let mut line = String::new();
        for name in names {
            if line.len() + name.len() > LINE_BYTES_MAX {
                self.numeric(number, &[], &std::mem::take(&mut line), out);
            }
            if !line.is_empty() {
                line.push(',');
            }
            line.push_str(name);
        }
        if !line.is_empty() {
            self.numeric(number, &[], &line, out);
        }
    }
}

fn mask(who: &Card) -> String {
    format!("{}!{}@{}", who.name, who.badge.user, who.badge.host)
}
