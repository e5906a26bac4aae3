//! What a client knows of the protocol that it speaks: bytes become what was heard, and what it wants
//! to say becomes lines.

mod irc;
mod line;

use self::irc::IrcVoice;
use self::line::LineVoice;

/// Messages that a client asks history for at a time.
pub(crate) const PAGE: usize = 60;

/// What a client speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Line mode.
    Line,
    /// IRC, with one of a few sets of capabilities.
    Irc(Caps),
}

/// Which capabilities an IRC client has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Caps {
    /// None but SASL.
    Bare,
    /// Those of a client of ten years ago: it is told the past as it comes in.
    Timed,
    /// It sees what it says.
    Echo,
    /// All that it takes to read history, and to know to what an answer is.
    Full,
}

impl Caps {
    fn words(self) -> &'static str {
        match self {
            Self::Bare => "sasl",
            Self::Timed => "sasl server-time",
            Self::Echo => "sasl server-time message-tags echo-message account-tag",
            Self::Full => {
                "sasl server-time message-tags batch echo-message labeled-response draft/chathistory"
            }
        }
    }
}

impl Way {
    /// Whether a client sees its own messages.
    pub(crate) fn echoes(self) -> bool {
        matches!(self, Self::Line | Self::Irc(Caps::Echo | Caps::Full))
    }

    /// Whether it can ask for history.
    pub(crate) fn reads(self) -> bool {
        matches!(self, Self::Line | Self::Irc(Caps::Full))
    }
}

/// Where something is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum To {
    Room(&'static str),
    Person(String),
}

/// What a client heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// This is to be sent.
    Reply(String),
    /// It is in.
    In,
    /// It can't come in now.
    Out,
    /// A message, by its mark; with its id, if it was told.
    Said { token: String, id: Option<String>, is_read: bool },
    /// What was asked was refused: that with this label, or the oldest.
    Refused { label: Option<String>, is_sure: bool },
    /// All that was asked before this number is done.
    Done(u32),
}

/// A client's side of a connection.
#[derive(Debug)]
pub(crate) enum Voice {
    Line(LineVoice),
    Irc(IrcVoice),
}

impl Voice {
    /// A client that has just connected, and what it says first.
    pub(crate) fn begin(way: Way, name: &str, password: &str) -> (Self, Option<String>) {
        match way {
            Way::Line => (Self::Line(LineVoice::new(name, password)), None),
            Way::Irc(caps) => {
                let (voice, first) = IrcVoice::new(caps.words(), name, password);
                (Self::Irc(voice), Some(first))
            }
        }
    }

    /// Takes bytes as the socket gave them.
    pub(crate) fn hear(&mut self, bytes: &[u8], heard: &mut Vec<Heard>) {
        match self {
            Self::Line(voice) => voice.hear(bytes, heard),
            Self::Irc(voice) => voice.hear(bytes, heard),
        }
    }

    /// What came of a line that has not ended.
    pub(crate) fn unread(&self) -> &[u8] {
        match self {
            Self::Line(voice) => &voice.unread,
            Self::Irc(voice) => &voice.unread,
        }
    }

    /// The line that says something. `number` is that of the message.
    pub(crate) fn say(&self, to: &To, text: &str, number: u32) -> String {
        match (self, to) {
            (Self::Line(_), To::Room(room)) => format!("{room}: {text}\n"),
            (Self::Line(_), To::Person(name)) => format!("{name}: {text}\n"),
            (Self::Irc(voice), to) => {
                let label = if voice.labels { format!("@label={number} ") } else { String::new() };
                match to {
                    To::Room(room) => format!("{label}PRIVMSG #{room} :{text}\r\n"),
                    To::Person(name) => format!("{label}PRIVMSG {name} :{text}\r\n"),
                }
            }
        }
    }

    /// The line to which the answer comes once all before is done.
    pub(crate) fn sync(&self, number: u32) -> String {
        match self {
            Self::Line(_) => format!("/sync{number}\n"),
            Self::Irc(_) => format!("PING {number}\r\n"),
        }
    }

    pub(crate) fn join(&self, room: &str) -> String {
        match self {
            Self::Line(_) => format!("/join {room}\n"),
            Self::Irc(_) => format!("JOIN #{room}\r\n"),
        }
    }

    pub(crate) fn leave(&self, room: &str) -> String {
        match self {
            Self::Line(_) => format!("/leave {room}\n"),
            Self::Irc(_) => format!("PART #{room}\r\n"),
        }
    }

    pub(crate) fn quit(&self) -> &'static str {
        match self {
            Self::Line(_) => "exit\n",
            Self::Irc(_) => "QUIT :bye\r\n",
        }
    }

    /// Something that does little.
    pub(crate) fn fidget(&self, which: u64) -> String {
        match (self, which % 4) {
            (Self::Line(_), 0) => "/away gone\n".to_owned(),
            (Self::Line(_), 1) => "/away\n".to_owned(),
            (Self::Line(_), 2) => "get_users\n".to_owned(),
            (Self::Line(_), _) => "/who\n".to_owned(),
            (Self::Irc(_), 0) => "AWAY :gone\r\n".to_owned(),
            (Self::Irc(_), 1) => "AWAY\r\n".to_owned(),
            (Self::Irc(_), 2) => "@+typing=active TAGMSG #lobby\r\n".to_owned(),
            (Self::Irc(_), _) => "WHO #lobby\r\n".to_owned(),
        }
    }

    /// The line that asks for the last messages there, before this id where that can be said.
    pub(crate) fn history(&mut self, of: &To, before: Option<&str>) -> String {
        match self {
            Self::Line(_) => match of {
                To::Room(room) => format!("/history {room} {PAGE}\n"),
                To::Person(name) => format!("/history {name} {PAGE}\n"),
            },
            Self::Irc(voice) => {
                voice.expect_history();
                let target = match of {
                    To::Room(room) => format!("#{room}"),
                    To::Person(name) => name.clone(),
                };
                match before {
                    None => format!("CHATHISTORY LATEST {target} * {PAGE}\r\n"),
                    Some(id) => format!("CHATHISTORY BEFORE {target} msgid={id} {PAGE}\r\n"),
                }
            }
        }
    }
}
