//! What machines do: they run processes, store, and send each other what is stored.

use chinwag_model::entry::{Entry, Packet};
use chinwag_model::id::Seq;
use chinwag_model::node::NodeName;
use chinwag_node::health::Pace;
use chinwag_node::node::Part;
use chinwag_node::stop::Stop;
use chinwag_storage::log::{Logged, Snapshot};

use super::{At, Due, Life, TICK, World};
use crate::agenda::{MILLI, Micros, SECOND};
use crate::process::{Bounds, Process, Told, Wish};

/// How long it takes until a process that has ended is started again.
const RESTART: std::ops::RangeInclusive<Micros> = 50 * MILLI..=3 * SECOND;

const NODES: [&str; 3] = ["a", "b", "c"];

impl World {
    pub(super) fn start(&mut self, at: At) {
        let (now, plan) = (self.agenda.now(), self.plan.clone());
        let is_cluster = plan.is_cluster();
        if self.machine(at).process.is_some() {
            return;
        }
        if is_cluster && (self.machine(at).is_deaf || self.machine(at).is_dumb) {
            return self.agenda.after(SECOND, Due::Start(at));
        }
        self.nonces += 1;
        let nonce = self.nonces;
        let bounds = Bounds {
            outbox_bytes: plan.outbox_bytes,
            socket_bytes: plan.socket_bytes,
            snapshot_entries: plan.snapshot_entries,
            archive_backlog_max: plan.archive_backlog_max,
        };
        let name = NODES.get(at).copied().unwrap_or("a");
        let last = self.machine(at).disk.last();
        let Some(machine) = self.machines.get_mut(at) else { return };
        let started = match NodeName::parse(name).ok().filter(|_| is_cluster) {
            Some(name) => {
                let pace = Pace::default();
                let part = Part { name, nonce, pace, digest_period: plan.snapshot_entries };
                let shared = (self.stream.after(last), part);
                Process::start(&mut machine.disk, &mut machine.shelf, Some(shared), bounds, now)
            }
            None => Process::start(&mut machine.disk, &mut machine.shelf, None, bounds, now),
        };
        match started {
            Ok(process) => {
                machine.life += 1;
                machine.process = Some(process);
                let life = machine.life;
                self.note(|_| format!("node {at} starts, life {life}"));
                self.wake(at);
                self.agenda.after(TICK, Due::Tick(at, life));
            }
            Err(why) => self.wrong.push(format!("node {at} does not start: {why}")),
        }
    }

    /// A process has something to do.
    pub(super) fn wake(&mut self, at: At) {
        let delay = self.chance.within(1..=50);
        let machine = self.machine(at);
        if !std::mem::replace(&mut machine.has_turn, true) && !machine.is_paused {
            let life = machine.life;
            self.agenda.after(delay, Due::Turn(at, life));
        }
    }

    pub(super) fn turn(&mut self, at: At, life: Life) {
        let (now, wall) = (self.agenda.now(), self.wall(at));
        let machine = self.machine(at);
        if machine.is_paused || machine.life != life {
            return;
        }
        machine.has_turn = false;
        let Some(process) = &mut machine.process else { return };
        let turned = process.turn(now, wall, &mut machine.shelf);
        let wishes = std::mem::take(&mut process.wishes);
        let digests = std::mem::take(&mut process.digests);
        let unbound = process.connections.values().filter(|c| !c.is_within_bounds()).count();
        for (seq, digest) in digests {
            if self.truth.digest_at(seq).is_some_and(|truth| truth != digest) {
                self.wrong.push(format!("node {at} is in another state after entry {}", seq.0));
            }
        }
        if unbound > 0 {
            self.wrong.push(format!("{unbound} connections of node {at} hold more than they may"));
        }
        wishes.into_iter().for_each(|wish| self.grant(at, life, wish));
        self.send_packets(at, life);
        if let Err(stop) = turned {
            self.stopped(at, &stop);
        }
    }

    /// A node says that it can't go on. What a process sent that was killed may come while the next
    /// one listens, which then takes it for another one: it ends, and is started again.
    fn stopped(&mut self, at: At, stop: &Stop) {
        let is_early = self.machine(at).process.as_ref().is_some_and(|process| !process.serves);
        if matches!(stop, Stop::NameInUse(_)) && is_early {
            self.note(|_| format!("node {at}: {stop}"));
            let (rows, entries) =
                (self.machine(at).shelf.risk().1, self.machine(at).disk.entries.len());
            return self.lose(at, rows, entries);
        }
        self.wrong.push(format!("node {at} stops: {stop}"));
    }

    fn send_packets(&mut self, at: At, life: Life) {
        let now = self.agenda.now();
        loop {
            let Some(process) = self.process(at, life) else { return };
            let Some(packet) = process.uplink.as_mut().and_then(|uplink| uplink.next(now)) else {
                return;
            };
            if self.machine(at).is_dumb || self.is_lost() {
                continue;
            }
            let copies = 1 + u64::from(!self.is_healed && self.chance.happens(self.plan.repeated));
            for _ in 0..copies {
                let delay = self.way();
                self.agenda.after(delay, Due::Publish(at, life, packet.clone()));
            }
        }
    }

    /// Whether something between a node and the log is lost.
    fn is_lost(&mut self) -> bool {
        !self.is_healed && self.chance.happens(self.plan.lost)
    }

    /// How long something is on its way between a node and the log.
    fn way(&mut self) -> Micros {
        let is_held_up = !self.is_healed && self.chance.happens(self.plan.held_up);
        let held_up = if is_held_up { self.chance.within(0..=2 * SECOND) } else { 0 };
        self.net() + held_up
    }

    fn grant(&mut self, at: At, life: Life, wish: Wish) {
        match wish {
            Wish::Append(packet) => {
                if self.machine(at).disk.append(packet) {
                    self.commit_later(at, life);
                }
            }
            Wish::Whisper(bytes) => self.whisper(at, &bytes),
            Wish::Check { session, request, checked } => {
                let delay = self.chance.within(MILLI..=200 * MILLI);
                let told = Told::Checked { session, request, checked };
                self.agenda.after(delay, Due::Tell(at, life, told));
            }
            Wish::Wrote(session) => self.wrote(at, session),
            Wish::Closed { session, left, peace } => self.closed(at, session, left, peace),
            Wish::Slow(session) => self.slow(at, session),
            Wish::Save(snapshot) => {
                let delay = self.chance.within(MILLI..=300 * MILLI);
                self.agenda.after(delay, Due::Save(at, life, snapshot));
            }
            Wish::Archive => {
                if !std::mem::replace(&mut self.machine(at).has_archiving, true) {
                    let delay = self.chance.within(self.plan.archive_lag.clone());
                    self.agenda.after(delay, Due::Archive(at, life));
                }
            }
            Wish::End(snapshot) => {
                self.note(|_| format!("node {at} ends"));
                let machine = self.machine(at);
                let kept = machine.shelf.sync();
                if let Some(snapshot) = snapshot
                    && kept >= snapshot.seq
                {
                    machine.disk.save(snapshot);
                }
                let (rows, entries) = (machine.shelf.risk().1, machine.disk.entries.len());
                self.lose(at, rows, entries);
            }
        }
    }

    /// A process is no more; what is left on its disk are so many rows and entries.
    pub(super) fn lose(&mut self, at: At, rows: usize, entries: usize) {
        let machine = self.machine(at);
        let Some(process) = machine.process.take() else { return };
        machine.life += 1;
        (machine.has_turn, machine.has_archiving, machine.is_paused) = (false, false, false);
        machine.shelf.crash(rows);
        machine.disk.crash(entries);
        for (session, connection) in process.connections {
            self.closed(at, session, connection.socket.into_iter().collect(), false);
        }
        let delay = self.chance.within(RESTART);
        self.agenda.after(delay, Due::Start(at));
    }

    fn whisper(&mut self, at: At, bytes: &[u8]) {
        if self.machine(at).is_dumb {
            return;
        }
        for other in (0..self.machines.len()).filter(|other| *other != at) {
            if !self.machine(other).is_deaf && !self.is_lost() {
                let (delay, life) = (self.way(), self.machine(other).life);
                let told = Told::Whispered(bytes.to_vec());
                self.agenda.after(delay, Due::Tell(other, life, told));
            }
        }
    }

    pub(super) fn tell(&mut self, at: At, life: Life, told: Told) {
        if let Some(process) = self.process(at, life) {
            process.inbox.push_back(told);
            self.wake(at);
        }
    }

    pub(super) fn tick(&mut self, at: At, life: Life) {
        let now = self.agenda.now();
        let is_paused = self.machine(at).is_paused;
        if self.process(at, life).is_none() {
            return;
        }
        self.agenda.after(TICK, Due::Tick(at, life));
        if is_paused {
            return;
        }
        let Some(process) = self.process(at, life) else { return };
        let wanted = process.uplink.as_mut().and_then(|uplink| uplink.tick(now));
        if let Some(after) = wanted
            && !self.machine(at).is_dumb
            && !self.is_lost()
        {
            let delay = self.way();
            self.agenda.after(delay, Due::Fetch(at, life, after));
        }
        self.wake(at);
    }

    fn commit_later(&mut self, at: At, life: Life) {
        let delay = self.chance.within(self.plan.commit.clone());
        self.agenda.after(delay, Due::Commit(at, life));
    }

    pub(super) fn commit(&mut self, at: At, life: Life) {
        if self.process(at, life).is_none() {
            return;
        }
        let wall = chinwag_model::id::Timestamp(self.wall(at));
        let disk = &mut self.machine(at).disk;
        let Some(logged) = disk.commit(wall) else { return };
        let is_busy = disk.is_busy();
        if let Logged::Entry(entry) = &logged {
            self.stored(entry);
        }
        self.tell(at, life, Told::Logged(logged));
        if is_busy {
            self.commit_later(at, life);
        }
    }

    /// An entry is durable.
    pub(super) fn stored(&mut self, entry: &Entry) {
        self.truth.take(entry);
        self.wrong.append(&mut self.truth.twice);
        self.note(|_| {
            let packet = &entry.packet;
            let what: Vec<_> = packet.requests.iter().map(|r| format!("{:?}", r.intent)).collect();
            let (seq, node, first) = (entry.seq.0, packet.node.0, packet.first);
            format!("entry {seq}: {node}/{}/{first} {}", packet.epoch, what.join(", "))
        });
    }

    pub(super) fn write_archive(&mut self, at: At, life: Life) {
        let entries = usize::try_from(self.chance.within(1..=20)).unwrap_or(1);
        let machine = self.machine(at);
        if machine.life == life {
            machine.has_archiving = false;
            machine.shelf.write(entries);
            self.wake(at);
        }
    }

    pub(super) fn save(&mut self, at: At, life: Life, snapshot: Snapshot) {
        let machine = self.machine(at);
        if machine.life != life {
            return;
        }
        if machine.shelf.sync() >= snapshot.seq {
            let seq = snapshot.seq.0;
            machine.disk.save(snapshot);
            self.note(|_| format!("node {at} has saved a snapshot of {seq}"));
        }
        self.tell(at, life, Told::Archived);
    }

    pub(super) fn publish(&mut self, at: At, life: Life, packet: Packet) {
        // What was sent by a process that is no more still arrives.
        let _ = life;
        let (now, wall) = (self.agenda.now(), self.wall(usize::MAX));
        let Some(entry) = self.stream.store(packet, now, wall) else { return };
        self.note(|_| format!("the log stores what node {at} sent"));
        self.stored(&entry);
        for other in 0..self.machines.len() {
            if !self.is_lost() {
                let (delay, life) = (self.way(), self.machine(other).life);
                self.agenda.after(delay, Due::Feed(other, life, entry.clone()));
            }
        }
    }

    pub(super) fn feed(&mut self, at: At, life: Life, entry: Entry) {
        let now = self.agenda.now();
        let machine = self.machine(at);
        if machine.is_deaf || machine.life != life {
            return;
        }
        let Some(uplink) = machine.process.as_mut().and_then(|process| process.uplink.as_mut())
        else {
            return;
        };
        for entry in uplink.came(entry, now) {
            self.machine(at).disk.copy(&entry);
            self.tell(at, life, Told::Logged(Logged::Entry(entry)));
        }
        self.wake(at);
    }

    pub(super) fn fetch(&mut self, at: At, life: Life, after: Seq) {
        for entry in self.stream.fetch(after) {
            let delay = self.net();
            self.agenda.after(delay, Due::Feed(at, life, entry));
        }
    }
}
