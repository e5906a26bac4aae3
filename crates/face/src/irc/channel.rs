//! Channels: into them, out of them, and what is said of them.

use chinwag_model::ask::Ask;
use chinwag_model::id::RoomId;
use chinwag_model::intent::Intent;
use chinwag_model::message::RoomCard;
use chinwag_model::outcome::RoomNo;
use chinwag_model::query::{Page, Query};
use chinwag_model::rank::Rank;
use chinwag_model::text::Text;
use chinwag_wire::irc::message::LineWriter;

use super::args;
use super::caps::Cap;
use super::chat::{Chat, Why};
use super::reply::Line;
use crate::output::Output;

/// Most channels that one command names.
pub(super) const TARGETS_MAX: usize = 10;

impl Chat {
    pub(super) fn no_such_channel(&mut self, name: &str, out: &mut Output) {
        let shown = if name.is_empty() { "*" } else { name };
        self.numeric(403, &[shown], "No such channel", out);
    }

    pub(super) fn join(&mut self, params: &[&str], out: &mut Output) {
        let channels = params.first().copied().unwrap_or_default();
        let mut keys = params.get(1).copied().unwrap_or_default().split(',');
        if channels == "0" {
            let text = "JOIN 0 is not supported; PART each channel";
            return self.numeric(403, &["0"], text, out);
        }
        for name in args::list(channels, TARGETS_MAX) {
            let key = keys.next().and_then(|key| Text::parse(key).ok());
            match args::new_channel(name, self.policy.limits.channel_length) {
                Some(room) => {
                    self.want(Intent::Visit { room, key }, Why::Join(name.into()));
                }
                None => self.no_such_channel(name, out),
            }
        }
    }

    pub(super) fn part(&mut self, params: &[&str], out: &mut Output) {
        let reason = args::words(params.get(1), self.policy.limits.kick_length);
        for name in args::list(params.first().copied().unwrap_or_default(), TARGETS_MAX) {
            match args::channel(name) {
                Some(room) => {
                    let part = Intent::Part { room, reason: reason.clone() };
                    self.want(part, Why::Part(name.into()));
                }
                None => self.no_such_channel(name, out),
            }
        }
    }

    pub(super) fn kick(&mut self, params: &[&str], out: &mut Output) {
        let [room, nicks, ..] = params else { return };
        let reason = args::words(params.get(2), self.policy.limits.kick_length);
        // One room for all, or one for each.
        let rooms: Vec<&str> = args::list(room, TARGETS_MAX).collect();
        for (at, nick) in args::list(nicks, TARGETS_MAX).enumerate() {
            let Some(room) = rooms.get(at).or(rooms.last()).copied() else { return };
            let Some(name) = args::channel(room) else {
                self.no_such_channel(room, out);
                continue;
            };
            let Some(who) = args::person(nick) else {
                self.no_such_nick(nick, out);
                continue;
            };
            let kick = Intent::Kick { room: name, who, reason: reason.clone() };
            self.want(kick, Why::Kick { room: room.into(), who: nick.into() });
        }
    }

    pub(super) fn no_such_nick(&mut self, nick: &str, out: &mut Output) {
        let shown = if nick.is_empty() { "*" } else { nick };
        self.numeric(401, &[shown], "No such nick", out);
    }

    pub(super) fn invite(&mut self, params: &[&str], out: &mut Output) {
        let [nick, room, ..] = params else {
            if params.is_empty() {
                return self.ask(Ask::Query(Query::Invitations { after: None }), Why::Invitations);
            }
            return self.too_few("INVITE", out);
        };
        let Some(name) = args::channel(room) else { return self.no_such_channel(room, out) };
        let Some(who) = args::person(nick) else { return self.no_such_nick(nick, out) };
        let why = Why::Invite { who: (*nick).into(), room: (*room).into() };
        self.want(Intent::Call { who, room: name }, why);
    }

    /// `UNINVITE NICK #CHANNEL`, as Ergo has it.
    pub(super) fn uninvite(&mut self, params: &[&str], out: &mut Output) {
        let [nick, room, ..] = params else { return };
        let Some(name) = args::channel(room) else { return self.no_such_channel(room, out) };
        let Some(who) = args::person(nick) else { return self.no_such_nick(nick, out) };
        let why = Why::Uninvite { who: (*nick).into(), room: (*room).into() };
        self.want(Intent::Uninvite { who, room: name }, why);
    }

    /// The invitation is taken back: the client is told by its own command.
    pub(super) fn uninvited(&mut self, who: &str, room: &str, out: &mut Output) {
        let Some(me) = &self.me else { return };
        let (card, mut body) = (&me.card, Vec::new());
        let writer = LineWriter::new(&mut body);
        let source = writer.source_mask(card.name.shown(), &card.badge.user, &card.badge.host);
        source.command("UNINVITE").param(who).param(room).end();
        self.push(Line { tags: Vec::new(), body }, out);
    }

    /// Tells a page of the channels to which the client is invited.
    pub(super) fn invitations(&mut self, page: &Page<RoomCard, RoomId>, out: &mut Output) {
        for room in &page.rows {
            self.numeric_bare(336, &[&super::render::channel(&room.name)], out);
        }
        match page.next {
            Some(after) => {
                let query = Query::Invitations { after: Some(after) };
                self.ask_next(Ask::Query(query), Why::Invitations);
            }
            None => self.numeric(337, &[], "End of /INVITE list", out),
        }
    }

    pub(super) fn topic(&mut self, params: &[&str], out: &mut Output) {
        let [room, rest @ ..] = params else { return };
        let Some(name) = args::channel(room) else { return self.no_such_channel(room, out) };
        match rest.first() {
            None => {
                let why = Why::Topic { room: (*room).into(), quiet: false };
                self.ask(Ask::Query(Query::Channel(name)), why);
            }
            Some(topic) => {
                let topic = args::words(Some(topic), self.policy.limits.topic_length);
                let set = Intent::Entitle { room: name, topic };
                self.want(set, Why::SetTopic((*room).into()));
            }
        }
    }

    pub(super) fn names(&mut self, params: &[&str], out: &mut Output) {
        let Some(list) = params.first() else {
            return self.numeric(366, &["*"], "End of /NAMES list", out);
        };
        for room in args::list(list, TARGETS_MAX) {
            if let Some(name) = args::channel(room) {
                let masks = self.has(Cap::UserhostInNames);
                let query = Query::Names { room: name, masks, after: None };
                self.ask(Ask::Query(query), Why::Names { room: room.into() });
            }
        }
        self.then(Why::EndOfNames((*list).into()));
    }

    pub(super) fn rename(&mut self, params: &[&str], out: &mut Output) {
        let [room, to, rest @ ..] = params else { return };
        let reason = args::words(rest.first(), self.policy.limits.kick_length);
        let Some(name) = args::channel(room) else { return self.no_such_channel(room, out) };
        let Some(new) = args::new_channel(to, self.policy.limits.channel_length) else {
            let text = "That is no name for a channel";
            return self.fail("RENAME", "CANNOT_RENAME", &[room, to], text, out);
        };
        let rename = Intent::RenameRoom { room: name, to: new, reason };
        self.want(rename, Why::Rename((*room).into(), (*to).into()));
    }

    /// Tells why a room is not to be had so.
    pub(super) fn room_no(&mut self, room: &str, no: &RoomNo, out: &mut Output) {
        let (number, text) = match no {
            RoomNo::NotIn => (442, "You're not on that channel".to_owned()),
            RoomNo::NotThere(who) => {
                let text = "They aren't on that channel";
                return self.numeric(441, &[who.name.shown(), room], text, out);
            }
            RoomNo::AlreadyThere(who) => {
                let text = "is already on channel";
                return self.numeric(443, &[who.name.shown(), room], text, out);
            }
            RoomNo::NotInvited(who) => {
                let text = "They have no invitation to that channel";
                return self.fail("UNINVITE", "NOT_INVITED", &[who.name.shown(), room], text, out);
            }
            RoomNo::InviteOnly => (473, "Cannot join channel (+i)".to_owned()),
            RoomNo::Banned => (474, "Cannot join channel (+b)".to_owned()),
            RoomNo::WrongKey => (475, "Cannot join channel (+k)".to_owned()),
            RoomNo::Full => (471, "Cannot join channel (+l)".to_owned()),
            RoomNo::AccountsOnly => {
                (477, "Cannot join channel (+R); you need to be logged in".to_owned())
            }
            RoomNo::RankNeeded(Rank::Founder) => {
                (482, "Only the channel's founder may do that".to_owned())
            }
            RoomNo::RankNeeded(_) => (482, "You're not channel operator".to_owned()),
            RoomNo::Outside => (404, "Cannot send to channel (+n)".to_owned()),
            RoomNo::Muted => (404, "Cannot send to channel (+m)".to_owned()),
            RoomNo::AccountToSpeak => {
                (404, "Cannot send to channel (+M); you need to be logged in".to_owned())
            }
            RoomNo::NoRequests => (404, "Cannot send to channel (+C)".to_owned()),
            RoomNo::ListFull(list) => {
                let letter = super::sign::list_letter(*list).to_string();
                return self.numeric(478, &[room, &letter], "Channel list is full", out);
            }
            RoomNo::ForEver => (400, "Whoever is in this channel stays in it".to_owned()),
            RoomNo::Founded(true) => (400, "This channel is registered".to_owned()),
            RoomNo::Founded(false) => (400, "This channel is not registered".to_owned()),
        };
        if number == 400 {
            return self.numeric(400, &["*", room], &text, out);
        }
        self.numeric(number, &[room], &text, out);
    }
}
