//! `/join`: into a room, which is made if there is none.

use chinwag_model::intent::Intent;
use chinwag_model::name::{BadName, Name, NewName};
use chinwag_model::outcome::Refusal;

use super::{Args, Command, Form, Read, Section, bare, intent};
use crate::line::Output;
use crate::line::refusal::not_a_name;
use crate::line::talk::{Next, Talk, Told};

pub(super) const COMMANDS: &[Command] = &[Command {
    args: Args::Some,
    help: Some((Section::Rooms, "go into a room, or make it")),
    run: |room, _, _| join(bare(room)),
    ..Command::new(Form::Slash("join"), "/join ROOM")
}];

fn join(typed: &str) -> Read {
    let room = Name::parse(typed).map_err(|bad| not_a_name(typed, &bad))?;
    // A room that is there can be joined whatever it is called.
    let (new, bad) = match NewName::parse(typed) {
        Ok(new) => (Some(new), None),
        Err(bad) => (None, Some(bad)),
    };
    Ok(intent(Intent::Join { room, new }, Join(bad)))
}

/// A room is joined, whose name could not be taken for this reason.
#[derive(Debug)]
struct Join(Option<BadName>);

impl Next for Join {
    fn told(self: Box<Self>, told: Told<'_>, talk: &mut Talk, out: &mut Output) {
        match (self.0, told) {
            (Some(bad), Told::Outcome(Err(Refusal::NotTakeable(name)))) => {
                out.notice(not_a_name(name.shown(), &bad));
            }
            (_, other) => talk.unless_granted(other, out),
        }
    }
}
