//! Answers with many rows, a line each.

use std::fmt::Display;
use std::sync::Arc;

use chinwag_model::ask::Ask;
use chinwag_model::id::{PersonId, RoomId};
use chinwag_model::message::{Destination, Message, RoomCard};
use chinwag_model::name::Name;
use chinwag_model::query::{Client, GroupRow, Page, Query, RoomRow};
use chinwag_model::text::Text;

use super::talk::{Talk, Why};
use super::{Output, render};

/// Names of those in a room that are told to who joins it.
const NAMES_MAX: usize = 100;

impl Talk {
    pub(super) fn people(&mut self, page: &Page<(Name, bool), Name>, out: &mut Output) {
        for (name, online) in &page.rows {
            out.line(format_args!("{} {name}", if *online { 'o' } else { 'x' }));
        }
        if let Some(after) = page.next.clone() {
            self.ask(Ask::Query(Query::People { after: Some(after) }), Why::People);
        }
    }

    pub(super) fn clients(&mut self, page: &Page<Client, u32>, out: &mut Output) {
        for Client { index, name, session } in &page.rows {
            out.line(format_args!("Client {index} is {name} at socket {}.", session.number));
        }
        if let Some(after) = page.next {
            self.ask(Ask::Query(Query::Clients { after }), Why::Clients);
        }
    }

    pub(super) fn rooms(&mut self, page: &Page<RoomRow, Name>, out: &mut Output) {
        for RoomRow { name, members, topic } in &page.rows {
            match topic {
                Some(topic) => {
                    out.line(format_args!("{name} ({members}): {}", render::one_line(topic)));
                }
                None => out.line(format_args!("{name} ({members})")),
            }
        }
        if let Some(after) = page.next.clone() {
            self.ask(Ask::Query(Query::Rooms { after: Some(after) }), Why::Rooms);
        }
    }

    /// Tells a page of the groups that someone is in; `begun` says whether one was told before.
    pub(super) fn groups(&mut self, begun: bool, page: &Page<GroupRow, RoomId>, out: &mut Output) {
        for GroupRow { room, names, more } in &page.rows {
            let more = if *more > 0 { format!(", and {more} more") } else { String::new() };
            out.line(format_args!("{}: {}{more}", room.name, listed(names)));
        }
        let begun = begun || !page.rows.is_empty();
        if let Some(after) = page.next {
            let query = Query::Groups { after: Some(after) };
            self.ask(Ask::Query(query), Why::Groups { begun });
        } else if !begun {
            out.notice("You are in no group.");
        }
    }

    pub(super) fn present(
        &mut self,
        room: RoomId,
        page: &Page<(Name, Option<Text>), PersonId>,
        out: &mut Output,
    ) {
        for (name, away) in &page.rows {
            match away {
                Some(words) => {
                    out.line(format_args!("{name} (away: {})", render::one_line(words)));
                }
                None => out.line(name),
            }
        }
        if let Some(after) = page.next {
            let query = Query::Present { room, after: Some(after) };
            self.ask(Ask::Query(query), Why::Present(room));
        }
    }

    pub(super) fn history(&self, messages: &[Arc<Message>], out: &mut Output) {
        let viewer = self.person().map(|person| person.id);
        let mut told = false;
        for message in self.unignored(messages) {
            told = true;
            render::message(message, viewer, render::time(message), &mut out.bytes);
        }
        if !told {
            out.notice("No messages.");
        }
    }

    pub(super) fn found(&self, messages: &[Arc<Message>], out: &mut Output) {
        let viewer = self.person().map(|person| person.id);
        let mut told = false;
        for message in self.unignored(messages) {
            told = true;
            let place = match &message.to {
                Destination::Room(room) => room.name.shown(),
                Destination::Everyone => "broadcast",
                // The other one, of the two.
                Destination::Person(to) if Some(to.id) == viewer => message.author.name.shown(),
                Destination::Person(to) => to.name.shown(),
            };
            let front = format!("{}{place} ", render::time(message));
            render::message(message, viewer, front, &mut out.bytes);
        }
        if !told {
            out.notice("Nothing found.");
        }
    }

    fn unignored<'m>(&self, messages: &'m [Arc<Message>]) -> impl Iterator<Item = &'m Message> {
        let seen = |m: &&Message| !self.me.as_ref().is_some_and(|me| me.ignores(m.author.id));
        messages.iter().map(|message| &**message).filter(seen)
    }
}

/// Who joined a room is told where they are and with whom.
pub(super) fn arrived(
    room: &RoomCard,
    page: &Page<(Name, Option<Text>), PersonId>,
    out: &mut Output,
) {
    let names: Vec<&Name> = page.rows.iter().map(|(name, _)| name).collect();
    let more = match names.len().checked_sub(NAMES_MAX) {
        _ if page.next.is_some() => " and more".to_owned(),
        Some(more @ 1..) => format!(", and {more} more"),
        _ => String::new(),
    };
    let named = names.get(..NAMES_MAX).unwrap_or(&names);
    out.notice(format_args!("You are in {}: {}{more}.", room.name, listed(named)));
}

/// Names with commas between.
pub(super) fn listed(names: &[impl Display]) -> String {
    names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
