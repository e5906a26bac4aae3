//! Texts of several lines, or longer than a line, in pieces that lines can hold.
//!
//! Spec: <https://ircv3.net/specs/extensions/multiline>; RFC 1459 section 2.3 for the length.

use chinwag_model::message::{Card, Message};

/// The longest line, with CR LF and without tags, in bytes.
pub(super) const LINE_BYTES_MAX: usize = 512;

/// The least that a piece may hold, whatever stands before it.
const PIECE_BYTES_MIN: usize = 64;

/// A piece of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece<'t> {
    pub(super) text: &'t str,
    /// Whether it goes on with the line before it.
    pub(super) concat: bool,
}

/// Bytes of text that fit on a line from someone to a target.
pub(super) fn room(author: &Card, command: &str, target: &str, acts: bool) -> usize {
    let badge = &author.badge;
    let source = author.name.shown().len() + badge.user.len() + badge.host.len() + 3;
    let around = if acts { "\u{1}ACTION \u{1}".len() } else { 0 };
    let before = source + 1 + command.len() + 1 + target.len() + 2 + around + 2;
    LINE_BYTES_MAX.saturating_sub(before).max(PIECE_BYTES_MIN)
}

/// Takes a message's text apart: at its line feeds, where its sender broke long lines, and wherever a
/// piece would be longer than `room` bytes.
pub(super) fn pieces(message: &Message, room: usize) -> Vec<Piece<'_>> {
    let text = message.text.as_str();
    let joints = message.joints.as_deref().unwrap_or_default();
    let mut pieces = Vec::new();
    let mut start = 0;
    for line in text.split('\n') {
        let end = start + line.len();
        let inside = |joint: &&u32| {
            let at = usize::try_from(**joint).unwrap_or(usize::MAX);
            at > start && at < end && text.is_char_boundary(at)
        };
        let cuts = joints.iter().filter(inside).map(|joint| *joint as usize);
        let mut from = start;
        let mut concat = false;
        for to in cuts.chain([end]) {
            // Whoever sent the message, what it says is told once and whole.
            if to <= from && to != end {
                continue;
            }
            let part = text.get(from..to).unwrap_or_default();
            cut(part, room, &mut concat, &mut pieces);
            from = to;
        }
        start = end + 1;
    }
    pieces
}

fn cut<'t>(mut part: &'t str, room: usize, concat: &mut bool, pieces: &mut Vec<Piece<'t>>) {
    loop {
        let end = if part.len() <= room { part.len() } else { part.floor_char_boundary(room) };
        let (text, rest) = part.split_at(end);
        pieces.push(Piece { text, concat: *concat });
        *concat = true;
        part = rest;
        if part.is_empty() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use chinwag_model::id::{PersonId, Place, Timestamp};
    use chinwag_model::message::{Destination, Manner};
    use chinwag_model::name::Name;
    use chinwag_model::text::Text;
    use proptest::prelude::*;

    use super::*;

    fn message(text: &str, joints: &[u32]) -> Message {
        let name = Name::parse("ana").unwrap();
        let author = Card { id: PersonId(1), name, badge: Arc::default() };
        let text = Text::parse(text).unwrap();
        let (place, to) = (Place::default(), Destination::Everyone);
        let plain = Message::plain(place, Timestamp(0), author, to, Manner::Speech, text);
        Message { joints: Some(Arc::from(joints)), ..plain }
    }

    fn told(text: &str, joints: &[u32], room: usize) -> String {
        let message = message(text, joints);
        let piece =
            |piece: &Piece<'_>| format!("{}{}", if piece.concat { "+" } else { "" }, piece.text);
        pieces(&message, room).iter().map(piece).collect::<Vec<_>>().join("|")
    }

    #[test]
    fn texts_are_cut_at_line_feeds_and_joints_and_where_they_are_too_long() {
        assert_eq!(told("hello", &[], 100), "hello");
        assert_eq!(told("a\nb", &[], 100), "a|b");
        assert_eq!(told("\nb", &[], 100), "|b");
        assert_eq!(told("hello\n#how is everyone?", &[14], 100), "hello|#how is |+everyone?");
        assert_eq!(told("abcdef", &[], 4), "abcd|+ef");
        assert_eq!(told("aé", &[2], 2), "a|+é");
    }

    proptest! {
        #[test]
        fn pieces_together_are_the_text(
            text in "[aé\n]{1,40}", joints in prop::collection::vec(0..50u32, 0..4), room in 2..9usize
        ) {
            let message = message(&text, &joints);
            let mut whole = String::new();
            for (number, piece) in pieces(&message, room).iter().enumerate() {
                prop_assert!(piece.text.len() <= room);
                if number > 0 && !piece.concat {
                    whole.push('\n');
                }
                whole.push_str(piece.text);
            }
            prop_assert_eq!(whole, text);
        }
    }
}
