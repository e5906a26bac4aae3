//! The letters and signs of IRC for what a room and a person are like.
//!
//! Spec: <https://modern.ircdocs.horse/#modes>.

use chinwag_model::mode::{Flags, PersonFlag, RoomChanged, RoomFlag, RoomList};
use chinwag_model::rank::{Rank, Ranks};

/// Ranks with the sign before a nickname that has one, the highest first.
pub(super) const RANKS: &[(Rank, char)] = &[
    (Rank::Founder, '~'),
    (Rank::Admin, '&'),
    (Rank::Operator, '@'),
    (Rank::HalfOperator, '%'),
    (Rank::Voice, '+'),
];

/// A mode of a room.
#[derive(Clone, Copy, Debug)]
pub(super) struct RoomMode {
    pub(super) letter: char,
    pub(super) kind: Kind,
    /// What it means, for `HELP MODES`.
    pub(super) about: &'static str,
}

/// What a mode of a room is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    List(RoomList),
    Key,
    Limit,
    Flag(RoomFlag),
    Rank(Rank),
}

impl Kind {
    /// Whether a parameter follows when it is set, or taken away.
    pub(super) fn takes_param(self, on: bool) -> bool {
        match self {
            Self::List(_) | Self::Key | Self::Rank(_) => true,
            Self::Limit => on,
            Self::Flag(_) => false,
        }
    }
}

/// The modes of a room. `CHANMODES`, `PREFIX`, the letters of 004 and 324, the help, and what `MODE` reads
/// and tells are made of this.
pub(super) const ROOM_MODES: &[RoomMode] = &[
    row('I', Kind::List(RoomList::Invited), "invited"),
    row('b', Kind::List(RoomList::Bans), "banned"),
    row('e', Kind::List(RoomList::Exempt), "exempt"),
    row('k', Kind::Key, "KEY"),
    row('l', Kind::Limit, "LIMIT"),
    row('C', Kind::Flag(RoomFlag::NoRequests), "no CTCP"),
    row('M', Kind::Flag(RoomFlag::AccountsSpeak), "accounts speak"),
    row('R', Kind::Flag(RoomFlag::AccountsOnly), "accounts only"),
    row('i', Kind::Flag(RoomFlag::InviteOnly), "invited only"),
    row('m', Kind::Flag(RoomFlag::Moderated), "moderated"),
    row('n', Kind::Flag(RoomFlag::MembersOnly), "members speak"),
    row('s', Kind::Flag(RoomFlag::Secret), "secret"),
    row('t', Kind::Flag(RoomFlag::TopicLocked), "locked topic"),
    row('q', Kind::Rank(Rank::Founder), "founder"),
    row('a', Kind::Rank(Rank::Admin), "admin"),
    row('o', Kind::Rank(Rank::Operator), "operator"),
    row('h', Kind::Rank(Rank::HalfOperator), "half-operator"),
    row('v', Kind::Rank(Rank::Voice), "voice"),
];

const fn row(letter: char, kind: Kind, about: &'static str) -> RoomMode {
    RoomMode { letter, kind, about }
}

/// A mode of a person.
#[derive(Clone, Copy, Debug)]
pub(super) struct PersonMode {
    pub(super) letter: char,
    pub(super) flag: PersonFlag,
    /// What it means, for `HELP MODES`.
    pub(super) about: &'static str,
}

/// The modes of a person, by letter.
pub(super) const PERSON_MODES: &[PersonMode] = &[
    PersonMode { letter: 'B', flag: PersonFlag::Bot, about: "bot" },
    PersonMode {
        letter: 'R',
        flag: PersonFlag::AccountsOnly,
        about: "messages from accounts only",
    },
    PersonMode { letter: 'T', flag: PersonFlag::NoRequests, about: "no CTCP" },
    PersonMode { letter: 'i', flag: PersonFlag::Invisible, about: "invisible" },
    PersonMode { letter: 'o', flag: PersonFlag::Operator, about: "operator of the server" },
    PersonMode { letter: 'w', flag: PersonFlag::Wallops, about: "wallops" },
];

/// The mode of a room with this letter.
pub(super) fn room_mode(letter: char) -> Option<Kind> {
    ROOM_MODES.iter().find(|mode| mode.letter == letter).map(|mode| mode.kind)
}

/// The letter of a room's mode. Each has one: a test holds it.
fn letter_of(kind: Kind) -> char {
    ROOM_MODES.iter().find(|mode| mode.kind == kind).map_or('?', |mode| mode.letter)
}

/// Letters in the order of ASCII.
pub(super) fn letters(letters: impl Iterator<Item = char>) -> String {
    let mut sorted: Vec<char> = letters.collect();
    sorted.sort_unstable();
    sorted.into_iter().collect()
}

/// The signs of ranks: all, or only the highest.
pub(super) fn signs(ranks: Ranks, all: bool) -> String {
    let has = RANKS.iter().filter(|(rank, _)| ranks.has(*rank)).map(|(_, sign)| *sign);
    has.take(if all { usize::MAX } else { 1 }).collect()
}

/// The rank whose sign stands before a target, if one does, and the target without it.
pub(super) fn split_sign(target: &str) -> (Option<Rank>, &str) {
    let first = target.chars().next();
    let rank = RANKS.iter().find(|(_, sign)| Some(*sign) == first).map(|(rank, _)| *rank);
    match rank {
        Some(rank) if target.get(1..).is_some_and(|rest| rest.starts_with('#')) => {
            (Some(rank), target.get(1..).unwrap_or_default())
        }
        _ => (None, target),
    }
}

/// The sign of a rank.
pub(super) fn sign(rank: Rank) -> char {
    RANKS.iter().find(|(known, _)| *known == rank).map_or('+', |(_, sign)| *sign)
}

/// A person's switches as letters.
pub(super) fn person_letters(flags: Flags) -> String {
    PERSON_MODES.iter().filter(|mode| flags.has(mode.flag)).map(|mode| mode.letter).collect()
}

/// A person's switches by their letters, but for being an operator; unknown ones are passed over.
#[must_use]
pub fn person_flags(letters: &str) -> Flags {
    let known = |letter| PERSON_MODES.iter().find(|mode| mode.letter == letter);
    let flags = letters.chars().filter_map(known).map(|mode| mode.flag);
    let given = flags.filter(|flag| *flag != PersonFlag::Operator);
    given.fold(Flags::default(), |flags, flag| flags.with(flag, true))
}

/// What has changed of a person's switches, as `+B-i`.
pub(super) fn person_change(was: Flags, now: Flags) -> String {
    let turned = |on: bool| -> String {
        let changed = PERSON_MODES
            .iter()
            .filter(|mode| was.has(mode.flag) != now.has(mode.flag) && now.has(mode.flag) == on);
        changed.map(|mode| mode.letter).collect()
    };
    let (on, off) = (turned(true), turned(false));
    let with = |sign: char, letters: String| {
        if letters.is_empty() { letters } else { format!("{sign}{letters}") }
    };
    with('+', on) + &with('-', off)
}

/// The letter of a list.
pub(super) fn list_letter(list: RoomList) -> char {
    letter_of(Kind::List(list))
}

/// The letters of ranks, the highest first.
pub(super) fn rank_letters(ranks: Ranks) -> String {
    let has = RANKS.iter().filter(|(rank, _)| ranks.has(*rank));
    has.map(|(rank, _)| rank_letter(*rank)).collect()
}

/// The letter of a rank.
pub(super) fn rank_letter(rank: Rank) -> char {
    letter_of(Kind::Rank(rank))
}

/// Changes of a room as `MODE` tells them: letters, and the parameters that some have.
pub(super) fn room_changes(changes: &[RoomChanged]) -> (String, Vec<String>) {
    let (mut letters, mut params, mut sign) = (String::new(), Vec::new(), None);
    for change in changes {
        let (on, kind, param) = match change {
            RoomChanged::Flag(flag, on) => (*on, Kind::Flag(*flag), None),
            RoomChanged::Key(key, on) => (*on, Kind::Key, Some(key.as_str().to_owned())),
            RoomChanged::Limit(Some(limit)) => (true, Kind::Limit, Some(limit.to_string())),
            RoomChanged::Limit(None) => (false, Kind::Limit, None),
            RoomChanged::List(list, mask, on) => {
                (*on, Kind::List(*list), Some(mask.as_str().to_owned()))
            }
            RoomChanged::Rank(who, rank, on) => {
                (*on, Kind::Rank(*rank), Some(who.name.shown().to_owned()))
            }
        };
        if sign != Some(on) {
            letters.push(if on { '+' } else { '-' });
            sign = Some(on);
        }
        letters.push(letter_of(kind));
        params.extend(param);
    }
    (letters, params)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_stands_before_a_room_only() {
        for (target, rank, rest) in [
            ("@#tea", Some(Rank::Operator), "#tea"),
            ("+#tea", Some(Rank::Voice), "#tea"),
            ("#tea", None, "#tea"),
            ("@bob", None, "@bob"),
            ("", None, ""),
        ] {
            assert_eq!(split_sign(target), (rank, rest), "{target}");
        }
    }

    #[test]
    fn switches_are_told_by_what_has_changed() {
        let none = Flags::default();
        let bot = none.with(PersonFlag::Bot, true);
        let hidden = none.with(PersonFlag::Invisible, true);
        assert_eq!(person_change(none, bot), "+B");
        assert_eq!(person_change(bot, hidden), "+i-B");
        assert_eq!(person_change(bot, bot), "");
        assert_eq!(person_letters(bot.with(PersonFlag::Operator, true)), "Bo");
    }

    #[test]
    fn every_mode_has_one_letter_and_every_letter_one_mode() {
        for mode in ROOM_MODES {
            assert_eq!(room_mode(mode.letter), Some(mode.kind));
            assert_eq!(letter_of(mode.kind), mode.letter);
        }
        for flag in RoomFlag::ALL {
            assert_ne!(letter_of(Kind::Flag(flag)), '?', "{flag:?}");
        }
        for list in RoomList::ALL {
            assert_ne!(list_letter(list), '?', "{list:?}");
        }
        for rank in Rank::ALL {
            assert_ne!(rank_letter(rank), '?', "{rank:?}");
            assert!(RANKS.iter().any(|(known, _)| *known == rank), "{rank:?}");
        }
        for flag in PersonFlag::ALL {
            assert!(PERSON_MODES.iter().any(|mode| mode.flag == flag), "{flag:?}");
        }
    }

    #[test]
    fn changes_share_their_signs() {
        let changes = [
            RoomChanged::Flag(RoomFlag::InviteOnly, true),
            RoomChanged::Limit(Some(5)),
            RoomChanged::Flag(RoomFlag::Secret, false),
            RoomChanged::Limit(None),
        ];
        assert_eq!(room_changes(&changes), ("+il-sl".to_owned(), vec!["5".to_owned()]));
    }
}
