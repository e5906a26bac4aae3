//! A WebSocket's frames: read from a client, written to one.
//!
//! Spec: RFC 6455 sections 5 to 7.

use std::ops::Range;

/// Bytes of one message from a client, as many as are usual.
pub const MESSAGE_BYTES_MAX: usize = 16 * 1024;

/// Bytes that a ping, a pong or a close may carry.
pub const CONTROL_BYTES_MAX: usize = 125;

/// A buffer that is not larger is kept as it is for what still comes of a frame.
const CAPACITY_KEPT: usize = 1024;

const CONTINUATION: u8 = 0x0;
const TEXT: u8 = 0x1;
const BINARY: u8 = 0x2;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xa;

/// Reads a client's frames, whatever pieces they come in, and puts messages together.
///
/// Memory is bounded by a small multiple of the longest message and what was pushed last; between
/// messages, none is held. After a close or a fault nothing more is read.
#[derive(Debug)]
pub struct FrameReader {
    message_bytes_max: usize,
    buffer: Vec<u8>,
    /// The first frame that was not read yet begins here.
    start: usize,
    /// The frames so far of a message in several.
    fragments: Option<Fragments>,
    is_over: bool,
}

#[derive(Debug)]
struct Fragments {
    is_text: bool,
    bytes: Vec<u8>,
    /// The message has been given out; it goes when the next frame is read.
    is_given: bool,
}

/// What a client sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// A message of text.
    Text(&'a str),
    /// A message of bytes.
    Binary(&'a [u8]),
    /// It wants to see these bytes in a pong.
    Ping(&'a [u8]),
    /// It answers a ping.
    Pong(&'a [u8]),
    /// It will send no more, and wants to see a close with the same code.
    Close {
        /// Why, if it says so: a code that may stand in a close.
        code: Option<u16>,
        /// For people; perhaps empty.
        reason: &'a str,
    },
    /// It broke the rules: it is to be sent a close with the fault's [`code`](Fault::code), and the
    /// connection is to be closed.
    Fault(Fault),
}

/// How a client broke the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A frame that RFC 6455 does not allow there. Code 1002.
    #[error("a frame against the protocol")]
    Protocol,
    /// Text or a reason that is not UTF-8. Code 1007.
    #[error("text that is not UTF-8")]
    NotUtf8,
    /// A message beyond the bound. Code 1009.
    #[error("a message that is too long")]
    TooLong,
}

impl Fault {
    /// The code of the close that is sent for it.
    #[must_use]
    pub fn code(self) -> u16 {
        match self {
            Self::Protocol => 1002,
            Self::NotUtf8 => 1007,
            Self::TooLong => 1009,
        }
    }
}

/// A frame that lies in the buffer as a whole, unmasked.
struct Frame {
    opcode: u8,
    is_final: bool,
    payload: Range<usize>,
}

/// What a frame begins with.
struct Head {
    opcode: u8,
    is_final: bool,
    mask: [u8; 4],
    head_bytes: usize,
    payload_bytes: usize,
}

impl FrameReader {
    /// A reader of messages of at most so many bytes: usually [`MESSAGE_BYTES_MAX`].
    #[must_use]
    pub fn new(message_bytes_max: usize) -> Self {
        Self { message_bytes_max, buffer: Vec::new(), start: 0, fragments: None, is_over: false }
    }

    /// Takes bytes in, in pieces of any size.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.is_over {
            return;
        }
        if self.start > 0 && self.start >= self.buffer.len() - self.start {
            self.compact();
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// What came next; `None` until more is pushed.
    #[expect(clippy::should_implement_trait, reason = "what it gives borrows from the reader")]
    pub fn next(&mut self) -> Option<Event<'_>> {
        self.fragments.take_if(|fragments| fragments.is_given);
        if self.is_over {
            (self.buffer, self.start, self.fragments) = (Vec::new(), 0, None);
            return None;
        }
        let frame = loop {
            match self.take_frame() {
                Ok(Some(frame)) if self.completes(&frame) => break frame,
                Ok(Some(_)) => {}
                Ok(None) => {
                    self.compact();
                    return None;
                }
                Err(fault) => {
                    self.is_over = true;
                    return Some(Event::Fault(fault));
                }
            }
        };
        let payload = self.buffer.get(frame.payload).unwrap_or_default();
        let event = match frame.opcode {
            PING => Ok(Event::Ping(payload)),
            PONG => Ok(Event::Pong(payload)),
            CLOSE => {
                self.is_over = true;
                read_close(payload)
            }
            TEXT => read_text(payload),
            BINARY => Ok(Event::Binary(payload)),
            _ => match &mut self.fragments {
                Some(Fragments { is_text, bytes, is_given }) => {
                    *is_given = true;
                    if *is_text { read_text(bytes) } else { Ok(Event::Binary(bytes)) }
                }
                None => Err(Fault::Protocol),
            },
        };
        Some(event.unwrap_or_else(|fault| {
            self.is_over = true;
            Event::Fault(fault)
        }))
    }

    /// Bytes held: frames that were not read yet, and those of a message that goes on.
    #[must_use]
    pub fn buffered(&self) -> usize {
        let fragments = self.fragments.as_ref().filter(|fragments| !fragments.is_given);
        self.buffer.len() - self.start + fragments.map_or(0, |fragments| fragments.bytes.len())
    }

    /// The next frame, once it is there as a whole; what is wrong with it is known by its head.
    fn take_frame(&mut self) -> Result<Option<Frame>, Fault> {
        let Some(head) = read_head(self.buffer.get(self.start..).unwrap_or_default())? else {
            return Ok(None);
        };
        let before = match (head.opcode, &self.fragments) {
            (CONTINUATION, Some(fragments)) => fragments.bytes.len(),
            (CONTINUATION, None) | (TEXT | BINARY, Some(_)) => return Err(Fault::Protocol),
            _ => 0,
        };
        if head.opcode < CLOSE && before.saturating_add(head.payload_bytes) > self.message_bytes_max
        {
            return Err(Fault::TooLong);
        }
        let begin = self.start + head.head_bytes;
        let payload = begin..begin + head.payload_bytes;
        let Some(bytes) = self.buffer.get_mut(payload.clone()) else { return Ok(None) };
        for chunk in bytes.chunks_mut(4) {
            chunk.iter_mut().zip(head.mask).for_each(|(byte, mask)| *byte ^= mask);
        }
        self.start = payload.end;
        Ok(Some(Frame { opcode: head.opcode, is_final: head.is_final, payload }))
    }

    /// Whether there is something to be said now; a fragment is put to the others.
    fn completes(&mut self, frame: &Frame) -> bool {
        if frame.opcode >= CLOSE || (frame.is_final && frame.opcode != CONTINUATION) {
            return true;
        }
        let is_text = frame.opcode == TEXT;
        let fragments =
            self.fragments.get_or_insert(Fragments { is_text, bytes: Vec::new(), is_given: false });
        let payload = self.buffer.get(frame.payload.clone()).unwrap_or_default();
        fragments.bytes.extend_from_slice(payload);
        frame.is_final
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

fn read_head(bytes: &[u8]) -> Result<Option<Head>, Fault> {
    let [first, second, rest @ ..] = bytes else {
        // A first byte that is wrong shows by the time the second one comes.
        return Ok(None);
    };
    let (is_final, reserved, opcode) = (first & 0x80 != 0, first & 0x70, first & 0x0f);
    let (is_masked, length) = (second & 0x80 != 0, second & 0x7f);
    let is_control = opcode >= CLOSE;
    let is_known = matches!(opcode, CONTINUATION..=BINARY | CLOSE..=PONG);
    let is_long = usize::from(length) > CONTROL_BYTES_MAX;
    if reserved != 0 || !is_known || !is_masked || (is_control && (!is_final || is_long)) {
        return Err(Fault::Protocol);
    }
    let (payload_bytes, least, rest) = match (length, rest) {
        (126, [a, b, rest @ ..]) => (u64::from(u16::from_be_bytes([*a, *b])), 126, rest),
        (127, [a, b, c, d, e, f, g, h, rest @ ..]) => {
            (u64::from_be_bytes([*a, *b, *c, *d, *e, *f, *g, *h]), 0x1_0000, rest)
        }
        (126 | 127, _) => return Ok(None),
        (length, rest) => (u64::from(length), 0, rest),
    };
    // The shortest way to say a length is the only one, and its first bit is zero.
    if payload_bytes < least || payload_bytes >> 63 != 0 {
        return Err(Fault::Protocol);
    }
    // What this machine could not even count is too long on any.
    let payload_bytes = usize::try_from(payload_bytes).map_err(|_| Fault::TooLong)?;
    let Some((mask, payload)) = rest.split_first_chunk::<4>() else { return Ok(None) };
    let head_bytes = bytes.len() - payload.len();
    Ok(Some(Head { opcode, is_final, mask: *mask, head_bytes, payload_bytes }))
}

fn read_text(bytes: &[u8]) -> Result<Event<'_>, Fault> {
    std::str::from_utf8(bytes).map(Event::Text).map_err(|_| Fault::NotUtf8)
}

fn read_close(payload: &[u8]) -> Result<Event<'_>, Fault> {
    let Some((code, reason)) = payload.split_first_chunk::<2>() else {
        let is_empty = payload.is_empty();
        let close = Event::Close { code: None, reason: "" };
        return if is_empty { Ok(close) } else { Err(Fault::Protocol) };
    };
    let code = u16::from_be_bytes(*code);
    // Section 7.4; 1004 to 1006 and 1015 never stand in a close, and the others have no meaning.
    if !matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999) {
        return Err(Fault::Protocol);
    }
    let reason = std::str::from_utf8(reason).map_err(|_| Fault::NotUtf8)?;
    Ok(Event::Close { code: Some(code), reason })
}

/// Appends a message of text in one frame.
pub fn text(message: &str, out: &mut Vec<u8>) {
    push_frame(TEXT, message.as_bytes(), out);
}

/// Appends a message of bytes in one frame.
pub fn binary(message: &[u8], out: &mut Vec<u8>) {
    push_frame(BINARY, message, out);
}

/// Appends a ping. Of the payload at most [`CONTROL_BYTES_MAX`] are written.
pub fn ping(payload: &[u8], out: &mut Vec<u8>) {
    push_control(PING, payload, out);
}

/// Appends the answer to a ping, with its payload.
pub fn pong(payload: &[u8], out: &mut Vec<u8>) {
    push_control(PONG, payload, out);
}

/// Appends a close, after which nothing may be sent. A code says why; the reason, for people, is
/// cut at a character to the 123 bytes that there is room for, and only written with a code.
pub fn close(code: Option<u16>, reason: &str, out: &mut Vec<u8>) {
    let mut payload = Vec::new();
    if let Some(code) = code {
        payload.extend(code.to_be_bytes());
        let end = reason.floor_char_boundary(CONTROL_BYTES_MAX - payload.len());
        payload.extend(reason.as_bytes().get(..end).unwrap_or_default());
    }
    push_control(CLOSE, &payload, out);
}

fn push_control(opcode: u8, payload: &[u8], out: &mut Vec<u8>) {
    push_frame(opcode, payload.get(..CONTROL_BYTES_MAX).unwrap_or(payload), out);
}

/// Appends a frame that is final and, as a server's, not masked.
fn push_frame(opcode: u8, payload: &[u8], out: &mut Vec<u8>) {
    out.push(0x80 | opcode);
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(bytes @ ..126), _) => out.push(bytes),
        (_, Ok(bytes)) => {
            out.push(126);
            out.extend(bytes.to_be_bytes());
        }
        _ => {
            out.push(127);
            // A length that a machine can hold is less than 2^63.
            out.extend((payload.len() as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(payload);
}

#[cfg(test)]
mod tests;
