//! The archive: what people said and did, kept for ever.

use std::sync::Arc;

use chinwag_model::id::{PersonId, RoomId, Seq};
use chinwag_model::message::{Conversation, Message};
use chinwag_model::query::{Answer, Reading};
use chinwag_model::record::Record;
use chinwag_model::text::TEXT_BYTES_MAX;

use crate::fair::Party;

/// Most messages in one page of what waits for a person.
pub const BACKLOG_PAGE: usize = 200;

/// Most bytes of text in one page of what waits, as what may wait to be written to a connection is
/// bounded, too.
pub const BACKLOG_BYTES: usize = 32 * 1024;
const _: () = assert!(BACKLOG_BYTES >= TEXT_BYTES_MAX, "a page has one message at least");

/// How many of these messages make a page of what waits.
#[must_use]
pub fn backlog_page(messages: &[Arc<Message>]) -> usize {
    let mut bytes = 0;
    let fits = |message: &&Arc<Message>| {
        bytes += message.text.as_str().len();
        bytes <= BACKLOG_BYTES
    };
    messages.iter().take(BACKLOG_PAGE).take_while(fits).count()
}

/// Most words that are looked for at once; more are passed over.
pub const SEARCH_WORDS_MAX: usize = 16;

/// The longest word that is looked for, in characters; a longer one is cut.
pub const SEARCH_WORD_CHARS_MAX: usize = 64;

/// Where an answer goes. It must not wait for long: other readings wait with it.
pub type Reply = Box<dyn FnOnce(Answer) + Send>;

/// Who wants to know that something is durable.
pub type Synced = Box<dyn FnOnce(Result<Seq, ArchiveError>) + Send>;

/// What people said, what else happened, and how far it was delivered.
///
/// A message of tags alone is no part of history, of what waits, or of what is found; it is told
/// among lines with happenings, and where it is asked for by its place. A message that was taken
/// back is gone, and its text with it; that it is gone is a happening. One that is taken back but
/// is not there leaves the happening alone.
///
/// Dropping an archive writes what it took, as far as it can, and answers everything.
pub trait Archive: Send + Sync {
    /// The last entry whose records are all kept.
    fn kept(&self) -> Seq;

    /// Takes the records of the entries after those taken before, up to `upto`, in order; returns
    /// at once. What is at or before [`kept`](Self::kept) is passed over, so that a log can be
    /// replayed from any place before it. The caller looks at [`backlog`](Self::backlog) and
    /// offers no more when it is too long.
    fn keep(&self, upto: Seq, records: Vec<Record>);

    /// Records taken but not yet written.
    fn backlog(&self) -> usize;

    /// Answers a reading once everything up to `reading.at` is kept; with
    /// [`Answer::Unavailable`] if that takes more than 10 s, too much is being asked, or reading
    /// fails. The operator is told of failures. An answer holds at most
    /// [`ROWS_MAX`](chinwag_model::query::ROWS_MAX) messages or lines, whatever limit was asked
    /// for.
    ///
    /// Lines stand by place; at the same place a message comes before what happened, and that in
    /// the order in which it was kept. Those around a point are half before it, at most, and then
    /// the point and what follows. A point in time is all that has this time; the archive relies on
    /// times never running back from place to place. Of the last messages of conversations the
    /// first ones are told where they are more than the limit.
    fn read(&self, reading: Reading, reply: Reply);

    /// The same, for someone: where too much is asked, it is who asks most that goes without an answer.
    fn read_for(&self, party: Party, reading: Reading, reply: Reply) {
        let _ = party;
        self.read(reading, reply);
    }

    /// Calls back once everything taken so far would survive a power cut, with the last entry of
    /// which that is true. Asked before a snapshot is saved, so that the log never forgets what
    /// the archive could still lose.
    fn sync(&self, done: Synced);
}

/// Why an archive is not durable.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The store answered with an error.
    #[error("cannot write the archive: {reason}")]
    Failed {
        /// What it said.
        reason: String,
    },
    /// The archive is being closed, and could not write everything.
    #[error("the archive was closed")]
    Closed,
}

/// The words that a search looks for: what is no letter, digit or accent parts them.
///
/// At most [`SEARCH_WORDS_MAX`] of at most [`SEARCH_WORD_CHARS_MAX`] characters.
pub fn search_words(typed: &str) -> impl Iterator<Item = &str> {
    // An accent may stand behind its letter as a character of its own (U+0300 to U+036F).
    let in_word = |c: char| c.is_alphanumeric() || ('\u{300}'..='\u{36f}').contains(&c);
    let words = typed.split(move |c| !in_word(c)).filter(|word| !word.is_empty());
    words.take(SEARCH_WORDS_MAX).map(|word| match word.char_indices().nth(SEARCH_WORD_CHARS_MAX) {
        Some((end, _)) => &word[..end],
        None => word,
    })
}

/// Whether a person who may look into these rooms may find a message.
#[must_use]
pub fn may_find(message: &Message, person: PersonId, rooms: &[RoomId]) -> bool {
    match message.conversation() {
        Conversation::Room(room) => rooms.contains(&room),
        Conversation::Pair(one, other) => one == person || other == person,
        Conversation::Everyone => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_letter_or_digit_parts_words() {
        for (typed, words) in [
            ("", vec![]),
            (" !? \"", vec![]),
            ("tea", vec!["tea"]),
            ("tea-time at 5", vec!["tea", "time", "at", "5"]),
            ("\"a\" OR b*", vec!["a", "OR", "b"]),
            ("cafe\u{301} Ирина", vec!["cafe\u{301}", "Ирина"]),
        ] {
            assert_eq!(search_words(typed).collect::<Vec<_>>(), words, "{typed:?}");
        }
    }

    #[test]
    fn words_are_bounded_in_number_and_length() {
        assert_eq!(search_words(&"a ".repeat(100)).count(), SEARCH_WORDS_MAX);
        let long = "é".repeat(100);
        let cut: Vec<_> = search_words(&long).collect();
        assert_eq!(cut, ["é".repeat(SEARCH_WORD_CHARS_MAX)]);
    }
}
