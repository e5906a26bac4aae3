//! Both stores in memory: for tests, and as the plainest telling of what the others must do.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chinwag_model::entry::{Entry, Packet};
use chinwag_model::id::{PersonId, Place, RoomId, Seq, Timestamp};
use chinwag_model::message::{Conversation, Destination, Message};
use chinwag_model::outcome::NotStored;
use chinwag_model::query::{Answer, Backlog, Reading, ReadingKind};
use chinwag_model::record::Record;

use crate::archive::{Archive, BACKLOG_PAGE, Reply, Synced};
use crate::log::{Log, LogError, LogSink, Logged, Snapshot};

/// A log in memory. Its clones are handles to the same one, as reopening a file is.
#[derive(Clone, Default)]
pub struct MemoryLog {
    inner: Arc<Mutex<LogInner>>,
}

#[derive(Default)]
struct LogInner {
    entries: BTreeMap<Seq, Entry>,
    snapshot: Option<Snapshot>,
    last: Seq,
    refusing: Option<NotStored>,
    sink: Option<LogSink>,
}

impl std::fmt::Debug for MemoryLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MemoryLog at {:?}", lock(&self.inner).last)
    }
}

impl MemoryLog {
    /// From now on every packet is refused, or none.
    pub fn refuse(&self, why: Option<NotStored>) {
        lock(&self.inner).refusing = why;
    }
}

impl Log for MemoryLog {
    fn snapshot(&mut self) -> Result<Option<Snapshot>, LogError> {
        Ok(lock(&self.inner).snapshot.clone())
    }

    fn follow(&mut self, after: Seq, mut sink: LogSink) -> Result<Seq, LogError> {
        let mut inner = lock(&self.inner);
        for (_, entry) in inner.entries.range(after.next()..) {
            sink(Logged::Entry(entry.clone()));
        }
        inner.sink = Some(sink);
        Ok(inner.last)
    }

    fn append(&mut self, packet: Packet) {
        let mut inner = lock(&self.inner);
        let logged = match inner.refusing {
            Some(why) => Logged::Refused { packet, why },
            None => {
                // There is no clock here: an entry's time is its number.
                let seq = inner.last.next();
                let time = Timestamp(i64::try_from(seq.0).unwrap_or(i64::MAX));
                let entry = Entry { seq, time, packet };
                inner.last = seq;
                inner.entries.insert(seq, entry.clone());
                Logged::Entry(entry)
            }
        };
        if let Some(sink) = &mut inner.sink {
            sink(logged);
        }
    }

    fn save_snapshot(&mut self, snapshot: Snapshot) {
        let mut inner = lock(&self.inner);
        inner.entries = inner.entries.split_off(&snapshot.seq.next());
        inner.snapshot = Some(snapshot);
    }
}

/// An archive in memory. Its clones are handles to the same one.
#[derive(Clone, Debug, Default)]
pub struct MemoryArchive {
    inner: Arc<Mutex<ArchiveInner>>,
}

#[derive(Debug, Default)]
struct ArchiveInner {
    kept: Seq,
    messages: BTreeMap<Place, Arc<Message>>,
    marks: BTreeMap<PersonId, Place>,
}

impl Archive for MemoryArchive {
    fn kept(&self) -> Seq {
        lock(&self.inner).kept
    }

    fn keep(&self, upto: Seq, records: Vec<Record>) {
        let mut inner = lock(&self.inner);
        if upto <= inner.kept {
            return;
        }
        inner.kept = upto;
        for record in records {
            match record {
                Record::Message(message) => {
                    inner.messages.insert(message.place, message);
                }
                Record::Delivered(mark) => {
                    let held = inner.marks.entry(mark.person).or_default();
                    *held = (*held).max(mark.upto);
                }
            }
        }
    }

    fn backlog(&self) -> usize {
        0
    }

    fn read(&self, reading: Reading, reply: Reply) {
        let answer = lock(&self.inner).answer(&reading);
        reply(answer);
    }

    fn sync(&self, synced: Synced) {
        synced(Ok(self.kept()));
    }
}

impl ArchiveInner {
    fn answer(&self, reading: &Reading) -> Answer {
        let Reading { at, what } = reading;
        if *at > self.kept {
            return Answer::Unavailable;
        }
        match what {
            ReadingKind::History { conversation, limit } => {
                let of = |m: &Message| m.conversation() == *conversation && m.place.seq <= *at;
                Answer::History(self.last(*limit, of))
            }
            ReadingKind::Backlog { person, groups, upto, after, ignores } => {
                let groups: BTreeMap<RoomId, Place> = groups.iter().copied().collect();
                let mark = self.marks.get(person).copied().unwrap_or_default();
                let from = after.unwrap_or(mark);
                let waits = |m: &Message, from: Place| {
                    let to_them = match &m.to {
                        Destination::Room(room) => {
                            groups.get(&room.id).is_some_and(|since| m.place > *since)
                        }
                        Destination::Person(to) => to.id == *person,
                        Destination::Everyone => true,
                    };
                    to_them
                        && m.place > from
                        && m.place <= *upto
                        && m.author.id != *person
                        && !ignores.contains(&m.author.id)
                };
                let all = self.messages.values();
                let mut messages: Vec<_> =
                    all.filter(|m| waits(m, from)).take(BACKLOG_PAGE + 1).cloned().collect();
                let more = messages.len() > BACKLOG_PAGE;
                messages.truncate(BACKLOG_PAGE);
                let next = messages.last().filter(|_| more).map(|m| m.place);
                let total = match after {
                    None => self.messages.values().filter(|m| waits(m, mark)).count(),
                    Some(_) => 0,
                };
                Answer::Backlog(Backlog { total: total as u64, messages, next })
            }
            ReadingKind::Search { words, person, rooms, limit } => {
                let rooms: BTreeSet<RoomId> = rooms.iter().copied().collect();
                let wanted = split_words(words);
                let may_read = |m: &Message| match m.conversation() {
                    Conversation::Room(room) => rooms.contains(&room),
                    Conversation::Pair(one, other) => one == *person || other == *person,
                    Conversation::Everyone => true,
                };
                let found = |m: &Message| {
                    let held = split_words(m.text.as_str());
                    may_read(m)
                        && m.place.seq <= *at
                        && !wanted.is_empty()
                        && wanted.iter().all(|word| held.contains(word))
                };
                Answer::Found(self.last(*limit, found))
            }
        }
    }

    fn last(&self, limit: u32, of: impl Fn(&Message) -> bool) -> Vec<Arc<Message>> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut last: Vec<_> =
            self.messages.values().rev().filter(|m| of(m)).take(limit).cloned().collect();
        last.reverse();
        last
    }
}

/// The words of a text: what stands between characters that are no letters or digits.
fn split_words(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_in_memory_is_a_log() {
        let log = MemoryLog::default();
        crate::suite::check_log(|| Box::new(log.clone()));
    }

    #[test]
    fn the_archive_in_memory_is_an_archive() {
        let archive = MemoryArchive::default();
        crate::suite::check_archive(|| Box::new(archive.clone()));
    }
}
