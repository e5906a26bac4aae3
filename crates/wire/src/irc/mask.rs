//! Masks of people and rooms: `*!*@*.example`.
//!
//! Spec: <https://modern.ircdocs.horse/#wildcard-expressions>, without its escape: a `\` is a
//! character like any other, as channel servers have it in their ban lists.

/// Bytes of the longest mask.
pub const MASK_BYTES_MAX: usize = 512;

/// A pattern of 1 to [`MASK_BYTES_MAX`] bytes: `*` stands for any text, also none, `?` for one
/// character, everything else for itself without regard to ASCII case.
#[derive(Clone, Debug)]
pub struct Mask {
    text: Box<str>,
}

/// Why a text is no mask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadMask {
    /// Nothing at all.
    #[error("an empty mask")]
    Empty,
    /// More than [`MASK_BYTES_MAX`].
    #[error("a mask of {0} bytes; at most {MASK_BYTES_MAX} are read")]
    Length(usize),
}

impl Mask {
    /// Reads a mask that a stranger typed.
    ///
    /// # Errors
    /// [`BadMask::Empty`], or [`BadMask::Length`] with the bytes there were.
    pub fn parse(text: &str) -> Result<Self, BadMask> {
        match text.len() {
            0 => Err(BadMask::Empty),
            1..=MASK_BYTES_MAX => Ok(Self { text: text.into() }),
            bytes => Err(BadMask::Length(bytes)),
        }
    }

    /// The mask as it was typed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it can match but one text, but for its case.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        !self.text.contains(['*', '?'])
    }

    /// Whether it describes the whole of this text.
    ///
    /// Takes at most as many steps as the mask has bytes times the text has: what is between two
    /// `*` stands best where it first can, so only the last `*` met is ever moved on.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        let (mask, text) = (self.text.as_bytes(), text.as_bytes());
        let (mut at, mut here) = (0, 0);
        // The place in the mask after the last `*`, and where in the text it was tried.
        let mut retry: Option<(usize, usize)> = None;
        loop {
            match (mask.get(at), text.get(here)) {
                (None, None) => return true,
                (Some(b'*'), _) => {
                    at += 1;
                    retry = Some((at, here));
                }
                (Some(b'?'), Some(_)) => {
                    at += 1;
                    here = after_char(text, here);
                }
                (Some(one), Some(other)) if one.eq_ignore_ascii_case(other) => {
                    at += 1;
                    here += 1;
                }
                // Further on there is even less text.
                (Some(_), None) => return false,
                (_, Some(_)) => {
                    let Some((after_star, tried)) = retry else { return false };
                    at = after_star;
                    here = after_char(text, tried);
                    retry = Some((at, here));
                }
            }
        }
    }
}

/// Where the character after the one here begins.
fn after_char(text: &[u8], here: usize) -> usize {
    let more = text.get(here + 1..).unwrap_or_default();
    here + 1 + more.iter().take_while(|byte| matches!(byte, 0x80..=0xbf)).count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Mask, what it matches, what it does not: the facts of `mask-match` in ircdocs' parser tests
    /// (CC0, <https://github.com/ircdocs/parser-tests>), and more.
    const CASES: &[(&str, &[&str], &[&str])] = &[
        (
            "*@127.0.0.1",
            &["coolguy!ab@127.0.0.1", "cooldud3!~bc@127.0.0.1"],
            &["coolguy!ab@127.0.0.5", "cooldud3!~d@124.0.0.1"],
        ),
        (
            "cool*@*",
            &["coolguy!ab@127.0.0.1", "cooldud3!~bc@127.0.0.1", "cool132!ab@example.com"],
            &["koolguy!ab@127.0.0.5", "cooodud3!~d@124.0.0.1"],
        ),
        (
            "cool!*@*",
            &["cool!guyab@127.0.0.1", "cool!~dudebc@127.0.0.1", "cool!312ab@example.com"],
            &["coolguy!ab@127.0.0.1", "cooldud3!~bc@127.0.0.1", "koolguy!ab@127.0.0.5"],
        ),
        (
            "cool!?username@*",
            &["cool!ausername@127.0.0.1", "cool!~username@127.0.0.1"],
            &["cool!username@127.0.0.1"],
        ),
        ("cool!a?*@*", &["cool!ab@127.0.0.1", "cool!abc@127.0.0.1"], &["cool!a@127.0.0.1"]),
        (
            "cool[guy]!*@*",
            &["cool[guy]!guy@127.0.0.1", "cool[guy]!a@example.com"],
            &["coolg!ab@127.0.0.1", "cool[!ac@127.0.1.1"],
        ),
        ("*", &["", "a", "é"], &[]),
        ("?", &["a", "é", "*"], &["", "ab"]),
        ("a*b*c", &["abc", "aXbXc", "abbcc"], &["ab", "abcd", "acb"]),
        ("*ab", &["ab", "aab", "abab"], &["aba"]),
        ("*?é", &["aé", "éé", "aéé"], &["é", "aéa"]),
        ("\\*", &["\\", "\\a"], &["*"]),
        ("ANA!*@Host", &["ana!x@hOST"], &["anb!x@host"]),
        ("É", &["É"], &["é"]),
        ("**??**", &["ab", "abc"], &["a"]),
    ];

    #[test]
    fn masks_match_as_ircdocs_has_it() {
        for (mask, yes, no) in CASES {
            let read = Mask::parse(mask).expect(mask);
            for text in *yes {
                assert!(read.matches(text), "{mask} {text}");
            }
            for text in *no {
                assert!(!read.matches(text), "{mask} {text}");
            }
        }
    }

    #[test]
    fn masks_have_a_bound() {
        assert_eq!(Mask::parse("").err(), Some(BadMask::Empty));
        assert!(Mask::parse(&"*".repeat(512)).is_ok());
        assert_eq!(Mask::parse(&"*".repeat(513)).err(), Some(BadMask::Length(513)));
    }

    #[test]
    fn a_mask_without_wildcards_is_plain() {
        for (mask, plain) in [("a!b@c", true), ("a\\b", true), ("a?", false), ("*", false)] {
            assert_eq!(Mask::parse(mask).expect(mask).is_plain(), plain, "{mask}");
        }
    }

    #[test]
    fn the_worst_mask_is_not_slow() {
        let mask = Mask::parse(&format!("{}b", "*a".repeat(255))).expect("511 bytes are a mask");
        assert!(!mask.matches(&"a".repeat(100_000)));
    }

    /// The plain way, exponential.
    fn matches_plainly(mask: &[char], text: &[char]) -> bool {
        match (mask, text) {
            ([], []) => true,
            (['*', rest @ ..], _) => {
                (0..=text.len()).any(|skipped| matches_plainly(rest, &text[skipped..]))
            }
            (['?', mask @ ..], [_, text @ ..]) => matches_plainly(mask, text),
            ([one, mask @ ..], [other, text @ ..]) => {
                one.eq_ignore_ascii_case(other) && matches_plainly(mask, text)
            }
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn masks_match_as_the_plain_way_does(mask in "[aAbé*?]{1,7}", text in "[aBé]{0,9}") {
            let chars = |text: &str| text.chars().collect::<Vec<_>>();
            let plain = matches_plainly(&chars(&mask), &chars(&text));
            prop_assert_eq!(Mask::parse(&mask).expect("short").matches(&text), plain);
        }
    }
}
