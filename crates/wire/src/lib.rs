//! Codecs without I/O: bytes to words and back, for the server, the client and the tests alike.
#![cfg_attr(not(test), deny(clippy::indexing_slicing))]

mod calendar;
pub mod irc;
pub mod line;
pub mod proxy;
pub mod sasl;
pub mod websocket;
