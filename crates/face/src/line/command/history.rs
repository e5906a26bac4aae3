//! `/history`: the last messages.

use std::sync::Arc;

use chinwag_model::message::Message;
use chinwag_model::name::{Name, quoted};
use chinwag_model::query::{Answer, Query};
use chinwag_wire::line::typed::split_word;

use super::{Command, Form, Read, Section, bare, query, usage};
use crate::line::talk::{Me, Next, Talk, Told};
use crate::line::{Output, render};

/// Messages that are told where nothing else is asked for, and most of them.
const HISTORY_DEFAULT: u32 = 20;
const HISTORY_MAX: u32 = 200;

const USAGE: &str = "/history [ROOM or NAME] [N]";

pub(super) const COMMANDS: &[Command] = &[Command {
    help: Some((Section::Past, "the last messages, 20 or N")),
    current: |rest| matches!(read(rest), Some((None, _))),
    run: |rest, me, _| history(rest, me),
    ..Command::new(Form::Slash("history"), USAGE)
}];

fn history(rest: &str, me: &Me) -> Read {
    let (of, count) = read(rest).ok_or_else(|| usage(USAGE))?;
    let limit = count.unwrap_or(HISTORY_DEFAULT).clamp(1, HISTORY_MAX);
    let of = match of {
        None => Query::RoomHistory { room: me.room.id, limit },
        Some("broadcast") => Query::BroadcastHistory { limit },
        Some(typed) => match Name::parse(typed) {
            Ok(of) => Query::History { of, limit },
            Err(_) => return Err(no_such_history(&quoted(typed))),
        },
    };
    Ok(query(of, History))
}

/// Of what, and how many; a single word that is a number is how many.
fn read(rest: &str) -> Option<(Option<&str>, Option<u32>)> {
    let count = |text: &str| match text.parse::<u32>() {
        Ok(count) => Some(count),
        Err(_) if text.bytes().all(|b| b.is_ascii_digit()) => Some(u32::MAX),
        Err(_) => None,
    };
    match split_word(rest) {
        None => Some((None, None)),
        Some((of, "")) => match count(of) {
            Some(count) => Some((None, Some(count))),
            None => Some((Some(bare(of)), None)),
        },
        Some((of, number)) => count(number).map(|count| (Some(bare(of)), Some(count))),
    }
}

/// There is nothing of that name to tell the history of.
fn no_such_history(name: &str) -> String {
    format!("No room, group or user is called \"{name}\".")
}

/// The last messages are asked for.
#[derive(Debug)]
struct History;

impl Next for History {
    fn told(self: Box<Self>, told: Told<'_>, talk: &mut Talk, out: &mut Output) {
        match told {
            Told::Answer(Answer::History(messages)) => tell(talk, messages, out),
            Told::Answer(Answer::NoSuchHistory(name)) => {
                out.notice(no_such_history(name.shown()));
            }
            other => talk.unexpected(other, out),
        }
    }
}

fn tell(talk: &Talk, messages: &[Arc<Message>], out: &mut Output) {
    let viewer = talk.person().map(|person| person.id);
    let mut told = false;
    for message in talk.unignored(messages) {
        told = true;
        render::message(message, viewer, render::time(message), &mut out.bytes);
    }
    if !told {
        out.notice("No messages.");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_of_history_is_read() {
        for (rest, asked) in [
            ("", Some((None, None))),
            ("5", Some((None, Some(5)))),
            ("#tea", Some((Some("tea"), None))),
            ("tea 5", Some((Some("tea"), Some(5)))),
            ("99999999999", Some((None, Some(u32::MAX)))),
            ("a b", None),
        ] {
            assert_eq!(read(rest), asked, "{rest}");
        }
    }
}
