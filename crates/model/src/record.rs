//! What the archive keeps.

use std::sync::Arc;

use crate::intent::Mark;
use crate::message::Message;

/// Something for the archive.
#[derive(Clone, Debug, PartialEq)]
pub enum Record {
    /// A message, kept for history and search.
    Message(Arc<Message>),
    /// How far a person has been sent what waits; never moves back.
    Delivered(Mark),
}
