//! How a node gets a seed from another one: over core NATS, from node to node.
//!
//! Who needs one asks all, under `STREAM.seed`, and those who live tell that they give (an *offer*). It
//! then asks one of them, under `STREAM.seed.NODE`: to make a seed, until that is ready, and then for
//! one *chunk* after the other. Answers go where whoever asks is listening, as NATS lets who was
//! asked answer.
//!
//! - Who asks sets the pace: no more than a few chunks are on their way.
//! - A node gives to one at a time, and not faster than it was told to ([`give`](crate::seed::give)).
//! - A giver that dies, or gives what is damaged, is left for the next one
//!   ([`fetch`](crate::seed::fetch)). What was copied of it is thrown away.
//! - Each chunk has a checksum and says what it is of; and the whole is known by another one.

pub(crate) mod fetch;
pub(crate) mod give;
mod words;

pub use fetch::{Going, Seeding};
pub use give::Giving;
