//! `/leave`: out of a room.

use chinwag_model::intent::Intent;
use chinwag_model::name::Name;
use chinwag_model::query::{Answer, Query};

use super::{Action, Command, Form, Section, intent, query, room_name};
use crate::line::outcome::Act;
use crate::line::talk::{Next, Talk, Told};
use crate::line::{Output, refusal};

pub(super) const COMMANDS: &[Command] = &[Command {
    help: Some((Section::Rooms, "go out of a room or group")),
    current: str::is_empty,
    run: |room, me, _| match room {
        "" => Ok(intent(Intent::Leave(me.room.id), Act(me.room.name.clone()))),
        room => room_name(room).map(leave),
    },
    ..Command::new(Form::Slash("leave"), "/leave [ROOM]")
}];

fn leave(room: Name) -> Action {
    query(Query::OwnRoom(room.clone()), Leave(room))
}

/// The room that is to be left is looked for, by what was typed.
#[derive(Debug)]
struct Leave(Name);

impl Next for Leave {
    fn told(self: Box<Self>, told: Told<'_>, talk: &mut Talk, out: &mut Output) {
        match told {
            Told::Answer(Answer::Room(Some(room))) => {
                talk.want(Intent::Leave(room.id), Act(room.name.clone()));
            }
            Told::Answer(Answer::Room(None)) => out.notice(refusal::not_in(self.0.shown())),
            other => talk.unexpected(other, out),
        }
    }
}
