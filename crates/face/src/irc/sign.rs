//! The letters and signs of IRC for what a room and a person are like.
//!
//! Spec: <https://modern.ircdocs.horse/#modes>.

use chinwag_model::mode::{Flags, PersonFlag, RoomChanged, RoomFlag, RoomList};
use chinwag_model::rank::{Rank, Ranks};

/// Ranks with their letter and their sign, the highest first.
pub(super) const RANKS: &[(Rank, char, char)] = &[
    (Rank::Founder, 'q', '~'),
    (Rank::Admin, 'a', '&'),
    (Rank::Operator, 'o', '@'),
    (Rank::HalfOperator, 'h', '%'),
    (Rank::Voice, 'v', '+'),
];

/// Switches of a room, with their letter.
pub(super) const ROOM_FLAGS: &[(RoomFlag, char)] = &[
    (RoomFlag::NoRequests, 'C'),
    (RoomFlag::AccountsSpeak, 'M'),
    (RoomFlag::AccountsOnly, 'R'),
    (RoomFlag::InviteOnly, 'i'),
    (RoomFlag::Moderated, 'm'),
    (RoomFlag::MembersOnly, 'n'),
    (RoomFlag::Secret, 's'),
    (RoomFlag::TopicLocked, 't'),
];

/// Lists of a room, with their letter.
pub(super) const ROOM_LISTS: &[(RoomList, char)] =
    &[(RoomList::Invited, 'I'), (RoomList::Bans, 'b'), (RoomList::Exempt, 'e')];

/// Switches of a person, with their letter.
pub(super) const PERSON_FLAGS: &[(PersonFlag, char)] = &[
    (PersonFlag::Bot, 'B'),
    (PersonFlag::AccountsOnly, 'R'),
    (PersonFlag::NoRequests, 'T'),
    (PersonFlag::Invisible, 'i'),
    (PersonFlag::Operator, 'o'),
    (PersonFlag::Wallops, 'w'),
];

/// The signs of ranks: all, or only the highest.
pub(super) fn signs(ranks: Ranks, all: bool) -> String {
    let has = RANKS.iter().filter(|(rank, ..)| ranks.has(*rank)).map(|(.., sign)| *sign);
    has.take(if all { usize::MAX } else { 1 }).collect()
}

/// The rank whose sign stands before a target, if one does, and the target without it.
pub(super) fn split_sign(target: &str) -> (Option<Rank>, &str) {
    let first = target.chars().next();
    let rank = RANKS.iter().find(|(.., sign)| Some(*sign) == first).map(|(rank, ..)| *rank);
    match rank {
        Some(rank) if target.get(1..).is_some_and(|rest| rest.starts_with('#')) => {
            (Some(rank), target.get(1..).unwrap_or_default())
        }
        _ => (None, target),
    }
}

/// The sign of a rank.
pub(super) fn sign(rank: Rank) -> char {
    RANKS.iter().find(|(known, ..)| *known == rank).map_or('+', |(.., sign)| *sign)
}

/// A person's switches as letters.
pub(super) fn person_letters(flags: Flags) -> String {
    PERSON_FLAGS.iter().filter(|(flag, _)| flags.has(*flag)).map(|(_, letter)| *letter).collect()
}

/// A person's switches by their letters, but for being an operator; unknown ones are passed over.
#[must_use]
pub fn person_flags(letters: &str) -> Flags {
    let known = |letter| PERSON_FLAGS.iter().find(|(_, known)| *known == letter);
    let flags = letters.chars().filter_map(known).map(|(flag, _)| *flag);
    let given = flags.filter(|flag| *flag != PersonFlag::Operator);
    given.fold(Flags::default(), |flags, flag| flags.with(flag, true))
}

/// What has changed of a person's switches, as `+B-i`.
pub(super) fn person_change(was: Flags, now: Flags) -> String {
    let turned = |on: bool| -> String {
        let changed = PERSON_FLAGS
            .iter()
            .filter(|(flag, _)| was.has(*flag) != now.has(*flag) && now.has(*flag) == on);
        changed.map(|(_, letter)| *letter).collect()
    };
    let (on, off) = (turned(true), turned(false));
    let with = |sign: char, letters: String| {
        if letters.is_empty() { letters } else { format!("{sign}{letters}") }
    };
    with('+', on) + &with('-', off)
}

/// The letter of a list.
pub(super) fn list_letter(list: RoomList) -> char {
    ROOM_LISTS.iter().find(|(known, _)| *known == list).map_or('b', |(_, letter)| *letter)
}

/// Changes of a room as `MODE` tells them: letters, and the parameters that some have.
pub(super) fn room_changes(changes: &[RoomChanged]) -> (String, Vec<String>) {
    let (mut letters, mut params, mut sign) = (String::new(), Vec::new(), None);
    for change in changes {
        let (on, letter, param) = match change {
            RoomChanged::Flag(flag, on) => {
                let known = ROOM_FLAGS.iter().find(|(known, _)| known == flag);
                (*on, known.map_or('n', |(_, letter)| *letter), None)
            }
            RoomChanged::Key(key, on) => (*on, 'k', Some(key.as_str().to_owned())),
            RoomChanged::Limit(Some(limit)) => (true, 'l', Some(limit.to_string())),
            RoomChanged::Limit(None) => (false, 'l', None),
            RoomChanged::List(list, mask, on) => {
                (*on, list_letter(*list), Some(mask.as_str().to_owned()))
            }
            RoomChanged::Rank(who, rank, on) => {
                let known = RANKS.iter().find(|(known, ..)| known == rank);
                let letter = known.map_or('v', |(_, letter, _)| *letter);
                (*on, letter, Some(who.name.shown().to_owned()))
            }
        };
        if sign != Some(on) {
            letters.push(if on { '+' } else { '-' });
            sign = Some(on);
        }
        letters.push(letter);
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
