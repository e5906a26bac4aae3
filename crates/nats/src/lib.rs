//! The log over a NATS JetStream stream, for nodes on several machines.
//!
//! All nodes publish packets to one stream, and each follows it; the stream's order is the one
//! order. What JetStream promises, and under which settings, is told in docs/cluster.md; before a
//! node starts, the servers have to prove that they run so ([`Cluster::connect`]).
//!
//! - A packet is published under `STREAM.log.NODE` (`publish.rs`).
//! - The stream publishes what it has stored again, under `STREAM.live.NODE`; that is what a node
//!   follows, and what it missed there it fetches (`follow.rs`, `engine.rs`).
//! - What may be lost goes from node to node under `STREAM.whisper.NODE` (`whisper.rs`).
//! - What the stream no longer has a node gets from another one, as a seed (`seed.rs`).
//! - What a node has read it keeps in a copy on its own disk, and so knows the stream again
//!   (`standing.rs`).
//!
//! tokio runs on one thread in here; nothing outside knows of it.

mod api;
mod connection;
pub mod doctor;
mod engine;
mod error;
mod follow;
mod founding;
mod hazard;
mod log;
mod message;
mod options;
mod proof;
mod publish;
mod seed;
mod standing;
mod stream;
#[cfg(feature = "suite")]
pub mod suite;
mod told;
mod whisper;

pub use connection::Cluster;
pub use error::NatsError;
pub use log::JetStreamLog;
pub use options::{Login, NAME_BYTES_MAX, Options, Tls, is_name};
pub use seed::{Giving, Going, Seeding};
pub use standing::Standing;
pub use stream::Keys;
pub use whisper::NatsWhispers;
