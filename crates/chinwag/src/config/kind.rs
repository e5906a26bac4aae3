//! What a setting may hold.

use std::fmt;

use argon2::Params;
use argon2::password_hash::phc::PasswordHash;
use chinwag_server::options::{Address, Faces, Peers};
use chinwag_server::site_url::SiteUrl;
use chinwag_wire::line::clean::clean;
use toml_edit::Value as Toml;

use super::address::{parse_address, parse_network};

/// A value, as read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Text(String),
    Number(i64),
    Flag(bool),
    Texts(Vec<String>),
    Address(Address),
    Faces(Faces),
    Peers(Peers),
}

/// What a setting may hold.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// A word to be shown: 1 to 63 printable characters without blanks.
    Word,
    /// A name of a machine's: 1 to 32 of `a` to `z`, `0` to `9` and `-`.
    Label,
    /// One line of printable characters, within so many bytes.
    Line(usize),
    /// Lines of printable characters, within so many bytes.
    Text(usize),
    /// A file or folder: 1 to 4096 bytes, as `PATH_MAX` of Linux.
    Path,
    /// A whole number within these bounds.
    Number(i64, i64),
    Flag,
    /// One of these.
    OneOf(&'static [&'static str]),
    /// The address of a site, `https://chat.example.org`; or nothing.
    Site,
    /// Some of the faces, one at least.
    Faces,
    /// 1 to so many texts.
    Texts(usize),
    /// At most so many networks, or `unix`.
    Peers(usize),
    /// Where to listen.
    Address,
    /// An argon2id hash in PHC form.
    PasswordHash,
}

const PATH_BYTES_MAX: usize = 4096;

impl Value {
    /// The text; empty where it is none.
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Text(text) => text,
            _ => "",
        }
    }
}

impl fmt::Display for Value {
    /// As TOML.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => Toml::from(text.as_str()).fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::Flag(flag) => flag.fmt(f),
            Self::Texts(texts) => Toml::from_iter(texts.iter().map(String::as_str)).fmt(f),
            Self::Address(address) => Toml::from(address.to_string()).fmt(f),
            Self::Peers(peers) => {
                let unix = peers.unix.then(|| "unix".to_owned());
                let networks = peers.networks.iter().map(ToString::to_string);
                Toml::from_iter(networks.chain(unix)).fmt(f)
            }
            Self::Faces(faces) => Toml::from_iter(faces.to_string().split(", ")).fmt(f),
        }
    }
}

impl Kind {
    /// Reads what a file says, if it is of this kind.
    pub(super) fn read(self, toml: &Toml) -> Option<Value> {
        match (self, toml) {
            (Self::Number(min, max), Toml::Integer(number)) => {
                let number = *number.value();
                (min..=max).contains(&number).then_some(Value::Number(number))
            }
            (Self::Flag, Toml::Boolean(flag)) => Some(Value::Flag(*flag.value())),
            (Self::Faces | Self::Texts(_) | Self::Peers(_), Toml::Array(texts)) => {
                let texts: Option<Vec<_>> = texts.iter().map(Toml::as_str).collect();
                self.read_texts(&texts?)
            }
            (_, Toml::String(text)) => self.read_text(text.value()),
            _ => None,
        }
    }

    /// Reads what a variable or an option says, where nothing tells a text from a number: as
    /// TOML, and what is no TOML of this kind as the text itself, or as texts between commas.
    pub(super) fn read_plain(self, text: &str) -> Option<Value> {
        let as_toml = || text.parse().ok().and_then(|toml| self.read(&toml));
        match self {
            Self::Number(..) | Self::Flag => as_toml(),
            Self::Faces | Self::Texts(_) | Self::Peers(_) => as_toml().or_else(|| {
                let mut texts: Vec<_> = text.split(',').map(str::trim).collect();
                if matches!(self, Self::Peers(_)) && text.is_empty() {
                    texts.clear();
                }
                self.read_texts(&texts)
            }),
            _ => as_toml().or_else(|| self.read_text(text)),
        }
    }

    /// What it takes, to be said to who gave something else.
    pub(super) fn takes(self) -> String {
        let quoted = |words: &[&str]| {
            words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ")
        };
        match self {
            Self::Word => "a text of 1 to 63 printable characters without blanks".to_owned(),
            Self::Label => "1 to 32 of a to z, 0 to 9 and -".to_owned(),
            Self::Line(max) => format!("a line of at most {max} bytes, all printable"),
            Self::Text(max) => format!("a text of at most {max} bytes, all printable"),
            Self::Path => format!("a path of 1 to {PATH_BYTES_MAX} bytes, all printable"),
            Self::Number(min, max) => format!("a number from {min} to {max}"),
            Self::Flag => "true or false".to_owned(),
            Self::OneOf(words) => format!("one of {}", quoted(words)),
            Self::Site => {
                "an address as \"https://chat.example.org\", without a path, or \"\"".to_owned()
            }
            Self::Faces => {
                "a list of one or more of \"line\", \"irc\", \"web\", \"metrics\"".to_owned()
            }
            Self::Texts(max) => format!("a list of 1 to {max} texts, all printable"),
            Self::Peers(max) => format!(
                "a list of at most {max} addresses, as \"127.0.0.1\", networks, as \"10.0.0.0/8\", or \"unix\""
            ),
            Self::Address => {
                "an IP address with a port, as \"0.0.0.0:8080\" or \"[::]:8080\", or \"unix:PATH\""
                    .to_owned()
            }
            Self::PasswordHash => "what `chinwag hash-password` prints".to_owned(),
        }
    }

    fn read_text(self, text: &str) -> Option<Value> {
        let good = match self {
            Self::Word => {
                (1..=63).contains(&text.chars().count())
                    && is_line(text)
                    && !text.chars().any(char::is_whitespace)
            }
            Self::Label => {
                let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
                (1..=32).contains(&text.len()) && text.bytes().all(allowed)
            }
            Self::Line(max) => text.len() <= max && is_line(text),
            Self::Text(max) => text.len() <= max && text.split('\n').all(is_line),
            Self::Path => (1..=PATH_BYTES_MAX).contains(&text.len()) && is_line(text),
            Self::OneOf(words) => words.contains(&text),
            Self::Address => {
                return parse_address(text).filter(|_| is_line(text)).map(Value::Address);
            }
            Self::PasswordHash => is_argon2id(text),
            Self::Site => text.is_empty() || SiteUrl::parse(text).is_some(),
            Self::Number(..) | Self::Flag | Self::Faces | Self::Texts(_) | Self::Peers(_) => false,
        };
        good.then(|| Value::Text(text.to_owned()))
    }

    fn read_texts(self, texts: &[&str]) -> Option<Value> {
        match self {
            Self::Faces if !texts.is_empty() => {
                let mut faces = Faces::default();
                for text in texts {
                    match *text {
                        "line" => faces.line = true,
                        "irc" => faces.irc = true,
                        "web" => faces.web = true,
                        "metrics" => faces.metrics = true,
                        _ => return None,
                    }
                }
                Some(Value::Faces(faces))
            }
            Self::Texts(max) => {
                let good = |text: &&str| !text.is_empty() && is_line(text);
                ((1..=max).contains(&texts.len()) && texts.iter().all(good))
                    .then(|| Value::Texts(texts.iter().map(|text| (*text).to_owned()).collect()))
            }
            Self::Peers(max) if texts.len() <= max => {
                let mut peers = Peers::default();
                for text in texts {
                    match *text {
                        "unix" => peers.unix = true,
                        text => peers.networks.push(parse_network(text)?),
                    }
                }
                Some(Value::Peers(peers))
            }
            _ => None,
        }
    }
}

/// Whether a terminal shows all of it, in one line.
fn is_line(text: &str) -> bool {
    !text.contains('\t') && clean(text) == text
}

/// Whether a password can be compared with it.
fn is_argon2id(text: &str) -> bool {
    PasswordHash::new(text).is_ok_and(|hash| {
        hash.algorithm.as_str() == "argon2id"
            && hash.salt.is_some()
            && hash.hash.is_some()
            && Params::try_from(&hash).is_ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_read_as_toml_or_as_what_it_is() {
        let texts = |texts: &[&str]| Value::Texts(texts.iter().map(|t| (*t).to_owned()).collect());
        let text = |text: &str| Value::Text(text.to_owned());
        for (kind, given, read) in [
            (Kind::Word, "5", Some(text("5"))),
            (Kind::Word, "true", Some(text("true"))),
            (Kind::Word, "\"quoted\"", Some(text("quoted"))),
            (Kind::Word, "a b", None),
            (Kind::Word, "", None),
            (Kind::Label, "node-1", Some(text("node-1"))),
            (Kind::Label, "", None),
            (Kind::Label, "a.b", None),
            (Kind::Label, "A", None),
            (Kind::Line(5), "", Some(text(""))),
            (Kind::Line(5), "sixsix", None),
            (Kind::Line(5), "a\nb", None),
            (Kind::Line(5), "\x1b", None),
            (Kind::Text(5), "a\nb", Some(text("a\nb"))),
            (Kind::Text(5), "a\u{9b}b", None),
            (Kind::Path, "", None),
            (Kind::Number(1, 5_000), "5", Some(Value::Number(5))),
            (Kind::Number(1, 5_000), "5_000", Some(Value::Number(5000))),
            (Kind::Number(1, 5_000), "5_001", None),
            (Kind::Number(1, 5_000), "five", None),
            (Kind::Number(1, 5_000), "99999999999999999999", None),
            (Kind::Flag, "false", Some(Value::Flag(false))),
            (Kind::Flag, "no", None),
            (Kind::Texts(2), "a, b", Some(texts(&["a", "b"]))),
            (Kind::Texts(2), "[\"a\"]", Some(texts(&["a"]))),
            (Kind::Texts(2), "a,b,c", None),
            (Kind::Texts(2), "", None),
            (Kind::Peers(2), "", Some(Value::Peers(Peers::default()))),
            (Kind::Peers(2), "a", None),
            (Kind::Peers(2), "::1, ::2, ::3", None),
            (Kind::Faces, "[]", None),
            (
                Kind::Faces,
                "web, metrics",
                Some(Value::Faces(Faces { web: true, metrics: true, ..Faces::default() })),
            ),
            (Kind::Site, "", Some(text(""))),
            (Kind::Site, "https://chat.example.org/", Some(text("https://chat.example.org/"))),
            (Kind::Site, "chat.example.org", None),
            (Kind::Site, "https://chat.example.org/path", None),
            (Kind::OneOf(&["a", "b"]), "b", Some(text("b"))),
            (Kind::OneOf(&["a", "b"]), "c", None),
            (Kind::PasswordHash, "$argon2id$v=19$m=8,t=1,p=1", None),
            (Kind::PasswordHash, "secret", None),
        ] {
            assert_eq!(kind.read_plain(given), read, "{kind:?} {given:?}");
        }
    }
}
