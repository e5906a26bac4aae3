//! What is due is written to connections, each once a turn.

use super::connection::Write;
use super::{HALF_CLOSED, MARK_PERIOD, Shard};

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
            let before = connection.outbox.delivered();
            let wrote = connection.write(&mut self.tally);
            if connection.outbox.delivered() != before && !connection.is_marked {
                connection.is_marked = true;
                self.marked.push(key);
                self.marks_due.get_or_insert(self.now + MARK_PERIOD);
            }
            match wrote {
                Write::Blocked => self.metrics.blocked(connection.outbox.len()),
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

    pub(super) fn remove_slow(&mut self, key: usize) {
        self.metrics.slow_reader();
        self.remove(key, "it reads too slowly");
    }
}
