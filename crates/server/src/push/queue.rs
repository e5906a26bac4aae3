//! What waits to be told to devices: a row for each of them, and the devices take turns.
//!
//! A device of which nothing is heard holds up nobody: its row is left alone for a while, and one
//! thread at most works for it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chinwag_model::effect::Push;
use chinwag_model::push::Endpoint;
use hashbrown::HashMap;

/// What may wait for all devices together; what comes beyond is not told.
const WAITING_MAX: usize = 8192;

/// What may wait for one device; beyond, what came first is not told.
const WAITING_EACH_MAX: usize = 16;

/// How long a device is left alone after each failure. After the last the push is given up.
const PAUSES: [Duration; 3] =
    [Duration::from_secs(10), Duration::from_secs(60), Duration::from_secs(300)];

/// What waits.
#[derive(Debug, Default)]
pub(super) struct Queue {
    rows: Mutex<Rows>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Rows {
    rows: HashMap<Endpoint, VecDeque<Job>>,
    waiting: usize,
    /// Devices whose turn comes, in order. Each row's device stands here, among those that are left
    /// alone, or is being worked for.
    ready: VecDeque<Endpoint>,
    resting: BTreeMap<(Instant, Endpoint), ()>,
    closed: bool,
}

/// A push, and how often it failed.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) push: Push,
    failures: usize,
}

impl Queue {
    /// Takes a push; `false` if there is no place for it.
    pub(super) fn put(&self, push: Push) -> bool {
        let mut rows = self.lock();
        if rows.waiting >= WAITING_MAX || rows.closed {
            return false;
        }
        let endpoint = push.device.endpoint.clone();
        let job = Job { push, failures: 0 };
        match rows.rows.get_mut(&endpoint) {
            Some(row) if row.len() >= WAITING_EACH_MAX => {
                row.pop_front();
                row.push_back(job);
            }
            Some(row) => {
                row.push_back(job);
                rows.waiting += 1;
            }
            None => {
                rows.rows.insert(endpoint.clone(), VecDeque::from([job]));
                rows.waiting += 1;
                rows.ready.push_back(endpoint);
                self.changed.notify_one();
            }
        }
        true
    }

    /// Waits for the next push; `None` once the queue is closed. Whoever takes it gives it back with
    /// [`finish`](Self::finish) or [`fail`](Self::fail).
    pub(super) fn take(&self) -> Option<Job> {
        let mut rows = self.lock();
        loop {
            if rows.closed {
                return None;
            }
            let now = Instant::now();
            if let Some(job) = rows.next(now) {
                return Some(job);
            }
            let due = rows.resting.first_key_value().map(|((due, _), ())| *due);
            rows = match due {
                None => self.changed.wait(rows).unwrap_or_else(PoisonError::into_inner),
                Some(due) => {
                    let pause = due.saturating_duration_since(now);
                    let waited = self.changed.wait_timeout(rows, pause);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    /// A push is done with, told or not.
    pub(super) fn finish(&self, job: &Job) {
        let endpoint = &job.push.device.endpoint;
        let mut rows = self.lock();
        if rows.rows.get(endpoint).is_some_and(|row| !row.is_empty()) {
            rows.ready.push_back(endpoint.clone());
            self.changed.notify_one();
        } else {
            rows.rows.remove(endpoint);
        }
    }

    /// A push failed and is to be tried again later; `false` if it failed too often, and is given up.
    pub(super) fn fail(&self, mut job: Job) -> bool {
        let Some(pause) = PAUSES.get(job.failures) else {
            self.finish(&job);
            return false;
        };
        job.failures += 1;
        let endpoint = job.push.device.endpoint.clone();
        let mut rows = self.lock();
        rows.rows.entry(endpoint.clone()).or_default().push_front(job);
        rows.waiting += 1;
        rows.resting.insert((Instant::now() + *pause, endpoint), ());
        // Whoever waits may now have to wake up earlier.
        self.changed.notify_one();
        true
    }

    /// Nothing more is taken or given.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Rows> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rows {
    fn next(&mut self, now: Instant) -> Option<Job> {
        while let Some(first) = self.resting.first_entry().filter(|first| first.key().0 <= now) {
            let ((_, endpoint), ()) = first.remove_entry();
            self.ready.push_back(endpoint);
        }
        while let Some(endpoint) = self.ready.pop_front() {
            if let Some(job) = self.rows.get_mut(&endpoint).and_then(VecDeque::pop_front) {
                self.waiting -= 1;
                return Some(job);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use chinwag_model::effect::{Event, Stamp};
    use chinwag_model::id::{NodeId, PersonId, Place, SessionId, Timestamp};
    use chinwag_model::intent::Origin;
    use chinwag_model::push::{Device, Keys};

    use super::*;

    fn push(device: &str, what: i64) -> Push {
        let mut public = [7; 65];
        public[0] = 4;
        Push {
            person: PersonId(1),
            device: Device {
                endpoint: Endpoint::parse(&format!("https://push.example/{device}")).unwrap(),
                keys: Keys::new(&public, &[1; 16]).unwrap(),
                look: 0,
                reads: true,
            },
            event: Event::Read { target: Arc::from("bo"), upto: Timestamp(what) },
            stamp: Stamp {
                place: Place::default(),
                time: Timestamp(0),
                origin: Origin { session: SessionId { node: NodeId(0), number: 1 }, request: 1 },
            },
        }
    }

    fn what(job: &Job) -> (&str, i64) {
        let Event::Read { upto, .. } = &job.push.event else { panic!("another event") };
        (job.push.device.endpoint.as_str().rsplit('/').next().unwrap(), upto.0)
    }

    #[test]
    fn devices_take_turns_and_one_thread_works_for_each() {
        let queue = Queue::default();
        for (device, number) in [("a", 1), ("a", 2), ("b", 1)] {
            assert!(queue.put(push(device, number)));
        }
        let first = queue.take().unwrap();
        assert_eq!(what(&first), ("a", 1));
        let second = queue.take().unwrap();
        assert_eq!(what(&second), ("b", 1));
        queue.finish(&first);
        let third = queue.take().unwrap();
        assert_eq!(what(&third), ("a", 2));
        queue.finish(&second);
        queue.finish(&third);
        assert!(queue.lock().rows.is_empty());
        queue.close();
        assert!(queue.take().is_none());
        assert!(!queue.put(push("a", 1)));
    }

    #[test]
    fn a_push_that_fails_is_tried_again_before_others_of_its_device_and_then_given_up() {
        let queue = Queue::default();
        queue.put(push("a", 1));
        let mut job = queue.take().unwrap();
        queue.put(push("a", 2));
        for _ in PAUSES {
            assert!(queue.fail(job));
            let mut rows = queue.lock();
            assert!(rows.next(Instant::now()).is_none(), "it is left alone");
            job = rows.next(Instant::now() + PAUSES[2]).unwrap();
            assert_eq!(what(&job), ("a", 1));
        }
        assert!(!queue.fail(job));
        assert_eq!(what(&queue.take().unwrap()), ("a", 2));
    }

    #[test]
    fn of_much_for_one_device_the_last_is_kept() {
        let queue = Queue::default();
        for number in 0..100 {
            assert!(queue.put(push("a", number)));
        }
        assert_eq!(what(&queue.take().unwrap()), ("a", 84));
    }

    #[test]
    fn there_is_a_bound_for_all_devices() {
        let queue = Queue::default();
        let taken = (0..10_000).filter(|n| queue.put(push(&n.to_string(), 1))).count();
        assert_eq!(taken, WAITING_MAX);
    }
}
