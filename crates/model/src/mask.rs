//! Masks: patterns that strangers write, to name many at once.

use minicbor::{Decode, Encode};

/// The longest mask, in bytes.
pub const MASK_BYTES_MAX: usize = 256;

/// A pattern in which `*` stands for any text and `?` for any one character; letters of ASCII are
/// the same in both cases.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct Mask(#[n(0)] Box<str>);

impl Mask {
    /// Reads a mask that a stranger typed: 1 to [`MASK_BYTES_MAX`] bytes without blanks and
    /// control characters; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let fits = !text.is_empty() && text.len() <= MASK_BYTES_MAX;
        let plain = !text.chars().any(|c| c.is_whitespace() || c.is_control());
        (fits && plain).then(|| Self(text.into()))
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the whole text is as the mask says.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        matches(&self.0, text)
    }

    /// Whether another mask is the same but for the case of ASCII letters.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

/// Whether a text is as a pattern says; see [`Mask`]. Takes time in proportion to the product of
/// both lengths at most.
#[must_use]
pub fn matches(pattern: &str, text: &str) -> bool {
    let (mut pattern, mut text) = (pattern.chars(), text.chars());
    // Where to go on after the last star, with one more character taken by it.
    let mut again: Option<(std::str::Chars<'_>, std::str::Chars<'_>)> = None;
    loop {
        match pattern.next() {
            Some('*') => again = Some((pattern.clone(), text.clone())),
            wanted => {
                let found = text.next();
                let fits = match (wanted, found) {
                    (None, None) => return true,
                    (Some('?'), Some(_)) => true,
                    (Some(one), Some(other)) => one.eq_ignore_ascii_case(&other),
                    _ => false,
                };
                if !fits {
                    let Some((after_star, rest)) = &mut again else { return false };
                    if rest.next().is_none() {
                        return false;
                    }
                    pattern = after_star.clone();
                    text = rest.clone();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn stars_and_question_marks_stand_for_what_they_say() {
        for (pattern, text, fits) in [
            ("*", "", true),
            ("*", "anything", true),
            ("a*", "abc", true),
            ("a*c", "abbc", true),
            ("a*c", "abcd", false),
            ("A?C", "abc", true),
            ("a?c", "ac", false),
            ("*!*@*", "bob!u@h", true),
            ("*!*@*", "bob", false),
            ("bob!*@*", "BOB!x@y", true),
            ("**a**", "bab", true),
            ("", "", true),
            ("", "a", false),
            ("?", "é", true),
        ] {
            assert_eq!(matches(pattern, text), fits, "{pattern} {text}");
        }
    }

    #[test]
    fn a_costly_pattern_ends_soon() {
        let (pattern, text) = ("a*".repeat(60), "a".repeat(2000) + "b");
        assert!(!matches(&(pattern + "c"), &text));
    }

    proptest! {
        #[test]
        fn a_text_without_signs_matches_only_itself(text in "[a-z]{0,12}", other in "[a-z]{0,12}") {
            prop_assert!(matches(&text, &text));
            prop_assert_eq!(matches(&text, &other), text == other);
            let (around, end) = (format!("*{text}*"), format!("{other}{text}{other}"));
            prop_assert!(matches(&around, &end));
        }
    }
}
