//! Telnet's commands among the text (RFC 854; options: RFC 855, echo: RFC 857).
//!
//! What a telnet client sends for itself is never taken for text. Every option is refused, once
//! in each direction, so that no two sides can keep each other answering. Echo is the exception:
//! the server offers to echo, and then does not, while a password is typed.
//!
//! Others are never sent a command, as their terminals would show it, so a telnet client must be
//! known for one. Debian's telnet (inetutils 2.4) sends nothing of its own accord to a port other
//! than 23, but ends its lines with CR LF; told WILL ECHO it answers DO ECHO, hides what is typed,
//! and goes on sending whole lines. `nc` ends lines with LF, prints the three bytes of a command as
//! they are, and answers none, but with `-t` says no to each. So a command or a line that ends with
//! CR LF or CR NUL tells telnet; `nc -C` is taken for it too, and shows three odd bytes before a
//! password's prompt.

/// "Interpret as command": begins every telnet command (RFC 854).
pub const IAC: u8 = 255;

const DONT: u8 = 254;
const DO: u8 = 253;
const WONT: u8 = 252;
const WILL: u8 = 251;
const SB: u8 = 250;
const ERASE_LINE: u8 = 248;
const ERASE_CHAR: u8 = 247;
const ARE_YOU_THERE: u8 = 246;
const INTERRUPT: u8 = 244;
const BREAK: u8 = 243;
const SE: u8 = 240;
const END_OF_FILE: u8 = 236;
const SUSPEND: u8 = 237;
const ABORT: u8 = 238;

const ECHO: u8 = 1;

/// Bytes after which a subnegotiation that does not end is taken as ended.
const SUBNEGOTIATION_MAX: u16 = 4096;

/// "No operation" (RFC 854). A client that begins with it, after [`IAC`], shows that it speaks line
/// mode before it has anything to say.
pub const NOP: u8 = 241;

/// Strips telnet's commands from bytes that come in pieces of any size, and answers none of them.
#[derive(Debug, Default)]
pub struct Commands(Telnet);

impl Commands {
    /// Takes the next byte; gives it back if it is text.
    pub fn strip(&mut self, byte: u8) -> Option<u8> {
        if byte != IAC && !self.0.is_inside() {
            return Some(byte);
        }
        let taken = self.0.take(byte);
        self.0.replies.clear();
        match taken {
            Taken::Data(byte) => Some(byte),
            _ => None,
        }
    }
}

/// What a telnet client wants of the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TelnetAsk {
    /// To end what is going on: IP, BRK, EOF, SUSP and ABORT.
    Interrupt,
    /// A sign of life: AYT.
    AreYouThere,
}

/// What a byte came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// Nothing to the text.
    Nothing,
    /// A byte of the text.
    Data(u8),
    /// The character before is taken back.
    EraseChar,
    /// The line so far is taken back.
    EraseLine,
    /// The client wants something.
    Ask(TelnetAsk),
}

/// One side of a telnet connection. Fed from an IAC to the end of its command.
#[derive(Debug, Default)]
pub(super) struct Telnet {
    state: State,
    /// Options refused already, a bit each, that the client offered (WILL) and asked for (DO).
    refused: Option<Box<[[u64; 4]; 2]>>,
    /// Whether the server has said that it echoes.
    echoes: bool,
    replies: Vec<u8>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Text,
    Command,
    Option(u8),
    Subnegotiation(u16),
    SubnegotiationCommand(u16),
}

impl Telnet {
    /// Whether the next byte belongs to a command.
    pub(super) fn is_inside(&self) -> bool {
        self.state != State::Text
    }

    /// Takes a byte: an IAC, or one that follows it.
    pub(super) fn take(&mut self, byte: u8) -> Taken {
        match self.state {
            State::Text => {
                self.state = State::Command;
                Taken::Nothing
            }
            State::Command => self.command(byte),
            State::Option(verb) => {
                self.state = State::Text;
                self.answer(verb, byte);
                Taken::Nothing
            }
            State::Subnegotiation(SUBNEGOTIATION_MAX..) => {
                self.state = State::Text;
                Taken::Nothing
            }
            State::Subnegotiation(count) if byte == IAC => {
                self.state = State::SubnegotiationCommand(count + 1);
                Taken::Nothing
            }
            State::Subnegotiation(count) => {
                self.state = State::Subnegotiation(count + 1);
                Taken::Nothing
            }
            State::SubnegotiationCommand(_) if byte == SE => {
                self.state = State::Text;
                Taken::Nothing
            }
            State::SubnegotiationCommand(count) => {
                self.state = State::Subnegotiation(count + 1);
                Taken::Nothing
            }
        }
    }

    fn command(&mut self, byte: u8) -> Taken {
        self.state = match byte {
            DO | DONT | WILL | WONT => State::Option(byte),
            SB => State::Subnegotiation(0),
            _ => State::Text,
        };
        match byte {
            IAC => Taken::Data(IAC),
            ERASE_CHAR => Taken::EraseChar,
            ERASE_LINE => Taken::EraseLine,
            ARE_YOU_THERE => Taken::Ask(TelnetAsk::AreYouThere),
            INTERRUPT | BREAK | END_OF_FILE | SUSPEND | ABORT => Taken::Ask(TelnetAsk::Interrupt),
            _ => Taken::Nothing,
        }
    }

    fn answer(&mut self, verb: u8, option: u8) {
        let (side, no) = match verb {
            WILL => (0, DONT),
            // The answer to the server's own offer.
            DO if option == ECHO && self.echoes => return,
            DO => (1, WONT),
            // A no is taken without a word.
            _ => return,
        };
        let refused = self.refused.get_or_insert_with(Box::default);
        let bit = 1u64 << (option % 64);
        if let Some(word) = refused.get_mut(side).and_then(|w| w.get_mut(usize::from(option / 64)))
            && *word & bit == 0
        {
            *word |= bit;
            self.replies.extend([IAC, no, option]);
        }
    }

    /// Has the client hide what is typed, or show it again.
    pub(super) fn echo(&mut self, on: bool) {
        if self.echoes != on {
            self.echoes = on;
            self.replies.extend([IAC, if on { WILL } else { WONT }, ECHO]);
        }
    }

    pub(super) fn take_replies(&mut self, out: &mut Vec<u8>) {
        out.append(&mut self.replies);
        self.replies = Vec::new();
    }
}
