//! The state and the rules: what everyone's intents come to, the same on every node.
//!
//! Entries come in one order. For each request a rule *decides*: it reads the state and answers
//! with a change or a refusal, and touches nothing. The change is then *committed*, which can't
//! fail, and out come effects: what someone is to see. Nodes that took the same entries have the
//! same state, and [`State::digest`](state::State::digest) proves it. There is no clock here, no
//! chance, no hash order and no I/O; `clippy.toml` beside this crate keeps it so.
//!
//! Start reading at [`core::Core::apply`], then take any file of `rule`.
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used))]

mod access;
pub mod answer;
#[cfg(test)]
mod attacks;
mod chain;
pub mod core;
#[cfg(test)]
mod impostor;
#[cfg(test)]
mod invariant;
mod newcomer;
#[cfg(test)]
mod properties;
pub mod push;
mod rule;
pub mod snapshot;
#[cfg(test)]
mod stage;
pub mod state;
mod step;
#[cfg(test)]
mod visitors;
pub mod whisper;
