use chinwag_storage::suite::word;
use proptest::prelude::*;

use super::*;

/// A stream that stores, loses and holds up what is sent, and answers or does not.
#[derive(Default)]
struct Stream {
    /// What it has: the number of the packet.
    stored: Vec<u64>,
    /// What is held up: it comes later.
    held: Vec<Sending>,
}

fn first(sending: &Sending) -> u64 {
    let (bytes, _) = sending.payload.split_last_chunk::<4>().unwrap();
    Packet::from_bytes(bytes).unwrap().first
}

impl Stream {
    fn take(&mut self, sending: &Sending) -> Answer {
        let last = Seq(self.stored.len() as u64);
        match sending.after {
            Some(after) if after != last => Answer::WrongLast(last),
            _ => {
                self.stored.push(first(sending));
                Answer::Stored
            }
        }
    }
}

/// What happens to a sending.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Stored,
    AnswerLost,
    Lost,
    Held,
    Refused,
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        6 => Just(Fate::Stored),
        1 => Just(Fate::AnswerLost),
        1 => Just(Fate::Lost),
        1 => Just(Fate::Held),
        1 => Just(Fate::Refused),
    ]
}

/// Sends packets, each of one request, until all came back. Gives what the stream has then.
fn play(packets: u64, fates: Vec<Fate>, late: usize) -> Vec<u64> {
    let (mut window, mut stream) = (Window::new(), Stream::default());
    let mut now = Instant::now();
    let (mut followed, mut fates) = (0, fates.into_iter());
    for n in 0..packets {
        window.offer(&word::packet(n, 1));
    }
    for turn in 0.. {
        assert!(turn < 10_000, "it never ends: {window:?}");
        if window.is_empty() {
            return stream.stored;
        }
        while let Some(sending) = window.next(now) {
            let mut answer = |answer| window.answered(sending.name, answer, Seq(followed), now);
            match fates.next().unwrap_or(Fate::Stored) {
                Fate::Stored => answer(stream.take(&sending)),
                Fate::AnswerLost => drop(stream.take(&sending)),
                Fate::Lost => {}
                Fate::Held => stream.held.push(sending),
                Fate::Refused => answer(Answer::Refused),
            }
        }
        // What was stored comes back a little later.
        let upto = if turn % 3 == 0 {
            stream.stored.len()
        } else {
            stream.stored.len().saturating_sub(late)
        };
        while (followed as usize) < upto {
            let packet = word::packet(stream.stored[followed as usize], 1);
            followed += 1;
            window.came_back(Seq(followed), &packet, now);
        }
        now += Duration::from_millis(200);
        window.tick(now);
        if turn % 5 == 4
            && let Some(sending) = stream.held.pop()
        {
            stream.take(&sending);
        }
    }
    unreachable!()
}

/// What every node makes of it: each packet counts if it is the next one.
fn counted(stored: &[u64]) -> u64 {
    stored.iter().fold(0, |next, n| if *n == next { next + 1 } else { next })
}

proptest! {
    #[test]
    fn whatever_is_lost_or_held_up_all_packets_count_in_order(
        fates in prop::collection::vec(fate(), 0..60),
        late in 0usize..5,
    ) {
        prop_assert_eq!(counted(&play(12, fates, late)), 12);
    }

    #[test]
    fn a_packet_whose_answer_alone_was_lost_is_stored_once(
        lost in prop::collection::vec(prop_oneof![Just(Fate::Stored), Just(Fate::AnswerLost)], 0..60),
        late in 0usize..5,
    ) {
        prop_assert_eq!(play(12, lost, late), (0..12).collect::<Vec<_>>());
    }
}

#[test]
fn packets_are_sent_one_behind_the_other_and_wait_for_nothing() {
    let (mut window, now) = (Window::new(), Instant::now());
    for n in 0..3 {
        window.offer(&word::packet(n, 1));
    }
    let sent: Vec<_> = std::iter::from_fn(|| window.next(now)).collect();
    assert_eq!(
        sent.iter().map(|s| (first(s), s.after)).collect::<Vec<_>>(),
        [(0, None), (1, None), (2, None)]
    );
}

#[test]
fn a_packet_that_is_stored_and_does_not_come_back_is_fetched_and_not_sent_again() {
    let (mut window, now) = (Window::new(), Instant::now());
    window.offer(&word::packet(0, 1));
    let sent = window.next(now).unwrap();
    window.answered(sent.name, Answer::Stored, Seq(0), now);
    assert!(!window.tick(now + Duration::from_millis(499)));
    assert!(window.tick(now + Duration::from_millis(500)));
    assert_eq!(window.next(now + Duration::from_secs(1)), None);
}

#[test]
fn after_a_refusal_the_oldest_goes_alone_and_the_rest_behind_it() {
    let (mut window, now) = (Window::new(), Instant::now());
    for n in 0..3 {
        window.offer(&word::packet(n, 1));
    }
    let sent: Vec<_> = std::iter::from_fn(|| window.next(now)).collect();
    window.answered(sent[0].name, Answer::Refused, Seq(0), now);
    assert_eq!(window.next(now), None, "not at once");
    let later = now + REFUSED;
    let alone = window.next(later).unwrap();
    assert_eq!((first(&alone), alone.after), (0, Some(Seq(0))));
    assert_eq!(window.next(later), None);
    window.came_back(Seq(1), &word::packet(0, 1), later);
    let second = window.next(later).unwrap();
    assert_eq!((first(&second), second.after), (1, Some(Seq(1))));
    window.answered(alone.name, Answer::Stored, Seq(1), later);
    let third = window.next(later).unwrap();
    assert_eq!((first(&third), third.after), (2, None));
}

#[test]
fn what_an_epoch_left_is_not_sent_once_the_next_one_begins() {
    let (mut window, now) = (Window::new(), Instant::now());
    for n in 0..3 {
        window.offer(&word::packet(n, 1));
    }
    window.next(now).unwrap();
    let next = Packet { epoch: 4, ..word::packet(0, 1) };
    window.offer(&next);
    assert_eq!(window.next(now).unwrap().payload, message::write(&next));
    assert_eq!(window.next(now), None);
    window.came_back(Seq(1), &word::packet(0, 1), now);
    assert!(!window.is_empty());
    window.came_back(Seq(2), &next, now);
    assert!(window.is_empty());
}
