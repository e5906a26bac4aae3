//! IRC's lines: <https://modern.ircdocs.horse>, and the IRCv3 extensions to them.

pub mod framing;
pub mod message;
pub mod push;
pub mod time;
