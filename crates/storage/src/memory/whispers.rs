use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use crate::whispers::{WHISPER_BYTES_MAX, WhisperSink, Whispers};

/// Whispers in memory: its clones hear each other, and themselves, before
/// [`whisper`](Whispers::whisper) returns.
#[derive(Clone, Default)]
pub struct MemoryWhispers(Arc<Mutex<Vec<WhisperSink>>>);

impl MemoryWhispers {
    /// Whispers that nobody hears yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl fmt::Debug for MemoryWhispers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryWhispers").finish_non_exhaustive()
    }
}

impl Whispers for MemoryWhispers {
    fn hear(&mut self, sink: WhisperSink) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(sink);
    }

    fn whisper(&mut self, bytes: Vec<u8>) {
        if bytes.len() <= WHISPER_BYTES_MAX {
            let mut sinks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            sinks.iter_mut().for_each(|sink| sink(bytes.clone()));
        }
    }
}
