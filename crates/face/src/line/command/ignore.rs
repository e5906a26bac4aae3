//! `/ignore` and `/unignore`: whom one does not want to see.

use chinwag_model::intent::Intent;

use super::{Args, Command, Form, Read, Section, intent, person};
use crate::line::outcome::Act;
use crate::line::talk::Me;

pub(super) const COMMANDS: &[Command] = &[
    Command {
        args: Args::Some,
        help: Some((Section::People, "")),
        with: ", /unignore NAME",
        run: |name, me, _| ignore(name, true, me),
        ..Command::new(Form::Slash("ignore"), "/ignore NAME")
    },
    Command {
        args: Args::Some,
        run: |name, me, _| ignore(name, false, me),
        ..Command::new(Form::Slash("unignore"), "/unignore NAME")
    },
];

fn ignore(name: &str, on: bool, me: &Me) -> Read {
    let who = person(name)?;
    Ok(intent(Intent::Ignore { who, on }, Act(me.room.name.clone())))
}
