//! `/nick`: another name.

use chinwag_model::intent::Intent;
use chinwag_model::name::NewName;

use super::{Args, Command, Form, Read, Section, intent};
use crate::line::LinePolicy;
use crate::line::outcome::Act;
use crate::line::refusal::not_a_name;
use crate::line::talk::Me;

pub(super) const COMMANDS: &[Command] = &[Command {
    args: Args::Some,
    help: Some((Section::You, "take another name")),
    run: nick,
    ..Command::new(Form::Slash("nick"), "/nick NAME")
}];

fn nick(typed: &str, me: &Me, policy: &LinePolicy) -> Read {
    if me.guest && !policy.registration {
        return Err("Registration is closed; guests stay guests.".to_owned());
    }
    if me.guest && !policy.open_names {
        return Err("A name needs a password here. Come in again under it to set one.".to_owned());
    }
    let name = NewName::parse(typed).map_err(|bad| not_a_name(typed, &bad))?;
    Ok(intent(Intent::Rename(name), Act(me.room.name.clone())))
}
