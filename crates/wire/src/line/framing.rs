//! From bytes as a socket gave them to lines.

use std::collections::VecDeque;

use memchr::{memchr, memchr3};

use super::telnet::{Commands, IAC, Taken, Telnet, TelnetAsk};

/// How far the fast path looks ahead at once, so that bytes which often break it off are not
/// looked at again and again.
const STRIDE: usize = 1024;

/// Cuts bytes into lines, whatever pieces they come in.
///
/// A line ends with `\n`, `\r\n`, or telnet's `\r\0` (RFC 854, "the NVT printer"); a `\r` or NUL
/// elsewhere is dropped. Memory is bounded by a small multiple of what [`buffered`](Self::buffered)
/// says and what was pushed last; with nothing buffered, none is held.
#[derive(Debug)]
pub struct LineReader {
    line_bytes_max: usize,
    /// The line so far, a gap that telnet's commands and dropped bytes have left, and unread bytes.
    buffer: Vec<u8>,
    /// The line so far begins here
    line: usize,
    /// and ends here; it grows in place, without a copy while there is no gap.
    line_end: usize,
    /// Unread bytes begin here.
    read: usize,
    /// Where in the buffer a line that has no end is to end, in order.
    forced_ends: VecDeque<usize>,
    line_state: LineState,
    after_cr: bool,
    is_telnet: bool,
    telnet: Telnet,
    input_is_hidden: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LineState {
    /// Being read.
    Open,
    /// Too long, and said so: the rest is skipped.
    Skipped,
    /// Given out: the next line begins afresh.
    Given,
}

/// What came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// A line, without its end.
    Line(&'a str),
    /// A line longer than the bound; said as soon as it is known, and skipped to its end.
    TooLong,
    /// A line that is not UTF-8; it is dropped.
    NotUtf8,
    /// A telnet client wants something.
    Telnet(TelnetAsk),
}

/// What a byte has brought.
enum Step {
    More,
    LineEnd,
    TooLong,
    Ask(TelnetAsk),
}

impl LineReader {
    /// A reader of lines of at most so many bytes, their ends not counted.
    #[must_use]
    pub fn new(line_bytes_max: usize) -> Self {
        Self {
            line_bytes_max,
            buffer: Vec::new(),
            line: 0,
            line_end: 0,
            read: 0,
            forced_ends: VecDeque::new(),
            line_state: LineState::Open,
            after_cr: false,
            is_telnet: false,
            telnet: Telnet::default(),
            input_is_hidden: false,
        }
    }

    /// Takes bytes in, in pieces of any size.
    pub fn push(&mut self, bytes: &[u8]) {
        self.drop_given();
        let dead = self.read - self.line_bytes();
        if dead > 0 && dead >= self.buffer.len() - dead {
            self.compact();
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// What came next; `None` until more is pushed.
    #[expect(clippy::should_implement_trait, reason = "what it gives borrows from the reader")]
    pub fn next(&mut self) -> Option<Piece<'_>> {
        self.drop_given();
        loop {
            self.take_plain();
            let step = if self.forced_ends.front() == Some(&self.read) {
                self.forced_ends.pop_front();
                self.after_cr = false;
                if self.is_open() { Step::LineEnd } else { Step::More }
            } else if let Some(&byte) = self.buffer.get(self.read) {
                self.read += 1;
                self.take(byte)
            } else {
                self.compact();
                return None;
            };
            match step {
                Step::More => {}
                Step::TooLong => return Some(Piece::TooLong),
                Step::Ask(ask) => return Some(Piece::Telnet(ask)),
                Step::LineEnd if self.line_state == LineState::Skipped => self.begin_line(),
                Step::LineEnd => return Some(self.give()),
            }
        }
    }

    /// Ends a line that has no end yet: for clients that end none, and at the end of input.
    ///
    /// [`next`](Self::next) gives it after all that came before. Without such a line it does
    /// nothing.
    pub fn end_line(&mut self) {
        let here = self.buffer.len();
        if (self.read < here || self.is_open()) && self.forced_ends.back() != Some(&here) {
            self.forced_ends.push_back(here);
        }
    }

    /// Bytes held: what is unread, and the line so far.
    #[must_use]
    pub fn buffered(&self) -> usize {
        let line = if self.line_state == LineState::Given { 0 } else { self.line_bytes() };
        self.buffer.len() - self.read + line
    }

    /// Whether something came without a line end. While bytes are unread this is a guess by the
    /// last of them.
    #[must_use]
    pub fn has_partial(&self) -> bool {
        match self.buffer.get(self.read..).unwrap_or_default() {
            [] => self.is_open() && self.forced_ends.is_empty(),
            [.., b'\n'] | [.., b'\r', 0] => false,
            _ => self.forced_ends.back() != Some(&self.buffer.len()),
        }
    }

    /// Whether unread bytes hold text beyond the line that was given last: anything but line ends,
    /// telnet's commands, and the rest of a line that is being skipped.
    #[must_use]
    pub fn has_text(&self) -> bool {
        let mut unread = self.buffer.get(self.read..).unwrap_or_default();
        if self.line_state == LineState::Skipped {
            unread = memchr(b'\n', unread).and_then(|end| unread.get(end..)).unwrap_or_default();
        }
        let mut commands = Commands::default();
        unread
            .iter()
            .filter_map(|byte| commands.strip(*byte))
            .any(|byte| !matches!(byte, b'\r' | b'\n' | 0))
    }

    /// Whether the client has shown itself to be a telnet client, by a command or by how it ends
    /// its lines.
    #[must_use]
    pub fn is_telnet(&self) -> bool {
        self.is_telnet
    }

    /// Has a telnet client not show what is typed: a password. Others are sent nothing.
    pub fn hide_input(&mut self) {
        self.input_is_hidden = true;
        if self.is_telnet {
            self.telnet.echo(true);
        }
    }

    /// Ends what [`hide_input`](Self::hide_input) began.
    pub fn show_input(&mut self) {
        self.input_is_hidden = false;
        self.telnet.echo(false);
    }

    /// Moves what telnet has to answer to `out`, to be sent before anything else.
    pub fn take_replies(&mut self, out: &mut Vec<u8>) {
        self.telnet.take_replies(out);
    }

    /// The fast path: what is neither an end nor a command is taken at one stroke.
    fn take_plain(&mut self) {
        if self.telnet.is_inside() || self.after_cr {
            return;
        }
        let end = self.forced_ends.front().map_or(self.buffer.len(), |end| *end);
        let window = self.buffer.get(self.read..end.min(self.read + STRIDE)).unwrap_or_default();
        let count = memchr3(b'\n', b'\r', IAC, window).unwrap_or(window.len());
        let count = memchr(0, window.get(..count).unwrap_or_default()).unwrap_or(count);
        if self.line_state == LineState::Skipped {
            self.read += count;
            self.clear_line();
            return;
        }
        // A byte past the bound is left to the slow path, which says so.
        let count = count.min(self.line_bytes_max - self.line_bytes());
        if self.line_end < self.read {
            self.buffer.copy_within(self.read..self.read + count, self.line_end);
        }
        self.line_end += count;
        self.read += count;
    }

    fn take(&mut self, byte: u8) -> Step {
        if self.telnet.is_inside() || byte == IAC {
            return self.take_telnet(byte);
        }
        let after_cr = std::mem::take(&mut self.after_cr);
        match byte {
            b'\n' | 0 if after_cr => {
                self.know_telnet();
                Step::LineEnd
            }
            b'\n' => Step::LineEnd,
            b'\r' => {
                self.after_cr = true;
                Step::More
            }
            0 => Step::More,
            byte => self.add(byte),
        }
    }

    fn take_telnet(&mut self, byte: u8) -> Step {
        self.know_telnet();
        match self.telnet.take(byte) {
            Taken::Nothing => return Step::More,
            Taken::Ask(ask) => return Step::Ask(ask),
            Taken::Data(byte) => {
                self.after_cr = false;
                return self.add(byte);
            }
            Taken::EraseChar => self.erase_char(),
            Taken::EraseLine => self.clear_line(),
        }
        Step::More
    }

    fn know_telnet(&mut self) {
        if !self.is_telnet {
            self.is_telnet = true;
            if self.input_is_hidden {
                self.telnet.echo(true);
            }
        }
    }

    fn add(&mut self, byte: u8) -> Step {
        if self.line_state == LineState::Skipped {
            return Step::More;
        }
        if self.line_bytes() == self.line_bytes_max {
            self.clear_line();
            self.line_state = LineState::Skipped;
            return Step::TooLong;
        }
        // The byte itself was read from here or further on.
        if let Some(place) = self.buffer.get_mut(self.line_end) {
            *place = byte;
            self.line_end += 1;
        }
        Step::More
    }

    /// Takes back one character: up to three bytes that go on one, and the one that begins it.
    fn erase_char(&mut self) {
        for _ in 0..4 {
            let last = self.buffer.get(self.line..self.line_end).and_then(<[u8]>::last);
            let goes_on = matches!(last, Some(0x80..=0xbf));
            self.line_end -= usize::from(last.is_some());
            if !goes_on {
                return;
            }
        }
    }

    fn give(&mut self) -> Piece<'_> {
        self.line_state = LineState::Given;
        match std::str::from_utf8(self.buffer.get(self.line..self.line_end).unwrap_or_default()) {
            Ok(line) => Piece::Line(line),
            Err(_) => Piece::NotUtf8,
        }
    }

    /// Whether a line has begun and has not ended.
    fn is_open(&self) -> bool {
        match self.line_state {
            LineState::Open => self.line_bytes() > 0,
            LineState::Skipped => true,
            LineState::Given => false,
        }
    }

    fn line_bytes(&self) -> usize {
        self.line_end - self.line
    }

    fn drop_given(&mut self) {
        if self.line_state == LineState::Given {
            self.begin_line();
        }
    }

    fn begin_line(&mut self) {
        self.clear_line();
        self.line_state = LineState::Open;
    }

    fn clear_line(&mut self) {
        self.line = self.read;
        self.line_end = self.read;
    }

    /// Closes the gaps, and gives memory back that nothing is in.
    fn compact(&mut self) {
        let dead = self.read - self.line_bytes();
        self.buffer.drain(self.line_end..self.read);
        self.buffer.drain(..self.line);
        for end in &mut self.forced_ends {
            *end -= dead;
        }
        self.line_end -= self.line;
        self.line = 0;
        self.read = self.line_end;
        if self.buffer.is_empty() {
            self.buffer = Vec::new();
        }
        if self.forced_ends.is_empty() {
            self.forced_ends = VecDeque::new();
        }
    }
}

#[cfg(test)]
mod tests;
