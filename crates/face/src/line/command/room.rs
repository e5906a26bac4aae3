//! `/room`: talking in another room; `/rooms`: which rooms there are.

use chinwag_model::name::Name;
use chinwag_model::query::{Answer, Query, RoomRow};

use super::{Args, Command, Form, Section, query, room_name};
use crate::line::talk::{Next, Talk, Told};
use crate::line::{Output, refusal, render};

pub(super) const COMMANDS: &[Command] = &[
    Command {
        args: Args::Some,
        help: Some((Section::Rooms, "talk in another room you are in")),
        run: |room, _, _| {
            room_name(room).map(|name| query(Query::OwnRoom(name.clone()), Room(name)))
        },
        ..Command::new(Form::Slash("room"), "/room ROOM")
    },
    Command {
        help: Some((Section::Rooms, "the rooms there are; who is in one")),
        with: ", /who [ROOM]",
        run: |_, _, _| Ok(query(Query::Rooms { after: None }, Rooms)),
        ..Command::new(Form::Slash("rooms"), "/rooms")
    },
];

/// The room that is to be current is looked for, by what was typed.
#[derive(Debug)]
struct Room(Name);

impl Next for Room {
    fn told(self: Box<Self>, told: Told<'_>, talk: &mut Talk, out: &mut Output) {
        match told {
            Told::Answer(Answer::Room(Some(room))) => {
                out.notice(format_args!("You are talking in {}.", room.name));
                talk.talk_in(room.clone());
            }
            Told::Answer(Answer::Room(None)) => out.notice(refusal::not_in(self.0.shown())),
            other => talk.unexpected(other, out),
        }
    }
}

/// A page of the rooms is asked for.
#[derive(Debug)]
struct Rooms;

impl Next for Rooms {
    fn told(self: Box<Self>, told: Told<'_>, talk: &mut Talk, out: &mut Output) {
        let Told::Answer(Answer::Rooms(page)) = told else { return talk.unexpected(told, out) };
        for RoomRow { name, members, topic } in &page.rows {
            match topic {
                Some(topic) => {
                    out.line(format_args!("{name} ({members}): {}", render::one_line(topic)));
                }
                None => out.line(format_args!("{name} ({members})")),
            }
        }
        if let Some(after) = page.next.clone() {
            talk.query(Query::Rooms { after: Some(after) }, *self);
        }
    }
}
