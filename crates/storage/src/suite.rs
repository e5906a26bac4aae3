//! What every log and every archive does, as tests to call with a way to open one.
//!
//! The way to open gives the same store again each time, after the one before was dropped.
#![allow(clippy::expect_used, clippy::panic, reason = "it is test code, to be called by tests")]

pub mod archive;
pub mod copy;
pub mod log;
pub mod word;
