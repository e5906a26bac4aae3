//! A node gets a seed: from whichever other node gives one.

use async_nats::{Client, RequestErrorKind, StatusCode};
use bytes::Bytes;
use chinwag_model::id::Seq;
use chinwag_storage::seed::{Files, SeedError, SeedSink};
use futures_util::StreamExt;
use futures_util::stream::iter;
use tokio::time::{Duration, Instant, sleep, timeout, timeout_at};

use super::words::{Answer, CHUNK_BYTES, Offer, Place, Question, files, read_chunk};
use crate::connection::Cluster;
use crate::error::NatsError;
use crate::options::{Options, is_name};

/// How long offers are waited for once all were asked.
const OFFERS: Duration = Duration::from_millis(700);

/// Offers that are looked at.
const OFFERS_MAX: usize = 64;

/// How long nobody may offer anything. Nodes that start together do so at their own pace.
const NOBODY: Duration = Duration::from_secs(5);

/// Who has nothing yet is asked again after this.
const ASK_AGAIN: Duration = Duration::from_millis(250);

/// While all who give are busy, they are asked again after this.
const BUSY: Duration = Duration::from_secs(2);

/// How long an answer may take, and how often it is asked for.
const ANSWER: Duration = Duration::from_secs(15);
const TRIES: u32 = 3;

/// Whoever is told how it goes is told so even if nothing comes.
const TELL: Duration = Duration::from_secs(1);

/// How long a giver may make no headway in making a seed.
const STANDSTILL: Duration = Duration::from_secs(60);

/// Chunks that are asked for at a time.
const AT_A_TIME: usize = 4;

/// Givers in a row that failed, after which it is given up; and how long to wait between them: twice as
/// long after each.
const FAILURES_MAX: u32 = 6;
const PAUSE_MIN: Duration = Duration::from_millis(500);

/// The longest reason that another node may give, in bytes; what is beyond is not told.
const REASON_BYTES_MAX: usize = 200;

/// What becomes of getting a seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seeding {
    /// All who could give one give one to another node now.
    Waiting,
    /// The node of this name makes one; so many of about so many bytes are done.
    Making(String, u64, u64),
    /// It is copied from the node of this name; so many of so many bytes have come.
    Copying(String, u64, u64),
    /// The node of this name has failed, for this reason; another one is asked.
    Failed(String, String),
}

/// Who is told what becomes of getting a seed, at least once a second while it copies. It says
/// whether to go on.
pub type Going<'g> = &'g mut dyn FnMut(Seeding) -> bool;

/// Why a giver gave none.
enum NoSeed {
    /// It gives to another.
    Busy,
    /// Another one may do better.
    Failed(String),
    /// Here is the reason; nobody can help.
    Ours(SeedError),
}

impl From<SeedError> for NoSeed {
    fn from(error: SeedError) -> Self {
        match error {
            SeedError::Damaged { .. } => Self::Failed(error.to_string()),
            own => Self::Ours(own),
        }
    }
}

impl Cluster {
    /// Gets a seed of the stream's log from another node. `last` is the last entry that this node has
    /// itself; 0 where that is none, or nothing worth.
    ///
    /// Waits 5 s at most for somebody to give one, and for as long as it takes for who gives one to
    /// another node just now. When it succeeds, the log can be opened with what has come.
    ///
    /// # Errors
    /// [`NatsError::NoSeed`] if nobody gives one, [`NatsError::Seed`] if it can't be taken, or is not to
    /// go on.
    pub fn seed(
        &self,
        last: Seq,
        sink: &mut dyn SeedSink,
        going: Going<'_>,
    ) -> Result<(), NatsError> {
        self.runtime.block_on(async {
            let mut failures = 0;
            let mut nobody_since = Instant::now();
            let mut reason = "no other node offers one".to_owned();
            loop {
                let (log, first) = self.log().await?;
                let offers = offers(self.api.client(), &self.options, &log).await?;
                if offers.is_empty() && nobody_since.elapsed() > NOBODY {
                    return Err(NatsError::NoSeed { last: last.0, first: first.0, reason });
                }
                let mut is_busy = false;
                for offer in &offers {
                    nobody_since = Instant::now();
                    let mut giver = Giver { cluster: self, node: &offer.node, seed: number()? };
                    match giver.get(sink, going).await {
                        Ok(()) => return Ok(()),
                        Err(NoSeed::Busy) => is_busy = true,
                        Err(NoSeed::Ours(error)) => return Err(NatsError::Seed(error)),
                        Err(NoSeed::Failed(why)) => {
                            failures += 1;
                            let told = Seeding::Failed(offer.node.clone(), why.clone());
                            if failures >= FAILURES_MAX {
                                let reason = format!("node {}: {why}", offer.node);
                                let (last, first) = (last.0, first.0);
                                return Err(NatsError::NoSeed { last, first, reason });
                            }
                            reason = why;
                            go_on(going, told)?;
                            sleep(PAUSE_MIN * 2_u32.pow(failures)).await;
                        }
                    }
                }
                if is_busy {
                    go_on(going, Seeding::Waiting)?;
                    sleep(BUSY).await;
                }
            }
        })
    }

    /// Which log the stream is now, and where it begins.
    async fn log(&self) -> Result<(String, Seq), NatsError> {
        let name = || self.options.stream.clone();
        let info = crate::standing::find(&self.api, true).await?;
        let info = info.ok_or_else(|| NatsError::Gone { stream: name(), last: 0 })?;
        let log = info.config.identity().ok_or_else(|| NatsError::Foreign { stream: name() })?;
        Ok((log.to_owned(), Seq(info.state.first_seq.max(1))))
    }
}

/// Who gives seeds of this log: those first who give to nobody now, and among them who answered first.
pub(crate) async fn offers(
    client: &Client,
    options: &Options,
    log: &str,
) -> Result<Vec<Offer>, NatsError> {
    let asked = |error: &dyn std::fmt::Display| NatsError::Asked(error.to_string());
    let inbox = client.new_inbox();
    let mut answers = client.subscribe(inbox.clone()).await.map_err(|e| asked(&e))?;
    let (subject, question) = (options.seed_subject(), Question::Who.to_bytes());
    client.publish_with_reply(subject, inbox, question).await.map_err(|e| asked(&e))?;
    let until = Instant::now() + OFFERS;
    let mut offers = Vec::new();
    while offers.len() < OFFERS_MAX
        && let Ok(Some(answer)) = timeout_at(until, answers.next()).await
    {
        if answer.status == Some(StatusCode::NO_RESPONDERS) {
            sleep(OFFERS).await;
            break;
        }
        offers.extend(offer(options, log, &answer.payload));
    }
    offers.sort_by_key(|offer| !offer.free);
    Ok(offers)
}

/// Another node's offer of a seed of this log.
fn offer(options: &Options, log: &str, payload: &[u8]) -> Option<Offer> {
    let Answer::Offer(offer) = Answer::read(payload)? else { return None };
    let is_good = is_name(&offer.node) && offer.node != options.node && offer.log == log;
    is_good.then_some(offer)
}

/// A node that gives.
struct Giver<'c> {
    cluster: &'c Cluster,
    node: &'c str,
    /// The number of the seed, drawn by chance.
    seed: u64,
}

impl Giver<'_> {
    async fn get(&mut self, sink: &mut dyn SeedSink, going: Going<'_>) -> Result<(), NoSeed> {
        let got = self.get_all(sink, going).await;
        // Who was busy, or is gone, does not mind.
        let end = Question::End(self.seed).to_bytes();
        let subject = self.cluster.options.seeds_of(self.node);
        let inbox = self.client().new_inbox();
        let _ = self.client().publish_with_reply(subject, inbox, end).await;
        let _ = self.client().flush().await;
        got
    }

    async fn get_all(&self, sink: &mut dyn SeedSink, going: Going<'_>) -> Result<(), NoSeed> {
        let files = self.make(going).await?;
        sink.begin(&files)?;
        let all = files.iter().map(|file| file.bytes).sum();
        let mut done = 0;
        let node = || self.node.to_owned();
        told(going, Seeding::Copying(node(), done, all))?;
        for (n, file) in files.iter().enumerate() {
            let places = (0..file.bytes.div_ceil(CHUNK_BYTES)).map(|chunk| Place {
                seed: self.seed,
                file: u8::try_from(n).unwrap_or(u8::MAX),
                chunk,
            });
            let chunks = iter(places).map(|place| self.chunk(place, &files)).buffered(AT_A_TIME);
            let mut chunks = std::pin::pin!(chunks);
            loop {
                match timeout(TELL, chunks.next()).await {
                    Ok(Some(chunk)) => {
                        let chunk = chunk?;
                        sink.put(n, &chunk)?;
                        done += chunk.len() as u64;
                    }
                    Ok(None) => break,
                    Err(_) => {}
                }
                told(going, Seeding::Copying(node(), done, all))?;
            }
        }
        let (log, first) =
            self.cluster.log().await.map_err(|error| NoSeed::Failed(error.to_string()))?;
        Ok(sink.finish(&log, first)?)
    }

    /// Has it make a seed.
    async fn make(&self, going: Going<'_>) -> Result<Files, NoSeed> {
        let own = self.cluster.options.node.clone();
        let mut headway = (0, Instant::now());
        loop {
            let answer = self.ask(&Question::Make(self.seed, own.clone())).await?;
            match Answer::read(&answer) {
                Some(Answer::Making(done, about)) => {
                    if done > headway.0 {
                        headway = (done, Instant::now());
                    }
                    if headway.1.elapsed() > STANDSTILL {
                        return Err(NoSeed::Failed("it makes no headway".to_owned()));
                    }
                    told(going, Seeding::Making(self.node.to_owned(), done, about))?;
                    sleep(ASK_AGAIN).await;
                }
                Some(Answer::Ready(told)) => {
                    let impossible = || NoSeed::Failed("it tells an impossible size".to_owned());
                    return files(told).ok_or_else(impossible);
                }
                Some(Answer::Busy) => return Err(NoSeed::Busy),
                Some(Answer::None(why)) => return Err(NoSeed::Failed(short(&why))),
                _ => return Err(NoSeed::Failed("it answers something else".to_owned())),
            }
        }
    }

    /// Gets a chunk.
    async fn chunk(&self, place: Place, files: &Files) -> Result<Bytes, NoSeed> {
        let Some((_, _, count)) = place.range(files) else { return Ok(Bytes::new()) };
        for _ in 0..TRIES {
            let answer = self.ask(&Question::Chunk(place)).await?;
            if let Some(bytes) = read_chunk(&answer, place, count) {
                return Ok(answer.slice_ref(bytes));
            }
            if let Some(Answer::None(why)) = Answer::read(&answer) {
                return Err(NoSeed::Failed(short(&why)));
            }
        }
        Err(NoSeed::Failed("what it gives is damaged".to_owned()))
    }

    /// Asks, and asks again where no answer comes.
    async fn ask(&self, question: &Question) -> Result<Bytes, NoSeed> {
        let mut why = String::new();
        for attempt in 0..TRIES {
            let subject = self.cluster.options.seeds_of(self.node);
            let asked = self.client().request(subject, question.to_bytes());
            match timeout(ANSWER, asked).await {
                Ok(Ok(answer)) => return Ok(answer.payload),
                Ok(Err(error)) => {
                    why = error.to_string();
                    // It may have lost its server, and be back soon.
                    if error.kind() != RequestErrorKind::TimedOut {
                        sleep(Duration::from_secs(1) * attempt).await;
                    }
                }
                Err(_) => "no answer".clone_into(&mut why),
            }
        }
        Err(NoSeed::Failed(why))
    }

    fn client(&self) -> &Client {
        self.cluster.api.client()
    }
}

/// A number by chance.
fn number() -> Result<u64, NatsError> {
    let mut number = [0; 8];
    getrandom::fill(&mut number).map_err(|error| NatsError::System(error.into()))?;
    Ok(u64::from_be_bytes(number))
}

/// A reason that another node gave, fit to be told.
fn short(why: &str) -> String {
    let mut bytes = 0;
    let fits = |c: &char| {
        bytes += c.len_utf8();
        bytes <= REASON_BYTES_MAX
    };
    why.chars().filter(|c| !c.is_control()).take_while(fits).collect()
}

fn told(going: Going<'_>, what: Seeding) -> Result<(), NoSeed> {
    if going(what) { Ok(()) } else { Err(NoSeed::Ours(SeedError::GivenUp)) }
}

fn go_on(going: Going<'_>, what: Seeding) -> Result<(), NatsError> {
    if going(what) { Ok(()) } else { Err(NatsError::Seed(SeedError::GivenUp)) }
}
