//! `/topic`: what the room is about.

use chinwag_model::intent::Intent;
use chinwag_model::name::Name;
use chinwag_model::query::{Answer, Query};

use super::{Command, Form, Section, intent, query, text};
use crate::line::outcome::Act;
use crate::line::talk::{Next, Talk, Told};
use crate::line::{Output, render};

pub(super) const COMMANDS: &[Command] = &[Command {
    help: Some((Section::Rooms, "show or set the room's topic")),
    current: |_| true,
    run: |topic, me, _| match topic {
        "" => Ok(query(Query::Topic(me.room.id), Topic(me.room.name.clone()))),
        topic => text(topic).map(|topic| {
            let set = Intent::SetTopic { room: me.room.id, topic: Some(topic) };
            intent(set, Act(me.room.name.clone()))
        }),
    },
    ..Command::new(Form::Slash("topic"), "/topic [TEXT]")
}];

/// A room's topic is asked for.
#[derive(Debug)]
struct Topic(Name);

impl Next for Topic {
    fn told(self: Box<Self>, told: Told<'_>, talk: &mut Talk, out: &mut Output) {
        let room = self.0;
        match told {
            Told::Answer(Answer::Topic(Some(topic))) => {
                out.notice(format_args!("Topic of {room}: {}", render::one_line(topic)));
            }
            Told::Answer(Answer::Topic(None)) => {
                out.notice(format_args!("{room} has no topic."));
            }
            other => talk.unexpected(other, out),
        }
    }
}
