//! What is said in one room in a row: put together once for each way it can look, so that each
//! member takes one piece of it, however many lines it is.

use std::rc::Rc;
use std::sync::Arc;

use chinwag_face::irc::{Look, shared_lines};
use chinwag_face::line::{shared_line, shared_waited};
use chinwag_model::effect::Event;
use chinwag_model::id::{PersonId, Place, RoomId};
use chinwag_model::message::Manner;
use chinwag_model::outcome::{Done, Outcome};
use chinwag_node::delivery::{Delivery, Recipients, SessionNumber, Shown};

use super::Shard;
use super::fan_out::Encoded;
use super::speech::{Speech, Wrap, wrapped};

/// What is said in one room in a row, and the outcomes that came between.
#[derive(Debug)]
struct Row {
    room: RoomId,
    said: Vec<Arc<Shown>>,
    /// Whoever sends has seen what they sent before they are told that it was sent; what others
    /// said meanwhile may come before that too.
    outcomes: Vec<(SessionNumber, u32, Box<Outcome>)>,
}

/// How a row looks in one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Line,
    Irc(Look, Wrap),
}

impl Row {
    /// Begins a row with this, or gives it back.
    fn begin(delivery: Delivery) -> Result<Self, Delivery> {
        match delivery {
            Delivery::Show { to: Recipients::Room(room), shown } if is_said(&shown.event) => {
                Ok(Self { room, said: vec![shown], outcomes: Vec::new() })
            }
            other => Err(other),
        }
    }

    /// Takes this too, or gives it back: then the row is at its end.
    fn take(&mut self, delivery: Delivery) -> Result<(), Delivery> {
        match delivery {
            Delivery::Show { to: Recipients::Room(room), shown }
                if room == self.room && is_said(&shown.event) =>
            {
                self.said.push(shown);
                Ok(())
            }
            Delivery::Outcome { session, request, outcome }
                if matches!(*outcome, Ok(Done::Said(None))) =>
            {
                self.outcomes.push((session, request, outcome));
                Ok(())
            }
            other => Err(other),
        }
    }

    /// Who speaks in it, by id.
    fn authors(&self) -> Vec<PersonId> {
        let author = |shown: &Arc<Shown>| match &shown.event {
            Event::Said(message) => Some(message.author.id),
            _ => None,
        };
        let mut authors: Vec<_> = self.said.iter().filter_map(author).collect();
        authors.sort_unstable();
        authors.dedup();
        authors
    }

    fn encode(&self, shape: Shape, server_name: &str) -> Rc<[u8]> {
        let mut bytes = Vec::new();
        for shown in &self.said {
            let Shown { event, stamp, .. } = &**shown;
            match shape {
                Shape::Line => bytes.extend(shared_line(event).unwrap_or_default()),
                Shape::Irc(look, wrap) => {
                    let lines = shared_lines(event, stamp, look, server_name);
                    bytes.extend_from_slice(&wrapped(&lines, wrap));
                }
            }
        }
        bytes.into()
    }

    /// How far what waits is told with it.
    fn waited(&self) -> Option<Place> {
        self.said.iter().filter_map(|shown| shared_waited(&shown.event)).max()
    }
}

/// Whether an event is something said that looks alike to all who see it alike.
fn is_said(event: &Event) -> bool {
    matches!(event, Event::Said(message) if message.manner != Manner::Tags)
}

impl Shard {
    /// Does what the node has for this shard, in order.
    pub(super) fn deliver_all(&mut self, deliveries: Vec<Delivery>) {
        let mut row: Option<Row> = None;
        for delivery in deliveries {
            let delivery = match &mut row {
                Some(open) => match open.take(delivery) {
                    Ok(()) => continue,
                    Err(other) => other,
                },
                None => delivery,
            };
            if let Some(ended) = row.take() {
                self.deliver_row(ended);
            }
            match Row::begin(delivery) {
                Ok(begun) => row = Some(begun),
                Err(other) => self.deliver(other),
            }
        }
        if let Some(ended) = row {
            self.deliver_row(ended);
        }
    }

    fn deliver_row(&mut self, row: Row) {
        self.show_row(&row);
        for (session, request, outcome) in row.outcomes {
            self.told(session, |face, out| face.outcome(request, &outcome, out));
        }
    }

    fn show_row(&mut self, row: &Row) {
        let Some(members) = self.rooms.take_members(row.room) else { return };
        let authors = row.authors();
        let waited = row.waited();
        let mut shapes: Vec<(Shape, Rc<[u8]>)> = Vec::new();
        // For those who see some of it in their own way: a look for each line.
        let mut each: Vec<Encoded> = Vec::new();
        let mut doomed = Vec::new();
        for key in &members {
            let Some(connection) = self.connections.get_mut(*key) else { continue };
            let shape = match &connection.speech {
                Speech::Line(face) => face.hears().then_some(Shape::Line),
                Speech::Irc(face) => face.hears(&authors).map(|look| Shape::Irc(look, Wrap::Plain)),
                Speech::Socket(socket) => {
                    let wrap = connection.speech.wrap();
                    socket.face.hears(&authors).map(|look| Shape::Irc(look, wrap))
                }
                Speech::Unsure(_) | Speech::Web(_) | Speech::None => continue,
            };
            let Some(shape) = shape else {
                each.resize_with(row.said.len(), Encoded::default);
                for (shown, encoded) in row.said.iter().zip(&mut each) {
                    self.show(*key, shown, false, encoded);
                }
                continue;
            };
            let bytes = match shapes.iter().find(|(known, _)| *known == shape) {
                Some((_, bytes)) => Rc::clone(bytes),
                None => {
                    let bytes = row.encode(shape, &self.policy.name);
                    shapes.push((shape, Rc::clone(&bytes)));
                    bytes
                }
            };
            self.tally.deliveries += row.said.len() as u64;
            if connection.outbox.push(bytes, waited).is_ok() {
                connection.mark_dirty(*key, &mut self.dirty);
            } else {
                doomed.push(*key);
            }
        }
        self.rooms.put_members_back(row.room, members);
        doomed.extend(each.into_iter().flat_map(Encoded::into_doomed));
        for key in doomed {
            self.remove_slow(key);
        }
    }
}
