//! What is told of channels: who is in them, their topics, and lists of them.

use chinwag_model::ask::Ask;
use chinwag_model::id::{PersonId, Timestamp};
use chinwag_model::message::RoomCard;
use chinwag_model::mode::{Flags, RoomFlag};
use chinwag_model::name::Name;
use chinwag_model::query::{ChannelFilter, ChannelRow, Names, Page, Query};

use super::caps::Cap;
use super::chat::{Chat, Why};
use super::render::{channel, one_line};
use super::{args, sign};
use crate::output::Output;

/// Bytes of names on one line.
const NAMES_BYTES_MAX: usize = 380;

impl Chat {
    /// Tells a page of who is in a channel.
    pub(super) fn members(
        &mut self,
        room: Box<str>,
        card: Option<&(RoomCard, Flags)>,
        page: &Names,
        out: &mut Output,
    ) {
        let all = self.has(Cap::MultiPrefix);
        let shown = card.map_or_else(|| room.to_string(), |(card, _)| channel(&card.name));
        let secret = card.is_some_and(|(_, flags)| flags.has(RoomFlag::Secret));
        let sign = if secret { "@" } else { "=" };
        let mut names = String::with_capacity(NAMES_BYTES_MAX);
        for (ranks, word) in page.iter() {
            let signs = sign::signs(ranks, all);
            if names.len() + signs.len() + word.len() > NAMES_BYTES_MAX {
                self.numeric(353, &[sign, &shown], &names, out);
                names.clear();
            }
            if !names.is_empty() {
                names.push(' ');
            }
            names.push_str(&signs);
            names.push_str(word);
        }
        if !names.is_empty() {
            self.numeric(353, &[sign, &shown], &names, out);
        }
        if let (Some(after), Some(name)) = (page.next, args::channel(&room)) {
            self.ask_names(name, Some(after), room);
        }
    }

    /// Wants to tell who is in a channel, after this one and before anything else.
    pub(super) fn ask_names(&mut self, room: Name, after: Option<PersonId>, target: Box<str>) {
        let query = Query::Names { room, masks: self.has(Cap::UserhostInNames), after };
        self.ask_next(Ask::Query(query), Why::Names { room: target });
    }

    /// Tells a channel's topic; quietly, where nothing need be said of there being none.
    pub(super) fn topic_of(
        &mut self,
        room: &str,
        row: Option<&ChannelRow>,
        quiet: bool,
        out: &mut Output,
    ) {
        let Some(row) = row else {
            if !quiet {
                self.no_such_channel(room, out);
            }
            return;
        };
        if !quiet && !row.reads {
            return self.numeric(442, &[room], "You're not on that channel", out);
        }
        let room = channel(&row.card.name);
        match &row.topic {
            Some((topic, by, time)) => {
                self.numeric(332, &[&room], &one_line(topic.as_str()), out);
                let time = (time.0 / 1000).to_string();
                let by: &str = if by.is_empty() { "*" } else { by };
                self.numeric_bare(333, &[&room, by, &time], out);
            }
            None if quiet => {}
            None => self.numeric(331, &[&room], "No topic is set", out),
        }
    }

    pub(super) fn list(&mut self, params: &[&str], out: &mut Output) {
        let now = out.now;
        let mut filter = ChannelFilter::default();
        for word in args::list(params.first().copied().unwrap_or_default(), 20) {
            read_condition(word, now, &mut filter);
        }
        self.numeric(321, &["Channel"], "Users  Name", out);
        let query = Query::Channels { filter: Box::new(filter.clone()), after: None };
        self.ask(Ask::Query(query), Why::Channels(Box::new(filter)));
    }

    /// Tells a page of channels.
    pub(super) fn channels(
        &mut self,
        filter: Box<ChannelFilter>,
        page: &Page<ChannelRow, Name>,
        out: &mut Output,
    ) {
        for row in &page.rows {
            let topic = row.topic.as_ref().map_or("", |(topic, ..)| topic.as_str());
            let (room, count) = (channel(&row.card.name), row.members.to_string());
            self.numeric(322, &[&room, &count], &one_line(topic), out);
        }
        match page.next.clone() {
            Some(after) => {
                let query = Query::Channels { filter: filter.clone(), after: Some(after) };
                self.ask_next(Ask::Query(query), Why::Channels(filter));
            }
            None => self.numeric(323, &[], "End of /LIST", out),
        }
    }
}

/// Reads a condition of `LIST` (ELIST): `>10`, `<10`, `C<60`, `T>60` in minutes before now, a mask,
/// or `!` and a mask. What is none of those is passed over.
fn read_condition(word: &str, now: Timestamp, filter: &mut ChannelFilter) {
    let ago = |minutes: &str| {
        let minutes: i64 = minutes.parse().ok()?;
        Some(Timestamp(now.0.saturating_sub(minutes.saturating_mul(60_000))))
    };
    let upper = word.to_ascii_uppercase();
    if let Some(count) = word.strip_prefix('>') {
        filter.members_over = count.parse().ok();
    } else if let Some(count) = word.strip_prefix('<') {
        filter.members_under = count.parse().ok();
    } else if let Some(minutes) = upper.strip_prefix("C<") {
        // Made less than so many minutes ago.
        filter.made_after = ago(minutes);
    } else if let Some(minutes) = upper.strip_prefix("C>") {
        filter.made_before = ago(minutes);
    } else if let Some(minutes) = upper.strip_prefix("T<") {
        filter.topic_after = ago(minutes);
    } else if let Some(minutes) = upper.strip_prefix("T>") {
        filter.topic_before = ago(minutes);
    } else if let Some(mask) = word.strip_prefix('!') {
        filter.not_masks.push(mask.to_owned());
    } else {
        filter.masks.push(word.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_read() {
        let mut filter = ChannelFilter::default();
        for word in [">5", "<9", "C<1", "t>2", "#a*", "!*b"] {
            read_condition(word, Timestamp(600_000), &mut filter);
        }
        assert_eq!((filter.members_over, filter.members_under), (Some(5), Some(9)));
        assert_eq!(filter.made_after, Some(Timestamp(540_000)));
        assert_eq!(filter.topic_before, Some(Timestamp(480_000)));
        assert_eq!((filter.masks, filter.not_masks), (vec!["#a*".into()], vec!["*b".into()]));
    }
}
