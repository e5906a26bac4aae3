//! The two ports of a node to what lasts: the [`Log`](log::Log), which gives everything its place,
//! and the [`Archive`](archive::Archive), which keeps what was said.
//!
//! Here are the traits, their versions in memory, and the suite that every version must pass.

pub mod archive;
pub mod log;
pub mod memory;
#[cfg(any(test, feature = "suite"))]
pub mod suite;
