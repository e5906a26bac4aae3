//! What is told in one room in a row, said or of comings and goings: put together once for each way
//! it can look, so that each member takes one piece of it, however many lines it is.

use std::rc::Rc;
use std::sync::Arc;

use chinwag_face::irc::{IrcFace, Look, shared_lines};
use chinwag_face::line::{shared_line, shared_waited};
use chinwag_model::effect::Event;
use chinwag_model::id::{PersonId, Place, RoomId};
use chinwag_model::message::Manner;
use chinwag_node::delivery::{Delivery, Recipients, SessionNumber, Shown};

use super::Shard;
use super::connection::Connection;
use super::fan_out::{Encoded, Rooms};
use super::speech::{Speech, Wrap, wrapped};

/// What is told in one room in a row, and what is done with single sessions between.
///
/// Most members are told no more than what the room is told: these get all of it at once. With whom
/// something else is done meanwhile, who comes into the room or leaves it for one, is *apart*: for
/// those all is done in its order.
#[derive(Debug)]
pub(super) struct Row {
    room: RoomId,
    steps: Vec<Delivery>,
    apart: Vec<SessionNumber>,
    /// About how many bytes it has to tell.
    bytes: usize,
}

/// The part of an outbox's bound that a row may have, about.
const ROW_PART: usize = 4;

/// Bytes that an event takes beside its text, about.
const EVENT_BYTES: usize = 64;

/// How a row looks in one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Line,
    Irc {
        look: Look,
        wrap: Wrap,
        /// Whether comings and goings in a crowd are left out.
        spared: bool,
    },
}

/// A row in one shape.
#[derive(Clone, Debug)]
struct Written {
    shape: Shape,
    bytes: Rc<[u8]>,
    /// How many of its events are in it, and whether it can wait.
    events: u64,
    can_wait: bool,
}

/// What of a row decides who sees it as the others do.
#[derive(Debug, Default)]
struct Gist {
    /// Who speaks, comes or goes, by id.
    about: Vec<PersonId>,
    /// Whether someone comes or goes.
    has_presence: bool,
    /// Whether who comes brings values with them.
    has_values: bool,
}

impl Row {
    /// Begins a row with this, or gives it back.
    fn begin(delivery: Delivery) -> Result<Self, Delivery> {
        let Delivery::Show { to, shown } = &delivery else { return Err(delivery) };
        let room = match to {
            Recipients::Room(room) => *room,
            Recipients::Peers { rooms, .. } => match rooms.as_slice() {
                [room] => *room,
                _ => return Err(delivery),
            },
            Recipients::Everyone | Recipients::Sessions(_) => return Err(delivery),
        };
        if !is_told_alike(room, to, &shown.event) {
            return Err(delivery);
        }
        let mut row = Self { room, steps: Vec::new(), apart: Vec::new(), bytes: 0 };
        row.push(delivery);
        Ok(row)
    }

    /// Takes this too, or gives it back: then the row is at its end. It ends as well with so many bytes,
    /// as it is put into each outbox in one piece.
    fn take(
        &mut self,
        delivery: Delivery,
        rooms: &Rooms,
        bytes_max: usize,
    ) -> Result<(), Delivery> {
        let goes_on = match &delivery {
            _ if self.bytes >= bytes_max => false,
            Delivery::Show { to, shown } => match to {
                // Where nobody was when the row began, only who is apart can have come since.
                Recipients::Room(other) if *other != self.room => !rooms.has(*other),
                Recipients::Sessions(_) => true,
                to => is_told_alike(self.room, to, &shown.event),
            },
            Delivery::CloseAll => false,
            _ => true,
        };
        if goes_on {
            self.push(delivery);
            Ok(())
        } else {
            Err(delivery)
        }
    }

    fn push(&mut self, delivery: Delivery) {
        if let Delivery::Show { shown, .. } = &delivery {
            self.bytes += EVENT_BYTES;
            if let Event::Said(message) = &shown.event {
                self.bytes += message.text.as_str().len();
            }
        }
        match &delivery {
            Delivery::Show { to: Recipients::Room(_) | Recipients::Everyone, .. }
            | Delivery::CloseAll => {}
            Delivery::Show {
                to: Recipients::Peers { own: sessions, .. } | Recipients::Sessions(sessions),
                ..
            }
            | Delivery::Subscribe(_, sessions)
            | Delivery::Unsubscribe(_, sessions) => self.apart.extend_from_slice(sessions),
            Delivery::Outcome { session, .. }
            | Delivery::Answer { session, .. }
            | Delivery::Attach { session, .. }
            | Delivery::Detach(session) => self.apart.push(*session),
        }
        self.steps.push(delivery);
    }

    /// What the room is told.
    fn told(&self) -> impl Iterator<Item = &Arc<Shown>> {
        self.steps.iter().filter_map(|step| match step {
            Delivery::Show { to, shown } if is_to(self.room, to) => Some(shown),
            _ => None,
        })
    }

    fn gist(&self) -> Gist {
        let mut gist = Gist::default();
        for shown in self.told() {
            let event = &shown.event;
            gist.has_presence |= event.presence_of().is_some();
            match event {
                Event::Said(message) => gist.about.push(message.author.id),
                event => gist.about.extend(event.presence_of()),
            }
            if let Event::Joined(arrival) = event {
                gist.has_values |= !arrival.metadata.is_empty();
            }
        }
        gist.about.sort_unstable();
        gist.about.dedup();
        gist
    }

    fn write(&self, shape: Shape, server_name: &str) -> Written {
        let mut bytes = Vec::new();
        let (mut events, mut can_wait) = (0, true);
        for shown in self.told() {
            let Shown { event, stamp, crowded } = &**shown;
            let presence = event.presence_of().is_some();
            match shape {
                // In line mode nobody is told of comings and goings in a crowd.
                Shape::Line | Shape::Irc { spared: true, .. } if presence && *crowded => continue,
                Shape::Line => match shared_line(event) {
                    Some(line) => bytes.extend(line),
                    None => continue,
                },
                Shape::Irc { look, wrap, .. } => {
                    let lines = shared_lines(event, stamp, look, server_name);
                    bytes.extend_from_slice(&wrapped(&lines, wrap));
                }
            }
            events += 1;
            can_wait &= presence;
        }
        Written { shape, bytes: bytes.into(), events, can_wait }
    }

    /// How far what waits is told with it.
    fn waited(&self) -> Option<Place> {
        self.told().filter_map(|shown| shared_waited(&shown.event)).max()
    }
}

/// Whether something is shown to this room alone, and to some of whom nothing more is known.
fn is_to(room: RoomId, to: &Recipients) -> bool {
    match to {
        Recipients::Room(other) => *other == room,
        Recipients::Peers { rooms, watchers, .. } => *rooms == [room] && watchers.is_empty(),
        Recipients::Everyone | Recipients::Sessions(_) => false,
    }
}

/// Whether an event is shown to this room, and looks alike to all who see it alike.
fn is_told_alike(room: RoomId, to: &Recipients, event: &Event) -> bool {
    let alike = match event {
        Event::Said(message) => message.manner != Manner::Tags,
        Event::Joined(_) | Event::Left { .. } | Event::Quit { .. } => true,
        _ => false,
    };
    alike && is_to(room, to)
}

/// In which shape a connection sees a row; `None` where it may see a part of it in its own way.
fn shape_of(connection: &Connection, gist: &Gist) -> Option<Shape> {
    let irc = |face: &IrcFace, wrap| {
        let look = face.hears(&gist.about)?;
        let spared = face.is_spared();
        (!gist.has_values || !face.wants_values()).then_some(Shape::Irc { look, wrap, spared })
    };
    match &connection.speech {
        Speech::Line(face) => {
            let own = connection.person.is_some_and(|id| gist.about.binary_search(&id).is_ok());
            (face.hears() && !(own && gist.has_presence)).then_some(Shape::Line)
        }
        Speech::Irc(face) => irc(face, Wrap::Plain),
        Speech::Socket(socket) => irc(&socket.face, connection.speech.wrap()),
        Speech::Unsure(_) | Speech::Web(_) | Speech::None => None,
    }
}

impl Shard {
    /// Does what the node has for this shard, in order, but for the row at its end. Whether it came to
    /// the end of it: where an outbox has become full of it, the rest waits until sockets were looked at
    /// once more, as who reads is not to be closed because all of it came at once.
    pub(super) fn deliver_all(&mut self) -> bool {
        let bytes_max = self.policy.limits.outbox_bytes / ROW_PART;
        while let Some(delivery) = self.undelivered.next() {
            let delivery = match &mut self.row {
                Some(open) => match open.take(delivery, &self.rooms, bytes_max) {
                    Ok(()) => continue,
                    Err(other) => other,
                },
                None => delivery,
            };
            self.end_row();
            match Row::begin(delivery) {
                Ok(begun) => self.row = Some(begun),
                Err(other) => self.deliver(other),
            }
            if self.is_out_of_breath {
                self.end_row();
                return self.undelivered.len() == 0;
            }
        }
        true
    }

    /// Tells the row that is open, if one is: before anything else is done.
    pub(super) fn end_row(&mut self) {
        let Some(mut row) = self.row.take() else { return };
        let mut apart: Vec<(usize, SessionNumber)> = Vec::new();
        for session in std::mem::take(&mut row.apart) {
            let Some(key) = self.keys.get(&session).copied() else { continue };
            let Some(connection) = self.connections.get_mut(key) else { continue };
            if !std::mem::replace(&mut connection.is_apart, true) {
                apart.push((key, session));
            }
        }
        self.show_row(&row);
        for (key, _) in &apart {
            if let Some(connection) = self.connections.get_mut(*key) {
                connection.is_apart = false;
            }
        }
        self.do_apart(row, &apart);
    }

    /// Tells a row to all who see all of it alike, or at least nothing else meanwhile.
    fn show_row(&mut self, row: &Row) {
        let Some(members) = self.rooms.take_members(row.room) else { return };
        let gist = row.gist();
        let waited = row.waited();
        let mut shapes: Vec<Written> = Vec::new();
        // For those who see some of it in their own way: a look for each line.
        let mut each: Vec<Encoded> = Vec::new();
        let mut doomed = Vec::new();
        for key in &members {
            let Some(connection) = self.connections.get_mut(*key) else { continue };
            if connection.is_apart {
                continue;
            }
            let Some(shape) = shape_of(connection, &gist) else {
                each.resize_with(row.steps.len(), Encoded::default);
                for (shown, encoded) in row.told().zip(&mut each) {
                    self.show(*key, shown, false, encoded);
                }
                continue;
            };
            let written = match shapes.iter().find(|known| known.shape == shape) {
                Some(known) => known,
                None => shapes.push_mut(row.write(shape, &self.policy.name)),
            };
            if written.events == 0 {
                continue;
            }
            self.tally.deliveries += written.events;
            if connection.outbox.push(Rc::clone(&written.bytes), waited).is_err() {
                doomed.push(*key);
                continue;
            }
            self.is_out_of_breath |=
                connection.press(&mut self.tally, &self.policy.limits, self.now);
            if written.can_wait {
                self.later.add(*key, connection, self.now, &mut self.dirty);
            } else {
                connection.mark_dirty(*key, &mut self.dirty);
            }
        }
        self.rooms.put_members_back(row.room, members);
        doomed.extend(each.into_iter().flat_map(Encoded::into_doomed));
        for key in doomed {
            self.remove_slow(key);
        }
    }

    /// Does the steps of a row, for those who are apart.
    fn do_apart(&mut self, row: Row, apart: &[(usize, SessionNumber)]) {
        for step in row.steps {
            let (to, shown) = match step {
                Delivery::Show { to, shown } if !matches!(to, Recipients::Sessions(_)) => {
                    (to, shown)
                }
                step => {
                    self.deliver(step);
                    continue;
                }
            };
            let mut encoded = Encoded::default();
            for (key, session) in apart {
                let Some(connection) = self.connections.get(*key) else { continue };
                let hears = match &to {
                    Recipients::Room(room) => connection.rooms.contains(room),
                    Recipients::Peers { rooms, own, .. } => {
                        own.contains(session)
                            || rooms.iter().any(|room| connection.rooms.contains(room))
                    }
                    Recipients::Everyone | Recipients::Sessions(_) => false,
                };
                if hears {
                    self.show(*key, &shown, false, &mut encoded);
                }
            }
            for key in encoded.into_doomed() {
                self.remove_slow(key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use chinwag_model::effect::Stamp;
    use chinwag_model::id::{NodeId, SessionId, Timestamp};
    use chinwag_model::intent::Origin;
    use chinwag_model::message::Card;
    use chinwag_model::name::Name;
    use chinwag_model::outcome::Done;

    use super::*;

    const TEA: RoomId = RoomId(1);
    const JAM: RoomId = RoomId(2);

    fn quit() -> Arc<Shown> {
        let who = Card {
            id: PersonId(5),
            name: Name::parse("ana").expect("a name"),
            badge: Arc::default(),
        };
        let origin = Origin { session: SessionId { node: NodeId(1), number: 5 }, request: 1 };
        let stamp = Stamp { place: Place::default(), time: Timestamp(0), origin };
        Arc::new(Shown { event: Event::Quit { who, reason: None }, stamp, crowded: false })
    }

    fn show(to: Recipients) -> Delivery {
        Delivery::Show { to, shown: quit() }
    }

    fn peers(rooms: &[RoomId], watchers: &[SessionNumber]) -> Delivery {
        let (own, watchers) = (Vec::new(), watchers.to_vec());
        show(Recipients::Peers { rooms: rooms.to_vec(), own, watchers })
    }

    #[test]
    fn a_row_is_what_one_room_is_told_and_who_is_told_more_is_apart() {
        let outcome = Box::new(Ok(Done::Exited));
        let mut rooms = Rooms::default();
        let mut row = Row::begin(show(Recipients::Room(TEA))).expect("it begins");
        for step in [
            Delivery::Subscribe(TEA, vec![7, 8]),
            peers(&[TEA], &[]),
            show(Recipients::Sessions(vec![9])),
            Delivery::Outcome { session: 10, request: 1, outcome },
            // Nobody is there.
            show(Recipients::Room(JAM)),
            Delivery::Detach(11),
        ] {
            assert_eq!(row.take(step, &rooms, usize::MAX), Ok(()));
        }
        assert_eq!(row.apart, [7, 8, 9, 10, 11]);
        assert_eq!((row.told().count(), row.steps.len()), (2, 7));
        rooms.join(0, JAM);
        for end in [
            show(Recipients::Room(JAM)),
            show(Recipients::Everyone),
            peers(&[TEA, JAM], &[]),
            peers(&[TEA], &[12]),
            Delivery::CloseAll,
        ] {
            assert_eq!(row.take(end.clone(), &rooms, usize::MAX), Err(end));
        }
        assert_eq!(row.steps.len(), 7);
        let more = show(Recipients::Room(TEA));
        assert_eq!(row.bytes, 4 * EVENT_BYTES);
        assert_eq!(row.take(more.clone(), &rooms, row.bytes), Err(more));
    }

    #[test]
    fn a_row_begins_with_what_a_room_is_told_and_with_nothing_else() {
        for other in [
            show(Recipients::Everyone),
            show(Recipients::Sessions(vec![1])),
            peers(&[TEA, JAM], &[]),
            Delivery::Detach(1),
        ] {
            assert!(Row::begin(other).is_err());
        }
        assert!(Row::begin(peers(&[TEA], &[])).is_ok());
    }
}
