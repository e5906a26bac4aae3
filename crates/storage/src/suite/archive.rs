//! What every archive does.

mod conversation;
mod lines;
mod redaction;

pub use conversation::{
    a_message_is_told_to_who_may_read_it, a_search_is_narrowed_by_conversation_author_and_time,
    targets_are_bounded_and_end_with_the_entry_asked_at,
    targets_are_the_last_messages_of_conversations,
};
pub use lines::{
    lines_are_bounded, lines_are_cut_by_every_range, lines_give_all_that_happened_back_whole,
    lines_lie_between_what_may_be_read_and_the_entry_asked_at,
    tags_alone_are_only_among_lines_with_happenings, what_stands_at_one_place_stays_in_order,
};
pub use redaction::{
    a_redaction_of_nothing_is_kept, replay_redacts_nothing_twice, what_was_taken_back_is_gone,
};

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use chinwag_model::id::{PersonId, Place, RoomId, Seq};
use chinwag_model::message::{Conversation, Destination, Message};
use chinwag_model::query::{Answer, Backlog, Line, ROWS_MAX, Range, Reading, ReadingKind};
use chinwag_model::record::Record;

use super::word::{
    delivered, group, message, message_adorned, person_shown, place, room, said, to,
};
use crate::archive::{Archive, BACKLOG_BYTES, BACKLOG_PAGE};

/// Opens the same archive, once the one before was dropped.
pub type Open<'a> = &'a mut dyn FnMut() -> Box<dyn Archive>;

/// How long an archive may take for an answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// All that a message holds comes back, and only in its own conversation.
pub fn history_gives_messages_back_whole(open: Open<'_>) {
    let archive = open();
    let messages = [
        message(1, 0, 1, room(0), "hello"),
        message(1, 1, 2, group(4), "two\nlines"),
        message(1, 2, 1, to(2), "psst"),
        message(1, 3, 2, to(1), "what?"),
        message(1, 4, 3, to(3), "a note"),
        message(1, 5, 3, Destination::Everyone, "an 'announcement'; --"),
        message_adorned(1, 6, 1, room(5)),
        message_adorned(1, 7, 1, Destination::Person(person_shown(4))),
    ];
    archive.keep(Seq(1), messages.iter().cloned().map(Record::Message).collect());
    for (conversation, expected) in [
        (Conversation::Room(RoomId(0)), &messages[0..1]),
        (Conversation::Room(RoomId(4)), &messages[1..2]),
        (Conversation::pair(PersonId(2), PersonId(1)), &messages[2..4]),
        (Conversation::pair(PersonId(3), PersonId(3)), &messages[4..5]),
        (Conversation::Everyone, &messages[5..6]),
        (Conversation::Room(RoomId(5)), &messages[6..7]),
        (Conversation::pair(PersonId(1), PersonId(4)), &messages[7..8]),
        (Conversation::Room(RoomId(9)), &[]),
        (Conversation::pair(PersonId(1), PersonId(3)), &[]),
    ] {
        assert_eq!(history(&*archive, 1, conversation, 10), expected);
    }
}

/// History ends with the entry asked at, and holds the last messages, oldest first.
pub fn history_is_the_last_messages_up_to_the_entry_asked_at(open: Open<'_>) {
    let archive = open();
    for seq in 1..=20 {
        archive.keep(Seq(seq), vec![said(seq, 0, 1, room(0), &format!("m{seq}"))]);
    }
    let lobby = Conversation::Room(RoomId::LOBBY);
    for (at, limit, expected) in [
        (20, 3, &["m18", "m19", "m20"][..]),
        (10, 2, &["m9", "m10"]),
        (2, 50, &["m1", "m2"]),
        (20, 0, &[]),
    ] {
        assert_eq!(texts(&history(&*archive, at, lobby, limit)), expected);
    }
}

/// However many are asked for, an answer is bounded.
pub fn history_is_bounded(open: Open<'_>) {
    let archive = open();
    let records = (0..=ROWS_MAX).map(|n| said(1, n as u32, 1, room(0), "x")).collect();
    archive.keep(Seq(1), records);
    let lobby = Conversation::Room(RoomId::LOBBY);
    assert_eq!(history(&*archive, 1, lobby, u32::MAX).len(), ROWS_MAX);
    assert_eq!(search(&*archive, 1, "x", 1, &[0], u32::MAX).len(), ROWS_MAX);
}

/// What is replayed after a restart is not written twice, and moves nothing back.
pub fn replay_writes_nothing_twice(open: Open<'_>) {
    let feed = |archive: &dyn Archive, upto: u64| {
        for seq in 1..=upto {
            let records = vec![
                said(seq, 0, 1, room(0), &format!("m{seq}")),
                said(seq, 1, 1, to(2), "psst"),
                delivered(2, place(seq, 0)),
            ];
            archive.keep(Seq(seq), records);
        }
    };
    let archive = open();
    assert_eq!(archive.kept(), Seq(0), "a new archive is empty");
    feed(&*archive, 3);
    drop(archive);

    let archive = open();
    assert_eq!(archive.kept(), Seq(3));
    feed(&*archive, 5);
    let lobby = Conversation::Room(RoomId::LOBBY);
    let expected = ["m1", "m2", "m3", "m4", "m5"];
    assert_eq!(texts(&history(&*archive, 5, lobby, 50)), expected);
    assert_eq!(archive.kept(), Seq(5));
    let waiting = backlog(&*archive, 5, 2, &[], None, &[]);
    assert_eq!((waiting.total, waiting.messages.len()), (1, 1), "the mark stands at 5.0");
}

/// An entry without records is kept as well.
pub fn entries_without_records_count(open: Open<'_>) {
    let archive = open();
    archive.keep(Seq(7), Vec::new());
    assert_eq!(history(&*archive, 7, Conversation::Everyone, 1).len(), 0);
    assert_eq!(archive.kept(), Seq(7));
    assert_eq!(synced(&*archive), Seq(7));
    drop(archive);
    assert_eq!(open().kept(), Seq(7));
}

/// Who syncs learns of all that was taken before.
pub fn sync_covers_all_that_was_taken(open: Open<'_>) {
    let archive = open();
    for seq in 1..=100 {
        archive.keep(Seq(seq), vec![said(seq, 0, 1, room(0), "x")]);
    }
    assert_eq!(synced(&*archive), Seq(100));
    assert_eq!((archive.kept(), archive.backlog()), (Seq(100), 0));
    assert_eq!(synced(&*archive), Seq(100));
}

/// What waits is what others said to a person, to everyone and to their groups, after the mark.
pub fn backlog_is_what_others_said_since(open: Open<'_>) {
    let archive = open();
    archive.keep(
        Seq(1),
        vec![
            said(1, 0, 1, to(2), "before the mark"),
            said(1, 1, 1, Destination::Everyone, "before the mark"),
            delivered(2, place(1, 1)),
        ],
    );
    archive.keep(
        Seq(2),
        vec![
            said(2, 0, 1, to(2), "direct"),
            said(2, 1, 1, room(0), "a public room"),
            said(2, 2, 1, group(5), "before joining the group"),
            said(2, 3, 1, group(5), "to the group"),
            said(2, 4, 1, group(6), "to a foreign group"),
            said(2, 5, 2, group(5), "own words to the group"),
            said(2, 6, 2, Destination::Everyone, "own words to everyone"),
            said(2, 7, 2, to(2), "own note"),
            said(2, 8, 2, to(1), "own words to another"),
            said(2, 9, 1, to(3), "to another"),
            said(2, 10, 3, to(2), "of an ignored one"),
            said(2, 11, 3, group(5), "of an ignored one"),
            said(2, 12, 1, Destination::Everyone, "to everyone"),
        ],
    );
    archive.keep(Seq(3), vec![said(3, 0, 1, to(2), "later than asked")]);
    let page = ask(
        &*archive,
        3,
        ReadingKind::Backlog {
            person: PersonId(2),
            groups: vec![(RoomId(5), place(2, 2))],
            upto: place(2, 20),
            after: None,
            ignores: vec![PersonId(3)],
        },
    );
    let Answer::Backlog(page) = page else { panic!("{page:?}") };
    assert_eq!(texts(&page.messages), ["direct", "to the group", "to everyone"]);
    assert_eq!((page.total, page.next), (3, None));
}

/// What waits comes in pages; the first one tells how many there are in all.
pub fn backlog_comes_in_pages(open: Open<'_>) {
    let archive = open();
    let count = BACKLOG_PAGE as u32 * 2 + 1;
    let destination = |n: u32| match n % 3 {
        0 => to(2),
        1 => group(5),
        _ => Destination::Everyone,
    };
    for n in 0..count {
        let record = said(u64::from(n) + 1, n % 2, 1, destination(n), &n.to_string());
        archive.keep(Seq(u64::from(n) + 1), vec![record]);
    }
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = backlog(&*archive, u64::from(count), 2, &[5], after, &[]);
        let total = if after.is_none() { u64::from(count) } else { 0 };
        assert_eq!(page.total, total);
        seen.extend(texts(&page.messages).into_iter().map(str::to_owned));
        after = page.next;
        if after.is_none() {
            break;
        }
        assert_eq!(page.messages.len(), BACKLOG_PAGE);
    }
    let expected: Vec<_> = (0..count).map(|n| n.to_string()).collect();
    assert_eq!(seen, expected);
}

/// Long messages make short pages, and none is left out.
pub fn backlog_pages_are_bounded_in_bytes(open: Open<'_>) {
    let archive = open();
    let sizes = [10, BACKLOG_BYTES / 2, BACKLOG_BYTES / 2, BACKLOG_BYTES / 2, 10, 10];
    for (n, size) in (1..).zip(sizes) {
        archive.keep(Seq(n), vec![said(n, 0, 1, to(2), &"x".repeat(size))]);
    }
    let (mut pages, mut after) = (Vec::new(), None);
    loop {
        let page = backlog(&*archive, sizes.len() as u64, 2, &[], after, &[]);
        pages.push(texts(&page.messages).iter().map(|text| text.len()).collect::<Vec<_>>());
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let expected: [&[usize]; 3] = [&sizes[..2], &sizes[2..4], &sizes[4..]];
    assert_eq!(pages, expected);
}

/// A mark moves forward only.
pub fn a_mark_never_moves_back(open: Open<'_>) {
    let archive = open();
    archive.keep(
        Seq(5),
        vec![
            said(4, 0, 1, to(2), "old"),
            said(5, 0, 1, to(2), "new"),
            delivered(2, Seq(4).end()),
            delivered(2, place(1, 0)),
        ],
    );
    assert_eq!(texts(&backlog(&*archive, 5, 2, &[], None, &[]).messages), ["new"]);
    archive.keep(Seq(6), vec![delivered(2, Seq(5).end())]);
    assert_eq!(backlog(&*archive, 6, 2, &[], None, &[]).total, 0);
}

/// Of a name that has expired nothing is kept, not even how far it was sent what waits.
pub fn an_expired_name_has_no_mark(open: Open<'_>) {
    let archive = open();
    let mark = delivered(2, Seq(5).end());
    archive.keep(Seq(5), vec![said(5, 0, 1, to(2), "old"), mark]);
    assert_eq!(backlog(&*archive, 5, 2, &[], None, &[]).total, 0);
    archive.keep(Seq(6), vec![Record::Expired(PersonId(2))]);
    assert_eq!(backlog(&*archive, 6, 2, &[], None, &[]).total, 1);
}

/// A search finds messages that hold all the words, whole, in whatever case.
pub fn search_finds_all_the_words(open: Open<'_>) {
    let archive = open();
    let said = |index, text| said(1, index, 1, room(0), text);
    archive.keep(
        Seq(1),
        vec![
            said(0, "the Tea is ready"),
            said(1, "tea-time: now"),
            said(2, "teapot"),
            said(3, "Чай готов"),
            said(4, "a OR b"),
            said(5, "r0 p1 all"),
        ],
    );
    for (words, expected) in [
        ("tea", &["the Tea is ready", "tea-time: now"][..]),
        ("READY tea", &["the Tea is ready"]),
        ("tea NOT ready", &[]),
        ("tea*", &["the Tea is ready", "tea-time: now"]),
        ("\"is ready\"", &["the Tea is ready"]),
        ("teap", &[]),
        ("чай", &["Чай готов"]),
        ("or", &["a OR b"]),
        ("r0", &["r0 p1 all"]),
        ("scope:r0", &[]),
        ("coffee", &[]),
        ("", &[]),
        ("?!", &[]),
        ("\"", &[]),
    ] {
        assert_eq!(texts(&search(&*archive, 1, words, 9, &[0], 10)), expected, "{words:?}");
    }
}

/// A search looks only into what the asker may read.
pub fn search_keeps_to_what_one_may_read(open: Open<'_>) {
    let archive = open();
    archive.keep(
        Seq(1),
        vec![
            said(1, 0, 1, room(0), "tea in 0"),
            said(1, 1, 1, room(1), "tea in 1"),
            said(1, 2, 1, room(10), "tea in 10"),
            said(1, 3, 1, group(2), "tea in 2"),
            said(1, 4, 1, to(2), "tea for 2"),
            said(1, 5, 3, to(1), "tea for 1"),
            said(1, 6, 3, to(12), "tea for 12"),
            said(1, 7, 3, Destination::Everyone, "tea for all"),
        ],
    );
    for (person, rooms, expected) in [
        (1, &[0, 1][..], &["tea in 0", "tea in 1", "tea for 2", "tea for 1", "tea for all"][..]),
        (2, &[2], &["tea in 2", "tea for 2", "tea for all"]),
        (4, &[], &["tea for all"]),
    ] {
        assert_eq!(texts(&search(&*archive, 1, "tea", person, rooms, 10)), expected);
    }
}

/// A search gives the last messages up to the entry asked at, oldest first, from many rooms.
pub fn search_gives_the_last_ones(open: Open<'_>) {
    let archive = open();
    for seq in 1..=1000 {
        let message = said(seq, 0, 1, room(seq), &format!("tea {seq}"));
        archive.keep(Seq(seq), vec![message]);
    }
    let rooms: Vec<_> = (1..=1000).collect();
    assert_eq!(
        texts(&search(&*archive, 1000, "tea", 9, &rooms, 3)),
        ["tea 998", "tea 999", "tea 1000"]
    );
    assert_eq!(texts(&search(&*archive, 500, "tea", 9, &rooms, 1)), ["tea 500"]);
}

/// What waits for an answer when an archive is dropped is answered.
pub fn everything_is_answered_at_the_end(open: Open<'_>) {
    let archive = open();
    let (answers, heard) = channel();
    for conversation in [Conversation::Everyone, Conversation::Room(RoomId(1))] {
        let answers = answers.clone();
        let what = ReadingKind::History { conversation, limit: 1 };
        let reply = Box::new(move |answer| answers.send(answer).expect("someone listens"));
        archive.read(Reading { at: Seq(99), what }, reply);
    }
    drop(archive);
    for _ in 0..2 {
        assert_eq!(heard.recv_timeout(PATIENCE), Ok(Answer::Unavailable));
    }
}

/// Asks an archive, as of an entry.
///
/// # Panics
/// If it says nothing for 20 s.
#[must_use]
pub fn ask(archive: &dyn Archive, at: u64, what: ReadingKind) -> Answer {
    let (answer, heard) = channel();
    let reply = Box::new(move |said| answer.send(said).expect("someone listens"));
    archive.read(Reading { at: Seq(at), what }, reply);
    heard.recv_timeout(PATIENCE).expect("the archive answers")
}

/// Asks for history.
///
/// # Panics
/// If there is none to be had.
#[must_use]
pub fn history(
    archive: &dyn Archive,
    at: u64,
    conversation: Conversation,
    limit: u32,
) -> Vec<Arc<Message>> {
    match ask(archive, at, ReadingKind::History { conversation, limit }) {
        Answer::History(messages) => messages,
        other => panic!("{other:?}"),
    }
}

/// Searches for a person who may look into these rooms.
///
/// # Panics
/// If nothing can be searched.
#[must_use]
pub fn search(
    archive: &dyn Archive,
    at: u64,
    words: &str,
    person: u64,
    rooms: &[u64],
    limit: u32,
) -> Vec<Arc<Message>> {
    let what = ReadingKind::Search {
        words: words.to_owned(),
        person: PersonId(person),
        rooms: rooms.iter().copied().map(RoomId).collect(),
        within: None,
        author: None,
        after: None,
        before: None,
        limit,
    };
    match ask(archive, at, what) {
        Answer::Found(messages) => messages,
        other => panic!("{other:?}"),
    }
}

/// Asks what waits for a person who has always been in these groups.
///
/// # Panics
/// If it can't be had.
#[must_use]
pub fn backlog(
    archive: &dyn Archive,
    at: u64,
    person: u64,
    groups: &[u64],
    after: Option<Place>,
    ignores: &[u64],
) -> Backlog {
    let what = ReadingKind::Backlog {
        person: PersonId(person),
        groups: groups.iter().map(|id| (RoomId(*id), Place::default())).collect(),
        upto: Seq(at).end(),
        after,
        ignores: ignores.iter().copied().map(PersonId).collect(),
    };
    match ask(archive, at, what) {
        Answer::Backlog(backlog) => backlog,
        other => panic!("{other:?}"),
    }
}

/// Asks for lines of a conversation, with all that happened.
///
/// # Panics
/// If they can't be had.
#[must_use]
pub fn lines(
    archive: &dyn Archive,
    at: u64,
    conversation: Conversation,
    range: Range,
    limit: u32,
) -> Vec<Line> {
    let since = Place::default();
    match ask(
        archive,
        at,
        ReadingKind::Lines { conversation, range, since, limit, happenings: true },
    ) {
        Answer::Lines(lines) => lines,
        other => panic!("{other:?}"),
    }
}

/// Makes everything durable, up to which entry.
///
/// # Panics
/// If it can't be made.
#[must_use]
pub fn synced(archive: &dyn Archive) -> Seq {
    let (done, heard) = channel();
    archive.sync(Box::new(move |result| done.send(result).expect("someone listens")));
    heard.recv_timeout(PATIENCE).expect("the archive answers").expect("it is durable")
}

/// The texts of messages.
#[must_use]
pub fn texts(messages: &[Arc<Message>]) -> Vec<&str> {
    messages.iter().map(|message| message.text.as_str()).collect()
}
