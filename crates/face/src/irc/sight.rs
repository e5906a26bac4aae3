//! What of all that happens a session sees, and how.

use std::sync::Arc;

use chinwag_model::effect::{Event, Stamp};
use chinwag_model::id::PersonId;
use chinwag_model::message::{Destination, Manner, Message, RoomCard};
use chinwag_model::mode::PersonFlag;
use chinwag_wire::irc::message::LineWriter;

use super::caps::Cap;
use super::chat::Chat;
use super::command::arrival::{LookAround, Past, arrive};
use super::command::{metadata, monitor};
use super::render::{Teller, channel};
use super::{Look, Sight, Via};
use crate::output::Output;

/// Messages that are kept back until the past is told; beyond that, order is given up.
const HELD_MAX: usize = 64;

impl Chat {
    pub(super) fn sight(&self, event: &Event, stamp: &Stamp, via: Via) -> Sight {
        let Some(me) = self.me.as_ref().filter(|_| !self.is_finished()) else {
            return Sight::Nothing;
        };
        let own = |id: PersonId| id == me.card.id;
        let caused = stamp.origin.session == self.about.session;
        let shared = Sight::Shared(self.look);
        let when = |on: bool| if on { shared } else { Sight::Nothing };
        // What one hears of someone only because one watches their name.
        if via.watch && !self.has(Cap::ExtendedMonitor) {
            return match event {
                Event::Watched { .. } => Sight::Own,
                _ => Sight::Nothing,
            };
        }
        let bothered = !via.crowded || !self.is_spared();
        match event {
            Event::Said(message) => self.sight_of(message, caused),
            Event::Joined(arrival) if own(arrival.who.id) => Sight::Own,
            Event::Joined(arrival) if self.wants_values(&arrival.metadata) => Sight::Own,
            Event::Joined(_) => when(bothered),
            Event::Left { who, .. } => {
                if own(who.id) && caused {
                    Sight::Own
                } else {
                    when(bothered || own(who.id))
                }
            }
            Event::Quit { who, .. } if via.watch && !own(who.id) => Sight::Nothing,
            Event::Quit { .. } => when(bothered),
            Event::Kicked { .. } | Event::Topic { .. } | Event::Changed { .. } => {
                if caused {
                    Sight::Own
                } else {
                    shared
                }
            }
            Event::Renamed { who, .. } if own(who.id) => Sight::Own,
            Event::Renamed { .. } if via.watch => Sight::Nothing,
            Event::Renamed { .. } => when(bothered),
            Event::RoomRenamed { .. } if !caused && self.has(Cap::ChannelRename) => shared,
            Event::RoomRenamed { .. } => Sight::Own,
            Event::Invited { by, .. } if me.ignores.binary_search(&by.id).is_ok() => Sight::Nothing,
            Event::Invited { who, .. } if own(who.id) => shared,
            Event::Invited { .. } => when(self.has(Cap::InviteNotify)),
            Event::Away { who, .. } => when(self.has(Cap::AwayNotify) && bothered && !own(who.id)),
            // By logging in one becomes someone else.
            Event::Account(who) | Event::Badge { who, .. } if own(who.id) || caused => Sight::Own,
            Event::Account(_) => when(self.has(Cap::AccountNotify) && bothered),
            Event::RealName { who, .. } if own(who.id) => Sight::Own,
            Event::RealName { .. } => when(self.has(Cap::Setname) && bothered),
            Event::Badge { .. } => when(self.has(Cap::Chghost) && bothered),
            Event::Read { .. } => when(self.has(Cap::ReadMarker)),
            Event::Redacted(_) => {
                let told = self.has(Cap::MessageRedaction);
                if !told {
                    Sight::Nothing
                } else if caused {
                    Sight::Own
                } else {
                    shared
                }
            }
            Event::Metadata { key, .. } => {
                let told = !caused && self.has(Cap::Metadata) && me.keys.contains(&**key);
                if told { Sight::Own } else { Sight::Nothing }
            }
            Event::Wallops { .. } => when(me.flags.has(PersonFlag::Wallops)),
            Event::Ignoring { .. }
            | Event::Flags { .. }
            | Event::Watched { .. }
            | Event::PasswordChanged { .. }
            | Event::Ended { .. } => Sight::Own,
            // Of these one hears as they come into rooms and go.
            Event::Online(_) | Event::Offline(_) | Event::Added { .. } => Sight::Nothing,
        }
    }

    /// See [`IrcFace::hears`](super::IrcFace::hears).
    pub(super) fn hears(&self, authors: &[PersonId]) -> Option<Look> {
        let me = self.me.as_ref().filter(|me| me.ignores.is_empty() && me.behind == 0)?;
        if self.is_finished() {
            return None;
        }
        authors.binary_search(&me.card.id).is_err().then_some(self.look)
    }

    /// See [`IrcFace::wants_values`](super::IrcFace::wants_values).
    pub(super) fn wants_any_values(&self) -> bool {
        self.has(Cap::Metadata) && self.me.as_ref().is_some_and(|me| !me.keys.is_empty())
    }

    /// See [`IrcFace::is_spared`](super::IrcFace::is_spared).
    pub(super) fn is_spared(&self) -> bool {
        self.has(Cap::NoImplicitNames)
    }

    fn sight_of(&self, message: &Message, caused: bool) -> Sight {
        let Some(me) = &self.me else { return Sight::Nothing };
        let author = message.author.id;
        if author != me.card.id && me.ignores.binary_search(&author).is_ok() {
            return Sight::Nothing;
        }
        if message.manner == Manner::Tags && !self.has(Cap::MessageTags) {
            return Sight::Nothing;
        }
        let to_self = matches!(&message.to, Destination::Person(to) if to.id == me.card.id)
            && author == me.card.id;
        if caused && (self.has(Cap::EchoMessage) || to_self) {
            return Sight::Own;
        }
        match &message.to {
            _ if caused => Sight::Nothing,
            _ if me.behind > 0 => Sight::Own,
            Destination::Everyone => Sight::Own,
            _ => Sight::Shared(self.look),
        }
    }

    fn wants_values(&self, values: &[(Box<str>, chinwag_model::text::Text)]) -> bool {
        let keys = self.me.as_ref().map(|me| &me.keys).filter(|_| self.has(Cap::Metadata));
        keys.is_some_and(|keys| values.iter().any(|(key, _)| keys.contains(key)))
    }

    /// Tells an event in this session's own way.
    pub(super) fn show(&mut self, event: &Event, stamp: &Stamp, out: &mut Output) {
        let caused = stamp.origin.session == self.about.session;
        match event {
            Event::Said(message) if !caused && self.hold(message, stamp, out) => return,
            Event::Said(message) => return self.said(message, stamp, caused, out),
            Event::Renamed { was, who } => {
                self.tell_event(event, stamp, caused, out);
                if let Some(me) = &mut self.me
                    && me.card.id == was.id
                {
                    me.card = who.clone();
                }
                return;
            }
            Event::Account(who) | Event::Badge { who, .. } => {
                let told = match event {
                    Event::Account(_) => !caused && self.has(Cap::AccountNotify),
                    _ => self.has(Cap::Chghost),
                };
                if let Some(me) = &mut self.me {
                    me.card = who.clone();
                    me.guest = me.guest && who.badge.account.is_none();
                }
                if !told {
                    return;
                }
            }
            Event::RealName { .. } if !self.has(Cap::Setname) => return,
            Event::Flags { who, now, .. } => {
                if let Some(me) = &mut self.me {
                    me.flags = *now;
                    me.card = who.clone();
                }
            }
            Event::Ignoring { who, on } => return self.ignoring(*who, *on),
            Event::Watched { name, who } => {
                return monitor::tell_change(self, name, who.as_ref(), out);
            }
            Event::Metadata { of, key, value, .. } => {
                return metadata::tell_change(self, of, key, value.as_ref(), out);
            }
            Event::PasswordChanged { who } => {
                let why = format!("The password of {} was changed; log in again", who.name);
                return self.put_out(&why, out);
            }
            Event::Ended { by, .. } => {
                self.tell_event(event, stamp, false, out);
                return self.put_out(&format!("Killed by {}", by.name), out);
            }
            Event::RoomRenamed { was, room, reason, .. } if !self.has(Cap::ChannelRename) => {
                // Who knows nothing of renaming leaves the one and comes into the other.
                let Some(me) = &self.me else { return };
                let left = Event::Left {
                    who: me.card.clone(),
                    room: RoomCard { name: was.clone(), ..room.clone() },
                    reason: reason.clone(),
                };
                self.tell_event(&left, stamp, caused, out);
                if caused {
                    return arrive(self, room, Past::Seen, out);
                }
                return self.come_along(room, out);
            }
            Event::Joined(arrival) => {
                self.tell_event(event, stamp, caused, out);
                for (key, value) in arrival.metadata.iter() {
                    if self.me.as_ref().is_some_and(|me| me.keys.contains(key)) {
                        let of = chinwag_model::message::Subject::Person(arrival.who.clone());
                        metadata::tell_change(self, &of, key, Some(value), out);
                    }
                }
                let Some(me) = self.me.as_mut().filter(|me| me.card.id == arrival.who.id) else {
                    return;
                };
                if caused {
                    me.came = stamp.place;
                } else {
                    // It is told behind whatever is being told.
                    self.then(LookAround(arrival.room.clone()));
                }
                return;
            }
            _ => {}
        }
        self.tell_event(event, stamp, caused, out);
    }

    fn come_along(&mut self, room: &RoomCard, out: &mut Output) {
        let Some(me) = &self.me else { return };
        let card = &me.card;
        let writer = LineWriter::new(&mut out.bytes);
        let source = writer.source_mask(card.name.shown(), &card.badge.user, &card.badge.host);
        source.command("JOIN").param(&channel(&room.name)).end();
        self.then(LookAround(room.clone()));
    }

    /// Tells an event; as part of the present answer, where the session caused it.
    fn tell_event(&mut self, event: &Event, stamp: &Stamp, caused: bool, out: &mut Output) {
        let teller = Teller {
            server: &self.policy.server_name,
            look: self.look,
            front: &[],
            viewer: self.nick(),
        };
        if !caused || self.reply.is_plain() {
            return teller.event(event, stamp, &mut out.bytes);
        }
        let mut bytes = Vec::new();
        teller.event(event, stamp, &mut bytes);
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.reply.encoded(line, &self.policy.server_name, &mut self.batch_next, out);
        }
    }

    /// Tells a message that this session sent, or that it alone sees so.
    fn said(&mut self, message: &Message, stamp: &Stamp, caused: bool, out: &mut Output) {
        let viewer = self.nick().to_owned();
        let request = stamp.origin.request;
        let slot = self.slots.iter_mut().find(|slot| caused && slot.request == request);
        let label = match slot {
            Some(slot) => slot.label.take(),
            None if caused => {
                // Of several echoes the batch has the label.
                if self.has_more_steps() {
                    let server = &self.policy.server_name;
                    self.reply.open_batch(server, &mut self.batch_next, out);
                }
                self.reply.take_label()
            }
            None => None,
        };
        let own = self.me.as_ref().map(|me| me.card.id);
        let to_self = message.author.id == own.unwrap_or(message.author.id)
            && matches!(&message.to, Destination::Person(to) if Some(to.id) == own);
        let echo = self.has(Cap::EchoMessage);
        let front: Vec<(&str, &str)> =
            label.as_deref().map(|label| ("label", label)).into_iter().collect();
        let mut teller = Teller {
            server: &self.policy.server_name,
            look: self.look,
            front: &front,
            viewer: &viewer,
        };
        let batch = self.reply.batch().map(str::to_owned);
        let in_batch: Vec<(&str, &str)> =
            batch.as_deref().map(|batch| ("batch", batch)).into_iter().collect();
        if caused && label.is_none() && batch.is_some() {
            teller.front = &in_batch;
        }
        if !caused || echo {
            teller.message(message, &mut out.bytes);
        }
        if to_self && caused {
            // It is told as to anyone else, beside the echo.
            teller.front = &[];
            teller.message(message, &mut out.bytes);
        }
        if message.waits() && Some(message.author.id) != own {
            out.told_upto(message.place);
        }
    }

    /// Keeps a message back while what was said before it is not told yet; gives whether it did.
    fn hold(&mut self, message: &Arc<Message>, stamp: &Stamp, out: &mut Output) -> bool {
        let Some(me) = self.me.as_mut().filter(|me| me.behind > 0) else { return false };
        me.held.push((Arc::clone(message), *stamp));
        if me.held.len() >= HELD_MAX {
            me.behind = 0;
            self.release(out);
        }
        true
    }

    /// Tells what was kept back, if everything said before it is told.
    pub(super) fn release(&mut self, out: &mut Output) {
        let Some(me) = self.me.as_mut().filter(|me| me.behind == 0) else { return };
        for (message, stamp) in std::mem::take(&mut me.held) {
            self.show(&Event::Said(message), &stamp, out);
        }
    }

    fn ignoring(&mut self, who: PersonId, on: bool) {
        let Some(me) = &mut self.me else { return };
        match (me.ignores.binary_search(&who), on) {
            (Err(at), true) => me.ignores.insert(at, who),
            (Ok(at), false) => {
                me.ignores.remove(at);
            }
            _ => {}
        }
    }
}
