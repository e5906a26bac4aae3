//! How messages and events look in IRC, encoded once for all who see them so.

use chinwag_model::effect::{Arrival, Event, Redaction, Stamp};
use chinwag_model::id::Timestamp;
use chinwag_model::message::{Card, Destination, Manner, Message};
use chinwag_model::name::Name;
use chinwag_wire::irc::message::{LineWriter, SourcedWriter};
use chinwag_wire::irc::time::timestamp;

use super::caps::{Cap, Caps};
use super::split::LINE_BYTES_MAX;
use super::{sign, split};

/// What of a session's capabilities makes a difference to how events look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Look(u8);

const TAGS: u8 = 1;
const TIME: u8 = 2;
const ACCOUNT: u8 = 4;
const MULTILINE: u8 = 8;
const JOIN: u8 = 16;
const AWAY: u8 = 32;

impl Look {
    pub(super) fn of(caps: Caps) -> Self {
        let both = |one, other| caps.has(one) && caps.has(other);
        let bits = [
            (caps.has(Cap::MessageTags), TAGS),
            (caps.has(Cap::ServerTime), TIME),
            (caps.has(Cap::AccountTag), ACCOUNT),
            (both(Cap::Multiline, Cap::Batch), MULTILINE),
            (caps.has(Cap::ExtendedJoin), JOIN),
            (caps.has(Cap::AwayNotify), AWAY),
        ];
        Self(bits.iter().filter(|(on, _)| *on).map(|(_, bit)| bit).sum())
    }

    /// The look as a number, to be kept with a device.
    pub(super) fn bits(self) -> u8 {
        self.0
    }

    /// The look that was kept, on a line alone.
    pub(super) fn single(bits: u8) -> Self {
        Self(bits & !MULTILINE)
    }

    fn has(self, bit: u8) -> bool {
        self.0 & bit != 0
    }
}

/// Tags that stand before those of the event itself: a batch, a label.
pub(super) type Front<'f> = &'f [(&'f str, &'f str)];

/// A room's name as channels are called.
pub(super) fn channel(name: &Name) -> String {
    ["#", name.shown()].concat()
}

/// Bytes of client tags that are sent again with each line of a message, for clients without
/// `draft/multiline`. Larger ones would multiply what a sender costs its readers.
const REPEATED_TAG_BYTES_MAX: usize = 256;

/// Where an event is told: who tells it, and as what.
pub(super) struct Teller<'t> {
    pub(super) server: &'t str,
    pub(super) look: Look,
    pub(super) front: Front<'t>,
    /// The name of who sees it, where it says so.
    pub(super) viewer: &'t str,
}

impl Teller<'_> {
    /// A line by someone that history tells again, begun with its tags and its id.
    fn kept<'o>(&self, who: &Card, stamp: &Stamp, out: &'o mut Vec<u8>) -> SourcedWriter<'o> {
        let mut writer = self.time(stamp.time, out);
        if self.look.has(TAGS) && stamp.place.seq.0 > 0 {
            writer = writer.tag("msgid", Some(&stamp.place.to_string()));
        }
        self.tagged(who, writer)
    }

    /// A line by someone, begun with its tags.
    fn by<'o>(&self, who: &Card, time: Timestamp, out: &'o mut Vec<u8>) -> SourcedWriter<'o> {
        self.tagged(who, self.time(time, out))
    }

    fn tagged<'o>(&self, who: &Card, mut writer: LineWriter<'o>) -> SourcedWriter<'o> {
        if self.look.has(ACCOUNT)
            && let Some(account) = &who.badge.account
        {
            writer = writer.tag("account", Some(account.shown()));
        }
        if self.look.has(TAGS) && who.badge.bot {
            writer = writer.tag("bot", None);
        }
        writer.source_mask(who.name.shown(), &who.badge.user, &who.badge.host)
    }

    fn time<'o>(&self, time: Timestamp, out: &'o mut Vec<u8>) -> LineWriter<'o> {
        let mut writer = LineWriter::new(out);
        for (key, value) in self.front {
            writer = writer.tag(key, Some(value));
        }
        if self.look.has(TIME) {
            writer = writer.tag("time", Some(&timestamp(time.0)));
        }
        writer
    }

    /// A message, as one line or several.
    pub(super) fn message(&self, message: &Message, out: &mut Vec<u8>) {
        let (command, acts) = match message.manner {
            Manner::Speech => ("PRIVMSG", false),
            Manner::Action => ("PRIVMSG", true),
            Manner::Notice => ("NOTICE", false),
            Manner::Tags => return self.tags_alone(message, out),
        };
        let target = self.target(message);
        // To everyone nobody answers, so that it is told as a notice.
        let broadcast = message.to == Destination::Everyone;
        let command = if broadcast { "NOTICE" } else { command };
        let room = split::room(&message.author, command, &target, acts);
        let pieces = split::pieces(message, room);
        let many = pieces.len() > 1;
        if many && self.look.has(MULTILINE) && !acts && !broadcast {
            return self.multiline(message, command, &target, &pieces, out);
        }
        let (mut first, repeats) = (true, tag_bytes(message) <= REPEATED_TAG_BYTES_MAX);
        for piece in pieces.iter().filter(|piece| !many || !piece.text.is_empty()) {
            let line =
                self.said(message, first, first || repeats, out).command(command).param(&target);
            if acts {
                line.trailing(&format!("\u{1}ACTION {}\u{1}", piece.text)).end();
            } else if broadcast {
                line.trailing(&format!("[broadcast] {}", piece.text)).end();
            } else {
                line.trailing(piece.text).end();
            }
            first = false;
        }
    }

    fn multiline(
        &self,
        message: &Message,
        command: &str,
        target: &str,
        pieces: &[split::Piece<'_>],
        out: &mut Vec<u8>,
    ) {
        let id = format!("m{}", message.place);
        let begin = self.said(message, true, true, out).command("BATCH").param(&format!("+{id}"));
        begin.param("draft/multiline").param(target).end();
        let who = &message.author;
        for piece in pieces {
            let mut writer = LineWriter::new(out).tag("batch", Some(&id));
            if piece.concat {
                writer = writer.tag("draft/multiline-concat", None);
            }
            let writer = writer.source_mask(who.name.shown(), &who.badge.user, &who.badge.host);
            writer.command(command).param(target).trailing(piece.text).end();
        }
        let writer = LineWriter::new(out).source(self.server).command("BATCH");
        writer.param(&format!("-{id}")).end();
    }

    fn tags_alone(&self, message: &Message, out: &mut Vec<u8>) {
        let target = self.target(message);
        let line = self.said(message, message.place.seq.0 > 0, true, out);
        line.command("TAGMSG").param(&target).end();
    }

    /// Tags and source of a message. Its id stands on the first of its lines only; so do the tags that
    /// clients have put on it, where they take more than [`REPEATED_TAG_BYTES_MAX`].
    fn said<'o>(
        &self,
        message: &Message,
        with_id: bool,
        with_tags: bool,
        out: &'o mut Vec<u8>,
    ) -> SourcedWriter<'o> {
        let mut writer = LineWriter::new(out);
        for (key, value) in self.front {
            writer = writer.tag(key, Some(value));
        }
        if self.look.has(TIME) {
            writer = writer.tag("time", Some(&timestamp(message.time.0)));
        }
        let who = &message.author;
        if self.look.has(TAGS) {
            if with_id {
                writer = writer.tag("msgid", Some(&message.place.to_string()));
            }
            if who.badge.bot {
                writer = writer.tag("bot", None);
            }
            for (key, value) in message.tags.iter().filter(|_| with_tags) {
                writer = writer.tag(key, Some(value));
            }
            if who.name.shown().contains('/') {
                writer = writer.tag("draft/relaymsg", Some(&who.badge.host));
            }
        }
        if self.look.has(ACCOUNT)
            && let Some(account) = &who.badge.account
        {
            writer = writer.tag("account", Some(account.shown()));
        }
        writer.source_mask(who.name.shown(), &who.badge.user, &who.badge.host)
    }

    fn target(&self, message: &Message) -> String {
        match &message.to {
            Destination::Room(room) => match message.rank {
                Some(rank) => format!("{}#{}", sign::sign(rank), room.name),
                None => channel(&room.name),
            },
            Destination::Person(who) => who.name.shown().to_owned(),
            Destination::Everyone => self.viewer.to_owned(),
        }
    }

    /// An event; nothing for those that IRC tells otherwise or not at all.
    pub(super) fn event(&self, event: &Event, stamp: &Stamp, out: &mut Vec<u8>) {
        let time = stamp.time;
        match event {
            Event::Said(message) => self.message(message, out),
            Event::Joined(arrival) => self.joined(arrival, stamp, out),
            Event::Left { who, room, reason } => {
                let line = self.kept(who, stamp, out).command("PART").param(&channel(&room.name));
                match reason {
                    Some(reason) => line.trailing_within(reason.as_str(), LINE_BYTES_MAX).end(),
                    None => line.end(),
                }
            }
            Event::Quit { who, reason } => {
                let reason = reason.as_ref().map_or("", |reason| reason.as_str());
                let line = self.kept(who, stamp, out).command("QUIT");
                line.trailing_within(reason, LINE_BYTES_MAX).end();
            }
            Event::Kicked { room, who, by, reason } => {
                let reason = reason.as_ref().map_or(by.name.shown(), |reason| reason.as_str());
                let line = self.kept(by, stamp, out).command("KICK").param(&channel(&room.name));
                line.param(who.name.shown()).trailing_within(reason, LINE_BYTES_MAX).end();
            }
            Event::Renamed { was, who } => {
                self.by(was, time, out).command("NICK").param(who.name.shown()).end();
            }
            Event::Topic { room, by, topic } => {
                let topic = topic.as_ref().map_or("", |topic| topic.as_str());
                let line = self.kept(by, stamp, out).command("TOPIC").param(&channel(&room.name));
                line.trailing_within(&one_line(topic), LINE_BYTES_MAX).end();
            }
            Event::Changed { room, by, changes } => {
                let (letters, params) = sign::room_changes(changes);
                let line = match by {
                    Some(by) => self.by(by, time, out),
                    None => self.time(time, out).source(self.server),
                };
                let line = line.command("MODE").param(&channel(&room.name)).param(&letters);
                params.iter().fold(line, |line, param| line.param(param)).end();
            }
            Event::RoomRenamed { was, room, by, reason } => {
                let line = self.by(by, time, out).command("RENAME");
                let line = line.param(&channel(was)).param(&channel(&room.name));
                line.trailing(reason.as_ref().map_or("", |reason| reason.as_str())).end();
            }
            Event::Invited { by, who, room } => {
                let line = self.by(by, time, out).command("INVITE").param(who.name.shown());
                line.param(&channel(&room.name)).end();
            }
            Event::Away { who, text } => {
                let line = self.by(who, time, out).command("AWAY");
                match text {
                    Some(text) => line.trailing_within(text.as_str(), LINE_BYTES_MAX).end(),
                    None => line.end(),
                }
            }
            Event::Account(who) => {
                let account = who.badge.account.as_ref().map_or("*", Name::shown);
                self.by(who, time, out).command("ACCOUNT").param(account).end();
            }
            Event::RealName { who, real_name } => {
                self.by(who, time, out).command("SETNAME").trailing(real_name).end();
            }
            Event::Badge { was, who } => {
                let writer = self.time(time, out);
                let line = writer.source_mask(who.name.shown(), &was.user, &was.host);
                line.command("CHGHOST").param(&who.badge.user).param(&who.badge.host).end();
            }
            Event::Flags { who, was, now } => {
                let change = sign::person_change(*was, *now);
                let line = self.by(who, time, out).command("MODE").param(who.name.shown());
                line.param(&change).end();
            }
            Event::Read { target, upto } => {
                let line = LineWriter::new(out).source(self.server).command("MARKREAD");
                line.param(target).param(&format!("timestamp={}", timestamp(upto.0))).end();
            }
            Event::Redacted(redaction) => self.redacted(redaction, time, out),
            Event::Wallops { by, text } => {
                let line = self.by(by, time, out).command("WALLOPS");
                line.trailing_within(text.as_str(), LINE_BYTES_MAX).end();
            }
            Event::Ended { by, reason } => {
                let why = reason.as_ref().map_or("no reason", |reason| reason.as_str());
                let line = self.by(by, time, out).command("KILL").param(self.viewer);
                line.trailing_within(why, LINE_BYTES_MAX).end();
            }
            Event::PasswordChanged { .. }
            | Event::Online(_)
            | Event::Offline(_)
            | Event::Added { .. }
            | Event::Ignoring { .. }
            | Event::Metadata { .. }
            | Event::Watched { .. } => {}
        }
    }

    fn joined(&self, arrival: &Arrival, stamp: &Stamp, out: &mut Vec<u8>) {
        let time = stamp.time;
        let Arrival { who, room, real_name, ranks, away, .. } = arrival;
        let room = channel(&room.name);
        let line = self.kept(who, stamp, out).command("JOIN").param(&room);
        if self.look.has(JOIN) {
            let account = who.badge.account.as_ref().map_or("*", Name::shown);
            line.param(account).trailing(real_name).end();
        } else {
            line.end();
        }
        let given = sign::rank_letters(*ranks);
        if !given.is_empty() && self.viewer != who.name.shown() {
            let line = self.time(time, out).source(self.server).command("MODE").param(&room);
            let line = line.param(&format!("+{given}"));
            given.chars().fold(line, |line, _| line.param(who.name.shown())).end();
        }
        if self.look.has(AWAY)
            && let Some(text) = away
        {
            let line = self.by(who, time, out).command("AWAY");
            line.trailing_within(text.as_str(), LINE_BYTES_MAX).end();
        }
    }

    fn redacted(&self, redaction: &Redaction, time: Timestamp, out: &mut Vec<u8>) {
        let target = match (&redaction.room, &redaction.to) {
            (Some(room), _) => channel(&room.name),
            (None, Some(to)) => to.name.shown().to_owned(),
            (None, None) => self.viewer.to_owned(),
        };
        let line = self.by(&redaction.by, time, out).command("REDACT").param(&target);
        let line = line.param(&redaction.message.to_string());
        match &redaction.reason {
            Some(reason) => line.trailing_within(reason.as_str(), LINE_BYTES_MAX).end(),
            None => line.end(),
        }
    }
}

/// A text where there is but one line for it.
pub(super) fn one_line(text: &str) -> String {
    text.replace('\n', " ")
}

/// Bytes of the tags that clients have put on a message.
fn tag_bytes(message: &Message) -> usize {
    message.tags.iter().map(|(key, value)| key.len() + value.len()).sum()
}
