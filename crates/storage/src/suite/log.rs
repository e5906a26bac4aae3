//! What every log does.

use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use chinwag_model::entry::{Entry, Packet};
use chinwag_model::id::{Seq, Timestamp};
use chinwag_model::outcome::NotStored;

use super::word::packet;
use crate::log::{Log, LogError, Logged, PACKETS_IN_FLIGHT_MAX, Snapshot};

/// Opens the same log, once the one before was dropped.
pub type Open<'a> = &'a mut dyn FnMut() -> Box<dyn Log>;

/// How long a log may take for what it is offered.
const PATIENCE: Duration = Duration::from_secs(20);

/// What is done to a log, one after the other.
#[derive(Clone, Debug)]
pub enum Step {
    /// A packet with so many requests is offered.
    Append(usize),
    /// A snapshot is saved of the state so many entries ago, with so many bytes.
    Save(u64, usize),
    /// The log is dropped and opened again.
    Reopen,
}

/// Entries come in the order offered, numbered from 1, and time doesn't run back.
pub fn entries_come_in_the_order_offered(open: Open<'_>) {
    let mut log = open();
    let (last, heard) = follow(&mut *log, Seq(0));
    assert_eq!(last, Seq(0), "a new log is empty");
    for n in 0..PACKETS_IN_FLIGHT_MAX as u64 {
        log.append(packet(n, 3));
    }
    let mut time = Timestamp(0);
    for n in 0..PACKETS_IN_FLIGHT_MAX as u64 {
        let entry = heard.entry();
        assert_eq!(entry.seq, Seq(n + 1));
        assert_eq!(entry.packet, packet(n, 3));
        assert!(entry.time >= time, "time does not run back");
        time = entry.time;
    }
}

/// What was stored is given again to who follows later, and numbers go on.
pub fn entries_are_given_again(open: Open<'_>) {
    let stored = fill(open, 5);
    for after in 0..=5 {
        let mut log = open();
        let (last, heard) = follow(&mut *log, Seq(after));
        assert_eq!(last, Seq(5));
        for entry in &stored[usize::try_from(after).expect("small")..] {
            assert_eq!(&heard.entry(), entry);
        }
    }
    let mut log = open();
    let (_, heard) = follow(&mut *log, Seq(5));
    log.append(packet(5, 1));
    assert_eq!(heard.entry().seq, Seq(6));
}

/// An empty packet and one of many requests are stored.
pub fn packets_of_any_size_are_stored(open: Open<'_>) {
    for (n, size) in [0, 1, 1024].into_iter().enumerate() {
        let mut log = open();
        let (last, heard) = follow(&mut *log, Seq(n as u64));
        assert_eq!(last, Seq(n as u64));
        log.append(packet(0, size));
        assert_eq!(heard.entry().packet, packet(0, size));
    }
}

/// A saved snapshot is read again; the entries up to it are forgotten, those after it stay.
pub fn a_snapshot_takes_the_place_of_entries(open: Open<'_>) {
    let stored = fill(open, 5);
    let mut log = open();
    assert_eq!(log.snapshot().expect("a snapshot"), None);
    follow(&mut *log, Seq(0));
    // More than any store keeps in one piece.
    let snapshot = snapshot(&stored[2], 1_000_000);
    log.save_snapshot(snapshot.clone());
    drop(log);

    let mut log = open();
    assert_eq!(log.snapshot().expect("a snapshot"), Some(snapshot));
    let (last, heard) = follow(&mut *log, Seq(3));
    assert_eq!(last, Seq(5));
    assert_eq!((heard.entry(), heard.entry()), (stored[3].clone(), stored[4].clone()));
    log.append(packet(5, 1));
    assert_eq!(heard.entry().seq, Seq(6));
    drop(log);

    let followed = open().follow(Seq(2), Box::new(|_| {}));
    assert!(
        matches!(followed, Err(LogError::Trimmed { first: 4, wanted: 3 })),
        "what is forgotten can't be followed: {followed:?}"
    );
}

/// A log whose entries are all forgotten goes on with the next number, and no earlier time.
pub fn numbers_and_time_go_on_after_a_snapshot(open: Open<'_>) {
    let stored = fill(open, 3);
    let future = Timestamp(stored[2].time.0 + 1_000_000_000);
    let mut log = open();
    follow(&mut *log, Seq(0));
    log.save_snapshot(Snapshot { time: future, ..snapshot(&stored[2], 10) });
    drop(log);

    let mut log = open();
    let (last, heard) = follow(&mut *log, Seq(3));
    assert_eq!(last, Seq(3));
    log.append(packet(3, 1));
    let entry = heard.entry();
    assert_eq!(entry.seq, Seq(4));
    assert!(entry.time >= future, "time does not run back, whatever the clock says");
}

/// A snapshot that is not newer than the one saved is passed over.
pub fn an_older_snapshot_is_passed_over(open: Open<'_>) {
    let stored = fill(open, 3);
    let mut log = open();
    follow(&mut *log, Seq(0));
    log.save_snapshot(snapshot(&stored[1], 20));
    log.save_snapshot(snapshot(&stored[0], 10));
    drop(log);
    assert_eq!(open().snapshot().expect("a snapshot"), Some(snapshot(&stored[1], 20)));
}

/// Whatever is done to a log, it is like a list.
pub fn a_log_is_like_a_list(open: Open<'_>, steps: &[Step]) {
    let mut list: Vec<Entry> = Vec::new();
    let mut saved: Option<Snapshot> = None;
    let mut log = open();
    let (_, mut heard) = follow(&mut *log, Seq(0));
    for step in steps.iter().chain([&Step::Reopen]) {
        match *step {
            Step::Append(requests) => {
                log.append(packet(list.len() as u64, requests));
                let entry = heard.entry();
                assert_eq!(entry.seq, Seq(list.len() as u64 + 1));
                assert_eq!(entry.packet, packet(list.len() as u64, requests));
                list.push(entry);
            }
            Step::Save(ago, bytes) => {
                let at = (list.len() as u64).saturating_sub(ago);
                let newest = saved.as_ref().map_or(0, |older| older.seq.0);
                if at > newest {
                    let entry = &list[usize::try_from(at).expect("small") - 1];
                    saved = Some(snapshot(entry, bytes));
                    log.save_snapshot(snapshot(entry, bytes));
                }
            }
            Step::Reopen => {
                drop(log);
                log = open();
                assert_eq!(log.snapshot().expect("a snapshot"), saved);
                let after = saved.as_ref().map_or(Seq(0), |snapshot| snapshot.seq);
                let (last, again) = follow(&mut *log, after);
                heard = again;
                assert_eq!(last, Seq(list.len() as u64));
                for entry in &list[usize::try_from(after.0).expect("small")..] {
                    assert_eq!(&heard.entry(), entry);
                }
            }
        }
    }
}

/// What a log said.
#[derive(Debug)]
pub struct Heard(Receiver<Logged>);

impl Heard {
    /// The next thing it said.
    ///
    /// # Panics
    /// If it says nothing for 20 s.
    #[must_use]
    pub fn next(&self) -> Logged {
        self.0.recv_timeout(PATIENCE).expect("the log answers")
    }

    /// The next entry.
    ///
    /// # Panics
    /// If the packet was refused.
    #[must_use]
    pub fn entry(&self) -> Entry {
        match self.next() {
            Logged::Entry(entry) => entry,
            Logged::Refused { why, .. } => panic!("refused: {why:?}"),
            Logged::Broken { why } => panic!("broken: {why}"),
        }
    }

    /// The next packet, which was refused, and why.
    ///
    /// # Panics
    /// If it was stored.
    #[must_use]
    pub fn refused(&self) -> (Packet, NotStored) {
        match self.next() {
            Logged::Entry(entry) => panic!("stored as {:?}", entry.seq),
            Logged::Refused { packet, why } => (packet, why),
            Logged::Broken { why } => panic!("broken: {why}"),
        }
    }

    /// Why it can't go on, after entries if there are any.
    ///
    /// # Panics
    /// If a packet was refused.
    #[must_use]
    pub fn broken(&self) -> String {
        loop {
            match self.next() {
                Logged::Entry(_) => {}
                Logged::Refused { why, .. } => panic!("refused: {why:?}"),
                Logged::Broken { why } => return why,
            }
        }
    }
}

/// Follows a log from a place.
///
/// # Panics
/// If it can't be followed.
pub fn follow(log: &mut dyn Log, after: Seq) -> (Seq, Heard) {
    let (sink, heard) = channel();
    let sink = Box::new(move |logged| {
        // Who has stopped hearing wants to hear nothing.
        let _ = sink.send(logged);
    });
    (log.follow(after, sink).expect("the log can be followed"), Heard(heard))
}

/// Stores so many packets, and closes the log.
///
/// # Panics
/// If they are not stored.
pub fn fill(open: Open<'_>, count: u64) -> Vec<Entry> {
    let mut log = open();
    let (_, heard) = follow(&mut *log, Seq(0));
    let append = |n| {
        log.append(packet(n, 2));
        heard.entry()
    };
    (0..count).map(append).collect()
}

/// A snapshot of the state after an entry, with so many bytes.
#[must_use]
pub fn snapshot(entry: &Entry, bytes: usize) -> Snapshot {
    let state = (0..bytes).map(|n| (n % 251) as u8).collect();
    Snapshot { seq: entry.seq, time: entry.time, bytes: state }
}
