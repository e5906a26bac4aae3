//! The archive in memory.

mod lines;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chinwag_model::id::{PersonId, Place, RoomId, Seq};
use chinwag_model::message::{Conversation, Destination, Manner, Message};
use chinwag_model::query::{Answer, Backlog, ROWS_MAX, Reading, ReadingKind};
use chinwag_model::record::{Happening, Record};

use crate::archive::{Archive, Reply, Synced, backlog_page, may_find, search_words};

/// An archive in memory. Its clones are the same archive.
///
/// A reading that asks for entries not kept yet is answered as soon as they are; it waits for
/// ever, or until the archive is dropped.
#[derive(Clone, Default)]
pub struct MemoryArchive(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    seq: Seq,
    messages: BTreeMap<Place, Arc<Message>>,
    /// In the order kept.
    happenings: Vec<Arc<Happening>>,
    marks: BTreeMap<PersonId, Place>,
    waiting: Vec<(Reading, Reply)>,
}

impl MemoryArchive {
    /// An empty archive.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn inner(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for MemoryArchive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryArchive").field("kept", &self.inner().seq).finish_non_exhaustive()
    }
}

impl Archive for MemoryArchive {
    fn kept(&self) -> Seq {
        self.inner().seq
    }

    fn keep(&self, upto: Seq, records: Vec<Record>) {
        let mut inner = self.inner();
        if upto <= inner.seq {
            return;
        }
        records.into_iter().for_each(|record| inner.keep(record));
        inner.seq = upto;
        let waiting = std::mem::take(&mut inner.waiting);
        let (due, waiting) = waiting.into_iter().partition(|(reading, _)| reading.at <= upto);
        inner.waiting = waiting;
        let due: Vec<(Reading, Reply)> = due;
        let answers: Vec<_> =
            due.into_iter().map(|(reading, reply)| (inner.answer(&reading), reply)).collect();
        drop(inner);
        answers.into_iter().for_each(|(answer, reply)| reply(answer));
    }

    fn backlog(&self) -> usize {
        0
    }

    fn read(&self, reading: Reading, reply: Reply) {
        let mut inner = self.inner();
        if reading.at > inner.seq {
            return inner.waiting.push((reading, reply));
        }
        let answer = inner.answer(&reading);
        drop(inner);
        reply(answer);
    }

    fn sync(&self, done: Synced) {
        let kept = self.inner().seq;
        done(Ok(kept));
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.waiting.drain(..).for_each(|(_, reply)| reply(Answer::Unavailable));
    }
}

impl Kept {
    fn keep(&mut self, record: Record) {
        match record {
            Record::Message(message) => {
                self.messages.insert(message.place, message);
            }
            Record::Delivered(mark) => {
                let before = self.marks.entry(mark.person).or_default();
                *before = mark.upto.max(*before);
            }
            Record::Expired(person) => drop(self.marks.remove(&person)),
            Record::Happened(happening) => self.happenings.push(happening),
            Record::Redacted { message, happening } => {
                self.messages.remove(&message);
                self.happenings.push(happening);
            }
        }
    }

    fn answer(&self, reading: &Reading) -> Answer {
        let end = reading.at.end();
        match &reading.what {
            ReadingKind::History { conversation, limit } => {
                Answer::History(self.last(end, *limit, |m| m.conversation() == *conversation))
            }
            ReadingKind::Backlog { person, groups, upto, after, ignores } => {
                let groups: BTreeMap<_, _> = groups.iter().copied().collect();
                let mark = self.marks.get(person).copied().unwrap_or_default();
                self.backlog(*after, *upto, |message| {
                    is_waiting(message, *person, &groups, mark)
                        && !ignores.contains(&message.author.id)
                })
            }
            ReadingKind::Search { words, person, rooms, within, author, after, before, limit } => {
                let wanted: Vec<_> = search_words(words).map(str::to_lowercase).collect();
                if wanted.is_empty() {
                    return Answer::Found(Vec::new());
                }
                Answer::Found(self.last(end, *limit, |message| {
                    may_find(message, *person, rooms)
                        && within.is_none_or(|within| message.conversation() == within)
                        && author.as_ref().is_none_or(|author| message.author.name == *author)
                        && after.is_none_or(|after| message.time > after)
                        && before.is_none_or(|before| message.time < before)
                        && holds(message, &wanted)
                }))
            }
            ReadingKind::Lines { conversation, range, since, limit, happenings } => {
                let lines = self.lines(*conversation, *since, end, *happenings);
                Answer::Lines(lines::cut(lines, *range, bounded(*limit)))
            }
            ReadingKind::Targets { person, rooms, from, to, limit } => {
                let mut last: BTreeMap<Conversation, &Arc<Message>> = BTreeMap::new();
                for (_, message) in self.messages.range(..=end).filter(|(_, m)| is_said(m)) {
                    let conversation = message.conversation();
                    if conversation != Conversation::Everyone && may_find(message, *person, rooms) {
                        last.insert(conversation, message);
                    }
                }
                let mut last: Vec<_> = last
                    .into_values()
                    .filter(|m| m.time > *from && m.time < *to)
                    .cloned()
                    .collect();
                last.sort_unstable_by_key(|message| message.place);
                last.truncate(bounded(*limit));
                Answer::Targets(last)
            }
            ReadingKind::Message { place, person, rooms } => {
                let message = self
                    .messages
                    .get(place)
                    .filter(|message| message.place <= end && may_find(message, *person, rooms));
                Answer::Message(message.cloned())
            }
        }
    }

    /// The last messages up to a place that are wanted, oldest first.
    fn last(&self, end: Place, limit: u32, wanted: impl Fn(&Message) -> bool) -> Vec<Arc<Message>> {
        let newest = self.messages.range(..=end).rev().map(|(_, message)| message);
        let newest = newest.filter(|message| is_said(message) && wanted(message));
        let mut found: Vec<_> = newest.take(bounded(limit)).cloned().collect();
        found.reverse();
        found
    }

    fn backlog(
        &self,
        after: Option<Place>,
        upto: Place,
        waits: impl Fn(&Message) -> bool,
    ) -> Answer {
        let waits = |place: Place, message: &Message| {
            after.is_none_or(|after| place > after) && is_said(message) && waits(message)
        };
        let mut messages: Vec<_> = self
            .messages
            .range(..=upto)
            .filter(|(place, message)| waits(**place, message))
            .map(|(_, message)| Arc::clone(message))
            .collect();
        let total = if after.is_none() { messages.len() as u64 } else { 0 };
        let page = backlog_page(&messages);
        let more = messages.len() > page;
        messages.truncate(page);
        let next = messages.last().filter(|_| more).map(|message| message.place);
        Answer::Backlog(Backlog { total, messages, next })
    }
}

/// How many rows a limit allows.
fn bounded(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(ROWS_MAX).min(ROWS_MAX)
}

/// Whether anything is said with a message.
fn is_said(message: &Message) -> bool {
    message.manner != Manner::Tags
}

fn is_waiting(
    message: &Message,
    person: PersonId,
    groups: &BTreeMap<RoomId, Place>,
    mark: Place,
) -> bool {
    let since = match &message.to {
        Destination::Room(room) => match groups.get(&room.id) {
            Some(joined) => mark.max(*joined),
            None => return false,
        },
        Destination::Person(to) if to.id == person => mark,
        Destination::Person(_) => return false,
        Destination::Everyone => mark,
    };
    message.author.id != person && message.place > since
}

fn holds(message: &Message, wanted: &[String]) -> bool {
    let text = message.text.as_str().to_lowercase();
    let words: BTreeSet<_> = text.split(|c: char| !c.is_alphanumeric()).collect();
    wanted.iter().all(|word| words.contains(word.as_str()))
}
