//! What may reach a stranger's terminal.

use std::borrow::Cow;

/// Takes out what a terminal would obey or be misled by: C0 controls but tab, C1 controls, DEL,
/// line and paragraph separators, and what changes the direction of writing (UAX 9) or can't be
/// seen at all (the byte order mark).
#[must_use]
pub fn clean(text: &str) -> Cow<'_, str> {
    // Most texts are printable ASCII; they are told by their bytes.
    if text.bytes().all(|b| matches!(b, b' '..=b'~')) || text.chars().all(is_clean) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().filter(|c| is_clean(*c)).collect())
}

fn is_clean(c: char) -> bool {
    !matches!(c,
        '\0'..='\u{8}' | '\u{a}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{61c}' | '\u{200e}' | '\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Marks, embeddings, overrides and isolates of direction; separators; the byte order mark.
    const FORBIDDEN: [char; 15] = [
        '\u{61c}', '\u{200e}', '\u{200f}', '\u{2028}', '\u{2029}', '\u{202a}', '\u{202b}',
        '\u{202c}', '\u{202d}', '\u{202e}', '\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}',
        '\u{feff}',
    ];

    #[test]
    fn what_a_terminal_obeys_is_taken_out() {
        for (text, cleaned) in [
            ("plain", "plain"),
            ("tab\tstays", "tab\tstays"),
            ("\x1b[31mred\x07", "[31mred"),
            ("a\u{9b}31mb", "a31mb"),
            ("abc\u{202e}fed", "abcfed"),
            ("del\x7f\r\n", "del"),
            ("Grüße, 世界 👋🏽", "Grüße, 世界 👋🏽"),
        ] {
            assert_eq!(clean(text), cleaned);
        }
    }

    proptest! {
        #[test]
        fn what_is_clean_stays_and_what_is_cleaned_is_clean(
            parts in prop::collection::vec((any::<String>(), prop::sample::select(&FORBIDDEN)), 0..9),
        ) {
            let text: String = parts.iter().flat_map(|(text, c)| text.chars().chain([*c])).collect();
            let once = clean(&text).into_owned();
            prop_assert!(once.chars().all(|c| c == '\t' || !c.is_control()));
            prop_assert!(!once.contains(FORBIDDEN));
            prop_assert_eq!(clean(&once), once.as_str());
        }
    }
}
