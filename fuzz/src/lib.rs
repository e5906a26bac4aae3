//! What is fuzzed: readers of strangers' bytes, each with what must hold whatever the bytes are.
//!
//! The same functions are played over `corpus/` by a test of chinwag-wire, without a fuzzer.

use chinwag_wire::irc::message::{LineWriter, Message, is_tag_key, unescape};
use chinwag_wire::sasl::credential::ScramCredential;
use chinwag_wire::sasl::plain::Plain;
use chinwag_wire::sasl::scram::ClientFirst;
use chinwag_wire::sasl::{Assembled, Assembler, pieces};
use chinwag_wire::websocket::frame::FrameReader;
use chinwag_wire::websocket::upgrade::Request;
use chinwag_wire::{irc, line};

/// A line is read, written, and read again as the same.
pub fn irc_message(bytes: &[u8]) {
    let Ok(line) = std::str::from_utf8(bytes) else { return };
    let Ok(message) = Message::parse(line) else { return };
    let mut out = Vec::new();
    let mut writer = LineWriter::new(&mut out);
    for (key, raw) in message.tags() {
        writer = writer.raw_tag(key, raw);
    }
    let mut writer = writer.source(message.source().unwrap_or("")).command(message.command());
    for param in message.params() {
        writer = writer.param(param);
    }
    writer.end();
    let written = std::str::from_utf8(&out).expect("text stays text");
    let written = written.strip_suffix("\r\n").expect("a line ends with CR LF");
    let again = Message::parse(written).expect("what was written is read");
    assert_eq!(again.source(), message.source());
    assert_eq!(again.command(), message.command());
    assert_eq!(again.params(), message.params());
    let tags = message.tags().filter(|(key, _)| is_tag_key(key));
    assert!(
        again
            .tags()
            .map(|(key, raw)| (key, unescape(raw)))
            .eq(tags.map(|(key, raw)| (key, unescape(raw)))),
        "tags are the same"
    );
}

/// Lines are the same however the bytes come in pieces; the first byte says how.
pub fn irc_framing(bytes: &[u8]) {
    let read = |pieces: &mut dyn Iterator<Item = &[u8]>| {
        let mut reader = irc::framing::LineReader::new(irc::framing::BODY_BYTES_MAX);
        let mut seen = Vec::new();
        for bytes in pieces {
            reader.push(bytes);
            while let Some(piece) = reader.next() {
                if let irc::framing::Piece::Line(line) = piece {
                    assert!(!line.is_empty() && !line.contains(['\r', '\n', '\0']));
                }
                seen.push(format!("{piece:?}"));
            }
            assert!(reader.buffered() <= irc::framing::UNENDED_BYTES_MAX);
        }
        seen
    };
    in_pieces(bytes, read);
}

/// Lines of line mode, likewise.
pub fn line_framing(bytes: &[u8]) {
    let read = |pieces: &mut dyn Iterator<Item = &[u8]>| {
        let mut reader = line::framing::LineReader::new(64);
        let mut replies = Vec::new();
        let mut seen = Vec::new();
        for bytes in pieces {
            reader.push(bytes);
            while let Some(piece) = reader.next() {
                seen.push(format!("{piece:?}"));
            }
            assert!(reader.buffered() <= 64);
            reader.take_replies(&mut replies);
        }
        seen.push(format!("{replies:?}"));
        seen
    };
    in_pieces(bytes, read);
}

/// Lines are parameters of `AUTHENTICATE`; what they make is given to every reader of messages.
pub fn sasl(bytes: &[u8]) {
    let mut assembler = Assembler::default();
    let mut exchange = None;
    let text = String::from_utf8_lossy(bytes);
    for piece in text.split('\n') {
        if let Ok(credential) = ScramCredential::parse(piece) {
            assert_eq!(ScramCredential::parse(&credential.to_text()), Ok(credential));
        }
        let Ok(Assembled::Whole(message)) = assembler.push(piece) else { continue };
        let mut other = Assembler::default();
        let mut last = Assembled::More;
        for piece in pieces(&message) {
            assert_eq!(last, Assembled::More);
            last = other.push(&piece).expect("pieces are read");
        }
        assert_eq!(last, Assembled::Whole(message.clone()));
        if let Ok(plain) = Plain::parse(&message) {
            assert!(!plain.authcid.is_empty() && !plain.password.is_empty());
        }
        if let Some(exchange) = exchange.take() {
            let exchange: chinwag_wire::sasl::scram::Exchange = exchange;
            assert!(exchange.finish(&message).is_err(), "nobody has the password of a fake");
        }
        if let Ok(first) = ClientFirst::parse(&message) {
            assert!(!first.name().is_empty());
            let credential = ScramCredential::fake(b"secret", first.name());
            exchange = Some(first.answer(credential, "nonce"));
        }
    }
}

/// A request and frames; frames are the same however the bytes come in pieces.
pub fn websocket(bytes: &[u8]) {
    let mut frames = bytes;
    if let Ok(Some(request)) = Request::parse(bytes) {
        if let Ok(upgrade) = request.upgrade() {
            upgrade.accept(upgrade.protocols.first().copied(), &mut Vec::new());
        }
        frames = &bytes[request.bytes()..];
    }
    let read = |pieces: &mut dyn Iterator<Item = &[u8]>| {
        let mut reader = FrameReader::new(200);
        let mut seen = Vec::new();
        for bytes in pieces {
            reader.push(bytes);
            while let Some(event) = reader.next() {
                seen.push(format!("{event:?}"));
            }
            assert!(reader.buffered() <= 2 * 200 + 14);
        }
        seen
    };
    in_pieces(frames, read);
}

/// Has bytes read at once and in pieces, of as many bytes as the first byte says.
fn in_pieces(bytes: &[u8], read: impl Fn(&mut dyn Iterator<Item = &[u8]>) -> Vec<String>) {
    let Some((first, bytes)) = bytes.split_first() else { return };
    let at_once = read(&mut std::iter::once(bytes));
    let piecemeal = read(&mut bytes.chunks(usize::from(*first).max(1)));
    assert_eq!(at_once, piecemeal);
}
