//! The shell around a node: sockets, threads, timers, password hashing and limits.
//!
//! Threads, each with one owner's state and a bounded or bounded-by-its-askers inbox: the *door*
//! accepts connections; *shards* each own a part of them, read and write them and run their faces;
//! the *hub* owns the node and speaks with the log and the archive; the *vault* hashes passwords;
//! the *post* mails codes; the *office* tells devices that sleep.
//! Nothing here is shared but channels.

pub mod anteroom;
pub mod certificate;
mod cloak;
pub mod cluster;
mod courier;
mod detect;
mod door;
mod erasing;
mod fair;
mod hub;
pub mod listener;
mod metrics;
mod newcomer;
pub mod options;
mod post;
mod push;
mod quota;
mod seat;
pub mod server;
mod shard;
mod site;
pub mod site_url;
mod timers;
mod transport;
pub mod vapid;
mod vault;
