//! What the node has for a shard, done in order.

use std::sync::atomic::Ordering;

use chinwag_face::face::Face;
use chinwag_face::output::Output;
use chinwag_node::delivery::{Delivery, SessionNumber};

use super::Shard;

impl Shard {
    /// Does what the node had for this shard. Whether it may hear more in this turn: not with an outbox
    /// that has become full, before sockets were looked at once more.
    pub(super) fn go_on_delivering(&mut self) -> bool {
        if self.deliver_all() && std::mem::take(&mut self.is_amid_delivery) {
            self.heard += 1;
        }
        if self.is_out_of_breath {
            self.end_hearing();
        }
        !self.is_out_of_breath
    }

    /// Nothing more is heard in this turn: what a room was told in a row is told, and with an outbox that
    /// has become full of it the next turn comes soon.
    pub(super) fn end_hearing(&mut self) {
        self.end_row();
        if self.is_out_of_breath {
            self.woken.store(true, Ordering::Release);
        }
    }

    pub(super) fn deliver(&mut self, delivery: Delivery) {
        match delivery {
            Delivery::Show { to, shown } => self.fan_out(&to, &shown),
            Delivery::Outcome { session, request, outcome } => {
                self.answered += 1;
                self.told(session, |face, out| face.outcome(request, &outcome, out));
            }
            Delivery::Answer { session, request, answer } => {
                self.told(session, |face, out| face.answer(request, &answer, out));
            }
            Delivery::Attach { session, person, rooms } => {
                let Some(&key) = self.keys.get(&session) else { return };
                let Some(connection) = self.connections.get_mut(key) else { return };
                tracing::debug!("connection {session} is person {}", person.0);
                connection.person = Some(person);
                if std::mem::take(&mut connection.is_stranger) {
                    self.strangers.fetch_sub(1, Ordering::Relaxed);
                }
                for room in rooms {
                    connection.rooms.push(room);
                    self.rooms.join(key, room);
                }
            }
            Delivery::Detach(session) => {
                let Some(&key) = self.keys.get(&session) else { return };
                let Some(connection) = self.connections.get_mut(key) else { return };
                let rooms = std::mem::take(&mut connection.rooms);
                self.rooms.leave_all(key, &rooms);
            }
            Delivery::CloseAll => self.close_all(),
            Delivery::Subscribe(room, sessions) => {
                for key in sessions.iter().filter_map(|session| self.keys.get(session)) {
                    if let Some(connection) = self.connections.get_mut(*key) {
                        connection.rooms.push(room);
                        self.rooms.join(*key, room);
                    }
                }
            }
            Delivery::Unsubscribe(room, sessions) => {
                for key in sessions.iter().filter_map(|session| self.keys.get(session)) {
                    if let Some(connection) = self.connections.get_mut(*key) {
                        connection.rooms.retain(|other| *other != room);
                        self.rooms.leave(*key, room);
                    }
                }
            }
        }
    }

    /// Tells a session something and lets it go on.
    pub(super) fn told(
        &mut self,
        session: SessionNumber,
        tell: impl FnOnce(&mut dyn Face, &mut Output),
    ) {
        let Some(&key) = self.keys.get(&session) else { return };
        let Some(connection) = self.connections.get_mut(key) else { return };
        let Some(face) = connection.speech.face() else { return };
        tell(face, &mut self.output);
        self.send_output(key);
        self.pump(key);
    }
}
