//! What every log and every archive must do, whatever it is made of. Called from tests.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a suite says by panicking what is wrong")]

use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use chinwag_model::entry::{Entry, Packet};
use chinwag_model::id::{NodeId, PersonId, Place, RoomId, Seq, SessionId, Timestamp};
use chinwag_model::intent::{Intent, Mark, Origin, Request};
use chinwag_model::message::{Card, Conversation, Destination, Manner, Message, RoomCard};
use chinwag_model::name::Name;
use chinwag_model::query::{Answer, Backlog, Reading, ReadingKind};
use chinwag_model::record::Record;
use chinwag_model::text::Text;

use crate::archive::{Archive, BACKLOG_PAGE};
use crate::log::{Log, Logged, Snapshot};

/// How long an answer may take before it counts as none.
const PATIENCE: Duration = Duration::from_secs(20);

/// A packet that can be told from others by its number.
#[must_use]
pub fn packet(first: u64) -> Packet {
    let origin = Origin { session: SessionId { node: NodeId(0), number: 1 }, request: 1 };
    let text = Text::parse(&format!("packet {first}")).ok();
    let request = Request { origin, intent: Intent::SetAway(text) };
    Packet { node: NodeId(0), epoch: 1, first, requests: vec![request] }
}

fn follow(log: &mut dyn Log, after: Seq) -> (Receiver<Logged>, Seq) {
    let (sender, seen) = channel();
    let sink = Box::new(move |logged| {
        let _ = sender.send(logged);
    });
    let last = log.follow(after, sink).unwrap();
    (seen, last)
}

fn next(seen: &Receiver<Logged>) -> Entry {
    match seen.recv_timeout(PATIENCE).unwrap() {
        Logged::Entry(entry) => entry,
        Logged::Refused { why, .. } => panic!("refused: {why:?}"),
    }
}

/// Checks a log. `open` gives it anew each time, with what was stored before.
///
/// # Panics
/// Where it is not what a log must be.
pub fn check_log(mut open: impl FnMut() -> Box<dyn Log>) {
    // Entries get places without a hole and times that never run back.
    let mut log = open();
    assert_eq!(log.snapshot().unwrap(), None);
    let (seen, last) = follow(&mut *log, Seq(0));
    assert_eq!(last, Seq(0));
    let mut entries = Vec::new();
    for n in 0..10 {
        log.append(packet(n));
        entries.push(next(&seen));
    }
    for (n, entry) in (1..).zip(&entries) {
        assert_eq!((entry.seq, &entry.packet), (Seq(n), &packet(n - 1)));
    }
    assert!(entries.is_sorted_by_key(|entry| entry.time));
    drop(log);

    // What was stored is there again, from any place on, and new entries follow it.
    let mut log = open();
    let (seen, last) = follow(&mut *log, Seq(4));
    assert_eq!(last, Seq(10));
    let again: Vec<_> = (0..6).map(|_| next(&seen)).collect();
    assert_eq!(again, entries[4..]);
    log.append(packet(10));
    let entry = next(&seen);
    assert_eq!(entry.seq, Seq(11));
    assert!(entry.time >= entries[9].time);

    // A snapshot takes the place of the entries up to it.
    let snapshot = Snapshot { seq: Seq(8), time: entries[7].time, bytes: b"state".to_vec() };
    log.save_snapshot(snapshot.clone());
    log.append(packet(11));
    assert_eq!(next(&seen).seq, Seq(12));
    drop(log);
    let mut log = open();
    assert_eq!(log.snapshot().unwrap(), Some(snapshot));
    let (seen, last) = follow(&mut *log, Seq(8));
    assert_eq!(last, Seq(12));
    let places: Vec<_> = (0..4).map(|_| next(&seen).seq.0).collect();
    assert_eq!(places, [9, 10, 11, 12]);

    // With nothing left but a snapshot, places go on.
    let snapshot = Snapshot { seq: Seq(12), time: Timestamp(i64::MAX / 2), bytes: Vec::new() };
    log.save_snapshot(snapshot);
    drop(log);
    let mut log = open();
    let (seen, last) = follow(&mut *log, Seq(12));
    assert_eq!(last, Seq(12));
    log.append(packet(12));
    assert_eq!(next(&seen).seq, Seq(13));
}

/// A person's card.
#[must_use]
pub fn person(id: u64) -> Card {
    Card { id: PersonId(id), name: Name::parse(&format!("p{id}")).unwrap() }
}

/// A room's card; those from 100 on are groups.
#[must_use]
pub fn room(id: u64) -> RoomCard {
    RoomCard { id: RoomId(id), name: Name::parse(&format!("r{id}")).unwrap(), group: id >= 100 }
}

/// A message in a place of its own.
#[must_use]
pub fn message(seq: u64, author: u64, to: Destination, text: &str) -> Arc<Message> {
    Arc::new(Message {
        place: Place { seq: Seq(seq), index: 0 },
        time: Timestamp(1_000_000 + i64::try_from(seq).unwrap()),
        author: person(author),
        to,
        manner: if seq.is_multiple_of(2) { Manner::Speech } else { Manner::Action },
        text: Text::parse(text).unwrap(),
    })
}

fn ask(archive: &dyn Archive, at: u64, what: ReadingKind) -> Answer {
    let (sender, answer) = channel();
    let reply = Box::new(move |answer| {
        let _ = sender.send(answer);
    });
    archive.read(Reading { at: Seq(at), what }, reply);
    answer.recv_timeout(PATIENCE).unwrap()
}

fn history(archive: &dyn Archive, at: u64, of: Conversation, limit: u32) -> Vec<Arc<Message>> {
    match ask(archive, at, ReadingKind::History { conversation: of, limit }) {
        Answer::History(messages) => messages,
        other => panic!("no history: {other:?}"),
    }
}

fn found(archive: &dyn Archive, at: u64, words: &str, who: u64, rooms: &[u64]) -> Vec<u64> {
    let rooms = rooms.iter().map(|id| RoomId(*id)).collect();
    let what =
        ReadingKind::Search { words: words.to_owned(), person: PersonId(who), rooms, limit: 50 };
    match ask(archive, at, what) {
        Answer::Found(messages) => messages.iter().map(|m| m.place.seq.0).collect(),
        other => panic!("no search: {other:?}"),
    }
}

fn waiting(archive: &dyn Archive, at: u64, who: u64, after: Option<Place>) -> Backlog {
    let what = ReadingKind::Backlog {
        person: PersonId(who),
        groups: vec![(RoomId(100), Seq(2).end())],
        upto: Seq(at).end(),
        after,
        ignores: vec![PersonId(66)],
    };
    match ask(archive, at, what) {
        Answer::Backlog(backlog) => backlog,
        other => panic!("no backlog: {other:?}"),
    }
}

/// Checks an archive. `open` gives it anew each time, with what was kept before.
///
/// # Panics
/// Where it is not what an archive must be.
pub fn check_archive(mut open: impl FnMut() -> Box<dyn Archive>) {
    let archive = open();
    assert_eq!(archive.kept(), Seq(0));
    let to_room = |id| Destination::Room(room(id));
    let to = |id| Destination::Person(person(id));
    let said = [
        message(1, 1, to_room(1), "Tea, anyone?"),
        message(2, 1, to_room(100), "before she was there"),
        message(3, 1, to_room(100), "group tea"),
        message(4, 1, to(2), "for you alone: tea"),
        message(5, 2, to(1), "thanks for the TEA"),
        message(6, 1, Destination::Everyone, "tea for all"),
        message(7, 66, to(2), "ignored tea"),
        message(8, 1, to_room(101), "a group of others"),
        message(9, 2, to(2), "note: buy täa"),
    ];
    for message in &said {
        let records = vec![Record::Message(Arc::clone(message))];
        archive.keep(message.place.seq, records.clone());
        // What was kept is passed over.
        archive.keep(message.place.seq, records);
    }

    // History is by conversation, the last ones, oldest first, as they were said.
    let of = |conversation, limit| history(&*archive, 9, conversation, limit);
    let pair = Conversation::pair(PersonId(2), PersonId(1));
    assert_eq!(of(Conversation::Room(RoomId(1)), 10), [said[0].clone()]);
    assert_eq!(of(pair, 10), [said[3].clone(), said[4].clone()]);
    assert_eq!(of(pair, 1), [said[4].clone()]);
    assert_eq!(of(Conversation::Everyone, 10), [said[5].clone()]);
    assert_eq!(of(Conversation::pair(PersonId(2), PersonId(2)), 10), [said[8].clone()]);
    assert_eq!(of(Conversation::Room(RoomId(7)), 10), []);

    // Search finds whole words, all of them, in what one may read.
    for (words, who, rooms, seqs) in [
        ("tea", 2, &[1, 100][..], &[1, 3, 4, 5, 6, 7][..]),
        ("tea", 1, &[], &[4, 5, 6]),
        ("tea", 3, &[], &[6]),
        ("TEA thanks", 1, &[], &[5]),
        ("te", 1, &[1], &[]),
        ("tea OR nothing", 1, &[1], &[]),
        ("\"tea\" AND* (", 1, &[1], &[]),
        ("-tea:", 1, &[1], &[1, 4, 5, 6]),
        ("", 1, &[1], &[]),
        ("scope r1", 1, &[1], &[]),
    ] {
        assert_eq!(found(&*archive, 9, words, who, rooms), seqs, "{words:?} by {who}");
    }

    // What waits is what others said, after the mark, to the person, their groups and everyone.
    let places = |backlog: &Backlog| -> Vec<u64> {
        backlog.messages.iter().map(|m| m.place.seq.0).collect()
    };
    let backlog = waiting(&*archive, 9, 2, None);
    assert_eq!((backlog.total, places(&backlog)), (3, vec![3, 4, 6]));
    let mark = |person, seq| {
        let mark = Mark { person: PersonId(person), upto: Seq(seq).end() };
        Record::Delivered(mark)
    };
    archive.keep(Seq(10), vec![mark(2, 4)]);
    archive.keep(Seq(11), vec![mark(2, 3)]);
    let backlog = waiting(&*archive, 11, 2, None);
    assert_eq!((backlog.total, places(&backlog)), (1, vec![6]));

    // It comes in pages.
    let many = BACKLOG_PAGE as u64 * 2 + 5;
    for seq in 12..12 + many {
        let text = format!("number {seq}");
        archive.keep(Seq(seq), vec![Record::Message(message(seq, 1, to(2), &text))]);
    }
    let last = 11 + many;
    let mut pages = vec![waiting(&*archive, last, 2, None)];
    while let Some(after) = pages.last().and_then(|page| page.next) {
        pages.push(waiting(&*archive, last, 2, Some(after)));
    }
    let totals: Vec<_> = pages.iter().map(|page| page.total).collect();
    assert_eq!(totals, [many + 1, 0, 0]);
    let seqs: Vec<_> = pages.iter().flat_map(places).collect();
    let expected: Vec<_> = std::iter::once(6).chain(12..12 + many).collect();
    assert_eq!(seqs, expected);

    // All is there again, once it was told to be durable.
    let (sender, synced) = channel();
    archive.sync(Box::new(move |result| {
        let _ = sender.send(result);
    }));
    assert_eq!(synced.recv_timeout(PATIENCE).unwrap().unwrap(), Seq(last));
    drop(archive);
    let archive = open();
    assert_eq!(archive.kept(), Seq(last));
    assert_eq!(history(&*archive, last, pair, 2).len(), 2);
    assert_eq!(found(&*archive, last, "number 12", 2, &[]), [12]);
    assert_eq!(waiting(&*archive, last, 2, None).total, many + 1);
}
