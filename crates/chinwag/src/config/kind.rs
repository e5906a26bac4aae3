//! What a setting may hold.

use super::parse_address;

/// A value, as read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Text(String),
    Number(i64),
    Flag(bool),
    Texts(Vec<String>),
}

/// What a setting may hold.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// A word to be shown: 1 to 63 printable characters without blanks.
    Word,
    /// Any text, within so many bytes.
    Text(usize),
    /// A whole number within these bounds.
    Number(i64, i64),
    Flag,
    /// One of these.
    OneOf(&'static [&'static str]),
    /// Some of these.
    SomeOf(&'static [&'static str]),
    /// Texts, at most so many.
    Texts(usize),
    /// Where to listen.
    Address,
    /// An argon2id hash in PHC form.
    PasswordHash,
}

impl Value {
    /// The text; empty where it is none.
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Text(text) => text,
            _ => "",
        }
    }
}

impl std::fmt::Display for Value {
    /// As TOML.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => toml_edit::Value::from(text.as_str()).fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::Flag(flag) => flag.fmt(f),
            Self::Texts(texts) => {
                toml_edit::Value::from_iter(texts.iter().map(String::as_str)).fmt(f)
            }
        }
    }
}

impl Kind {
    /// Whether a value is one of this kind.
    pub(super) fn admits(self, value: &Value) -> bool {
        match (self, value) {
            (Self::Word, Value::Text(text)) => {
                let shown = |c: char| !c.is_control() && !c.is_whitespace();
                (1..=63).contains(&text.chars().count()) && text.chars().all(shown)
            }
            (Self::Text(max), Value::Text(text)) => text.len() <= max,
            (Self::Number(min, max), Value::Number(number)) => (min..=max).contains(number),
            (Self::Flag, Value::Flag(_)) => true,
            (Self::OneOf(words), Value::Text(text)) => words.contains(&text.as_str()),
            (Self::SomeOf(words), Value::Texts(texts)) => {
                !texts.is_empty() && texts.iter().all(|text| words.contains(&text.as_str()))
            }
            (Self::Texts(max), Value::Texts(texts)) => texts.len() <= max,
            (Self::Address, Value::Text(text)) => parse_address(text).is_some(),
            (Self::PasswordHash, Value::Text(text)) => {
                text.starts_with("$argon2id$")
                    && argon2::password_hash::phc::PasswordHash::new(text).is_ok()
            }
            _ => false,
        }
    }

    /// What it takes, to be said to who gave something else.
    pub(super) fn takes(self) -> String {
        let quoted = |words: &[&str]| {
            words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ")
        };
        match self {
            Self::Word => "a text of 1 to 63 characters without blanks".to_owned(),
            Self::Text(max) => format!("a text of at most {max} bytes"),
            Self::Number(min, max) => format!("a number from {min} to {max}"),
            Self::Flag => "true or false".to_owned(),
            Self::OneOf(words) => format!("one of {}", quoted(words)),
            Self::SomeOf(words) => format!("a list of {}", quoted(words)),
            Self::Texts(max) => format!("a list of at most {max} texts"),
            Self::Address => {
                "an IP address with a port, as \"0.0.0.0:8080\" or \"[::]:8080\", or \"unix:PATH\""
                    .to_owned()
            }
            Self::PasswordHash => "what `chinwag hash-password` prints".to_owned(),
        }
    }

    /// Reads a value from the environment, where nothing tells a text from a number.
    pub(super) fn read_plain(self, text: &str) -> Value {
        match self {
            Self::Number(..) => text.parse().map(Value::Number),
            Self::Flag => match text {
                "true" => Ok(Value::Flag(true)),
                "false" => Ok(Value::Flag(false)),
                _ => return Value::Text(text.to_owned()),
            },
            Self::SomeOf(_) | Self::Texts(_) => {
                let words = text.trim_matches(['[', ']']).split(',');
                let words = words.map(|word| word.trim().trim_matches('"').to_owned());
                Ok(Value::Texts(words.filter(|word| !word.is_empty()).collect()))
            }
            _ => Ok(Value::Text(text.to_owned())),
        }
        .unwrap_or_else(|_: std::num::ParseIntError| Value::Text(text.to_owned()))
    }
}
