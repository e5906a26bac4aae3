//! Hashing and checking passwords, on threads of their own, and slowing those who guess.
//!
//! Checks and hashes of new passwords wait in two queues. Checks go first, so that a flood of
//! registrations does not keep anyone from logging in. In each queue the networks take turns.

mod hasher;
mod throttle;

use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use chinwag_core::state::Credential;
use chinwag_model::ask::{Checked, Scram, Slowed};
use chinwag_model::name::Name;
use chinwag_model::proof::Proves;
use chinwag_model::secret::{Secret, Verifier};
use chinwag_node::delivery::SessionNumber;
use chinwag_node::route::shard_of;
use chinwag_wire::sasl::credential::{ITERATIONS, ScramCredential};

use self::hasher::{Cost, Hasher};
pub(crate) use self::throttle::Guarded;
use self::throttle::Throttle;
use crate::courier::{Asker, ShardInbox, ToShard};
use crate::fair::FairQueue;
use crate::options::Policy;
use crate::quota::{Buckets, Net, Rate, net, seconds};

/// Checks and hashes that wait; beyond, the networks that have most of them are told to try again.
const CHECKS_MAX: usize = 2048;
const HASHES_MAX: usize = 256;

/// Threads that hash. Each has the memory for one hash.
const THREADS: usize = 2;

/// Checks in a row after which a hash has its turn, so that nothing waits for ever.
const CHECKS_IN_A_ROW_MAX: u32 = 7;

/// New passwords a minute that are hashed for one connection.
const HASHES_PER_CONNECTION: Rate = Rate::per_minute(5);

/// Threads give their memory back after so long without work.
const IDLE: Duration = Duration::from_secs(10);

/// The way to the hashing threads, which end when it is dropped.
#[derive(Debug)]
pub(crate) struct Vault {
    desk: Arc<Desk>,
}

/// What the threads share.
#[derive(Debug)]
struct Desk {
    shards: Arc<[ShardInbox]>,
    queues: Mutex<Queues>,
    changed: Condvar,
    throttle: Mutex<Throttle>,
    /// New passwords that were hashed of late.
    hashed: Mutex<Buckets<Hashing>>,
}

/// For whom a new password is hashed.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Hashing {
    Network(Net),
    Connection(SessionNumber),
}

#[derive(Debug)]
struct Queues {
    checks: FairQueue<Net, Check>,
    hashes: FairQueue<Net, Hash>,
    checks_in_a_row: u32,
    /// The time that one hash took of late.
    took: Duration,
    closed: bool,
}

/// A password to be checked.
#[derive(Debug)]
struct Check {
    asker: Asker,
    of: Guarded,
    password: Secret,
    credential: Option<Credential>,
    per_minute: u32,
    cost: Cost,
}

/// A new password to be hashed.
#[derive(Debug)]
struct Hash {
    asker: Asker,
    password: Secret,
    cost: Cost,
    per_minute: u32,
}

/// What a thread does next.
enum Next {
    Check(Check),
    Hash(Hash),
    Idle,
    End,
}

impl Vault {
    /// Starts the threads.
    pub(crate) fn start(shards: Arc<[ShardInbox]>) -> std::io::Result<Self> {
        let desk = Arc::new(Desk {
            shards,
            queues: Mutex::new(Queues::default()),
            changed: Condvar::new(),
            throttle: Mutex::new(Throttle::default()),
            hashed: Mutex::new(Buckets::new(HASHES_PER_CONNECTION.period)),
        });
        let vault = Self { desk };
        for n in 0..THREADS {
            let desk = Arc::clone(&vault.desk);
            std::thread::Builder::new().name(format!("vault-{n}")).spawn(move || desk.run())?;
        }
        Ok(vault)
    }

    /// Has a password checked.
    pub(crate) fn check(
        &self,
        asker: Asker,
        of: Guarded,
        password: Secret,
        credential: Option<Credential>,
        policy: &Policy,
    ) {
        let per_minute = policy.limits.failed_logins_per_minute;
        if let Some(wait) = self.desk.wait(&of, asker, per_minute) {
            return self.desk.tell(asker, limited(Slowed::Guesses, wait));
        }
        let cost = cost(policy);
        let check = Check { asker, of, password, credential, per_minute, cost };
        let mut queues = self.desk.queues();
        let pushed_out = queues.checks.push(net(asker.peer), check);
        let patience = queues.patience();
        drop(queues);
        self.desk.changed.notify_one();
        if let Some(Check { asker, .. }) = pushed_out {
            self.desk.tell(asker, limited(Slowed::Busy, patience));
        }
    }

    /// Has a new password hashed.
    pub(crate) fn hash(&self, asker: Asker, password: Secret, policy: &Policy) {
        let per_minute = policy.limits.registrations_per_minute;
        if let Some(wait) = self.desk.hash_wait(asker, per_minute) {
            return self.desk.tell(asker, limited(Slowed::Registrations, wait));
        }
        let hash = Hash { asker, password, cost: cost(policy), per_minute };
        let mut queues = self.desk.queues();
        let pushed_out = queues.hashes.push(net(asker.peer), hash);
        let patience = queues.patience();
        drop(queues);
        self.desk.charge_hash(asker, per_minute);
        self.desk.changed.notify_one();
        if let Some(Hash { asker, per_minute, .. }) = pushed_out {
            self.desk.refund_hash(asker, per_minute);
            self.desk.tell(asker, limited(Slowed::Busy, patience));
        }
    }

    /// Tells what a proof of a name's password is checked against.
    pub(crate) fn prove(
        &self,
        asker: Asker,
        name: &Name,
        credential: Option<&Credential>,
        policy: &Policy,
    ) {
        let per_minute = policy.limits.failed_logins_per_minute;
        let checked = match self.desk.wait(&Guarded::account(name), asker, per_minute) {
            Some(wait) => limited(Slowed::Guesses, wait),
            None => prove(name, credential),
        };
        self.desk.tell(asker, checked);
    }

    /// Counts a proof that the session has looked at, before anything may come of it: a wrong one is
    /// charged, and even a right one is refused after too many wrong ones.
    pub(crate) fn proof(&self, asker: Asker, of: &Guarded, right: bool, policy: &Policy) {
        let per_minute = policy.limits.failed_logins_per_minute;
        let checked = match self.desk.wait(of, asker, per_minute) {
            Some(wait) => limited(Slowed::Guesses, wait),
            None => {
                let (mut throttle, now) = (self.desk.throttle(), Instant::now());
                match right {
                    true => throttle.know(of, net(asker.peer), now),
                    false => throttle.charge(of, net(asker.peer), per_minute, now),
                }
                Checked::Counted
            }
        };
        self.desk.tell(asker, checked);
    }

    /// Answers a session at once.
    pub(crate) fn tell(&self, asker: Asker, checked: Checked) {
        self.desk.tell(asker, checked);
    }

    /// Drops what waits for a session that has ended.
    pub(crate) fn forget(&self, session: SessionNumber) {
        let mut queues = self.desk.queues();
        queues.checks.drop_where(|check| check.asker.session == session);
        queues.hashes.drop_where(|hash| hash.asker.session == session);
    }
}

impl Drop for Vault {
    fn drop(&mut self) {
        self.desk.queues().closed = true;
        self.desk.changed.notify_all();
    }
}

impl Default for Queues {
    fn default() -> Self {
        Self {
            checks: FairQueue::new(CHECKS_MAX),
            hashes: FairQueue::new(HASHES_MAX),
            checks_in_a_row: 0,
            took: Duration::ZERO,
            closed: false,
        }
    }
}

impl Queues {
    /// Checks go first, but for a hash after every few of them.
    fn next(&mut self) -> Option<Next> {
        let hash_is_due = self.checks_in_a_row >= CHECKS_IN_A_ROW_MAX;
        if (!hash_is_due || self.hashes.is_empty())
            && let Some(check) = self.checks.pop()
        {
            self.checks_in_a_row = self.checks_in_a_row.saturating_add(1);
            return Some(Next::Check(check));
        }
        self.checks_in_a_row = 0;
        self.hashes.pop().map(Next::Hash)
    }

    /// The time after which all that waits now will be done.
    fn patience(&self) -> Duration {
        let waiting = u32::try_from(self.checks.len() + self.hashes.len()).unwrap_or(u32::MAX);
        self.took.saturating_mul(waiting) / 2
    }
}

impl Desk {
    fn run(&self) {
        let mut hasher = Hasher::default();
        loop {
            match self.next(&hasher) {
                Next::Check(check) => self.check(&check, &mut hasher),
                Next::Hash(Hash { asker, password, cost, .. }) => {
                    let began = Instant::now();
                    let hashed = hash(&mut hasher, &password, cost);
                    self.note(began);
                    self.tell(asker, hashed);
                }
                Next::Idle => hasher.release(),
                Next::End => return,
            }
        }
    }

    fn next(&self, hasher: &Hasher) -> Next {
        let mut queues = self.queues();
        loop {
            if queues.closed {
                return Next::End;
            }
            if let Some(next) = queues.next() {
                return next;
            }
            if !hasher.holds_memory() {
                queues = self.changed.wait(queues).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let waited = self.changed.wait_timeout(queues, IDLE);
            let (locked, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            queues = locked;
            if timeout.timed_out() && queues.checks.is_empty() && queues.hashes.is_empty() {
                return Next::Idle;
            }
        }
    }

    /// A check is charged before it is made and refunded if it was right, so that many at a time
    /// gain a guesser nothing. Only as many are charged at a time as there are threads.
    fn check(&self, check: &Check, hasher: &mut Hasher) {
        let Check { asker, of, password, credential, per_minute, cost } = check;
        let from = net(asker.peer);
        let mut throttle = self.throttle();
        if let Some(wait) = throttle.wait(of, from, *per_minute, Instant::now()) {
            drop(throttle);
            return self.tell(*asker, limited(Slowed::Guesses, wait));
        }
        throttle.charge(of, from, *per_minute, Instant::now());
        drop(throttle);
        let began = Instant::now();
        let checked = compare(hasher, password, credential.as_ref(), *cost);
        self.note(began);
        if matches!(checked, Checked::Right(_)) {
            let mut throttle = self.throttle();
            throttle.refund(of, from, *per_minute);
            throttle.know(of, from, Instant::now());
        }
        self.tell(*asker, checked);
    }

    fn wait(&self, of: &Guarded, asker: Asker, per_minute: u32) -> Option<Duration> {
        self.throttle().wait(of, net(asker.peer), per_minute, Instant::now())
    }

    /// The time until another password is hashed for a session; `None` if it is now.
    fn hash_wait(&self, asker: Asker, per_minute: u32) -> Option<Duration> {
        let hashed = self.hashed.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let waits = hashing(asker, per_minute).map(|(key, rate)| hashed.wait(&key, rate, now));
        waits.max().filter(|wait| !wait.is_zero())
    }

    fn charge_hash(&self, asker: Asker, per_minute: u32) {
        let mut hashed = self.hashed.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, rate) in hashing(asker, per_minute) {
            hashed.charge(key, rate, Instant::now());
        }
    }

    fn refund_hash(&self, asker: Asker, per_minute: u32) {
        let mut hashed = self.hashed.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, rate) in hashing(asker, per_minute) {
            hashed.refund(&key, rate);
        }
    }

    /// Notes how long a hash took.
    fn note(&self, began: Instant) {
        let mut queues = self.queues();
        queues.took = (queues.took * 7 + began.elapsed()) / 8;
    }

    fn tell(&self, asker: Asker, checked: Checked) {
        let Asker { session, request, .. } = asker;
        if let Some(shard) = self.shards.get(shard_of(session, self.shards.len())) {
            shard.send(ToShard::Checked { session, request, checked });
        }
    }

    fn queues(&self) -> MutexGuard<'_, Queues> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn throttle(&self) -> MutexGuard<'_, Throttle> {
        self.throttle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The buckets that a new password is charged to; none where there is no bound.
fn hashing(asker: Asker, per_minute: u32) -> impl Iterator<Item = (Hashing, Rate)> {
    let bounded = per_minute > 0;
    let from = net(asker.peer);
    let network = from.map(|_| (Hashing::Network(from), Rate::per_minute(per_minute)));
    let connection = Some((Hashing::Connection(asker.session), HASHES_PER_CONNECTION));
    [network, connection].into_iter().flatten().filter(move |_| bounded)
}

fn cost(policy: &Policy) -> Cost {
    Cost { memory_kib: policy.password_memory_kib, passes: policy.password_passes }
}

fn limited(why: Slowed, wait: Duration) -> Checked {
    Checked::Limited { why, seconds: seconds(wait) }
}

/// What a proof is checked against: for a name without a password, something that no proof fits.
fn prove(name: &Name, credential: Option<&Credential>) -> Checked {
    let Some(nonce) = random() else { return limited(Slowed::Busy, Duration::ZERO) };
    let known = credential.and_then(|known| Some((known.verifier.scram()?, known.proves)));
    let (text, proof) = match known {
        Some((text, Proves::Account(proof))) => (text.to_owned(), Some(proof)),
        _ => {
            let secret = SECRET.get_or_init(|| random().unwrap_or_default());
            (ScramCredential::fake(&secret[..], name.folded()).to_text(), None)
        }
    };
    let scram = Scram { credential: text.into(), nonce: hex(nonce).into(), proof };
    Checked::Scram(Box::new(scram))
}

/// What fakes are made of: the same while the server runs, so that they do not change from one try
/// to the next.
static SECRET: OnceLock<[u8; 16]> = OnceLock::new();

fn random() -> Option<[u8; 16]> {
    let mut bytes = [0; 16];
    match getrandom::fill(&mut bytes) {
        Ok(()) => Some(bytes),
        Err(error) => {
            tracing::error!("the system gives no random numbers: {error}");
            None
        }
    }
}

fn hex(bytes: [u8; 16]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Without a credential the answer takes as long as with one: time does not tell which names there
/// are.
fn compare(
    hasher: &mut Hasher,
    password: &Secret,
    credential: Option<&Credential>,
    cost: Cost,
) -> Checked {
    match credential {
        Some(Credential { verifier, proves }) => {
            match hasher.verify(password.expose(), verifier.phc()) {
                true => Checked::Right(*proves),
                false => Checked::Wrong,
            }
        }
        None => {
            if let Err(error) = hasher.hash(password.expose(), [0; 16], cost) {
                tracing::error!("cannot hash a password: {error}");
            }
            Checked::Wrong
        }
    }
}

fn hash(hasher: &mut Hasher, password: &Secret, cost: Cost) -> Checked {
    // A verifier with a salt that is not random is none to be kept.
    let (Some(salt), Some(scram_salt)) = (random(), random()) else {
        return limited(Slowed::Busy, Duration::ZERO);
    };
    match hasher.hash(password.expose(), salt, cost) {
        Ok(hash) => {
            let scram = std::str::from_utf8(password.expose())
                .map(|text| ScramCredential::derive(text, &scram_salt, ITERATIONS).to_text());
            let verifier = Verifier::new(hash);
            Checked::Hashed(match scram {
                Ok(scram) => verifier.with_scram(&scram),
                Err(_) => verifier,
            })
        }
        Err(error) => {
            tracing::error!("cannot hash a password: {error}");
            limited(Slowed::Busy, Duration::ZERO)
        }
    }
}

#[cfg(test)]
mod tests {
    use chinwag_model::id::{PersonId, Seq};
    use chinwag_model::proof::Proof;

    use super::*;

    const COST: Cost = Cost { memory_kib: 8, passes: 1 };

    fn asker(session: SessionNumber) -> Asker {
        Asker { session, request: 1, peer: Some([10, 0, 0, 1].into()) }
    }

    fn check(session: SessionNumber) -> Check {
        Check {
            asker: asker(session),
            of: Guarded::Server,
            password: Secret::new(String::new()),
            credential: None,
            per_minute: 10,
            cost: COST,
        }
    }

    fn hash_of(session: SessionNumber) -> Hash {
        let password = Secret::new(String::new());
        Hash { asker: asker(session), password, cost: COST, per_minute: 60 }
    }

    #[test]
    fn a_password_is_right_only_as_it_was_set() {
        let secret = |text: &str| Secret::new(text.to_owned());
        let hasher = &mut Hasher::default();
        let Checked::Hashed(verifier) = hash(hasher, &secret("tea"), COST) else {
            panic!("not hashed")
        };
        let proves = Proves::Account(Proof::of(PersonId(7), Seq(3)));
        let known = Credential { verifier, proves };
        let right = Checked::Right(proves);
        assert_eq!(compare(hasher, &secret("tea"), Some(&known), COST), right);
        assert_eq!(compare(hasher, &secret("Tea"), Some(&known), COST), Checked::Wrong);
        assert_eq!(compare(hasher, &secret("tea"), None, COST), Checked::Wrong);
    }

    #[test]
    fn attack_checks_go_before_hashes_and_neither_starves() {
        let mut queues = Queues::default();
        for n in 0..100 {
            queues.hashes.push(None, hash_of(n));
        }
        for n in 0..20 {
            queues.checks.push(None, check(n));
        }
        let mut order = String::new();
        while let Some(next) = queues.next() {
            order.push(if matches!(next, Next::Check(_)) { 'c' } else { 'h' });
        }
        assert!(order.starts_with("ccccccchccccccchcccccch"), "{order}");
        assert_eq!(order.len(), 120);
    }

    #[test]
    fn attack_one_network_cannot_fill_a_queue() {
        let mut queues = Queues::default();
        let flood = net(Some([10, 0, 0, 1].into()));
        let other = net(Some([10, 0, 0, 2].into()));
        for n in 0..5000 {
            queues.checks.push(flood, check(n));
        }
        assert_eq!(queues.checks.len(), CHECKS_MAX);
        let pushed_out = queues.checks.push(other, check(9999)).unwrap();
        assert_ne!(pushed_out.asker.session, 9999);
        queues.checks.pop();
        assert_eq!(queues.checks.pop().unwrap().asker.session, 9999, "its turn is the second");
    }

    #[test]
    fn registrations_are_counted_by_network_and_connection() {
        let keys =
            |per_minute| hashing(asker(7), per_minute).map(|(key, _)| key).collect::<Vec<_>>();
        let from = net(Some([10, 0, 0, 1].into()));
        assert_eq!(keys(60), [Hashing::Network(from), Hashing::Connection(7)]);
        assert_eq!(keys(0), []);
    }
}
