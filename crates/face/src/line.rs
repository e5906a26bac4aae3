//! The face of line mode: what `nc HOST PORT` gets.
//!
//! Lines come in, lines go out, and a few prompts without a line end. One connection is one
//! [`LineFace`]. Messages may be on their way together, at most [`IN_FLIGHT_MAX`]; every other line
//! is answered in full before the next one is read, and waits for the messages before it, so that
//! answers come in the order of what was typed.

mod backlog;
mod command;
mod held;
mod login;
mod outcome;
mod refusal;
mod render;
mod secret;
mod sight;
mod talk;
mod turn;
mod window;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use chinwag_model::ask::{Ask, Checked};
use chinwag_model::effect::Event;
use chinwag_model::id::Place;
use chinwag_model::message::Card;
use chinwag_model::outcome::Outcome;
use chinwag_model::query::Answer;
use chinwag_wire::line::framing::{LineReader, Piece};
use chinwag_wire::line::telnet::TelnetAsk;

use crate::cost::cost;
pub use crate::output::Output;
use talk::{Input, Talk};
pub use window::IN_FLIGHT_MAX;

/// How many bytes may wait to be read as lines before a face wants no more of them; more where one
/// line may be longer.
pub const BUFFERED_BYTES_MAX: usize = 8 * 1024;

/// How many bytes of answers [`LineFace::next_ask`] writes before it lets the server send them.
pub const ANSWERED_BYTES_MAX: usize = 16 * 1024;

/// Whether a line is something to say, of which its sender is sent a line back.
#[must_use]
pub fn is_speech(line: &str) -> bool {
    command::is_speech(line)
}

/// What a server wants of its line mode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinePolicy {
    /// The server's name, as the greeting gives it.
    pub server_name: String,
    /// Whether people may come in without a name.
    pub guests: bool,
    /// Whether a name may be without a password.
    pub open_names: bool,
    /// Whether new names may be taken.
    pub registration: bool,
    /// Whether a name gets a password only by IRC, where its mail address is verified.
    pub verification: bool,
    /// The longest line, in bytes without its end.
    pub line_bytes_max: usize,
}

/// What line mode sends.
impl Output {
    fn line(&mut self, text: impl std::fmt::Display) {
        render::line(&mut self.bytes, text);
    }

    fn notice(&mut self, text: impl std::fmt::Display) {
        render::notice(&mut self.bytes, text);
    }

    fn prompt(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
    }
}

/// How a session sees an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// Not at all.
    Nothing,
    /// As all line sessions do that see it: [`shared_line`] has the bytes.
    Shared,
    /// In its own way: [`LineFace::show`] has the bytes, if any.
    Own,
}

/// An event as every line session sees it that answers [`Sight::Shared`] for it, encoded once for
/// all of them; `None` if it is of a kind that nobody sees so.
#[must_use]
pub fn shared_line(event: &Event) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    (!sight::is_hidden(event) && render::shared(event, &mut bytes)).then_some(bytes)
}

/// How far what waits is told by an event: the `waited` of [`Output`] for a shared line.
///
/// `None` if the event is nothing that waits for those who are offline.
#[must_use]
pub fn shared_waited(event: &Event) -> Option<Place> {
    match event {
        Event::Said(message) if message.waits() => Some(message.place),
        _ => None,
    }
}

/// One session of line mode, without I/O: bytes in, asks out; results and events in, bytes out.
///
/// Call [`next_ask`](Self::next_ask) until `None` whenever bytes or a result came in.
#[derive(Debug)]
pub struct LineFace {
    reader: LineReader,
    talk: Talk,
    /// How many lines were read, long ones counted as several.
    lines: u64,
    /// Whether the client was asked not to echo.
    hidden: bool,
    /// No more bytes will come.
    ended: bool,
    /// There may be lines that can be read at once.
    has_more: bool,
}

impl LineFace {
    /// A session that has just begun.
    #[must_use]
    pub fn new(policy: Arc<LinePolicy>) -> Self {
        Self {
            reader: LineReader::new(policy.line_bytes_max),
            talk: Talk::new(policy),
            lines: 0,
            hidden: false,
            ended: false,
            has_more: false,
        }
    }

    /// Welcomes the client and asks for a name.
    pub fn greet(&mut self, out: &mut Output) {
        self.talk.greet(out);
    }

    /// Tells a client that there is no place for it. The connection is then closed.
    pub fn server_full(out: &mut Output) {
        out.notice("Server is full.");
    }

    /// Says that the client was not logged in in time. The connection is then closed.
    pub fn too_slow(&self, seconds: u64, out: &mut Output) {
        self.talk.too_slow(seconds, out);
    }

    /// Says the same to a client that never sent enough to show its protocol.
    pub fn too_silent(seconds: u64, out: &mut Output) {
        out.prompt("\n");
        out.notice(format_args!("No name was given in {seconds} seconds."));
    }

    /// Tells the client that the server stops, after a hint where to go, if there is one. The connection
    /// is then closed.
    pub fn shutting_down(&self, hint: Option<&str>, out: &mut Output) {
        self.talk.break_prompt(out);
        if let Some(hint) = hint {
            out.notice(format_args!("{hint}."));
        }
        out.notice("The server is shutting down.");
    }

    /// Tells the client that this server has lost the others of its cluster, and with them all who
    /// are in by it. The connection is then closed.
    pub fn cluster_lost(&self, out: &mut Output) {
        self.talk.break_prompt(out);
        out.notice("This server has lost the others and begins anew. Connect again.");
    }

    /// Takes bytes as the socket gave them, in pieces of any size.
    ///
    /// They are kept until they can be read as lines: a server that stops reading while
    /// [`wants_input`](Self::wants_input) is false has a bound on them.
    pub fn receive(&mut self, bytes: &[u8]) {
        if !self.talk.is_over() {
            self.reader.push(bytes);
        }
    }

    /// Takes what came without a line end as a line.
    pub fn end_line(&mut self) {
        self.reader.end_line();
    }

    /// Whether something came that has no line end yet.
    #[must_use]
    pub fn has_partial(&self) -> bool {
        self.reader.has_partial()
    }

    /// No more bytes will come: what came is done, and then it is as if the client had typed `exit`.
    pub fn end_of_input(&mut self) {
        self.reader.end_line();
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
    ///
    /// Lines that lead to no ask are answered on the way, until more than [`ANSWERED_BYTES_MAX`]
    /// is written: then [`has_more`](Self::has_more) says so.
    pub fn next_ask(&mut self, out: &mut Output) -> Option<(u32, Ask)> {
        let begun = out.bytes.len();
        self.has_more = false;
        let ask = loop {
            if let Some(ask) = self.talk.next_ask(out) {
                break Some(ask);
            }
            // Before the next line is read, as that line may be a secret.
            self.set_echo();
            if !self.talk.is_ready() {
                break None;
            }
            if out.bytes.len().saturating_sub(begun) > ANSWERED_BYTES_MAX {
                self.has_more = true;
                break None;
            }
            let before = out.bytes.len();
            let read = match self.reader.next() {
                Some(piece) => input(&piece),
                None if self.ended => Input::Exit,
                None => break None,
            };
            self.lines += if let Input::Line(line) = read { cost(line.len()) } else { 1 };
            let ask = self.talk.take(read, out);
            self.settle(out);
            // What telnet asked on the way to this line comes before the answer to the line.
            let mut replies = Vec::new();
            self.reader.take_replies(&mut replies);
            out.bytes.splice(before..before, replies);
            if ask.is_some() {
                break ask;
            }
        };
        self.set_echo();
        self.reader.take_replies(&mut out.bytes);
        ask
    }

    /// Whether [`next_ask`](Self::next_ask) gave `None` only because it had written much: it is to
    /// be called again as soon as the client has taken that.
    #[must_use]
    pub fn has_more(&self) -> bool {
        self.has_more
    }

    fn set_echo(&mut self) {
        if self.hidden != self.talk.is_hidden() {
            self.hidden = !self.hidden;
            if self.hidden {
                self.reader.hide_input();
            } else {
                self.reader.show_input();
            }
        }
    }

    /// How many bytes came and were not read as lines yet.
    #[must_use]
    pub fn buffered(&self) -> usize {
        self.reader.buffered()
    }

    /// Whether the server should go on reading from the socket.
    #[must_use]
    pub fn wants_input(&self) -> bool {
        self.reader.buffered() <= self.talk.policy.line_bytes_max.max(BUFFERED_BYTES_MAX)
    }

    /// Tells what an intent came to. A request that is not on its way is passed over.
    pub fn outcome(&mut self, request: u32, outcome: &Outcome, out: &mut Output) {
        self.talk.outcome(request, outcome, out);
        self.settle(out);
    }

    /// Tells the answer to a query. A request that is not on its way is passed over.
    pub fn answer(&mut self, request: u32, answer: &Answer, out: &mut Output) {
        self.talk.answer(request, answer, out);
        self.settle(out);
    }

    /// Tells what became of a password. A request that is not on its way is passed over.
    pub fn checked(&mut self, request: u32, checked: &Checked, out: &mut Output) {
        self.talk.checked(request, checked, out);
        self.settle(out);
    }

    /// Writes a prompt that is owed, or ends the session of a client that sent lines ahead of it.
    fn settle(&mut self, out: &mut Output) {
        if self.talk.owes_prompt() {
            self.talk.settle(self.reader.has_text(), out);
        }
    }

    /// How this session sees an event.
    #[must_use]
    pub fn sight(&self, event: &Event) -> Sight {
        self.talk.sight(event)
    }

    /// Whether this session sees all that is said in a room it is in as everyone does.
    #[must_use]
    pub fn hears(&self) -> bool {
        self.talk.hears()
    }

    /// Tells an event, or keeps it until what came before is told.
    pub fn show(&mut self, event: &Event, out: &mut Output) {
        self.talk.show(event, out);
    }

    /// About how many bytes of memory the events take that are kept until the backlog is told. The
    /// server ends a session for which they grow beyond its bound.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.talk.held_bytes()
    }

    /// Who this is, once they have come in.
    #[must_use]
    pub fn person(&self) -> Option<&Card> {
        self.talk.person()
    }

    /// Whether nothing more will come: the connection is closed when the output is written.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.talk.is_finished()
    }
}

fn input<'p>(piece: &Piece<'p>) -> Input<'p> {
    match piece {
        Piece::Line(line) => Input::Line(line),
        Piece::TooLong => Input::TooLong,
        Piece::NotUtf8 => Input::NotUtf8,
        Piece::Telnet(TelnetAsk::Interrupt) => Input::Exit,
        Piece::Telnet(TelnetAsk::AreYouThere) => Input::AreYouThere,
    }
}
