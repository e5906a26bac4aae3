//! What a face has to send.

use chinwag_model::id::{Place, Timestamp};

/// What a face has to send, gathered: the bytes, and how far what waits is told with them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// What is to be written.
    pub bytes: Vec<u8>,
    /// Once the bytes are written, everything that waited for the person up to here has been
    /// delivered.
    pub waited: Option<Place>,
    /// The time now, for what is sent of the server's own; set by whoever calls the face.
    pub now: Timestamp,
}

impl Output {
    /// Once what is there so far is written, what waited up to here has been delivered.
    pub(crate) fn told_upto(&mut self, place: Place) {
        self.waited = self.waited.max(Some(place));
    }
}
