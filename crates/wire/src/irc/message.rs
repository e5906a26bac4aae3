//! One line of IRC: read into its parts, and written from them.
//!
//! Spec: <https://modern.ircdocs.horse/#message-format>, RFC 2812 section 2.3.1, and
//! <https://ircv3.net/specs/extensions/message-tags>.

use std::borrow::Cow;
use std::iter::FusedIterator;

use memchr::{memchr, memchr3};

/// Parameters of one line; the last takes whatever is left of it.
pub const PARAMS_MAX: usize = 15;

/// Bytes of all tags of one line from a server, with the `@` before and the space after them.
pub const TAGS_BYTES_MAX: usize = 8191;

/// Bytes of the tags that a client may send in one line, with the `@` before and the space after
/// them: 4094 of tags.
pub const CLIENT_TAGS_BYTES_MAX: usize = 4096;

/// One line, taken apart without a copy: `[@TAGS ][:SOURCE ]COMMAND[ PARAM]...[ :LAST PARAM]`.
///
/// Two messages are equal when their parts are, tags by their raw text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    tags: &'a str,
    source: Option<&'a str>,
    command: &'a str,
    params: [&'a str; PARAMS_MAX],
    param_count: usize,
}

/// Why a line is no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadMessage {
    /// There is nothing but spaces after tags and source.
    #[error("a line without a command")]
    NoCommand,
    /// CR, LF or NUL, which no line may hold.
    #[error("CR, LF or NUL within a line")]
    Control,
}

impl<'a> Message<'a> {
    /// Takes a line apart that stands here without its CR LF.
    ///
    /// Runs of spaces count as one, also before the first part; a parameter after `:` keeps its
    /// own. A tab is no space. An empty source is none. The line's length is for the caller to
    /// bound.
    ///
    /// # Errors
    /// [`BadMessage::Control`] or [`BadMessage::NoCommand`].
    pub fn parse(line: &'a str) -> Result<Self, BadMessage> {
        if memchr3(b'\r', b'\n', 0, line.as_bytes()).is_some() {
            return Err(BadMessage::Control);
        }
        let mut rest = skip_spaces(line);
        let mut tags = "";
        if let Some(tagged) = rest.strip_prefix('@') {
            (tags, rest) = take_word(tagged);
        }
        let mut source = None;
        if let Some(sourced) = rest.strip_prefix(':') {
            let (word, after) = take_word(sourced);
            source = (!word.is_empty()).then_some(word);
            rest = after;
        }
        let (command, mut rest) = take_word(rest);
        if command.is_empty() {
            return Err(BadMessage::NoCommand);
        }
        let mut params = [""; PARAMS_MAX];
        let mut param_count = 0;
        for (number, place) in (1..).zip(&mut params) {
            if rest.is_empty() {
                break;
            }
            if let Some(last) = rest.strip_prefix(':') {
                (*place, rest) = (last, "");
            } else if number == PARAMS_MAX {
                (*place, rest) = (rest, "");
            } else {
                (*place, rest) = take_word(rest);
            }
            param_count = number;
        }
        Ok(Self { tags, source, command, params, param_count })
    }

    /// The command as it came: any word. Those that mean something are ASCII letters in either case,
    /// or three digits.
    #[must_use]
    pub fn command(&self) -> &'a str {
        self.command
    }

    /// The parameters, at most [`PARAMS_MAX`]; only the last can be empty, hold a space or begin
    /// with `:`.
    #[must_use]
    pub fn params(&self) -> &[&'a str] {
        self.params.get(..self.param_count).unwrap_or_default()
    }

    /// Who it is from, as it came; never empty. What clients write here means nothing.
    #[must_use]
    pub fn source(&self) -> Option<&'a str> {
        self.source
    }

    /// The tags in order, duplicates too.
    #[must_use]
    pub fn tags(&self) -> Tags<'a> {
        Tags { rest: self.tags }
    }

    /// A tag's value unescaped, empty where it has none. Of duplicates the last one counts.
    #[must_use]
    pub fn tag(&self, key: &str) -> Option<Cow<'a, str>> {
        self.tags().filter(|(own, _)| *own == key).last().map(|(_, raw)| unescape(raw))
    }
}

/// The tags of a line: key, and value as it came, to be given to [`unescape`]. A value that is
/// missing is an empty one; a tag without a key is passed over.
///
/// Keys are not looked at: [`is_tag_key`] does.
#[derive(Clone, Debug)]
pub struct Tags<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Tags<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        while !self.rest.is_empty() {
            let (tag, rest) = self.rest.split_once(';').unwrap_or((self.rest, ""));
            self.rest = rest;
            let (key, value) = tag.split_once('=').unwrap_or((tag, ""));
            if !key.is_empty() {
                return Some((key, value));
            }
        }
        None
    }
}

impl FusedIterator for Tags<'_> {}

/// Whether a tag may be called so: `[+][VENDOR/]NAME` of ASCII letters, digits and hyphens, the
/// vendor also with dots. A `+` says that only clients make something of it.
#[must_use]
pub fn is_tag_key(key: &str) -> bool {
    let key = key.strip_prefix('+').unwrap_or(key);
    let (vendor, name) = key.split_once('/').unwrap_or(("-", key));
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
    !name.is_empty()
        && name.as_bytes().iter().all(is_plain)
        && !vendor.is_empty()
        && vendor.as_bytes().iter().all(|byte| is_plain(byte) || *byte == b'.')
}

/// What an escaped tag value stands for. A `\` before anything that needs none, and one at the
/// end, is dropped.
#[must_use]
pub fn unescape(raw: &str) -> Cow<'_, str> {
    if memchr(b'\\', raw.as_bytes()).is_none() {
        return Cow::Borrowed(raw);
    }
    let mut value = String::with_capacity(raw.len());
    let mut chars = raw.chars();
    while let Some(char) = chars.next() {
        match char {
            '\\' => value.extend(chars.next().map(|escaped| match escaped {
                ':' => ';',
                's' => ' ',
                'r' => '\r',
                'n' => '\n',
                other => other,
            })),
            char => value.push(char),
        }
    }
    Cow::Owned(value)
}

/// Appends a tag value as it stands in a line: at most twice its length. NUL, which no line can
/// hold, is dropped.
pub fn escape_into(value: &str, out: &mut Vec<u8>) {
    let mut rest = value.as_bytes();
    let is_escaped = |byte: &u8| matches!(byte, b';' | b' ' | b'\\' | b'\r' | b'\n' | 0);
    while let Some(at) = rest.iter().position(is_escaped) {
        let (plain, from) = rest.split_at(at);
        out.extend_from_slice(plain);
        match from.first() {
            Some(b';') => out.extend(b"\\:"),
            Some(b' ') => out.extend(b"\\s"),
            Some(b'\\') => out.extend(b"\\\\"),
            Some(b'\r') => out.extend(b"\\r"),
            Some(b'\n') => out.extend(b"\\n"),
            _ => {}
        }
        rest = from.get(1..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
}

/// Appends one line to a buffer: its tags, then its source, then its command; parameters and the
/// end are for the [`ParamWriter`] that the command gives.
///
/// Whatever is written, the result is one line with exactly these parts: CR, LF and NUL are
/// dropped from every text, and what else could not stand in its place is replaced as the methods
/// say. [`Message::parse`] reads what was written. Lengths are for the caller to bound.
#[derive(Debug)]
#[must_use = "a line ends with `end`"]
pub struct LineWriter<'o> {
    out: &'o mut Vec<u8>,
    has_tags: bool,
}

impl<'o> LineWriter<'o> {
    /// Begins a line at the buffer's end.
    pub fn new(out: &'o mut Vec<u8>) -> Self {
        Self { out, has_tags: false }
    }

    /// A tag; before the source. An empty value is written as none. A key that is none (see
    /// [`is_tag_key`]) is left out with its value.
    pub fn tag(mut self, key: &str, value: Option<&str>) -> Self {
        if self.begin_tag(key)
            && let Some(value) = value.filter(|value| !value.is_empty())
        {
            self.out.push(b'=');
            escape_into(value, self.out);
        }
        self
    }

    /// A tag whose value is as another line had it, escaped.
    pub fn raw_tag(self, key: &str, raw: &str) -> Self {
        // Escaped anew, so that it is well-formed whatever it was.
        self.tag(key, Some(&unescape(raw)))
    }

    /// Who it is from, such as a server's name; nothing when empty. Spaces are dropped.
    pub fn source(self, source: &str) -> SourcedWriter<'o> {
        self.source_parts([source, "", "", "", ""])
    }

    /// Who it is from, as `NICK!USER@HOST`. Spaces are dropped.
    pub fn source_mask(self, nick: &str, user: &str, host: &str) -> SourcedWriter<'o> {
        self.source_parts([nick, "!", user, "@", host])
    }

    /// A command of a line that has no source.
    pub fn command(self, command: &str) -> ParamWriter<'o> {
        self.source("").command(command)
    }

    /// A numeric of a line that has no source.
    pub fn numeric(self, numeric: u16) -> ParamWriter<'o> {
        self.source("").numeric(numeric)
    }

    /// Whether the key could be written.
    fn begin_tag(&mut self, key: &str) -> bool {
        if !is_tag_key(key) {
            return false;
        }
        self.out.push(if self.has_tags { b';' } else { b'@' });
        self.has_tags = true;
        self.out.extend(key.as_bytes());
        true
    }

    fn source_parts(self, parts: [&str; 5]) -> SourcedWriter<'o> {
        if self.has_tags {
            self.out.push(b' ');
        }
        let body = self.out.len();
        self.out.push(b':');
        for part in parts {
            let is_dropped = |byte: &u8| matches!(byte, b' ' | b'\r' | b'\n' | 0);
            for kept in part.as_bytes().split(is_dropped) {
                self.out.extend_from_slice(kept);
            }
        }
        if self.out.len() == body + 1 {
            self.out.truncate(body);
        } else {
            self.out.push(b' ');
        }
        SourcedWriter { out: self.out, body }
    }
}

/// A line that has its source and waits for its command.
#[derive(Debug)]
#[must_use = "a line ends with `end`"]
pub struct SourcedWriter<'o> {
    out: &'o mut Vec<u8>,
    /// Where the line begins after its tags.
    body: usize,
}

impl<'o> SourcedWriter<'o> {
    /// The command: letters or three digits, from us and not from a stranger. All else is dropped.
    pub fn command(self, command: &str) -> ParamWriter<'o> {
        debug_assert!(is_command(command), "a command is a word of the protocol: {command:?}");
        self.out.extend(command.bytes().filter(u8::is_ascii_alphanumeric));
        ParamWriter { out: self.out, body: self.body, param_count: 0, last_only: None }
    }

    /// A numeric: 0 to 999, in three digits. Of a greater one the last three are written.
    pub fn numeric(self, numeric: u16) -> ParamWriter<'o> {
        debug_assert!(numeric < 1000, "a numeric has three digits: {numeric}");
        let digit = |place: u16| b"0123456789".get(usize::from(numeric / place % 10)).copied();
        self.out.extend([100, 10, 1].into_iter().filter_map(digit));
        ParamWriter { out: self.out, body: self.body, param_count: 0, last_only: None }
    }
}

/// A line that has its command and waits for its parameters and its end.
#[derive(Debug)]
#[must_use = "a line ends with `end`"]
pub struct ParamWriter<'o> {
    out: &'o mut Vec<u8>,
    body: usize,
    param_count: usize,
    /// Where the text of the last parameter begins, if it stands after `:` and so must stay last.
    last_only: Option<usize>,
}

impl ParamWriter<'_> {
    /// A parameter, any text. One that is empty, holds a space or begins with `:` can only be the
    /// last of its line: should another follow, its spaces and its leading `:` become `_`, and an
    /// empty one becomes `_`. Parameters beyond [`PARAMS_MAX`] are not written.
    pub fn param(mut self, text: &str) -> Self {
        if self.begin() {
            let start = self.out.len();
            push_clean(text, self.out);
            let written = self.out.get(start..).unwrap_or_default();
            let is_plain = !matches!(written, [] | [b':', ..]) && memchr(b' ', written).is_none();
            if !is_plain {
                self.out.insert(start, b':');
                self.last_only = Some(start + 1);
            }
        }
        self
    }

    /// The last parameter, with a `:` before it even where it needs none. Clients expect that of
    /// texts.
    pub fn trailing(mut self, text: &str) -> Self {
        if self.begin() {
            self.out.push(b':');
            self.last_only = Some(self.out.len());
            push_clean(text, self.out);
        }
        self
    }

    /// As [`trailing`](Self::trailing), cut at a character so that the line without its tags has
    /// at most so many bytes, its CR LF included. What stands before is never cut.
    pub fn trailing_within(self, text: &str, body_bytes_max: usize) -> Self {
        // Before it comes ` :`, after it CR LF.
        let room = body_bytes_max.saturating_sub(self.out.len() - self.body + 4);
        let end = text.floor_char_boundary(room);
        self.trailing(text.get(..end).unwrap_or_default())
    }

    /// Ends the line with CR LF.
    pub fn end(self) {
        self.out.extend(b"\r\n");
    }

    /// Makes room for a parameter, if there may be another.
    fn begin(&mut self) -> bool {
        if self.param_count == PARAMS_MAX {
            return false;
        }
        if let Some(start) = self.last_only.take() {
            self.demote(start);
        }
        self.param_count += 1;
        self.out.push(b' ');
        true
    }

    /// Makes of a text that could only be last one that can stand before others.
    fn demote(&mut self, start: usize) {
        self.out.remove(start - 1);
        let text = self.out.get_mut(start - 1..).unwrap_or_default();
        if let Some(first) = text.first_mut().filter(|first| **first == b':') {
            *first = b'_';
        }
        text.iter_mut().filter(|byte| **byte == b' ').for_each(|byte| *byte = b'_');
        if text.is_empty() {
            self.out.push(b'_');
        }
    }
}

/// Appends a text without what no line may hold.
fn push_clean(text: &str, out: &mut Vec<u8>) {
    if memchr3(b'\r', b'\n', 0, text.as_bytes()).is_none() {
        out.extend_from_slice(text.as_bytes());
    } else {
        out.extend(text.bytes().filter(|byte| !matches!(byte, b'\r' | b'\n' | 0)));
    }
}

fn is_command(word: &str) -> bool {
    let bytes = word.as_bytes();
    let is_numeric = || bytes.len() == 3 && bytes.iter().all(u8::is_ascii_digit);
    !bytes.is_empty() && (bytes.iter().all(u8::is_ascii_alphabetic) || is_numeric())
}

fn skip_spaces(text: &str) -> &str {
    text.trim_start_matches(' ')
}

/// The text up to a space, and what follows the spaces there.
fn take_word(text: &str) -> (&str, &str) {
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    (word, skip_spaces(rest))
}

#[cfg(test)]
mod tests;
