//! What clients do: they connect, type, read and go; and what lies between them and the servers.

use chinwag_node::delivery::SessionNumber;

use super::{At, Client, Due, World};
use crate::agenda::{MILLI, Micros, SECOND};
use crate::bot::{Act, Aim};
use crate::voice::Way;

/// After a connection ended, and after one was refused.
const RETURN: std::ops::RangeInclusive<Micros> = 10 * MILLI..=2 * SECOND;

impl World {
    /// The client's connection that stands: machine and session.
    fn link(&self, client: Client) -> Option<(At, SessionNumber)> {
        let (link, number, _) = self.links.get(client.0)?;
        link.filter(|_| *number == client.1)
    }

    pub(super) fn connect(&mut self, bot: usize) {
        let at = self.chance.below(self.machines.len());
        let irc = self.plan.irc;
        let Some(person) = self.bots.get_mut(bot) else { return };
        if person.link.is_some() {
            return;
        }
        let machine = &mut self.machines[at];
        let open = machine.process.as_mut().filter(|process| process.serves);
        let Some(process) = open.filter(|_| !machine.is_paused) else {
            let delay = self.chance.within(RETURN);
            return self.agenda.after(delay, Due::Connect(bot));
        };
        person.was_twice |= self.links.get(bot).is_some_and(|(_, number, _)| {
            machine.clients.values().any(|client| *client == (bot, *number))
        });
        let way = person.way(irc);
        let session = process.open(matches!(way, Way::Irc(_)));
        let first = person.connected(way);
        let (link, number, _) = &mut self.links[bot];
        *number += 1;
        *link = Some((at, session));
        let client = (bot, *number);
        machine.clients.insert(session, client);
        self.note(|world| format!("{} connects to node {at} by {way:?}", world.bots[bot].name));
        if let Some(first) = first {
            self.send(client, first.as_bytes());
        }
        self.wake(at);
    }

    /// A client sends something, in pieces of any size.
    fn send(&mut self, client: Client, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let length = match self.chance.happens(100) {
                true => self.chance.below(bytes.len()) + 1,
                false => bytes.len(),
            };
            let (piece, rest) = bytes.split_at(length);
            let delay = self.in_turn(client);
            self.agenda.after(delay, Due::Up(client, piece.to_vec()));
            bytes = rest;
        }
    }

    /// How long something is on its way that must not come before what was sent earlier.
    fn in_turn(&mut self, client: Client) -> Micros {
        let (now, net) = (self.agenda.now(), self.net());
        let Some((.., last)) = self.links.get_mut(client.0) else { return net };
        *last = (*last).max(now + net);
        *last - now
    }

    pub(super) fn up(&mut self, client: Client, bytes: &[u8]) {
        let Some((at, session)) = self.link(client) else { return };
        let connection = self.machine(at).process.as_mut();
        let connection = connection.and_then(|process| process.connections.get_mut(&session));
        if let Some(connection) = connection {
            connection.inbound.extend(bytes);
            self.wake(at);
        }
    }

    /// A client's end of the connection is closed: orderly, or by force.
    pub(super) fn hang_up(&mut self, client: Client, is_orderly: bool) {
        let (bot, number) = client;
        let found = self.machines.iter_mut().enumerate().find_map(|(at, machine)| {
            let session = machine.clients.iter().find(|(_, c)| **c == (bot, number))?.0;
            let process = machine.process.as_mut()?;
            Some((at, process.connections.get_mut(session)?))
        });
        if let Some((at, connection)) = found {
            if is_orderly {
                connection.input_ended = true;
            } else {
                connection.is_broken = true;
            }
            self.wake(at);
        }
    }

    /// A server has written something to a client.
    pub(super) fn wrote(&mut self, at: At, session: SessionNumber) {
        if let Some(client) = self.machine(at).clients.get(&session).copied() {
            let delay = self.net();
            self.agenda.after(delay, Due::Down(client));
        }
    }

    /// A client reads what has come.
    pub(super) fn down(&mut self, client: Client) {
        let now = self.agenda.now();
        let Some((at, session)) = self.link(client) else { return };
        let stalled_until = self.bots.get(client.0).map_or(0, |bot| bot.stalled_until);
        if stalled_until > now {
            return self.agenda.after(stalled_until - now, Due::Down(client));
        }
        let most = if self.is_healed { usize::MAX } else { self.plan.slow_bytes };
        let process = self.machine(at).process.as_mut();
        let Some(connection) = process.and_then(|p| p.connections.get_mut(&session)) else {
            return;
        };
        let length = connection.socket.len().min(most);
        let bytes: Vec<u8> = connection.socket.drain(..length).collect();
        let is_more = !connection.socket.is_empty();
        let is_waiting = !connection.outbox.is_empty();
        if is_more {
            let delay = self.chance.within(MILLI..=20 * MILLI);
            self.agenda.after(delay, Due::Down(client));
        }
        if is_waiting {
            self.wake(at);
        }
        self.heard(client, &bytes);
    }

    fn heard(&mut self, client: Client, bytes: &[u8]) {
        let name = self.bots.get(client.0).map_or("", |bot| bot.name);
        self.note(|_| format!("{name} < {}", shown(bytes)));
        let Some(bot) = self.bots.get_mut(client.0) else { return };
        let before = bot.visits.last().map_or(0, |visit| visit.told.len());
        let (reply, is_out) = bot.hear(bytes);
        let told =
            bot.visits.last().map_or(&[][..], |visit| visit.told.get(before..).unwrap_or(&[]));
        for sighting in told {
            match self.truth.said.get(&sighting.token) {
                None => {
                    self.wrong.push(format!("{name} saw {} before it was stored", sighting.token));
                }
                Some(stored) => {
                    let id = stored.place.to_string();
                    if sighting.id.as_ref().is_some_and(|seen| *seen != id) {
                        let seen = format!("{name} saw {} as {:?}", sighting.token, sighting.id);
                        self.wrong.push(format!("{seen}, and it is {id}"));
                    }
                }
            }
        }
        self.wrong.extend(bot.wrong.drain(..).map(|wrong| format!("{name}: {wrong}")));
        if !reply.is_empty() {
            self.note(|_| format!("{name} > {}", shown(reply.as_bytes())));
            self.send(client, reply.as_bytes());
        }
        if is_out {
            self.vanish(client.0);
        }
    }

    /// A connection was closed by the server, or with it.
    pub(super) fn closed(
        &mut self,
        at: At,
        session: SessionNumber,
        mut left: Vec<u8>,
        is_peaceful: bool,
    ) {
        let Some(client) = self.machine(at).clients.remove(&session) else { return };
        let is_reading = self.link(client).is_some();
        if !is_peaceful || !is_reading {
            let is_cluster = self.plan.is_cluster();
            if let Some(bot) = self.bots.get_mut(client.0) {
                bot.loses(&left);
                // Another node may not know of the end when it comes in there.
                bot.was_twice |= is_cluster;
            }
            let upto = if is_reading { self.chance.below(left.len() + 1) } else { 0 };
            left.truncate(upto);
        }
        let delay = self.net();
        self.agenda.after(delay, Due::Last(client, left));
    }

    /// What was left in the socket comes to the client, and the end.
    pub(super) fn last(&mut self, client: Client, bytes: &[u8]) {
        if self.link(client).is_none() {
            // It went before that came.
            if let Some(bot) = self.bots.get_mut(client.0) {
                bot.loses(bytes);
            }
            return;
        }
        self.heard(client, bytes);
        if self.link(client).is_some() {
            self.disconnect(client.0);
        }
    }

    fn disconnect(&mut self, bot: usize) {
        let (link, ..) = &mut self.links[bot];
        *link = None;
        self.bots[bot].disconnected();
        self.note(|world| format!("{} is disconnected", world.bots[bot].name));
        let delay = self.chance.within(RETURN);
        self.agenda.after(delay, Due::Connect(bot));
    }

    /// A client ends its connection at once; the server learns of it a while later.
    pub(super) fn vanish(&mut self, bot: usize) {
        let Some((link, number, _)) = self.links.get(bot).copied() else { return };
        if link.is_none() {
            return;
        }
        let client = (bot, number);
        let delay = match self.chance.happens(300) {
            true => self.chance.within(0..=10 * SECOND),
            false => self.in_turn(client),
        };
        self.agenda.after(delay, Due::HangUp(client, false));
        self.disconnect(bot);
    }

    pub(super) fn slow(&mut self, at: At, session: SessionNumber) {
        let Some((bot, _)) = self.machine(at).clients.get(&session).copied() else { return };
        self.note(|world| format!("{} reads too slowly", world.bots[bot].name));
    }

    pub(super) fn act(&mut self, bot: usize) {
        let delay = self.chance.within(self.plan.think.clone());
        self.agenda.after(delay, Due::Act(bot));
        let Some(person) = self.bots.get_mut(bot) else { return };
        if person.aim == Aim::Done {
            return;
        }
        let (name, acts) = (person.name, person.act());
        let client = (bot, self.links[bot].1);
        for act in acts {
            match act {
                Act::Type(line) => {
                    self.note(|_| format!("{name} > {}", shown(line.as_bytes())));
                    self.send(client, line.as_bytes());
                }
                Act::Vanish => self.vanish(bot),
            }
        }
        let is_done = self.bots.get(bot).is_some_and(|bot| bot.aim == Aim::Done);
        if is_done {
            self.note(|_| format!("{name} has read all"));
        }
    }
}

/// Bytes as a trace shows them.
fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).replace('\r', "").trim_end().replace('\n', "\n              | ")
}
