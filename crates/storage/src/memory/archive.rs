use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chinwag_model::id::{PersonId, Place, RoomId, Seq};
use chinwag_model::message::{Destination, Message};
use chinwag_model::query::{Answer, Backlog, ROWS_MAX, Reading, ReadingKind};
use chinwag_model::record::Record;

use crate::archive::{Archive, BACKLOG_PAGE, Reply, Synced, may_find, search_words};

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
        for record in records {
            match record {
                Record::Message(message) => {
                    inner.messages.insert(message.place, message);
                }
                Record::Delivered(mark) => {
                    let before = inner.marks.entry(mark.person).or_default();
                    *before = mark.upto.max(*before);
                }
            }
        }
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
            ReadingKind::Search { words, person, rooms, limit } => {
                let wanted: Vec<_> = search_words(words).map(str::to_lowercase).collect();
                if wanted.is_empty() {
                    return Answer::Found(Vec::new());
                }
                Answer::Found(self.last(end, *limit, |message| {
                    may_find(message, *person, rooms) && holds(message, &wanted)
                }))
            }
        }
    }

    /// The last messages up to a place that are wanted, oldest first.
    fn last(&self, end: Place, limit: u32, wanted: impl Fn(&Message) -> bool) -> Vec<Arc<Message>> {
        let limit = usize::try_from(limit).unwrap_or(ROWS_MAX).min(ROWS_MAX);
        let newest = self.messages.range(..=end).rev().map(|(_, message)| message);
        let mut found: Vec<_> = newest.filter(|m| wanted(m)).take(limit).cloned().collect();
        found.reverse();
        found
    }

    fn backlog(
        &self,
        after: Option<Place>,
        upto: Place,
        waits: impl Fn(&Message) -> bool,
    ) -> Answer {
        let all: Vec<_> = self
            .messages
            .range(..=upto)
            .filter(|(place, message)| after.is_none_or(|after| **place > after) && waits(message))
            .map(|(_, message)| Arc::clone(message))
            .collect();
        let total = if after.is_none() { all.len() as u64 } else { 0 };
        let more = all.len() > BACKLOG_PAGE;
        let messages: Vec<_> = all.into_iter().take(BACKLOG_PAGE).collect();
        let next = messages.last().filter(|_| more).map(|message| message.place);
        Answer::Backlog(Backlog { total, messages, next })
    }
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
