//! A node gives seeds: to one other node at a time, and no faster than it may.
//!
//! Making a seed and reading it is done on threads of their own; what is live does not wait for either.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_nats::{Client, Message, Subject, Subscriber};
use bytes::Bytes;
use chinwag_storage::seed::{Seed, SeedError, SeedSource};
use futures_util::StreamExt;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::time::{Duration, Instant, MissedTickBehavior, interval, sleep, sleep_until};

use super::words::{Answer, Offer, Place, Question, write_chunk};
use crate::options::{Options, is_name};

/// Chunks that may wait to be sent; whoever asked for one beyond asks again.
const WAITING_MAX: usize = 16;

/// Whoever asks for nothing for so long is gone.
const SILENCE: Duration = Duration::from_secs(30);

/// How often it is looked whether somebody is.
const TICK: Duration = Duration::from_secs(1);

/// After this it is tried again to subscribe.
const AGAIN: Duration = Duration::from_secs(1);

/// What a node needs to give seeds. It can for as long as the log lives that it is of.
pub struct Giving {
    pub(crate) options: Arc<Options>,
    pub(crate) client: Client,
    pub(crate) runtime: Handle,
    /// The log's identity.
    pub(crate) log: String,
}

impl Giving {
    /// Gives seeds of this from now on, at no more than so many bytes a second.
    pub fn begin(self, source: Arc<dyn SeedSource>, bytes_per_second: u64) {
        let Self { options, client, runtime, log } = self;
        let (chunks, wanted) = mpsc::channel(WAITING_MAX);
        runtime.spawn(send(client.clone(), bytes_per_second.max(1), wanted));
        let giver = Giver { options, client, log, source, chunks, slot: None };
        runtime.spawn(giver.run());
    }
}

impl std::fmt::Debug for Giving {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Giving").field("node", &self.options.node).finish_non_exhaustive()
    }
}

struct Giver {
    options: Arc<Options>,
    client: Client,
    log: String,
    source: Arc<dyn SeedSource>,
    chunks: mpsc::Sender<Wanted>,
    slot: Option<Slot>,
}

/// A seed for another node.
struct Slot {
    seed: u64,
    /// For whom it is, as they say.
    node: String,
    asked: Instant,
    made: Arc<Made>,
}

/// What the thread that makes a seed shares.
struct Made {
    done: AtomicU64,
    about: u64,
    /// Nobody wants it any more.
    unwanted: AtomicBool,
    seed: Mutex<Option<Result<Arc<dyn Seed>, SeedError>>>,
}

/// A chunk that is to be sent.
struct Wanted {
    seed: Arc<dyn Seed>,
    place: Place,
    range: (usize, u64, usize),
    reply: Subject,
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.made.unwanted.store(true, Ordering::Relaxed);
    }
}

impl Made {
    fn seed(&self) -> std::sync::MutexGuard<'_, Option<Result<Arc<dyn Seed>, SeedError>>> {
        self.seed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the seed, on a thread of its own.
    fn start(self: Arc<Self>, source: Arc<dyn SeedSource>) {
        let own = Arc::clone(&self);
        let work = move || {
            let made = source.make(&mut |done| {
                own.done.store(done, Ordering::Relaxed);
                !own.unwanted.load(Ordering::Relaxed)
            });
            *own.seed() = Some(made.map(Arc::from));
        };
        if let Err(error) = std::thread::Builder::new().name("seed".to_owned()).spawn(work) {
            let reason = format!("no thread to be had: {error}");
            *self.seed() = Some(Err(SeedError::Failed { reason }));
        }
    }

    fn answer(&self) -> Answer {
        match &*self.seed() {
            None => Answer::Making(self.done.load(Ordering::Relaxed), self.about),
            Some(Ok(seed)) => Answer::ready(&seed.files()),
            Some(Err(error)) => Answer::None(error.to_string()),
        }
    }
}

impl Giver {
    async fn run(mut self) {
        loop {
            if let Some((all, own)) = self.subscribe().await {
                self.serve(all, own).await;
            }
            sleep(AGAIN).await;
        }
    }

    async fn subscribe(&self) -> Option<(Subscriber, Subscriber)> {
        let all = self.client.subscribe(self.options.seed_subject()).await.ok()?;
        let own = self.options.seeds_of(&self.options.node);
        Some((all, self.client.subscribe(own).await.ok()?))
    }

    async fn serve(&mut self, mut all: Subscriber, mut own: Subscriber) {
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let asked = tokio::select! {
                asked = all.next() => asked,
                asked = own.next() => asked,
                _ = tick.tick() => {
                    self.mind();
                    continue;
                }
            };
            let Some(asked) = asked else { return };
            self.asked(&asked).await;
        }
    }

    /// Gives up whoever is gone.
    fn mind(&mut self) {
        if let Some(slot) = self.slot.take_if(|slot| slot.asked.elapsed() > SILENCE) {
            tracing::warn!("node {} has stopped copying from this one", shown(&slot.node));
        }
    }

    async fn asked(&mut self, asked: &Message) {
        let (Some(question), Some(reply)) = (Question::read(&asked.payload), &asked.reply) else {
            return;
        };
        let answer = match question {
            Question::Who => Answer::Offer(Offer {
                node: self.options.node.clone(),
                log: self.log.clone(),
                bytes: self.source.bytes(),
                free: self.slot.is_none(),
            }),
            Question::Make(seed, node) => self.make(seed, node),
            Question::Chunk(place) => match self.chunk(place, reply.clone()) {
                Some(none) => none,
                None => return,
            },
            Question::End(seed) => {
                if let Some(slot) = self.slot.take_if(|slot| slot.seed == seed) {
                    tracing::info!("node {} needs nothing more of this one", shown(&slot.node));
                }
                return;
            }
        };
        publish(&self.client, reply.clone(), answer.to_bytes()).await;
    }

    /// Begins to make a seed for a node, or tells how it goes.
    fn make(&mut self, seed: u64, node: String) -> Answer {
        // A node that asks for another one has begun anew.
        self.slot.take_if(|slot| slot.seed != seed && slot.node == node);
        let slot = self.slot.get_or_insert_with(|| {
            tracing::info!("node {} copies the past from this one", shown(&node));
            let made = Arc::new(Made {
                done: AtomicU64::new(0),
                about: self.source.bytes(),
                unwanted: AtomicBool::new(false),
                seed: Mutex::new(None),
            });
            Arc::clone(&made).start(Arc::clone(&self.source));
            Slot { seed, node, asked: Instant::now(), made }
        });
        if slot.seed != seed {
            return Answer::Busy;
        }
        slot.asked = Instant::now();
        let answer = slot.made.answer();
        if let Answer::None(why) = &answer {
            tracing::error!("no copy can be made for another node: {why}");
            self.slot = None;
        }
        answer
    }

    /// Has a chunk sent, if there is one.
    fn chunk(&mut self, place: Place, reply: Subject) -> Option<Answer> {
        let none = || Some(Answer::None("there is no such chunk".to_owned()));
        let Some(slot) = self.slot.as_mut().filter(|slot| slot.seed == place.seed) else {
            return none();
        };
        slot.asked = Instant::now();
        let seed = match &*slot.made.seed() {
            Some(Ok(seed)) => Arc::clone(seed),
            _ => return none(),
        };
        let Some(range) = place.range(&seed.files()) else { return none() };
        // Who asks for more at a time than can wait asks again.
        let _ = self.chunks.try_send(Wanted { seed, place, range, reply });
        None
    }
}

/// Sends chunks, at the pace that is allowed.
async fn send(client: Client, bytes_per_second: u64, mut wanted: mpsc::Receiver<Wanted>) {
    let mut next = Instant::now();
    while let Some(Wanted { seed, place, range: (file, from, count), reply }) = wanted.recv().await
    {
        sleep_until(next).await;
        let took = u64::try_from(count).unwrap_or(u64::MAX).saturating_mul(1_000_000);
        next = next.max(Instant::now()) + Duration::from_micros(took / bytes_per_second);
        let read = tokio::task::spawn_blocking(move || {
            seed.read(file, from, count).map(|bytes| write_chunk(place, &bytes))
        });
        let answer = match read.await {
            Ok(Ok(chunk)) => chunk,
            Ok(Err(error)) => Answer::None(error.to_string()).to_bytes(),
            Err(_) => return,
        };
        publish(&client, reply, answer).await;
    }
}

/// A node's name, if it is one.
fn shown(node: &str) -> &str {
    if is_name(node) { node } else { "(of no name)" }
}

async fn publish(client: &Client, reply: Subject, answer: Bytes) {
    if let Err(error) = client.publish(reply, answer).await {
        tracing::debug!("cannot answer another node: {error}");
    }
}
