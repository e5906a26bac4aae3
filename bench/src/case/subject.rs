//! Who is asked: a server, and how its clients speak.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use crate::generator::crowd::Crowd;
use crate::generator::entry::{AT_ONCE, Newcomer, admit, settle};
use crate::generator::face::Face;
use crate::generator::talk::{Plan, Sender};
use crate::server::{Ground, Peer, Program, Server, Setup};
use crate::trial::{Measured, Trial};

/// A server, and how its clients speak.
#[derive(Clone, Debug)]
pub(super) struct Subject {
    pub(super) name: &'static str,
    pub(super) program: Program,
    /// Clients speak these in turn.
    pub(super) faces: &'static [Face],
    pub(super) setup: Setup,
}

/// Rooms full of clients.
#[derive(Debug)]
pub(super) struct Gathering {
    pub(super) server: Server,
    pub(super) crowd: Crowd,
    pub(super) plan: Plan,
}

/// How many gather, and what they will say.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rooms {
    pub(super) rooms: usize,
    /// Members of each room.
    pub(super) members: usize,
    /// Members of each room who speak.
    pub(super) senders: usize,
    /// Lines of a sender that nobody has seen yet.
    pub(super) in_flight: u64,
    /// Bytes of a payload.
    pub(super) size: usize,
}

const SETUP: Setup = Setup { tls: false, presence_notices_max: None };

impl Subject {
    /// The raw loop.
    pub(super) const RAW: Self =
        Self { name: "raw loop", program: Program::Raw, faces: &[Face::Raw], setup: SETUP };

    /// chinwag, spoken to in one way.
    pub(super) const fn chinwag(name: &'static str, faces: &'static [Face]) -> Self {
        Self { name, program: Program::Chinwag, faces, setup: SETUP }
    }

    /// The other servers that are installed, if they are wanted.
    pub(super) fn peers(ground: &Ground) -> impl Iterator<Item = Self> + use<> {
        let is_asked = !ground.own;
        let all = Peer::ALL.into_iter().filter(move |_| is_asked);
        let here = all.filter(|peer| peer.program().is_some());
        here.map(|peer| Self {
            name: peer.name(),
            program: Program::Peer(peer),
            faces: &[Face::Irc],
            setup: SETUP,
        })
    }

    /// The raw loop, chinwag on IRC, and the others.
    pub(super) fn on_irc(ground: &Ground) -> Vec<Self> {
        let own = [Self::RAW, Self::chinwag("chinwag, IRC", &[Face::Irc])];
        own.into_iter().chain(Self::peers(ground)).collect()
    }

    /// Its row of a table: what is measured of it.
    pub(super) fn trial(self, mut run: impl FnMut(&Self) -> Result<Measured> + 'static) -> Trial {
        Trial {
            subject: self.name.to_owned(),
            is_peer: self.is_peer(),
            run: Box::new(move || run(&self)),
        }
    }

    /// What a client of that number speaks.
    pub(super) fn face(&self, number: usize) -> Face {
        self.faces.get(number % self.faces.len().max(1)).copied().unwrap_or(Face::Raw)
    }

    /// Whether who speaks can see their own lines.
    pub(super) fn has_echo(&self) -> bool {
        match self.program {
            Program::Raw | Program::Chinwag => true,
            Program::Peer(peer) => peer.has_echo(),
        }
    }

    /// Clients that may be on their way in at a time. `InspIRCd` lets all who wait in once a second;
    /// ngIRCd has ten connections wait, and a further one is lost for a second.
    pub(super) fn at_once(&self) -> usize {
        match self.program {
            Program::Peer(Peer::Inspircd) => 8 * AT_ONCE,
            Program::Peer(Peer::Ngircd) => 8,
            Program::Raw | Program::Chinwag => AT_ONCE,
        }
    }

    /// Whether it is another's server: what it can't do is said, and is no fault of ours.
    pub(super) fn is_peer(&self) -> bool {
        matches!(self.program, Program::Peer(_))
    }

    /// Starts the server and fills its rooms, with clients in the order of their rooms.
    ///
    /// # Errors
    /// As of a server and of coming in.
    pub(super) fn gather(&self, rooms: Rooms, ground: &Ground) -> Result<Gathering> {
        self.fill(Server::start(self.program, self.setup, ground)?, rooms)
    }

    /// The same in a folder in which it may have stored before.
    ///
    /// # Errors
    /// As above.
    pub(super) fn gather_in(&self, rooms: Rooms, folder: &Path) -> Result<Gathering> {
        self.fill(Server::start_in(self.program, self.setup, folder)?, rooms)
    }

    fn fill(&self, server: Server, rooms: Rooms) -> Result<Gathering> {
        let (crowd, plan) = self.people(&[server.address()], server.certificate(), rooms)?;
        Ok(Gathering { server, crowd, plan })
    }

    /// Clients in rooms, in the order of these; they connect to the servers in turn.
    ///
    /// # Errors
    /// As of coming in.
    pub(super) fn people(
        &self,
        servers: &[SocketAddr],
        certificate: Option<&Path>,
        rooms: Rooms,
    ) -> Result<(Crowd, Plan)> {
        let mut crowd = Crowd::new()?;
        if let Some(certificate) = certificate {
            crowd.trust(certificate)?;
        }
        let has_echo = self.has_echo();
        let newcomer = |number: usize| Newcomer {
            face: self.face(number),
            name: format!("u{number}"),
            echo: has_echo && number % rooms.members < rooms.senders,
            room: Some(format!("r{}", number / rooms.members)),
        };
        let all: Vec<Newcomer> = (0..rooms.rooms * rooms.members).map(newcomer).collect();
        admit(&mut crowd, servers, &all, self.at_once())?;
        settle(&mut crowd, Duration::from_millis(300))?;
        let sender = |number: usize| {
            let (room, place) = (number / rooms.senders, number % rooms.senders);
            let member = room * rooms.members + place;
            // Where there is no echo, another member of the room tells that a line has come.
            let other = room * rooms.members + (place + rooms.senders) % rooms.members;
            let neighbour = room * rooms.members + (place + 1) % rooms.members;
            let witness = match has_echo {
                true => member,
                false if other == member => neighbour,
                false => other,
            };
            let face = self.face(member);
            let front = face.say(&format!("u{member}"), &format!("r{room}"));
            Sender { member, witness, room, front, end: face.end() }
        };
        let room = |room: usize| (room * rooms.members..(room + 1) * rooms.members).collect();
        let plan = Plan {
            senders: (0..rooms.rooms * rooms.senders).map(sender).collect(),
            size: rooms.size,
            in_flight: rooms.in_flight,
            rooms: (0..rooms.rooms).map(room).collect(),
            after: Vec::new(),
            echo: has_echo,
        };
        Ok((crowd, plan))
    }
}
