//! From bytes as a socket gave them to IRC's lines.
//!
//! Spec: <https://modern.ircdocs.horse/#message-format> for ends and lengths,
//! <https://ircv3.net/specs/extensions/message-tags#size-limit> for the length of tags,
//! <https://ircv3.net/specs/extensions/utf8-only>.

use memchr::{memchr, memchr2};

use super::message::CLIENT_TAGS_BYTES_MAX;

/// Bytes of a line without its tags and its CR LF, as RFC 1459 section 2.3 has it.
pub const BODY_BYTES_MAX: usize = 510;

/// Bytes that may come without a line end; with one more, the client is not read any further.
pub const UNENDED_BYTES_MAX: usize = 16 * 1024;

/// A buffer that is not larger is kept as it is for what still comes of a line.
const CAPACITY_KEPT: usize = 1024;

/// Cuts bytes into lines, whatever pieces they come in.
///
/// A line ends with LF, and one CR before that belongs to the end. Empty lines are passed over.
/// Memory is bounded by a small multiple of what [`buffered`](Self::buffered) says and what was
/// pushed last; with nothing buffered, none is held.
#[derive(Debug)]
pub struct LineReader {
    body_bytes_max: usize,
    buffer: Vec<u8>,
    /// The first line that was not given yet begins here;
    start: usize,
    /// so many of its bytes are known to be no line end.
    scanned: usize,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// A line is being read.
    Line,
    /// A line is skipped that was said to be too long; so many of its bytes are gone already.
    Skip { gone: usize },
    /// Too much came without a line end, and that was said.
    Flooded,
}

/// What came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// A line without its end: not empty, without CR, LF and NUL.
    Line(&'a str),
    /// A line whose part after the tags is longer than the bound. Said as soon as it is known, and
    /// the line is skipped to its end. Numeric 417.
    TooLong,
    /// A line whose tags are longer than [`CLIENT_TAGS_BYTES_MAX`]; skipped likewise. Numeric 417.
    TagsTooLong,
    /// A line that holds NUL, or CR elsewhere than at its end; it is dropped.
    Control,
    /// A line that is not UTF-8, for whoever wants to say which command it was; it is dropped.
    NotUtf8(&'a [u8]),
    /// More than [`UNENDED_BYTES_MAX`] came without a line end. Said once; all that comes after is
    /// dropped, and the connection is best closed.
    Flood,
}

impl LineReader {
    /// A reader of lines of at most so many bytes, tags and CR LF not counted: usually
    /// [`BODY_BYTES_MAX`].
    #[must_use]
    pub fn new(body_bytes_max: usize) -> Self {
        Self { body_bytes_max, buffer: Vec::new(), start: 0, scanned: 0, state: State::Line }
    }

    /// Takes bytes in, in pieces of any size.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.state == State::Flooded {
            return;
        }
        if self.start > 0 && self.start >= self.buffer.len() - self.start {
            self.compact();
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// What came next; `None` until more is pushed.
    #[expect(clippy::should_implement_trait, reason = "what it gives borrows from the reader")]
    pub fn next(&mut self) -> Option<Piece<'_>> {
        let (from, to) = loop {
            let rest = self.buffer.get(self.start..).unwrap_or_default();
            let unscanned = rest.get(self.scanned..).unwrap_or_default();
            let end = memchr(b'\n', unscanned).map(|end| self.scanned + end);
            let line = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
            let bytes = line.len();
            match self.state {
                State::Flooded => return None,
                State::Skip { gone } if gone + bytes > UNENDED_BYTES_MAX => {
                    self.state = State::Flooded;
                    self.skip(self.buffer.len() - self.start);
                    self.compact();
                    return Some(Piece::Flood);
                }
                State::Skip { .. } if end.is_some() => {
                    self.state = State::Line;
                    self.skip(bytes + 1);
                }
                State::Skip { gone } => {
                    self.state = State::Skip { gone: gone + bytes };
                    self.skip(bytes);
                    self.compact();
                    return None;
                }
                State::Line => {
                    // Where the line has no end yet, its CR may come to belong to it.
                    let line = line.strip_suffix(b"\r").unwrap_or(line);
                    if let Some(piece) = length_fault(line, self.body_bytes_max) {
                        self.state = State::Skip { gone: 0 };
                        return Some(piece);
                    }
                    if end.is_none() {
                        self.scanned = bytes;
                        self.compact();
                        return None;
                    }
                    let (from, to) = (self.start, self.start + line.len());
                    self.skip(bytes + 1);
                    if from < to {
                        break (from, to);
                    }
                }
            }
        };
        let line = self.buffer.get(from..to).unwrap_or_default();
        Some(match std::str::from_utf8(line) {
            _ if memchr2(b'\r', 0, line).is_some() => Piece::Control,
            Ok(line) => Piece::Line(line),
            Err(_) => Piece::NotUtf8(line),
        })
    }

    /// Bytes held: lines that were not given yet, and the beginning of one.
    #[must_use]
    pub fn buffered(&self) -> usize {
        self.buffer.len() - self.start
    }

    fn skip(&mut self, bytes: usize) {
        self.start += bytes;
        self.scanned = 0;
    }

    /// Closes the gap before what is left, and gives memory back that little is in.
    fn compact(&mut self) {
        self.buffer.drain(..self.start);
        self.start = 0;
        if self.buffer.is_empty() {
            self.buffer = Vec::new();
        } else if self.buffer.capacity() / 4 > self.buffer.len().max(CAPACITY_KEPT) {
            self.buffer.shrink_to_fit();
        }
    }
}

/// What is too long in a line or the beginning of one: what comes after can only make it longer.
fn length_fault(line: &[u8], body_bytes_max: usize) -> Option<Piece<'static>> {
    let mut body_bytes = line.len();
    if line.starts_with(b"@") {
        let tags = line.get(..CLIENT_TAGS_BYTES_MAX).unwrap_or(line);
        match memchr(b' ', tags) {
            Some(space) => body_bytes -= space + 1,
            None if tags.len() == CLIENT_TAGS_BYTES_MAX => return Some(Piece::TagsTooLong),
            None => return None,
        }
    }
    (body_bytes > body_bytes_max).then_some(Piece::TooLong)
}

#[cfg(test)]
mod tests;
