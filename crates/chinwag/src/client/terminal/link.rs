//! The connection to the server, made again when it is lost.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustyline::ExternalPrinter;

use super::super::connect::{Greeted, Server};
use super::super::incoming::Incoming;
use super::super::login::Reaction;
use super::desk::{Desk, End};

/// How long something must stay without a line end to be taken for a prompt that is not known.
const PROMPT_AFTER: Duration = Duration::from_millis(300);

/// The longest time between two attempts to connect.
const RETRY_S_MAX: u64 = 30;

/// Bytes that are read at once.
const PIECE_BYTES: usize = 16 * 1024;

/// Reads what the server says, and prints it.
pub(super) struct Link {
    desk: Arc<Desk>,
    printer: Box<dyn ExternalPrinter + Send>,
    server: Server,
}

impl Link {
    pub(super) fn new(
        desk: Arc<Desk>,
        printer: Box<dyn ExternalPrinter + Send>,
        server: Server,
    ) -> Self {
        Self { desk, printer, server }
    }

    /// Talks to the server until one side takes leave. Who was in once comes in again whenever the
    /// connection is lost, and the server tells what was missed.
    pub(super) fn run(mut self, mut greeted: Greeted) {
        let mut tries = 0;
        loop {
            let mut lost = self.converse(greeted);
            let was_in_now = self.desk.disconnect();
            let held = self.desk.take_held();
            self.show(&held);
            if self.desk.is_over() {
                return self.desk.end(End::Well);
            }
            if !self.desk.was_in() {
                return self.desk.end(End::Failed(format!("{}: {lost}", self.server)));
            }
            if was_in_now {
                tries = 0;
            }
            greeted = loop {
                let seconds = retry_after(tries);
                tries += 1;
                self.show(&[format!("{lost}; trying again in {seconds} s")]);
                self.desk.wait(Duration::from_secs(seconds));
                if self.desk.is_over() {
                    return self.desk.end(End::Well);
                }
                match self.server.connect() {
                    Ok(greeted) => break greeted,
                    Err(error) => lost = format!("cannot connect: {error}"),
                }
            };
        }
    }

    /// Talks over one connection; how it was lost.
    fn converse(&mut self, greeted: Greeted) -> String {
        let stream = Arc::new(greeted.stream);
        self.desk.connect(Arc::clone(&stream));
        let mut incoming = Incoming::default();
        incoming.push(&greeted.head);
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            let wait = incoming.is_unfinished().then_some(PROMPT_AFTER);
            let read = stream.read(&mut piece, wait);
            let is_end = matches!(read, Ok(0));
            match read {
                Ok(count) => incoming.push(piece.get(..count).unwrap_or_default()),
                Err(error) => match error.kind() {
                    io::ErrorKind::Interrupted => continue,
                    io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut if wait.is_some() => {}
                    _ => return format!("connection lost ({error})"),
                },
            }
            let mut lines = Vec::new();
            loop {
                let next = incoming.next().or_else(|| match (is_end, wait) {
                    (true, _) => incoming.rest(),
                    (false, Some(_)) => incoming.guess_prompt(),
                    (false, None) => None,
                });
                let Some(heard) = next else { break };
                match self.desk.hear(heard) {
                    Reaction::Nothing | Reaction::Send(_) => {}
                    Reaction::Show(more) => lines.extend(more),
                    Reaction::Later => return "the lost connection is still online".to_owned(),
                    Reaction::Ask(more, prompt) => {
                        lines.extend(more);
                        self.show(&std::mem::take(&mut lines));
                        self.desk.ask(prompt);
                    }
                }
            }
            self.show(&lines);
            if is_end {
                return "connection lost".to_owned();
            }
        }
    }

    fn show(&mut self, lines: &[String]) {
        if !lines.is_empty() {
            let text = lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect();
            self.desk.print(&mut *self.printer, text);
        }
    }
}

/// Seconds before another attempt, after so many that failed.
fn retry_after(tries: u32) -> u64 {
    1u64.checked_shl(tries).unwrap_or(u64::MAX).min(RETRY_S_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_become_rarer_but_go_on() {
        let seconds: Vec<_> = [0, 1, 2, 3, 4, 5, 6, 63, 64, u32::MAX].map(retry_after).into();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 30, 30, 30, 30, 30]);
    }
}
