//! Many clients on one thread.

use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

use super::face::Face;

/// Bytes read from a socket at once.
const READ: usize = 256 * 1024;

/// Bytes of a line that does not end, beyond which a server is not to be understood.
const LINE_MAX: usize = 192 * 1024;

/// Whoever looks at what comes.
pub(crate) trait Ear {
    /// A whole line without its end, that member number `member` got.
    /// `false` if it is nothing that was waited for.
    fn line(&mut self, member: usize, line: &[u8]) -> bool;
}

/// Clients of one server.
#[derive(Debug)]
pub(crate) struct Crowd {
    poll: Poll,
    events: Events,
    members: Vec<Member>,
    buffer: Vec<u8>,
    gone: usize,
    bytes: u64,
}

#[derive(Debug)]
struct Member {
    face: Face,
    socket: TcpStream,
    /// The beginning of a line that has not ended.
    carry: Vec<u8>,
    /// What the socket has not taken yet.
    unsent: Vec<u8>,
    gone: bool,
}

impl Crowd {
    /// An empty one.
    ///
    /// # Errors
    /// The system's, if it gives no queue of events.
    pub(crate) fn new() -> Result<Self> {
        let poll = Poll::new().context("no queue of events")?;
        let events = Events::with_capacity(4096);
        Ok(Self { poll, events, members: Vec::new(), buffer: vec![0; READ], gone: 0, bytes: 0 })
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
        let (carry, unsent) = (Vec::new(), Vec::new());
        self.members.push(Member { face, socket, carry, unsent, gone: false });
        Ok(number)
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

    /// Sends bytes, at once as far as the socket takes them.
    pub(crate) fn send(&mut self, member: usize, bytes: &[u8]) {
        if let Some(member) = self.members.get_mut(member) {
            self.gone += usize::from(!member.send(bytes));
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
        for event in &self.events {
            let number = event.token().0;
            let Some(member) = self.members.get_mut(number) else { continue };
            if member.gone {
                continue;
            }
            let mut here = true;
            if event.is_writable() && !member.unsent.is_empty() {
                here = member.flush();
            }
            if event.is_readable() {
                here &= member.receive(number, &mut self.buffer, &mut self.bytes, ear)?;
            }
            if !here && !member.gone {
                member.gone = true;
                self.gone += 1;
            }
        }
        Ok(())
    }
}

impl Member {
    /// `false` once the connection has ended.
    fn send(&mut self, bytes: &[u8]) -> bool {
        if self.gone {
            return true;
        }
        self.unsent.extend_from_slice(bytes);
        self.gone = !self.flush();
        !self.gone
    }

    fn flush(&mut self) -> bool {
        let mut sent = 0;
        let here = loop {
            let Some(rest) = self.unsent.get(sent..).filter(|rest| !rest.is_empty()) else {
                break true;
            };
            match self.socket.write(rest) {
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
            let count = match self.socket.read(space) {
                Ok(0) => return Ok(false),
                Ok(count) => count,
                Err(error) => return Ok(is_passing(&error)),
            };
            *bytes += count as u64;
            self.carry.clear();
            let filled = buffer.get(..kept + count).unwrap_or_default();
            let mut from = 0;
            for end in memchr::memchr_iter(b'\n', filled) {
                let line = filled.get(from..end).unwrap_or_default();
                let line = line.strip_suffix(b"\r").unwrap_or(line);
                from = end + 1;
                if !ear.line(number, line) {
                    self.face.pong(line, &mut self.unsent);
                }
            }
            let rest = filled.get(from..).unwrap_or_default();
            if rest.len() > LINE_MAX {
                bail!("a line of the server's does not end");
            }
            self.carry.extend_from_slice(rest);
            if !self.unsent.is_empty() && !self.flush() {
                return Ok(false);
            }
            // Less than there was space for: the socket is empty, and says when it is not.
            if count < space_len {
                return Ok(true);
            }
        }
    }
}

fn is_passing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}
