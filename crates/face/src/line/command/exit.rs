//! `exit`, `bye`, `logout`, `/quit`: the end of the session.

use chinwag_model::intent::Intent;

use super::{Action, Command, Form, Section};
use crate::line::Output;
use crate::line::talk::{Next, Step, Talk, Told};

pub(super) const COMMANDS: &[Command] = &[
    Command {
        help: Some((Section::You, "leave; also bye, logout, /quit")),
        leaves: true,
        run: |_, _, _| Ok(Action::Exit),
        ..Command::new(Form::Word("exit"), "exit")
    },
    Command {
        leaves: true,
        run: |_, _, _| Ok(Action::Exit),
        ..Command::new(Form::Word("bye"), "bye")
    },
    Command {
        leaves: true,
        run: |_, _, _| Ok(Action::Exit),
        ..Command::new(Form::Word("logout"), "logout")
    },
    Command {
        leaves: true,
        run: |_, _, _| Ok(Action::Exit),
        ..Command::new(Form::Slash("quit"), "/quit")
    },
];

/// Asks for the end of the session; who has not come in just goes.
pub(in crate::line) fn exit(talk: &mut Talk) {
    talk.step = Step::Over;
    if talk.me.is_some() {
        // How far what waits was written is known to whoever writes it.
        talk.want(Intent::Exit { delivered: None, reason: None }, Exit);
    }
}

/// The session ends, whatever comes of it.
#[derive(Debug)]
struct Exit;

impl Next for Exit {
    fn told(self: Box<Self>, _: Told<'_>, talk: &mut Talk, out: &mut Output) {
        if let Some(me) = &talk.me {
            out.notice(format_args!("Goodbye, {}.", me.person.name));
        }
    }
}
