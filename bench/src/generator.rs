//! The clients of a benchmark: many on one thread, who count and compare what they receive.

pub(crate) mod crowd;
pub(crate) mod entry;
pub(crate) mod face;
pub(crate) mod order;
pub(crate) mod pace;
pub(crate) mod pairs;
pub(crate) mod payload;
pub(crate) mod spread;
pub(crate) mod talk;
mod transport;
pub(crate) mod visit;
