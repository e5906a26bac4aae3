//! What the black-box tests share: the real server as a process, and clients of it.
//!
//! Every wait has a deadline, and every failure shows what the server logged.

#![allow(dead_code, reason = "each test file uses its own part of this")]
#![allow(clippy::needless_pass_by_value, reason = "settings read better without references")]
#![allow(clippy::expect_used, clippy::panic, reason = "a test says by panicking what is wrong")]

pub(crate) mod client;
pub(crate) mod cluster;
pub(crate) mod dice;
pub(crate) mod fitting;
pub(crate) mod load;
pub(crate) mod pattern;
pub(crate) mod scram;
pub(crate) mod screen;
pub(crate) mod server;
pub(crate) mod sink;
pub(crate) mod tls;
pub(crate) mod transcript;
pub(crate) mod world;

use std::time::Duration;

/// How long anything may take before a test gives up on it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// Bytes as a reader of a failure wants them: text as text, the rest escaped.
pub(crate) fn shown(bytes: &[u8]) -> String {
    let mut shown = String::new();
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '"' | '\'' => shown.push(c),
                c => shown.extend(c.escape_debug()),
            }
        }
        for byte in chunk.invalid() {
            shown.push_str(&format!("\\x{byte:02x}"));
        }
    }
    shown
}
