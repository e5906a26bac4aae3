//! What a client speaks: its face, and for browsers the frames around it.

use std::borrow::Cow;

use chinwag_face::face::Face;
use chinwag_face::irc::IrcFace;
use chinwag_face::line::LineFace;
use chinwag_wire::websocket::frame::{self, Event, FrameReader};

/// Bytes of the longest message of a browser.
const MESSAGE_BYTES_MAX: usize = 16 * 1024;

/// Bytes of frames that may wait to be read: a message of the greatest length, and what stands before it.
const FRAMES_BYTES_MAX: usize = MESSAGE_BYTES_MAX + 64;

/// What a client speaks.
#[derive(Debug)]
pub(super) enum Speech {
    /// Not known yet, and what it said so far.
    Unsure(Vec<u8>),
    /// Line mode.
    Line(Box<LineFace>),
    /// IRC.
    Irc(Box<IrcFace>),
    /// IRC in a WebSocket.
    Socket(Box<Socket>),
    /// HTTP, of which a request is being read.
    Web(Vec<u8>),
    /// Nothing that is to be had here.
    None,
}

/// IRC in a WebSocket: a line is a message, without its end.
#[derive(Debug)]
pub(super) struct Socket {
    pub(super) face: IrcFace,
    reader: FrameReader,
    binary: bool,
    /// Pings so far: each is answered, and counts as a line.
    pings: u64,
}

/// How what is sent is framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrap {
    /// Not at all.
    Plain,
    /// Each line is a message of text.
    Text,
    /// Each line is a message of bytes.
    Binary,
}

impl Speech {
    /// The face, if it is known which.
    pub(super) fn face(&mut self) -> Option<&mut dyn Face> {
        match self {
            Self::Line(face) => Some(&mut **face),
            Self::Irc(face) => Some(&mut **face),
            Self::Socket(socket) => Some(&mut socket.face),
            Self::Unsure(_) | Self::Web(_) | Self::None => None,
        }
    }

    /// How many lines it has said so far, and what counts as such.
    pub(super) fn lines(&self) -> u64 {
        match self {
            Self::Line(face) => face.lines(),
            Self::Irc(face) => face.lines(),
            Self::Socket(socket) => socket.face.lines() + socket.pings,
            Self::Unsure(_) | Self::Web(_) | Self::None => 0,
        }
    }

    /// Whether more of what the client says is wanted.
    pub(super) fn wants_input(&self, unread_bytes_max: usize) -> bool {
        let wants = |face: &dyn Face| face.wants_input() && face.buffered() < unread_bytes_max;
        match self {
            Self::Line(face) => wants(&**face),
            Self::Irc(face) => wants(&**face),
            Self::Socket(socket) => {
                wants(&socket.face) && socket.reader.buffered() <= FRAMES_BYTES_MAX
            }
            Self::Unsure(_) | Self::Web(_) | Self::None => true,
        }
    }

    /// How what is sent is framed.
    pub(super) fn wrap(&self) -> Wrap {
        match self {
            Self::Socket(socket) if socket.binary => Wrap::Binary,
            Self::Socket(_) => Wrap::Text,
            _ => Wrap::Plain,
        }
    }
}

impl Socket {
    pub(super) fn new(face: IrcFace, binary: bool) -> Self {
        Self { face, reader: FrameReader::new(MESSAGE_BYTES_MAX), binary, pings: 0 }
    }

    /// Takes bytes as the socket gave them; gives what the frames themselves are to be answered with,
    /// and whether the client has ended the socket.
    pub(super) fn receive(&mut self, bytes: &[u8]) -> (Vec<u8>, bool) {
        let mut answer = Vec::new();
        self.reader.push(bytes);
        while let Some(event) = self.reader.next() {
            match event {
                Event::Text(line) => line_of(&mut self.face, line.as_bytes()),
                Event::Binary(line) => line_of(&mut self.face, line),
                Event::Ping(payload) => {
                    self.pings += 1;
                    frame::pong(payload, &mut answer);
                }
                Event::Pong(_) => {}
                Event::Close { code, .. } => {
                    frame::close(code, "", &mut answer);
                    return (answer, true);
                }
                Event::Fault(fault) => {
                    frame::close(Some(fault.code()), "", &mut answer);
                    return (answer, true);
                }
            }
        }
        (answer, false)
    }
}

/// Gives a face a message as a line.
fn line_of(face: &mut IrcFace, message: &[u8]) {
    face.receive(message);
    face.receive(b"\n");
}

/// Lines as they are sent.
pub(super) fn wrapped(lines: &[u8], wrap: Wrap) -> Cow<'_, [u8]> {
    if wrap == Wrap::Plain {
        return Cow::Borrowed(lines);
    }
    let mut out = Vec::with_capacity(lines.len() + 16);
    for line in lines.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match std::str::from_utf8(line) {
            _ if line.is_empty() => {}
            Ok(text) if wrap == Wrap::Text => frame::text(text, &mut out),
            _ => frame::binary(line, &mut out),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_message() {
        let lines = b":a PING b\r\n:c D\r\n";
        assert_eq!(wrapped(lines, Wrap::Plain), &lines[..]);
        assert_eq!(wrapped(lines, Wrap::Text), &b"\x81\x09:a PING b\x81\x04:c D"[..]);
        assert_eq!(wrapped(lines, Wrap::Binary), &b"\x82\x09:a PING b\x82\x04:c D"[..]);
    }
}
