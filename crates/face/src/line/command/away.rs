//! `/away`: whether one is there.

use chinwag_model::intent::Intent;

use super::{Command, Form, Section, intent, text};
use crate::line::outcome::Act;

pub(super) const COMMANDS: &[Command] = &[Command {
    help: Some((Section::People, "be away; without TEXT be back")),
    run: |words, me, _| {
        let words = if words.is_empty() { None } else { Some(text(words)?) };
        Ok(intent(Intent::SetAway(words), Act(me.room.name.clone())))
    },
    ..Command::new(Form::Slash("away"), "/away [TEXT]")
}];
