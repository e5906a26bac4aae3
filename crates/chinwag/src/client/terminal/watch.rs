//! Follows what is typed, and hides what is secret.

use std::borrow::Cow;
use std::sync::Arc;

use rustyline::Helper;
use rustyline::completion::Completer;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::Hinter;
use rustyline::validate::Validator;

use super::desk::Desk;

/// What the editor tells of itself: it asks for colours whenever it paints, and before it paints
/// one more character.
pub(super) struct Watch {
    desk: Arc<Desk>,
}

impl Watch {
    pub(super) fn new(desk: Arc<Desk>) -> Self {
        Self { desk }
    }
}

impl Highlighter for Watch {
    fn highlight<'l>(&self, line: &'l str, at: usize) -> Cow<'l, str> {
        match self.desk.note_typed(line, at) {
            true => Cow::Owned(" ".repeat(line.chars().count())),
            false => Cow::Borrowed(line),
        }
    }

    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(
        &'s self,
        prompt: &'p str,
        _default: bool,
    ) -> Cow<'b, str> {
        self.desk.note_painted();
        Cow::Borrowed(prompt)
    }

    fn highlight_char(&self, line: &str, at: usize, _kind: CmdKind) -> bool {
        self.desk.note_typed(line, at)
    }
}

impl Completer for Watch {
    type Candidate = String;
}

impl Hinter for Watch {
    type Hint = String;
}

impl Validator for Watch {}

impl Helper for Watch {}
