//! What was said before: `CHATHISTORY`, `SEARCH`, `MARKREAD`, `REDACT`.
//!
//! Spec: <https://ircv3.net/specs/extensions/chathistory>,
//! <https://ircv3.net/specs/extensions/read-marker>,
//! <https://ircv3.net/specs/extensions/message-redaction>,
//! <https://github.com/ircv3/ircv3-specifications/pull/496> (search).

use std::sync::Arc;

use chinwag_model::ask::Ask;
use chinwag_model::effect::{Arrival, Event, Redaction, Stamp};
use chinwag_model::id::{NodeId, PersonId, Place, RoomId, Seq, SessionId, Timestamp};
use chinwag_model::intent::{Intent, Origin, Owner};
use chinwag_model::message::{Card, Conversation, Destination, Message, RoomCard};
use chinwag_model::mode::{RoomChange, RoomChanged};
use chinwag_model::name::Name;
use chinwag_model::query::{Filter, Line as Kept, Point, Query, Range};
use chinwag_model::rank::Ranks;
use chinwag_model::record::{Happening, What};
use chinwag_model::text::Text;
use chinwag_wire::irc::message::unescape;
use chinwag_wire::irc::time::{parse_timestamp, timestamp};

use super::args;
use super::caps::Cap;
use super::chat::{Chat, Why};
use super::render::{Front, Teller, channel};
use super::reply::Line;
use crate::output::Output;

/// Lines that are told to who comes into a channel and can't ask for them.
const REPLAYED: u32 = 50;

/// Lines of a channel that are told to who was away and can't ask for them: the last so many.
const MISSED_MAX: u32 = 500;

/// Messages that are kept back until the past is told; beyond that, order is given up.
const HELD_MAX: usize = 64;

/// What of a channel's past is told to a client that can't ask for it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Past {
    /// Nothing, as the person has seen it.
    Seen,
    /// What was said last, to who is new there.
    Last,
    /// What was said after this place, to who was away.
    Missed(Place),
}

/// What a page of lines is told as.
#[derive(Debug)]
pub(super) struct LinesAsk {
    target: Box<str>,
    subcommand: Box<str>,
}

impl Past {
    /// What asks for it.
    pub(super) fn query(self, room: &Name) -> Option<Query> {
        let (range, limit) = match self {
            Self::Seen => return None,
            Self::Last => (Range::Latest(None), REPLAYED),
            Self::Missed(place) => (Range::Latest(Some(Point::Place(place))), MISSED_MAX),
        };
        let of = Owner::Room(room.clone());
        Some(Query::Lines { of, range, limit, happenings: false })
    }
}

impl Chat {
    pub(super) fn chathistory(&mut self, params: &[&str], out: &mut Output) {
        let subcommand = params.first().map(|word| word.to_ascii_uppercase()).unwrap_or_default();
        if subcommand == "TARGETS" {
            return self.targets(params, out);
        }
        let points = match subcommand.as_str() {
            "LATEST" | "BEFORE" | "AFTER" | "AROUND" => 1,
            "BETWEEN" => 2,
            _ => {
                let text = "Unknown subcommand";
                return self.fail("CHATHISTORY", "UNKNOWN_COMMAND", &[&subcommand], text, out);
            }
        };
        if params.len() < points + 3 {
            let text = "Not enough parameters";
            return self.fail("CHATHISTORY", "NEED_MORE_PARAMS", &[&subcommand], text, out);
        }
        let target = params.get(1).copied().unwrap_or_default();
        let read = (|| {
            let one = *params.get(2)?;
            let range = match subcommand.as_str() {
                "LATEST" if one == "*" => Range::Latest(None),
                "LATEST" => Range::Latest(Some(point(one)?)),
                "BEFORE" => Range::Before(point(one)?),
                "AFTER" => Range::After(point(one)?),
                "AROUND" => Range::Around(point(one)?),
                _ => Range::Between(point(one)?, point(params.get(3)?)?),
            };
            let limit: u32 = params.get(points + 2)?.parse().ok()?;
            (limit > 0).then_some((range, limit))
        })();
        let Some((range, limit)) = read else {
            let text = "Invalid parameters";
            return self.fail("CHATHISTORY", "INVALID_PARAMS", &[&subcommand], text, out);
        };
        let Some(of) = args::owner(target) else {
            return self.bad_history(&subcommand, target, out);
        };
        let limit = limit.min(self.policy.limits.chathistory_messages);
        let happenings = self.has(Cap::EventPlayback);
        let ask = LinesAsk { target: target.into(), subcommand: subcommand.into() };
        let query = Query::Lines { of, range, limit, happenings };
        self.ask(Ask::Query(query), Why::Lines(Box::new(ask)));
    }

    fn bad_history(&mut self, subcommand: &str, target: &str, out: &mut Output) {
        let text = "Messages of that target cannot be read";
        let target = if target.is_empty() { "*" } else { target };
        self.fail("CHATHISTORY", "INVALID_TARGET", &[subcommand, target], text, out);
    }

    /// Tells lines that were asked for; `None` where there is no such target.
    pub(super) fn lines(&mut self, ask: &LinesAsk, lines: Option<&[Kept]>, out: &mut Output) {
        let Some(lines) = lines else {
            return self.bad_history(&ask.subcommand, &ask.target, out);
        };
        let batch = self.open_batch("chathistory", &[&ask.target], out);
        for line in lines {
            self.kept(line, &ask.target, batch.as_deref(), out);
        }
        self.close_batch(batch, out);
    }

    /// Tells lines of a channel to who has come into it, without those that were seen live since.
    pub(super) fn replayed(&mut self, target: &str, lines: &[Kept], out: &mut Output) {
        let Some(me) = &self.me else { return };
        let is_told = |line: &&Kept| match line {
            Kept::Message(message) => {
                message.place <= me.came && me.ignores.binary_search(&message.author.id).is_err()
            }
            Kept::Happening(_) => true,
        };
        let lines: Vec<Kept> = lines.iter().filter(is_told).cloned().collect();
        if !lines.is_empty() {
            let batch = self.open_batch("chathistory", &[target], out);
            for line in &lines {
                self.kept(line, target, batch.as_deref(), out);
            }
            self.close_batch(batch, out);
        }
        self.past_told(out);
    }

    /// Whether the client is told of the past without asking.
    pub(super) fn is_told(&self, past: Past) -> bool {
        !matches!(past, Past::Seen) && self.has(Cap::ServerTime) && !self.has(Cap::Chathistory)
    }

    /// The past is going to be told: what is said meanwhile comes after it.
    pub(super) fn expect_past(&mut self, past: Past) {
        if self.is_told(past)
            && let Some(me) = &mut self.me
        {
            me.behind += 1;
        }
    }

    /// Keeps a message back while what was said before it is not told yet; gives whether it did.
    pub(super) fn hold(&mut self, message: &Arc<Message>, stamp: &Stamp, out: &mut Output) -> bool {
        let Some(me) = self.me.as_mut().filter(|me| me.behind > 0) else { return false };
        me.held.push((Arc::clone(message), *stamp));
        if me.held.len() >= HELD_MAX {
            me.behind = 0;
            self.let_go(out);
        }
        true
    }

    /// A part of the past was told, or can't be.
    pub(super) fn past_told(&mut self, out: &mut Output) {
        let Some(me) = &mut self.me else { return };
        me.behind = me.behind.saturating_sub(1);
        if me.behind == 0 {
            self.let_go(out);
        }
    }

    fn let_go(&mut self, out: &mut Output) {
        let held = self.me.as_mut().map(|me| std::mem::take(&mut me.held)).unwrap_or_default();
        for (message, stamp) in held {
            self.show(&Event::Said(message), &stamp, out);
        }
    }

    fn kept(&mut self, line: &Kept, target: &str, batch: Option<&str>, out: &mut Output) {
        let viewer = self.nick().to_owned();
        let front: Vec<(&str, &str)> = batch.map(|batch| ("batch", batch)).into_iter().collect();
        let front: Front<'_> = &front;
        let mut bytes = Vec::new();
        let teller =
            Teller { server: &self.policy.server_name, look: self.look, front, viewer: &viewer };
        match line {
            Kept::Message(message) => teller.message(message, &mut bytes),
            Kept::Happening(happening) => {
                let session = SessionId { node: NodeId(0), number: 0 };
                let origin = Origin { session, request: 0 };
                let stamp = Stamp { place: happening.place, time: happening.time, origin };
                if let Some(event) = event_of(happening, target) {
                    teller.event(&event, &stamp, &mut bytes);
                }
            }
        }
        // Its tags are in it already; of a labelled answer it is a line like any other.
        if !bytes.is_empty() {
            self.push(Line { tags: Vec::new(), body: bytes }, out);
        }
    }

    fn targets(&mut self, params: &[&str], out: &mut Output) {
        let read = (|| {
            let [_, one, other, limit, ..] = params else { return None };
            let (Point::Time(one), Point::Time(other)) = (point(one)?, point(other)?) else {
                return None;
            };
            let limit: u32 = limit.parse().ok()?;
            Some((one.min(other), one.max(other), limit))
        })();
        let Some((from, to, limit)) = read else {
            let text = "Invalid parameters";
            return self.fail("CHATHISTORY", "INVALID_PARAMS", &["TARGETS"], text, out);
        };
        let limit = limit.min(self.policy.limits.chathistory_messages);
        self.ask(Ask::Query(Query::Targets { from, to, limit }), Why::Targets);
    }

    /// Tells conversations, each with the time of its last message.
    pub(super) fn told_targets(&mut self, messages: &[Arc<Message>], out: &mut Output) {
        let batch = self.open_batch("draft/chathistory-targets", &[], out);
        let own = self.me.as_ref().map(|me| me.card.id);
        for message in messages {
            let target = match &message.to {
                Destination::Room(room) => channel(&room.name),
                Destination::Person(to) if Some(to.id) == own => {
                    message.author.name.shown().to_owned()
                }
                Destination::Person(to) => to.name.shown().to_owned(),
                Destination::Everyone => continue,
            };
            let mut body = Vec::new();
            let server = &self.policy.server_name;
            let writer = chinwag_wire::irc::message::LineWriter::new(&mut body).source(server);
            let line = writer.command("CHATHISTORY").param("TARGETS").param(&target);
            line.param(&timestamp(message.time.0)).end();
            self.push_in(batch.as_deref(), Line { tags: Vec::new(), body }, out);
        }
        self.close_batch(batch, out);
    }

    pub(super) fn search(&mut self, params: &[&str], out: &mut Output) {
        let mut filter = Filter::default();
        let (mut words, mut limit) = (String::new(), 50);
        for part in params.first().copied().unwrap_or_default().split(';') {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            let value = unescape(value);
            let read = match key {
                "text" => {
                    words = value.into_owned();
                    Some(())
                }
                "in" => args::owner(&value).map(|owner| filter.within = Some(owner)),
                "from" => args::person(&value).map(|name| filter.author = Some(name)),
                "after" => parse_timestamp(&value).map(|ms| filter.after = Some(Timestamp(ms))),
                "before" => parse_timestamp(&value).map(|ms| filter.before = Some(Timestamp(ms))),
                "limit" => value.parse().ok().map(|count| limit = count),
                _ => Some(()),
            };
            if read.is_none() {
                let text = "Invalid parameters";
                return self.fail("SEARCH", "INVALID_PARAMS", &[key], text, out);
            }
        }
        if words.trim().is_empty() {
            let text = "There is nothing to look for; give text=WORDS";
            return self.fail("SEARCH", "INVALID_PARAMS", &["text"], text, out);
        }
        let limit = limit.clamp(1, self.policy.limits.chathistory_messages);
        let query = Query::Search { words, filter: Box::new(filter), limit };
        self.ask(Ask::Query(query), Why::Search);
    }

    pub(super) fn found(&mut self, messages: &[Arc<Message>], out: &mut Output) {
        let batch = self.open_batch("draft/search", &[], out);
        for message in messages {
            self.kept(&Kept::Message(Arc::clone(message)), "", batch.as_deref(), out);
        }
        self.close_batch(batch, out);
    }

    pub(super) fn markread(&mut self, params: &[&str], out: &mut Output) {
        let Some(target) = params.first().filter(|target| !target.is_empty()) else {
            let text = "Missing parameters";
            return self.fail("MARKREAD", "NEED_MORE_PARAMS", &[], text, out);
        };
        if args::owner(target).is_none() {
            let text = "Invalid target";
            return self.fail("MARKREAD", "INVALID_PARAMS", &[target], text, out);
        }
        let key = args::read_key(target);
        let Some(given) = params.get(1) else {
            let why = Why::ReadMark { target: (*target).into() };
            return self.ask(Ask::Query(Query::ReadUpto(key)), why);
        };
        let upto = given.strip_prefix("timestamp=").and_then(parse_timestamp);
        let Some(upto) = upto else {
            let text = "Invalid timestamp";
            return self.fail("MARKREAD", "INVALID_PARAMS", &[target], text, out);
        };
        let read = Intent::Read { target: key, upto: Timestamp(upto) };
        self.want(read, Why::SetRead((*target).into()));
    }

    pub(super) fn read_mark(&mut self, target: &str, upto: Option<Timestamp>, out: &mut Output) {
        let upto = match upto {
            Some(upto) => format!("timestamp={}", timestamp(upto.0)),
            None => "*".to_owned(),
        };
        self.server_line("MARKREAD", |line| line.param(target).param(&upto), out);
    }

    pub(super) fn redact(&mut self, params: &[&str], out: &mut Output) {
        let [target, id, ..] = params else { return };
        let reason = args::words(params.get(2), self.policy.limits.kick_length);
        if args::owner(target).is_none() {
            let text = "There is no such target";
            return self.fail("REDACT", "INVALID_TARGET", &[target], text, out);
        }
        let target: Box<str> = (*target).into();
        // Whether there is such a room is known before such a message is looked for.
        if let Some(room) = args::channel(&target) {
            let why = Why::FindToRedact { target, id: (*id).into(), reason };
            return self.ask(Ask::Query(Query::Channel(room)), why);
        }
        self.find_to_redact(target, (*id).into(), reason, out);
    }

    pub(super) fn find_to_redact(
        &mut self,
        target: Box<str>,
        id: Box<str>,
        reason: Option<Text>,
        out: &mut Output,
    ) {
        match place(&id) {
            Some(place) => {
                let why = Why::FindToRedact { target, id, reason };
                self.ask_next(Ask::Query(Query::Message(place)), why);
            }
            None => self.unknown_message(&target, &id, out),
        }
    }

    /// The message was found, or not.
    pub(super) fn found_to_redact(
        &mut self,
        target: Box<str>,
        id: Box<str>,
        reason: Option<Text>,
        message: Option<&Message>,
        out: &mut Output,
    ) {
        let fits = |message: &&Message| match &message.to {
            Destination::Room(room) => args::channel(&target).is_some_and(|name| name == room.name),
            Destination::Person(to) => args::person(&target)
                .is_some_and(|name| name == to.name || name == message.author.name),
            Destination::Everyone => false,
        };
        let Some(message) = message.filter(fits) else {
            return self.unknown_message(&target, &id, out);
        };
        let (room, to) = match &message.to {
            Destination::Room(room) => (Some(room.id), None),
            Destination::Person(to) => (None, Some(to.id)),
            Destination::Everyone => (None, None),
        };
        let redact =
            Intent::Redact { message: message.place, author: message.author.id, room, to, reason };
        self.want(redact, Why::Redact { target, id });
    }

    pub(super) fn unknown_message(&mut self, target: &str, id: &str, out: &mut Output) {
        let id = if id.is_empty() { "*" } else { id };
        let text = "There is no such message here";
        self.fail("REDACT", "UNKNOWN_MSGID", &[target, id], text, out);
    }
}

/// A point of a conversation, as a client gives it.
fn point(text: &str) -> Option<Point> {
    match text.split_once('=')? {
        ("msgid", id) => place(id).map(Point::Place),
        ("timestamp", time) => parse_timestamp(time).map(|ms| Point::Time(Timestamp(ms))),
        _ => None,
    }
}

/// The place that a message's id is.
fn place(id: &str) -> Option<Place> {
    let (seq, index) = id.split_once('.')?;
    Some(Place { seq: Seq(seq.parse().ok()?), index: index.parse().ok()? })
}

/// What happened in a conversation with this target, as it was told then.
fn event_of(happening: &Happening, target: &str) -> Option<Event> {
    let who = happening.who.clone();
    let id = match happening.conversation {
        Conversation::Room(id) => id,
        _ => RoomId::LOBBY,
    };
    let room = args::channel(target).map(|name| RoomCard { id, name, group: false });
    Some(match &happening.what {
        What::Redacted(message, reason) => Event::Redacted(Arc::new(Redaction {
            message: *message,
            conversation: happening.conversation,
            to: args::person(target).map(|name| Card { id: who.id, name, badge: Arc::default() }),
            room,
            by: who,
            reason: reason.clone(),
        })),
        What::Renamed(now) => Event::Renamed { was: who, who: now.clone() },
        What::Quit(reason) => Event::Quit { who, reason: reason.clone() },
        What::Joined => Event::Joined(Arc::new(Arrival {
            who,
            room: room?,
            real_name: Arc::from(""),
            ranks: Ranks::NONE,
            away: None,
            metadata: Arc::from(vec![]),
        })),
        What::Left(reason) => Event::Left { who, room: room?, reason: reason.clone() },
        What::Kicked(whom, reason) => {
            let (room, reason) = (room?, reason.clone());
            Event::Kicked { room, who: whom.clone(), by: who, reason }
        }
        What::Changed(changes) => Event::Changed {
            room: room?,
            by: Some(who),
            changes: changes.iter().filter_map(changed).collect(),
        },
        What::Topic(topic) => Event::Topic { room: room?, by: who, topic: topic.clone() },
    })
}

/// A change of a room as it was told then, but for its key.
fn changed(change: &RoomChange) -> Option<RoomChanged> {
    Some(match change {
        RoomChange::Flag(flag, on) => RoomChanged::Flag(*flag, *on),
        RoomChange::Key(key) => RoomChanged::Key(Text::parse("*").ok()?, key.is_some()),
        RoomChange::Limit(limit) => RoomChanged::Limit(*limit),
        RoomChange::List(list, mask, on) => RoomChanged::List(*list, mask.clone(), *on),
        RoomChange::Rank(name, rank, on) => {
            let who = Card { id: PersonId(0), name: name.clone(), badge: Arc::default() };
            RoomChanged::Rank(who, *rank, *on)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_ids_or_times() {
        let place = Place { seq: Seq(12), index: 3 };
        for (text, read) in [
            ("msgid=12.3", Some(Point::Place(place))),
            ("timestamp=1970-01-01T00:00:00.001Z", Some(Point::Time(Timestamp(1)))),
            ("msgid=", None),
            ("msgid=12", None),
            ("msgid=-1.0", None),
            ("timestamp=then", None),
            ("*", None),
            ("", None),
        ] {
            assert_eq!(point(text), read, "{text}");
        }
        assert_eq!(self::place(&place.to_string()), Some(place));
    }
}
