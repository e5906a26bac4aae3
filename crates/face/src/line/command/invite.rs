//! `/invite`: someone is told of a room, or added to a group; `/uninvite` takes that back.

use chinwag_model::intent::Intent;
use chinwag_model::name::Name;
use chinwag_model::query::{Answer, Query};
use chinwag_wire::line::typed::split_word;

use super::{Args, Command, Form, Read, Section, intent, person, query, room_name};
use crate::line::outcome::Act;
use crate::line::talk::{Me, Next, Talk, Told};
use crate::line::{Output, refusal};

pub(super) const COMMANDS: &[Command] = &[
    Command {
        args: Args::Some,
        current: is_current,
        help: Some((Section::Rooms, "tell someone of a room; add them to a group")),
        run: |rest, me, _| invite(rest, me),
        ..Command::new(Form::Slash("invite"), "/invite NAME [ROOM]")
    },
    Command {
        args: Args::Some,
        current: is_current,
        help: Some((Section::Rooms, "take the invitation back")),
        run: |rest, me, _| uninvite(rest, me),
        ..Command::new(Form::Slash("uninvite"), "/uninvite NAME [ROOM]")
    },
];

/// Whether no room is named.
fn is_current(rest: &str) -> bool {
    split_word(rest).is_none_or(|(_, room)| room.is_empty())
}

fn uninvite(rest: &str, me: &Me) -> Read {
    let (name, room) = split_word(rest).unwrap_or_default();
    let who = person(name)?;
    if room.is_empty() {
        let uninvite = Intent::Uninvite { who, room: me.room.name.clone() };
        return Ok(intent(uninvite, Act(me.room.name.clone())));
    }
    let room = room_name(room)?;
    Ok(query(Query::OwnRoom(room.clone()), Uninvite { who, room }))
}

/// The room that someone is no longer to be invited to is looked for, by what was typed.
#[derive(Debug)]
struct Uninvite {
    who: Name,
    room: Name,
}

impl Next for Uninvite {
    fn told(self: Box<Self>, told: Told<'_>, talk: &mut Talk, out: &mut Output) {
        let Self { who, room } = *self;
        match told {
            Told::Answer(Answer::Room(Some(room))) => {
                let uninvite = Intent::Uninvite { who, room: room.name.clone() };
                talk.want(uninvite, Act(room.name.clone()));
            }
            Told::Answer(Answer::Room(None)) => out.notice(refusal::not_in(room.shown())),
            other => talk.unexpected(other, out),
        }
    }
}

fn invite(rest: &str, me: &Me) -> Read {
    let (name, room) = split_word(rest).unwrap_or_default();
    let who = person(name)?;
    if room.is_empty() {
        let invite = Intent::Invite { who, room: me.room.id };
        return Ok(intent(invite, Act(me.room.name.clone())));
    }
    let room = room_name(room)?;
    Ok(query(Query::OwnRoom(room.clone()), Invite { who, room }))
}

/// The room that someone is to be told of is looked for, by what was typed.
#[derive(Debug)]
struct Invite {
    who: Name,
    room: Name,
}

impl Next for Invite {
    fn told(self: Box<Self>, told: Told<'_>, talk: &mut Talk, out: &mut Output) {
        let Self { who, room } = *self;
        match told {
            Told::Answer(Answer::Room(Some(room))) => {
                talk.want(Intent::Invite { who, room: room.id }, Act(room.name.clone()));
            }
            Told::Answer(Answer::Room(None)) => out.notice(refusal::not_in(room.shown())),
            other => talk.unexpected(other, out),
        }
    }
}
