//! The part of a process that owns the connections, as a server's shard does.

use std::sync::Arc;

use chinwag_face::face::Face;
use chinwag_face::irc::{About, IrcFace};
use chinwag_face::line::LineFace;
use chinwag_face::output::Output;
use chinwag_model::id::{RoomId, SessionId};
use chinwag_model::text::Text;
use chinwag_node::delivery::{Delivery, Recipients, SessionNumber, Shown};

use super::{Process, Wish};
use crate::agenda::{Micros, SECOND};
use crate::connection::{Connection, Speech};

/// How long a connection that was told goodbye may take to read it.
const LINGER: Micros = 5 * SECOND;

/// How often it is written down how far what waits was delivered.
const MARK_PERIOD: Micros = SECOND;

impl Process {
    /// A client comes.
    pub(crate) fn open(&mut self, is_irc: bool) -> SessionNumber {
        self.number_last += 1;
        let number = self.number_last;
        let speech = if is_irc {
            let about = About {
                session: SessionId { node: self.node.id(), number },
                host: "host".into(),
                address: "".into(),
                secure: false,
                certificate: None,
            };
            Speech::Irc(Box::new(IrcFace::new(Arc::clone(&self.irc_policy), about)))
        } else {
            let mut face = LineFace::new(Arc::clone(&self.line_policy));
            face.greet(&mut self.output);
            Speech::Line(Box::new(face))
        };
        let (outbox, socket) = (self.bounds.outbox_bytes, self.bounds.socket_bytes);
        self.connections.insert(number, Connection::new(speech, outbox, socket));
        self.send_output(number);
        number
    }

    pub(super) fn read_all(&mut self) {
        let numbers: Vec<_> = self.connections.keys().copied().collect();
        for number in numbers {
            let is_hushed = self.is_hushed();
            let Some(connection) = self.connections.get_mut(&number) else { continue };
            if connection.is_broken {
                self.remove(number, "it is broken", false);
                continue;
            }
            if connection.closing.is_some_and(|due| due <= self.now) {
                self.remove(number, "it took too long to read its goodbye", false);
                continue;
            }
            if connection.is_parting && connection.input_ended {
                self.remove(number, "it has left", false);
                continue;
            }
            if !is_hushed || connection.closing.is_some() {
                connection.read();
            }
            self.pump(number);
        }
    }

    /// Runs a session until it wants nothing, or must wait.
    pub(super) fn pump(&mut self, number: SessionNumber) {
        loop {
            let is_hushed = self.is_hushed();
            let Some(connection) = self.connections.get_mut(&number) else { return };
            if is_hushed || connection.closing.is_some() || connection.is_pressed() {
                return;
            }
            let face: &mut dyn Face = match &mut connection.speech {
                Speech::Line(face) => &mut **face,
                Speech::Irc(face) => &mut **face,
                Speech::None => return,
            };
            let asked = face.next_ask(&mut self.output);
            let is_finished = face.is_finished();
            self.send_output(number);
            match asked {
                Some((request, ask)) => self.ask(number, request, ask),
                None if is_finished => return self.finish(number),
                None => return,
            }
        }
    }

    /// Tells a session something and lets it go on.
    pub(super) fn told(
        &mut self,
        number: SessionNumber,
        tell: impl FnOnce(&mut dyn Face, &mut Output),
    ) {
        let Some(connection) = self.connections.get_mut(&number) else { return };
        let face: &mut dyn Face = match &mut connection.speech {
            Speech::Line(face) => &mut **face,
            Speech::Irc(face) => &mut **face,
            Speech::None => return,
        };
        tell(face, &mut self.output);
        self.send_output(number);
        self.pump(number);
    }

    fn send_output(&mut self, number: SessionNumber) {
        let Some(connection) = self.connections.get_mut(&number) else { return };
        if connection.send(&mut self.output).is_err() {
            self.remove_slow(number);
        }
    }

    pub(super) fn deliver(&mut self, delivery: Delivery) {
        match delivery {
            Delivery::Show { to, shown } => self.fan_out(&to, &shown),
            Delivery::Outcome { session, request, outcome } => {
                self.told(session, |face, out| face.outcome(request, &outcome, out));
            }
            Delivery::Answer { session, request, answer } => {
                self.told(session, |face, out| face.answer(request, &answer, out));
            }
            Delivery::Attach { session, person, rooms } => {
                let Some(connection) = self.connections.get_mut(&session) else { return };
                connection.person = Some(person);
                connection.rooms.extend(rooms);
            }
            Delivery::Detach(session) => {
                let Some(connection) = self.connections.get_mut(&session) else { return };
                connection.rooms.clear();
            }
            Delivery::CloseAll => {
                self.finish_all(|face, out| face.cluster_lost(out));
                self.connections.values_mut().for_each(|c| c.speech = Speech::None);
            }
            Delivery::Subscribe(room, sessions) => {
                for session in sessions {
                    if let Some(connection) = self.connections.get_mut(&session) {
                        connection.rooms.push(room);
                    }
                }
            }
            Delivery::Unsubscribe(room, sessions) => {
                for session in sessions {
                    if let Some(connection) = self.connections.get_mut(&session) {
                        connection.rooms.retain(|other| *other != room);
                    }
                }
            }
        }
    }

    fn fan_out(&mut self, to: &Recipients, shown: &Shown) {
        let in_any = |rooms: &[RoomId]| -> Vec<SessionNumber> {
            let is_in = |c: &Connection| rooms.iter().any(|room| c.rooms.contains(room));
            self.connections.iter().filter(|(_, c)| is_in(c)).map(|(number, _)| *number).collect()
        };
        let (members, watchers) = match to {
            Recipients::Room(room) => (in_any(&[*room]), Vec::new()),
            Recipients::Everyone => {
                let named = self.connections.iter().filter(|(_, c)| c.person.is_some());
                (named.map(|(number, _)| *number).collect(), Vec::new())
            }
            Recipients::Sessions(sessions) => (sessions.clone(), Vec::new()),
            Recipients::Peers { rooms, own, watchers } => {
                let mut members = in_any(rooms);
                members.extend(own);
                members.sort_unstable();
                members.dedup();
                let watchers = watchers.iter().filter(|w| !members.contains(w)).copied().collect();
                (members, watchers)
            }
        };
        let mut doomed = Vec::new();
        for (number, watch) in
            members.into_iter().map(|n| (n, false)).chain(watchers.into_iter().map(|n| (n, true)))
        {
            let Some(connection) = self.connections.get_mut(&number) else { continue };
            if connection.show(shown, watch, &mut self.output).is_err() {
                doomed.push(number);
            } else if connection.wants_more() {
                self.pump(number);
            }
        }
        for number in doomed {
            self.remove_slow(number);
        }
    }

    /// Nothing more comes for a connection: it is closed once it has what is due.
    fn finish(&mut self, number: SessionNumber) {
        let due = self.now + LINGER;
        let Some(connection) = self.connections.get_mut(&number) else { return };
        connection.is_parting = true;
        connection.closing.get_or_insert(due);
    }

    fn finish_all(&mut self, tell: impl Fn(&mut dyn Face, &mut Output)) {
        let numbers: Vec<_> = self.connections.keys().copied().collect();
        for number in numbers {
            let Some(connection) = self.connections.get_mut(&number) else { continue };
            if let Some(face) = connection.face() {
                tell(face, &mut self.output);
                self.send_output(number);
            }
            self.finish(number);
        }
    }

    pub(super) fn say_goodbye(&mut self) {
        self.finish_all(|face, out| face.shutting_down(None, out));
    }

    pub(super) fn write_all(&mut self) {
        let mut done = Vec::new();
        for (number, connection) in &mut self.connections {
            let before = connection.outbox.delivered();
            if connection.write() {
                self.wishes.push(Wish::Wrote(*number));
            }
            if connection.outbox.delivered() != before {
                self.marks_due.get_or_insert(self.now + MARK_PERIOD);
            }
            if connection.is_parting && connection.outbox.is_empty() {
                done.push(*number);
            }
        }
        for number in done {
            self.remove(number, "it has left", true);
        }
    }

    fn remove_slow(&mut self, number: SessionNumber) {
        self.wishes.push(Wish::Slow(number));
        self.remove(number, "it reads too slowly", false);
    }

    fn remove(&mut self, number: SessionNumber, why: &str, peace: bool) {
        let Some(mut connection) = self.connections.remove(&number) else { return };
        if let Some(mark) = connection.take_mark() {
            self.node.delivered(vec![mark]);
        }
        self.node.closed(number, Text::parse(why).ok());
        let left = connection.socket.into_iter().collect();
        self.wishes.push(Wish::Closed { session: number, left, peace });
    }

    pub(super) fn tell_marks(&mut self) {
        if self.marks_due.is_none_or(|due| due > self.now) {
            return;
        }
        self.marks_due = None;
        let marks = self.connections.values_mut().filter_map(Connection::take_mark).collect();
        self.node.delivered(marks);
    }

    pub(super) fn tell_last_marks(&mut self) {
        self.marks_due = Some(self.now);
        self.tell_marks();
    }
}
