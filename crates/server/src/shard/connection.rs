//! One connection: its socket, its face, and what it is still to be sent.

use std::io::{self, IoSlice};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chinwag_model::ask::Ask;
use chinwag_model::id::{PersonId, Place, RoomId};
use chinwag_model::intent::{Intent, Mark, Visitor};
use chinwag_node::delivery::SessionNumber;
use chinwag_node::outbox::{Outbox, SLICES_MAX};

use super::speech::Speech;
use crate::cloak::cloak;
use crate::courier::{Arrival, Wanted};
use crate::metrics::{Counted, Tally};
use crate::options::{Limits, ListenOptions, Policy};
use crate::seat::{Seat, counted_network};
use crate::transport::{Got, Transport, Wrote};

/// Bytes that a face may hold unread before its socket is read no further.
const UNREAD_BYTES_MAX: usize = 32 * 1024;

/// The same for one that has not come in, or to which much waits to be written: what the longest line takes
/// that IRC knows (8,191 bytes of tags, and 512), or else the longest one of line mode.
const UNREAD_SHORT_BYTES_MIN: usize = 9 * 1024;

/// Bytes that are read at once of one that has not come in: what is read of it is kept until it is done.
const READ_EARLY_BYTES: usize = 4 * 1024;

/// With more than this waiting to be written, a session's next line waits too; with less than that already
/// where it has not come in, or too much waits for its network.
const BACKPRESSURE_BYTES: usize = 32 * 1024;
const BACKPRESSURE_SHORT_BYTES: usize = 4 * 1024;

/// The part of an outbox's bound with which it is written to at once.
const PRESSING_PART: usize = 4;

/// How many times its bound an outbox may hold for a connection that goes on reading.
const FILLS_MAX: usize = 4;

/// A connection of this shard's.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) number: SessionNumber,
    pub(super) stream: Transport,
    pub(super) peer: Option<IpAddr>,
    pub(super) listener: Arc<ListenOptions>,
    pub(super) speech: Speech,
    pub(super) outbox: Outbox,
    pub(super) person: Option<PersonId>,
    pub(super) rooms: Vec<RoomId>,
    /// When it came to be what it is now: the socket's own, a proxy's client, encrypted.
    pub(super) opened: Instant,
    pub(super) name_due: Instant,
    pub(super) end_line_due: Option<Instant>,
    /// When it is closed, unless it goes on reading what it is still to be told.
    pub(super) closing: Option<Instant>,
    /// When it is closed even then; only of meaning where it is closing.
    pub(super) closing_end: Instant,
    /// Since when its socket has taken nothing of what waits for it, if anything does.
    pub(super) stalled: Option<Instant>,
    /// When its socket is tried, whether or not the system has told of room in it.
    pub(super) probe: Option<Instant>,
    /// How many times over its outbox was full when that was last looked at.
    fills: usize,
    /// Bytes that its face may hold unread while little is to be read from it.
    unread_short: usize,
    pub(super) pace: Pace,
    pub(super) is_surplus: bool,
    /// It is counted among those who have not come in yet.
    pub(super) is_stranger: bool,
    pub(super) is_writable: bool,
    /// The system has told of something to read, and it was not read to its end yet.
    pub(super) may_read_more: bool,
    /// The system has told that no more will come than lies there.
    pub(super) is_hung_up: bool,
    pub(super) input_ended: bool,
    /// Nothing more comes for it.
    pub(super) is_parting: bool,
    pub(super) is_half_closed: bool,
    /// Its session goes on when what is due is written.
    pub(super) waits_for_room: bool,
    pub(super) is_listed_readable: bool,
    pub(super) is_listed_dirty: bool,
    pub(super) is_listed_later: bool,
    /// In the row that is being told something is done with it alone.
    pub(super) is_apart: bool,
    pub(super) is_marked: bool,
    mark_told: Option<Place>,
    /// Its place among all, as long as its socket is open.
    pub(super) seat: Seat,
    /// Its place among those that are talked with alike.
    pub(super) counted: Option<Counted>,
}

/// What came of a read.
#[derive(Debug)]
pub(super) enum Reading {
    /// So many bytes, and whether there may be more.
    Bytes(usize, bool),
    /// Its beginning has come a step further; what it says counts from now.
    Begun,
    Nothing,
    End,
    Failed(io::Error),
}

/// What came of a write.
#[derive(Debug)]
pub(super) enum Write {
    /// Nothing is due any more.
    Done,
    /// The rest goes when the socket takes more.
    Blocked,
    Failed(io::Error),
}

impl Connection {
    /// What the hub is asked for what the face asks.
    pub(super) fn wanted(&self, ask: Ask, policy: &Policy) -> Wanted {
        let peer = self.peer;
        match ask {
            Ask::Intent(Intent::Enter(identity, visitor)) => {
                // Who says nothing of itself is told of all the same.
                let visitor = visitor.unwrap_or_else(|| Box::new(self.visitor(policy)));
                self.wanted_intent(Intent::Enter(identity, Some(visitor)))
            }
            Ask::Intent(intent) => self.wanted_intent(intent),
            Ask::Query(query) => Wanted::Query(query, counted_network(peer)),
            Ask::Check { name, password } => Wanted::Check { name, password, peer },
            Ask::Hash(password) => Wanted::Hash { password, peer },
            Ask::HashFor { name, password } => Wanted::HashFor { name, password, peer },
            Ask::Claim { name, address, password } => {
                Wanted::Claim { name, address, password, peer }
            }
            Ask::HashReset { account, code, password } => {
                Wanted::HashReset { account, code, password, peer }
            }
            Ask::Code(ask) => Wanted::Code { ask, peer },
            Ask::Prove(name) => Wanted::Prove { name, peer },
            Ask::Proof { of, right } => Wanted::Proof { of, right, peer },
            Ask::Operate { name, password } => Wanted::Operate { name, password, peer },
            Ask::BecomeOperator { name, version } => Wanted::BecomeOperator { name, version },
            Ask::Whisper { to, tags } => Wanted::Whisper { to, tags },
            Ask::Reread => Wanted::Reread,
        }
    }

    fn wanted_intent(&self, intent: Intent) -> Wanted {
        if !intent.may_register() {
            return Wanted::Intent(intent);
        }
        // Of a proxy that says nothing of its clients it is not known how many they are.
        let peer = self.peer.filter(|peer| !self.listener.proxies.have(Some(*peer)));
        Wanted::Newcomer { intent, peer }
    }

    pub(super) fn new(arrival: Arrival, now: Instant, policy: &Policy) -> Self {
        let Arrival { number, stream, peer, listener, seat, is_surplus } = arrival;
        let limits = &policy.limits;
        Self {
            number,
            stream,
            peer,
            listener,
            speech: Speech::Unsure(Vec::new()),
            outbox: Outbox::new(limits.outbox_bytes.saturating_mul(FILLS_MAX)),
            person: None,
            rooms: Vec::new(),
            opened: now,
            name_due: now + limits.name_time,
            end_line_due: None,
            closing: None,
            closing_end: now,
            stalled: None,
            probe: None,
            fills: 0,
            unread_short: limits.line_bytes.max(UNREAD_SHORT_BYTES_MIN) + 1024,
            pace: Pace::new(limits.lines_per_second, limits.lines_burst, now),
            is_surplus,
            is_stranger: false,
            is_writable: true,
            may_read_more: true,
            is_hung_up: false,
            input_ended: false,
            is_parting: false,
            is_half_closed: false,
            waits_for_room: false,
            is_listed_readable: false,
            is_listed_dirty: false,
            is_listed_later: false,
            is_apart: false,
            is_marked: false,
            mark_told: None,
            seat,
            counted: None,
        }
    }

    /// How far what waits was written, if that was not told yet.
    pub(super) fn take_mark(&mut self) -> Option<Mark> {
        let upto = self.outbox.delivered().filter(|upto| Some(*upto) > self.mark_told)?;
        self.mark_told = Some(upto);
        Some(Mark { person: self.person?, upto })
    }

    /// Whether what waits was written further than was told.
    pub(super) fn has_untold_mark(&self) -> bool {
        self.outbox.delivered() > self.mark_told
    }

    /// What is told of who says nothing of itself.
    pub(super) fn visitor(&self, policy: &Policy) -> Visitor {
        Visitor {
            user: "~line".into(),
            host: cloak(&policy.cloak_key, self.peer).into(),
            stays: policy.irc.always_on,
            secure: self.is_secure(),
            ..Visitor::default()
        }
    }

    /// Whether nobody between can read along: it is encrypted, or within this machine.
    pub(super) fn is_secure(&self) -> bool {
        self.is_tls()
    }

    pub(super) fn peer_text(&self) -> String {
        self.peer.map_or_else(|| "a local socket".to_owned(), |peer| peer.to_string())
    }

    pub(super) fn is_named(&self) -> bool {
        self.person.is_some()
    }

    /// Says last words, after which nothing more comes.
    pub(super) fn part(&mut self, words: &[u8]) {
        self.speech = Speech::None;
        // With an outbox so full that they don't fit, they are not read in time either.
        let _ = self.outbox.push(words.into(), None);
    }

    pub(super) fn wants_input(&self) -> bool {
        if self.input_ended {
            return false;
        }
        // What is not done before more is read from it need not be kept here meanwhile.
        let is_held_short = !self.is_named() || self.outbox.len() > BACKPRESSURE_SHORT_BYTES;
        let unread_max = if is_held_short { self.unread_short } else { UNREAD_BYTES_MAX };
        self.is_parting || self.speech.wants_input(unread_max)
    }

    /// With more than this waiting to be written, its next line waits too: little, for one that has not come
    /// in, or of a network for which more waits than may.
    pub(super) fn backpressure(&self, limits: &Limits) -> usize {
        let is_held_short = !self.is_named() || self.seat.is_over(limits);
        if is_held_short { BACKPRESSURE_SHORT_BYTES } else { BACKPRESSURE_BYTES }
    }

    /// Whether so much waits to be written that its next line waits too.
    pub(super) fn is_pressed(&self, limits: &Limits) -> bool {
        let len = self.outbox.len();
        // Nearly always there is nothing to ask.
        len > BACKPRESSURE_SHORT_BYTES && len > self.backpressure(limits)
    }

    /// Bytes of outbox with which it may not stand still.
    fn bound(&self, limits: &Limits) -> usize {
        if self.seat.is_over(limits) { BACKPRESSURE_SHORT_BYTES } else { limits.outbox_bytes }
    }

    /// Whether its outbox has room beside so many bytes that its face keeps back.
    pub(super) fn has_room(&self, held: usize) -> bool {
        held + self.outbox.len() <= self.outbox.bytes_max()
    }

    /// Whether so much waits for it that it may not stand still.
    pub(super) fn is_full(&self, limits: &Limits) -> bool {
        let len = self.outbox.len();
        len > BACKPRESSURE_SHORT_BYTES && len > self.bound(limits)
    }

    /// Whether its outbox is full, and its socket has taken nothing of it for too long.
    pub(super) fn has_stalled(&self, limits: &Limits, now: Instant) -> bool {
        let since = self.stalled.map(|since| now.saturating_duration_since(since));
        since.is_some_and(|since| since >= limits.stall_time) && self.is_full(limits)
    }

    /// Writes at once, where a part of what its outbox holds is there: one commit may bring more than fits
    /// into it. Whether its outbox has become full, or so many times over, although it is read.
    pub(super) fn press(&mut self, tally: &mut Tally, limits: &Limits, now: Instant) -> bool {
        let len = self.outbox.len();
        if len < limits.outbox_bytes / PRESSING_PART {
            self.fills = 0;
            return false;
        }
        if self.is_writable {
            // If that fails, it fails again when everyone is written to.
            let _ = self.write(tally, now);
        }
        let fills = self.outbox.len() / limits.outbox_bytes.max(1);
        fills > std::mem::replace(&mut self.fills, fills)
    }

    /// Until when its next line must wait, for its own pace or that of its network.
    pub(super) fn wait_until(&self, limits: &Limits, now: Instant) -> Option<Instant> {
        self.pace.wait_until(now).max(self.seat.wait_until(limits, now))
    }

    /// Counts the lines that it has said so far.
    pub(super) fn charge(&mut self, limits: &Limits, now: Instant) {
        let lines = self.speech.lines();
        let new = self.pace.charge(lines, now);
        if new > 0 {
            self.seat.charge(new.into(), limits, now);
        }
    }

    pub(super) fn mark_readable(&mut self, key: usize, list: &mut Vec<usize>) {
        self.may_read_more = true;
        if self.is_listed_readable {
            return;
        }
        if self.wants_input() || self.closing.is_some() {
            self.is_listed_readable = true;
            list.push(key);
        } else if !self.outbox.is_empty() {
            self.waits_for_room = true;
        }
    }

    pub(super) fn mark_dirty(&mut self, key: usize, list: &mut Vec<usize>) {
        if !self.is_listed_dirty {
            self.is_listed_dirty = true;
            list.push(key);
        }
    }

    /// Reads once. The system tells of a socket only when it has become readable, so that one
    /// that was not read to its end must be read again.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> Reading {
        let of_socket = self.stream.reads_socket();
        let most = match of_socket && !self.is_named() {
            true => buffer.len().min(READ_EARLY_BYTES),
            false => buffer.len(),
        };
        let buffer = buffer.get_mut(..most).unwrap_or_default();
        match self.stream.read(buffer) {
            Ok(Got::End) => Reading::End,
            Ok(Got::Bytes(count)) => {
                // A shorter read has emptied the socket, but for what came since, of which the
                // system tells again; an end it has told of already.
                self.may_read_more = !of_socket || count == buffer.len() || self.is_hung_up;
                Reading::Bytes(count, self.may_read_more)
            }
            Ok(Got::Begun) => {
                self.tell_of_tls();
                Reading::Begun
            }
            Ok(Got::Proxied(source)) => self.take_source(source),
            Ok(Got::BadHeader(bad)) => {
                let peer = self.peer_text();
                tracing::warn!("a proxy header from {peer} is not taken: {bad}");
                Reading::Failed(io::Error::other("its proxy header cannot be read"))
            }
            Err(error) => match error.kind() {
                io::ErrorKind::WouldBlock => {
                    self.may_read_more = false;
                    Reading::Nothing
                }
                io::ErrorKind::Interrupted => Reading::Bytes(0, true),
                _ => Reading::Failed(error),
            },
        }
    }

    /// Whether what is said is encrypted.
    pub(super) fn is_tls(&self) -> bool {
        self.stream.is_tls()
    }

    /// The SHA-256 of the certificate, in DER, that the client showed, if it showed one: it has
    /// proved to hold its key, and nobody vouches for anything else in it.
    pub(super) fn peer_certificate_sha256(&self) -> Option<[u8; 32]> {
        self.stream.peer_certificate_sha256()
    }

    fn tell_of_tls(&self) {
        if !self.is_tls() {
            return;
        }
        let number = self.number;
        match self.peer_certificate_sha256() {
            Some(hash) => {
                let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
                tracing::debug!("connection {number} is encrypted; it showed certificate {hash}");
            }
            None => tracing::debug!("connection {number} is encrypted"),
        }
    }

    /// It is whose a trusted proxy says it is: so for limits, and for all who are told of it.
    fn take_source(&mut self, source: Option<IpAddr>) -> Reading {
        let Some(source) = source else { return Reading::Begun };
        if self.is_now_of(source) {
            Reading::Begun
        } else {
            Reading::Failed(io::Error::other("there are too many from its address"))
        }
    }

    /// It is of this address from now on, for limits and for all who are told of it; whether there is room
    /// for one more of that address's.
    pub(super) fn is_now_of(&mut self, source: IpAddr) -> bool {
        let number = self.number;
        tracing::debug!("connection {number} is passed on for {source} by {}", self.peer_text());
        self.peer = Some(source);
        self.seat.move_to(source)
    }

    /// Whether something is to be written.
    pub(super) fn owes(&self) -> bool {
        !self.outbox.is_empty() || self.stream.owes()
    }

    /// Writes what is due, by one call for most.
    pub(super) fn write(&mut self, tally: &mut Tally, now: Instant) -> Write {
        let wrote = self.write_now(tally, now);
        match wrote {
            Write::Blocked => {
                self.stalled.get_or_insert(now);
                self.seat.set_waiting(self.outbox.len());
            }
            _ => {
                self.stalled = None;
                self.seat.set_waiting(0);
            }
        }
        wrote
    }

    fn write_now(&mut self, tally: &mut Tally, now: Instant) -> Write {
        loop {
            if self.outbox.is_empty() && self.is_parting {
                self.stream.say_end();
            }
            if !self.owes() {
                return Write::Done;
            }
            if !self.is_writable {
                return Write::Blocked;
            }
            let due = self.outbox.len();
            tally.writes += 1;
            match write_due(&mut self.stream, &self.outbox) {
                Ok(wrote) => {
                    tally.written_bytes += wrote.bytes as u64;
                    self.outbox.advance(wrote.bytes.min(due));
                    // The socket is full: the system tells when it is no longer.
                    self.is_writable = !wrote.is_full;
                    if wrote.has_moved {
                        self.stalled = Some(now);
                    }
                }
                Err(error) => match error.kind() {
                    io::ErrorKind::WouldBlock => self.is_writable = false,
                    io::ErrorKind::Interrupted => {}
                    _ => return Write::Failed(error),
                },
            }
        }
    }
}

/// Offers a socket what is due: mostly that is one piece, and takes no list of pieces.
fn write_due(stream: &mut Transport, outbox: &Outbox) -> io::Result<Wrote> {
    let mut due = outbox.slices();
    let (first, second) = (due.next(), due.next());
    let (Some(first), Some(second)) = (first, second) else {
        return stream.write(first.as_slice());
    };
    let mut slices: [IoSlice<'_>; SLICES_MAX] = std::array::from_fn(|_| IoSlice::new(&[]));
    let mut count = 0;
    for (slot, slice) in slices.iter_mut().zip([first, second].into_iter().chain(due)) {
        *slot = slice;
        count += 1;
    }
    stream.write(slices.get(..count).unwrap_or_default())
}

/// Delays who sends too fast: a bucket of lines that fills evenly ("generic cell rate algorithm").
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// The time of one line; zero for no bound.
    line: Duration,
    /// How far ahead a burst may run.
    burst: Duration,
    /// When all that was sent would have come at an even pace.
    even: Instant,
    /// Lines counted so far.
    lines: u64,
}

impl Pace {
    pub(super) fn new(lines_per_second: u32, burst: u32, now: Instant) -> Self {
        let line = match lines_per_second {
            0 => Duration::ZERO,
            rate => Duration::from_secs(1) / rate,
        };
        Self { line, burst: line * burst, even: now, lines: 0 }
    }

    /// Until when the next line must wait, if it must.
    pub(super) fn wait_until(&self, now: Instant) -> Option<Instant> {
        if self.line.is_zero() {
            return None;
        }
        let from = self.even.checked_sub(self.burst)?;
        (from > now).then_some(from)
    }

    /// Counts lines up to `lines` in all; gives how many are new.
    pub(super) fn charge(&mut self, lines: u64, now: Instant) -> u32 {
        let new = u32::try_from(lines.saturating_sub(self.lines)).unwrap_or(u32::MAX);
        self.lines = lines;
        if new > 0 && !self.line.is_zero() {
            self.even = self.even.max(now) + self.line * new;
        }
        new
    }
}
