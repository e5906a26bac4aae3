//! What is due is written to connections, each once a turn.

use super::connection::Write;
use super::{HALF_CLOSED, LINGER, MARK_PERIOD, PROBE_PERIOD, Shard};

impl Shard {
    /// What could wait is written now.
    pub(super) fn look_at_later(&mut self) {
        for key in self.later.take_due(self.now) {
            let Some(connection) = self.connections.get_mut(key) else { continue };
            connection.is_listed_later = false;
            if connection.owes() {
                connection.mark_dirty(key, &mut self.dirty);
            }
        }
    }

    pub(super) fn write_all(&mut self) {
        for key in std::mem::take(&mut self.dirty) {
            let Some(connection) = self.connections.get_mut(key) else { continue };
            connection.is_listed_dirty = false;
            let wrote = connection.write(&mut self.tally, self.now);
            if connection.has_untold_mark() && !connection.is_marked {
                connection.is_marked = true;
                self.marked.push(key);
                self.marks_due.get_or_insert(self.now + MARK_PERIOD);
            }
            match wrote {
                Write::Blocked => {
                    self.metrics.blocked(connection.outbox.len());
                    self.watch_reader(key);
                }
                Write::Failed(error) => self.remove(key, &error.to_string()),
                Write::Done if connection.is_parting => self.half_close(key),
                Write::Done => {
                    let number = connection.number;
                    if connection.waits_for_room {
                        connection.waits_for_room = false;
                        self.timers.set(self.now, number);
                    }
                }
            }
        }
    }

    /// All is said: the write side is closed, and what still comes is read and dropped, as closing
    /// at once could destroy what the other side has not read yet.
    pub(super) fn half_close(&mut self, key: usize) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        if connection.input_ended {
            return self.remove(key, "it has left");
        }
        if !connection.is_half_closed {
            connection.is_half_closed = true;
            connection.stream.shutdown_write();
            connection.closing = Some(self.now + HALF_CLOSED);
            self.timers.set(self.now + HALF_CLOSED, connection.number);
            connection.mark_readable(key, &mut self.readable);
        }
    }

    /// A connection whose outbox is full may not stand still: its socket is tried from time to time. One
    /// that is not full is looked at again, as what may wait for it depends on others of its network.
    fn watch_reader(&mut self, key: usize) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        let limits = &self.policy.limits;
        let is_parting = connection.is_parting && !connection.is_half_closed;
        let period = match is_parting || connection.is_full(limits) {
            true => PROBE_PERIOD,
            false => limits.stall_time,
        };
        let due = self.now + period;
        if connection.probe.is_none_or(|probe| due < probe) {
            connection.probe = Some(due);
            self.timers.set(due, connection.number);
        }
    }

    /// Tries a socket, and closes its connection if it has taken nothing for too long.
    pub(super) fn probe(&mut self, key: usize) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        if connection.is_half_closed || !connection.owes() {
            return;
        }
        connection.is_writable = true;
        let wrote = connection.write(&mut self.tally, self.now);
        if connection.has_stalled(&self.policy.limits, self.now) {
            return self.remove_slow(key);
        }
        match wrote {
            Write::Blocked => self.watch_reader(key),
            // What follows of it is done where all are written to.
            Write::Done | Write::Failed(_) => connection.mark_dirty(key, &mut self.dirty),
        }
    }

    /// Closes a connection that was told goodbye, unless it is still reading what it was told before.
    pub(super) fn end_linger(&mut self, key: usize) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        let reads = connection.stalled.is_some_and(|since| since + LINGER > self.now);
        let may_go_on = self.farewell.is_none() && self.now < connection.closing_end;
        if connection.is_half_closed || !connection.owes() || !reads || !may_go_on {
            return self.remove(key, "it took too long to read its goodbye");
        }
        connection.closing = Some(self.now + PROBE_PERIOD);
        self.timers.set(self.now + PROBE_PERIOD, connection.number);
    }

    pub(super) fn remove_slow(&mut self, key: usize) {
        self.metrics.slow_reader();
        self.remove(key, "it reads too slowly");
    }
}
