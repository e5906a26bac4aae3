//! What a bot does.

use super::{Act, Aim, Bot, Fate, NAMES, Open, Sent};
use crate::voice::To;

/// Rooms beside the lobby.
const ROOMS: [&str; 2] = ["tea", "mate"];

/// Messages of a bot that may be on their way.
const ON_THEIR_WAY_MAX: usize = 8;

impl Bot {
    /// Does something, as is its aim.
    pub(crate) fn act(&mut self) -> Vec<Act> {
        let Some(link) = &self.link else { return Vec::new() };
        if !link.is_in {
            return Vec::new();
        }
        match self.aim {
            Aim::Live => self.live(),
            Aim::Last => {
                self.aim = Aim::Rest;
                self.say(&To::Room("lobby"))
            }
            Aim::Return => {
                self.aim = Aim::Read;
                let others = NAMES.iter().take(self.others).filter(|name| **name != self.name);
                self.to_read = others.map(|name| To::Person((*name).to_owned())).collect();
                self.to_read.push(To::Room("lobby"));
                let quit = link.voice.quit().to_owned();
                if let Some(link) = &mut self.link {
                    link.is_in = false;
                }
                if let Some(visit) = self.visits.last_mut() {
                    visit.is_last = true;
                }
                vec![Act::Type(quit)]
            }
            Aim::Read => self.read_next(),
            Aim::Rest | Aim::Done => Vec::new(),
        }
    }

    fn live(&mut self) -> Vec<Act> {
        let dice = self.chance.within(0..=999);
        let room = ROOMS.get(self.chance.below(2)).copied().unwrap_or("tea");
        let Some(link) = &mut self.link else { return Vec::new() };
        let open = link.open.iter().filter(|open| matches!(open, Open::Message(_))).count();
        let echoes = self.visits.last().is_some_and(|visit| visit.way.echoes());
        // Who does not see its own messages can't tell to which of them a refusal belongs.
        let most = if echoes { ON_THEIR_WAY_MAX } else { 1 };
        let (join, leave) = (link.voice.join(room), link.voice.leave(room));
        let (fidget, quit) = (link.voice.fidget(dice), link.voice.quit().to_owned());
        match dice {
            0..500 if open < most => self.say(&To::Room("lobby")),
            500..600 if open < most => self.say(&To::Room(room)),
            600..800 if open < most => {
                let others = self.others.saturating_sub(1);
                let whom = (self.number + 1 + self.chance.below(others)) % self.others;
                let whom = NAMES.get(whom).copied().unwrap_or("ana");
                self.say(&To::Person(whom.to_owned()))
            }
            800..850 => self.sync(),
            850..880 => vec![Act::Type(self.other(join))],
            880..890 => vec![Act::Type(self.other(leave))],
            890..930 => vec![Act::Type(self.other(fidget))],
            930..965 => self.read(&To::Room("lobby"), None),
            965..985 => vec![Act::Type(quit)],
            985..1000 => vec![Act::Vanish],
            _ => Vec::new(),
        }
    }

    fn say(&mut self, to: &To) -> Vec<Act> {
        let Some(link) = &mut self.link else { return Vec::new() };
        let index = self.sent.len();
        let token = format!("m{}-{index}", self.number);
        let length = usize::try_from(self.chance.within(0..=self.text_bytes_max)).unwrap_or(0);
        let filler: String = " lorem".chars().cycle().take(length).collect();
        let text = format!("{token} {}", filler.trim());
        let line = link.voice.say(to, text.trim(), u32::try_from(index).unwrap_or(0));
        link.open.push_back(Open::Message(index));
        self.sent.push(Sent { token, fate: Fate::Unknown });
        let mut acts = vec![Act::Type(line)];
        if !self.visits.last().is_some_and(|visit| visit.way.echoes()) {
            acts.extend(self.sync());
        }
        acts
    }

    fn sync(&mut self) -> Vec<Act> {
        let Some(link) = &mut self.link else { return Vec::new() };
        self.syncs += 1;
        link.open.push_back(Open::Sync(self.syncs));
        vec![Act::Type(link.voice.sync(self.syncs))]
    }

    /// Asks for history, and then for a sign that it came.
    fn read(&mut self, of: &To, before: Option<&str>) -> Vec<Act> {
        let Some(visit) = self.visits.last_mut() else { return Vec::new() };
        let Some(link) = self.link.as_mut().filter(|link| link.reading.is_none()) else {
            return Vec::new();
        };
        if !visit.way.reads() {
            return Vec::new();
        }
        let line = link.voice.history(of, before);
        link.reading = Some((of.clone(), self.syncs + 1));
        visit.read.push((of.clone(), Vec::new()));
        let mut acts = vec![Act::Type(line)];
        acts.extend(self.sync());
        acts
    }

    /// Reads page by page all that there is.
    fn read_next(&mut self) -> Vec<Act> {
        let is_reading = self.link.as_ref().is_some_and(|link| link.reading.is_some());
        if is_reading {
            return Vec::new();
        }
        let Some(visit) = self.visits.last() else { return Vec::new() };
        // A page that was not empty, and tells ids, has another one before it.
        let more = visit.read.last().and_then(|(of, page)| {
            let first = page.first()?.id.clone()?;
            Some((of.clone(), first))
        });
        if let Some((of, first)) = more {
            return self.read(&of, Some(&first));
        }
        match self.to_read.pop() {
            Some(of) => self.read(&of, None),
            None => {
                self.aim = Aim::Done;
                Vec::new()
            }
        }
    }

    /// Asks for something whose answer does not matter, and for a sign that it is done: a refusal up
    /// to there is of that.
    pub(super) fn other(&mut self, mut line: String) -> String {
        let Some(link) = &mut self.link else { return String::new() };
        self.syncs += 1;
        line.push_str(&link.voice.sync(self.syncs));
        link.open.extend([Open::Other, Open::Sync(self.syncs)]);
        line
    }
}
