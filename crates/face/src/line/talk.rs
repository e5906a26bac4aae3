//! Where a conversation stands: who it is with, how the next line is read, and what has to come first.
//!
//! A command asks for something and says what comes [`Next`]: a value of the command's own file; likewise
//! a dialogue says by which [`Prompt`] the next line is read. Nothing here knows of any command.

use std::fmt::Debug;
use std::sync::Arc;

use chinwag_model::ask::{Ask, Checked};
use chinwag_model::id::{PersonId, RoomId};
use chinwag_model::intent::{Intent, Target};
use chinwag_model::message::{Card, Manner, RoomCard};
use chinwag_model::name::Name;
use chinwag_model::outcome::Outcome;
use chinwag_model::query::{Answer, Query};
use chinwag_model::text::Text;

use super::held::Held;
use super::window::Window;
use super::{LinePolicy, Output};

/// What came from the client, read.
#[derive(Clone, Copy, Debug)]
pub(super) enum Input<'a> {
    Line(&'a str),
    TooLong,
    NotUtf8,
    AreYouThere,
    Exit,
}

/// What came of something that a conversation asked for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Told<'a> {
    Outcome(&'a Outcome),
    Answer(&'a Answer),
    Checked(&'a Checked),
}

/// What a conversation does once the result that it waits for is there.
///
/// Results that the command does not expect go to [`Talk::unexpected`].
pub(super) trait Next: Debug + Send {
    /// Takes the result.
    fn told(self: Box<Self>, told: Told<'_>, talk: &mut Talk, out: &mut Output);
}

/// A prompt, and what the line that answers it means.
pub(super) trait Prompt: Debug + Send {
    /// What is shown before the line.
    fn words(&self) -> &'static str;

    /// Whether the line is a secret.
    fn is_hidden(&self) -> bool {
        false
    }

    /// Whether this line, without blanks around, leaves instead of answering. A password may be any text.
    fn is_left_by(&self, _line: &str) -> bool {
        false
    }

    /// What is said to a client that sent more lines before it was shown this prompt at login, if more is
    /// said than goodbye.
    fn sent_ahead(&self) -> Option<&'static str> {
        None
    }

    /// Takes the line. The next one is read as at home, unless something else is opened.
    fn take(self: Box<Self>, line: &str, talk: &mut Talk, out: &mut Output);
}

/// How the next line is read.
#[derive(Debug)]
pub(super) enum Step {
    /// As a name to come in with.
    Name,
    /// As text or a command.
    Chat,
    /// As the answer to a prompt. In a box of its own, so that it takes one word in each of many sessions,
    /// of which few are asked anything.
    Prompt(Box<Box<dyn Prompt>>),
    /// Not at all.
    Over,
}

/// A request that must end before the next line is read.
#[derive(Debug)]
pub(super) struct Wait {
    /// Its number, once it was given out.
    pub(super) request: Option<u32>,
    /// What is to be asked, until then.
    pub(super) ask: Option<Ask>,
    next: Box<dyn Next>,
}

/// Who came in, and where they are.
#[derive(Debug)]
pub(super) struct Me {
    pub(super) person: Card,
    pub(super) guest: bool,
    /// The current room. Only what they type makes another one current.
    pub(super) room: RoomCard,
    /// Whether they are no longer in it, by what others did or by another device: then nothing is said
    /// until they choose a room.
    pub(super) is_out: bool,
    /// Whom they ignore, in order.
    pub(super) ignores: Vec<PersonId>,
}

/// A line that has to wait for the messages before it.
#[derive(Debug)]
pub(super) enum Kept {
    Line(Box<str>),
    TooLong,
    NotUtf8,
    AreYouThere,
}

/// A conversation.
#[derive(Debug)]
pub(super) struct Talk {
    pub(super) policy: Arc<LinePolicy>,
    pub(super) step: Step,
    pub(super) me: Option<Me>,
    /// While what came before is told: what has come since.
    pub(super) held: Option<Box<Held>>,
    pub(super) wait: Option<Box<Wait>>,
    pub(super) kept: Option<Box<Kept>>,
    pub(super) says: Window,
    pub(super) request_next: u32,
    /// Whether the prompt of the current step has not been written yet.
    owes_prompt: bool,
}

impl Talk {
    pub(super) fn new(policy: Arc<LinePolicy>) -> Self {
        Self {
            policy,
            step: Step::Name,
            me: None,
            held: None,
            wait: None,
            kept: None,
            says: Window::default(),
            request_next: 1,
            owes_prompt: false,
        }
    }

    pub(super) fn greet(&mut self, out: &mut Output) {
        out.line(format_args!("Welcome to {}.", self.policy.server_name));
        self.open(Step::Name, out);
    }

    pub(super) fn person(&self) -> Option<&Card> {
        self.me.as_ref().map(|me| &me.person)
    }

    pub(super) fn is_finished(&self) -> bool {
        self.is_over() && self.wait.is_none()
    }

    /// Whether no more lines will be read.
    pub(super) fn is_over(&self) -> bool {
        matches!(self.step, Step::Over)
    }

    /// Whether what is typed now is a secret.
    pub(super) fn is_hidden(&self) -> bool {
        self.wait.is_none() && self.step.is_hidden()
    }

    /// The session is over, whatever was on its way.
    pub(super) fn end(&mut self) {
        self.step = Step::Over;
        self.wait = None;
        self.kept = None;
    }

    /// A message goes out.
    pub(super) fn say(&mut self, to: Target, manner: Manner, text: Text) -> (u32, Ask) {
        self.says.begin(self.request_next);
        (self.number(), Ask::Intent(Intent::say(to, manner, text)))
    }

    /// A number for a request.
    pub(super) fn number(&mut self) -> u32 {
        let number = self.request_next;
        self.request_next = number.wrapping_add(1);
        number
    }

    /// Asks something that must end before the next line is read.
    pub(super) fn ask(&mut self, ask: Ask, next: impl Next + 'static) {
        self.ask_boxed(ask, Box::new(next));
    }

    pub(super) fn ask_boxed(&mut self, ask: Ask, next: Box<dyn Next>) {
        self.wait = Some(Box::new(Wait { request: None, ask: Some(ask), next }));
    }

    /// Wants something done.
    pub(super) fn want(&mut self, intent: Intent, next: impl Next + 'static) {
        self.ask(Ask::Intent(intent), next);
    }

    /// Wants something answered.
    pub(super) fn query(&mut self, query: Query, next: impl Next + 'static) {
        self.ask(Ask::Query(query), next);
    }

    /// Ends the wait for this request.
    pub(super) fn waited_for(&mut self, request: u32) -> Option<Box<dyn Next>> {
        let wait = self.wait.take_if(|wait| wait.request == Some(request))?;
        Some(wait.next)
    }

    /// Asks for a line.
    pub(super) fn open(&mut self, step: Step, out: &mut Output) {
        out.prompt(step.prompt());
        self.step = step;
    }

    /// Asks for a line by a prompt.
    pub(super) fn prompt(&mut self, prompt: impl Prompt + 'static, out: &mut Output) {
        self.open(Step::prompted(Box::new(prompt)), out);
    }

    /// Asks again for the current step, after an answer that was refused.
    ///
    /// During login the prompt is only owed: [`settle`](Self::settle) writes it.
    pub(super) fn prompt_again(&mut self, out: &mut Output) {
        match self.me {
            Some(_) => out.prompt(self.step.prompt()),
            None => self.owes_prompt = true,
        }
    }

    /// Asks for a line at login by a prompt that must not be answered by lines sent before it was shown.
    pub(super) fn prompt_unless_ahead(&mut self, prompt: impl Prompt + 'static) {
        self.step = Step::prompted(Box::new(prompt));
        self.owes_prompt = true;
    }

    /// Whether a prompt has yet to be written, by [`settle`](Self::settle).
    pub(super) fn owes_prompt(&self) -> bool {
        self.owes_prompt
    }

    /// Writes the prompt that is owed. A client that already sent more lines did not mean them as the
    /// answer to this prompt: the next line of a script would become a name, or a password. So its
    /// session ends instead.
    pub(super) fn settle(&mut self, has_sent_ahead: bool, out: &mut Output) {
        self.owes_prompt = false;
        if !has_sent_ahead {
            return out.prompt(self.step.prompt());
        }
        if let Step::Prompt(prompt) = &self.step
            && let Some(words) = prompt.sent_ahead()
        {
            out.notice(words);
        }
        self.end();
    }

    /// Says that the session was not logged in in time, and what it was waiting for.
    pub(super) fn too_slow(&self, seconds: u64, out: &mut Output) {
        out.prompt("\n");
        match &self.step {
            _ if self.wait.is_some() => {
                out.notice(format_args!("The login took more than {seconds} seconds. Try again."));
            }
            step if step.is_hidden() => {
                out.notice(format_args!("No password was given in {seconds} seconds."));
            }
            _ => out.notice(format_args!("No name was given in {seconds} seconds.")),
        }
    }

    /// What is said from here on goes to this room.
    pub(super) fn talk_in(&mut self, room: RoomCard) {
        if let Some(me) = &mut self.me {
            (me.room, me.is_out) = (room, false);
        }
    }

    /// How lines are read that answer no prompt in particular.
    pub(super) fn home(&self) -> Step {
        if self.me.is_some() { Step::Chat } else { Step::Name }
    }

    /// Says what went wrong, and goes on with the next line.
    pub(super) fn fail(&mut self, text: impl std::fmt::Display, out: &mut Output) {
        out.notice(text);
        self.step = self.home();
        self.prompt_again(out);
    }

    /// Ends an open prompt's line, so that what follows has a line for itself.
    pub(super) fn break_prompt(&self, out: &mut Output) {
        if self.has_dialogue() {
            out.prompt("\n");
        }
    }

    /// Whether a prompt stands open to someone who is in.
    pub(super) fn has_dialogue(&self) -> bool {
        self.me.is_some() && self.wait.is_none() && !self.step.prompt().is_empty()
    }

    /// The current room's name.
    pub(super) fn room(&self) -> &Name {
        static LOBBY: std::sync::LazyLock<Name> = std::sync::LazyLock::new(Name::lobby);
        self.me.as_ref().map_or(&LOBBY, |me| &me.room.name)
    }

    pub(super) fn is_me(&self, name: &Name) -> bool {
        self.person().is_some_and(|person| person.name == *name)
    }
}

/// The room in which everyone is.
pub(super) fn lobby() -> RoomCard {
    RoomCard { id: RoomId::LOBBY, name: Name::lobby(), group: false }
}

impl Step {
    pub(super) fn prompted(prompt: Box<dyn Prompt>) -> Self {
        Self::Prompt(Box::new(prompt))
    }

    /// What is shown before such a line; nothing where there is no prompt.
    pub(super) fn prompt(&self) -> &'static str {
        match self {
            Self::Name => "USERNAME: ",
            Self::Prompt(prompt) => prompt.words(),
            Self::Chat | Self::Over => "",
        }
    }

    fn is_hidden(&self) -> bool {
        matches!(self, Self::Prompt(prompt) if prompt.is_hidden())
    }
}

impl Kept {
    pub(super) fn of(input: Input<'_>) -> Option<Self> {
        match input {
            Input::Line(line) => Some(Self::Line(line.into())),
            Input::TooLong => Some(Self::TooLong),
            Input::NotUtf8 => Some(Self::NotUtf8),
            Input::AreYouThere => Some(Self::AreYouThere),
            Input::Exit => None,
        }
    }

    pub(super) fn input(&self) -> Input<'_> {
        match self {
            Self::Line(line) => Input::Line(line),
            Self::TooLong => Input::TooLong,
            Self::NotUtf8 => Input::NotUtf8,
            Self::AreYouThere => Input::AreYouThere,
        }
    }
}
