//! What a line means to someone who is in: a command, or something to say.

use chinwag_model::ask::Ask;
use chinwag_model::intent::{GROUP_NAMED_MAX, Intent, Target};
use chinwag_model::message::Manner;
use chinwag_model::name::{BadName, Name, NewName, quoted};
use chinwag_model::query::Query;
use chinwag_model::text::{BadText, Text};
use chinwag_wire::line::clean::clean;
use chinwag_wire::line::command::Command;

use super::talk::{Me, Step, Why};
use super::{LinePolicy, refusal};

/// Messages of history that are told where nothing else is asked for, and most of them.
const HISTORY_DEFAULT: u32 = 20;
const HISTORY_MAX: u32 = 200;

/// Messages that a search tells at most.
const SEARCH_MAX: u32 = 50;

/// What a line leads to.
#[derive(Debug)]
pub(super) enum Action {
    /// Nothing at all.
    Nothing,
    /// The session is to end.
    Exit,
    /// Something is to be said.
    Say { to: Target, manner: Manner, text: Text },
    /// Something is told to who typed it.
    Tell(String),
    /// The list of commands.
    Help,
    /// Something is asked; nothing else is read until it is answered.
    Ask(Ask, Why),
    /// Something more is to be typed.
    Open(Step),
}

/// Reads a line.
pub(super) fn read(line: &str, me: &Me, policy: &LinePolicy) -> Action {
    let command = Command::parse(line);
    if me.is_out && is_about_current(&command) {
        return Action::Tell(refusal::no_longer_in(me.room.name.shown()));
    }
    let read = match command {
        Command::Empty => Ok(Action::Nothing),
        Command::Exit => Ok(Action::Exit),
        Command::Help => Ok(Action::Help),
        Command::Text(text) | Command::Say(text) => {
            say(Target::Room(me.room.id), Manner::Speech, text)
        }
        Command::Me(text) => say(Target::Room(me.room.id), Manner::Action, text),
        Command::To { name, text } => match Name::parse(name) {
            Ok(name) => say(Target::Either(name), Manner::Speech, text),
            Err(_) => Err(refusal::no_such_target(&quoted(name))),
        },
        Command::Chat { name, text } => {
            person(name).and_then(|name| say(Target::Called(name), Manner::Speech, text))
        }
        Command::Broadcast(text) => say(Target::Everyone, Manner::Speech, text),
        Command::MakeGroup { name, members, named } => make_group(name, &members, named),
        Command::GetUsers => Ok(query(Query::People { after: None }, Why::People)),
        Command::List => Ok(query(Query::Clients { after: 0 }, Why::Clients)),
        Command::Send => Ok(Action::Open(Step::Index)),
        Command::Join(room) => join(room),
        Command::Leave(None) => {
            Ok(intent(Intent::Leave(me.room.id), Why::Act(me.room.name.clone())))
        }
        Command::Leave(Some(room)) => own_room(room, Why::Leave),
        Command::Room(room) => own_room(room, Why::Room),
        Command::Rooms => Ok(query(Query::Rooms { after: None }, Why::Rooms)),
        Command::Groups => Ok(query(Query::Groups { after: None }, Why::Groups { begun: false })),
        Command::Who(None) => {
            let room = me.room.id;
            Ok(query(Query::Present { room, after: None }, Why::Present(room)))
        }
        Command::Who(Some(room)) => {
            room_name(room).map(|name| query(Query::Room(name.clone()), Why::Who(name)))
        }
        Command::Topic(None) => {
            Ok(query(Query::Topic(me.room.id), Why::Topic(me.room.name.clone())))
        }
        Command::Topic(Some(topic)) => text(topic).map(|topic| {
            let topic = Intent::SetTopic { room: me.room.id, topic: Some(topic) };
            intent(topic, Why::Act(me.room.name.clone()))
        }),
        Command::History { of, count } => history(of, count, me),
        Command::Search(words) => {
            let words = words.to_owned();
            Ok(query(
                Query::Search { words, filter: Box::default(), limit: SEARCH_MAX },
                Why::Search,
            ))
        }
        Command::Password if me.guest => Err(super::password::NO_GUEST.to_owned()),
        Command::Password => Ok(query(Query::Standing(me.person.name.clone()), Why::OwnStanding)),
        Command::Nick(name) => nick(name, me, policy),
        Command::Away(None) => Ok(act(Intent::SetAway(None), me)),
        Command::Away(Some(words)) => {
            text(words).map(|words| act(Intent::SetAway(Some(words)), me))
        }
        Command::Ignore(name) => person(name).map(|who| act(Intent::Ignore { who, on: true }, me)),
        Command::Unignore(name) => {
            person(name).map(|who| act(Intent::Ignore { who, on: false }, me))
        }
        Command::Invite { name, room } => invite(name, room, me),
        Command::Uninvite { name, room } => uninvite(name, room, me),
        Command::Usage(usage) => Err(format!("Usage: {usage}")),
        Command::Unknown(word) => Err(format!("/{} is not a command. Type /help.", clean(word))),
    };
    read.unwrap_or_else(Action::Tell)
}

/// Whether a command means the current room, as it names none.
fn is_about_current(command: &Command<'_>) -> bool {
    match command {
        Command::Text(_) | Command::Say(_) | Command::Me(_) | Command::Topic(_) => true,
        Command::Leave(room) | Command::Who(room) => room.is_none(),
        Command::History { of, .. } => of.is_none(),
        Command::Invite { room, .. } | Command::Uninvite { room, .. } => room.is_none(),
        _ => false,
    }
}

/// What cannot be done is told, in these words.
type Read = Result<Action, String>;

fn intent(intent: Intent, why: Why) -> Action {
    Action::Ask(Ask::Intent(intent), why)
}

fn query(query: Query, why: Why) -> Action {
    Action::Ask(Ask::Query(query), why)
}

fn act(wanted: Intent, me: &Me) -> Action {
    intent(wanted, Why::Act(me.room.name.clone()))
}

fn say(to: Target, manner: Manner, said: &str) -> Read {
    Ok(Action::Say { to, manner, text: text(said)? })
}

fn text(typed: &str) -> Result<Text, String> {
    Text::parse(typed).map_err(|bad| match bad {
        BadText::Empty => "There is no text. Nothing was sent.".to_owned(),
        BadText::Long | BadText::Control(_) => "That text cannot be sent.".to_owned(),
    })
}

fn person(typed: &str) -> Result<Name, String> {
    Name::parse(typed).map_err(|_| refusal::no_such_person(&quoted(typed)))
}

fn room_name(typed: &str) -> Result<Name, String> {
    Name::parse(typed).map_err(|_| refusal::not_in(&quoted(typed)))
}

fn own_room(typed: &str, why: impl Fn(Name) -> Why) -> Read {
    let name = room_name(typed)?;
    Ok(query(Query::OwnRoom(name.clone()), why(name)))
}

/// What is wrong with a name that was to be taken.
pub(super) fn not_a_name(typed: &str, why: &BadName) -> String {
    format!("\"{}\" is not a name: {why}.", quoted(typed))
}

fn make_group(typed: &str, members: &[&str], named: usize) -> Read {
    if named > GROUP_NAMED_MAX {
        return Err(refusal::no_group(&refusal::too_many_named(named)));
    }
    let name = NewName::parse(typed).map_err(|bad| refusal::no_group(&not_a_name(typed, &bad)))?;
    let member = |typed: &&str| person(typed).map_err(|why| refusal::no_group(&why));
    let named = members.iter().map(member).collect::<Result<_, _>>()?;
    Ok(intent(Intent::MakeGroup { name, named }, Why::Group))
}

fn join(typed: &str) -> Read {
    let room = Name::parse(typed).map_err(|bad| not_a_name(typed, &bad))?;
    // A room that is there can be joined whatever it is called.
    let (new, bad) = match NewName::parse(typed) {
        Ok(new) => (Some(new), None),
        Err(bad) => (None, Some(bad)),
    };
    Ok(intent(Intent::Join { room, new }, Why::Join(bad)))
}

fn history(of: Option<&str>, count: Option<u32>, me: &Me) -> Read {
    let limit = count.unwrap_or(HISTORY_DEFAULT).clamp(1, HISTORY_MAX);
    let of = match of {
        None => Query::RoomHistory { room: me.room.id, limit },
        Some("broadcast") => Query::BroadcastHistory { limit },
        Some(typed) => match Name::parse(typed) {
            Ok(of) => Query::History { of, limit },
            Err(_) => return Err(no_such_history(&quoted(typed))),
        },
    };
    Ok(query(of, Why::History))
}

/// There is nothing of that name to tell the history of.
pub(super) fn no_such_history(name: &str) -> String {
    format!("No room, group or user is called \"{name}\".")
}

fn nick(typed: &str, me: &Me, policy: &LinePolicy) -> Read {
    if me.guest && !policy.registration {
        return Err("Registration is closed; guests stay guests.".to_owned());
    }
    if me.guest && !policy.open_names {
        return Err("A name needs a password here. Come in again under it to set one.".to_owned());
    }
    let name = NewName::parse(typed).map_err(|bad| not_a_name(typed, &bad))?;
    Ok(act(Intent::Rename(name), me))
}

fn uninvite(name: &str, room: Option<&str>, me: &Me) -> Read {
    let who = person(name)?;
    match room {
        None => Ok(act(Intent::Uninvite { who, room: me.room.name.clone() }, me)),
        Some(typed) => own_room(typed, |room| Why::Uninvite { who: who.clone(), room }),
    }
}

fn invite(name: &str, room: Option<&str>, me: &Me) -> Read {
    let who = person(name)?;
    match room {
        None => Ok(act(Intent::Invite { who, room: me.room.id }, me)),
        Some(typed) => own_room(typed, |room| Why::Invite { who: who.clone(), room }),
    }
}
