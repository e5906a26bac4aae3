//! One connection as a shard has it: a face, an outbox, and the kernel's buffers behind it.

use std::collections::VecDeque;
use std::rc::Rc;

use chinwag_face::face::Face;
use chinwag_face::irc::{IrcFace, Sight as IrcSight, Via, shared_lines};
use chinwag_face::line::{LineFace, Sight, shared_line, shared_waited};
use chinwag_face::output::Output;
use chinwag_model::id::{PersonId, Place, RoomId};
use chinwag_model::intent::Mark;
use chinwag_node::delivery::Shown;
use chinwag_node::outbox::{Full, Outbox};

use crate::agenda::Micros;
use crate::policy::SERVER;

/// Bytes that a face may hold unread before its socket is read no further.
const UNREAD_BYTES_MAX: usize = 32 * 1024;

/// With more than this waiting to be written, a session's next line waits too.
const BACKPRESSURE_BYTES: usize = 64 * 1024;

/// Memory that one event of this world takes at most.
const EVENT_BYTES_MAX: usize = 4 * 1024;

/// What a client speaks.
#[derive(Debug)]
pub(crate) enum Speech {
    Line(Box<LineFace>),
    Irc(Box<IrcFace>),
    /// All is said.
    None,
}

/// A connection.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) speech: Speech,
    pub(crate) outbox: Outbox,
    bytes_max: usize,
    /// What came from the client and was not read.
    pub(crate) inbound: VecDeque<u8>,
    /// The client says no more.
    pub(crate) input_ended: bool,
    /// The connection is broken.
    pub(crate) is_broken: bool,
    /// What was written and has not reached the client, and how much fits.
    pub(crate) socket: VecDeque<u8>,
    socket_bytes: usize,
    pub(crate) person: Option<PersonId>,
    pub(crate) rooms: Vec<RoomId>,
    pub(crate) is_parting: bool,
    pub(crate) closing: Option<Micros>,
    mark_told: Option<Place>,
}

impl Connection {
    pub(crate) fn new(speech: Speech, bytes_max: usize, socket_bytes: usize) -> Self {
        Self {
            speech,
            outbox: Outbox::new(bytes_max),
            bytes_max,
            inbound: VecDeque::new(),
            input_ended: false,
            is_broken: false,
            socket: VecDeque::new(),
            socket_bytes,
            person: None,
            rooms: Vec::new(),
            is_parting: false,
            closing: None,
            mark_told: None,
        }
    }

    pub(crate) fn face(&mut self) -> Option<&mut dyn Face> {
        match &mut self.speech {
            Speech::Line(face) => Some(&mut **face),
            Speech::Irc(face) => Some(&mut **face),
            Speech::None => None,
        }
    }

    /// Reads what came, as far as the face wants it.
    pub(crate) fn read(&mut self) {
        let Some(face) = (match &mut self.speech {
            Speech::Line(face) => Some(&mut **face as &mut dyn Face),
            Speech::Irc(face) => Some(&mut **face as &mut dyn Face),
            Speech::None => None,
        }) else {
            return self.inbound.clear();
        };
        if face.wants_input() && face.buffered() < UNREAD_BYTES_MAX {
            if !self.inbound.is_empty() {
                let bytes: Vec<u8> = self.inbound.drain(..).collect();
                face.receive(&bytes);
            }
            if self.input_ended {
                face.end_of_input();
            }
        }
    }

    /// Whether the session's next line has to wait until something is written.
    pub(crate) fn is_pressed(&self) -> bool {
        self.outbox.len() > BACKPRESSURE_BYTES
    }

    /// Puts what a face wrote into the outbox.
    pub(crate) fn send(&mut self, out: &mut Output) -> Result<(), Full> {
        let waited = out.waited.take();
        let bytes = std::mem::take(&mut out.bytes);
        if bytes.is_empty() && waited.is_none() {
            return Ok(());
        }
        self.outbox.push(bytes.into(), waited)
    }

    /// Shows an event, as far as this session sees it.
    pub(crate) fn show(
        &mut self,
        shown: &Shown,
        watch: bool,
        out: &mut Output,
    ) -> Result<(), Full> {
        let (event, stamp) = (&shown.event, &shown.stamp);
        let (bytes, mark, held): (Rc<[u8]>, _, _) = match &mut self.speech {
            Speech::Line(_) if shown.crowded => return Ok(()),
            Speech::Line(face) => match face.sight(event) {
                Sight::Nothing => return Ok(()),
                Sight::Shared => {
                    let bytes = shared_line(event).unwrap_or_default();
                    (bytes.into(), shared_waited(event), face.held_bytes())
                }
                Sight::Own => {
                    face.show(event, out);
                    let bytes = std::mem::take(&mut out.bytes);
                    (bytes.into(), out.waited.take(), face.held_bytes())
                }
            },
            Speech::Irc(face) => {
                match face.sight(event, stamp, Via { watch, crowded: shown.crowded }) {
                    IrcSight::Nothing => return Ok(()),
                    IrcSight::Shared(look) => {
                        let bytes = shared_lines(event, stamp, look, SERVER);
                        (bytes.into(), shared_waited(event), 0)
                    }
                    IrcSight::Own => {
                        face.show(event, stamp, out);
                        let bytes = std::mem::take(&mut out.bytes);
                        (bytes.into(), out.waited.take(), 0)
                    }
                }
            }
            Speech::None => return Ok(()),
        };
        if held + self.outbox.len() > self.bytes_max {
            return Err(Full);
        }
        self.outbox.push(bytes, mark)
    }

    /// Writes what is due, as much as the socket takes. Whether it took anything.
    pub(crate) fn write(&mut self) -> bool {
        let mut wrote = false;
        loop {
            let room = self.socket_bytes.saturating_sub(self.socket.len());
            let due: Vec<u8> =
                self.outbox.slices().flat_map(|slice| slice.to_vec()).take(room).collect();
            if due.is_empty() {
                return wrote;
            }
            self.socket.extend(&due);
            self.outbox.advance(due.len());
            wrote = true;
        }
    }

    /// How far what waits was written, if that was not told yet.
    pub(crate) fn take_mark(&mut self) -> Option<Mark> {
        let upto = self.outbox.delivered().filter(|upto| Some(*upto) > self.mark_told)?;
        self.mark_told = Some(upto);
        Some(Mark { person: self.person?, upto })
    }

    /// Whether it holds no more than it may; of what is held back, one event more is counted before
    /// it is seen to be too much.
    pub(crate) fn is_within_bounds(&self) -> bool {
        let held = match &self.speech {
            Speech::Line(face) => face.held_bytes(),
            _ => 0,
        };
        self.outbox.len() <= self.bytes_max && held <= self.bytes_max + EVENT_BYTES_MAX
    }

    /// Whether the face wants something by itself.
    pub(crate) fn wants_more(&self) -> bool {
        match &self.speech {
            Speech::Irc(face) => face.wants_more() || face.is_finished(),
            Speech::Line(face) => face.is_finished(),
            _ => false,
        }
    }
}
