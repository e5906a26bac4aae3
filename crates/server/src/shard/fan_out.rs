//! Showing one event to many: encoded once for each way it can look, shared by all who see it so.

use std::rc::Rc;

use chinwag_face::irc::{IrcFace, Look, Sight as IrcSight, Via, shared_lines};
use chinwag_face::line::{Sight, shared_line, shared_waited};
use chinwag_model::effect::Event;
use chinwag_model::id::RoomId;
use chinwag_node::delivery::{Recipients, Shown};
use hashbrown::HashMap;

use super::Shard;
use super::connection::Connection;
use super::speech::{Speech, Wrap, wrapped};

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

    /// Whether anyone here is in a room.
    pub(super) fn has(&self, room: RoomId) -> bool {
        self.members.contains_key(&room)
    }

    /// Takes a room's members out for the time being, as showing needs the rest of the shard.
    pub(super) fn take_members(&mut self, room: RoomId) -> Option<Vec<usize>> {
        self.members.get_mut(&room).map(std::mem::take)
    }

    pub(super) fn put_members_back(&mut self, room: RoomId, members: Vec<usize>) {
        if let Some(back) = self.members.get_mut(&room) {
            *back = members;
        }
    }

    pub(super) fn leave_all(&mut self, key: usize, rooms: &[RoomId]) {
        for room in rooms {
            self.leave(key, *room);
        }
    }
}

/// What an event looks like, for each look that was met so far, and who read too slowly for it.
#[derive(Default)]
pub(super) struct Encoded {
    line: Option<Rc<[u8]>>,
    irc: Vec<(Look, Wrap, Rc<[u8]>)>,
    doomed: Vec<usize>,
}

impl Encoded {
    /// Who read too slowly.
    pub(super) fn into_doomed(self) -> Vec<usize> {
        self.doomed
    }
}

impl Shard {
    /// Shows an event to all of its recipients here.
    pub(super) fn fan_out(&mut self, to: &Recipients, shown: &Shown) {
        let mut encoded = Encoded::default();
        match to {
            Recipients::Room(room) => self.show_room(*room, shown, &mut encoded),
            Recipients::Everyone => {
                let attached = self.connections.iter().filter(|(_, c)| c.is_named());
                let keys: Vec<usize> = attached.map(|(key, _)| key).collect();
                for key in keys {
                    self.show(key, shown, false, &mut encoded);
                }
            }
            Recipients::Sessions(sessions) => {
                for session in sessions {
                    if let Some(&key) = self.keys.get(session) {
                        self.show(key, shown, false, &mut encoded);
                    }
                }
            }
            Recipients::Peers { rooms, own, watchers } => {
                // Most people share but one room with someone.
                if let ([room], []) = (rooms.as_slice(), watchers.as_slice())
                    && own.iter().all(|session| self.is_in(*session, *room))
                {
                    self.show_room(*room, shown, &mut encoded);
                } else {
                    self.show_peers(rooms, own, watchers, shown, &mut encoded);
                }
            }
        }
        for key in encoded.doomed {
            self.remove_slow(key);
        }
    }

    fn is_in(&self, session: u64, room: RoomId) -> bool {
        let connection = self.keys.get(&session).and_then(|key| self.connections.get(*key));
        connection.is_none_or(|connection| connection.rooms.contains(&room))
    }

    fn show_room(&mut self, room: RoomId, shown: &Shown, encoded: &mut Encoded) {
        let Some(members) = self.rooms.take_members(room) else { return };
        for key in &members {
            self.show(*key, shown, false, encoded);
        }
        self.rooms.put_members_back(room, members);
    }

    /// Shows an event to everyone in any of these rooms, and to these, each once.
    fn show_peers(
        &mut self,
        rooms: &[RoomId],
        own: &[u64],
        watchers: &[u64],
        shown: &Shown,
        encoded: &mut Encoded,
    ) {
        let members = rooms.iter().filter_map(|room| self.rooms.members.get(room)).flatten();
        let own = own.iter().filter_map(|session| self.keys.get(session));
        let mut keys: Vec<usize> = members.chain(own).copied().collect();
        keys.sort_unstable();
        keys.dedup();
        let watching: Vec<usize> = watchers
            .iter()
            .filter_map(|session| self.keys.get(session).copied())
            .filter(|key| keys.binary_search(key).is_err())
            .collect();
        for key in keys {
            self.show(key, shown, false, encoded);
        }
        for key in watching {
            self.show(key, shown, true, encoded);
        }
    }

    /// Shows an event to one connection.
    pub(super) fn show(&mut self, key: usize, shown: &Shown, watch: bool, encoded: &mut Encoded) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        let wrap = connection.speech.wrap();
        let event = &shown.event;
        let (bytes, mark, held) = match &mut connection.speech {
            // In line mode nobody is told of comings and goings in a room that large.
            Speech::Line(_) if shown.crowded => return,
            Speech::Line(face) => match face.sight(event) {
                Sight::Nothing => return,
                Sight::Shared => {
                    let bytes = encoded
                        .line
                        .get_or_insert_with(|| shared_line(event).unwrap_or_default().into());
                    (Rc::clone(bytes), shared_waited(event), face.held_bytes())
                }
                Sight::Own => {
                    let out = &mut self.output;
                    face.show(event, out);
                    let bytes = Rc::from(out.bytes.as_slice());
                    out.bytes.clear();
                    (bytes, out.waited.take(), face.held_bytes())
                }
            },
            Speech::Irc(_) | Speech::Socket(_) => {
                let via = Via { watch, crowded: shown.crowded };
                return self.show_irc(key, shown, via, wrap, encoded);
            }
            Speech::Unsure(_) | Speech::Web(_) | Speech::None => return,
        };
        self.tally.deliveries += 1;
        let finished = matches!(&connection.speech, Speech::Line(face) if face.is_finished());
        if !connection.has_room(held) || connection.outbox.push(bytes, mark).is_err() {
            encoded.doomed.push(key);
            return;
        }
        self.mark(key, event);
        if finished {
            self.timers.set(self.now, self.number_of(key));
        }
    }

    /// An event was put into a connection's outbox: it is written in this turn, or can wait.
    fn mark(&mut self, key: usize, event: &Event) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        self.is_out_of_breath |= connection.press(&mut self.tally, &self.policy.limits, self.now);
        if event.presence_of().is_some_and(|who| connection.person != Some(who)) {
            self.later.add(key, connection, self.now, &mut self.dirty);
        } else {
            connection.mark_dirty(key, &mut self.dirty);
        }
    }

    fn show_irc(&mut self, key: usize, shown: &Shown, via: Via, wrap: Wrap, encoded: &mut Encoded) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        let Connection { speech, outbox, .. } = connection;
        let face: &mut IrcFace = match speech {
            Speech::Irc(face) => face,
            Speech::Socket(socket) => &mut socket.face,
            _ => return,
        };
        let (event, stamp) = (&shown.event, &shown.stamp);
        let (bytes, mark) = match face.sight(event, stamp, via) {
            IrcSight::Nothing => return,
            IrcSight::Shared(look) => {
                let known = encoded.irc.iter().find(|(l, w, _)| (*l, *w) == (look, wrap));
                let bytes = match known {
                    Some((.., bytes)) => Rc::clone(bytes),
                    None => {
                        let lines = shared_lines(event, stamp, look, &self.policy.name);
                        let bytes: Rc<[u8]> = wrapped(&lines, wrap).as_ref().into();
                        encoded.irc.push((look, wrap, Rc::clone(&bytes)));
                        bytes
                    }
                };
                (bytes, shared_waited(event))
            }
            IrcSight::Own => {
                let out = &mut self.output;
                face.show(event, stamp, out);
                let bytes = Rc::from(wrapped(&out.bytes, wrap).as_ref());
                out.bytes.clear();
                (bytes, out.waited.take())
            }
        };
        let finished = face.is_finished();
        self.tally.deliveries += 1;
        if outbox.push(bytes, mark).is_err() {
            encoded.doomed.push(key);
            return;
        }
        let wants = finished || face_wants(connection);
        self.mark(key, event);
        // It may want to look around in a room, or be at its end.
        if wants {
            self.timers.set(self.now, self.number_of(key));
        }
    }

    fn number_of(&self, key: usize) -> u64 {
        self.connections.get(key).map_or(0, |connection| connection.number)
    }
}

/// Whether a session wants something by itself, which nobody asked it for.
fn face_wants(connection: &Connection) -> bool {
    match &connection.speech {
        Speech::Irc(face) => face.wants_more(),
        Speech::Socket(socket) => socket.face.wants_more(),
        _ => false,
    }
}
