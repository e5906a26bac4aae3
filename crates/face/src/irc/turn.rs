//! A session's turns: a line is taken, an ask goes out, and what came of it is told.

use std::sync::Arc;

use chinwag_model::ask::{Ask, Checked};
use chinwag_model::outcome::Outcome;
use chinwag_model::query::Answer;
use chinwag_wire::irc::message::Message;
use chinwag_wire::websocket::upgrade::is_request_line;

use super::chat::{Chat, Told};
use super::command::message as speech;
use super::session::Input;
use super::{IN_FLIGHT_MAX, args, command};
use crate::output::Output;

impl Chat {
    /// Whether a line can be read now.
    pub(super) fn is_ready(&self) -> bool {
        self.flow.is_none() && self.kept.is_none() && !self.over && self.slots.len() < IN_FLIGHT_MAX
    }

    /// The request that is due: that of a line kept back, or the next one of a flow.
    pub(super) fn next_ask(&mut self, out: &mut Output) -> Option<(u32, Ask)> {
        if self.slots.is_empty()
            && self.flow.is_none()
            && let Some(kept) = self.kept.take()
            && let Some(ask) = self.take(Input::Line(&kept), out)
        {
            return Some(ask);
        }
        let (ask, next) = loop {
            let flow = self.flow.as_mut()?;
            if flow.in_flight.is_some() {
                return None;
            }
            match flow.steps.pop_front() {
                Some((Some(ask), next)) => break (ask, next),
                Some((None, next)) => next.told(Told::Due, self, out),
                None => self.finish(out),
            }
        };
        let number = self.number();
        let quiet = matches!(ask, Ask::Reread);
        if let Some(flow) = self.flow.as_mut().filter(|_| !quiet) {
            flow.in_flight = Some((number, next));
        }
        Some((number, ask))
    }

    /// Takes what came from the client; a message goes out at once.
    pub(super) fn take(&mut self, input: Input<'_>, out: &mut Output) -> Option<(u32, Ask)> {
        if self.over {
            return None;
        }
        match input {
            Input::Line(line) => return self.take_line(line, out),
            Input::TooLong | Input::TagsTooLong => {
                self.numeric(417, &[], "Input line was too long", out);
            }
            Input::Control => {
                self.fail("*", "INVALID_LINE", &[], "NUL and lone CR are not allowed", out);
            }
            Input::NotUtf8(line) => {
                let command = args::command_of(line);
                self.begin(args::label_of(line).filter(|_| self.reads_labels()));
                self.fail(&command, "INVALID_UTF8", &[], "Messages must be in UTF-8", out);
                self.end_reply(out);
            }
            Input::Flood => self.close("Input flood", out),
            Input::End => command::quit::leave(self, None, out),
        }
        None
    }

    fn take_line(&mut self, line: &str, out: &mut Output) -> Option<(u32, Ask)> {
        if self.me.is_none() && is_request_line(line) {
            self.close("This is IRC, and that was a request of HTTP", out);
            return None;
        }
        let Ok(message) = Message::parse(line) else {
            return None;
        };
        if speech::belongs_to_multiline(self, &message) {
            return speech::multiline_line(self, &message, out);
        }
        if self.me.is_some()
            && let Some(said) = speech::read_message(self, &message)
        {
            let (slot, ask) = match said {
                Ok(said) => said,
                Err(label) => {
                    // Refused, or of several targets: as any command.
                    if !self.slots.is_empty() {
                        self.kept = Some(line.into());
                        return None;
                    }
                    self.begin(label);
                    speech::message_command(self, &message, out);
                    self.settle(out);
                    return None;
                }
            };
            return Some(self.send(slot, ask));
        }
        if !self.slots.is_empty() {
            self.kept = Some(line.into());
            return None;
        }
        let label = self.label_of(&message);
        self.begin(label);
        command::handle(self, &message, out);
        self.settle(out);
        None
    }

    pub(super) fn outcome(&mut self, request: u32, outcome: &Outcome, out: &mut Output) {
        if let Some(at) = self.slots.iter().position(|slot| slot.request == request) {
            let Some(slot) = self.slots.remove(at) else { return };
            return speech::settled(self, slot, outcome, out);
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
        let Some(next) = self.waited_for(request) else { return };
        next.told(told, self, out);
        self.release(out);
        self.settle(out);
    }

    /// Ends the command, if nothing more is wanted for it.
    fn settle(&mut self, out: &mut Output) {
        match &self.flow {
            Some(flow) if flow.in_flight.is_some() || !flow.steps.is_empty() => {}
            _ => self.finish(out),
        }
    }

    fn finish(&mut self, out: &mut Output) {
        self.flow = None;
        let policy = Arc::clone(&self.policy);
        self.reply.end(&policy.server_name, out);
        // The last command of a registration may complete it.
        command::registration::come_in(self, out);
    }
}
