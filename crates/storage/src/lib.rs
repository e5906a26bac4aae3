//! Where things are stored: the traits of the log and the archive, their in-memory versions, and
//! the suite that every version passes.
//!
//! The *log* gives the one order and survives a crash; it is short, as a snapshot of the state
//! lets it forget what came before. The *archive* keeps what people said, for ever; it is filled
//! from the log behind the live path, and can lag. *Whispers* go from node to node beside the log,
//! and may be lost. A *seed* is what a node gives to another one that has not enough of either.
//! Nothing of SQL or of a network is known here.

pub mod archive;
pub mod copy;
pub mod fair;
pub mod log;
pub mod memory;
pub mod seed;
#[cfg(any(test, feature = "suite"))]
pub mod suite;
pub mod whispers;
