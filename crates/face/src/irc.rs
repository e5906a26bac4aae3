//! The face of IRC: RFC 1459 and 2812 as <https://modern.ircdocs.horse> describes them, and IRCv3.
//!
//! One connection is one [`IrcFace`]. A command is a *flow*: a row of asks, whose results are told as
//! they come, and the next command waits for its end. Messages alone do not wait for each other: at
//! most [`IN_FLIGHT_MAX`] of them may be on their way.
//!
//! Each command is a file of the folder `command`, with a row that says all of it; `turn.rs` takes lines and
//! results, `chat.rs` is where a session stands, and `render.rs` is how all who look alike see an event.

mod args;
mod caps;
mod chat;
mod command;
mod multiline;
mod refusal;
mod render;
mod reply;
mod session;
mod sight;
mod sign;
mod split;
mod tell;
mod turn;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use chinwag_model::ask::{Ask, Checked};
use chinwag_model::effect::{Event, Stamp};
use chinwag_model::id::{PersonId, SessionId, Timestamp};
use chinwag_model::message::Card;
use chinwag_model::mode::Flags;
use chinwag_model::outcome::Outcome;
use chinwag_model::query::Answer;
use chinwag_wire::irc::framing::{BODY_BYTES_MAX, LineReader, Piece};

use crate::cost::cost;
use crate::output::Output;
use chat::Chat;
pub use command::webpush::pushed_line;
pub use render::Look;
use session::Input;
pub use sign::person_flags;

/// Messages of one session that may be on their way together.
pub const IN_FLIGHT_MAX: usize = 64;

/// Bytes that may wait to be read as lines before a face wants no more of them.
pub const BUFFERED_BYTES_MAX: usize = 20 * 1024;

/// Bytes of answers that [`IrcFace::next_ask`] writes before it lets the server send them.
pub const ANSWERED_BYTES_MAX: usize = 16 * 1024;

/// The same, to who has not come in.
const ANSWERED_EARLY_BYTES_MAX: usize = 2 * 1024;

/// What a server wants of its IRC face.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IrcPolicy {
    /// The server's name.
    pub server_name: String,
    /// The network's name.
    pub network: String,
    /// What the server is.
    pub description: String,
    /// The message of the day, a line each.
    pub motd: Vec<String>,
    /// A password that every client must give.
    pub password: Option<String>,
    /// The software and its version.
    pub version: String,
    /// The address of a picture of the network.
    pub icon: Option<String>,
    /// What clients are told of encrypting, if anything.
    pub sts: Option<Sts>,
    /// Whether devices are told of what is said to their owners, and with which key.
    pub push: Option<PushPolicy>,
    /// When the server started.
    pub started: Timestamp,
    /// Whether people may come in without an account.
    pub guests: bool,
    /// Whether people may register.
    pub registration: bool,
    /// Whether they may do so before they come in.
    pub register_before_connect: bool,
    /// Whether an address is asked for.
    pub register_needs_email: bool,
    /// Whether codes are mailed: an address that has to be given is then verified, and who lost
    /// their password can have another one.
    pub mail: bool,
    /// Whether who has an account stays in the rooms without a connection.
    pub always_on: bool,
    /// How everyone is from the first.
    pub default_flags: Flags,
    /// Lines a second above which a client is delayed; 0 for no bound.
    pub lines_per_second: u32,
    /// Bounds.
    pub limits: IrcLimits,
}

impl IrcPolicy {
    /// What a server of this name and network wants that nobody has configured otherwise.
    #[must_use]
    pub fn new(server_name: &str, network: &str) -> Self {
        Self {
            server_name: server_name.to_owned(),
            network: network.to_owned(),
            description: "a server".to_owned(),
            motd: Vec::new(),
            password: None,
            version: "v".to_owned(),
            icon: None,
            sts: None,
            push: None,
            started: Timestamp(0),
            guests: true,
            registration: true,
            register_before_connect: true,
            register_needs_email: false,
            mail: false,
            always_on: true,
            default_flags: Flags::default(),
            lines_per_second: 10,
            limits: IrcLimits {
                nick_length: 32,
                channel_length: 64,
                topic_length: 390,
                kick_length: 390,
                away_length: 200,
                monitor_entries: 100,
                list_mode_entries: 60,
                whowas_entries: 100,
                chathistory_messages: 100,
                multiline_bytes: 4096,
                multiline_lines: 32,
                metadata_keys: 20,
                metadata_subscriptions: 50,
            },
        }
    }

    /// Whether an address has to be verified before an account is made.
    #[must_use]
    pub fn verifies(&self) -> bool {
        self.mail && self.register_needs_email
    }
}

/// That clients are to encrypt from now on (<https://ircv3.net/specs/extensions/sts>).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sts {
    /// The port where that is to be had.
    pub port: u16,
    /// For how long, in seconds.
    pub seconds: u32,
}

/// How devices are told of what is said to their owners.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushPolicy {
    /// The server's public key (RFC 8292), as clients are told it: a point of P-256, uncompressed, in
    /// the base64 of URLs.
    pub key: String,
    /// Most devices of a person.
    pub devices_max: u32,
}

/// Bounds that IRC clients are told.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is a key of the configuration, and described there")]
pub struct IrcLimits {
    pub nick_length: usize,
    pub channel_length: usize,
    pub topic_length: usize,
    pub kick_length: usize,
    pub away_length: usize,
    pub monitor_entries: usize,
    pub list_mode_entries: u32,
    pub whowas_entries: usize,
    pub chathistory_messages: u32,
    pub multiline_bytes: usize,
    pub multiline_lines: usize,
    pub metadata_keys: u32,
    pub metadata_subscriptions: usize,
}

/// What is known of a connection before it says anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// The session it is to be.
    pub session: SessionId,
    /// Where it comes from: a cloak that tells nobody its address.
    pub host: Box<str>,
    /// Its address, for itself.
    pub address: Box<str>,
    /// Whether it is private.
    pub secure: bool,
    /// SHA-256 of the certificate that it proved to have.
    pub certificate: Option<Box<[u8; 32]>>,
}

/// How a session sees an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// Not at all.
    Nothing,
    /// As all sessions with this look: [`shared_lines`] has the bytes.
    Shared(Look),
    /// In its own way: [`IrcFace::show`] has the bytes, if any.
    Own,
}

/// How an event comes to a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Via {
    /// Not by a room they share, but as the session watches a name.
    pub watch: bool,
    /// In so large a room that who can do without is not to be bothered with comings and goings.
    pub crowded: bool,
}

/// What most events take, in bytes, with their tags.
const SHARED_BYTES: usize = 256;

/// An event as every session with a look sees it, encoded once for all of them.
#[must_use]
pub fn shared_lines(event: &Event, stamp: &Stamp, look: Look, server_name: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(SHARED_BYTES);
    let teller = render::Teller { server: server_name, look, front: &[], viewer: "*" };
    teller.event(event, stamp, &mut bytes);
    bytes
}

/// One session of IRC, without I/O: bytes in, asks out; results and events in, bytes out.
///
/// Call [`next_ask`](Self::next_ask) until `None` whenever bytes or a result came in.
#[derive(Debug)]
pub struct IrcFace {
    reader: LineReader,
    chat: Chat,
    lines: u64,
    ended: bool,
    has_more: bool,
}

impl IrcFace {
    /// A session that has just begun.
    #[must_use]
    pub fn new(policy: Arc<IrcPolicy>, about: About) -> Self {
        Self {
            reader: LineReader::new(BODY_BYTES_MAX),
            chat: Chat::new(policy, about),
            lines: 0,
            ended: false,
            has_more: false,
        }
    }

    /// The configuration was read again.
    pub fn set_policy(&mut self, policy: Arc<IrcPolicy>) {
        self.chat.policy = policy;
    }

    /// Tells a client that there is no place for it. The connection is then closed.
    pub fn server_full(out: &mut Output) {
        out.bytes.extend_from_slice(b"ERROR :The server is full\r\n");
    }

    /// Tells the client that the server stops, after a hint where to go, if there is one. The connection
    /// is then closed.
    pub fn shutting_down(&self, hint: Option<&str>, out: &mut Output) {
        if let Some(hint) = hint {
            let (server, nick) = (&self.chat.policy.server_name, self.chat.nick());
            let notice = format!(":{server} NOTICE {nick} :{hint}\r\n");
            out.bytes.extend_from_slice(notice.as_bytes());
        }
        out.bytes.extend_from_slice(b"ERROR :The server is shutting down\r\n");
    }

    /// Tells the client that this server has lost the others of its cluster, and with them all who
    /// are in by it. The connection is then closed.
    pub fn cluster_lost(&self, out: &mut Output) {
        let words = b"ERROR :This server has lost the others and begins anew; connect again\r\n";
        out.bytes.extend_from_slice(words);
    }

    /// Tells the client that it took too long to register. The connection is then closed.
    pub fn too_slow(&self, seconds: u64, out: &mut Output) {
        let why = format!("ERROR :No registration within {seconds} seconds\r\n");
        out.bytes.extend_from_slice(why.as_bytes());
    }

    /// Takes bytes as the socket gave them, in pieces of any size. A server that stops reading while
    /// [`wants_input`](Self::wants_input) is false has a bound on what is kept of them.
    pub fn receive(&mut self, bytes: &[u8]) {
        if !self.chat.is_over() {
            self.reader.push(bytes);
        }
    }

    /// No more bytes will come.
    pub fn end_of_input(&mut self) {
        self.ended = true;
    }

    /// How many lines were read so far, for a server that paces its clients; a long one counts as
    /// several ([`cost`]).
    #[must_use]
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// What this person wants next, with the number under which its result is to be given back.
    /// Call until `None`.
    pub fn next_ask(&mut self, out: &mut Output) -> Option<(u32, Ask)> {
        let begun = out.bytes.len();
        let answered_max = match self.chat.me {
            Some(_) => ANSWERED_BYTES_MAX,
            None => ANSWERED_EARLY_BYTES_MAX,
        };
        self.has_more = false;
        loop {
            if let Some(ask) = self.chat.next_ask(out) {
                return Some(ask);
            }
            if !self.chat.is_ready() {
                return None;
            }
            if out.bytes.len().saturating_sub(begun) > answered_max {
                self.has_more = true;
                return None;
            }
            let input = match self.reader.next() {
                Some(Piece::Line(line)) => Input::Line(line),
                Some(Piece::TooLong) => Input::TooLong,
                Some(Piece::TagsTooLong) => Input::TagsTooLong,
                Some(Piece::Control) => Input::Control,
                Some(Piece::NotUtf8(line)) => Input::NotUtf8(line),
                Some(Piece::Flood) => Input::Flood,
                None if self.ended => Input::End,
                None => return None,
            };
            self.lines += if let Input::Line(line) = input { cost(line.len()) } else { 1 };
            if let Some(ask) = self.chat.take(input, out) {
                return Some(ask);
            }
        }
    }

    /// Whether [`next_ask`](Self::next_ask) gave `None` only because it had written much.
    #[must_use]
    pub fn has_more(&self) -> bool {
        self.has_more
    }

    /// Bytes that came and were not read as lines yet.
    #[must_use]
    pub fn buffered(&self) -> usize {
        self.reader.buffered()
    }

    /// Whether the server should go on reading from the socket.
    #[must_use]
    pub fn wants_input(&self) -> bool {
        self.reader.buffered() <= BUFFERED_BYTES_MAX
    }

    /// Tells what an intent came to. A request that is not on its way is passed over.
    pub fn outcome(&mut self, request: u32, outcome: &Outcome, out: &mut Output) {
        self.chat.outcome(request, outcome, out);
    }

    /// Tells the answer to a query. A request that is not on its way is passed over.
    pub fn answer(&mut self, request: u32, answer: &Answer, out: &mut Output) {
        self.chat.answer(request, answer, out);
    }

    /// Tells what became of a password. A request that is not on its way is passed over.
    pub fn checked(&mut self, request: u32, checked: &Checked, out: &mut Output) {
        self.chat.checked(request, checked, out);
    }

    /// Whether an event made the session want something, for which
    /// [`next_ask`](Self::next_ask) is to be called soon.
    #[must_use]
    pub fn wants_more(&self) -> bool {
        self.chat.has_more_steps()
    }

    /// How this session sees an event.
    #[must_use]
    pub fn sight(&self, event: &Event, stamp: &Stamp, via: Via) -> Sight {
        self.chat.sight(event, stamp, via)
    }

    /// How this session sees each of several messages in a room it is in, all by one of these authors,
    /// in order, and of each of several who come into it or leave it and are among these; `None` where
    /// it may see one of them otherwise than the others. Two things are to be asked besides: whether
    /// it [wants values](Self::wants_values), and whether it [is spared](Self::is_spared).
    #[must_use]
    pub fn hears(&self, authors: &[PersonId]) -> Option<Look> {
        self.chat.hears(authors)
    }

    /// Whether it may be told of values that someone has who comes into a room, and then sees that in
    /// its own way (<https://ircv3.net/specs/extensions/metadata>).
    #[must_use]
    pub fn wants_values(&self) -> bool {
        self.chat.wants_any_values()
    }

    /// Whether it is told of no comings and goings in rooms that are too large for that
    /// (<https://ircv3.net/specs/extensions/no-implicit-names>).
    #[must_use]
    pub fn is_spared(&self) -> bool {
        self.chat.is_spared()
    }

    /// Tells an event that this session sees in its own way.
    pub fn show(&mut self, event: &Event, stamp: &Stamp, out: &mut Output) {
        self.chat.show(event, stamp, out);
    }

    /// Who this is, once they have come in.
    #[must_use]
    pub fn person(&self) -> Option<&Card> {
        self.chat.me.as_ref().map(|me| &me.card)
    }

    /// Whether nothing more will come: the connection is closed when the output is written.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.chat.is_finished()
    }
}
