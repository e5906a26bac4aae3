//! How a client of each kind comes in, joins a room, and says something.

use std::fmt;
use std::io::Write;

/// What a client speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub(crate) enum Face {
    /// What the raw loop takes: a room's name, then lines.
    Raw,
    /// Line mode.
    Line,
    /// IRC without capabilities, but for `echo-message` with those who send.
    Irc,
    /// IRC with tags: `message-tags`, `server-time`, `account-tag`, `echo-message`.
    IrcTags,
    /// Bare IRC that asks for no list of members on joining (`no-implicit-names`).
    IrcQuiet,
    /// Bare IRC over TLS.
    Tls,
    /// Bare IRC in a WebSocket's text frames.
    WebSocket,
}

/// What a line means to who waits to come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sign {
    /// The server knows the client.
    Welcome,
    /// The client is in the room.
    Joined,
    /// It was refused: this will not go on.
    Refused,
}

impl Face {
    /// Adds what a client called `name` says first. `echo`: whether it wants its own lines back,
    /// where that has to be asked for.
    pub(crate) fn greet(self, name: &str, echo: bool, out: &mut Vec<u8>) {
        match self {
            Self::Raw => add(out, format_args!("/name {name}\n")),
            Self::Line => add(out, format_args!("{name}\n")),
            Self::Irc | Self::IrcTags | Self::IrcQuiet | Self::Tls | Self::WebSocket => {
                let caps = match (self, echo) {
                    (Self::IrcQuiet, _) => "no-implicit-names",
                    (Self::IrcTags, _) => "message-tags server-time account-tag echo-message",
                    (_, true) => "echo-message",
                    (_, false) => "",
                };
                if !caps.is_empty() {
                    add(out, format_args!("CAP REQ :{caps}\r\n"));
                }
                add(out, format_args!("NICK {name}\r\nUSER {name} 0 * :{name}\r\n"));
                if !caps.is_empty() {
                    add(out, format_args!("CAP END\r\n"));
                }
            }
        }
    }

    /// Adds what joins a room, named without `#`.
    pub(crate) fn join(self, room: &str, out: &mut Vec<u8>) {
        match self {
            Self::Raw => add(out, format_args!("/room {room}\n")),
            Self::Line => add(out, format_args!("/join {room}\n")),
            // No list ends its coming in, so that it asks for the end of none.
            Self::IrcQuiet => add(out, format_args!("JOIN #{room}\r\nNAMES\r\n")),
            _ => add(out, format_args!("JOIN #{room}\r\n")),
        }
    }

    /// What a client called `name` writes before a payload for a room. The raw loop hands on what
    /// it gets, so that there it is what makes a line as long as on IRC.
    pub(crate) fn say(self, name: &str, room: &str) -> String {
        match self {
            Self::Raw => format!(":{name}!~u@0123456789abcdef PRIVMSG #{room} :"),
            Self::Line => String::new(),
            _ => format!("PRIVMSG #{room} :"),
        }
    }

    /// What a client called `name` writes before a payload for someone. The raw loop has no
    /// persons: there, the two are a room.
    pub(crate) fn tell(self, name: &str, other: &str) -> String {
        match self {
            Self::Raw => format!(":{name}!~u@0123456789abcdef PRIVMSG {other} :"),
            Self::Line => format!("/msg {other} "),
            _ => format!("PRIVMSG {other} :"),
        }
    }

    /// What ends a line.
    pub(crate) fn end(self) -> &'static [u8] {
        match self {
            Self::Line => b"\n",
            _ => b"\r\n",
        }
    }

    /// Reads a line on the way in.
    pub(crate) fn sign(self, line: &[u8]) -> Option<Sign> {
        match self {
            Self::Raw => match line {
                b"/welcome" => Some(Sign::Welcome),
                b"/joined" => Some(Sign::Joined),
                _ => None,
            },
            // The first line stands after the question for the name, which has no end of its own.
            Self::Line => {
                let welcome = memchr::memmem::find(line, b". You are new here.").is_some();
                let sign = if welcome { Sign::Welcome } else { Sign::Joined };
                (welcome || line.starts_with(b"<You are in ")).then_some(sign)
            }
            _ => {
                // `:server 001 name :…`, perhaps with tags before it.
                let mut words = line.split(|byte| *byte == b' ');
                let first = words.next()?;
                let source = if first.starts_with(b"@") { words.next()? } else { first };
                match if source.starts_with(b":") { words.next()? } else { source } {
                    b"001" => Some(Sign::Welcome),
                    b"366" => Some(Sign::Joined),
                    b"ERROR" | b"433" | b"432" | b"403" | b"471" | b"405" => Some(Sign::Refused),
                    _ => None,
                }
            }
        }
    }

    /// What a line of the server's is to be answered with at once, if it asks for a sign of life.
    pub(crate) fn pong(self, line: &[u8], out: &mut Vec<u8>) {
        if !matches!(self, Self::Raw | Self::Line)
            && let Some(token) = line.strip_prefix(b"PING ")
        {
            out.extend(b"PONG ");
            out.extend(token);
            out.extend(b"\r\n");
        }
    }
}

impl fmt::Display for Face {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Raw => "raw",
            Self::Line => "line",
            Self::Irc => "irc",
            Self::IrcTags => "irc-tags",
            Self::IrcQuiet => "irc-quiet",
            Self::Tls => "tls",
            Self::WebSocket => "websocket",
        })
    }
}

fn add(out: &mut Vec<u8>, text: fmt::Arguments<'_>) {
    // Writing to memory can't fail.
    let _ = out.write_fmt(text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_are_read_in_each_face() {
        for (face, line, sign) in [
            (Face::Raw, "/joined", Some(Sign::Joined)),
            (Face::Line, "USERNAME: Welcome, u1. You are new here. Type", Some(Sign::Welcome)),
            (Face::Line, "<You are in r: u1.>", Some(Sign::Joined)),
            (Face::Line, "[r] u1: hello", None),
            (Face::Irc, ":bench 001 u1 :Welcome", Some(Sign::Welcome)),
            (Face::Irc, ":bench 366 u1 #r :End", Some(Sign::Joined)),
            (Face::IrcTags, "@time=x :bench 366 u1 #r :End", Some(Sign::Joined)),
            (Face::Irc, "ERROR :closing", Some(Sign::Refused)),
            (Face::Irc, ":u2!u@h JOIN #r", None),
        ] {
            assert_eq!(face.sign(line.as_bytes()), sign, "{line}");
        }
    }

    #[test]
    fn a_ping_is_answered_with_its_token() {
        let mut out = Vec::new();
        Face::Irc.pong(b"PING :x y", &mut out);
        assert_eq!(out, b"PONG :x y\r\n");
    }
}
