//! One session of each protocol, without I/O.
//!
//! A face turns the bytes of one connection into asks, and what comes of them, and what others do,
//! into bytes. It holds no socket, no clock and nothing random.

pub mod cost;
pub mod face;
pub mod irc;
pub mod line;
pub mod output;
mod proven;
