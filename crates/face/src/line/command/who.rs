//! `/who`: who is in a room.

use chinwag_model::id::RoomId;
use chinwag_model::name::Name;
use chinwag_model::query::{Answer, Query};

use super::{Command, Form, query, room_name};
use crate::line::talk::{Next, Talk, Told};
use crate::line::{Output, refusal, render};

pub(super) const COMMANDS: &[Command] = &[Command {
    current: str::is_empty,
    run: |room, me, _| match room {
        "" => {
            let room = me.room.id;
            Ok(query(Query::Present { room, after: None }, Present(room)))
        }
        room => room_name(room).map(|name| query(Query::Room(name.clone()), Who(name))),
    },
    ..Command::new(Form::Slash("who"), "/who [ROOM]")
}];

/// The room whose people are to be told is looked for, by what was typed.
#[derive(Debug)]
struct Who(Name);

impl Next for Who {
    fn told(self: Box<Self>, told: Told<'_>, talk: &mut Talk, out: &mut Output) {
        match told {
            Told::Answer(Answer::Room(Some(room))) => {
                talk.query(Query::Present { room: room.id, after: None }, Present(room.id));
            }
            Told::Answer(Answer::Room(None)) => out.notice(refusal::not_in(self.0.shown())),
            other => talk.unexpected(other, out),
        }
    }
}

/// A page of those who are in a room is asked for.
#[derive(Debug)]
struct Present(RoomId);

impl Next for Present {
    fn told(self: Box<Self>, told: Told<'_>, talk: &mut Talk, out: &mut Output) {
        let Told::Answer(Answer::Present(page)) = told else { return talk.unexpected(told, out) };
        for (name, away) in &page.rows {
            match away {
                Some(words) => {
                    out.line(format_args!("{name} (away: {})", render::one_line(words)));
                }
                None => out.line(name),
            }
        }
        if let Some(after) = page.next {
            talk.query(Query::Present { room: self.0, after: Some(after) }, *self);
        }
    }
}
