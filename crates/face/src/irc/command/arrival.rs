//! What a session is told of the rooms that it comes into, and of the time it was away.

use chinwag_model::id::Place;
use chinwag_model::intent::Owner;
use chinwag_model::message::RoomCard;
use chinwag_model::name::Name;
use chinwag_model::outcome::Entered;
use chinwag_model::query::{Answer, Line, Point, Query, Range};

use super::{markread, metadata, names, playback, topic};
use crate::irc::caps::Cap;
use crate::irc::chat::{Chat, Next, Told};
use crate::irc::render::{Teller, channel};
use crate::output::Output;

/// Lines that are told to a client that comes into a channel and can't ask for them.
const REPLAYED: u32 = 50;

/// Most lines of a channel that are told to a client that was away and can't ask for them: the last ones.
const MISSED_MAX: u32 = 500;

/// What of a channel's past is told to a client that can't ask for it.
#[derive(Clone, Copy, Debug)]
pub(in crate::irc) enum Past {
    /// Nothing, as the person has seen it.
    Seen,
    /// What was said last, to a newcomer.
    Last,
    /// What was said after this place, to a person who was away.
    Missed(Place),
}

impl Past {
    /// What asks for it.
    fn query(self, room: &Name) -> Option<Query> {
        let (range, limit) = match self {
            Self::Seen => return None,
            Self::Last => (Range::Latest(None), REPLAYED),
            Self::Missed(place) => (Range::Latest(Some(Point::Place(place))), MISSED_MAX),
        };
        let of = Owner::Room(room.clone());
        Some(Query::Lines { of, range, limit, happenings: false })
    }

    /// Whether the client is told of it without asking.
    fn is_told(self, chat: &Chat) -> bool {
        !matches!(self, Self::Seen) && chat.has(Cap::ServerTime) && !chat.has(Cap::Chathistory)
    }
}

/// The past is going to be told: what is said meanwhile comes after it.
pub(super) fn expect_past(chat: &mut Chat, past: Past) {
    if past.is_told(chat)
        && let Some(me) = &mut chat.me
    {
        me.behind += 1;
    }
}

/// A part of the past was told, or can't be.
fn past_told(chat: &mut Chat) {
    if let Some(me) = &mut chat.me {
        me.behind = me.behind.saturating_sub(1);
    }
}

/// Wants to tell the rooms that the person is in, and what came while they were away.
pub(super) fn catch_up(chat: &mut Chat, entered: &Entered, out: &mut Output) {
    for room in &entered.rooms {
        let missed = entered.rested.filter(|_| !room.group).map_or(Past::Seen, Past::Missed);
        expect_past(chat, missed);
        chat.then(Arrive(room.clone(), missed));
    }
    if entered.new || entered.was_online {
        return;
    }
    if chat.has(Cap::Chathistory) {
        // The client asks history for what waits.
        return out.told_upto(entered.place);
    }
    if let Some(me) = &mut chat.me {
        me.behind += 1;
    }
    let query = Query::Backlog { upto: entered.place, after: None };
    chat.query(query, Backlog { upto: entered.place });
}

/// A room is told that the session is in without having joined it just now.
#[derive(Debug)]
struct Arrive(RoomCard, Past);

impl Next for Arrive {
    fn told(self: Box<Self>, _: Told<'_>, chat: &mut Chat, out: &mut Output) {
        arrive(chat, &self.0, self.1, out);
    }
}

/// Tells a room that the session is in without having joined it just now.
pub(in crate::irc) fn arrive(chat: &mut Chat, room: &RoomCard, past: Past, out: &mut Output) {
    let Some(me) = &chat.me else { return };
    let (card, real_name) = (me.card.clone(), me.real_name.clone());
    let extended = chat.has(Cap::ExtendedJoin);
    let (line, ..) = chat.line(None, out);
    let source = line.source_mask(card.name.shown(), &card.badge.user, &card.badge.host);
    let line = source.command("JOIN").param(&channel(&room.name));
    if extended {
        let account = card.badge.account.as_ref().map_or("*", Name::shown);
        line.param(account).trailing(&real_name).end();
    } else {
        line.end();
    }
    look_around(chat, room, past);
}

/// What is told of a room that another session of the person's brought this one into.
#[derive(Debug)]
pub(in crate::irc) struct LookAround(pub(in crate::irc) RoomCard);

impl Next for LookAround {
    fn told(self: Box<Self>, _: Told<'_>, chat: &mut Chat, _: &mut Output) {
        look_around(chat, &self.0, Past::Seen);
    }
}

/// Wants to tell what one is told of a room one comes into: before anything else.
pub(super) fn look_around(chat: &mut Chat, room: &RoomCard, past: Past) {
    let target: Box<str> = channel(&room.name).into();
    let name = &room.name;
    metadata::ask_room(chat, name);
    if past.is_told(chat)
        && let Some(query) = past.query(name)
    {
        chat.query_next(query, Replay(target.clone()));
    }
    if !chat.has(Cap::NoImplicitNames) {
        names::ask_all(chat, name.clone(), &target);
    }
    if chat.has(Cap::ReadMarker) {
        markread::ask_first(chat, &target);
    }
    topic::ask_quietly(chat, name.clone(), &target);
}

/// Lines of a channel that the session came into are asked for.
#[derive(Debug)]
struct Replay(Box<str>);

impl Next for Replay {
    fn told(self: Box<Self>, told: Told<'_>, chat: &mut Chat, out: &mut Output) {
        if let Told::Answer(Answer::Lines(lines)) = told {
            replay(chat, &self.0, lines, out);
        }
        past_told(chat);
    }
}

/// Tells lines of a channel, without those that the session has seen live since it joined.
fn replay(chat: &mut Chat, target: &str, lines: &[Line], out: &mut Output) {
    let Some(me) = &chat.me else { return };
    let is_told = |line: &&Line| match line {
        Line::Message(message) => {
            message.place <= me.came && me.ignores.binary_search(&message.author.id).is_err()
        }
        Line::Happening(_) => true,
    };
    let lines: Vec<&Line> = lines.iter().filter(is_told).collect();
    if lines.is_empty() {
        return;
    }
    let batch = chat.open_batch("chathistory", &[target], out);
    for line in lines {
        playback::tell(chat, line, target, batch.as_deref(), out);
    }
    chat.close_batch(batch, out);
}

/// A page of what came while the person was away is asked for, up to the place where they came in.
#[derive(Debug)]
struct Backlog {
    upto: Place,
}

impl Next for Backlog {
    fn told(self: Box<Self>, told: Told<'_>, chat: &mut Chat, out: &mut Output) {
        let Told::Answer(Answer::Backlog(page)) = told else { return past_told(chat) };
        let teller = Teller {
            server: &chat.policy.server_name,
            look: chat.look,
            front: &[],
            viewer: chat.nick(),
        };
        for message in &page.messages {
            teller.message(message, &mut out.bytes);
            out.told_upto(message.place);
        }
        match page.next {
            Some(after) => {
                let query = Query::Backlog { upto: self.upto, after: Some(after) };
                chat.query_next(query, *self);
            }
            None => {
                out.told_upto(self.upto);
                past_told(chat);
            }
        }
    }
}
