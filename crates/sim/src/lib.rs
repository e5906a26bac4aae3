//! The same node, core and faces as in a server, in a world of virtual time that a seed decides:
//! with a log that delays, repeats and loses answers, processes that are killed, cables that are
//! cut, clocks that leap, disks that are full and clients that do not read.
//!
//! What happens in it is held against the promises: what anyone saw is stored, in one order, once;
//! what was refused is not; who comes back misses nothing. A seed that finds a promise broken finds
//! it again whenever it is run.

mod agenda;
mod bot;
mod chance;
mod connection;
mod disk;
mod oracle;
mod plan;
mod policy;
mod process;
pub mod run;
mod shelf;
mod stream;
mod truth;
mod uplink;
mod voice;
mod world;
