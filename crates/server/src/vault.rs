//! Hashing and checking passwords, on threads of their own, and slowing those who guess.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use chinwag_core::state::Credential;
use chinwag_model::ask::{Checked, Scram};
use chinwag_model::name::Name;
use chinwag_model::secret::{Secret, Verifier};
use chinwag_node::delivery::SessionNumber;
use chinwag_node::route::shard_of;
use chinwag_wire::sasl::credential::{ITERATIONS, ScramCredential};
use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use hashbrown::HashMap;

use crate::courier::{ShardInbox, ToShard};
use crate::seat::network;

/// Passwords that wait to be hashed; beyond, who asks is told to try again.
const QUEUE_MAX: usize = 1024;

/// Threads that hash. Each hash takes the configured memory, so that this bounds it.
const THREADS: usize = 2;

/// Addresses and names whose failures are remembered; beyond, those that failed long ago are
/// forgotten.
const FAILURES_MAX: usize = 100_000;

const MINUTE: Duration = Duration::from_secs(60);

/// A password to check or to hash, and who wants to know.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) session: SessionNumber,
    pub(crate) request: u32,
    pub(crate) work: Work,
}

#[derive(Debug)]
pub(crate) enum Work {
    Check {
        name: Name,
        password: Secret,
        credential: Option<Credential>,
        peer: Option<IpAddr>,
        /// Failures allowed for a name and for an address; 0 for no bound.
        per_minute: u32,
    },
    Hash {
        password: Secret,
        cost: Cost,
    },
    /// What a proof is checked against.
    Prove {
        name: Name,
        credential: Option<Credential>,
        peer: Option<IpAddr>,
        per_minute: u32,
    },
}

/// What hashing costs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    pub(crate) memory_kib: u32,
    pub(crate) passes: u32,
}

/// The way to the hashing threads.
#[derive(Clone, Debug)]
pub(crate) struct Vault {
    jobs: Sender<Job>,
    shards: Arc<[ShardInbox]>,
    failures: Arc<Mutex<Failures>>,
}

impl Vault {
    /// Starts the threads; they end when the last handle is gone.
    pub(crate) fn start(shards: Arc<[ShardInbox]>) -> std::io::Result<(Self, Vec<JoinHandle<()>>)> {
        let (jobs, inbox) = bounded(QUEUE_MAX);
        let failures = Arc::new(Mutex::new(Failures::default()));
        let start = |n| {
            let (inbox, shards, failures) =
                (inbox.clone(), Arc::clone(&shards), Arc::clone(&failures));
            std::thread::Builder::new()
                .name(format!("vault-{n}"))
                .spawn(move || run(&inbox, &shards, &failures))
        };
        let threads = (0..THREADS).map(start).collect::<Result<_, _>>()?;
        Ok((Self { jobs, shards, failures }, threads))
    }

    /// Has a job done; who asked is told by their shard. A check counts as a failure until it
    /// turns out right, so that many at a time gain a guesser nothing.
    pub(crate) fn take(&self, job: Job) {
        if let Work::Check { name, peer, per_minute, .. }
        | Work::Prove { name, peer, per_minute, .. } = &job.work
        {
            let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
            if let Err(wait) = failures.charge(name, *peer, *per_minute, Instant::now()) {
                drop(failures);
                let seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1);
                return tell(&self.shards, &job, Checked::Limited { seconds });
            }
        }
        if let Err(TrySendError::Full(job) | TrySendError::Disconnected(job)) =
            self.jobs.try_send(job)
        {
            tell(&self.shards, &job, Checked::Limited { seconds: 1 });
        }
    }
}

impl Vault {
    /// A proof was right: it does not count.
    pub(crate) fn forgive(&self, name: &Name, peer: Option<IpAddr>, per_minute: u32) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.forgive(name, peer, per_minute);
    }
}

fn run(inbox: &Receiver<Job>, shards: &[ShardInbox], failures: &Mutex<Failures>) {
    for job in inbox {
        let checked = match &job.work {
            Work::Check { name, password, credential, peer, per_minute } => {
                let checked = check(password, credential.as_ref());
                if matches!(checked, Checked::Right { .. }) {
                    let mut failures = failures.lock().unwrap_or_else(PoisonError::into_inner);
                    failures.forgive(name, *peer, *per_minute);
                }
                checked
            }
            Work::Hash { password, cost } => hash(password, *cost),
            Work::Prove { name, credential, .. } => prove(name, credential.as_ref()),
        };
        tell(shards, &job, checked);
    }
}

fn tell(shards: &[ShardInbox], job: &Job, checked: Checked) {
    let Job { session, request, .. } = *job;
    if let Some(shard) = shards.get(shard_of(session, shards.len())) {
        shard.send(ToShard::Checked { session, request, checked });
    }
}

/// What a proof is checked against: for who has no such thing, something that none fits.
fn prove(name: &Name, credential: Option<&Credential>) -> Checked {
    let nonce = hex(random());
    let known = credential.and_then(|known| Some((known.verifier.scram()?, known.version)));
    let (text, version) = match known {
        Some((text, version)) => (text.to_owned(), version),
        None => {
            (ScramCredential::fake(&SECRET.get_or_init(random)[..], name.folded()).to_text(), 0)
        }
    };
    let scram = Scram { credential: text.into(), nonce: nonce.into(), version };
    Checked::Scram(Box::new(scram))
}

/// What fakes are made of: the same while the server runs, so that they do not change from one try
/// to the next.
static SECRET: OnceLock<[u8; 16]> = OnceLock::new();

fn random() -> [u8; 16] {
    let mut bytes = [0; 16];
    if let Err(error) = getrandom::fill(&mut bytes) {
        tracing::error!("the system gives no random numbers: {error}");
    }
    bytes
}

fn hex(bytes: [u8; 16]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn check(password: &Secret, credential: Option<&Credential>) -> Checked {
    let Some(Credential { verifier, version }) = credential else { return Checked::Wrong };
    let right = PasswordHash::new(verifier.phc()).is_ok_and(|hash| {
        // The cost is in the hash; the hasher's own is not used.
        Argon2::default().verify_password(password.expose(), &hash).is_ok()
    });
    if right { Checked::Right { version: *version } } else { Checked::Wrong }
}

fn hash(password: &Secret, cost: Cost) -> Checked {
    let hashed = Params::new(cost.memory_kib, cost.passes, 1, None)
        .map_err(|error| error.to_string())
        .and_then(|params| {
            let hasher = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
            hasher.hash_password(password.expose()).map_err(|error| error.to_string())
        });
    match hashed {
        Ok(hash) => {
            let scram = std::str::from_utf8(password.expose())
                .map(|text| ScramCredential::derive(text, &random(), ITERATIONS).to_text());
            let verifier = Verifier::new(hash.to_string());
            Checked::Hashed(match scram {
                Ok(scram) => verifier.with_scram(&scram),
                Err(_) => verifier,
            })
        }
        Err(error) => {
            tracing::error!("cannot hash a password: {error}");
            Checked::Limited { seconds: 1 }
        }
    }
}

/// Who failed of late: a bucket for each address and each name, which holds a minute's tries and
/// fills again evenly.
#[derive(Debug, Default)]
pub(crate) struct Failures {
    /// When each would be as if it had never failed.
    clear_at: HashMap<Culprit, Instant>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Culprit {
    Address(IpAddr),
    Name(Box<str>),
}

impl Failures {
    /// Whether another try is allowed now, or how long it is not. It counts as a failure until
    /// [`forgive`](Self::forgive) takes it back.
    pub(crate) fn charge(
        &mut self,
        name: &Name,
        peer: Option<IpAddr>,
        per_minute: u32,
        now: Instant,
    ) -> Result<(), Duration> {
        if per_minute == 0 {
            return Ok(());
        }
        let step = MINUTE / per_minute;
        let culprits = culprits(name, peer);
        for culprit in &culprits {
            let clear = self.clear_at.get(culprit).copied().unwrap_or(now).max(now);
            let full = (clear + step).saturating_duration_since(now + MINUTE);
            if !full.is_zero() {
                return Err(full);
            }
        }
        if self.clear_at.len() >= FAILURES_MAX {
            self.clear_at.retain(|_, clear| *clear > now);
        }
        for culprit in culprits {
            let clear = self.clear_at.entry(culprit).or_insert(now);
            *clear = (*clear).max(now) + step;
        }
        Ok(())
    }

    /// The try was right: it does not count.
    pub(crate) fn forgive(&mut self, name: &Name, peer: Option<IpAddr>, per_minute: u32) {
        if per_minute == 0 {
            return;
        }
        for culprit in culprits(name, peer) {
            if let Some(clear) = self.clear_at.get_mut(&culprit) {
                *clear -= MINUTE / per_minute;
            }
        }
    }
}

fn culprits(name: &Name, peer: Option<IpAddr>) -> Vec<Culprit> {
    let name = Culprit::Name(name.folded().into());
    peer.map(|peer| Culprit::Address(network(peer))).into_iter().chain([name]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_right_only_as_it_was_set() {
        let secret = |text: &str| Secret::new(text.to_owned());
        let cost = Cost { memory_kib: 8, passes: 1 };
        let Checked::Hashed(verifier) = hash(&secret("tea"), cost) else { panic!("not hashed") };
        let credential = Credential { verifier, version: 3 };
        assert_eq!(check(&secret("tea"), Some(&credential)), Checked::Right { version: 3 });
        assert_eq!(check(&secret("Tea"), Some(&credential)), Checked::Wrong);
        assert_eq!(check(&secret("tea"), None), Checked::Wrong);
    }

    #[test]
    fn guessing_is_slowed_for_a_name_and_for_an_address() {
        let name = |text| Name::parse(text).unwrap();
        let peer = |n| Some(IpAddr::from([10, 0, 0, n]));
        let now = Instant::now();
        let mut failures = Failures::default();
        for n in 0..10 {
            assert_eq!(failures.charge(&name("ana"), peer(n), 10, now), Ok(()));
        }
        let wait = failures.charge(&name("ana"), peer(77), 10, now).unwrap_err();
        assert_eq!(wait, Duration::from_secs(6));
        assert_eq!(failures.charge(&name("bo"), peer(77), 10, now), Ok(()));
        assert_eq!(failures.charge(&name("ana"), peer(77), 10, now + wait), Ok(()));
        for _ in 0..8 {
            assert_eq!(failures.charge(&name("cy"), peer(77), 10, now + wait), Ok(()));
        }
        assert!(failures.charge(&name("dora"), peer(77), 10, now).is_err());
    }

    #[test]
    fn a_right_password_costs_nothing() {
        let name = Name::parse("ana").unwrap();
        let now = Instant::now();
        let mut failures = Failures::default();
        for _ in 0..1000 {
            assert_eq!(failures.charge(&name, None, 1, now), Ok(()));
            failures.forgive(&name, None, 1);
        }
    }
}
