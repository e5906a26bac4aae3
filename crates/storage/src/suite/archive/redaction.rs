//! Messages that are taken back.

use chinwag_model::id::{PersonId, RoomId, Seq, Timestamp};
use chinwag_model::message::Conversation;
use chinwag_model::query::{Answer, Line, Range, ReadingKind};
use chinwag_model::record::{Happening, Record, What};

use super::{Open, ask, backlog, history, lines, search, texts};
use crate::archive::Archive;
use crate::suite::word::{group, place, redacted, said, tags, to};

const GROUP: Conversation = Conversation::Room(RoomId(1));

/// What was taken back is in no answer, whether it was found before or not; that it was taken back
/// is among what happened.
pub fn what_was_taken_back_is_gone(open: Open<'_>) {
    let pair = Conversation::pair(PersonId(1), PersonId(2));
    let feed = |archive: &dyn Archive| {
        let smile = Record::Message(tags(1, 4, 1, group(1), "a smile"));
        let records = [
            said(1, 0, 1, group(1), "tea one"),
            said(1, 1, 1, group(1), "tea two"),
            said(1, 2, 1, to(2), "tea three"),
            said(1, 3, 1, to(2), "tea four"),
            smile,
        ];
        archive.keep(Seq(1), records.into());
    };
    let archive = open();
    feed(&*archive);
    assert_eq!(search(&*archive, 1, "tea", 2, &[1], 9).len(), 4);
    let records = [
        redacted(2, 0, GROUP, 1, place(1, 0)),
        redacted(2, 1, pair, 1, place(1, 3)),
        redacted(2, 2, GROUP, 1, place(1, 4)),
        said(2, 3, 1, group(1), "tea five"),
        redacted(2, 4, GROUP, 1, place(2, 3)),
    ];
    archive.keep(Seq(2), records.into());
    for _ in 0..2 {
        assert_eq!(texts(&search(&*archive, 2, "tea", 2, &[1], 9)), ["tea two", "tea three"]);
        assert_eq!(texts(&search(&*archive, 1, "tea", 2, &[1], 1)), ["tea three"]);
    }
    assert_eq!(texts(&history(&*archive, 2, GROUP, 9)), ["tea two"]);
    assert_eq!(texts(&history(&*archive, 2, pair, 9)), ["tea three"]);
    let waiting = backlog(&*archive, 2, 2, &[1], None, &[]);
    assert_eq!((waiting.total, texts(&waiting.messages)), (2, vec!["tea two", "tea three"]));
    for place in [place(1, 0), place(1, 3), place(1, 4), place(2, 3)] {
        let rooms = vec![RoomId(1)];
        let answer = ask(&*archive, 2, ReadingKind::Message { place, person: PersonId(2), rooms });
        assert_eq!(answer, Answer::Message(None), "{place}");
    }
    let targets = ReadingKind::Targets {
        person: PersonId(2),
        rooms: vec![RoomId(1)],
        from: Timestamp(0),
        to: Timestamp(i64::MAX),
        limit: 9,
    };
    let Answer::Targets(last) = ask(&*archive, 2, targets) else { panic!("no targets") };
    assert_eq!(texts(&last), ["tea two", "tea three"]);
    let found = lines(&*archive, 2, GROUP, Range::Latest(None), 9);
    assert_eq!(
        found.iter().map(short).collect::<Vec<_>>(),
        ["tea two", "P1 took back 1.0", "P1 took back 1.4", "P1 took back 2.3"]
    );
    let found = lines(&*archive, 2, pair, Range::Latest(None), 9);
    assert_eq!(found.iter().map(short).collect::<Vec<_>>(), ["tea three", "P1 took back 1.3"]);
}

/// That something was taken back is kept, even if it was not there.
pub fn a_redaction_of_nothing_is_kept(open: Open<'_>) {
    let archive = open();
    let nothing = [place(1, 7), Seq(u64::MAX).end()];
    archive.keep(Seq(1), nothing.map(|place| redacted(1, 8, GROUP, 1, place)).into());
    let found = lines(&*archive, 1, GROUP, Range::Latest(None), 9);
    let what = |line: &Line| match line {
        Line::Happening(happening) => match happening.what {
            What::Redacted(place, _) => place,
            ref other => panic!("{other:?}"),
        },
        Line::Message(message) => panic!("{message:?}"),
    };
    assert_eq!(found.iter().map(what).collect::<Vec<_>>(), nothing);
    assert_eq!(backlog(&*archive, 1, 2, &[1], None, &[]).total, 0);
}

/// What is replayed after a restart brings nothing back, and is not told twice.
pub fn replay_redacts_nothing_twice(open: Open<'_>) {
    let feed = |archive: &dyn Archive, upto: u64| {
        for seq in 1..=upto {
            let records = vec![
                said(seq, 0, 1, group(1), &format!("tea {seq}")),
                said(seq, 1, 1, group(1), "a slip of tea"),
                redacted(seq, 2, GROUP, 1, place(seq, 1)),
            ];
            archive.keep(Seq(seq), records);
        }
    };
    let archive = open();
    feed(&*archive, 2);
    assert_eq!(texts(&history(&*archive, 2, GROUP, 9)), ["tea 1", "tea 2"]);
    drop(archive);

    let archive = open();
    feed(&*archive, 3);
    assert_eq!(texts(&search(&*archive, 3, "tea", 9, &[1], 9)), ["tea 1", "tea 2", "tea 3"]);
    let found = lines(&*archive, 3, GROUP, Range::Latest(None), 9);
    let expected =
        ["tea 1", "P1 took back 1.1", "tea 2", "P1 took back 2.1", "tea 3", "P1 took back 3.1"];
    assert_eq!(found.iter().map(short).collect::<Vec<_>>(), expected);
}

/// A line in few words.
fn short(line: &Line) -> String {
    match line {
        Line::Message(message) => message.text.to_string(),
        Line::Happening(happening) => match happening.as_ref() {
            Happening { who, what: What::Redacted(place, _), .. } => {
                format!("{} took back {place}", who.name)
            }
            other => panic!("{other:?}"),
        },
    }
}
