//! What a node of a cluster is called, and what it tells of itself as it begins.

use std::fmt;

use minicbor::{Decode, Encode};

use crate::id::NodeId;

/// The newest version of the rules and of the kinds of intents that this build knows.
pub const RULES: u32 = 3;

/// The oldest version of the rules whose intents this build still decides.
pub const RULES_OLDEST: u32 = 2;

/// The longest name of a node, in bytes.
pub const NODE_NAME_BYTES_MAX: usize = 32;

/// A node's name: 1 to 32 of `a` to `z`, `A` to `Z`, `0` to `9`, `-` and `_`.
///
/// It stands in the subjects of a cluster's log, so it has nothing that means something there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeName(Box<str>);

/// Why a text is no node's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadNodeName {
    /// Empty, or too long.
    #[error("a node's name has 1 to 32 characters")]
    Length,
    /// Something else than letters, digits, `-` and `_`.
    #[error("a node's name has only a to z, A to Z, 0 to 9, - and _")]
    Char,
}

impl NodeName {
    /// Reads a node's name.
    ///
    /// # Errors
    /// [`BadNodeName`], which says what is wrong.
    pub fn parse(text: &str) -> Result<Self, BadNodeName> {
        if text.is_empty() || text.len() > NODE_NAME_BYTES_MAX {
            return Err(BadNodeName::Length);
        }
        let is_allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        if !text.bytes().all(is_allowed) {
            return Err(BadNodeName::Char);
        }
        Ok(Self(text.into()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The node of this name, the same for ever: FNV-1a of 32 bits, and 1 where that is 0, which is
    /// a node without a cluster. Two names may have the same; a cluster then takes only the first.
    #[must_use]
    pub fn id(&self) -> NodeId {
        let mix = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(16_777_619);
        NodeId(self.0.bytes().fold(2_166_136_261, mix).max(1))
    }
}

impl fmt::Display for NodeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a node tells of itself as it begins a life in a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Incarnation {
    /// What it is called.
    #[n(0)]
    pub name: Box<str>,
    /// Drawn by chance as the process starts: two processes that run under one name are told apart
    /// by it.
    #[n(1)]
    pub nonce: u64,
    /// The newest version of the rules that it knows.
    #[n(2)]
    pub knows: u32,
    /// The oldest version of the rules that it knows.
    #[n(3)]
    pub knows_since: u32,
}

impl Incarnation {
    /// This build, as a process with this name and nonce.
    #[must_use]
    pub fn new(name: &NodeName, nonce: u64) -> Self {
        Self { name: name.as_str().into(), nonce, knows: RULES, knows_since: RULES_OLDEST }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_name_is_short_and_plain() {
        for (text, wrong) in [
            ("", Some(BadNodeName::Length)),
            ("a", None),
            ("node-7", None),
            ("Node_7", None),
            ("a.b", Some(BadNodeName::Char)),
            ("ä", Some(BadNodeName::Char)),
            (&"x".repeat(32), None),
            (&"x".repeat(33), Some(BadNodeName::Length)),
        ] {
            assert_eq!(NodeName::parse(text).err(), wrong, "{text:?}");
        }
    }

    #[test]
    fn a_node_is_the_same_for_ever_and_never_the_one_without_a_cluster() {
        let id = |text| NodeName::parse(text).unwrap().id();
        assert_eq!(id("a"), NodeId(0xe40c_292c));
        assert_eq!(id("b"), NodeId(0xe70c_2de5));
        assert_ne!(id("node-1"), id("node-2"));
        assert_ne!(id("a"), NodeId(0));
    }
}
