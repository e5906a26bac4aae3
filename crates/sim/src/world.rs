//! The world: machines with servers on them, the log they share, people, and the time that goes by.

mod client;
mod machine;
mod trouble;

use chinwag_model::entry::{Entry, Packet};
use chinwag_model::id::Seq;
use chinwag_node::delivery::SessionNumber;
use chinwag_storage::log::Snapshot;

use crate::agenda::{Agenda, MILLI, Micros, SECOND};
use crate::bot::{Aim, Bot};
use crate::chance::Chance;
use crate::disk::Disk;
use crate::plan::{Plan, Trouble};
use crate::process::{Process, Told};
use crate::shelf::Shelf;
use crate::stream::Stream;
use crate::truth::Truth;

/// When the world begins, in milliseconds since 1970.
const BEGINNING_MS: i64 = 1_790_000_000_000;

/// How often a node of a cluster is told the time, and any server looks at its timers.
const TICK: Micros = 100 * MILLI;

/// How long all is left alone once nothing goes wrong any more.
const HEALING: Micros = 50 * SECOND;

/// How long it may take until everyone has read all.
const PATIENCE: Micros = 120 * SECOND;

/// Things that happen at most; a world in which more does runs in a circle.
const STEPS_MAX: u64 = 2_000_000;

/// A machine, by its place among all.
type At = usize;

/// A life of a process of that machine: what was meant for an earlier one is lost.
type Life = u64;

/// A bot, and which of its connections.
type Client = (usize, u64);

/// See [`World::links`].
type Link = (Option<(At, SessionNumber)>, u64, Micros);

/// What is due.
#[derive(Debug)]
enum Due {
    /// A process starts.
    Start(At),
    /// It runs.
    Turn(At, Life),
    /// It looks at the clock.
    Tick(At, Life),
    /// Its disk has stored the oldest packet, or not.
    Commit(At, Life),
    /// Its archive writes.
    Archive(At, Life),
    /// Its archive is durable, and a snapshot can be saved.
    Save(At, Life, Snapshot),
    Tell(At, Life, Told),
    /// A packet reaches the shared log.
    Publish(At, Life, Packet),
    /// An entry of it reaches a node.
    Feed(At, Life, Entry),
    /// A node asks for what comes after an entry.
    Fetch(At, Life, Seq),
    /// Bytes reach a server.
    Up(Client, Vec<u8>),
    /// A client is gone, and in which way.
    HangUp(Client, bool),
    /// A client reads.
    Down(Client),
    /// The last bytes reach a client, and the end.
    Last(Client, Vec<u8>),
    /// A bot does something, or connects.
    Act(usize),
    Connect(usize),
    /// Something goes wrong, and is mended.
    Trouble(usize),
    Mend(At, Trouble),
    /// All is mended.
    Heal,
    /// All bots have another aim.
    Aim(Aim),
}

/// A machine: a disk, and perhaps a process.
#[derive(Debug, Default)]
struct Machine {
    disk: Disk,
    shelf: Shelf,
    process: Option<Process>,
    life: Life,
    /// Who is connected, by session.
    clients: std::collections::BTreeMap<SessionNumber, Client>,
    /// How far its clock is off.
    skew_ms: i64,
    is_paused: bool,
    /// Whether a turn is due, or was when it was paused.
    has_turn: bool,
    has_archiving: bool,
    /// Whether nothing comes from the log, and nothing goes there.
    is_deaf: bool,
    is_dumb: bool,
}

/// The world.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) plan: Plan,
    chance: Chance,
    agenda: Agenda<Due>,
    machines: Vec<Machine>,
    stream: Stream,
    pub(crate) truth: Truth,
    pub(crate) bots: Vec<Bot>,
    /// Where each bot is connected: machine and session; which of its connections it is; and when
    /// what it sent last arrives.
    links: Vec<Link>,
    is_healed: bool,
    nonces: u64,
    /// What went wrong that must not.
    pub(crate) wrong: Vec<String>,
    /// What happened, if that is wanted.
    pub(crate) trace: Option<Vec<String>>,
}

impl World {
    /// The world of a seed.
    pub(crate) fn new(seed: u64, is_traced: bool) -> Self {
        let mut chance = Chance::new(seed);
        let plan = Plan::draw(&mut chance.fork());
        let bots = (0..plan.bots)
            .map(|number| Bot::new(number, plan.bots, plan.text_bytes_max, chance.fork()));
        let bots: Vec<_> = bots.collect();
        let mut world = Self {
            machines: (0..plan.nodes).map(|_| Machine::default()).collect(),
            links: vec![(None, 0, 0); bots.len()],
            chance,
            agenda: Agenda::new(),
            stream: Stream::default(),
            truth: Truth::default(),
            bots,
            is_healed: false,
            nonces: 0,
            wrong: Vec::new(),
            trace: is_traced.then(Vec::new),
            plan,
        };
        world.note(|world| format!("{:?}", world.plan));
        world.begin();
        world
    }

    fn begin(&mut self) {
        for at in 0..self.machines.len() {
            if self.chance.happens(300) {
                let off = self.chance.within(0..=7_200_000);
                self.machine(at).skew_ms = i64::try_from(off).unwrap_or(0) - 3_600_000;
            }
            self.agenda.after(at as u64 * MILLI, Due::Start(at));
        }
        for bot in 0..self.bots.len() {
            let delay = self.chance.within(0..=SECOND);
            self.agenda.after(delay, Due::Connect(bot));
            self.agenda.after(delay, Due::Act(bot));
        }
        for (index, (at, ..)) in self.plan.troubles.clone().into_iter().enumerate() {
            self.agenda.after(SECOND + at, Due::Trouble(index));
        }
        let trouble_time = SECOND + self.plan.trouble_time;
        self.agenda.after(trouble_time, Due::Heal);
        self.agenda.after(trouble_time + HEALING, Due::Aim(Aim::Last));
        self.agenda.after(trouble_time + HEALING + 10 * SECOND, Due::Aim(Aim::Return));
    }

    /// Lets everything happen, until all have read all, or something is wrong.
    pub(crate) fn run(&mut self) {
        let deadline = SECOND + self.plan.trouble_time + HEALING + PATIENCE;
        let mut steps = 0;
        while self.wrong.is_empty() && self.bots.iter().any(|bot| bot.aim != Aim::Done) {
            let Some(due) = self.agenda.next() else { return };
            self.happen(due);
            steps += 1;
            if steps > STEPS_MAX || self.agenda.now() > deadline {
                let late = self.bots.iter().filter(|bot| bot.aim != Aim::Done);
                let late: Vec<_> = late.map(|bot| (bot.name, bot.aim, &bot.link)).collect();
                return self.wrong.push(format!("it never came to rest: {late:?}"));
            }
        }
        self.settle();
    }

    /// Lets what is on its way between the machines arrive.
    fn settle(&mut self) {
        let until = self.agenda.now() + 10 * SECOND;
        while self.wrong.is_empty() && self.agenda.now() < until {
            let Some(due) = self.agenda.next() else { return };
            self.happen(due);
        }
    }

    fn happen(&mut self, due: Due) {
        match due {
            Due::Start(at) => self.start(at),
            Due::Turn(at, life) => self.turn(at, life),
            Due::Tick(at, life) => self.tick(at, life),
            Due::Commit(at, life) => self.commit(at, life),
            Due::Archive(at, life) => self.write_archive(at, life),
            Due::Save(at, life, snapshot) => self.save(at, life, snapshot),
            Due::Tell(at, life, told) => self.tell(at, life, told),
            Due::Publish(at, life, packet) => self.publish(at, life, packet),
            Due::Feed(at, life, entry) => self.feed(at, life, entry),
            Due::Fetch(at, life, after) => self.fetch(at, life, after),
            Due::Up(client, bytes) => self.up(client, &bytes),
            Due::HangUp(client, is_orderly) => self.hang_up(client, is_orderly),
            Due::Down(client) => self.down(client),
            Due::Last(client, bytes) => self.last(client, &bytes),
            Due::Act(bot) => self.act(bot),
            Due::Connect(bot) => self.connect(bot),
            Due::Trouble(index) => self.trouble(index),
            Due::Mend(at, trouble) => self.mend(at, trouble),
            Due::Heal => self.heal(),
            Due::Aim(aim) => {
                self.note(|_| format!("all: {aim:?}"));
                self.bots.iter_mut().for_each(|bot| bot.aim = aim);
            }
        }
    }

    fn machine(&mut self, at: At) -> &mut Machine {
        // There is one for each place that is ever named.
        let last = self.machines.len().saturating_sub(1);
        &mut self.machines[at.min(last)]
    }

    /// The process of this life, if it is still there.
    fn process(&mut self, at: At, life: Life) -> Option<&mut Process> {
        let machine = self.machines.get_mut(at).filter(|machine| machine.life == life)?;
        machine.process.as_mut()
    }

    /// What a machine's clock says, in milliseconds since 1970.
    fn wall(&self, at: At) -> i64 {
        let skew = self.machines.get(at).map_or(0, |machine| machine.skew_ms);
        BEGINNING_MS + i64::try_from(self.agenda.now() / MILLI).unwrap_or(0) + skew
    }

    fn net(&mut self) -> Micros {
        let net = self.plan.net.clone();
        self.chance.within(net)
    }

    fn note(&mut self, what: impl FnOnce(&Self) -> String) {
        if self.trace.is_some() {
            let line = format!("{:>11.6} {}", self.agenda.now() as f64 / 1e6, what(self));
            self.trace.get_or_insert_default().push(line);
        }
    }

    /// Each node's state and archive at the end, for whoever checks them.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = (usize, Option<&Process>, &Shelf)> {
        let nodes = self.machines.iter().enumerate();
        nodes.map(|(at, machine)| (at, machine.process.as_ref(), &machine.shelf))
    }
}
