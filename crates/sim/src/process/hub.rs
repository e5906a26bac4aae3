//! The part of a process that owns the node, as a server's hub does.

use std::time::Duration;

use chinwag_core::state::Credential;
use chinwag_model::ask::{Ask, Checked};
use chinwag_model::entry::Entry;
use chinwag_model::id::Timestamp;
use chinwag_model::intent::{Intent, Visitor};
use chinwag_model::mail::NotMailed;
use chinwag_model::outcome::Refusal;
use chinwag_model::query::{Answer, Query};
use chinwag_model::secret::{Secret, Verifier};
use chinwag_model::whisper::Whisper;
use chinwag_node::delivery::SessionNumber;
use chinwag_node::health::Standing;
use chinwag_node::node::Compared;
use chinwag_node::stop::Stop;
use chinwag_storage::log::{Logged, Snapshot};

use super::{Process, Stopping, Told, Wish};
use crate::agenda::{MILLI, Micros, SECOND};
use crate::shelf::Shelf;
use crate::truth::DIGEST_PERIOD;

/// After a refused packet the store is left alone for so long.
const RETRY: Micros = 250 * MILLI;

/// How long the end may take, and once more.
const FAREWELL_MAX: Micros = 5 * SECOND;

impl Process {
    /// Does what there is to do, for messages and sockets. `wall` is what this machine's clock says.
    ///
    /// # Errors
    /// [`Stop`] where the node can't go on.
    pub(crate) fn turn(&mut self, now: Micros, wall: i64, shelf: &mut Shelf) -> Result<(), Stop> {
        self.now = now;
        self.output.now = Timestamp(wall);
        if self.uplink.is_some() {
            self.node.tick(Duration::from_micros(now - self.started));
        }
        while let Some(told) = self.inbox.pop_front() {
            self.hear(told, shelf)?;
        }
        let has_begun = self.uplink.is_some() || self.entries > 0;
        self.serves |= self.node.standing() == Standing::Well && has_begun;
        self.serves &= self.stopping.is_none();
        self.read_all();
        loop {
            let is_settled = !self.settle(shelf);
            if is_settled && self.sweeps.is_empty() {
                break;
            }
            for (session, request) in std::mem::take(&mut self.sweeps) {
                self.node.query(session, request, Query::Barrier);
            }
        }
        self.write_all();
        self.tell_marks();
        self.settle(shelf);
        self.write_all();
        self.offer();
        for whisper in self.node.take_whispers() {
            self.wishes.push(Wish::Whisper(whisper.to_bytes()));
        }
        if shelf.backlog() > 0 || shelf.kept() < self.node.state().seq() {
            self.wishes.push(Wish::Archive);
        }
        self.consider_snapshot();
        self.go_on_stopping();
        Ok(())
    }

    fn hear(&mut self, told: Told, shelf: &mut Shelf) -> Result<(), Stop> {
        match told {
            Told::Logged(Logged::Entry(entry)) => self.take_entry(&entry, shelf)?,
            Told::Logged(Logged::Refused { packet, why }) => {
                self.hold_until = self.now + RETRY;
                self.node.take_refused(packet, why);
            }
            Told::Logged(Logged::Broken { .. }) => {}
            Told::Whispered(bytes) => {
                if let Ok(whisper) = Whisper::from_bytes(&bytes) {
                    self.node.hear_whisper(whisper);
                }
            }
            Told::Checked { session, request, checked } => {
                self.told(session, |face, out| face.checked(request, &checked, out));
            }
            Told::Archived => self.is_saving = false,
            Told::Stop => {
                let deadline = self.now + FAREWELL_MAX;
                let begun = Stopping { deadline, said_goodbye: false, left: false, ended: false };
                self.stopping.get_or_insert(begun);
            }
        }
        Ok(())
    }

    fn take_entry(&mut self, entry: &Entry, shelf: &mut Shelf) -> Result<(), Stop> {
        self.node.landed(&entry.packet);
        self.offer();
        self.node.take_entry(entry)?;
        shelf.keep(entry.seq, self.node.take_records());
        self.note_digest();
        self.entries += 1;
        Ok(())
    }

    pub(super) fn note_digest(&mut self) {
        let state = self.node.state();
        if state.seq().0.is_multiple_of(DIGEST_PERIOD) && state.seq().0 > 0 {
            self.digests.push((state.seq(), state.digest()));
        }
    }

    pub(super) fn offer(&mut self) {
        if self.now < self.hold_until {
            return;
        }
        while let Some(packet) = self.node.next_packet() {
            match &mut self.uplink {
                Some(uplink) => uplink.offer(packet),
                None => self.wishes.push(Wish::Append(packet)),
            }
        }
    }

    /// Has everything done that came of what was heard. Whether there was anything.
    fn settle(&mut self, shelf: &mut Shelf) -> bool {
        let mut did = false;
        self.node.set_archive_behind(shelf.backlog() > self.bounds.archive_backlog_max);
        self.node.answer_some(usize::MAX);
        let barriers = self.node.take_barriers();
        for mailing in self.node.take_mails() {
            let refusal = Refusal::NotMailed(NotMailed::Unreachable);
            self.node.tell(mailing.session, mailing.request, Err(refusal));
        }
        for asked in self.node.take_readings() {
            let sender = self.answers.0.clone();
            let reply = move |mut answer| {
                asked.reader.censor(&mut answer);
                let _ = sender.send((asked.session, asked.request, answer));
            };
            shelf.read(asked.reading, Box::new(reply));
        }
        let deliveries = self.node.routes().take(0);
        did |= !deliveries.is_empty();
        for delivery in deliveries {
            self.deliver(delivery);
        }
        for (session, request) in barriers {
            did = true;
            self.told(session, |face, out| face.answer(request, &Answer::Barrier, out));
        }
        while let Ok((session, request, answer)) = self.answers.1.try_recv() {
            did = true;
            self.told(session, |face, out| face.answer(request, &answer, out));
        }
        did
    }

    /// A session wants something.
    pub(super) fn ask(&mut self, session: SessionNumber, request: u32, ask: Ask) {
        let checked = match ask {
            Ask::Intent(Intent::Enter(identity, visitor)) => {
                let visitor = visitor.unwrap_or_else(|| {
                    let stays = self.irc_policy.always_on;
                    let (user, host) = ("~line".into(), "host".into());
                    Box::new(Visitor { user, host, stays, ..Visitor::default() })
                });
                return self.node.ask(session, request, Intent::Enter(identity, Some(visitor)));
            }
            Ask::Intent(Intent::Exit { reason, .. }) => {
                let connection = self.connections.get_mut(&session);
                let delivered = connection.and_then(|c| c.take_mark()).map(|mark| mark.upto);
                return self.node.ask(session, request, Intent::Exit { delivered, reason });
            }
            Ask::Intent(intent) => return self.node.ask(session, request, intent),
            Ask::Query(Query::Barrier) => return self.sweeps.push((session, request)),
            Ask::Query(query) => return self.node.query(session, request, query),
            Ask::Whisper { to, tags } => return self.node.whisper(session, request, to, tags),
            Ask::Code(_) => {
                let refusal = Refusal::NotMailed(NotMailed::Unreachable);
                return self.node.tell(session, request, Err(refusal));
            }
            Ask::Reread => return,
            Ask::Proof { .. } => Checked::Counted,
            Ask::Check { name, password } => match self.node.state().credential(&name) {
                Some(known) => check(&known, &password),
                None => Checked::Wrong,
            },
            Ask::Hash(password)
            | Ask::HashFor { password, .. }
            | Ask::HashReset { password, .. } => hash(&password),
            Ask::Claim { name, password, .. } => match self.node.state().claim(&name) {
                Some(held) => check(&held, &password),
                None => hash(&password),
            },
            Ask::Prove(_) | Ask::Operate { .. } => Checked::Wrong,
            Ask::BecomeOperator { .. } => {
                return self.node.tell(session, request, Err(Refusal::OperatorNeeded));
            }
        };
        self.wishes.push(Wish::Check { session, request, checked });
    }

    fn consider_snapshot(&mut self) {
        if self.uplink.is_some() {
            if let Some(Compared { seq, time, bytes }) = self.node.take_compared()
                && !self.is_saving
            {
                self.is_saving = true;
                self.wishes.push(Wish::Save(Snapshot { seq, time, bytes }));
            }
        } else if !self.is_saving && self.entries >= self.bounds.snapshot_entries {
            self.entries = 1;
            self.is_saving = true;
            let snapshot = self.snapshot();
            self.wishes.push(Wish::Save(snapshot));
        }
    }

    fn snapshot(&self) -> Snapshot {
        let state = self.node.state();
        Snapshot { seq: state.seq(), time: state.time(), bytes: state.snapshot() }
    }

    pub(super) fn is_hushed(&self) -> bool {
        self.stopping.is_some()
    }

    fn go_on_stopping(&mut self) {
        let Some(mut stopping) = self.stopping else { return };
        let is_late = self.now >= stopping.deadline || self.now < self.hold_until;
        if !stopping.said_goodbye && (self.node.is_idle() || is_late) {
            stopping.said_goodbye = true;
            self.node.begin_farewell();
            self.say_goodbye();
            self.write_all();
        }
        if stopping.said_goodbye
            && !stopping.left
            && (self.connections.is_empty() || self.now >= stopping.deadline + FAREWELL_MAX)
        {
            stopping.left = true;
            self.tell_last_marks();
            self.node.leave();
            self.offer();
        }
        let is_done = self.node.is_idle() || self.now < self.hold_until;
        let is_over = self.now >= stopping.deadline + 2 * FAREWELL_MAX;
        if stopping.left && (is_done || is_over) && !stopping.ended {
            stopping.ended = true;
            let snapshot = self.snapshot();
            self.wishes.push(Wish::End(Some(snapshot)));
        }
        self.stopping = Some(stopping);
    }
}

/// Here a password's verifier is the password itself.
fn check(known: &Credential, password: &Secret) -> Checked {
    if known.verifier.phc().as_bytes() == password.expose() {
        Checked::Right(known.proves)
    } else {
        Checked::Wrong
    }
}

fn hash(password: &Secret) -> Checked {
    Checked::Hashed(Verifier::new(String::from_utf8_lossy(password.expose()).into_owned()))
}
