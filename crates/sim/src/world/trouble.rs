//! What goes wrong, and that it is mended.

use super::{At, Due, World};
use crate::agenda::{Micros, SECOND};
use crate::bot::Aim;
use crate::plan::Trouble;
use crate::process::Told;

/// How far a clock is set.
const LEAP_MS: u64 = 3_600_000;

impl World {
    pub(super) fn trouble(&mut self, index: usize) {
        let Some((_, what, long)) = self.plan.troubles.get(index).copied() else { return };
        let at = self.chance.below(self.machines.len());
        let is_cluster = self.plan.is_cluster();
        self.note(|_| format!("! {what:?} at {at} for {:.3} s", long as f64 / 1e6));
        match what {
            Trouble::Kill => self.kill(at, false),
            Trouble::Power => self.kill(at, true),
            Trouble::Stop => {
                let life = self.machine(at).life;
                self.tell(at, life, Told::Stop);
            }
            Trouble::Pause => self.machine(at).is_paused = self.machine(at).process.is_some(),
            Trouble::Cut if is_cluster => {
                let which = self.chance.below(3);
                let machine = self.machine(at);
                (machine.is_deaf, machine.is_dumb) = (which != 1, which != 2);
            }
            Trouble::Election if is_cluster => {
                self.stream.dumb_until = self.agenda.now() + long;
                self.stream.skew_ms = self.leap();
            }
            Trouble::Full if !is_cluster => self.machine(at).disk.is_full = true,
            Trouble::Clock => {
                let leap = self.leap();
                self.machine(at).skew_ms = leap;
                if is_cluster {
                    self.stream.skew_ms = self.leap();
                }
            }
            Trouble::Stall => self.stall(long),
            Trouble::Break => {
                let bot = self.chance.below(self.bots.len());
                self.vanish(bot);
            }
            Trouble::Cut | Trouble::Election | Trouble::Full => {}
        }
        self.agenda.after(long, Due::Mend(at, what));
    }

    fn leap(&mut self) -> i64 {
        let leap = self.chance.within(0..=2 * LEAP_MS);
        i64::try_from(leap).unwrap_or(0) - i64::try_from(LEAP_MS).unwrap_or(0)
    }

    fn stall(&mut self, long: Micros) {
        let now = self.agenda.now();
        let bot = self.chance.below(self.bots.len());
        if let Some(bot) = self.bots.get_mut(bot) {
            bot.stalled_until = now + long;
        }
    }

    /// A process ends without a word. Of what it wrote, all is left; of a machine without power only
    /// what was synced, and perhaps more.
    fn kill(&mut self, at: At, power: bool) {
        let is_cluster = self.plan.is_cluster();
        // A packet that was being stored may be durable, though nobody was told.
        if !is_cluster && self.machine(at).disk.is_busy() && self.chance.happens(500) {
            let life = self.machine(at).life;
            self.commit(at, life);
        }
        let (least, most) = self.machine(at).shelf.risk();
        let (synced, entries) = (self.machine(at).disk.synced, self.machine(at).disk.entries.len());
        let rows = if power { least + self.chance.below(most - least + 1) } else { most };
        let left =
            if is_cluster { synced + self.chance.below(entries - synced + 1) } else { entries };
        self.note(|_| format!("node {at} is killed; {rows} of {most} rows are left"));
        self.lose(at, rows, left);
    }

    pub(super) fn mend(&mut self, at: At, trouble: Trouble) {
        let machine = self.machine(at);
        match trouble {
            Trouble::Pause => self.resume(at),
            Trouble::Cut => (machine.is_deaf, machine.is_dumb) = (false, false),
            Trouble::Full => machine.disk.is_full = false,
            _ => {}
        }
    }

    fn resume(&mut self, at: At) {
        let machine = self.machine(at);
        machine.is_paused = false;
        machine.has_turn = false;
        if machine.process.is_some() {
            self.wake(at);
        }
    }

    /// From now on nothing goes wrong, and everyone is quiet.
    pub(super) fn heal(&mut self) {
        self.is_healed = true;
        self.stream.dumb_until = 0;
        for at in 0..self.machines.len() {
            for trouble in [Trouble::Pause, Trouble::Cut, Trouble::Full] {
                self.mend(at, trouble);
            }
        }
        let soon = self.agenda.now() + SECOND;
        for bot in &mut self.bots {
            bot.aim = Aim::Rest;
            bot.stalled_until = bot.stalled_until.min(soon);
        }
        self.note(|_| "all is mended".to_owned());
    }
}
