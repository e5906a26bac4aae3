//! The shapes of what can be typed.
//!
//! Which words are commands is known above: each has a row in the face of line mode.

/// Most characters of a name that begins a line, as in `Bob: hello`.
const NAME_CHARS_MAX: usize = 32;

/// What stands between words.
pub const BLANKS: [char; 2] = [' ', '\t'];

/// A line, by its shape. It borrows from the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Typed<'a> {
    /// Nothing, or nothing but blanks.
    Empty,
    /// A word behind a slash, and what follows it without the blanks around.
    Slash {
        /// The word, as typed; empty where blanks follow the slash.
        word: &'a str,
        /// The rest of the line.
        rest: &'a str,
    },
    /// `NAME: text`.
    To {
        /// What looks like a name.
        name: &'a str,
        /// What is said, without the blanks around; it may be empty.
        text: &'a str,
    },
    /// Any other line, as it is.
    Text(&'a str),
}

impl<'a> Typed<'a> {
    /// Reads a line. Any line has some shape.
    #[must_use]
    pub fn parse(line: &'a str) -> Self {
        if let Some(slashed) = line.strip_prefix('/') {
            return match slashed.split_once(BLANKS) {
                Some((word, rest)) => Self::Slash { word, rest: rest.trim_matches(BLANKS) },
                None => Self::Slash { word: slashed, rest: "" },
            };
        }
        match line.split_once(':') {
            Some((name, text)) if text.starts_with(BLANKS) && is_addressee(name) => {
                Self::To { name, text: text.trim_matches(BLANKS) }
            }
            _ if line.trim_start_matches(BLANKS).is_empty() => Self::Empty,
            _ => Self::Text(line),
        }
    }
}

/// Whether a word before a colon is meant for a name: it looks like one.
fn is_addressee(word: &str) -> bool {
    let sign = |c: char| matches!(c, '_' | '[' | ']' | '\\' | '^' | '{' | '}' | '|' | '`');
    let first = |c: char| sign(c) || c.is_alphanumeric() && !c.is_ascii_digit();
    // Marks, without which some scripts can't be written, are neither letters nor digits.
    let mark = |c: char| !c.is_ascii() && !c.is_control() && !c.is_whitespace();
    let inner = |c: char| sign(c) || c == '-' || c.is_alphanumeric() || mark(c);
    word.starts_with(first) && word.chars().all(inner) && word.chars().count() <= NAME_CHARS_MAX
}

/// The first word, and what follows it without the blanks between and at the end.
#[must_use]
pub fn split_word(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_matches(BLANKS);
    let (word, rest) = text.split_once(BLANKS).unwrap_or((text, ""));
    (!word.is_empty()).then(|| (word, rest.trim_start_matches(BLANKS)))
}

/// A name, and a text that is not empty.
#[must_use]
pub fn named(text: &str) -> Option<(&str, &str)> {
    split_word(text).filter(|(_, text)| !text.is_empty())
}

/// A text without the quotes around it.
#[must_use]
pub fn unquoted(text: &str) -> &str {
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use Typed::*;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_line_has_the_shape_that_the_contract_says() {
        for (line, typed) in [
            ("", Empty),
            (" \t", Empty),
            ("hello", Text("hello")),
            ("  hello ", Text("  hello ")),
            ("https://example.org", Text("https://example.org")),
            ("12:30", Text("12:30")),
            ("12: 30", Text("12: 30")),
            ("that is: all", Text("that is: all")),
            ("Bob: hello", To { name: "Bob", text: "hello" }),
            ("Bob:hello", Text("Bob:hello")),
            ("Bob: ", To { name: "Bob", text: "" }),
            ("Bob:", Text("Bob:")),
            (" Bob: hello", Text(" Bob: hello")),
            ("a:b: hello", Text("a:b: hello")),
            ("“Bob”: hello", Text("“Bob”: hello")),
            ("-bob: hello", Text("-bob: hello")),
            ("`b-1^: hello ", To { name: "`b-1^", text: "hello" }),
            ("नमस्ते: hello", To { name: "नमस्ते", text: "hello" }),
            ("note: milk", To { name: "note", text: "milk" }),
            ("李雷: 你好", To { name: "李雷", text: "你好" }),
            ("/join tea ", Slash { word: "join", rest: "tea" }),
            ("/join", Slash { word: "join", rest: "" }),
            ("/msg grp1  hello you", Slash { word: "msg", rest: "grp1  hello you" }),
            ("/", Slash { word: "", rest: "" }),
            ("/ join", Slash { word: "", rest: "join" }),
        ] {
            assert_eq!(Typed::parse(line), typed, "{line:?}");
        }
    }

    #[test]
    fn a_name_stands_before_a_text() {
        for (typed, read) in [
            ("Bob hello you", Some(("Bob", "hello you"))),
            (" Bob  \"hi\" ", Some(("Bob", "\"hi\""))),
            ("Bob", None),
            ("Bob ", None),
            ("", None),
        ] {
            assert_eq!(named(typed), read, "{typed:?}");
        }
        for (text, bare) in [("\"hi\"", "hi"), ("\"", "\""), ("\"\"", ""), ("hi", "hi")] {
            assert_eq!(unquoted(text), bare, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_line_has_a_shape(line in any::<String>()) {
            let _ = Typed::parse(&line);
            let _ = Typed::parse(&format!("/{line}"));
            let _ = named(&line);
        }
    }
}
