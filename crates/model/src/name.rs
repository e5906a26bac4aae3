//! Names of persons, groups and rooms: what is shown, what is compared, what it looks like.
//!
//! All three travel in the log, so that folding never has to be the same in two versions.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, LazyLock};

use minicbor::decode::{Decode, Decoder};
use minicbor::encode::{Encode, Encoder, Write};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_security::GeneralSecurityProfile;
use unicode_security::general_security_profile::IdentifierType;

/// The longest name, in characters.
pub const NAME_CHARS_MAX: usize = 32;

/// The longest name of a room that was not made in line mode, in characters.
pub const ROOM_NAME_CHARS_MAX: usize = 64;

/// The longest name, in bytes, that is looked at: four bytes a character, and as much again for
/// what normalisation may join.
const NAME_BYTES_MAX: usize = NAME_CHARS_MAX * 8;

/// What the server says of itself, and the words of its commands: nobody can be called so, nor by
/// anything that looks so.
const RESERVED: &[&str] = &[
    "again",
    "all",
    "anyone",
    "broad",
    "broadcast",
    "bye",
    "chanserv",
    "chat",
    "chinwag",
    "client",
    "end",
    "everyone",
    "exit",
    "get_users",
    "goodbye",
    "group",
    "guest",
    "guests",
    "history",
    "histserv",
    "list",
    "lobby",
    "logout",
    "message",
    "messages",
    "mk_grp",
    "nickserv",
    "nobody",
    "note",
    "operator",
    "password",
    "quit",
    "room",
    "root",
    "send",
    "server",
    "someone",
    "system",
    "user",
    "username",
    "welcome",
    "you",
];

/// Those of them that a guest may be called for the time of a visit.
const NICKS: &[&str] = &[
    "again", "all", "anyone", "bye", "chat", "client", "end", "exit", "goodbye", "group", "guest",
    "guests", "history", "list", "logout", "message", "messages", "note", "password", "quit",
    "room", "root", "send", "user", "username", "welcome", "you",
];

/// What words of the server's look like, and whether one that looks so speaks for the server.
static LOOKS: LazyLock<HashMap<Box<str>, bool>> = LazyLock::new(|| {
    let mut looks = HashMap::new();
    for word in RESERVED {
        *looks.entry(Name::of(word).look().into()).or_default() |= !NICKS.contains(word);
    }
    looks
});

/// How names begin that the server gives to guests.
static GUEST: LazyLock<Name> = LazyLock::new(|| Name::of("guest-"));

/// A name, read: 1 to 32 characters, letters and digits of any script, `_`, `-`, and ASCII's
/// ``[]\^{}|` ``; it begins with no digit, no `-` and no combining mark, and at least one of its
/// characters is visible by itself.
///
/// Names are equal when they are the same without regard to case. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Name(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    /// What is shown, what is compared and what it looks like, each once: of most names they are the
    /// same, and a name is held for as long as anyone is called so.
    text: Box<str>,
    shown_end: u32,
    folded: (u32, u32),
    look: (u32, u32),
}

impl Parts {
    fn new(shown: &str, folded: &str, look: &str) -> Self {
        let mut text = shown.to_owned();
        let mut add = |part: &str| {
            let end = text.len();
            let from = match text.get(..part.len()) {
                Some(begin) if begin == part => 0,
                _ => text.find(part).unwrap_or(end),
            };
            if from == end {
                text.push_str(part);
            }
            (place(from), place(from + part.len()))
        };
        let (folded, look) = (add(folded), add(look));
        Self { shown_end: place(shown.len()), folded, look, text: text.into() }
    }

    fn part(&self, (from, to): (u32, u32)) -> &str {
        self.text.get(from as usize..to as usize).unwrap_or_default()
    }
}

/// Where in a text something is. No name is as long as that.
fn place(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// A name that a stranger may take: not a word of the server's own, not a guest's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewName(Name);

/// Why a text is no name, or none that can be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadName {
    /// Nothing was given.
    #[error("it is empty")]
    Empty,
    /// More than [`NAME_CHARS_MAX`] characters.
    #[error("it has more than 32 characters")]
    Long,
    /// The first character is a digit.
    #[error("it begins with a digit")]
    Digit,
    /// The first character is `-`.
    #[error("it begins with a hyphen")]
    Hyphen,
    /// The first character is a combining mark, which is drawn over whatever stands before the name.
    #[error("it begins with a combining mark")]
    Mark,
    /// None of its characters is a letter, a digit or one of ASCII's signs.
    #[error("it holds no letter and no digit")]
    NoLetter,
    /// It holds a blank.
    #[error("it holds a blank")]
    Blank,
    /// It holds a character that can't be shown.
    #[error("it holds a character that cannot be shown")]
    Hidden,
    /// It holds this character, which no name holds.
    #[error("it holds \"{0}\"")]
    Char(char),
    /// It is, or looks like, a word that the server or its commands use.
    #[error("it is a word of this server")]
    Reserved,
    /// It begins as `guest-1` does, which the server alone gives.
    #[error("names of this form are given to guests by the server")]
    Guest,
}

impl Name {
    /// Reads a name that a stranger typed, to refer to someone or something.
    ///
    /// # Errors
    /// [`BadName`], by the first thing that is wrong, but neither `Reserved` nor `Guest`.
    pub fn parse(text: &str) -> Result<Self, BadName> {
        if text.is_empty() {
            return Err(BadName::Empty);
        }
        if text.len() > NAME_BYTES_MAX {
            return Err(BadName::Long);
        }
        let shown = composed(text);
        for (at, c) in shown.chars().enumerate() {
            check_char(c)?;
            match c {
                _ if at > 0 => {}
                '-' => return Err(BadName::Hyphen),
                c if c.is_numeric() => return Err(BadName::Digit),
                c if is_mark(c) => return Err(BadName::Mark),
                _ => {}
            }
        }
        let stands = |c: char| c.is_ascii() || c.is_alphanumeric() && !is_mark(c);
        if !shown.chars().any(stands) {
            return Err(BadName::NoLetter);
        }
        if shown.chars().count() > NAME_CHARS_MAX {
            return Err(BadName::Long);
        }
        Ok(Self::of(&shown))
    }

    /// Reads the name of a room as a stranger typed it, without its sign: 1 to
    /// [`ROOM_NAME_CHARS_MAX`] characters, without blanks, commas, and what can't be shown. It begins
    /// with no combining mark.
    ///
    /// # Errors
    /// [`BadName`], by the first thing that is wrong.
    pub fn parse_room(text: &str) -> Result<Self, BadName> {
        if text.is_empty() {
            return Err(BadName::Empty);
        }
        if text.len() > ROOM_NAME_CHARS_MAX * 8 {
            return Err(BadName::Long);
        }
        let shown = composed(text);
        for c in shown.chars() {
            match c {
                ',' => return Err(BadName::Char(c)),
                c if c.is_whitespace() => return Err(BadName::Blank),
                c if c.is_control() || is_hidden(c) => return Err(BadName::Hidden),
                _ => {}
            }
        }
        if shown.starts_with(is_mark) {
            return Err(BadName::Mark);
        }
        if shown.chars().count() > ROOM_NAME_CHARS_MAX {
            return Err(BadName::Long);
        }
        Ok(Self::of(&shown))
    }

    /// The name of someone elsewhere, as a bridge calls them: as [`parse`](Self::parse), but with a
    /// `/` within, so that it is nobody's here.
    ///
    /// # Errors
    /// [`BadName`], by the first thing that is wrong; [`BadName::Char`] without a `/`.
    pub fn parse_elsewhere(text: &str) -> Result<Self, BadName> {
        let (name, network) = text.split_once('/').ok_or(BadName::Char('/'))?;
        let (name, network) = (Self::parse(name)?, Self::parse(network)?);
        Ok(Self::of(&format!("{name}/{network}")))
    }

    /// The name of the guest with this number: `guest-1`.
    #[must_use]
    pub fn guest(number: u32) -> Self {
        Self::of(&format!("guest-{number}"))
    }

    /// The name of the room in which everyone is.
    #[must_use]
    pub fn lobby() -> Self {
        Self::of("lobby")
    }

    /// As its owner typed it, in Unicode's composed form.
    #[must_use]
    pub fn shown(&self) -> &str {
        self.0.part((0, self.0.shown_end))
    }

    /// What is compared: the same for `Bob` and `bob`.
    #[must_use]
    pub fn folded(&self) -> &str {
        self.0.part(self.0.folded)
    }

    /// What it looks like to a reader: the same for `Alice` and `A1ice` (UTS 39, "skeleton").
    #[must_use]
    pub fn look(&self) -> &str {
        self.0.part(self.0.look)
    }

    fn of(shown: &str) -> Self {
        let (folded, look) = if shown.is_ascii() {
            let mut look = String::with_capacity(2 * shown.len());
            look.extend(shown.bytes().map(ascii_look));
            (shown.to_ascii_lowercase(), look)
        } else {
            (folded(shown), look(shown))
        };
        Self(Arc::new(Parts::new(shown, &folded, &look)))
    }
}

/// A text in Unicode's composed form.
fn composed(text: &str) -> Cow<'_, str> {
    if text.is_ascii() { Cow::Borrowed(text) } else { Cow::Owned(text.nfc().collect()) }
}

/// What is compared of any text.
fn folded(shown: &str) -> String {
    shown.to_lowercase().nfkc().collect()
}

/// What any text looks like. Folded once more, as a capital's twin may be a small letter: `AIice` looks
/// like `Alice`.
fn look(shown: &str) -> String {
    folded(&unicode_security::skeleton(shown).collect::<String>())
}

/// What a character of ASCII looks like, wherever it stands. Each line that is said has names in it.
fn ascii_look(byte: u8) -> &'static str {
    static ASCII: LazyLock<Vec<String>> = LazyLock::new(|| {
        (0..128).map(|byte| look(char::from(byte).encode_utf8(&mut [0]))).collect()
    });
    ASCII.get(usize::from(byte)).map_or("", String::as_str)
}

impl NewName {
    /// Reads a name that a stranger wants to take, for themselves, a group or a room.
    ///
    /// # Errors
    /// [`BadName`], by the first thing that is wrong.
    pub fn parse(text: &str) -> Result<Self, BadName> {
        let name = Name::parse(text)?;
        if name.look().starts_with(GUEST.look()) {
            return Err(BadName::Guest);
        }
        if RESERVED.contains(&name.folded()) || LOOKS.contains_key(name.look()) {
            return Err(BadName::Reserved);
        }
        Ok(Self(name))
    }

    /// Reads a name that a guest wants to be shown under: what [`parse`](Self::parse) takes, and
    /// those words of line mode's that do not speak for the server, as they are names elsewhere.
    ///
    /// # Errors
    /// [`BadName`], by the first thing that is wrong.
    pub fn parse_nick(text: &str) -> Result<Self, BadName> {
        let name = Name::parse(text)?;
        let speaks = LOOKS.get(name.look()).is_some_and(|speaks| *speaks);
        match Self::parse(text) {
            Err(BadName::Reserved) if !speaks => Ok(Self(name)),
            other => other,
        }
    }

    /// The name itself.
    #[must_use]
    pub fn name(&self) -> &Name {
        &self.0
    }

    /// The name itself.
    #[must_use]
    pub fn into_name(self) -> Name {
        self.0
    }
}

fn check_char(c: char) -> Result<(), BadName> {
    match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' => Ok(()),
        '_' | '-' | '[' | ']' | '\\' | '^' | '{' | '}' | '|' | '`' => Ok(()),
        c if c.is_whitespace() => Err(BadName::Blank),
        c if c.is_control() => Err(BadName::Hidden),
        c if c.is_ascii() => Err(BadName::Char(c)),
        // Before what is a letter: some letters, the Hangul fillers for one, have no picture.
        c if is_hidden(c) => Err(BadName::Hidden),
        // UTS 39's identifiers: letters, digits and the marks that scripts need.
        c if c.is_alphanumeric() || c.identifier_allowed() => Ok(()),
        c => Err(BadName::Char(c)),
    }
}

/// Whether a character is drawn over, under or around the one before it.
fn is_mark(c: char) -> bool {
    !c.is_ascii() && is_combining_mark(c)
}

/// Whether a character has no picture of its own, or changes how others are shown: what Unicode has
/// as default ignorable (Hangul fillers, joiners, variation selectors, tags), format characters,
/// characters that look like a blank, and code points that are no characters, or for private use.
fn is_hidden(c: char) -> bool {
    if c.is_ascii() {
        return false;
    }
    let listed = matches!(c,
        // Format characters (general category Cf) that are not default ignorable.
        '\u{600}'..='\u{605}' | '\u{6dd}' | '\u{70f}' | '\u{890}'..='\u{891}' | '\u{8e2}'
        | '\u{fff9}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}'
        // How Egyptian hieroglyphs are joined, with blanks among them.
        | '\u{13430}'..='\u{13455}'
        // Blanks of other scripts: braille, Khitan, a note without a head.
        | '\u{2800}' | '\u{16fe4}' | '\u{1d159}'
        // Line and paragraph separators, private use.
        | '\u{2028}'..='\u{2029}' | '\u{e000}'..='\u{f8ff}' | '\u{e0000}'..='\u{10ffff}');
    let unseen = match c.identifier_type() {
        Some(kind) => {
            matches!(kind, IdentifierType::Not_Character | IdentifierType::Default_Ignorable)
        }
        // The table lacks what is not assigned, and some letters, marks and symbols of which these
        // are in use.
        None => {
            let symbol =
                matches!(c, '\u{2801}'..='\u{28ff}' | '\u{4dc0}'..='\u{4dff}' | '\u{1f54f}');
            !c.is_alphanumeric() && !is_mark(c) && !symbol
        }
    };
    listed || is_joiner(c) || unseen
}

/// The zero-width joiners, and the marks of direction, whatever a version of UTS 39 has them as.
fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.folded() == other.folded()
    }
}

impl Eq for Name {}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Name {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.folded().cmp(other.folded())
    }
}

impl Hash for Name {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.folded().hash(state);
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.shown())
    }
}

impl<C> Encode<C> for Name {
    fn encode<W: Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.array(3)?.str(self.shown())?.str(self.folded())?.str(self.look())?;
        Ok(())
    }
}

impl<'b, C> Decode<'b, C> for Name {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        let fields = d.array()?;
        let parts = Parts::new(d.str()?, d.str()?, d.str()?);
        for _ in 3..fields.unwrap_or(3) {
            d.skip()?;
        }
        Ok(Self(Arc::new(parts)))
    }
}

impl<C> Encode<C> for NewName {
    fn encode<W: Write>(
        &self,
        e: &mut Encoder<W>,
        ctx: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        self.0.encode(e, ctx)
    }
}

impl<'b, C> Decode<'b, C> for NewName {
    fn decode(d: &mut Decoder<'b>, ctx: &mut C) -> Result<Self, minicbor::decode::Error> {
        Ok(Self(Name::decode(d, ctx)?))
    }
}

/// What a stranger typed for a name, fit to be shown back: cut to 32 characters, without what
/// can't be shown.
#[must_use]
pub fn quoted(typed: &str) -> Cow<'_, str> {
    let plain = |c: char| !c.is_control() && !is_hidden(c);
    if typed.chars().count() <= NAME_CHARS_MAX && typed.chars().all(plain) {
        return Cow::Borrowed(typed);
    }
    let mut shown: String = typed.chars().filter(|c| plain(*c)).take(NAME_CHARS_MAX).collect();
    if typed.chars().filter(|c| plain(*c)).nth(NAME_CHARS_MAX).is_some() {
        shown.push('…');
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests;
