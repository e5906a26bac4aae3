//! One node, without I/O: gathers what its sessions ask into packets, takes entries in order, and
//! says what each of its shards is to deliver.
//!
//! What a session asked before is finished, down to lying in every local recipient's queue of
//! deliveries, before its next query is answered.
//!
//! In a cluster ([`node::Node::join`]) it also says that it lives, knows how it stands with the log,
//! and has others told that a node is gone.

pub mod delivery;
mod digests;
mod grapevine;
pub mod health;
mod log_time;
pub mod node;
pub mod outbox;
mod peers;
mod pipeline;
mod questions;
pub mod route;
pub mod stop;
mod watch;
