//! Parameters as strangers give them, read.

use chinwag_model::id::{Place, Seq};
use chinwag_model::intent::Owner;
use chinwag_model::name::{Name, ROOM_NAME_CHARS_MAX};
use chinwag_model::text::Text;

/// The services, which are no persons.
pub(super) const NICKSERV: &str = "NickServ";
pub(super) const CHANSERV: &str = "ChanServ";

/// The service that a name is.
pub(super) fn service(name: &str) -> Option<&'static str> {
    [NICKSERV, CHANSERV].into_iter().find(|service| name.eq_ignore_ascii_case(service))
}

/// The place that a message's id is.
pub(super) fn place(id: &str) -> Option<Place> {
    let (seq, index) = id.split_once('.')?;
    Some(Place { seq: Seq(seq.parse().ok()?), index: index.parse().ok()? })
}

/// The sign of a channel.
pub(super) const CHANNEL_SIGN: char = '#';

/// A channel's name, without its sign.
pub(super) fn channel(text: &str) -> Option<Name> {
    Name::parse_room(text.strip_prefix(CHANNEL_SIGN)?).ok()
}

/// A channel's name of at most so many characters with its sign, as it is to be made.
pub(super) fn new_channel(text: &str, chars_max: usize) -> Option<Name> {
    let fits = text.chars().count() <= chars_max.min(ROOM_NAME_CHARS_MAX + 1);
    channel(text).filter(|_| fits)
}

/// A person's name.
pub(super) fn person(text: &str) -> Option<Name> {
    Name::parse(text).ok()
}

/// A channel or a person.
pub(super) fn owner(text: &str) -> Option<Owner> {
    if text.starts_with(CHANNEL_SIGN) {
        channel(text).map(Owner::Room)
    } else {
        person(text).map(Owner::Person)
    }
}

/// A text that may be missing or empty, cut to so many bytes.
pub(super) fn words(text: Option<&&str>, bytes_max: usize) -> Option<Text> {
    let text = text.copied().unwrap_or_default();
    let end = text.floor_char_boundary(bytes_max);
    Text::parse(text.get(..end).unwrap_or_default()).ok()
}

/// What a conversation is called where it is remembered how far it was read.
pub(super) fn read_key(target: &str) -> Box<str> {
    match owner(target) {
        Some(Owner::Room(name)) => format!("#{}", name.folded()).into(),
        Some(Owner::Person(name)) => name.folded().into(),
        None => target.to_lowercase().into(),
    }
}

/// The parts of a list with commas, at most so many; empty ones left out.
pub(super) fn list(text: &str, max: usize) -> impl Iterator<Item = &str> {
    text.split(',').filter(|part| !part.is_empty()).take(max)
}

/// The label of a line that is not UTF-8, if it has one.
pub(super) fn label_of(line: &[u8]) -> Option<Box<str>> {
    let tags = line.strip_prefix(b"@")?.split(|byte| *byte == b' ').next()?;
    let tags = std::str::from_utf8(tags).ok()?;
    let label = tags.split(';').find_map(|tag| tag.strip_prefix("label="))?;
    (!label.is_empty() && label.len() <= 64).then(|| label.into())
}

/// The command of a line that is not UTF-8, as far as it can be told.
pub(super) fn command_of(line: &[u8]) -> String {
    let mut words = line.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
    let tagged = |word: &&[u8]| word.starts_with(b"@") || word.starts_with(b":");
    let word = words.find(|word| !tagged(word)).unwrap_or_default();
    let plain = word.iter().all(u8::is_ascii_alphanumeric) && !word.is_empty() && word.len() <= 32;
    match std::str::from_utf8(word) {
        Ok(word) if plain => word.to_ascii_uppercase(),
        _ => "*".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_of_a_broken_line_is_told_if_it_can_be() {
        for (line, command) in [
            (&b"PRIVMSG #tea :\xff"[..], "PRIVMSG"),
            (b"@a=b :x privmsg \xff", "PRIVMSG"),
            (b"\xff", "*"),
            (b"", "*"),
        ] {
            assert_eq!(command_of(line), command);
        }
    }

    #[test]
    fn ids_are_places() {
        let place = Place { seq: Seq(12), index: 3 };
        assert_eq!(super::place(&place.to_string()), Some(place));
        for id in ["", "12", "-1.0", "1.x", "1.2.3"] {
            assert_eq!(super::place(id), None, "{id}");
        }
    }

    #[test]
    fn channels_are_read_by_their_sign() {
        for (text, name) in [
            ("#tea", Some("tea")),
            ("##tea", Some("#tea")),
            ("#", None),
            ("tea", None),
            ("&tea", None),
            ("#a,b", None),
            ("#a b", None),
            ("#a\u{7}", None),
        ] {
            assert_eq!(channel(text).as_ref().map(Name::shown), name, "{text}");
        }
        assert_eq!(new_channel("#tea", 3), None);
    }
}
