//! What is a name, and what is none.

use proptest::prelude::*;

use super::*;

#[test]
fn a_name_is_refused_by_the_first_thing_that_is_wrong() {
    let long = "a".repeat(33);
    for (text, reason) in [
        ("", BadName::Empty),
        (long.as_str(), BadName::Long),
        ("1bob", BadName::Digit),
        ("٣bob", BadName::Digit),
        ("-bob", BadName::Hyphen),
        ("a b", BadName::Blank),
        ("a\u{a0}b", BadName::Blank),
        ("a!b", BadName::Char('!')),
        ("#tea", BadName::Char('#')),
        ("a\u{7}b", BadName::Hidden),
        ("a\u{200b}b", BadName::Hidden),
        ("a\u{202e}b", BadName::Hidden),
        ("bob☃", BadName::Char('☃')),
        ("\u{301}bob", BadName::Mark),
        ("\u{5b4}", BadName::Mark),
        ("\u{b7}", BadName::NoLetter),
        ("guest-1", BadName::Guest),
        ("GUEST-007", BadName::Guest),
        ("guest-l", BadName::Guest),
        ("lobby", BadName::Reserved),
        ("LOBBY", BadName::Reserved),
        ("l0bby", BadName::Reserved),
        ("User", BadName::Reserved),
        ("uѕer", BadName::Reserved),
    ] {
        assert_eq!(NewName::parse(text), Err(reason), "{text:?}");
    }
}

/// Characters that nobody can see, of each kind that there is.
const UNSEEN: &[char] = &[
    // Hangul fillers.
    '\u{115f}',
    '\u{1160}',
    '\u{3164}',
    '\u{ffa0}',
    // Egyptian format controls and blanks.
    '\u{13430}',
    '\u{13440}',
    '\u{13441}',
    '\u{13442}',
    '\u{13455}',
    // Format characters, joiners, marks of direction, variation selectors, tags.
    '\u{ad}',
    '\u{34f}',
    '\u{600}',
    '\u{61c}',
    '\u{180b}',
    '\u{180e}',
    '\u{200c}',
    '\u{200d}',
    '\u{2060}',
    '\u{2064}',
    '\u{206a}',
    '\u{fe0f}',
    '\u{feff}',
    '\u{fff9}',
    '\u{1bca0}',
    '\u{1d173}',
    '\u{e0001}',
    '\u{e0041}',
    '\u{e0100}',
    '\u{110bd}',
    // Blanks of other scripts, Khmer's inherent vowels.
    '\u{2800}',
    '\u{16fe4}',
    '\u{1d159}',
    '\u{17b4}',
    '\u{17b5}',
    // Private use, no characters, not assigned.
    '\u{e000}',
    '\u{ffff}',
    '\u{1fffe}',
    '\u{378}',
    '\u{2065}',
    '\u{fff0}',
    '\u{e0fff}',
    '\u{10ffff}',
];

#[test]
fn attack_a_name_that_nobody_can_see_is_no_name() {
    for hidden in UNSEEN {
        for text in [
            format!("{hidden}"),
            format!("bob{hidden}"),
            format!("{hidden}bob"),
            format!("b{hidden}b"),
        ] {
            assert_eq!(Name::parse(&text), Err(BadName::Hidden), "{:x}", u32::from(*hidden));
            assert_eq!(Name::parse_room(&text), Err(BadName::Hidden), "{:x}", u32::from(*hidden));
            assert!(Name::parse_elsewhere(&format!("{text}/net")).is_err());
        }
        assert_eq!(quoted(&format!("b{hidden}b")), "bb", "{:x}", u32::from(*hidden));
    }
}

#[test]
fn attack_a_room_that_is_a_mark_over_its_sign_is_no_room() {
    for text in ["\u{301}", "\u{301}\u{301}", "\u{20dd}", "\u{301}lobby"] {
        assert_eq!(Name::parse_room(text), Err(BadName::Mark), "{text:?}");
    }
    for text in ["☕", "#", "!", "ne\u{301}e", "日本", "c++", "1"] {
        assert!(Name::parse_room(text).is_ok(), "{text:?}");
    }
}

#[test]
fn letters_and_digits_of_any_script_are_a_name() {
    for text in [
        "Alice",
        "grp1",
        "_x",
        "^_^",
        "조선",
        "ክብር",
        "မြန်",
        "[a]\\^{}|`",
        "Zoë",
        "Ирина",
        "李雷",
        "ありす",
        "नीता",
        "a-1",
    ] {
        assert_eq!(NewName::parse(text).map(|n| n.name().to_string()), Ok(text.to_owned()));
    }
}

#[test]
fn names_are_the_same_without_regard_to_case_and_composition() {
    for (one, other) in [("Bob", "bOB"), ("Zoë", "zoe\u{308}"), ("ИРИНА", "ирина")] {
        assert_eq!(Name::parse(one), Name::parse(other));
    }
}

#[test]
fn what_looks_alike_has_one_look() {
    for (one, other) in [("Alice", "A1ice"), ("Alice", "AIice"), ("alice", "аlice")] {
        let look = |text| Name::parse(text).map(|name| name.look().to_owned());
        assert_eq!(look(one), look(other), "{one} {other}");
        assert_ne!(Name::parse(one), Name::parse(other));
    }
}

proptest! {
    #[test]
    fn what_is_read_of_ascii_is_what_is_read_of_any_text(text in "[ -~]{1,40}") {
        let name = Name::of(&text);
        prop_assert_eq!(name.folded(), folded(&text));
        prop_assert_eq!(name.look(), look(&text));
        prop_assert_eq!(composed(&text), text.nfc().collect::<String>());
    }

    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        if let Ok(name) = NewName::parse(&text) {
            prop_assert!(name.name().shown().chars().count() <= NAME_CHARS_MAX);
            let again = Name::parse(name.name().shown());
            prop_assert_eq!(again.as_ref(), Ok(name.name()));
            let bytes = minicbor::to_vec(&name).unwrap();
            prop_assert_eq!(minicbor::decode::<NewName>(&bytes).unwrap(), name);
        }
        prop_assert!(quoted(&text).chars().count() <= NAME_CHARS_MAX + 1);
    }
}
