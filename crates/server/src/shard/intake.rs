//! What comes from sockets: read, told apart by protocol, and given to the faces.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use chinwag_face::irc::{About, IrcFace};
use chinwag_face::line::LineFace;
use chinwag_model::id::SessionId;
use chinwag_wire::irc::message::Message;

use super::connection::{Connection, Reading};
use super::speech::Speech;
use super::{DETECT_TIME, HANDSHAKES_TURN_MAX, Shard};
use crate::cloak::cloak;
use crate::detect::{Spoken, apology, detect, not_yet, tls_wanted};
use crate::metrics::Counts;

/// How a gateway begins, and the longest line that it may say.
const GATEWAY: &[u8] = b"WEBIRC ";
const GATEWAY_BYTES_MAX: usize = 512;

impl Shard {
    pub(super) fn read_all(&mut self) {
        let mut handshakes = 0;
        for key in std::mem::take(&mut self.readable) {
            if let Some(connection) = self.connections.get_mut(key) {
                connection.is_listed_readable = false;
                handshakes += usize::from(connection.stream.is_in_handshake());
                if connection.stream.is_in_handshake() && handshakes > HANDSHAKES_TURN_MAX {
                    connection.mark_readable(key, &mut self.readable);
                } else {
                    self.read(key);
                }
            }
        }
    }

    /// Reads once from a connection, and does what it asks.
    fn read(&mut self, key: usize) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        if (self.hushed && connection.closing.is_none()) || !connection.wants_input() {
            return;
        }
        match connection.read(&mut self.buffer) {
            Reading::Bytes(count, more) => {
                if more {
                    connection.mark_readable(key, &mut self.readable);
                }
                self.take(key, count);
                self.pump(key);
            }
            Reading::Nothing => {}
            Reading::Begun => {
                connection.opened = self.now;
                self.timers.set(self.now + DETECT_TIME, connection.number);
                connection.mark_readable(key, &mut self.readable);
            }
            Reading::End => {
                connection.input_ended = true;
                if connection.is_parting {
                    return self.remove(key, "it has left");
                }
                if matches!(connection.speech, Speech::Unsure(_)) {
                    self.settle_speech(key, Spoken::Line);
                }
                if let Some(connection) = self.connections.get_mut(key) {
                    match connection.speech.face() {
                        Some(face) => face.end_of_input(),
                        None => return self.remove(key, "it has left"),
                    }
                }
                self.pump(key);
            }
            Reading::Failed(error) => self.remove(key, &error.to_string()),
        }
    }

    /// Gives the face so many bytes that were read.
    fn take(&mut self, key: usize, count: usize) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        let bytes = self.buffer.get(..count).unwrap_or_default();
        match &mut connection.speech {
            Speech::Line(face) => {
                face.receive(bytes);
                self.note_partial(key);
            }
            Speech::Irc(face) => face.receive(bytes),
            Speech::Socket(socket) => {
                let (answer, ended) = socket.receive(bytes);
                self.answer_frames(key, &answer, ended);
            }
            Speech::Unsure(head) => {
                head.extend_from_slice(bytes);
                let spoken = match gateway(head) {
                    Gateway::None => detect(head),
                    Gateway::Unfinished => Spoken::Unsure,
                    Gateway::Client(client, length)
                        if connection.listener.proxies.have(connection.peer) =>
                    {
                        head.drain(..length);
                        connection.peer = Some(client);
                        Spoken::Irc
                    }
                    Gateway::Client(..) => {
                        connection.part(b"ERROR :WEBIRC is not taken from here\r\n");
                        return self.finish(key);
                    }
                };
                if spoken != Spoken::Unsure {
                    self.settle_speech(key, spoken);
                }
            }
            Speech::Web(head) => {
                head.extend_from_slice(bytes);
                self.read_request(key);
            }
            Speech::None => {}
        }
    }

    /// Sends what frames are answered with; a socket that ended is closed.
    pub(super) fn answer_frames(&mut self, key: usize, answer: &[u8], ended: bool) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        if !answer.is_empty() {
            if connection.outbox.push(answer.into(), None).is_err() {
                return self.remove_slow(key);
            }
            connection.mark_dirty(key, &mut self.dirty);
        }
        if ended && let Some(face) = connection.speech.face() {
            face.end_of_input();
        }
    }

    /// A client that ends no lines: a line is over when nothing follows for a while.
    fn note_partial(&mut self, key: usize) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        let Some(pause) = connection.listener.unterminated else { return };
        if let Speech::Line(face) = &connection.speech
            && face.has_partial()
        {
            connection.end_line_due = Some(self.now + pause);
            self.timers.set(self.now + pause, connection.number);
        } else {
            connection.end_line_due = None;
        }
    }

    /// It is known what a client speaks: its session begins, or it is told that there is none.
    pub(super) fn settle_speech(&mut self, key: usize, spoken: Spoken) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        let Speech::Unsure(head) = &mut connection.speech else { return };
        let head = std::mem::take(head);
        if connection.stream.wants_tls() {
            connection.part(&tls_wanted(spoken));
            return self.finish(key);
        }
        if spoken != Spoken::Web
            && let Some(why) = self.metrics.closed()
        {
            connection.part(&not_yet(spoken, &why));
            return self.finish(key);
        }
        let faces = connection.listener.faces;
        // Where there is no line mode, any line is one of IRC.
        let spoken = match spoken {
            Spoken::Line if !faces.line && faces.irc => Spoken::Irc,
            spoken => spoken,
        };
        match spoken {
            Spoken::Line if faces.line => {
                let mut face = LineFace::new(Arc::clone(&self.line_policy));
                face.greet(&mut self.output);
                face.receive(&head);
                connection.speech = Speech::Line(Box::new(face));
                connection.counted = Some(self.metrics.count(Counts::Line));
                self.send_output(key);
                self.note_partial(key);
            }
            Spoken::Irc if faces.irc => {
                let Some(mut face) = self.irc_face(key) else { return };
                face.receive(&head);
                if let Some(connection) = self.connections.get_mut(key) {
                    connection.speech = Speech::Irc(Box::new(face));
                    connection.counted = Some(self.metrics.count(Counts::Irc));
                }
                self.a_stranger(key);
            }
            Spoken::Web if faces.web => {
                connection.speech = Speech::Web(head);
                self.read_request(key);
            }
            spoken => {
                let words = apology(spoken, faces);
                connection.part(&words);
                self.finish(key);
            }
        }
    }

    pub(super) fn irc_face(&self, key: usize) -> Option<IrcFace> {
        let connection = self.connections.get(key)?;
        let about = About {
            session: SessionId { node: self.node, number: connection.number },
            host: cloak(&self.policy.cloak_key, connection.peer).into(),
            address: connection.peer.map_or_else(String::new, |peer| peer.to_string()).into(),
            secure: connection.is_secure(),
            certificate: connection.peer_certificate_sha256().map(Box::new),
        };
        Some(IrcFace::new(Arc::clone(&self.irc_policy), about))
    }

    /// Counts a connection among those who have not come in yet.
    pub(super) fn a_stranger(&mut self, key: usize) {
        if let Some(connection) = self.connections.get_mut(key) {
            connection.is_stranger = true;
            self.strangers.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// It has come in, or is gone.
    pub(super) fn no_stranger(&self, connection: &mut Connection) {
        if std::mem::take(&mut connection.is_stranger) {
            self.strangers.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Takes a new configuration for the sessions of IRC.
    pub(super) fn set_irc_policy(&mut self, policy: &crate::options::Policy) {
        self.irc_policy = Arc::new(policy.irc.clone());
        for (_, connection) in &mut self.connections {
            let Connection { speech, .. } = connection;
            match speech {
                Speech::Irc(face) => face.set_policy(Arc::clone(&self.irc_policy)),
                Speech::Socket(socket) => socket.face.set_policy(Arc::clone(&self.irc_policy)),
                _ => {}
            }
        }
    }
}

/// What a gateway says of whose connection it passes on.
enum Gateway {
    None,
    /// It has not said all yet.
    Unfinished,
    /// The client's address, and how long the line was that said so.
    Client(IpAddr, usize),
}

/// Reads `WEBIRC PASSWORD GATEWAY HOSTNAME IP [:OPTIONS]`, at the beginning of a connection
/// (<https://ircv3.net/specs/extensions/webirc>). Whom to believe is known by address, so that the
/// password does not count.
fn gateway(head: &[u8]) -> Gateway {
    if head.len() < GATEWAY.len() || !head.starts_with(GATEWAY) {
        return Gateway::None;
    }
    let Some(end) = head.iter().position(|byte| *byte == b'\n') else {
        return if head.len() > GATEWAY_BYTES_MAX { Gateway::None } else { Gateway::Unfinished };
    };
    let line = head.get(..end).unwrap_or_default();
    let line = std::str::from_utf8(line.strip_suffix(b"\r").unwrap_or(line)).unwrap_or_default();
    let address = Message::parse(line).ok().and_then(|message| {
        let address = message.params().get(3).copied()?;
        address.trim_start_matches('[').trim_end_matches(']').parse().ok()
    });
    address.map_or(Gateway::None, |address| Gateway::Client(address, end + 1))
}
