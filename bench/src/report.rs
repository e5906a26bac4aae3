//! What came of it all: for people and for programs.

pub(crate) mod json;
pub(crate) mod page;
mod plot;
pub(crate) mod table;
