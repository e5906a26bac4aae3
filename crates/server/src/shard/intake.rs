//! What comes from sockets: read, told apart by protocol, and given to the faces.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use chinwag_face::irc::{About, IrcFace};
use chinwag_face::line::LineFace;
use chinwag_model::id::SessionId;

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
        if self.hushed && connection.closing.is_none() {
            return;
        }
        if !connection.wants_input() {
            connection.waits_for_room |= !connection.outbox.is_empty();
            return;
        }
        // What frames are answered with by themselves is held to the pace, and to what is read of it.
        if matches!(connection.speech, Speech::Socket(_)) && connection.closing.is_none() {
            if connection.is_pressed(&self.policy.limits) {
                connection.waits_for_room = true;
                return;
            }
            if let Some(until) = connection.wait_until(&self.policy.limits, self.now) {
                return self.timers.set(until, connection.number);
            }
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
                        if !connection.is_now_of(client) {
                            connection.part(b"ERROR :Too many connections from your address\r\n");
                            return self.finish(key);
                        }
                        Spoken::Irc
                    }
                    Gateway::Bad if connection.listener.proxies.have(connection.peer) => {
                        let peer = connection.peer_text();
                        tracing::warn!("a WEBIRC line from {peer} cannot be read");
                        connection.part(b"ERROR :That WEBIRC line cannot be read\r\n");
                        return self.finish(key);
                    }
                    Gateway::Client(..) | Gateway::Bad => {
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
            if connection.outbox.push_answer(answer.into(), None).is_err() {
                return self.remove_slow(key);
            }
            connection.charge(&self.policy.limits, self.now);
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
            Spoken::Web if faces.web || faces.metrics => {
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
#[derive(Debug, PartialEq, Eq)]
enum Gateway {
    None,
    /// It has not said all yet.
    Unfinished,
    /// It cannot be read.
    Bad,
    /// The client's address, and how long the line was that said so.
    Client(IpAddr, usize),
}

/// Reads `WEBIRC PASSWORD GATEWAY HOSTNAME IP [:OPTIONS]`, at the beginning of a connection
/// (<https://ircv3.net/specs/extensions/webirc>). Whom to believe is known by address, so that the
/// password does not count.
fn gateway(head: &[u8]) -> Gateway {
    let begins = head.get(..GATEWAY.len()).is_some_and(|word| word.eq_ignore_ascii_case(GATEWAY));
    if !begins {
        return Gateway::None;
    }
    let Some(end) = head.iter().position(|byte| *byte == b'\n') else {
        return if head.len() > GATEWAY_BYTES_MAX { Gateway::Bad } else { Gateway::Unfinished };
    };
    let line = head.get(..end).unwrap_or_default();
    let line = std::str::from_utf8(line.strip_suffix(b"\r").unwrap_or(line)).unwrap_or_default();
    // An address such as `::1` begins with a colon, and some gateways put one before any last word.
    let address = line.split(' ').filter(|word| !word.is_empty()).nth(4).and_then(|word| {
        let read = |word: &str| word.trim_matches(['[', ']']).parse::<IpAddr>().ok();
        read(word).or_else(|| read(word.strip_prefix(':')?))
    });
    match address {
        Some(address) => Gateway::Client(address.to_canonical(), end + 1),
        None => Gateway::Bad,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateway_says_whose_connection_it_is_or_is_not_understood() {
        let client = |address: &str, bytes| Gateway::Client(address.parse().unwrap(), bytes);
        for (head, said) in [
            ("NICK ana\r\n", Gateway::None),
            ("WEBIR", Gateway::None),
            ("WEBIRC ", Gateway::Unfinished),
            ("WEBIRC p g h 192.0.2.1", Gateway::Unfinished),
            ("WEBIRC p g h 192.0.2.1\r\nNICK a\r\n", client("192.0.2.1", 24)),
            ("webirc p g h 192.0.2.1\n", client("192.0.2.1", 23)),
            ("WEBIRC p g h 192.0.2.1 :secure\r\n", client("192.0.2.1", 32)),
            ("WEBIRC p g h :192.0.2.1\r\n", client("192.0.2.1", 25)),
            ("WEBIRC p g h ::ffff:192.0.2.1\r\n", client("192.0.2.1", 31)),
            ("WEBIRC p g h 0::1\r\n", client("::1", 19)),
            ("WEBIRC p g h ::1\r\n", client("::1", 18)),
            ("WEBIRC p g h [2001:db8::1]\r\n", client("2001:db8::1", 28)),
            ("WEBIRC p g h nowhere\r\n", Gateway::Bad),
            ("WEBIRC p g h\r\n", Gateway::Bad),
        ] {
            assert_eq!(gateway(head.as_bytes()), said, "{head:?}");
        }
        let long = format!("WEBIRC {}", "x".repeat(GATEWAY_BYTES_MAX));
        assert_eq!(gateway(long.as_bytes()), Gateway::Bad);
    }
}
