//! The commands: each is a row of the file that handles it, and found here by what is typed. Anything that
//! is no command is said.

mod away;
pub(super) mod exit;
mod group;
mod help;
mod history;
mod ignore;
mod invite;
mod join;
mod leave;
mod nick;
mod password;
mod people;
mod room;
mod say;
mod search;
mod send;
mod topic;
mod who;

use chinwag_model::ask::Ask;
use chinwag_model::intent::{Intent, Target};
use chinwag_model::message::Manner;
use chinwag_model::name::{Name, quoted};
use chinwag_model::query::Query;
use chinwag_model::text::{BadText, Text};
use chinwag_wire::line::clean::clean;
use chinwag_wire::line::typed::{BLANKS, Typed, named, unquoted};

use super::talk::{Me, Next, Prompt};
use super::{LinePolicy, refusal};

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
    /// Lines are written to who typed it.
    Write(fn(&mut Vec<u8>)),
    /// Something is asked; nothing else is read until it is answered.
    Ask(Ask, Box<dyn Next>),
    /// Something more is to be typed.
    Open(Box<dyn Prompt>),
}

/// What cannot be done is told, in these words.
type Read = Result<Action, String>;

/// A command: everything that is known of it but what its handler does.
#[derive(Clone, Copy, Debug)]
struct Command {
    /// What is typed, with its parameters, as `Usage:` tells it.
    usage: &'static str,
    form: Form,
    args: Args,
    /// In which part of `/help` it stands, and what is said of it; none where it is in another one's line.
    help: Option<(Section, &'static str)>,
    /// The usage of those that stand in its line of `/help`, behind its own.
    with: &'static str,
    /// Whether the sender sees what was typed as a line of the room or of the person written to.
    speech: bool,
    /// Whether it ends the session.
    leaves: bool,
    /// Whether the command means the current room, as what follows its word names no other one.
    current: fn(&str) -> bool,
    /// Reads what follows the command's word, without the blanks around.
    run: fn(&str, &Me, &LinePolicy) -> Read,
}

impl Command {
    /// A command that is no speech, takes what it likes, and stands in no line of the help of its own.
    const fn new(form: Form, usage: &'static str) -> Self {
        let run = |_: &str, _: &Me, _: &LinePolicy| Ok(Action::Nothing);
        Self {
            usage,
            form,
            args: Args::Any,
            help: None,
            with: "",
            speech: false,
            leaves: false,
            current: |_| false,
            run,
        }
    }
}

/// How a command is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// As a word alone on the line, exactly so.
    Word(&'static str),
    /// As a word, exactly so, with blanks and more behind it, or alone.
    Lead(&'static str),
    /// As the beginning of a line, exactly so.
    Prefix(&'static str),
    /// As a word behind a slash, in small letters or capitals.
    Slash(&'static str),
    /// As any line that is no command; what it is shows in its shape.
    Shape,
}

/// What must follow a command's word. Otherwise its usage is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Args {
    /// Whatever there is.
    Any,
    /// Something.
    Some,
    /// A name and a text.
    NameAndText,
    /// A name and a text, which may be in quotes, and is not empty within.
    NameAndQuoted,
}

impl Args {
    fn fit(self, rest: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Some => !rest.is_empty(),
            Self::NameAndText => named(rest).is_some(),
            Self::NameAndQuoted => named(rest).is_some_and(|(_, text)| !unquoted(text).is_empty()),
        }
    }
}

/// A part of the help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Section {
    Talk,
    Rooms,
    People,
    Past,
    You,
}

/// All rows, file by file, in the order of the help.
const FILES: &[&[Command]] = &[
    say::COMMANDS,
    join::COMMANDS,
    leave::COMMANDS,
    room::COMMANDS,
    who::COMMANDS,
    topic::COMMANDS,
    group::COMMANDS,
    invite::COMMANDS,
    people::COMMANDS,
    send::COMMANDS,
    away::COMMANDS,
    ignore::COMMANDS,
    history::COMMANDS,
    search::COMMANDS,
    nick::COMMANDS,
    password::COMMANDS,
    exit::COMMANDS,
    help::COMMANDS,
];

fn all() -> impl Iterator<Item = &'static Command> {
    FILES.iter().copied().flatten()
}

/// The bytes below 128 with which a command begins that is typed without a slash, as bits: nearly all lines
/// are speech, and most of them are known by this not to be a command.
const PLAIN_FIRST: u128 = {
    let (mut bits, mut file) = (0, 0);
    while file < FILES.len() {
        let (rows, mut row) = (FILES[file], 0);
        while row < rows.len() {
            if let Form::Word(word) | Form::Lead(word) | Form::Prefix(word) = rows[row].form {
                bits |= 1 << word.as_bytes()[0];
            }
            row += 1;
        }
        file += 1;
    }
    bits
};

/// The command that is typed without a slash, and what follows its word.
fn plain(line: &str) -> Option<(&'static Command, &str)> {
    let first = line.bytes().next().filter(u8::is_ascii)?;
    if PLAIN_FIRST >> first & 1 == 0 {
        return None;
    }
    all().find_map(|command| {
        let rest = match command.form {
            Form::Word(word) => {
                line.strip_prefix(word).filter(|rest| rest.trim_start_matches(BLANKS).is_empty())
            }
            Form::Lead(word) => {
                let after = |rest: &&str| rest.is_empty() || rest.starts_with(BLANKS);
                line.strip_prefix(word).filter(after)
            }
            Form::Prefix(word) => line.strip_prefix(word),
            Form::Slash(_) | Form::Shape => None,
        }?;
        Some((command, rest.trim_matches(BLANKS)))
    })
}

/// The command with this word behind its slash.
fn slashed(word: &str) -> Option<&'static Command> {
    all().find(
        |command| matches!(command.form, Form::Slash(known) if word.eq_ignore_ascii_case(known)),
    )
}

/// Reads a line.
pub(super) fn read(line: &str, me: &Me, policy: &LinePolicy) -> Action {
    let read = match plain(line) {
        Some((command, rest)) => run(command, rest, me, policy),
        None => match Typed::parse(line) {
            Typed::Empty => Ok(Action::Nothing),
            Typed::Text(_) if me.is_out => Err(refusal::no_longer_in(me.room.name.shown())),
            Typed::Text(text) => say::to_room(text, Manner::Speech, me),
            Typed::To { name, text } => say::to(name, text),
            Typed::Slash { word, rest } => match slashed(word) {
                Some(command) => run(command, rest, me, policy),
                None => Err(format!("/{} is not a command. Type /help.", clean(word))),
            },
        },
    };
    read.unwrap_or_else(Action::Tell)
}

fn run(command: &Command, rest: &str, me: &Me, policy: &LinePolicy) -> Read {
    if !command.args.fit(rest) {
        return Err(usage(command.usage));
    }
    if me.is_out && (command.current)(rest) {
        return Err(refusal::no_longer_in(me.room.name.shown()));
    }
    (command.run)(rest, me, policy)
}

fn usage(usage: &str) -> String {
    format!("Usage: {usage}")
}

/// Whether a line is something to say, of which the sender is sent a line back.
pub(super) fn is_speech(line: &str) -> bool {
    let is = |command: &Command, rest| command.speech && command.args.fit(rest);
    match plain(line) {
        Some((command, rest)) => is(command, rest),
        None => match Typed::parse(line) {
            Typed::Empty => false,
            Typed::Text(_) => true,
            Typed::To { text, .. } => !text.is_empty(),
            Typed::Slash { word, rest } => slashed(word).is_some_and(|command| is(command, rest)),
        },
    }
}

/// Whether a line is a command that ends the session.
pub(super) fn leaves(line: &str) -> bool {
    let command = plain(line).map(|(command, _)| command).or_else(|| match Typed::parse(line) {
        Typed::Slash { word, .. } => slashed(word),
        _ => None,
    });
    command.is_some_and(|command| command.leaves)
}

fn intent(intent: Intent, next: impl Next + 'static) -> Action {
    Action::Ask(Ask::Intent(intent), Box::new(next))
}

fn query(query: Query, next: impl Next + 'static) -> Action {
    Action::Ask(Ask::Query(query), Box::new(next))
}

/// A text that is to be said or set.
fn text(typed: &str) -> Result<Text, String> {
    Text::parse(typed).map_err(|bad| match bad {
        BadText::Empty => "There is no text. Nothing was sent.".to_owned(),
        BadText::Long | BadText::Control(_) => "That text cannot be sent.".to_owned(),
    })
}

fn person(typed: &str) -> Result<Name, String> {
    Name::parse(typed).map_err(|_| refusal::no_such_person(&quoted(typed)))
}

/// A room's name as typed: people used to IRC write it with a `#`.
fn bare(typed: &str) -> &str {
    typed.strip_prefix('#').unwrap_or(typed)
}

/// A room that one should be in.
fn room_name(typed: &str) -> Result<Name, String> {
    let typed = bare(typed);
    Name::parse(typed).map_err(|_| refusal::not_in(&quoted(typed)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_command_is_found_by_what_is_typed() {
        for command in all() {
            let found = match command.form {
                Form::Slash(word) => slashed(&word.to_ascii_uppercase()),
                Form::Word(word) | Form::Lead(word) | Form::Prefix(word) => {
                    plain(word).map(|(command, _)| command)
                }
                Form::Shape => continue,
            };
            assert_eq!(found.map(|found| found.form), Some(command.form));
        }
    }

    /// The command that a line is, by its usage, and what follows its word; or the shape of the line.
    fn typed(line: &str) -> String {
        let told = |command: &Command, rest: &str| match command.args.fit(rest) {
            true => format!("{} <- {rest}", command.usage),
            false => usage(command.usage),
        };
        match plain(line) {
            Some((command, rest)) => told(command, rest),
            None => match Typed::parse(line) {
                Typed::Slash { word, rest } => {
                    slashed(word).map_or("unknown".to_owned(), |command| told(command, rest))
                }
                shape => format!("{shape:?}"),
            },
        }
    }

    #[test]
    fn each_line_is_the_command_that_the_contract_says() {
        for (line, read) in [
            ("bye all", "Text(\"bye all\")"),
            (" exit", "Text(\" exit\")"),
            ("Exit", "Text(\"Exit\")"),
            ("list", "Text(\"list\")"),
            ("get_users please", "Text(\"get_users please\")"),
            (" chat Bob hello", "Text(\" chat Bob hello\")"),
            ("chatty", "Text(\"chatty\")"),
            ("broad:", "Text(\"broad:\")"),
            ("get_users", "get_users <- "),
            ("LIST", "LIST <- "),
            ("SEND", "SEND <- "),
            ("exit", "exit <- "),
            ("exit \t", "exit <- "),
            ("bye", "bye <- "),
            ("logout", "logout <- "),
            ("/quit", "/quit <- "),
            ("chat", "Usage: chat NAME \"TEXT\""),
            ("chat Bob", "Usage: chat NAME \"TEXT\""),
            ("chat Bob \"\"", "Usage: chat NAME \"TEXT\""),
            ("chat Bob \"hello\"", "chat NAME \"TEXT\" <- Bob \"hello\""),
            ("mk_grp:grp1:Bob:Carol", "mk_grp:GROUP:NAME:NAME <- grp1:Bob:Carol"),
            ("/say bye", "/say TEXT <- bye"),
            ("/say", "Usage: /say TEXT"),
            ("/msg Bob \"hi\"", "/msg NAME TEXT <- Bob \"hi\""),
            ("/msg Bob ", "Usage: /msg NAME TEXT"),
            ("/JOIN tea ", "/join ROOM <- tea"),
            ("/join", "Usage: /join ROOM"),
            ("/leave", "/leave [ROOM] <- "),
            ("/rooms please", "/rooms <- please"),
            ("/foo bar", "unknown"),
            ("/", "unknown"),
        ] {
            assert_eq!(typed(line), read, "{line:?}");
        }
    }

    #[test]
    fn what_is_said_is_known_from_what_is_done() {
        for (line, speech) in [
            ("hello", true),
            ("Bob: hello", true),
            ("Bob: ", false),
            ("broad: hello", true),
            ("chat Bob \"hello\"", true),
            ("chat Bob \"\"", false),
            ("/say bye", true),
            ("/say", false),
            ("/me waves", true),
            ("/msg Bob hi", true),
            ("/msg Bob", false),
            ("mk_grp:a:b", false),
            ("exit", false),
            ("/join tea", false),
            ("/foo", false),
            ("", false),
        ] {
            assert_eq!(is_speech(line), speech, "{line:?}");
        }
    }

    proptest! {
        #[test]
        fn any_line_is_a_command_or_has_a_shape(line in any::<String>()) {
            for line in [line.clone(), format!("/{line}"), format!("mk_grp:{line}")] {
                let _ = typed(&line);
                let _ = is_speech(&line);
            }
        }
    }
}
