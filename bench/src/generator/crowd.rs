//! Many clients on one thread.

use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use rustls::{ClientConfig, ClientConnection};

use super::face::Face;
use super::transport::{self, UPGRADE};

/// Bytes read from a socket at once.
const READ: usize = 256 * 1024;

/// Bytes of a line that does not end, beyond which a server is not to be understood.
const LINE_MAX: usize = 192 * 1024;

/// Whoever looks at what comes.
pub(crate) trait Ear {
    /// A whole line without its end, that member number `member` got.
    /// `false` if it is nothing that was waited for.
    fn line(&mut self, member: usize, line: &[u8]) -> bool;

    /// Lines follow that have just come.
    fn listen(&mut self) {}

    /// A connection has ended that was to end.
    fn ended(&mut self, _member: usize) {}
}

/// Clients of one server.
#[derive(Debug)]
pub(crate) struct Crowd {
    poll: Poll,
    events: Events,
    members: Vec<Option<Member>>,
    trusted: Option<Arc<ClientConfig>>,
    buffer: Vec<u8>,
    gone: usize,
    bytes: u64,
}

/// What lies between lines and the socket.
#[derive(Debug)]
enum Veil {
    None,
    Tls(Box<ClientConnection>),
    /// Before the server has agreed, its answer is read.
    WebSocket {
        is_open: bool,
    },
}

#[derive(Debug)]
struct Member {
    face: Face,
    socket: TcpStream,
    /// The beginning of a line that has not ended.
    carry: Vec<u8>,
    /// What the socket has not taken yet.
    unsent: Vec<u8>,
    veil: Veil,
    /// It may end.
    is_leaving: bool,
}

impl Crowd {
    /// An empty one.
    ///
    /// # Errors
    /// The system's, if it gives no queue of events.
    pub(crate) fn new() -> Result<Self> {
        let poll = Poll::new().context("no queue of events")?;
        let events = Events::with_capacity(4096);
        let (members, buffer) = (Vec::new(), vec![0; READ]);
        Ok(Self { poll, events, members, trusted: None, buffer, gone: 0, bytes: 0 })
    }

    /// Trusts a server with this certificate, for clients over TLS.
    ///
    /// # Errors
    /// If it can't be read.
    pub(crate) fn trust(&mut self, certificate: &Path) -> Result<()> {
        self.trusted = Some(transport::trust(certificate)?);
        Ok(())
    }

    /// Connects one more; gives their number.
    ///
    /// # Errors
    /// The system's, if the server can't be reached.
    pub(crate) fn connect(&mut self, server: SocketAddr, face: Face) -> Result<usize> {
        let number = self.members.len();
        // The next one may be under way before the server has taken this one: its backlog holds it.
        let socket =
            std::net::TcpStream::connect(server).with_context(|| format!("connection {number}"))?;
        socket.set_nodelay(true)?;
        socket.set_nonblocking(true)?;
        let mut socket = TcpStream::from_std(socket);
        let interest = Interest::READABLE | Interest::WRITABLE;
        self.poll.registry().register(&mut socket, Token(number), interest)?;
        let (carry, mut unsent) = (Vec::new(), Vec::new());
        let veil = match face {
            Face::Tls => {
                let trusted = self.trusted.as_ref().context("no certificate is trusted")?;
                Veil::Tls(transport::session(trusted)?)
            }
            Face::WebSocket => {
                unsent.extend_from_slice(UPGRADE);
                Veil::WebSocket { is_open: false }
            }
            _ => Veil::None,
        };
        let is_leaving = false;
        self.members.push(Some(Member { face, socket, carry, unsent, veil, is_leaving }));
        Ok(number)
    }

    /// Says a last word, after which the server is to end the connection.
    pub(crate) fn leave(&mut self, member: usize, word: &[u8]) {
        if let Some(Some(member)) = self.members.get_mut(member) {
            member.is_leaving = true;
        }
        self.send(member, word);
    }

    /// How many there are, with those who have gone.
    pub(crate) fn len(&self) -> usize {
        self.members.len()
    }

    /// Bytes that have come so far, to all of them.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Fails if a connection has ended.
    ///
    /// # Errors
    /// How many have gone.
    pub(crate) fn all_here(&self) -> Result<()> {
        if self.gone > 0 {
            bail!("the server closed {} of {} connections", self.gone, self.members.len());
        }
        Ok(())
    }

    /// Sends whole lines, at once as far as the socket takes them.
    pub(crate) fn send(&mut self, member: usize, lines: &[u8]) {
        if let Some(Some(one)) = self.members.get_mut(member)
            && !one.send(lines)
        {
            self.end(member);
        }
    }

    /// Waits for at most `wait` and hears all that has come.
    ///
    /// # Errors
    /// The system's; a line that does not end.
    pub(crate) fn turn(&mut self, wait: Duration, ear: &mut impl Ear) -> Result<()> {
        match self.poll.poll(&mut self.events, Some(wait)) {
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(()),
            other => other.context("cannot wait for events")?,
        }
        let mut ended = Vec::new();
        for event in &self.events {
            let number = event.token().0;
            let Some(Some(member)) = self.members.get_mut(number) else { continue };
            let mut here = true;
            if event.is_writable() {
                here = member.flush();
            }
            if event.is_readable() {
                here &= member.receive(number, &mut self.buffer, &mut self.bytes, ear)?;
            }
            // The end may have come together with the last lines, and is told only once.
            here &= !event.is_read_closed();
            if !here {
                ended.push(number);
            }
        }
        for member in ended {
            if self.end(member) {
                ear.ended(member);
            }
        }
        Ok(())
    }

    /// Closes a connection; whether it was to end.
    fn end(&mut self, member: usize) -> bool {
        let Some(member) = self.members.get_mut(member).and_then(Option::take) else {
            return false;
        };
        self.gone += usize::from(!member.is_leaving);
        member.is_leaving
    }
}

impl Member {
    /// `false` once the connection has ended.
    fn send(&mut self, lines: &[u8]) -> bool {
        match self.veil {
            Veil::WebSocket { .. } => transport::frames(lines, &mut self.unsent),
            _ => self.unsent.extend_from_slice(lines),
        }
        self.flush()
    }

    fn flush(&mut self) -> bool {
        let mut sent = 0;
        let here = loop {
            if let Veil::Tls(session) = &mut self.veil {
                match transport::write_tls(session, &mut self.socket) {
                    Ok(()) => {}
                    Err(error) => break is_passing(&error),
                }
            }
            let Some(rest) = self.unsent.get(sent..).filter(|rest| !rest.is_empty()) else {
                break true;
            };
            let written = match &mut self.veil {
                Veil::Tls(session) if session.is_handshaking() => break true,
                Veil::Tls(session) => session.writer().write(rest),
                _ => self.socket.write(rest),
            };
            match written {
                Ok(count) => sent += count,
                Err(error) => break is_passing(&error),
            }
        };
        self.unsent.drain(..sent);
        here
    }

    fn receive(
        &mut self,
        number: usize,
        buffer: &mut [u8],
        bytes: &mut u64,
        ear: &mut impl Ear,
    ) -> Result<bool> {
        loop {
            // What was left over stands before what comes, so that lines are in one piece.
            let kept = self.carry.len();
            if let Some(front) = buffer.get_mut(..kept) {
                front.copy_from_slice(&self.carry);
            }
            let space = buffer.get_mut(kept..).unwrap_or_default();
            let space_len = space.len();
            let read = match &mut self.veil {
                Veil::Tls(session) => transport::read_tls(session, &mut self.socket, space),
                _ => self.socket.read(space),
            };
            let count = match read {
                Ok(0) => return Ok(false),
                Ok(count) => count,
                // A handshake may have come to its end.
                Err(error) => return Ok(is_passing(&error) && self.flush()),
            };
            *bytes += count as u64;
            self.carry.clear();
            let filled = buffer.get(..kept + count).unwrap_or_default();
            ear.listen();
            let taken = match &mut self.veil {
                Veil::WebSocket { is_open } => {
                    let mut from = 0;
                    if !*is_open && let Some(end) = memchr::memmem::find(filled, b"\r\n\r\n") {
                        (*is_open, from) = (true, end + 4);
                    }
                    while *is_open
                        && let Some((line, length)) = filled.get(from..).and_then(transport::frame)
                    {
                        from += length;
                        if !ear.line(number, line) {
                            let mut pong = Vec::new();
                            self.face.pong(line, &mut pong);
                            transport::frames(&pong, &mut self.unsent);
                        }
                    }
                    from
                }
                _ => {
                    let mut from = 0;
                    for end in memchr::memchr_iter(b'\n', filled) {
                        let line = filled.get(from..end).unwrap_or_default();
                        let line = line.strip_suffix(b"\r").unwrap_or(line);
                        from = end + 1;
                        if !ear.line(number, line) {
                            self.face.pong(line, &mut self.unsent);
                        }
                    }
                    from
                }
            };
            let rest = filled.get(taken..).unwrap_or_default();
            if rest.len() > LINE_MAX {
                bail!("a line of the server's does not end");
            }
            self.carry.extend_from_slice(rest);
            if !self.unsent.is_empty() && !self.flush() {
                return Ok(false);
            }
            // Less than there was space for: the socket is empty, and says when it is not.
            if count < space_len && !matches!(self.veil, Veil::Tls(_)) {
                return Ok(true);
            }
        }
    }
}

fn is_passing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}
