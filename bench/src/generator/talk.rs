//! Talk with so many lines in flight: who sees their own line says the next.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::crowd::{Crowd, Ear};
use super::order::{Sequence, Tally, differing};
use super::payload::{self, Head};

/// How long nothing may come while something is on its way.
const PATIENCE: Duration = Duration::from_secs(10);

/// Who talks to whom.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// A sender each, in their order: those of a room stand together.
    pub(crate) senders: Vec<Sender>,
    /// Bytes of a payload.
    pub(crate) size: usize,
    /// Lines of a sender that nobody has seen yet.
    pub(crate) in_flight: u64,
    /// Each room: who is in it.
    pub(crate) rooms: Vec<Vec<usize>>,
    /// Bytes after the payload in what each member sees.
    pub(crate) after: Vec<u8>,
    /// Whether senders see their own lines.
    pub(crate) echo: bool,
}

/// Someone who says things.
#[derive(Clone, Debug)]
pub(crate) struct Sender {
    /// Which member of the crowd.
    pub(crate) member: usize,
    /// Who has to see a line before the next is said.
    pub(crate) witness: usize,
    /// The room they talk in.
    pub(crate) room: usize,
    /// What stands before a payload.
    pub(crate) front: String,
    /// What stands after it.
    pub(crate) end: &'static [u8],
}

/// What came of a talk, while it was looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Talked {
    /// How long it was looked at.
    pub(crate) time: Duration,
    /// Lines that were delivered, to all receivers together.
    pub(crate) deliveries: u64,
    /// Lines that were said.
    pub(crate) lines: u64,
    /// Bytes that were delivered.
    pub(crate) bytes: u64,
    /// What the meter said at the end, less what it said at the beginning.
    pub(crate) server: Duration,
    /// Time of the processor that the generator took.
    pub(crate) generator: Duration,
}

/// What a line means beyond its own receiver.
const ORDINARY: u8 = 0;
const WATCHES: u8 = 1;

/// What is known of a talk while it goes on.
#[derive(Debug)]
pub(super) struct Talk<'a> {
    plan: &'a Plan,
    tallies: Vec<Tally>,
    /// What witnesses and the first of each room check number by number.
    kinds: Vec<u8>,
    sequences: Vec<Sequence>,
    witness_of: Vec<usize>,
    /// Lines that were delivered, to all receivers together.
    pub(super) deliveries: u64,
    seen: Vec<u32>,
    credited: Vec<usize>,
}

impl Ear for Talk<'_> {
    #[inline]
    fn line(&mut self, member: usize, line: &[u8]) -> bool {
        let after = self.plan.after.get(member).copied().unwrap_or_default();
        let Some(head) = payload::find(line, self.plan.size, usize::from(after)) else {
            return false;
        };
        let Some(tally) = self.tallies.get_mut(member) else { return false };
        tally.add(head);
        self.deliveries += 1;
        if self.kinds.get(member) == Some(&WATCHES) {
            self.watch(member, *head);
        }
        true
    }
}

impl Talk<'_> {
    fn watch(&mut self, member: usize, head: [u8; payload::HEAD]) {
        let Some(sequence) = self.sequences.get_mut(member) else { return };
        let Some(Head { sender, .. }) = sequence.add(&head) else { return };
        if self.witness_of.get(sender) == Some(&member)
            && let Some(seen) = self.seen.get_mut(sender)
        {
            if *seen == 0 {
                self.credited.push(sender);
            }
            *seen += 1;
        }
    }
}

/// Talks: `warm` long unobserved, `time` long observed, and then until all has arrived; checks that
/// everyone received everything, once and in one order.
///
/// # Errors
/// What was not as it must be.
pub(crate) fn talk(
    crowd: &mut Crowd,
    plan: &Plan,
    warm: Duration,
    time: Duration,
    server_time: impl Fn() -> Result<Duration>,
) -> Result<Talked> {
    let mut talk = Talk::new(plan, crowd.len());
    let mut said = vec![0; plan.senders.len()];
    let mut out = Vec::new();
    for number in 0..plan.senders.len() {
        say(crowd, plan, number, plan.in_flight, &mut said, &mut out);
    }
    let mut run = |crowd: &mut Crowd,
                   talk: &mut Talk<'_>,
                   said: &mut Vec<u64>,
                   time: Duration|
     -> Result<()> {
        let end = Instant::now() + time;
        let mut heard = (Instant::now(), talk.deliveries);
        while Instant::now() < end {
            crowd.turn(Duration::from_millis(20), talk)?;
            while let Some(sender) = talk.credited.pop() {
                let count = talk.seen.get_mut(sender).map(std::mem::take).unwrap_or_default();
                say(crowd, plan, sender, u64::from(count), said, &mut out);
            }
            if talk.deliveries > heard.1 {
                heard = (Instant::now(), talk.deliveries);
            } else if heard.0.elapsed() > PATIENCE {
                bail!("nothing comes any more");
            }
        }
        crowd.all_here()
    };
    run(crowd, &mut talk, &mut said, warm)?;
    let begun = (Instant::now(), talk.deliveries, server_time()?, own_time());
    let (said_before, bytes_before) = (said.iter().sum::<u64>(), crowd.bytes());
    run(crowd, &mut talk, &mut said, time)?;
    let talked = Talked {
        server: server_time()?.saturating_sub(begun.2),
        generator: own_time().saturating_sub(begun.3),
        time: begun.0.elapsed(),
        deliveries: talk.deliveries - begun.1,
        lines: said.iter().sum::<u64>() - said_before,
        bytes: crowd.bytes() - bytes_before,
    };
    talk.drain(crowd, &said)?;
    talk.check(&said)?;
    Ok(talked)
}

fn say(
    crowd: &mut Crowd,
    plan: &Plan,
    number: usize,
    count: u64,
    said: &mut [u64],
    out: &mut Vec<u8>,
) {
    let (Some(sender), Some(said)) = (plan.senders.get(number), said.get_mut(number)) else {
        return;
    };
    out.clear();
    for _ in 0..count {
        out.extend(sender.front.as_bytes());
        payload::write(Head { sender: number, number: *said }, plan.size, out);
        out.extend(sender.end);
        *said += 1;
    }
    crowd.send(sender.member, out);
}

impl<'a> Talk<'a> {
    pub(super) fn new(plan: &'a Plan, members: usize) -> Self {
        let mut kinds = vec![ORDINARY; members];
        let firsts = plan.rooms.iter().filter_map(|room| room.last());
        for member in plan.senders.iter().map(|sender| &sender.witness).chain(firsts) {
            if let Some(kind) = kinds.get_mut(*member) {
                *kind = WATCHES;
            }
        }
        let mut sequences = vec![Sequence::default(); members];
        for (number, room) in plan.rooms.iter().enumerate() {
            let first = plan.senders.iter().position(|sender| sender.room == number);
            for member in room {
                if let Some(sequence) = sequences.get_mut(*member) {
                    *sequence = Sequence::starting_at(first.unwrap_or_default());
                }
            }
        }
        Self {
            plan,
            tallies: vec![Tally::default(); members],
            kinds,
            sequences,
            witness_of: plan.senders.iter().map(|sender| sender.witness).collect(),
            deliveries: 0,
            seen: vec![0; plan.senders.len()],
            credited: Vec::new(),
        }
    }

    /// How many lines each member is to have.
    pub(super) fn expected(&self, said: &[u64]) -> Vec<u64> {
        let mut in_room = vec![0; self.plan.rooms.len()];
        let mut own = vec![0; self.tallies.len()];
        for (sender, said) in self.plan.senders.iter().zip(said) {
            if let Some(count) = in_room.get_mut(sender.room) {
                *count += said;
            }
            if let Some(own) = own.get_mut(sender.member).filter(|_| !self.plan.echo) {
                *own += said;
            }
        }
        let mut expected = vec![0; self.tallies.len()];
        for (room, count) in self.plan.rooms.iter().zip(in_room) {
            for member in room {
                let own = own.get(*member).copied().unwrap_or_default();
                if let Some(expected) = expected.get_mut(*member) {
                    *expected = count - own;
                }
            }
        }
        expected
    }

    /// Hears until everyone has everything.
    fn drain(&mut self, crowd: &mut Crowd, said: &[u64]) -> Result<()> {
        let due: u64 = self.expected(said).iter().sum();
        let mut heard = (Instant::now(), self.deliveries);
        while self.deliveries < due {
            crowd.turn(Duration::from_millis(100), self)?;
            crowd.all_here()?;
            if self.deliveries > heard.1 {
                heard = (Instant::now(), self.deliveries);
            } else if heard.0.elapsed() > PATIENCE {
                bail!("{} of {due} deliveries never came", due - self.deliveries);
            }
        }
        Ok(())
    }

    /// Whether everyone received everything, once and in one order.
    pub(super) fn check(&self, said: &[u64]) -> Result<()> {
        if let Some(fault) = self.sequences.iter().find_map(Sequence::fault) {
            bail!("wrong order: {fault}");
        }
        for (member, (tally, due)) in self.tallies.iter().zip(self.expected(said)).enumerate() {
            if tally.count != due {
                bail!("member {member} received {} lines instead of {due}", tally.count);
            }
        }
        // Who does not see their own lines can't be compared with who does.
        let mut speaks = vec![false; self.tallies.len()];
        for sender in self.plan.senders.iter().filter(|_| !self.plan.echo) {
            if let Some(speaks) = speaks.get_mut(sender.member) {
                *speaks = true;
            }
        }
        for room in &self.plan.rooms {
            let seen = room.iter().filter(|member| speaks.get(**member) == Some(&false));
            let seen: Vec<&Tally> = seen.filter_map(|member| self.tallies.get(*member)).collect();
            let Some(first) = seen.last() else { continue };
            if let Some(how) = differing(**first, seen.iter().copied()) {
                bail!("not one order: {how}");
            }
        }
        Ok(())
    }
}

/// Time of the processor that this process took so far.
pub(crate) fn own_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(
        u64::try_from(time.tv_sec).unwrap_or_default(),
        u32::try_from(time.tv_nsec).unwrap_or_default(),
    )
}
