//! A lane of readings: on their way from those who ask to the threads that answer.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use chinwag_model::query::{Answer, Reading};
use chinwag_storage::archive::Reply;
use chinwag_storage::fair::{Bounds, FairQueue, Party};

/// A reading, and until when it is to be answered.
pub(super) struct Question {
    pub(super) reading: Reading,
    pub(super) reply: Reply,
    pub(super) deadline: Instant,
}

/// Readings that may wait in a lane: of one person, and of all.
const BOUNDS: Bounds = Bounds { per_person: 32, all: 1000 };

/// Readings that wait, with a fair share for everyone. One that gives way is answered: "unavailable".
pub(super) struct Lane {
    state: Mutex<State>,
    /// There is something to answer, or the end has begun.
    work: Condvar,
}

struct State {
    questions: FairQueue<Question>,
    is_closed: bool,
    /// Whether the operator was told that it is full, and it was not half empty since.
    was_full: bool,
}

impl Lane {
    pub(super) fn new() -> Self {
        let questions = FairQueue::new(BOUNDS);
        let state = Mutex::new(State { questions, is_closed: false, was_full: false });
        Self { state, work: Condvar::new() }
    }

    /// Has a question answered, once its party's turn comes.
    pub(super) fn ask(&self, party: Party, question: Question) {
        let mut state = self.lock();
        if state.is_closed {
            drop(state);
            return (question.reply)(Answer::Unavailable);
        }
        let gone = state.questions.push(party, question);
        if state.questions.len() >= BOUNDS.all && !std::mem::replace(&mut state.was_full, true) {
            let most = BOUNDS.all;
            tracing::warn!("{most} readings wait for the archive; who has most is refused some");
        }
        drop(state);
        self.work.notify_one();
        if let Some(gone) = gone {
            (gone.reply)(Answer::Unavailable);
        }
    }

    /// For those who answer: the next question; none once it is closed and all is answered.
    pub(super) fn next(&self) -> Option<Question> {
        let idle = |state: &mut State| state.questions.is_empty() && !state.is_closed;
        let state = self.work.wait_while(self.lock(), idle);
        let mut state = state.unwrap_or_else(PoisonError::into_inner);
        let next = state.questions.pop();
        if state.questions.len() < BOUNDS.all / 2 {
            state.was_full = false;
        }
        next
    }

    /// Nothing more can be asked; what was asked is still answered.
    pub(super) fn close(&self) {
        self.lock().is_closed = true;
        self.work.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::time::Instant;

    use chinwag_model::id::Seq;
    use chinwag_model::message::Conversation;
    use chinwag_model::query::{Reading, ReadingKind};

    use super::*;

    #[test]
    fn attack_who_fills_the_lane_is_refused_and_others_are_read_for() {
        let lane = Lane::new();
        let (sender, told) = channel();
        let ask = |party: Party, name: u64| {
            let what = ReadingKind::History { conversation: Conversation::Everyone, limit: 1 };
            let sender = sender.clone();
            let reply = Box::new(move |answer| sender.send((name, answer)).unwrap());
            let reading = Reading { at: Seq(0), what };
            lane.ask(party, Question { reading, reply, deadline: Instant::now() });
        };
        let network = |n: u8| Some(n.into());
        // A person alone, and then 400 guests of one network, who ask for ten things each.
        (0..100).for_each(|_| ask(Party { network: network(1), person: 1 }, 1));
        assert_eq!(told.try_iter().count(), 100 - BOUNDS.per_person);
        for _ in 0..10 {
            (0..400).for_each(|person| ask(Party { network: network(2), person }, 2));
        }
        let refused: Vec<u64> = told.try_iter().map(|(name, _)| name).collect();
        assert_eq!(refused.len(), 4000 + BOUNDS.per_person - BOUNDS.all);
        assert!(refused.iter().all(|name| *name == 2));
        // Someone else is not refused, and is answered soon.
        ask(Party { network: network(3), person: 3 }, 3);
        assert_eq!(told.try_iter().map(|(name, _)| name).collect::<Vec<_>>(), [2]);
        for _ in 0..3 {
            (lane.next().unwrap().reply)(Answer::Unavailable);
        }
        assert!(told.try_iter().any(|(name, _)| name == 3));
        // At the end everything is answered.
        lane.close();
        while let Some(question) = lane.next() {
            (question.reply)(Answer::Unavailable);
        }
        assert_eq!(told.try_iter().count(), BOUNDS.all - 3);
        ask(Party::default(), 4);
        assert_eq!(told.try_iter().count(), 1);
    }
}
