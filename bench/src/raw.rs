//! The raw loop: a server that only hands lines on, as cheaply as sockets allow.
//!
//! One thread, one queue of events. What all members of a room said since the last turn is one
//! piece, which goes to each member in one write. No names, no history, nothing on the disk: what
//! a delivery costs here is what the kernel asks for it.

use std::collections::HashMap;
use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;

use anyhow::{Context, Result};
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};

/// Bytes read from a socket at once.
const READ: usize = 64 * 1024;

/// Bytes that wait for a member; who reads more slowly is closed.
const OUTBOX: usize = 1024 * 1024;

const LISTENER: Token = Token(usize::MAX);

/// What it does wrong, once, to one member of a room: so that a test sees it noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Fault {
    /// A line is not handed on.
    Lose,
    /// A line comes twice.
    Repeat,
    /// Two lines come in the other order.
    Swap,
}

/// Turns in which something was said before a fault is made.
const FAULT_AFTER: u32 = 20;

#[derive(Debug)]
struct Member {
    socket: TcpStream,
    room: Option<usize>,
    /// The beginning of a line that has not ended.
    carry: Vec<u8>,
    /// What the socket has not taken yet.
    outbox: Vec<u8>,
}

#[derive(Debug, Default)]
struct Room {
    members: Vec<usize>,
    /// What was said in this turn.
    said: Vec<u8>,
}

#[derive(Debug, Default)]
struct Loop {
    members: Vec<Option<Member>>,
    rooms: Vec<Room>,
    names: HashMap<Vec<u8>, usize>,
    /// Rooms where something was said in this turn.
    loud: Vec<usize>,
    /// What is to be done wrong, and after how many turns.
    fault: Option<(Fault, u32)>,
}

/// Serves until the process is ended; prints the address first.
///
/// # Errors
/// The system's, for the listener and the queue of events.
pub(crate) fn serve(address: SocketAddr, fault: Option<Fault>) -> Result<()> {
    let mut poll = Poll::new().context("no queue of events")?;
    let mut events = Events::with_capacity(4096);
    let mut listener = TcpListener::bind(address).context("cannot listen")?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    println!("listening on {}", listener.local_addr()?);
    let mut all = Loop { fault: fault.map(|fault| (fault, FAULT_AFTER)), ..Loop::default() };
    let mut buffer = vec![0; READ];
    loop {
        match poll.poll(&mut events, None) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            other => other.context("cannot wait for events")?,
        }
        for event in &events {
            if event.token() == LISTENER {
                while let Ok((mut socket, _)) = listener.accept() {
                    socket.set_nodelay(true)?;
                    let token = Token(all.members.len());
                    let interest = Interest::READABLE | Interest::WRITABLE;
                    poll.registry().register(&mut socket, token, interest)?;
                    let (carry, outbox) = (Vec::new(), Vec::new());
                    all.members.push(Some(Member { socket, room: None, carry, outbox }));
                }
                continue;
            }
            let number = event.token().0;
            if event.is_writable() {
                all.write(number, &[]);
            }
            if event.is_readable() {
                all.read(number, &mut buffer);
            }
        }
        all.hand_on();
    }
}

impl Loop {
    fn read(&mut self, number: usize, buffer: &mut [u8]) {
        loop {
            let Some(Some(member)) = self.members.get_mut(number) else { return };
            let kept = member.carry.len();
            if let Some(front) = buffer.get_mut(..kept) {
                front.copy_from_slice(&member.carry);
            }
            let space = buffer.get_mut(kept..).unwrap_or_default();
            let space_len = space.len();
            let count = match member.socket.read(space) {
                Ok(count) if count > 0 => count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                _ => return self.close(number),
            };
            let filled = buffer.get(..kept + count).unwrap_or_default();
            let end = memchr::memrchr(b'\n', filled).map_or(0, |end| end + 1);
            let (whole, rest) = filled.split_at_checked(end).unwrap_or_default();
            member.carry.clear();
            member.carry.extend_from_slice(rest);
            match member.room {
                // Whole lines in one piece: nothing of them is looked at.
                Some(room) => {
                    if let Some(room_of) = self.rooms.get_mut(room) {
                        if room_of.said.is_empty() {
                            self.loud.push(room);
                        }
                        room_of.said.extend_from_slice(whole);
                    }
                }
                None => self.enter(number, whole),
            }
            if count < space_len {
                return;
            }
        }
    }

    /// Lines of who is in no room yet: a name, and a room.
    fn enter(&mut self, number: usize, lines: &[u8]) {
        for line in lines.split(|byte| *byte == b'\n') {
            if line.starts_with(b"/name ") {
                self.write(number, b"/welcome\n");
            } else if let Some(name) = line.strip_prefix(b"/room ") {
                let next = self.rooms.len();
                let room = *self.names.entry(name.to_vec()).or_insert(next);
                if room == next {
                    self.rooms.push(Room::default());
                }
                if let Some(room) = self.rooms.get_mut(room) {
                    room.members.push(number);
                }
                if let Some(Some(member)) = self.members.get_mut(number) {
                    member.room = Some(room);
                }
                self.write(number, b"/joined\n");
            }
        }
    }

    /// What was said goes to all who are in the room.
    fn hand_on(&mut self) {
        for room in std::mem::take(&mut self.loud) {
            let Some(of) = self.rooms.get_mut(room) else { continue };
            let (members, mut said) =
                (std::mem::take(&mut of.members), std::mem::take(&mut of.said));
            let wrong = self.err(&said);
            let (honest, last) = members.split_at(members.len() - usize::from(wrong.is_some()));
            for member in honest {
                self.write(*member, &said);
            }
            for member in last {
                self.write(*member, wrong.as_deref().unwrap_or_default());
            }
            said.clear();
            if let Some(of) = self.rooms.get_mut(room) {
                of.said = said;
                of.members = members;
                // Only those who were closed meanwhile are gone.
                let here = |member: &usize| matches!(self.members.get(*member), Some(Some(_)));
                if !of.members.iter().all(here) {
                    of.members.retain(here);
                }
            }
        }
    }

    /// What the last member of a room gets instead of what was said, if a fault is due.
    fn err(&mut self, said: &[u8]) -> Option<Vec<u8>> {
        let (fault, left) = self.fault.as_mut()?;
        *left = left.saturating_sub(1);
        let lines: Vec<&[u8]> = said.split_inclusive(|byte| *byte == b'\n').collect();
        let [first, second, rest @ ..] = &lines[..] else { return None };
        if *left > 0 {
            return None;
        }
        let mut wrong = match fault {
            Fault::Lose => vec![*second],
            Fault::Repeat => vec![*first, *first, *second],
            Fault::Swap => vec![*second, *first],
        };
        wrong.extend(rest);
        self.fault = None;
        Some(wrong.concat())
    }

    fn write(&mut self, number: usize, bytes: &[u8]) {
        let Some(Some(member)) = self.members.get_mut(number) else { return };
        if !member.outbox.is_empty() {
            member.outbox.extend_from_slice(bytes);
            let waiting = std::mem::take(&mut member.outbox);
            return self.put(number, &waiting);
        }
        if !bytes.is_empty() {
            self.put(number, bytes);
        }
    }

    fn put(&mut self, number: usize, mut bytes: &[u8]) {
        let Some(Some(member)) = self.members.get_mut(number) else { return };
        while !bytes.is_empty() {
            match member.socket.write(bytes) {
                Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(_) => return self.close(number),
            }
        }
        member.outbox.extend_from_slice(bytes);
        if member.outbox.len() > OUTBOX {
            self.close(number);
        }
    }

    fn close(&mut self, number: usize) {
        if let Some(member) = self.members.get_mut(number) {
            let room = member.take().and_then(|member| member.room);
            if let Some(room) = room.and_then(|room| self.rooms.get_mut(room)) {
                room.members.retain(|other| *other != number);
            }
        }
    }
}
