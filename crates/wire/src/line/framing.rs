//! From bytes as a socket gave them to lines.

use super::telnet::{IAC, Taken, Telnet, TelnetAsk};

/// Cuts bytes into lines, whatever pieces they come in.
///
/// A line ends with `\n`, `\r\n`, or telnet's `\r\0`; a `\r` or NUL elsewhere is dropped. Memory
/// is bounded by the longest line and what was pushed last; with nothing unread, none is held.
#[derive(Debug)]
pub struct LineReader {
    line_bytes_max: usize,
    /// Unread bytes from [`read`](Self::read) on.
    input: Vec<u8>,
    read: usize,
    /// The line so far; after [`next`](Self::next) has given it, what is to be cleared.
    line: Vec<u8>,
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
    /// A line longer than the bound; it is skipped.
    TooLong,
    /// A line that is not UTF-8; it is dropped.
    NotUtf8,
    /// A telnet client wants something.
    Telnet(TelnetAsk),
}

/// What a line so far has come to.
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
            input: Vec::new(),
            read: 0,
            line: Vec::new(),
            line_state: LineState::Open,
            after_cr: false,
            is_telnet: false,
            telnet: Telnet::default(),
            input_is_hidden: false,
        }
    }

    /// Takes bytes in, in pieces of any size.
    pub fn push(&mut self, bytes: &[u8]) {
        self.input.extend_from_slice(bytes);
    }

    /// What came next; `None` until more is pushed.
    #[expect(clippy::should_implement_trait, reason = "what it gives borrows from the reader")]
    pub fn next(&mut self) -> Option<Piece<'_>> {
        if self.line_state == LineState::Given {
            self.line.clear();
            self.line_state = LineState::Open;
        }
        loop {
            self.take_plain();
            let Some(&byte) = self.input.get(self.read) else {
                self.release();
                return None;
            };
            self.read += 1;
            match self.take(byte) {
                Step::More => {}
                Step::TooLong => return Some(Piece::TooLong),
                Step::Ask(ask) => return Some(Piece::Telnet(ask)),
                Step::LineEnd => {
                    if self.line_state == LineState::Skipped {
                        self.line_state = LineState::Open;
                        continue;
                    }
                    return Some(self.give());
                }
            }
        }
    }

    /// Ends a line that has no end yet: for clients that end none, and at the end of input. The
    /// next [`next`](Self::next) gives it after all that came before.
    pub fn end_line(&mut self) {
        if self.has_partial() {
            self.input.push(b'\n');
        }
    }

    /// Bytes held: what is unread, and the line so far.
    #[must_use]
    pub fn buffered(&self) -> usize {
        let line = if self.line_state == LineState::Given { 0 } else { self.line.len() };
        self.input.len() - self.read + line
    }

    /// Whether something came without a line end.
    #[must_use]
    pub fn has_partial(&self) -> bool {
        match self.input.get(self.read..).unwrap_or_default().last() {
            Some(last) => *last != b'\n',
            None => self.line_state == LineState::Open && !self.line.is_empty(),
        }
    }

    /// Whether the client has shown itself to be a telnet client.
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
        let unread = self.input.get(self.read..).unwrap_or_default();
        let special = |b: &u8| matches!(*b, b'\n' | b'\r' | 0 | IAC);
        let plain = match memchr::memchr2(b'\n', IAC, unread) {
            Some(at) => unread.get(..at).unwrap_or_default(),
            None => unread,
        };
        let plain = match plain.iter().position(special) {
            Some(at) => plain.get(..at).unwrap_or_default(),
            None => plain,
        };
        // One byte past the bound is left to the slow path, which says so.
        let room = self.line_bytes_max.saturating_sub(self.line.len());
        let count = match self.line_state {
            LineState::Skipped => plain.len(),
            _ => {
                let fits = plain.get(..room).unwrap_or(plain);
                self.line.extend_from_slice(fits);
                fits.len()
            }
        };
        self.read += count;
    }

    fn take(&mut self, byte: u8) -> Step {
        if self.telnet.is_inside() || byte == IAC {
            self.is_telnet = true;
            let taken = self.telnet.take(byte);
            return match taken {
                Taken::Nothing => Step::More,
                Taken::Data(byte) => self.add(byte),
                Taken::EraseChar => {
                    self.erase_char();
                    Step::More
                }
                Taken::EraseLine => {
                    self.line.clear();
                    Step::More
                }
                Taken::Ask(ask) => Step::Ask(ask),
            };
        }
        let after_cr = std::mem::take(&mut self.after_cr);
        match byte {
            b'\n' => {
                self.is_telnet |= after_cr;
                Step::LineEnd
            }
            0 if after_cr => Step::LineEnd,
            b'\r' => {
                self.after_cr = true;
                Step::More
            }
            0 => Step::More,
            byte => self.add(byte),
        }
    }

    fn add(&mut self, byte: u8) -> Step {
        if self.line_state == LineState::Skipped {
            return Step::More;
        }
        if self.line.len() == self.line_bytes_max {
            self.line.clear();
            self.line_state = LineState::Skipped;
            return Step::TooLong;
        }
        self.line.push(byte);
        Step::More
    }

    /// Takes back one character: up to three bytes that go on one, and the one that begins it.
    fn erase_char(&mut self) {
        for _ in 0..4 {
            match self.line.pop() {
                Some(0x80..=0xbf) => {}
                _ => return,
            }
        }
    }

    fn give(&mut self) -> Piece<'_> {
        self.line_state = LineState::Given;
        match std::str::from_utf8(&self.line) {
            Ok(line) => Piece::Line(line),
            Err(_) => Piece::NotUtf8,
        }
    }

    /// Gives memory back that nothing is in.
    fn release(&mut self) {
        self.input = Vec::new();
        self.read = 0;
        if self.line.is_empty() {
            self.line = Vec::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Everything a reader gives of these pieces, and its telnet replies, as text.
    fn read_all(max: usize, pieces: &[&[u8]]) -> (Vec<String>, Vec<u8>) {
        let mut reader = LineReader::new(max);
        let mut seen = Vec::new();
        let mut replies = Vec::new();
        for bytes in pieces {
            reader.push(bytes);
            while let Some(piece) = reader.next() {
                seen.push(format!("{piece:?}"));
            }
            assert!(reader.buffered() <= max);
            reader.take_replies(&mut replies);
        }
        reader.end_line();
        while let Some(piece) = reader.next() {
            seen.push(format!("{piece:?}"));
        }
        (seen, replies)
    }

    #[test]
    fn lines_end_as_nc_and_telnet_end_them() {
        for (bytes, lines) in [
            (&b"a\nb\r\nc\r\0d"[..], &["a", "b", "c", "d"][..]),
            (b"\n\r\n", &["", ""]),
            (b"a\rb\0c\n", &["abc"]),
            (b"a\r\rb\n", &["ab"]),
            (b"12345\n", &["12345"]),
            (b"", &[]),
        ] {
            let seen: Vec<_> = lines.iter().map(|l| format!("{:?}", Piece::Line(l))).collect();
            assert_eq!(read_all(5, &[bytes]).0, seen, "{bytes:?}");
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_said_once_and_skipped() {
        assert_eq!(
            read_all(5, &[b"1234567", b"89\nok\n123456\n"]).0,
            ["TooLong", "Line(\"ok\")", "TooLong"]
        );
    }

    #[test]
    fn a_line_that_is_not_utf_8_is_said() {
        assert_eq!(
            read_all(9, &[b"\xc3(\nok\n\xff\xff\n"]).0,
            ["NotUtf8", "Line(\"ok\")", "NotUtf8"]
        );
    }

    #[test]
    fn what_telnet_sends_for_itself_is_no_text_and_is_refused_once() {
        let (seen, replies) = read_all(
            20,
            &[b"a\xff\xfb\x1fb\xff\xfd\x01c\xff\xfb\x1f\xff\xfa\x18\0x\xff\xf0d\xff\xf6\xff\xf4\r\n"],
        );
        assert_eq!(seen, ["Telnet(AreYouThere)", "Telnet(Interrupt)", "Line(\"abcd\")"]);
        assert_eq!(replies, b"\xff\xfe\x1f\xff\xfc\x01");
    }

    #[test]
    fn telnet_erases_characters_and_lines() {
        assert_eq!(
            read_all(20, &["gone\u{ff}".as_bytes(), b"\xff\xf8a\xc3\xa9\xff\xf7b\n"]).0,
            ["Line(\"ab\")"]
        );
    }

    #[test]
    fn only_telnet_is_asked_to_hide_what_is_typed() {
        for (bytes, told) in [
            (&b"ana\n"[..], &b""[..]),
            (b"ana\r\n", b"\xff\xfb\x01\xff\xfc\x01"),
            (b"\xff\xf1ana\n", b"\xff\xfb\x01\xff\xfc\x01"),
        ] {
            let mut reader = LineReader::new(20);
            reader.push(bytes);
            while reader.next().is_some() {}
            reader.hide_input();
            reader.show_input();
            let mut replies = Vec::new();
            reader.take_replies(&mut replies);
            assert_eq!(replies, told);
        }
    }

    #[test]
    fn a_subnegotiation_that_never_ends_ends() {
        let mut bytes = b"\xff\xfa".to_vec();
        bytes.extend([b'x'; 5000]);
        bytes.extend(b"\nok\n");
        assert!(read_all(9, &[&bytes]).0.contains(&"Line(\"ok\")".to_owned()));
    }

    /// Bytes that are often the ones that matter.
    fn hostile() -> impl Strategy<Value = Vec<u8>> {
        let byte = prop_oneof![
            Just(b'\n'),
            Just(b'\r'),
            Just(0),
            Just(IAC),
            0xf0u8..=0xff,
            any::<u8>(),
            b'a'..=b'c',
        ];
        prop::collection::vec(byte, 0..200)
    }

    proptest! {
        #[test]
        fn chunking_changes_nothing(bytes in hostile(), cuts in prop::collection::vec(0usize..200, 0..9)) {
            let mut cuts: Vec<_> = cuts.into_iter().map(|c| c.min(bytes.len())).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|w| &bytes[w[0]..w[1]]).collect();
            prop_assert_eq!(read_all(8, &pieces), read_all(8, &[&bytes]));
        }

        #[test]
        fn silence_holds_no_memory(bytes in hostile()) {
            let mut reader = LineReader::new(8);
            reader.push(&bytes);
            while reader.next().is_some() {}
            prop_assert_eq!(reader.input.capacity(), 0);
            prop_assert!(reader.line.capacity() <= 16);
        }
    }
}
