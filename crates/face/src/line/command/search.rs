//! `/search`: messages that hold words.

use std::sync::Arc;

use chinwag_model::message::{Destination, Message};
use chinwag_model::query::{Answer, Query};

use super::{Args, Command, Form, Section, query};
use crate::line::talk::{Next, Talk, Told};
use crate::line::{Output, render};

/// Messages that a search tells at most.
const SEARCH_MAX: u32 = 50;

pub(super) const COMMANDS: &[Command] = &[Command {
    args: Args::Some,
    help: Some((Section::Past, "messages that hold all the words")),
    run: |words, _, _| {
        let words = words.to_owned();
        Ok(query(Query::Search { words, filter: Box::default(), limit: SEARCH_MAX }, Search))
    },
    ..Command::new(Form::Slash("search"), "/search WORDS")
}];

/// Messages that hold the words are asked for.
#[derive(Debug)]
struct Search;

impl Next for Search {
    fn told(self: Box<Self>, told: Told<'_>, talk: &mut Talk, out: &mut Output) {
        match told {
            Told::Answer(Answer::Found(messages)) => tell(talk, messages, out),
            other => talk.unexpected(other, out),
        }
    }
}

fn tell(talk: &Talk, messages: &[Arc<Message>], out: &mut Output) {
    let viewer = talk.person().map(|person| person.id);
    let mut told = false;
    for message in talk.unignored(messages) {
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
