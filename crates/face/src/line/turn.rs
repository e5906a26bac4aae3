//! A conversation's turns: a line is taken, an ask goes out, and what came of it is told.

use chinwag_model::ask::{Ask, Checked};
use chinwag_model::outcome::Outcome;
use chinwag_model::query::Answer;
use chinwag_wire::line::typed::BLANKS;
use chinwag_wire::websocket::upgrade::is_request_line;

use super::command::{self, Action, exit};
use super::talk::{Input, Kept, Step, Talk, Told};
use super::{Output, login};

impl Talk {
    /// Whether a line can be read now.
    pub(super) fn is_ready(&self) -> bool {
        self.wait.is_none()
            && self.kept.is_none()
            && !self.is_over()
            && !self.says.is_full(self.request_next)
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
            (Input::Line(line), step, _) if is_left_by(step, line) => Some(Action::Exit),
            (Input::Line(line), Step::Chat, Some(me)) => {
                Some(command::read(line, me, &self.policy))
            }
            _ => None,
        };
        match action {
            Some(Action::Nothing) => {}
            Some(Action::Exit) => exit::exit(self),
            Some(Action::Say { to, manner, text }) => return Some(self.say(to, manner, text)),
            // The answer to anything else comes after what was said before it.
            _ if !self.says.is_empty() => self.kept = Kept::of(input).map(Box::new),
            Some(Action::Tell(text)) => out.notice(text),
            Some(Action::Write(write)) => write(&mut out.bytes),
            Some(Action::Ask(ask, next)) => self.ask_boxed(ask, next),
            Some(Action::Open(prompt)) => self.open(Step::prompted(prompt), out),
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
                    Step::Name => login::take_name(self, line, out),
                    Step::Prompt(prompt) => prompt.take(line, self, out),
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

    pub(super) fn outcome(&mut self, request: u32, outcome: &Outcome, out: &mut Output) {
        if self.says.end(request) {
            return self.said(outcome, out);
        }
        self.told(request, Told::Outcome(outcome), out);
    }

    pub(super) fn answer(&mut self, request: u32, answer: &Answer, out: &mut Output) {
        self.told(request, Told::Answer(answer), out);
    }

    pub(super) fn checked(&mut self, request: u32, checked: &Checked, out: &mut Output) {
        self.told(request, Told::Checked(checked), out);
    }

    fn told(&mut self, request: u32, told: Told<'_>, out: &mut Output) {
        if let Some(next) = self.waited_for(request) {
            next.told(told, self, out);
        }
    }
}

/// Whether this line leaves, instead of answering the prompt.
fn is_left_by(step: &Step, line: &str) -> bool {
    let line = line.trim_matches(BLANKS);
    match step {
        Step::Name => command::leaves(line),
        Step::Prompt(prompt) => prompt.is_left_by(line),
        Step::Chat | Step::Over => false,
    }
}
