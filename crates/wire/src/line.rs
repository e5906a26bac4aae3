//! Line mode: what `nc` and telnet send, and what their terminals may be sent.

pub mod clean;
pub mod framing;
pub mod telnet;
pub mod time;
pub mod typed;
