//! From node to node beside the log: what may be lost, and decides nothing.

/// Where what other nodes whisper is put. It must not wait for long, and may lose it.
pub type WhisperSink = Box<dyn FnMut(Vec<u8>) + Send>;

/// The longest whisper, in bytes; a longer one is not passed on.
pub const WHISPER_BYTES_MAX: usize = 64 * 1024;

/// What nodes tell each other at most once, in no order with the log, and without a disk.
pub trait Whispers: Send {
    /// Gives what other nodes whisper to the sink from now on, on whichever thread: perhaps also
    /// what this one does, perhaps damaged. Called once.
    fn hear(&mut self, sink: WhisperSink);

    /// Passes something on to all other nodes that can be reached; returns at once.
    fn whisper(&mut self, bytes: Vec<u8>);
}
