//! What a client is told when it has come in.

use std::sync::Arc;

use chinwag_model::ask::Ask;
use chinwag_model::id::Place;
use chinwag_model::intent::Owner;
use chinwag_model::message::RoomCard;
use chinwag_model::outcome::Entered;
use chinwag_model::query::{Backlog, Query};
use chinwag_wire::irc::message::LineWriter;

use super::caps::Cap;
use super::chat::{Chat, Me, Why};
use super::history::Past;
use super::metadata::Wanted;
use super::render::{Teller, channel};
use super::reply::Line;
use super::{args, sign};
use crate::output::Output;

impl Chat {
    /// The session has come in.
    pub(super) fn entered(&mut self, entered: &Entered, out: &mut Output) {
        let intro = self.intro.take();
        self.become_person(entered);
        let nick = self.nick().to_owned();
        let network = self.policy.network.clone();
        let text = format!("Welcome to the {network} IRC network, {nick}");
        self.numeric(1, &[], &text, out);
        let (server, version) = (self.policy.server_name.clone(), self.policy.version.clone());
        self.numeric(2, &[], &format!("Your host is {server}, running version {version}"), out);
        let started = chinwag_wire::irc::time::timestamp(self.policy.started.0);
        self.numeric(3, &[], &format!("This server was started {started}"), out);
        let modes = "CIMRabehiklmnoqstv";
        self.numeric_bare(4, &[&server, &version, "BRTiow", modes, "Iabehkloqv"], out);
        self.isupport(false, out);
        self.ask(Ask::Query(Query::Census), Why::Lusers);
        let Some(intro) = intro else { return };
        for (key, value) in intro.metadata {
            self.set_own_metadata(key, Some(value), Why::Nothing);
        }
        if let Some(me) = &mut self.me {
            me.keys = intro.keys;
            if self.caps.has(Cap::Metadata) {
                let of = Owner::Person(me.card.name.clone());
                let target = nick.as_str().into();
                let why = Why::Metadata { target, ask: Wanted::Own };
                self.ask(Ask::Query(Query::Metadata(of)), why);
            }
        }
        // The message of the day stands behind the numbers of those who are there.
        self.then(Why::Welcomed);
        self.catch_up(entered, out);
    }

    /// Wants to tell the rooms that the person is in, and what came while they were away.
    pub(super) fn catch_up(&mut self, entered: &Entered, out: &mut Output) {
        for room in &entered.rooms {
            let missed = entered.rested.filter(|_| !room.group).map_or(Past::Seen, Past::Missed);
            self.expect_past(missed);
            self.then(Why::Arrive(room.clone(), missed));
        }
        if !entered.new && !entered.was_online && !self.has_history(out, entered.place) {
            if let Some(me) = &mut self.me {
                me.behind += 1;
            }
            let query = Query::Backlog { upto: entered.place, after: None };
            let why = Why::Backlog { upto: entered.place };
            self.ask(Ask::Query(query), why);
        }
    }

    pub(super) fn become_person(&mut self, entered: &Entered) {
        let mut ignores = entered.ignores.clone();
        ignores.sort_unstable();
        let (watched, keys) = match self.me.take() {
            Some(me) => (me.watched, me.keys),
            None => (std::collections::BTreeMap::new(), std::collections::BTreeSet::new()),
        };
        self.me = Some(Box::new(Me {
            card: entered.person.clone(),
            flags: entered.flags,
            guest: entered.guest,
            real_name: Arc::clone(&entered.real_name),
            ignores,
            watched,
            keys,
            came: entered.place,
            behind: 0,
            held: Vec::new(),
        }));
    }

    /// The numbers were told: what follows of the welcome.
    pub(super) fn welcomed(&mut self, out: &mut Output) {
        self.motd(out);
        let Some(me) = &self.me else { return };
        let letters = sign::person_letters(me.flags);
        if !letters.is_empty() {
            let nick = self.nick().to_owned();
            self.server_line("MODE", |line| line.param(&nick).param(&format!("+{letters}")), out);
        }
    }

    /// Tells a room that the client is in without having joined it just now.
    pub(super) fn arrive(&mut self, room: &RoomCard, past: Past, out: &mut Output) {
        let Some(me) = &self.me else { return };
        let mut body = Vec::new();
        let card = &me.card;
        let writer = LineWriter::new(&mut body);
        let source = writer.source_mask(card.name.shown(), &card.badge.user, &card.badge.host);
        let line = source.command("JOIN").param(&channel(&room.name));
        if self.has(Cap::ExtendedJoin) {
            let account = card.badge.account.as_ref();
            let account = account.map_or("*", chinwag_model::name::Name::shown);
            line.param(account).trailing(&me.real_name).end();
        } else {
            line.end();
        }
        self.push(Line { tags: Vec::new(), body }, out);
        self.look_around(room, past);
    }

    /// Wants to tell what one is told of a room one comes into: before anything else.
    pub(super) fn look_around(&mut self, room: &RoomCard, past: Past) {
        let target: Box<str> = channel(&room.name).into();
        let name = room.name.clone();
        self.room_values(&name);
        if self.is_told(past)
            && let Some(query) = past.query(&name)
        {
            self.ask_next(Ask::Query(query), Why::Replay(target.clone()));
        }
        if !self.has(Cap::NoImplicitNames) {
            self.then_next(Why::EndOfNames(target.clone()));
            self.ask_names(name.clone(), None, target.clone());
        }
        if self.has(Cap::ReadMarker) {
            let key = args::read_key(&target);
            let why = Why::ReadMark { target: target.clone() };
            self.ask_next(Ask::Query(Query::ReadUpto(key)), why);
        }
        let why = Why::Topic { room: target, quiet: true };
        self.ask_next(Ask::Query(Query::Channel(name)), why);
    }

    /// Tells a page of what came while the person was away.
    pub(super) fn backlog(&mut self, upto: Place, page: &Backlog, out: &mut Output) {
        for message in &page.messages {
            let viewer = self.nick().to_owned();
            let teller = Teller {
                server: &self.policy.server_name,
                look: self.look,
                front: &[],
                viewer: &viewer,
            };
            teller.message(message, &mut out.bytes);
            out.told_upto(message.place);
        }
        match page.next {
            Some(after) => {
                let query = Query::Backlog { upto, after: Some(after) };
                self.ask_next(Ask::Query(query), Why::Backlog { upto });
            }
            None => {
                out.told_upto(upto);
                self.past_told(out);
            }
        }
    }
}
