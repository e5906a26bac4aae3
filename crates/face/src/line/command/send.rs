//! `SEND`: a client's index is asked for, then a message to it.

use chinwag_model::id::PersonId;
use chinwag_model::intent::{Intent, Target};
use chinwag_model::message::Manner;
use chinwag_model::name::quoted;
use chinwag_model::outcome::Refusal;
use chinwag_model::query::{Answer, Query};
use chinwag_model::text::Text;
use chinwag_wire::line::typed::BLANKS;

use super::{Action, Command, Form, Section, leaves};
use crate::line::talk::{Next, Prompt, Talk, Told};
use crate::line::{Output, refusal};

pub(super) const COMMANDS: &[Command] = &[Command {
    help: Some((Section::People, "send to a client by its index")),
    run: |_, _, _| Ok(Action::Open(Box::new(AskIndex))),
    ..Command::new(Form::Word("SEND"), "SEND")
}];

/// The index of a client to send to is typed.
#[derive(Debug)]
struct AskIndex;

impl Prompt for AskIndex {
    fn words(&self) -> &'static str {
        "Enter client index to send message to: "
    }

    fn is_left_by(&self, line: &str) -> bool {
        leaves(line)
    }

    fn take(self: Box<Self>, typed: &str, talk: &mut Talk, out: &mut Output) {
        let typed = typed.trim_matches(BLANKS);
        match typed.parse::<u32>() {
            Ok(index) => talk.query(Query::Client(index), Index(typed.to_owned())),
            Err(_) => talk.fail(refusal::no_such_client(&quoted(typed)), out),
        }
    }
}

/// The client with the index that was typed is looked for.
#[derive(Debug)]
struct Index(String);

impl Next for Index {
    fn told(self: Box<Self>, told: Told<'_>, talk: &mut Talk, out: &mut Output) {
        match told {
            Told::Answer(Answer::Client(Some(card))) => {
                talk.prompt(AskMessage { typed: self.0, person: card.id }, out);
            }
            Told::Answer(Answer::Client(None)) => {
                talk.fail(refusal::no_such_client(&self.0), out);
            }
            other => talk.unexpected(other, out),
        }
    }
}

/// A message is typed to a client that was found by its index.
#[derive(Debug)]
struct AskMessage {
    typed: String,
    person: PersonId,
}

impl Prompt for AskMessage {
    fn words(&self) -> &'static str {
        "Enter message: "
    }

    fn is_left_by(&self, line: &str) -> bool {
        line == "exit"
    }

    fn take(self: Box<Self>, typed: &str, talk: &mut Talk, _: &mut Output) {
        // With nothing to say the dialogue is over.
        if let Ok(text) = Text::parse(typed) {
            let say = Intent::say(Target::Person(self.person), Manner::Speech, text);
            talk.want(say, Send(self.typed));
        }
    }
}

/// Something is said to the client with the index that was typed.
#[derive(Debug)]
struct Send(String);

impl Next for Send {
    fn told(self: Box<Self>, told: Told<'_>, talk: &mut Talk, out: &mut Output) {
        match told {
            Told::Outcome(Err(Refusal::Gone)) => out.notice(refusal::no_such_client(&self.0)),
            other => talk.unless_granted(other, out),
        }
    }
}
