//! The words of chinwag: what every other crate speaks of, and nothing that acts.
//!
//! Names and texts are parsed here, once, at the door; past it nobody checks them again.
//! Ids are given by the order of the log, never by a clock or by chance. What is stored is
//! encoded as CBOR with numbered fields (RFC 8949): a later version may add fields and kinds, and
//! reads what earlier ones wrote.
//!
//! No protocol's word is known here: that a message looks like `[lobby] Alice: hello` is a face's
//! affair.

pub mod ask;
pub mod effect;
pub mod entry;
pub mod id;
pub mod intent;
pub mod mail;
pub mod mask;
pub mod message;
pub mod mode;
pub mod name;
pub mod node;
pub mod outcome;
pub mod proof;
pub mod push;
pub mod query;
pub mod rank;
pub mod record;
pub mod secret;
pub mod tag;
pub mod text;
pub mod whisper;
