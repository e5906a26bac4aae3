//! What of all that happens this person sees, and when.

use std::sync::Arc;

use chinwag_model::effect::Event;
use chinwag_model::id::{PersonId, RoomId};
use chinwag_model::message::{Destination, Manner, Message};

use super::talk::{Me, Talk};
use super::{Output, Sight, render};

impl Talk {
    /// About how many bytes the events take that are held back.
    pub(super) fn held_bytes(&self) -> usize {
        self.held.as_ref().map_or(0, |held| held.bytes)
    }

    pub(super) fn sight(&self, event: &Event) -> Sight {
        let Some(me) = self.me.as_ref().filter(|_| !self.is_finished()) else {
            return Sight::Nothing;
        };
        match me.sight(event) {
            // To be kept for later, or to stand apart from an open prompt.
            Sight::Shared if self.held.is_some() || self.has_dialogue() => Sight::Own,
            sight => sight,
        }
    }

    /// See [`LineFace::hears`](super::LineFace::hears).
    pub(super) fn hears(&self) -> bool {
        let free = self.held.is_none() && !self.has_dialogue() && !self.is_finished();
        free && self.me.as_ref().is_some_and(|me| me.ignores.is_empty())
    }

    pub(super) fn show(&mut self, event: &Event, out: &mut Output) {
        if self.sight(event) == Sight::Nothing {
            return;
        }
        let Some(me) = &mut self.me else { return };
        match event {
            Event::Renamed { who, .. } if who.id == me.person.id => {
                me.person = who.clone();
                return;
            }
            Event::Ignoring { who, on } => {
                me.ignore(*who, *on);
                return;
            }
            Event::Online(who) if who.id == me.person.id => {}
            Event::Kicked { room, who, .. } if who.id == me.person.id => {
                me.is_out |= me.room.id == room.id;
            }
            Event::Left { who, room, .. } if who.id == me.person.id => {
                // On another device. Of other rooms than the current one nothing is told.
                if me.room.id == room.id && !me.is_out {
                    me.is_out = true;
                    self.break_prompt(out);
                    out.notice(format_args!("You left {} on another device.", room.name));
                    self.restore_prompt(out);
                }
                return;
            }
            // It is the same room; of another one it is only told.
            Event::RoomRenamed { room, .. } if room.id == me.room.id => me.room = room.clone(),
            Event::Ended { .. } | Event::PasswordChanged { .. } => {
                // No prompt is opened again after it.
                self.break_prompt(out);
                self.end();
                return self.tell(event, out);
            }
            _ => {
                if let Some(held) = &mut self.held {
                    held.push(event);
                    return;
                }
            }
        }
        self.tell(event, out);
    }

    /// Those of messages whose authors this person does not ignore.
    pub(super) fn unignored<'m>(
        &self,
        messages: &'m [Arc<Message>],
    ) -> impl Iterator<Item = &'m Message> {
        let seen = |m: &&Message| !self.me.as_ref().is_some_and(|me| me.ignores(m.author.id));
        messages.iter().map(|message| &**message).filter(seen)
    }

    /// Tells an event now, whatever else is under way.
    pub(super) fn tell(&self, event: &Event, out: &mut Output) {
        let Some(me) = &self.me else { return };
        self.break_prompt(out);
        if !render::shared(event, &mut out.bytes)
            && let Event::Said(message) = event
        {
            render::message(message, Some(me.person.id), "", &mut out.bytes);
        }
        if let Event::Said(message) = event
            && message.waits()
            && message.author.id != me.person.id
        {
            out.told_upto(message.place);
        }
        self.restore_prompt(out);
    }

    /// Shows the open prompt again, behind what interrupted it.
    fn restore_prompt(&self, out: &mut Output) {
        if self.has_dialogue() {
            out.prompt(self.step.prompt());
        }
    }
}

/// Whether nobody in line mode sees an event in a room they are in: of these one hears as someone
/// comes online and goes offline.
pub(super) fn is_hidden(event: &Event) -> bool {
    match event {
        Event::Joined(arrival) => arrival.room.group || arrival.room.id == RoomId::LOBBY,
        Event::Left { room, .. } => room.id == RoomId::LOBBY,
        _ => false,
    }
}

impl Me {
    fn sight(&self, event: &Event) -> Sight {
        match event {
            Event::Said(message) if self.ignores(message.author.id) => Sight::Nothing,
            Event::Said(message) if message.manner == Manner::Tags => Sight::Nothing,
            Event::Said(message) => match message.to {
                Destination::Room(_) | Destination::Everyone => Sight::Shared,
                Destination::Person(_) => Sight::Own,
            },
            Event::Invited { by, .. } if self.ignores(by.id) => Sight::Nothing,
            // Who did it has it as the outcome.
            Event::Joined(arrival) if arrival.who.id == self.person.id => Sight::Nothing,
            event if is_hidden(event) => Sight::Nothing,
            Event::Left { who, .. } if who.id == self.person.id => Sight::Own,
            Event::Invited { who, .. } if who.id != self.person.id => Sight::Nothing,
            Event::Renamed { was, who } if was.name.shown() == who.name.shown() => Sight::Nothing,
            Event::Kicked { who, .. } if who.id == self.person.id => Sight::Own,
            Event::RoomRenamed { room, .. } if room.id == self.room.id => Sight::Own,
            Event::Ended { .. } | Event::PasswordChanged { .. } => Sight::Own,
            Event::Renamed { who, .. } if who.id == self.person.id => Sight::Own,
            Event::Ignoring { .. } => Sight::Own,
            Event::Online(_)
            | Event::Offline(_)
            | Event::Joined(_)
            | Event::Left { .. }
            | Event::Kicked { .. }
            | Event::Renamed { .. }
            | Event::Topic { .. }
            | Event::RoomRenamed { .. }
            | Event::Redacted(_)
            | Event::Added { .. }
            | Event::Invited { .. } => Sight::Shared,
            Event::Quit { .. }
            | Event::Changed { .. }
            | Event::Away { .. }
            | Event::Account(_)
            | Event::RealName { .. }
            | Event::Badge { .. }
            | Event::Flags { .. }
            | Event::Watched { .. }
            | Event::Read { .. }
            | Event::Metadata { .. }
            | Event::Wallops { .. } => Sight::Nothing,
        }
    }

    /// Whether what this person says is not to be seen. One can't help seeing oneself.
    pub(super) fn ignores(&self, who: PersonId) -> bool {
        who != self.person.id && self.ignores.binary_search(&who).is_ok()
    }

    pub(super) fn ignore(&mut self, who: PersonId, on: bool) {
        match (self.ignores.binary_search(&who), on) {
            (Err(at), true) => self.ignores.insert(at, who),
            (Ok(at), false) => {
                self.ignores.remove(at);
            }
            _ => {}
        }
    }
}
