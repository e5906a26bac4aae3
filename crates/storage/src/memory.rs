//! A log, a copy of a log, an archive and whispers in memory: for tests, and to try things out.
//!
//! They behave as the real ones do, but for durability: everything is done before a call returns,
//! on the caller's thread.

mod archive;
mod copy;
mod log;
mod whispers;

pub use archive::MemoryArchive;
pub use copy::MemoryCopy;
pub use log::MemoryLog;
pub use whispers::MemoryWhispers;

#[cfg(test)]
mod tests;
