//! What the server sends, cut into lines and prompts.

use chinwag_wire::line::clean::clean;
use chinwag_wire::line::telnet::Commands;

/// The prompts of line mode. They come without a line end, where a line would begin; no line
/// begins so.
const PROMPTS: [&str; 7] = [
    "USERNAME: ",
    "PASSWORD: ",
    "NEW PASSWORD: ",
    "OLD PASSWORD: ",
    "AGAIN: ",
    "Enter client index to send message to: ",
    "Enter message: ",
];

/// The longest line that is held, in bytes; a longer one is shown in pieces.
const LINE_BYTES_MAX: usize = 1 << 20;

/// What came. Nothing in it makes a terminal do anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// A line, without its end.
    Line(String),
    /// A prompt.
    Prompt(String),
}

/// Cuts bytes into lines and prompts, whatever pieces they come in.
#[derive(Debug, Default)]
pub(super) struct Incoming {
    unread: Vec<u8>,
    /// The server asks a client that shows itself by telnet's bytes not to echo passwords.
    commands: Commands,
    /// Whether a prompt came last, whose line is open.
    after_prompt: bool,
}

impl Incoming {
    /// Takes bytes as the socket gave them.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.unread.extend(bytes.iter().filter_map(|byte| self.commands.strip(*byte)));
    }

    /// What came next; `None` until more is pushed.
    pub(super) fn next(&mut self) -> Option<Heard> {
        loop {
            if let Some(prompt) = PROMPTS.iter().find(|p| self.unread.starts_with(p.as_bytes())) {
                return Some(self.prompt(prompt.len()));
            }
            let Some(end) = self.unread.iter().position(|b| *b == b'\n') else {
                let is_long = self.unread.len() > LINE_BYTES_MAX;
                return if is_long { self.rest() } else { None };
            };
            let line = self.take(end + 1);
            // A server that has to say something while a prompt is open ends the prompt's line.
            if std::mem::take(&mut self.after_prompt) && line.is_empty() {
                continue;
            }
            return Some(Heard::Line(line));
        }
    }

    /// Whether something came that is neither line nor prompt yet.
    pub(super) fn is_unfinished(&self) -> bool {
        !self.unread.is_empty()
    }

    /// Takes what has stayed unfinished for a prompt, if it looks like one: a newer server may have
    /// others.
    pub(super) fn guess_prompt(&mut self) -> Option<Heard> {
        self.unread.ends_with(b": ").then(|| self.prompt(self.unread.len()))
    }

    /// Takes what is unfinished for a line: nothing more will come.
    pub(super) fn rest(&mut self) -> Option<Heard> {
        match self.unread.len() {
            0 => None,
            all => Some(Heard::Line(self.take(all))),
        }
    }

    fn prompt(&mut self, count: usize) -> Heard {
        self.after_prompt = true;
        Heard::Prompt(self.take(count))
    }

    fn take(&mut self, count: usize) -> String {
        let bytes: Vec<u8> = self.unread.drain(..count).collect();
        clean(&String::from_utf8_lossy(&bytes)).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(pieces: &[&[u8]]) -> String {
        let mut incoming = Incoming::default();
        let mut seen = String::new();
        let mut note = |heard: Heard| match heard {
            Heard::Line(line) => seen.push_str(&format!("{line}\n")),
            Heard::Prompt(prompt) => seen.push_str(&format!("{prompt}?\n")),
        };
        for bytes in pieces {
            incoming.push(bytes);
            while let Some(heard) = incoming.next() {
                note(heard);
            }
        }
        incoming.rest().into_iter().for_each(note);
        seen
    }

    #[test]
    fn lines_and_prompts_are_told_apart() {
        for (bytes, seen) in [
            ("Welcome.\nUSERNAME: ", "Welcome.\nUSERNAME: ?\n"),
            ("USERNAME: PASSWORD: Welcome back.\n", "USERNAME: ?\nPASSWORD: ?\nWelcome back.\n"),
            (
                "Enter message: \n[lobby] Al: hi\nEnter message: ",
                "Enter message: ?\n[lobby] Al: hi\nEnter message: ?\n",
            ),
            ("[lobby] Al: USERNAME: \n\nAl", "[lobby] Al: USERNAME: \n\nAl\n"),
            ("a\x1b[31m\u{9b}b\r\n\u{202e}c\n", "a[31mb\nc\n"),
        ] {
            assert_eq!(heard(&[bytes.as_bytes()]), seen);
            let bytes: Vec<&[u8]> = bytes.as_bytes().chunks(1).collect();
            assert_eq!(heard(&bytes), seen);
        }
    }

    #[test]
    fn what_looks_like_a_prompt_can_be_taken_for_one() {
        let mut incoming = Incoming::default();
        incoming.push(b"half a line");
        assert_eq!(incoming.guess_prompt(), None);
        incoming.push(b": ");
        assert_eq!(incoming.guess_prompt(), Some(Heard::Prompt("half a line: ".to_owned())));
        assert!(!incoming.is_unfinished());
    }

    #[test]
    fn a_line_without_end_is_not_held_for_ever() {
        let mut incoming = Incoming::default();
        incoming.push(&vec![b'x'; LINE_BYTES_MAX + 1]);
        assert!(matches!(incoming.next(), Some(Heard::Line(line)) if line.len() > LINE_BYTES_MAX));
    }
}
