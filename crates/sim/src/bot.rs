//! A person of the world: says things, comes and goes, and keeps what it saw.

mod act;

use std::collections::{BTreeSet, VecDeque};

use crate::agenda::Micros;
use crate::chance::Chance;
use crate::truth::token;
use crate::voice::{Caps, Heard, To, Voice, Way};

/// Names of persons, none of which looks like another.
pub(crate) const NAMES: [&str; 6] = ["ana", "bo", "cyr", "dora", "emil", "fay"];

/// What became of a message, as far as who said it knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Nobody told.
    Unknown,
    /// It came back, or all before something later was done.
    Granted,
    /// Refused: it is not stored, and never will be.
    Refused,
    /// Told that nobody knows.
    Unsure,
}

/// A message that a bot has sent.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) token: String,
    pub(crate) fate: Fate,
}

/// A message that a client was told.
#[derive(Clone, Debug)]
pub(crate) struct Sighting {
    pub(crate) token: String,
    pub(crate) id: Option<String>,
}

/// One connection, from its beginning to its end.
#[derive(Debug)]
pub(crate) struct Visit {
    pub(crate) way: Way,
    /// What it was told without asking, in order.
    pub(crate) told: Vec<Sighting>,
    /// What it read, each answer by itself.
    pub(crate) read: Vec<(To, Vec<Sighting>)>,
    /// Whether it ended in peace, after all that was said in this world.
    pub(crate) is_last: bool,
}

/// Something sent that is not answered.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Open {
    /// A message, by its index among those sent.
    Message(usize),
    /// Something whose answer does not matter.
    Other,
    /// A question after which all before is done.
    Sync(u32),
}

/// A connection that stands.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) voice: Voice,
    pub(crate) is_in: bool,
    /// Not answered, in order.
    open: VecDeque<Open>,
    /// What is being read, and until which answer.
    reading: Option<(To, u32)>,
}

/// What a bot is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Aim {
    /// To do this and that.
    Live,
    /// To be in, and quiet.
    Rest,
    /// To say one thing more.
    Last,
    /// To come in again as one who can read history.
    Return,
    /// To read all of it.
    Read,
    /// Nothing any more.
    Done,
}

/// A person.
#[derive(Debug)]
pub(crate) struct Bot {
    pub(crate) number: usize,
    pub(crate) name: &'static str,
    pub(crate) password: String,
    pub(crate) chance: Chance,
    pub(crate) aim: Aim,
    pub(crate) link: Option<Link>,
    pub(crate) visits: Vec<Visit>,
    pub(crate) sent: Vec<Sent>,
    /// What was written to a connection that ended before it was read, and how many such ended.
    pub(crate) lost: BTreeSet<String>,
    pub(crate) breaks: usize,
    /// Whether it came in again before the server, or another one, knew that it had gone.
    pub(crate) was_twice: bool,
    /// Until when it reads nothing.
    pub(crate) stalled_until: Micros,
    /// What it had read of a line that never ended.
    unread: Vec<u8>,
    /// What it still wants to read at the end.
    to_read: Vec<To>,
    syncs: u32,
    others: usize,
    text_bytes_max: u64,
    /// What went wrong that a client can see by itself.
    pub(crate) wrong: Vec<String>,
}

/// What a bot does.
#[derive(Debug)]
pub(crate) enum Act {
    /// It sends this.
    Type(String),
    /// It ends its connection, and loses what is in it.
    Vanish,
}

impl Bot {
    pub(crate) fn new(number: usize, others: usize, text_bytes_max: u64, chance: Chance) -> Self {
        Self {
            number,
            name: NAMES.get(number).copied().unwrap_or("gus"),
            password: format!("secret{number}"),
            chance,
            aim: Aim::Live,
            link: None,
            visits: Vec::new(),
            sent: Vec::new(),
            lost: BTreeSet::new(),
            breaks: 0,
            was_twice: false,
            stalled_until: 0,
            unread: Vec::new(),
            to_read: Vec::new(),
            syncs: 0,
            others,
            text_bytes_max,
            wrong: Vec::new(),
        }
    }

    /// Draws what it speaks next.
    pub(crate) fn way(&mut self, irc_per_mille: u64) -> Way {
        if matches!(self.aim, Aim::Return | Aim::Read) {
            return if self.chance.happens(irc_per_mille) {
                Way::Irc(Caps::Full)
            } else {
                Way::Line
            };
        }
        if !self.chance.happens(irc_per_mille) {
            return Way::Line;
        }
        let caps = [Caps::Bare, Caps::Timed, Caps::Echo, Caps::Full];
        Way::Irc(caps.get(self.chance.below(4)).copied().unwrap_or(Caps::Full))
    }

    /// It is connected.
    pub(crate) fn connected(&mut self, way: Way) -> Option<String> {
        let (voice, first) = Voice::begin(way, self.name, &self.password);
        self.link = Some(Link { voice, is_in: false, open: VecDeque::new(), reading: None });
        self.visits.push(Visit { way, told: Vec::new(), read: Vec::new(), is_last: false });
        first
    }

    /// Its connection is over.
    pub(crate) fn disconnected(&mut self) {
        self.unread = self.link.take().map(|link| link.voice.unread().to_vec()).unwrap_or_default();
    }

    /// This was written to its connection, behind what it has read, and is lost.
    pub(crate) fn loses(&mut self, bytes: &[u8]) {
        let unread = match &self.link {
            Some(link) => link.voice.unread().to_vec(),
            None => std::mem::take(&mut self.unread),
        };
        let text = [unread.as_slice(), bytes].concat();
        let text = String::from_utf8_lossy(&text);
        let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
        self.lost.extend(words.filter_map(token).map(str::to_owned));
        self.breaks += 1;
    }

    /// Takes what came; gives what it sends at once, and whether it gives up.
    pub(crate) fn hear(&mut self, bytes: &[u8]) -> (String, bool) {
        let (mut reply, mut is_out) = (String::new(), false);
        let Some(link) = &mut self.link else { return (reply, true) };
        let mut heard = Vec::new();
        link.voice.hear(bytes, &mut heard);
        for heard in heard {
            match heard {
                Heard::Reply(line) => reply.push_str(&line),
                Heard::Out => is_out = true,
                Heard::In => reply.push_str(&self.came_in()),
                Heard::Said { token, id, is_read } => self.saw(token, id, is_read),
                Heard::Refused { label, is_sure } => self.refused(label.as_deref(), is_sure),
                Heard::Done(number) => self.done(number),
            }
        }
        (reply, is_out)
    }

    fn came_in(&mut self) -> String {
        let Some(link) = &mut self.link else { return String::new() };
        link.is_in = true;
        // The lobby is where everyone of line mode is anyway.
        let line = match link.voice {
            Voice::Irc(_) => link.voice.join("lobby"),
            Voice::Line(_) => link.voice.join("tea"),
        };
        self.other(line)
    }

    fn saw(&mut self, token: String, id: Option<String>, is_read: bool) {
        let Some(visit) = self.visits.last_mut() else { return };
        let sighting = Sighting { token, id };
        if is_read {
            match visit.read.last_mut() {
                Some((_, read)) => read.push(sighting),
                None => self.wrong.push(format!("{} came as if asked for", sighting.token)),
            }
            return;
        }
        let own = self.sent.iter().position(|sent| sent.token == sighting.token);
        visit.told.push(sighting);
        if let (Some(index), true) = (own, visit.way.echoes()) {
            self.granted(index);
        }
    }

    /// A message came back: so all that was sent before it is answered, and not refused later.
    fn granted(&mut self, index: usize) {
        let Some(link) = &mut self.link else { return };
        if let Some(sent) = self.sent.get_mut(index)
            && sent.fate == Fate::Unknown
        {
            sent.fate = Fate::Granted;
        }
        let Some(at) = link.open.iter().position(|open| *open == Open::Message(index)) else {
            return;
        };
        for open in link.open.drain(..=at) {
            if let Open::Message(other) = open
                && other != index
                && let Some(sent) = self.sent.get(other)
                && sent.fate == Fate::Unknown
            {
                self.wrong.push(format!("{} is not answered before a later one", sent.token));
            }
        }
    }

    fn refused(&mut self, label: Option<&str>, is_sure: bool) {
        let Some(link) = &mut self.link else { return };
        let labelled = label.and_then(|label| label.parse().ok());
        let open = match labelled {
            Some(index) => {
                let at = link.open.iter().position(|open| *open == Open::Message(index));
                at.and_then(|at| link.open.remove(at))
            }
            None => link.open.pop_front(),
        };
        match open {
            Some(Open::Message(index)) => {
                if let Some(sent) = self.sent.get_mut(index) {
                    sent.fate = if is_sure { Fate::Refused } else { Fate::Unsure };
                }
            }
            Some(Open::Other) => {}
            open => self.wrong.push(format!("a refusal that belongs to nothing: {open:?}")),
        }
    }

    fn done(&mut self, number: u32) {
        let Some(link) = &mut self.link else { return };
        if link.reading.as_ref().is_some_and(|(_, until)| *until == number) {
            link.reading = None;
        }
        let Some(at) = link.open.iter().position(|open| *open == Open::Sync(number)) else {
            return;
        };
        let open: Vec<_> = link.open.drain(..=at).collect();
        let echoes = self.visits.last().is_some_and(|visit| visit.way.echoes());
        for open in open {
            if let Open::Message(index) = open
                && let Some(sent) = self.sent.get_mut(index)
            {
                if echoes {
                    self.wrong.push(format!("{} was neither shown nor refused", sent.token));
                } else {
                    sent.fate = Fate::Granted;
                }
            }
        }
    }
}
