//! `SEARCH`: messages that hold words.
//!
//! Spec: <https://github.com/ircv3/ircv3-specifications/pull/496>.

use chinwag_model::id::Timestamp;
use chinwag_model::query::{Answer, Filter, Query};
use chinwag_wire::irc::message::{Message, unescape};
use chinwag_wire::irc::time::parse_timestamp;

use super::{Command, TooFew, playback};
use crate::irc::args;
use crate::irc::chat::{Chat, Next, Told};
use crate::output::Output;

pub(super) const COMMANDS: &[Command] = &[Command {
    params: 1,
    too_few: TooFew::Fail,
    run: search,
    ..Command::new("SEARCH", "text=<words>[;in=<target>]", "Searches messages; see HELP HISTORY.")
}];

fn search(chat: &mut Chat, message: &Message<'_>, out: &mut Output) {
    let params = message.params();
    let mut filter = Filter::default();
    let (mut words, mut limit) = (String::new(), 50);
    for part in params.first().copied().unwrap_or_default().split(';') {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        let value = unescape(value);
        let read = match key {
            "text" => {
                words = value.into_owned();
                Some(())
            }
            "in" => args::owner(&value).map(|owner| filter.within = Some(owner)),
            "from" => args::person(&value).map(|name| filter.author = Some(name)),
            "after" => parse_timestamp(&value).map(|ms| filter.after = Some(Timestamp(ms))),
            "before" => parse_timestamp(&value).map(|ms| filter.before = Some(Timestamp(ms))),
            "limit" => value.parse().ok().map(|count| limit = count),
            _ => Some(()),
        };
        if read.is_none() {
            let text = "Invalid parameters";
            return chat.fail("SEARCH", "INVALID_PARAMS", &[key], text, out);
        }
    }
    if words.trim().is_empty() {
        let text = "There is nothing to look for; give text=WORDS";
        return chat.fail("SEARCH", "INVALID_PARAMS", &["text"], text, out);
    }
    let limit = limit.clamp(1, chat.policy.limits.chathistory_messages);
    let query = Query::Search { words, filter: Box::new(filter), limit };
    chat.query(query, Search);
}

/// Messages that hold the words are asked for.
#[derive(Debug)]
struct Search;

impl Next for Search {
    fn told(self: Box<Self>, told: Told<'_>, chat: &mut Chat, out: &mut Output) {
        let Told::Answer(Answer::Found(messages)) = told else {
            return chat.unexpected(told, out);
        };
        let batch = chat.open_batch("draft/search", &[], out);
        for message in messages {
            playback::tell_message(chat, message, batch.as_deref(), out);
        }
        chat.close_batch(batch, out);
    }
}
