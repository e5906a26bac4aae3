//! `get_users`: everyone; `LIST`: the connected clients.

use chinwag_model::query::{Answer, Client, Query};

use super::{Command, Form, Section, query};
use crate::line::Output;
use crate::line::talk::{Next, Talk, Told};

pub(super) const COMMANDS: &[Command] = &[
    Command {
        help: Some((Section::People, "everyone: o is online, x is offline")),
        run: |_, _, _| Ok(query(Query::People { after: None }, People)),
        ..Command::new(Form::Word("get_users"), "get_users")
    },
    Command {
        help: Some((Section::People, "the connected clients, by index")),
        run: |_, _, _| Ok(query(Query::Clients { after: 0 }, Clients)),
        ..Command::new(Form::Word("LIST"), "LIST")
    },
];

/// A page of everyone is asked for.
#[derive(Debug)]
struct People;

impl Next for People {
    fn told(self: Box<Self>, told: Told<'_>, talk: &mut Talk, out: &mut Output) {
        let Told::Answer(Answer::People(page)) = told else { return talk.unexpected(told, out) };
        for (name, online) in &page.rows {
            out.line(format_args!("{} {name}", if *online { 'o' } else { 'x' }));
        }
        if let Some(after) = page.next.clone() {
            talk.query(Query::People { after: Some(after) }, *self);
        }
    }
}

/// A page of the connected clients is asked for.
#[derive(Debug)]
struct Clients;

impl Next for Clients {
    fn told(self: Box<Self>, told: Told<'_>, talk: &mut Talk, out: &mut Output) {
        let Told::Answer(Answer::Clients(page)) = told else { return talk.unexpected(told, out) };
        for Client { index, name, session } in &page.rows {
            out.line(format_args!("Client {index} is {name} at socket {}.", session.number));
        }
        if let Some(after) = page.next {
            talk.query(Query::Clients { after }, *self);
        }
    }
}
