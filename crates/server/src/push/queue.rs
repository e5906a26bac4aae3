//! What waits to be told to devices: a row for each of them.
//!
//! The persons take turns, and each has few devices told at a time. Push services that answer at
//! once are told by any thread; those that are slow, fail or are not known yet by half of them. So a
//! person whose devices never answer holds up nobody else.

use std::borrow::Borrow;
use std::collections::{BTreeMap, VecDeque};
use std::hash::Hash;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chinwag_model::effect::Push;
use chinwag_model::id::PersonId;
use chinwag_model::push::Endpoint;
use hashbrown::HashMap;

use super::THREADS;
use crate::fair::FairQueue;
use crate::quota::Recent;

/// What may wait for all devices together; beyond, the person for whom most waits gives way.
const WAITING_MAX: usize = 8192;

/// What may wait for one device; beyond, what came first is not told.
const WAITING_EACH_MAX: usize = 16;

/// Devices of one person that are told at a time.
const PER_PERSON_MAX: usize = 2;

/// Devices of one push service that are told at a time, and of one that is not quick.
const PER_HOST_MAX: usize = THREADS / 2;
const PER_SLOW_HOST_MAX: usize = THREADS / 4;

/// Devices of all push services that are not quick that are told at a time.
const SLOW_MAX: usize = THREADS / 2;

/// A push service that answers within this time is quick.
const QUICK: Duration = Duration::from_secs(2);

/// How long it is remembered whether a push service is quick.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// How long a device is left alone after each failure. After the last the push is given up.
const PAUSES: [Duration; 3] =
    [Duration::from_secs(10), Duration::from_secs(60), Duration::from_secs(300)];

/// What waits.
#[derive(Debug, Default)]
pub(super) struct Queue {
    rows: Mutex<Rows>,
    changed: Condvar,
}

/// A device: whose it is, and where it is told.
type Device = (PersonId, Endpoint);

#[derive(Debug)]
struct Rows {
    rows: HashMap<Device, VecDeque<Job>>,
    waiting: usize,
    /// What waits for each person.
    shares: HashMap<PersonId, usize>,
    /// Devices whose turn comes, of quick push services and of others. Each row's device stands in
    /// one of these, among those that are left alone, or is being told.
    quick: FairQueue<PersonId, Endpoint>,
    slow: FairQueue<PersonId, Endpoint>,
    resting: BTreeMap<(Instant, Device), ()>,
    at_work: AtWork,
    /// Push services, by whether they were quick when they were last told something.
    hosts: Recent<Box<str>, bool>,
    closed: bool,
}

/// How many devices are being told.
#[derive(Debug, Default)]
struct AtWork {
    persons: HashMap<PersonId, usize>,
    hosts: HashMap<Box<str>, usize>,
    slow: usize,
}

/// A push, and how often it failed.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) push: Push,
    failures: usize,
    /// Whether it counts among those of push services that are not quick.
    is_slow: bool,
}

impl Job {
    fn device(&self) -> Device {
        (self.push.person, self.push.device.endpoint.clone())
    }
}

impl Default for Rows {
    fn default() -> Self {
        Self {
            rows: HashMap::new(),
            waiting: 0,
            shares: HashMap::new(),
            quick: FairQueue::new(usize::MAX),
            slow: FairQueue::new(usize::MAX),
            resting: BTreeMap::new(),
            at_work: AtWork::default(),
            hosts: Recent::new(KEPT),
            closed: false,
        }
    }
}

impl Queue {
    /// Takes a push; `false` if there is no place for it.
    pub(super) fn put(&self, push: Push) -> bool {
        let mut rows = self.lock();
        if rows.closed {
            return false;
        }
        let job = Job { push, failures: 0, is_slow: false };
        let (person, device) = (job.push.person, job.device());
        if let Some(row) = rows.rows.get_mut(&device).filter(|row| row.len() >= WAITING_EACH_MAX) {
            row.pop_front();
            row.push_back(job);
            return true;
        }
        if rows.waiting >= WAITING_MAX && !rows.make_room_for(person) {
            return false;
        }
        rows.count(person, 1);
        match rows.rows.get_mut(&device) {
            Some(row) => row.push_back(job),
            None => {
                rows.rows.insert(device.clone(), VecDeque::from([job]));
                rows.make_ready(device);
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

    /// A push is done with, told or not. If the push service has answered, it did so after `took`.
    pub(super) fn finish(&self, job: &Job, took: Option<Duration>) {
        let mut rows = self.lock();
        rows.at_work.end(job);
        rows.note(&job.push.device.endpoint, took);
        rows.go_on(job.device());
        self.changed.notify_one();
    }

    /// A push failed and is to be tried again later; `false` if it failed too often, and is given up.
    pub(super) fn fail(&self, mut job: Job, took: Option<Duration>) -> bool {
        let Some(pause) = PAUSES.get(job.failures) else {
            self.finish(&job, took);
            return false;
        };
        let mut rows = self.lock();
        rows.at_work.end(&job);
        rows.note(&job.push.device.endpoint, took);
        job.failures += 1;
        let (person, device) = (job.push.person, job.device());
        rows.rows.entry(device.clone()).or_default().push_front(job);
        rows.count(person, 1);
        rows.resting.insert((Instant::now() + *pause, device), ());
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
            let ((_, device), ()) = first.remove_entry();
            self.make_ready(device);
        }
        loop {
            let mut turn = take_turn(&mut self.quick, &self.at_work, PER_HOST_MAX);
            let is_slow = turn.is_none();
            if is_slow && self.at_work.slow < SLOW_MAX {
                turn = take_turn(&mut self.slow, &self.at_work, PER_SLOW_HOST_MAX);
            }
            let device = turn?;
            // What waited may have given way to what waits for others.
            let Some(mut job) = self.rows.get_mut(&device).and_then(VecDeque::pop_front) else {
                self.rows.remove(&device);
                continue;
            };
            job.is_slow = is_slow;
            self.count(device.0, -1);
            self.at_work.begin(&job);
            return Some(job);
        }
    }

    /// The device's turn is to come.
    fn make_ready(&mut self, (person, endpoint): Device) {
        let is_quick = self.hosts.get(endpoint.authority()) == Some(&true);
        let turns = if is_quick { &mut self.quick } else { &mut self.slow };
        turns.push(person, endpoint);
    }

    /// A device was told; its turn comes again if more waits.
    fn go_on(&mut self, device: Device) {
        if self.rows.get(&device).is_some_and(|row| !row.is_empty()) {
            self.make_ready(device);
        } else {
            self.rows.remove(&device);
        }
    }

    /// Remembers whether a push service was quick. Where that is new, its devices change sides.
    fn note(&mut self, endpoint: &Endpoint, took: Option<Duration>) {
        let host = endpoint.authority();
        let is_quick = took.is_some_and(|took| took < QUICK);
        let was_quick = self.hosts.get(host) == Some(&true);
        self.hosts.insert(host.into(), is_quick, Instant::now());
        if was_quick == is_quick {
            return;
        }
        let (from, to) = match is_quick {
            true => (&mut self.slow, &mut self.quick),
            false => (&mut self.quick, &mut self.slow),
        };
        let mut person = PersonId(0);
        while let Some(endpoint) = from.pop_where(|who, endpoint| {
            person = *who;
            endpoint.authority() == host
        }) {
            to.push(person, endpoint);
        }
    }

    /// Counts that so much more or less waits for a person.
    fn count(&mut self, person: PersonId, more: isize) {
        self.waiting = self.waiting.saturating_add_signed(more);
        let share = self.shares.entry(person).or_default();
        *share = share.saturating_add_signed(more);
        if *share == 0 {
            self.shares.remove(&person);
        }
    }

    /// Drops the oldest push of a person for whom more waits than for this one; `false` if there is
    /// none.
    fn make_room_for(&mut self, person: PersonId) -> bool {
        let own = self.shares.get(&person).copied().unwrap_or_default();
        let most = self.shares.iter().max_by_key(|(_, share)| **share);
        let Some((&most, _)) = most.filter(|(_, share)| **share > own + 1) else { return false };
        let mut rows = self.rows.iter_mut().filter(|((person, _), _)| *person == most);
        let dropped = rows.find_map(|(_, row)| row.pop_front()).is_some();
        if dropped {
            self.count(most, -1);
        }
        dropped
    }
}

/// The next device of these that may be told.
fn take_turn(
    turns: &mut FairQueue<PersonId, Endpoint>,
    at_work: &AtWork,
    per_host_max: usize,
) -> Option<Device> {
    let mut person = PersonId(0);
    let endpoint = turns.pop_where(|who, endpoint| {
        person = *who;
        at_work.may_tell(*who, endpoint, per_host_max)
    })?;
    Some((person, endpoint))
}

impl AtWork {
    fn may_tell(&self, person: PersonId, endpoint: &Endpoint, per_host_max: usize) -> bool {
        let host = self.hosts.get(endpoint.authority()).copied().unwrap_or_default();
        let own = self.persons.get(&person).copied().unwrap_or_default();
        own < PER_PERSON_MAX && host < per_host_max
    }

    fn begin(&mut self, job: &Job) {
        *self.persons.entry(job.push.person).or_default() += 1;
        let host = job.push.device.endpoint.authority();
        *self.hosts.entry(host.into()).or_default() += 1;
        self.slow += usize::from(job.is_slow);
    }

    fn end(&mut self, job: &Job) {
        take_one(&mut self.persons, &job.push.person);
        take_one(&mut self.hosts, job.push.device.endpoint.authority());
        self.slow -= usize::from(job.is_slow);
    }
}

fn take_one<K, Q>(counts: &mut HashMap<K, usize>, key: &Q)
where
    K: Borrow<Q> + Eq + Hash,
    Q: Eq + Hash + ?Sized,
{
    if let Some(count) = counts.get_mut(key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(key);
        }
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
        push_to(1, &format!("https://push.example/{device}"), what)
    }

    fn push_to(person: u64, endpoint: &str, what: i64) -> Push {
        let mut public = [7; 65];
        public[0] = 4;
        Push {
            person: PersonId(person),
            device: Device {
                endpoint: Endpoint::parse(endpoint).unwrap(),
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
        queue.finish(&first, None);
        let third = queue.take().unwrap();
        assert_eq!(what(&third), ("a", 2));
        queue.finish(&second, None);
        queue.finish(&third, None);
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
            assert!(queue.fail(job, None));
            let mut rows = queue.lock();
            assert!(rows.next(Instant::now()).is_none(), "it is left alone");
            job = rows.next(Instant::now() + PAUSES[2]).unwrap();
            assert_eq!(what(&job), ("a", 1));
        }
        assert!(!queue.fail(job, None));
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
    fn there_is_a_bound_for_all_devices_and_the_person_with_most_gives_way() {
        let queue = Queue::default();
        let taken = (0..10_000).filter(|n| queue.put(push(&n.to_string(), 1))).count();
        assert_eq!(taken, WAITING_MAX);
        for number in 0..3 {
            assert!(queue.put(push_to(2, "https://push.example/two", number)));
        }
        let mut rows = queue.lock();
        assert_eq!((rows.waiting, rows.shares[&PersonId(2)]), (WAITING_MAX, 3));
        let mut people = Vec::new();
        while let Some(job) = rows.next(Instant::now()) {
            people.push(job.push.person.0);
            rows.at_work.end(&job);
        }
        assert_eq!((people.len(), &people[..4]), (WAITING_MAX - 2, &[1, 2, 1, 1][..]));
    }

    /// Takes what can be taken now.
    fn take_all(queue: &Queue) -> Vec<Job> {
        let mut rows = queue.lock();
        std::iter::from_fn(|| rows.next(Instant::now())).collect()
    }

    #[test]
    fn attack_a_person_whose_devices_never_answer_holds_up_nobody() {
        let queue = Queue::default();
        for n in 0..8 {
            for number in 0..16 {
                assert!(queue.put(push_to(1, &format!("https://tarpit{n}.example/"), number)));
            }
        }
        let stuck = take_all(&queue);
        assert_eq!(stuck.len(), PER_PERSON_MAX);
        assert!(queue.put(push_to(2, "https://push.example/b", 1)));
        let other = take_all(&queue);
        assert_eq!(other.iter().map(|job| job.push.person.0).collect::<Vec<_>>(), [2]);
    }

    #[test]
    fn attack_many_persons_whose_devices_never_answer_leave_threads_for_quick_push_services() {
        let queue = Queue::default();
        queue.put(push_to(1, "https://push.example/a", 1));
        queue.finish(&queue.take().unwrap(), Some(Duration::from_millis(100)));
        for n in 2..100 {
            queue.put(push_to(n, &format!("https://tarpit{n}.example/"), 1));
            queue.put(push_to(n, "https://tarpit.example/", 1));
        }
        let stuck = take_all(&queue);
        assert_eq!(stuck.len(), SLOW_MAX);
        let of_one = |job: &&Job| job.push.device.endpoint.authority() == "tarpit.example";
        assert!(stuck.iter().filter(of_one).count() <= PER_SLOW_HOST_MAX);
        for n in 200..300 {
            queue.put(push_to(n, "https://push.example/b", 1));
        }
        let quick = take_all(&queue);
        assert_eq!(quick.len(), PER_HOST_MAX);
        // A push service that was quick and fails is one of the others from then on.
        for job in quick {
            assert!(queue.fail(job, None));
        }
        assert!(take_all(&queue).is_empty());
        for job in &stuck {
            queue.finish(job, None);
        }
        assert_eq!(take_all(&queue).len(), SLOW_MAX);
    }
}
