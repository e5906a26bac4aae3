//! One node, without I/O: gathers what its sessions ask into packets, takes entries in order, and
//! says what each of its shards is to deliver.
//!
//! What a session asked before is finished, down to lying in every local recipient's queue of
//! deliveries, before its next query is answered.

pub mod delivery;
pub mod node;
pub mod outbox;
pub mod route;
mod watch;
