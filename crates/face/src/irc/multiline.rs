//! A message of several lines, while the client sends it.
//!
//! Spec: <https://ircv3.net/specs/extensions/multiline>.

use chinwag_model::message::Manner;
use chinwag_model::tag::Tags;
use chinwag_wire::irc::message::Message;

/// A message of several lines that is being sent.
#[derive(Debug)]
pub(super) struct Multiline {
    pub(super) id: Box<str>,
    pub(super) target: Box<str>,
    pub(super) label: Option<Box<str>>,
    pub(super) tags: Tags,
    pub(super) manner: Option<Manner>,
    pub(super) text: String,
    pub(super) joints: Vec<u32>,
    /// It was refused, and what still comes of it is passed over.
    pub(super) refused: bool,
    lines: usize,
}

/// Why a line does not fit into a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    Lines,
    Bytes,
    Invalid(&'static str),
}

impl Multiline {
    /// A message whose lines are yet to come.
    pub(super) fn new(id: &str, target: &str, label: Option<Box<str>>, tags: Tags) -> Self {
        Self {
            id: id.into(),
            target: target.into(),
            label,
            tags,
            manner: None,
            text: String::new(),
            joints: Vec::new(),
            refused: false,
            lines: 0,
        }
    }

    /// Adds a line; `manner` is what its command makes of a text, if it is one of speech. The bounds are
    /// the most lines and the most bytes.
    ///
    /// # Errors
    /// Why the line does not fit. The message can't be sent then.
    pub(super) fn add(
        &mut self,
        message: &Message<'_>,
        manner: Option<Manner>,
        bounds: (usize, usize),
    ) -> Result<(), Refused> {
        let same = message.tag("batch").is_some_and(|batch| *batch == *self.id);
        let manner = manner.ok_or(Refused::Invalid("Only messages belong into a batch"))?;
        let [target, text, ..] = message.params() else {
            return Err(Refused::Invalid("A line has a target and a text"));
        };
        if !same || !target.eq_ignore_ascii_case(&self.target) {
            return Err(Refused::Invalid("All lines have the batch's own tag and target"));
        }
        if self.manner.is_some_and(|before| before != manner) {
            return Err(Refused::Invalid("All lines are of one command"));
        }
        let concat = message.tag("draft/multiline-concat").is_some();
        if concat && (text.is_empty() || self.lines == 0) {
            return Err(Refused::Invalid("Nothing can be added so"));
        }
        self.lines += 1;
        if self.lines > bounds.0 {
            return Err(Refused::Lines);
        }
        if self.text.len() + text.len() + 1 > bounds.1 {
            return Err(Refused::Bytes);
        }
        if concat {
            self.joints.push(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
        } else if self.lines > 1 {
            self.text.push('\n');
        }
        self.text.push_str(text);
        self.manner = Some(manner);
        Ok(())
    }
}
