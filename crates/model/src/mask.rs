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
/// both lengths at most, and none where the pattern is longer than the text could be.
#[must_use]
pub fn matches(pattern: &str, text: &str) -> bool {
    matches_counted(pattern, text, || {})
}

/// The same; `step` is called for each character that is compared.
fn matches_counted(pattern: &str, text: &str, mut step: impl FnMut()) -> bool {
    if pattern.len() > text.len() {
        // Each character of it but a star stands for one of the text.
        let needed = pattern.chars().filter(|c| *c != '*').count();
        if needed > text.chars().count() {
            return false;
        }
    }
    let (mut pattern, mut text) = (pattern.chars(), text.chars());
    // Where to go on after the last star, with one more character taken by it.
    let mut again: Option<(std::str::Chars<'_>, std::str::Chars<'_>)> = None;
    loop {
        step();
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
    fn adv_synapse_5_the_costliest_pattern_takes_a_bounded_number_of_steps() {
        // What is held against a mask is a `nick!user@host`, or a name: rarely more than 128 bytes.
        let texts = ["a".repeat(128), "a".repeat(127) + "b", "ab".repeat(64), String::new()];
        let parts = ["*a", "a*", "*aa", "?*", "*?a", "*ab", "**", "a", "?"];
        let mut most = 0;
        for text in &texts {
            for part in parts {
                for (front, end) in [("", ""), ("*", "b"), ("", "*b"), ("*", "*")] {
                    for times in [1, 10, 64, MASK_BYTES_MAX / part.len()] {
                        let pattern = [front, &part.repeat(times), end].concat();
                        let mut steps = 0;
                        matches_counted(&pattern, text, || steps += 1);
                        most = most.max(steps);
                        assert!(
                            steps <= (pattern.len() + 1) * (text.len() + 1),
                            "{pattern} {text}"
                        );
                    }
                }
            }
        }
        assert!(most <= 10_000, "{most} steps");
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
