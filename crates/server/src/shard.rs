//! A shard: owns a part of the connections, reads and writes them, and runs their faces.
//!
//! One loop: wait; take in what came from sockets, the node and the clock; run the faces; write.
//! A connection is written at most once for all that a turn brought it. What its sessions ask goes
//! to the hub as one message a turn.

mod company;
mod connection;
mod delivery;
mod ending;
mod fan_out;
mod intake;
mod later;
mod row;
mod speech;
mod web;
mod writing;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use chinwag_face::irc::IrcPolicy;
use chinwag_face::line::{LineFace, LinePolicy};
use chinwag_face::output::Output;
use chinwag_model::id::{NodeId, Timestamp};
use chinwag_model::intent::Intent;
use chinwag_node::delivery::{Delivery, SessionNumber};
use crossbeam_channel::{Receiver, Sender};
use hashbrown::HashMap;
use mio::event::Event;
use mio::{Events, Poll, Token, Waker};
use slab::Slab;

use self::connection::Connection;
use self::fan_out::Rooms;
use self::later::Later;
use self::row::Row;
use self::speech::{Speech, wrapped};
use crate::courier::{Arrival, SessionAsk, ShardInbox, Sweep, ToHub, ToShard, Wanted, Work};
use crate::detect::Spoken;
use crate::metrics::{Metrics, Tally};
use crate::options::Policy;
use crate::timers::Timers;
use crate::transport::BEGINNING_TIME;

/// How long a client may say nothing before it is taken for one of line mode.
const DETECT_TIME: Duration = Duration::from_millis(300);

/// How long a connection that was told goodbye may take to read it, from the last time that it took some
/// of it; and how long in all.
const LINGER: Duration = Duration::from_secs(5);
const LINGER_MAX: Duration = Duration::from_secs(60);

/// How often a socket is tried whose connection has much to be sent. The system tells of room in it only
/// once a third of it is free, which takes a slow reader many seconds.
const PROBE_PERIOD: Duration = Duration::from_millis(500);

/// How long a shard waits for sockets at most, before it goes on telling what has filled an outbox.
const BREATH: Duration = Duration::from_millis(5);

/// How long a closed connection is listened to, so that what it was told last is not lost.
const HALF_CLOSED: Duration = Duration::from_secs(1);

/// How often it is written down how far what waits was delivered. After a crash, what was
/// delivered since is told again.
const MARK_PERIOD: Duration = Duration::from_secs(1);

/// Bytes that one read takes.
const READ_BYTES: usize = 16 * 1024;

/// Messages heard in one turn.
const TURN_MAX: usize = 1024;

/// TLS handshakes carried on in one turn. One costs as much as hundreds of lines; who talks is not to
/// wait for all who come.
const HANDSHAKES_TURN_MAX: usize = 16;

const WAKE: Token = Token(usize::MAX);

/// One shard's state; it runs on a thread of its own.
struct Shard {
    /// The node whose sessions these are.
    node: NodeId,
    poll: Poll,
    inbox: Receiver<ToShard>,
    woken: Arc<AtomicBool>,
    work: Arc<Work>,
    /// Rows of deliveries heard in this turn.
    heard: u64,
    /// Requests that were answered in this turn.
    answered: usize,
    hub: Sender<ToHub>,
    policy: Arc<Policy>,
    /// Connections of all shards that speak IRC and have not come in yet.
    strangers: Arc<AtomicUsize>,
    metrics: Arc<Metrics>,
    tally: Tally,
    line_policy: Arc<LinePolicy>,
    irc_policy: Arc<IrcPolicy>,
    connections: Slab<Connection>,
    keys: HashMap<SessionNumber, usize>,
    rooms: Rooms,
    timers: Timers,
    /// Connections that may have something to read.
    readable: Vec<usize>,
    /// Connections with something to write.
    dirty: Vec<usize>,
    /// Connections with something to write that can wait a moment.
    later: Later,
    /// What the node had for this shard and was not done yet, of one message.
    undelivered: std::vec::IntoIter<Delivery>,
    /// Whether such a message is begun and not done.
    is_amid_delivery: bool,
    /// Whether an outbox has become full of what is being delivered, though it is read.
    is_out_of_breath: bool,
    /// What is told in a room in a row, while more of it may come in this turn.
    row: Option<Row>,
    /// Connections that were written something that waits, since this was last told.
    marked: Vec<usize>,
    marks_due: Option<Instant>,
    asks: Vec<SessionAsk>,
    /// Sweeps that go on here, and whether sockets were looked at since they came.
    sweeps: Vec<(bool, Arc<Sweep>)>,
    output: Output,
    buffer: Box<[u8]>,
    now: Instant,
    hushed: bool,
    farewell: Option<Instant>,
}

/// What a shard's thread begins with. The shard itself never leaves its thread: what its
/// connections share is counted without locks.
#[derive(Debug)]
pub(crate) struct Seed {
    node: NodeId,
    poll: Poll,
    inbox: Receiver<ToShard>,
    woken: Arc<AtomicBool>,
    work: Arc<Work>,
    hub: Sender<ToHub>,
    policy: Arc<Policy>,
    strangers: Arc<AtomicUsize>,
    metrics: Arc<Metrics>,
}

impl Seed {
    /// What a shard begins with, and its inbox.
    pub(crate) fn new(
        node: NodeId,
        hub: Sender<ToHub>,
        policy: Arc<Policy>,
        strangers: Arc<AtomicUsize>,
        metrics: Arc<Metrics>,
    ) -> io::Result<(Self, ShardInbox)> {
        let poll = Poll::new()?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKE)?);
        let woken = Arc::new(AtomicBool::new(false));
        // Bounded by what its sessions may ask and hold; the hub must never wait for a shard.
        let (sender, inbox) = crossbeam_channel::unbounded();
        let work = Arc::new(Work::default());
        let handle = ShardInbox::new(sender, waker, Arc::clone(&woken), Arc::clone(&work));
        Ok((Self { node, poll, inbox, woken, work, hub, policy, strangers, metrics }, handle))
    }

    /// Serves until it is told to end.
    pub(crate) fn run(self) {
        Shard::new(self).run();
    }
}

impl Shard {
    fn new(seed: Seed) -> Self {
        let Seed { node, poll, inbox, woken, work, hub, policy, strangers, metrics } = seed;
        let line_policy = Arc::new(line_policy(&policy));
        let irc_policy = Arc::new(policy.irc.clone());
        Self {
            node,
            poll,
            inbox,
            woken,
            work,
            heard: 0,
            answered: 0,
            hub,
            policy,
            strangers,
            metrics,
            tally: Tally::default(),
            line_policy,
            irc_policy,
            connections: Slab::new(),
            keys: HashMap::new(),
            rooms: Rooms::default(),
            timers: Timers::default(),
            readable: Vec::new(),
            dirty: Vec::new(),
            later: Later::default(),
            undelivered: Vec::new().into_iter(),
            is_amid_delivery: false,
            is_out_of_breath: false,
            row: None,
            marked: Vec::new(),
            marks_due: None,
            asks: Vec::new(),
            sweeps: Vec::new(),
            output: Output::default(),
            buffer: vec![0; READ_BYTES].into_boxed_slice(),
            now: Instant::now(),
            hushed: false,
            farewell: None,
        }
    }

    /// Serves its connections until it is told to end.
    fn run(mut self) {
        let mut events = Events::with_capacity(1024);
        while !self.has_ended() {
            // Whoever said that it wakes this shard has done so, or soon will; the second look below
            // may have taken the wake-up.
            let is_idle = self.readable.is_empty() && !self.woken.load(Ordering::Acquire);
            let pause = match is_idle {
                true => self.pause(),
                false if std::mem::take(&mut self.is_out_of_breath) => Some(BREATH),
                false => Some(Duration::ZERO),
            };
            self.look_at_sockets(&mut events, pause);
            let began = self.now;
            self.hear();
            self.look_at_due();
            self.look_at_later();
            if !self.dirty.is_empty() {
                // Who was told something may have answered by the time that all are told. What is
                // asked together is stored together, and shown in one write for all of it.
                self.write_all();
                self.look_at_sockets(&mut events, Some(Duration::ZERO));
            }
            self.read_all();
            self.wait_for_company(&mut events, began);
            self.write_all();
            self.tell_marks();
            self.tell_asks();
            self.tell_done(began);
            self.pass_sweeps();
            self.metrics.add(&mut self.tally);
        }
        self.tell_last_marks();
        let _ = self.hub.send(ToHub::Ended);
    }

    fn look_at_sockets(&mut self, events: &mut Events, pause: Option<Duration>) {
        if let Err(error) = self.poll.poll(events, pause)
            && error.kind() != io::ErrorKind::Interrupted
        {
            tracing::error!("cannot wait for sockets: {error}");
        }
        self.now = Instant::now();
        self.output.now = time_now();
        for event in &*events {
            self.note(event);
        }
    }

    /// A sweep is passed when sockets were looked at once more after it came.
    fn pass_sweeps(&mut self) {
        self.sweeps.retain_mut(|(looked, sweep)| {
            if *looked {
                sweep.reach();
            }
            !std::mem::replace(looked, true)
        });
    }

    fn pause(&self) -> Option<Duration> {
        if !self.sweeps.is_empty() {
            return Some(Duration::ZERO);
        }
        let timers = self.timers.pause(self.now);
        let due = [self.marks_due.or(self.farewell), self.later.due()].into_iter().flatten();
        let due = due.map(|due| due.saturating_duration_since(self.now));
        timers.into_iter().chain(due).min()
    }

    fn has_ended(&self) -> bool {
        self.farewell.is_some_and(|deadline| self.connections.is_empty() || self.now >= deadline)
    }

    fn note(&mut self, event: &Event) {
        let Token(key) = event.token();
        let Some(connection) = self.connections.get_mut(key) else { return };
        if event.is_writable() {
            connection.is_writable = true;
            if connection.owes() {
                connection.mark_dirty(key, &mut self.dirty);
            }
        }
        if event.is_readable() || event.is_read_closed() || event.is_error() {
            connection.is_hung_up |= event.is_read_closed() || event.is_error();
            connection.mark_readable(key, &mut self.readable);
        }
    }

    fn hear(&mut self) {
        // Before the inbox is emptied: what comes later wakes again.
        self.woken.store(false, Ordering::Release);
        if !self.go_on_delivering() {
            return;
        }
        for _ in 0..TURN_MAX {
            let Ok(message) = self.inbox.try_recv() else { return self.end_hearing() };
            if !matches!(message, ToShard::Deliveries(_)) {
                self.end_row();
            }
            match message {
                ToShard::Deliveries(deliveries) => {
                    self.undelivered = deliveries.into_iter();
                    self.is_amid_delivery = true;
                    if !self.go_on_delivering() {
                        return;
                    }
                }
                ToShard::Connection(arrival) => self.open(arrival),
                ToShard::Checked { session, request, checked } => {
                    self.told(session, |face, out| face.checked(request, &checked, out));
                }
                ToShard::Policy(policy) => {
                    self.line_policy = Arc::new(line_policy(&policy));
                    self.set_irc_policy(&policy);
                    self.policy = policy;
                }
                ToShard::Barrier(barrier) => barrier.reach(),
                ToShard::Sweep(sweep) => self.sweeps.push((false, sweep)),
                ToShard::Hush => {
                    self.hushed = true;
                    self.tell_asks();
                    let _ = self.hub.send(ToHub::Hushed);
                }
                ToShard::Farewell(hint) => self.say_goodbye(hint.as_deref()),
            }
        }
        self.end_hearing();
        // More is there: the next turn must not wait for it.
        self.woken.store(true, Ordering::Release);
    }

    fn open(&mut self, arrival: Arrival) {
        let number = arrival.number;
        let mut connection = Connection::new(arrival, self.now, &self.policy);
        let key = self.connections.vacant_key();
        if let Err(error) = connection.stream.register(self.poll.registry(), Token(key)) {
            tracing::error!("cannot watch a connection: {error}");
            return;
        }
        tracing::debug!("connection {number} from {}", connection.peer_text());
        connection.mark_readable(key, &mut self.readable);
        self.timers.set(self.now + DETECT_TIME, number);
        if connection.stream.is_beginning() {
            self.timers.set(self.now + BEGINNING_TIME, number);
        }
        self.timers.set(connection.name_due, number);
        self.connections.insert(connection);
        self.keys.insert(number, key);
    }

    /// Looks at the connections whose time has come.
    fn look_at_due(&mut self) {
        while let Some(number) = self.timers.next_due(self.now) {
            let Some(&key) = self.keys.get(&number) else { continue };
            let Some(connection) = self.connections.get_mut(key) else { continue };
            if connection.probe.take_if(|due| *due <= self.now).is_some() {
                self.probe(key);
                continue;
            }
            if connection.closing.is_some_and(|due| due <= self.now) {
                self.end_linger(key);
                continue;
            }
            if connection.stream.is_late(self.now) {
                self.remove(key, "it took too long to begin");
                continue;
            }
            if connection.name_due <= self.now && !connection.is_named() {
                let seconds = self.policy.limits.name_time.as_secs();
                match connection.speech.face() {
                    Some(face) => face.too_slow(seconds, &mut self.output),
                    None => LineFace::too_silent(seconds, &mut self.output),
                }
                self.part(key);
                continue;
            }
            if matches!(connection.speech, Speech::Unsure(_))
                && connection.stream.may_begin()
                && connection.opened + DETECT_TIME <= self.now
            {
                self.settle_speech(key, Spoken::Line);
            }
            if let Some(connection) = self.connections.get_mut(key) {
                if connection.end_line_due.is_some_and(|due| due <= self.now) {
                    connection.end_line_due = None;
                    if let Speech::Line(face) = &mut connection.speech {
                        face.end_line();
                    }
                }
                connection.mark_readable(key, &mut self.readable);
            }
            self.pump(key);
        }
    }

    /// Runs a session until it wants nothing, or must wait.
    fn pump(&mut self, key: usize) {
        loop {
            let Some(connection) = self.connections.get_mut(key) else { return };
            if self.hushed || connection.closing.is_some() {
                break;
            }
            if connection.is_pressed(&self.policy.limits) {
                connection.waits_for_room = true;
                break;
            }
            if let Some(until) = connection.wait_until(&self.policy.limits, self.now) {
                self.timers.set(until, connection.number);
                break;
            }
            let Some(face) = connection.speech.face() else { return };
            let asked = face.next_ask(&mut self.output);
            let finished = face.is_finished();
            connection.waits_for_room |= face.has_more();
            connection.charge(&self.policy.limits, self.now);
            let is_surplus = connection.is_surplus;
            match asked {
                Some(_) if is_surplus => {
                    self.output.bytes.clear();
                    if let Some(face) = connection.speech.face() {
                        face.server_full(&mut self.output);
                    }
                    return self.part(key);
                }
                Some((request, ask)) => {
                    let ask = connection.wanted(ask, &self.policy);
                    let session = connection.number;
                    self.asks.push(SessionAsk { session, request, ask });
                    self.send_output(key);
                }
                None => {
                    self.send_output(key);
                    if finished {
                        self.finish(key);
                    }
                    break;
                }
            }
        }
        if let Some(connection) = self.connections.get_mut(key)
            && connection.may_read_more
        {
            connection.mark_readable(key, &mut self.readable);
        }
    }

    /// Puts what a face wrote into the connection's outbox.
    fn send_output(&mut self, key: usize) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        if self.output.bytes.is_empty() && self.output.waited.is_none() {
            return;
        }
        let bytes = wrapped(&self.output.bytes, connection.speech.wrap());
        self.tally.deliveries += 1;
        let pushed = connection.outbox.push_answer(bytes.as_ref().into(), self.output.waited);
        self.output.bytes.clear();
        self.output.waited = None;
        match pushed {
            Ok(()) => connection.mark_dirty(key, &mut self.dirty),
            Err(_) => self.remove_slow(key),
        }
    }

    /// Sends last words, after which nothing more comes.
    fn part(&mut self, key: usize) {
        self.send_output(key);
        if let Some(connection) = self.connections.get_mut(key) {
            connection.speech = Speech::None;
        }
        self.finish(key);
    }

    /// Nothing more comes for a connection: it is closed once it has what is due.
    fn finish(&mut self, key: usize) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        connection.is_parting = true;
        if std::mem::take(&mut connection.is_stranger) {
            self.strangers.fetch_sub(1, Ordering::Relaxed);
        }
        if connection.closing.is_none() {
            connection.closing = Some(self.now + LINGER);
            connection.closing_end = self.now + LINGER_MAX;
            self.timers.set(self.now + LINGER, connection.number);
        }
        connection.mark_dirty(key, &mut self.dirty);
    }

    fn remove(&mut self, key: usize, why: &str) {
        let Some(mut connection) = self.connections.try_remove(key) else { return };
        let number = connection.number;
        tracing::debug!("connection {number} is closed: {why}");
        self.keys.remove(&number);
        self.no_stranger(&mut connection);
        self.rooms.leave_all(key, &connection.rooms);
        if let Some(mark) = connection.take_mark() {
            let ask = Wanted::Delivered(vec![mark]);
            self.asks.push(SessionAsk { session: 0, request: 0, ask });
        }
        self.asks.push(SessionAsk {
            session: number,
            request: 0,
            ask: Wanted::Closed(why.to_owned()),
        });
    }

    fn tell_marks(&mut self) {
        if self.marks_due.is_none_or(|due| due > self.now) {
            return;
        }
        self.marks_due = None;
        let mut marks = Vec::new();
        for key in self.marked.drain(..) {
            let Some(connection) = self.connections.get_mut(key) else { continue };
            connection.is_marked = false;
            marks.extend(connection.take_mark());
        }
        self.asks.push(SessionAsk { session: 0, request: 0, ask: Wanted::Delivered(marks) });
    }

    fn tell_last_marks(&mut self) {
        self.marked = self.connections.iter().map(|(key, _)| key).collect();
        self.marks_due = Some(self.now);
        self.tell_marks();
        self.tell_asks();
    }

    fn tell_asks(&mut self) {
        if self.asks.is_empty() {
            return;
        }
        for SessionAsk { session, ask, .. } in &mut self.asks {
            // Who leaves has been written, by now, what is told with it.
            if let Wanted::Intent(Intent::Exit { delivered, .. }) = ask
                && let Some(key) = self.keys.get(session)
                && let Some(connection) = self.connections.get_mut(*key)
            {
                *delivered = connection.take_mark().map(|mark| mark.upto);
            }
        }
        // A hub that is gone has ended the server; there is nobody to ask.
        let _ = self.hub.send(ToHub::Asks(std::mem::take(&mut self.asks)));
    }

    /// After what came of it was asked: the hub may wait to store that together.
    fn tell_done(&mut self, began: Instant) {
        if self.heard > 0 {
            let heard = std::mem::take(&mut self.heard);
            if self.work.finish(heard, began.elapsed()) {
                let _ = self.hub.send(ToHub::Done);
            }
        }
    }
}

/// The time now, in milliseconds since 1970-01-01T00:00:00Z.
fn time_now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

fn line_policy(policy: &Policy) -> LinePolicy {
    LinePolicy {
        server_name: policy.name.clone(),
        guests: policy.guests,
        open_names: policy.open_names,
        registration: policy.registration,
        verification: policy.irc.verifies(),
        line_bytes_max: policy.limits.line_bytes,
    }
}
