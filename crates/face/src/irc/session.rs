//! What a session is made of, below everything that happens in it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chinwag_model::effect::Stamp;
use chinwag_model::id::{PersonId, Place, Timestamp};
use chinwag_model::message::{Card, Message};
use chinwag_model::mode::Flags;
use chinwag_model::name::{Name, NewName};
use chinwag_model::proof::Proof;
use chinwag_model::text::Text;
use chinwag_wire::sasl::Assembler;
use chinwag_wire::sasl::scram::Exchange;

use crate::proven::Proven;

/// What came from the client.
#[derive(Clone, Copy, Debug)]
pub(super) enum Input<'a> {
    Line(&'a str),
    TooLong,
    TagsTooLong,
    Control,
    NotUtf8(&'a [u8]),
    Flood,
    End,
}

/// What is known of a client before it comes in.
#[derive(Debug, Default)]
pub(super) struct Intro {
    pub(super) nick: Option<NewName>,
    pub(super) user: Option<Box<str>>,
    pub(super) real_name: Box<str>,
    /// The client settles capabilities, and says when it is done.
    pub(super) negotiating: bool,
    /// Whether the client has given the server's password.
    pub(super) has_password: bool,
    /// The account that was proved.
    pub(super) login: Option<Proven>,
    pub(super) away: Option<Text>,
    /// Metadata that was set early.
    pub(super) metadata: Vec<(Box<str>, Text)>,
    /// Keys of metadata that the client wants to hear of.
    pub(super) keys: BTreeSet<Box<str>>,
    /// Coming in is on its way.
    pub(super) entering: bool,
}

/// Who came in.
#[derive(Debug)]
pub(super) struct Me {
    pub(super) card: Card,
    pub(super) flags: Flags,
    pub(super) guest: bool,
    /// What they were called beside the name as they came in.
    pub(super) real_name: Arc<str>,
    /// Whom they ignore, in order.
    pub(super) ignores: Vec<PersonId>,
    /// Names that are watched, by what is compared.
    pub(super) watched: BTreeMap<Box<str>, Name>,
    /// Keys of metadata that the client wants to hear of.
    pub(super) keys: BTreeSet<Box<str>>,
    /// Where the session came in, or into the last room it joined: what is later it sees live.
    pub(super) came: Place,
    /// How many answers are on their way that tell what was said before.
    pub(super) behind: usize,
    /// Messages said meanwhile, which are told after it.
    pub(super) held: Vec<(Arc<Message>, Stamp)>,
}

/// By which command an account is dealt with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Door {
    /// `REGISTER` and `VERIFY`.
    Command,
    /// `AUTHENTICATE`.
    Sasl,
    /// NickServ.
    Service,
}

/// A SASL exchange that is going on.
#[derive(Debug)]
pub(super) struct Sasl {
    pub(super) mechanism: Mechanism,
    pub(super) assembler: Assembler,
    /// Whether something is being checked.
    pub(super) busy: bool,
}

/// What the client's next message of a SASL exchange is.
#[derive(Debug)]
pub(super) enum Mechanism {
    Plain,
    External,
    Scram,
    /// The client's proof is awaited.
    ScramFinal(Box<Awaited>),
    /// It was right, and the client is to say that it knows.
    ScramDone(Box<Proven>),
}

/// A proof that a client is to give.
#[derive(Debug)]
pub(super) struct Awaited {
    pub(super) exchange: Exchange,
    pub(super) account: Name,
    /// What it proves; `None` where there is no such account, and none is right.
    pub(super) proof: Option<Proof>,
    pub(super) since: Timestamp,
}

/// A message that is on its way.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub(super) request: u32,
    /// The label, until it was told.
    pub(super) label: Option<Box<str>>,
    pub(super) command: &'static str,
    pub(super) target: Box<str>,
}
