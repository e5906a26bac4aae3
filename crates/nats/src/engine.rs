//! What runs while a node is in the cluster: it follows the stream, publishes, and looks after both.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use async_nats::connection::State;
use async_nats::{Client, HeaderMap, Message, StatusCode, Subscriber};
use chinwag_model::entry::{Entry, Packet};
use chinwag_model::id::{Seq, Timestamp};
use chinwag_storage::log::Pulse;
use futures_util::StreamExt;
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};

use crate::api::{self, Api, ApiError};
use crate::error::NatsError;
use crate::follow::{Changed, Line};
use crate::hazard::{self, Loss};
use crate::message::Stored;
use crate::options::Options;
use crate::publish::{Answer, Window};
use crate::stream;

/// How often it is looked whether something is due.
const TICK: Duration = Duration::from_millis(50);

/// After so long without a message, they are asked for.
const SILENCE: Duration = Duration::from_millis(500);

/// Servers that were asked for messages and are silent for so long are asked again.
const FETCH: Duration = Duration::from_secs(1);

/// After a fetch that gave nothing, the next one waits so long.
const FETCH_AGAIN: Duration = Duration::from_millis(50);

/// Messages that are fetched at a time, and their bytes.
const FETCH_COUNT: u32 = 1000;
const FETCH_BYTES: u32 = 8 << 20;

/// Fetches that leave a hole where it was, after which the stream's leader is asked.
const HOLE_TRIES: u32 = 5;

/// How often the stream itself is looked at.
const LOOK: Duration = Duration::from_secs(5);

/// So often in a row it has to look wrong: who was just elected may not know all.
const LOOKS_WRONG: u32 = 4;

/// Packets that may wait here: no more are on their way.
pub(crate) const OFFERS: usize = chinwag_storage::log::PACKETS_IN_FLIGHT_MAX;

/// Entries that may wait for the node. It then waits with reading.
pub(crate) const ENTRIES: usize = 64;

/// What the engine is told.
#[derive(Debug)]
pub(crate) enum Told {
    Offer(Packet),
    /// End once all that was offered is stored, but not later than this.
    End(Instant),
}

/// What the engine tells.
#[derive(Debug)]
pub(crate) enum Fed {
    Entry(Entry),
    /// It can't go on.
    Broken(String),
}

/// A [`Pulse`] as the engine tells it while it runs.
#[derive(Debug, Default)]
pub(crate) struct Beating {
    behind: AtomicU64,
    sent_again: AtomicU64,
    fetched: AtomicU64,
}

impl Beating {
    pub(crate) fn pulse(&self) -> Pulse {
        Pulse {
            behind: self.behind.load(Ordering::Relaxed),
            sent_again: self.sent_again.load(Ordering::Relaxed),
            fetched: self.fetched.load(Ordering::Relaxed),
        }
    }
}

/// The engine's own state.
pub(crate) struct Engine {
    api: Api,
    options: Arc<Options>,
    identity: String,
    line: Line,
    time: Timestamp,
    window: Window,
    feed: mpsc::Sender<Fed>,
    /// Where answers come to: this, `.a.` and the name of the sending, or `.f.` and the number of
    /// the fetch.
    inbox: String,
    fetch: Fetch,
    heard: Instant,
    looks: Looks,
    /// Whether the last packet was refused: the operator is told of the first one only.
    refused: bool,
    beating: Arc<Beating>,
}

/// The messages that were asked for.
#[derive(Debug)]
struct Fetch {
    number: u64,
    /// When they were asked for or last came; `None` when nothing is asked for.
    going: Option<Instant>,
    not_before: Instant,
    /// Fetches in a row that began behind a hole, and where that is.
    holes: (Seq, u32),
}

/// How the stream looks.
#[derive(Debug)]
struct Looks {
    next: Instant,
    wrong: u32,
    /// The last entry that it told of.
    last: u64,
    /// Whether the operator was told that it is set up to lose entries.
    has_told_losses: bool,
}

/// The end of following.
struct Broken(String);

impl Engine {
    /// An engine that goes on after an entry with this number and time.
    pub(crate) fn new(
        api: Api,
        options: Arc<Options>,
        identity: String,
        (last, time): (Seq, Timestamp),
        feed: mpsc::Sender<Fed>,
        beating: Arc<Beating>,
    ) -> Self {
        let (inbox, now) = (api.client().new_inbox(), Instant::now());
        Self {
            api,
            options,
            identity,
            line: Line::new(last),
            time,
            window: Window::new(),
            feed,
            inbox,
            fetch: Fetch { number: 0, going: None, not_before: now, holes: (Seq(0), 0) },
            heard: now.checked_sub(SILENCE).unwrap_or(now),
            looks: Looks { next: now + LOOK, wrong: 0, last: 0, has_told_losses: false },
            refused: false,
            beating,
        }
    }

    /// Subscribes. What is published from then on is not missed.
    pub(crate) async fn subscribe(&self) -> Result<(Subscriber, Subscriber), NatsError> {
        let asked = |error: async_nats::SubscribeError| NatsError::Asked(error.to_string());
        let client = self.api.client();
        let answers = client.subscribe(format!("{}.>", self.inbox)).await.map_err(asked)?;
        let live = client.subscribe(self.options.live_subjects()).await.map_err(asked)?;
        client.flush().await.map_err(|error| NatsError::Asked(error.to_string()))?;
        Ok((live, answers))
    }

    /// Runs until it is told to end, or can't go on.
    pub(crate) async fn run(
        mut self,
        (mut live, mut answers): (Subscriber, Subscriber),
        mut told: mpsc::Receiver<Told>,
    ) {
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut end: Option<Instant> = None;
        loop {
            let came = tokio::select! {
                message = live.next() => match message {
                    Some(message) => self.published(message).await,
                    None => Err(Broken("the connection to the NATS servers is closed".to_owned())),
                },
                message = answers.next() => match message {
                    Some(message) => self.answered(message).await,
                    None => Ok(()),
                },
                wanted = told.recv(), if end.is_none() => {
                    match wanted {
                        Some(Told::Offer(packet)) => self.window.offer(&packet),
                        Some(Told::End(at)) => end = Some(at),
                        None => end = Some(Instant::now()),
                    }
                    Ok(())
                }
                _ = tick.tick() => self.tick().await,
            };
            let went = match came {
                Ok(()) => self.publish().await,
                broken => broken,
            };
            self.beating.behind.store(self.line.behind(), Ordering::Relaxed);
            self.beating.sent_again.store(self.window.again(), Ordering::Relaxed);
            if let Err(Broken(why)) = went {
                let _ = self.feed.send(Fed::Broken(why)).await;
                return;
            }
            if self.feed.is_closed()
                || end.is_some_and(|at| self.window.is_empty() || Instant::now() >= at)
            {
                return;
            }
        }
    }

    fn client(&self) -> &Client {
        self.api.client()
    }

    /// The stream has published again what it has stored.
    async fn published(&mut self, message: Message) -> Result<(), Broken> {
        // What others may have published there is not the stream's.
        let Some(stored) = Stored::read(message) else { return Ok(()) };
        self.heard = Instant::now();
        self.came(stored).await
    }

    async fn came(&mut self, stored: Stored) -> Result<(), Broken> {
        self.line.came(stored).map_err(|Changed(seq)| {
            let (stream, last) = (self.options.stream.clone(), self.line.last().0);
            Broken(NatsError::Changed { stream, seq: seq.0, last }.to_string())
        })?;
        while let Some(stored) = self.line.next() {
            let seq = stored.seq;
            let entry = stored.entry(&self.options, self.time).map_err(|why| {
                Broken(format!(
                    "entry {} of the stream {} {why}; run `chinwag cluster doctor`",
                    seq.0, self.options.stream
                ))
            })?;
            self.time = entry.time;
            if self.options.node_of(&stored.subject) == Some(&self.options.node) {
                self.window.came_back(seq, &entry.packet, Instant::now());
            }
            // Who follows has gone, which ends this as well.
            let _ = self.feed.send(Fed::Entry(entry)).await;
        }
        Ok(())
    }

    /// An answer came: to a publishing, or to a fetch.
    async fn answered(&mut self, message: Message) -> Result<(), Broken> {
        let subject = message.subject.clone();
        let Some(rest) = subject.strip_prefix(self.inbox.as_str()) else { return Ok(()) };
        if let Some(name) = rest.strip_prefix(".a.").and_then(|name| name.parse().ok()) {
            self.acknowledged(name, &message);
            return Ok(());
        }
        let number = rest.strip_prefix(".f.").and_then(|number| number.parse().ok());
        if number != Some(self.fetch.number) || self.fetch.going.is_none() {
            return Ok(());
        }
        let now = Instant::now();
        let Some(status) = message.status else {
            self.fetch.going = Some(now);
            return match Stored::read(message) {
                Some(stored) => {
                    let last = self.line.last();
                    self.came(stored).await?;
                    let taken = self.line.last().0.saturating_sub(last.0);
                    self.beating.fetched.fetch_add(taken, Ordering::Relaxed);
                    Ok(())
                }
                None => Ok(()),
            };
        };
        self.fetch.going = None;
        self.heard = now;
        let pending = message.headers.as_ref().and_then(|headers| headers.get("Nats-Num-Pending"));
        let more = status == StatusCode::from_u16(204).unwrap_or(status)
            && pending.is_some_and(|pending| pending.as_str() != "0");
        if !more {
            self.fetch.not_before = now + FETCH_AGAIN;
        }
        if more || self.line.has_hole() {
            self.mind_hole().await?;
            self.fetch(now).await;
        }
        Ok(())
    }

    fn acknowledged(&mut self, name: u64, message: &Message) {
        let answer = match api::read::<serde::de::IgnoredAny>(message) {
            Ok(_) => Answer::Stored,
            Err(ApiError::Refused { code: api::WRONG_LAST, description }) => {
                let last = description.rsplit(' ').next().and_then(|last| last.parse().ok());
                last.map_or(Answer::Refused, |last| Answer::WrongLast(Seq(last)))
            }
            Err(error) => {
                if !std::mem::replace(&mut self.refused, true) {
                    tracing::error!("the NATS servers store nothing, trying again: {error}");
                }
                Answer::Refused
            }
        };
        if answer == Answer::Stored && std::mem::take(&mut self.refused) {
            tracing::info!("the NATS servers store again");
        }
        if let Answer::WrongLast(last) = answer
            && last > self.line.last()
        {
            self.fetch.not_before = Instant::now();
            self.heard = self.heard.checked_sub(SILENCE).unwrap_or(self.heard);
        }
        self.window.answered(name, answer, self.line.last(), Instant::now());
    }

    async fn tick(&mut self) -> Result<(), Broken> {
        let now = Instant::now();
        let missing = self.window.tick(now);
        if self.fetch.going.is_some_and(|at| now >= at + FETCH) {
            self.fetch.going = None;
        }
        let silent = now >= self.heard + SILENCE;
        if self.fetch.going.is_none()
            && now >= self.fetch.not_before
            && (silent || missing || self.line.has_hole())
        {
            self.fetch(now).await;
        }
        if now >= self.looks.next {
            self.looks.next = now + LOOK;
            self.look().await?;
        }
        Ok(())
    }

    /// Asks for what comes after the last one taken.
    async fn fetch(&mut self, now: Instant) {
        if !self.is_connected() {
            return;
        }
        self.fetch.number += 1;
        self.fetch.going = Some(now);
        let reply = format!("{}.f.{}", self.inbox, self.fetch.number);
        let from = self.line.last().next();
        if let Err(error) = self.api.messages(from, FETCH_COUNT, FETCH_BYTES, reply).await {
            tracing::warn!("cannot ask for messages: {error}");
        }
    }

    /// A replica may lack what the others have, and say nothing. When fetches don't fill a hole,
    /// the leader is asked for what is there.
    async fn mind_hole(&mut self) -> Result<(), Broken> {
        let wanted = self.line.last().next();
        let (place, tries) = self.fetch.holes;
        self.fetch.holes = if place == wanted { (place, tries + 1) } else { (wanted, 0) };
        if self.fetch.holes.1 < HOLE_TRIES {
            return Ok(());
        }
        self.fetch.holes.1 = 0;
        match self.api.message(wanted).await {
            Ok(Some(stored)) => {
                tracing::error!(
                    "a replica of the stream {} lacks entry {}, which the leader has; run \
                     `chinwag cluster doctor`",
                    self.options.stream,
                    wanted.0
                );
                self.came(stored).await
            }
            Ok(None) => match stream::info(&self.api).await {
                Ok(Some(info)) if info.state.first_seq > wanted.0 => Err(Broken(format!(
                    "the stream {} reaches back to entry {} only, and this node is at entry {}: \
                     it was away for too long; start it again",
                    self.options.stream,
                    info.state.first_seq,
                    self.line.last().0
                ))),
                Ok(Some(info)) if info.state.last_seq > wanted.0 => {
                    let stream = self.options.stream.clone();
                    Err(Broken(NatsError::Missing { stream, seq: wanted.0 }.to_string()))
                }
                _ => Ok(()),
            },
            Err(_) => Ok(()),
        }
    }

    /// Looks whether the stream is still what it was.
    async fn look(&mut self) -> Result<(), Broken> {
        let followed = self.line.last();
        let stream = &self.options.stream;
        let wrong = match stream::info(&self.api).await {
            // Nobody knows: an election, or servers that are down.
            Err(_) => return Ok(()),
            Ok(None) => NatsError::Gone { stream: stream.clone(), last: followed.0 }.to_string(),
            Ok(Some(info)) if info.config.identity() != Some(&self.identity) => {
                format!("the stream {stream} was replaced by another; run `chinwag cluster doctor`")
            }
            Ok(Some(info)) if !info.cluster.is_led() => return Ok(()),
            // Servers that have just started read their own log again, which may take a while.
            Ok(Some(info)) if info.state.last_seq < followed.0 => {
                let last = info.state.last_seq;
                if std::mem::replace(&mut self.looks.last, last) < last {
                    self.looks.wrong = 0;
                }
                NatsError::Shorter { stream: stream.clone(), last, seen: followed.0 }.to_string()
            }
            Ok(Some(info)) => {
                self.looks.wrong = 0;
                self.looks.last = info.state.last_seq;
                self.mind_losses(&info);
                return Ok(());
            }
        };
        self.looks.wrong += 1;
        self.looks.next = Instant::now() + LOOK / 2;
        if self.looks.wrong >= LOOKS_WRONG { Err(Broken(wrong)) } else { Ok(()) }
    }

    /// Tells the operator, once, of settings that were made by hand and lose entries.
    fn mind_losses(&mut self, info: &stream::Info) {
        let losses = hazard::of_stream(&info.config, &[]);
        let has_told = std::mem::replace(&mut self.looks.has_told_losses, !losses.is_empty());
        if !has_told && let Some(Loss { what, edit }) = losses.first() {
            let stream = self.options.stream.clone();
            tracing::error!("{}", NatsError::Loses { stream, what, edit });
        }
    }

    async fn publish(&mut self) -> Result<(), Broken> {
        while self.is_connected()
            && let Some(sending) = self.window.next(Instant::now())
        {
            let subject = self.options.log_subject();
            let reply = format!("{}.a.{}", self.inbox, sending.name);
            let published = match sending.after {
                None => self.client().publish_with_reply(subject, reply, sending.payload).await,
                Some(after) => {
                    let mut headers = HeaderMap::new();
                    headers.insert("Nats-Expected-Last-Subject-Sequence", after.0.to_string());
                    self.client()
                        .publish_with_reply_and_headers(subject, reply, headers, sending.payload)
                        .await
                }
            };
            if let Err(error) = published {
                return Err(Broken(format!("cannot publish: {error}")));
            }
        }
        Ok(())
    }

    /// What is published while there is no connection would be sent with the next one, much later.
    fn is_connected(&self) -> bool {
        self.client().connection_state() == State::Connected
    }
}
