//! What is said: to the room, to one person or group, to everyone.

use chinwag_model::intent::Target;
use chinwag_model::message::Manner;
use chinwag_model::name::{Name, quoted};
use chinwag_wire::line::typed::{named, unquoted};

use super::{Action, Args, Command, Form, Read, Section, person, text, usage};
use crate::line::refusal;
use crate::line::talk::Me;

const TO: &str = "NAME: TEXT";
const BROADCAST: &str = "broad: TEXT";

pub(super) const COMMANDS: &[Command] = &[
    Command {
        help: Some((Section::Talk, "to everyone in the current room")),
        ..Command::new(Form::Shape, "TEXT")
    },
    Command {
        help: Some((Section::Talk, "to one person, or to a group or room you are in")),
        ..Command::new(Form::Shape, TO)
    },
    Command {
        args: Args::NameAndQuoted,
        help: Some((Section::Talk, "to one person")),
        speech: true,
        run: |rest, _, _| {
            let (name, said) = named(rest).unwrap_or_default();
            person(name).and_then(|name| say(Target::Called(name), Manner::Speech, unquoted(said)))
        },
        ..Command::new(Form::Lead("chat"), "chat NAME \"TEXT\"")
    },
    Command {
        args: Args::NameAndText,
        help: Some((Section::Talk, "as NAME: TEXT")),
        speech: true,
        run: |rest, _, _| {
            let (name, said) = named(rest).unwrap_or_default();
            to(name, said)
        },
        ..Command::new(Form::Slash("msg"), "/msg NAME TEXT")
    },
    Command {
        help: Some((Section::Talk, "to everyone, online or offline")),
        ..Command::new(Form::Shape, BROADCAST)
    },
    Command {
        args: Args::Some,
        help: Some((Section::Talk, "TEXT to the room, whatever it looks like")),
        speech: true,
        current: |_| true,
        run: |said, me, _| to_room(said, Manner::Speech, me),
        ..Command::new(Form::Slash("say"), "/say TEXT")
    },
    Command {
        args: Args::Some,
        help: Some((Section::Talk, "an action: * Alice waves")),
        speech: true,
        current: |_| true,
        run: |said, me, _| to_room(said, Manner::Action, me),
        ..Command::new(Form::Slash("me"), "/me TEXT")
    },
];

/// Something is said to everyone in the current room.
pub(super) fn to_room(said: &str, manner: Manner, me: &Me) -> Read {
    say(Target::Room(me.room.id), manner, said)
}

/// Something is said to one person, a group or a room; or to everyone, by the name of that.
pub(super) fn to(name: &str, said: &str) -> Read {
    if said.is_empty() {
        return Err(usage(if name == "broad" { BROADCAST } else { TO }));
    }
    if name == "broad" {
        return say(Target::Everyone, Manner::Speech, said);
    }
    match Name::parse(name) {
        Ok(name) => say(Target::Either(name), Manner::Speech, said),
        Err(_) => Err(refusal::no_such_target(&quoted(name))),
    }
}

fn say(to: Target, manner: Manner, said: &str) -> Read {
    Ok(Action::Say { to, manner, text: text(said)? })
}
