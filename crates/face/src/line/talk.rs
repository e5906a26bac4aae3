//! Where a conversation stands: how the next line is read, and what has to come first.

use std::sync::Arc;

use chinwag_model::ask::{Ask, Checked};
use chinwag_model::id::{PersonId, Place, RoomId, Timestamp};
use chinwag_model::intent::{Identity, Intent, Target};
use chinwag_model::message::{Card, Manner, RoomCard};
use chinwag_model::name::{BadName, Name};
use chinwag_model::outcome::Outcome;
use chinwag_model::proof::Proof;
use chinwag_model::secret::Secret;
use chinwag_model::text::Text;
use chinwag_wire::line::command::Command;
use chinwag_wire::websocket::upgrade::is_request_line;

use super::backlog::Held;
use super::chat::{self, Action};
use super::window::Window;
use super::{LinePolicy, Output, help, refusal};

/// The answer to a script whose name needs a first password: its next line may be a message.
const FIRST_PASSWORD_BY_HAND: &str = "This name needs a password. Choose one at the prompt; the \
                                      lines that followed the name were not read.";

/// What came from the client, read.
#[derive(Clone, Copy, Debug)]
pub(super) enum Input<'a> {
    Line(&'a str),
    TooLong,
    NotUtf8,
    AreYouThere,
    Exit,
}

/// How the next line is read.
#[derive(Debug)]
pub(super) enum Step {
    /// As a name to come in with.
    Name,
    /// As the password of a name.
    Password(Box<Returning>),
    /// As the first password of a name, to come in with.
    FirstPassword(Box<Identity>),
    /// As text or a command.
    Chat,
    /// As the index of a client to send to.
    Index,
    /// As a message to the client with that index.
    Message(Box<Addressee>),
    /// As the old password.
    OldPassword,
    /// As the new password.
    NewPassword(Option<Box<Old>>),
    /// As the new password once more.
    Again(Box<Chosen>),
    /// Not at all.
    Over,
}

/// Someone who has to give a password.
#[derive(Clone, Debug)]
pub(super) struct Returning {
    pub(super) name: Name,
    /// How many wrong ones they have given.
    pub(super) wrong: u8,
}

/// A client that was found by its index.
#[derive(Debug)]
pub(super) struct Addressee {
    pub(super) typed: String,
    pub(super) person: PersonId,
}

/// A new password, typed once.
#[derive(Debug)]
pub(super) struct Chosen {
    pub(super) old: Option<Box<Old>>,
    pub(super) password: Secret,
}

/// The old password was right.
#[derive(Debug)]
pub(super) struct Old {
    /// What it proves.
    pub(super) proof: Proof,
    pub(super) since: Timestamp,
}

/// A request that must end before the next line is read.
#[derive(Debug)]
struct Wait {
    /// Its number, once it was given out.
    request: Option<u32>,
    /// What is to be asked, until then.
    ask: Option<Ask>,
    why: Why,
}

/// What a request was made for.
#[derive(Debug)]
pub(super) enum Why {
    /// To learn how the name given could come in.
    Standing(Name),
    /// To check its password.
    Check(Returning),
    /// To have its first password hashed.
    FirstHash(Identity),
    /// To come in.
    Enter,
    /// To tell what came while away.
    Backlog {
        upto: Place,
        /// Whether the first page was told.
        begun: bool,
    },
    /// To go.
    Exit,
    /// To do something that tells its own end, perhaps in this room.
    Act(Name),
    /// To make a group.
    Group,
    /// To join a room, whose name could not be taken for this reason.
    Join(Option<BadName>),
    /// To tell who is in the room that was joined.
    Arrived(RoomCard),
    /// To find the room that is to be current, by what was typed.
    Room(Name),
    /// To find the room that is to be left.
    Leave(Name),
    /// To find the room that somebody is to be told of.
    Invite {
        who: Name,
        room: Name,
    },
    /// To find the room to which somebody is no longer to be invited.
    Uninvite {
        who: Name,
        room: Name,
    },
    /// To find the room whose people are to be told.
    Who(Name),
    /// To tell who is in a room.
    Present(RoomId),
    /// To tell a room's topic.
    Topic(Name),
    People,
    Clients,
    Rooms,
    Groups {
        /// Whether a group was told already.
        begun: bool,
    },
    History,
    Search,
    /// To find the client with the index typed.
    Index(String),
    /// To send to it.
    Send(String),
    /// To learn whether there is a password.
    OwnStanding,
    /// To check it.
    OldPassword,
    /// To have the new one hashed; the old one proved this.
    NewPassword(Option<Proof>),
    /// To set it.
    SetPassword,
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
enum Kept {
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
    wait: Option<Box<Wait>>,
    kept: Option<Box<Kept>>,
    says: Window,
    request_next: u32,
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

    /// Whether a line can be read now.
    pub(super) fn is_ready(&self) -> bool {
        self.wait.is_none()
            && self.kept.is_none()
            && !self.is_over()
            && !self.says.is_full(self.request_next)
    }

    /// Whether what is typed now is a secret.
    pub(super) fn is_hidden(&self) -> bool {
        self.wait.is_none() && self.step.is_hidden()
    }

    /// The request that is due: that of a line kept back, or the next one of a longer exchange.
    pub(super) fn next_ask(&mut self, out: &mut Output) -> Option<(u32, Ask)> {
        if self.says.is_empty()
            && let Some(kept) = self.kept.take()
            && let Some(ask) = self.take(kept.input(), out)
        {
            return Some(ask);
        }
        let wait = self.wait.as_mut()?;
        let ask = wait.ask.take()?;
        wait.request = Some(self.request_next);
        Some((self.number(), ask))
    }

    /// Takes what came from the client; a message goes out at once.
    pub(super) fn take(&mut self, input: Input<'_>, out: &mut Output) -> Option<(u32, Ask)> {
        let action = match (input, &self.step, &self.me) {
            (_, Step::Over, _) => Some(Action::Nothing),
            (Input::Exit, ..) => Some(Action::Exit),
            (Input::Line(line), step, _) if step.is_left_by(line) => Some(Action::Exit),
            (Input::Line(line), Step::Chat, Some(me)) => Some(chat::read(line, me, &self.policy)),
            _ => None,
        };
        match action {
            Some(Action::Nothing) => {}
            Some(Action::Exit) => self.exit(),
            Some(Action::Say { to, manner, text }) => return Some(self.say(to, manner, text)),
            // The answer to anything else comes after what was said before it.
            _ if !self.says.is_empty() => self.kept = Kept::of(input).map(Box::new),
            Some(Action::Tell(text)) => out.notice(text),
            Some(Action::Help) => out.prompt(help::HELP),
            Some(Action::Ask(ask, why)) => self.ask(ask, why),
            Some(Action::Open(step)) => self.open(step, out),
            None => self.take_prompted(input, out),
        }
        None
    }

    /// Takes what answers a prompt, or is no line at all.
    fn take_prompted(&mut self, input: Input<'_>, out: &mut Output) {
        match input {
            Input::Line(line) if self.me.is_none() && is_request_line(line) => {
                out.prompt("\n");
                out.notice("That is a request of HTTP, and this is line mode. Nothing was sent.");
                return self.end();
            }
            Input::Line(line) => {
                let home = self.home();
                match std::mem::replace(&mut self.step, home) {
                    Step::Name => self.take_name(line, out),
                    Step::Password(who) => self.take_password(*who, line),
                    Step::FirstPassword(who) => self.take_first_password(*who, line, out),
                    Step::Index => self.take_index(line, out),
                    Step::Message(to) => self.take_message(*to, line),
                    Step::OldPassword => self.take_old_password(line),
                    Step::NewPassword(old) => self.take_new_password(old, line, out),
                    Step::Again(chosen) => self.take_again(*chosen, line, out),
                    Step::Chat | Step::Over => {}
                }
                return;
            }
            Input::TooLong => out.notice(format_args!(
                "That line is longer than {} bytes. Nothing was sent.",
                self.policy.line_bytes_max
            )),
            Input::NotUtf8 => out.notice("That line is not UTF-8. Nothing was sent."),
            Input::AreYouThere => {
                out.notice("Yes.");
                return out.prompt(self.step.prompt());
            }
            Input::Exit => {}
        }
        self.prompt_again(out);
    }

    /// Asks for the end of the session; who has not come in just goes.
    pub(super) fn exit(&mut self) {
        self.step = Step::Over;
        if self.me.is_some() {
            // How far what waits was written is known to whoever writes it.
            self.ask(Ask::Intent(Intent::Exit { delivered: None, reason: None }), Why::Exit);
        }
    }

    /// The session is over, whatever was on its way.
    pub(super) fn end(&mut self) {
        self.step = Step::Over;
        self.wait = None;
        self.kept = None;
    }

    fn say(&mut self, to: Target, manner: Manner, text: Text) -> (u32, Ask) {
        self.says.begin(self.request_next);
        (self.number(), Ask::Intent(Intent::say(to, manner, text)))
    }

    fn number(&mut self) -> u32 {
        let number = self.request_next;
        self.request_next = number.wrapping_add(1);
        number
    }

    /// Asks something that must end before the next line is read.
    pub(super) fn ask(&mut self, ask: Ask, why: Why) {
        self.wait = Some(Box::new(Wait { request: None, ask: Some(ask), why }));
    }

    /// Asks for a line.
    pub(super) fn open(&mut self, step: Step, out: &mut Output) {
        out.prompt(step.prompt());
        self.step = step;
    }

    /// Asks again for the current step, after an answer that was refused.
    ///
    /// During login the prompt is only owed: [`settle`](Self::settle) writes it.
    fn prompt_again(&mut self, out: &mut Output) {
        match self.me {
            Some(_) => out.prompt(self.step.prompt()),
            None => self.owes_prompt = true,
        }
    }

    /// Asks for a line at login whose prompt must not be answered by lines that were sent before it.
    pub(super) fn open_unless_ahead(&mut self, step: Step) {
        self.step = step;
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
        if matches!(self.step, Step::FirstPassword(_)) {
            out.notice(FIRST_PASSWORD_BY_HAND);
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

    /// A result that does not fit its request is the server's mistake, and ends the request.
    pub(super) fn misfit(&mut self, why: &Why, out: &mut Output) {
        match why {
            Why::Backlog { .. } => self.lose_backlog(out),
            Why::Exit => self.gone(out),
            _ => self.fail(refusal::INTERNAL, out),
        }
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

    pub(super) fn outcome(&mut self, request: u32, outcome: &Outcome, out: &mut Output) {
        if self.says.end(request) {
            return self.said(outcome, out);
        }
        match self.waited_for(request) {
            None => {}
            Some(Why::Enter) => self.entered(outcome, out),
            Some(Why::Exit) => self.gone(out),
            Some(why) => self.done(why, outcome, out),
        }
    }

    pub(super) fn checked(&mut self, request: u32, checked: &Checked, out: &mut Output) {
        match self.waited_for(request) {
            None => {}
            Some(Why::Check(who)) => self.password_checked(who, checked, out),
            Some(Why::FirstHash(who)) => self.first_hashed(who, checked, out),
            Some(Why::OldPassword) => self.old_password_checked(checked, out),
            Some(Why::NewPassword(proof)) => self.new_password_hashed(proof, checked, out),
            Some(why) => self.misfit(&why, out),
        }
    }

    /// Ends the wait for this request.
    pub(super) fn waited_for(&mut self, request: u32) -> Option<Why> {
        let wait = self.wait.take_if(|wait| wait.request == Some(request))?;
        Some(wait.why)
    }
}

impl Step {
    /// What is shown before such a line; nothing where there is no prompt.
    pub(super) fn prompt(&self) -> &'static str {
        match self {
            Self::Name => "USERNAME: ",
            Self::Password(_) => "PASSWORD: ",
            Self::FirstPassword(_) | Self::NewPassword(_) => "NEW PASSWORD: ",
            Self::Index => "Enter client index to send message to: ",
            Self::Message(_) => "Enter message: ",
            Self::OldPassword => "OLD PASSWORD: ",
            Self::Again(_) => "AGAIN: ",
            Self::Chat | Self::Over => "",
        }
    }

    /// Whether this line leaves instead of answering the prompt. A password may be any text, and a
    /// message any but `exit`.
    fn is_left_by(&self, line: &str) -> bool {
        let line = line.trim_matches([' ', '\t']);
        match self {
            Self::Name | Self::Index => Command::parse(line) == Command::Exit,
            Self::Message(_) => line == "exit",
            _ => false,
        }
    }

    fn is_hidden(&self) -> bool {
        match self {
            Self::Password(_)
            | Self::FirstPassword(_)
            | Self::OldPassword
            | Self::NewPassword(_)
            | Self::Again(_) => true,
            Self::Name | Self::Chat | Self::Index | Self::Message(_) | Self::Over => false,
        }
    }
}

impl Kept {
    fn of(input: Input<'_>) -> Option<Self> {
        match input {
            Input::Line(line) => Some(Self::Line(line.into())),
            Input::TooLong => Some(Self::TooLong),
            Input::NotUtf8 => Some(Self::NotUtf8),
            Input::AreYouThere => Some(Self::AreYouThere),
            Input::Exit => None,
        }
    }

    fn input(&self) -> Input<'_> {
        match self {
            Self::Line(line) => Input::Line(line),
            Self::TooLong => Input::TooLong,
            Self::NotUtf8 => Input::NotUtf8,
            Self::AreYouThere => Input::AreYouThere,
        }
    }
}
