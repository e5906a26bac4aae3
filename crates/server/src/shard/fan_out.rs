//! Showing one event to many: encoded once, shared by all who see it so.

use std::rc::Rc;

use chinwag_face::line::{Sight, shared_line, shared_waited};
use chinwag_model::effect::Event;
use chinwag_model::id::RoomId;
use chinwag_node::delivery::Recipients;
use hashbrown::HashMap;

use super::Shard;
use super::connection::{Connection, Speech};

/// Which of a shard's connections are in which rooms.
#[derive(Debug, Default)]
pub(super) struct Rooms {
    members: HashMap<RoomId, Vec<usize>>,
}

impl Rooms {
    pub(super) fn join(&mut self, key: usize, room: RoomId) {
        self.members.entry(room).or_default().push(key);
    }

    pub(super) fn leave(&mut self, key: usize, room: RoomId) {
        let Some(members) = self.members.get_mut(&room) else { return };
        if let Some(at) = members.iter().position(|member| *member == key) {
            members.swap_remove(at);
        }
        if members.is_empty() {
            self.members.remove(&room);
        }
    }

    pub(super) fn leave_all(&mut self, key: usize, rooms: &[RoomId]) {
        for room in rooms {
            self.leave(key, *room);
        }
    }
}

impl Shard {
    /// Shows an event to all of its recipients here.
    pub(super) fn fan_out(&mut self, to: &Recipients, event: &Event) {
        let mut shared = None;
        let mut doomed = Vec::new();
        match to {
            Recipients::Room(room) => {
                // Taken out for the time being, as showing needs the rest of the shard.
                let Some(members) = self.rooms.members.get_mut(room).map(std::mem::take) else {
                    return;
                };
                for key in &members {
                    self.show(*key, event, &mut shared, &mut doomed);
                }
                if let Some(back) = self.rooms.members.get_mut(room) {
                    *back = members;
                }
            }
            Recipients::Everyone => {
                let attached = self.connections.iter().filter(|(_, c)| c.is_named());
                let keys: Vec<usize> = attached.map(|(key, _)| key).collect();
                for key in keys {
                    self.show(key, event, &mut shared, &mut doomed);
                }
            }
            Recipients::Sessions(sessions) => {
                for session in sessions {
                    if let Some(&key) = self.keys.get(session) {
                        self.show(key, event, &mut shared, &mut doomed);
                    }
                }
            }
        }
        for key in doomed {
            self.remove(key, "it reads too slowly");
        }
    }

    /// Shows an event to one connection.
    fn show(
        &mut self,
        key: usize,
        event: &Event,
        shared: &mut Option<Rc<[u8]>>,
        doomed: &mut Vec<usize>,
    ) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        let Connection { speech: Speech::Line(face), outbox, .. } = connection else { return };
        let (bytes, mark) = match face.sight(event) {
            Sight::Nothing => return,
            Sight::Shared => {
                let bytes =
                    shared.get_or_insert_with(|| shared_line(event).unwrap_or_default().into());
                (Rc::clone(bytes), shared_waited(event))
            }
            Sight::Own => {
                let out = &mut self.output;
                face.show(event, out);
                let bytes = Rc::from(out.bytes.as_slice());
                out.bytes.clear();
                (bytes, out.waited.take())
            }
        };
        let held = face.held_bytes() + outbox.len() > self.policy.limits.outbox_bytes;
        if held || outbox.push(bytes, mark).is_err() {
            doomed.push(key);
        } else {
            connection.mark_dirty(key, &mut self.dirty);
        }
    }
}
