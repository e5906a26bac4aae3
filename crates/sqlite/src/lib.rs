//! The log and the archive in SQLite, in one folder.
//!
//! | file | what it is | if it is lost |
//! |---|---|---|
//! | `log.sqlite` | the short log and the last snapshot | restore the folder from a backup |
//! | `chinwag.sqlite` | the archive: every message, every mark of delivery | restore the folder |
//! | `search.sqlite` | the full-text index of the archive | it is built again by itself |
//! | `seed-*` | copies for another node, or from one (`seed.rs`) | they are made again |
//! | `lock` | held while a chinwag uses the folder | it is made again |
//!
//! The log and the archive are two files since SQLite lets one writer at a time into a file, and
//! everyone waits for the log: neither what the archive writes, nor its checkpoints, nor a reader
//! who holds those up, may delay a commit there. Nothing needs to be in both at one moment. The
//! archive is filled from what the log has made durable, remembers how far, in the transaction
//! that wrote it, and after a crash takes what it lacks from the log again; the log forgets only
//! what the archive could not lose to a power cut.
//!
//! All of them can be read with the `sqlite3` tool while chinwag runs.

mod archive;
mod database;
mod error;
mod folder;
mod int;
mod log;
mod private;
mod seed;
pub mod store;
mod thread;

pub use archive::SqliteArchive;
pub use error::OpenError;
pub use log::{SqliteCopy, SqliteLog};
pub use seed::{SqliteArrival, SqliteSeeds};
