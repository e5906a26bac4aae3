//! The log and the archive in SQLite, in one folder.
//!
//! | file | what it is |
//! |---|---|
//! | `log.sqlite` | entries since the last snapshot, and the snapshot; every commit is synced |
//! | `chinwag.sqlite` | messages and delivery marks, written behind the live path |
//! | `search.sqlite` | the full-text index of the messages; made again where it is missing |
//! | `lock` | held by the one server that uses the folder |
//!
//! They are files of their own because a SQLite file has one writer at a time: so neither the
//! archive's writes nor its checkpoints nor the index ever stand in the way of a commit. What the
//! archive loses with a power cut it is given again from the log, which is trimmed only behind what
//! the archive durably has.

pub mod archive;
pub mod database;
pub mod error;
pub mod log;
pub mod store;
