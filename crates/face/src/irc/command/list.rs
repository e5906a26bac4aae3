//! `LIST`: which channels there are.
//!
//! Spec: <https://modern.ircdocs.horse/#list-message>.

use chinwag_model::id::Timestamp;
use chinwag_model::query::{Answer, ChannelFilter, Query};
use chinwag_wire::irc::message::Message;

use super::Command;
use crate::irc::args;
use crate::irc::chat::{Chat, Next, Told};
use crate::irc::render::{channel, one_line};
use crate::output::Output;

/// Which conditions are known, as `ELIST` tells it: by creation, by mask, by what no mask fits, by the
/// topic's time, by members.
pub(super) const CONDITIONS: &str = "CMNTU";

/// Most conditions of one command.
const CONDITIONS_MAX: usize = 20;

pub(super) const COMMANDS: &[Command] = &[Command {
    run: list,
    ..Command::new("LIST", "[>count|<count|C<min|T<min|mask]", "Lists channels.")
}];

fn list(chat: &mut Chat, message: &Message<'_>, out: &mut Output) {
    let now = out.now;
    let mut filter = ChannelFilter::default();
    let words = message.params().first().copied().unwrap_or_default();
    for word in args::list(words, CONDITIONS_MAX) {
        read_condition(word, now, &mut filter);
    }
    chat.numeric(321, &["Channel"], "Users  Name", out);
    let query = Query::Channels { filter: Box::new(filter.clone()), after: None };
    chat.query(query, Channels(Box::new(filter)));
}

/// A page of the channels that pass this is asked for.
#[derive(Debug)]
struct Channels(Box<ChannelFilter>);

impl Next for Channels {
    fn told(self: Box<Self>, told: Told<'_>, chat: &mut Chat, out: &mut Output) {
        let Told::Answer(Answer::Channels(page)) = told else {
            return chat.unexpected(told, out);
        };
        for row in &page.rows {
            let topic = row.topic.as_ref().map_or("", |(topic, ..)| topic.as_str());
            let (room, count) = (channel(&row.card.name), row.members.to_string());
            chat.numeric(322, &[&room, &count], &one_line(topic), out);
        }
        match page.next.clone() {
            Some(after) => {
                let query = Query::Channels { filter: self.0.clone(), after: Some(after) };
                chat.query_next(query, *self);
            }
            None => chat.numeric(323, &[], "End of /LIST", out),
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
