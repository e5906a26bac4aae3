//! How a session is told things: lines and numerics, batches, failures.

use std::sync::Arc;

use chinwag_wire::irc::message::{LineWriter, ParamWriter};

use super::caps::Cap;
use super::chat::Chat;
use super::reply::{Line, write};
use super::split::LINE_BYTES_MAX;
use crate::output::Output;

impl Chat {
    /// Tells a line of the present command's answer.
    pub(super) fn push(&mut self, line: Line, out: &mut Output) {
        let number = self.batch_number();
        let policy = Arc::clone(&self.policy);
        self.reply.push(line, &policy.server_name, number, out);
    }

    /// Tells a line by the server: what `build` adds to its command.
    pub(super) fn server_line(
        &mut self,
        command: &str,
        build: impl FnOnce(ParamWriter<'_>) -> ParamWriter<'_>,
        out: &mut Output,
    ) {
        let mut body = Vec::new();
        let writer = LineWriter::new(&mut body).source(&self.policy.server_name);
        build(writer.command(command)).end();
        self.push(Line { tags: Vec::new(), body }, out);
    }

    /// A numeric: its parameters behind the client's name, and perhaps a text.
    pub(super) fn numeric_line(&self, number: u16, params: &[&str], text: Option<&str>) -> Line {
        let mut body = Vec::new();
        let writer = LineWriter::new(&mut body).source(&self.policy.server_name);
        let line = writer.numeric(number).param(self.nick());
        let line = params.iter().fold(line, |line, param| line.param(param));
        match text {
            Some(text) => line.trailing_within(text, LINE_BYTES_MAX).end(),
            None => line.end(),
        }
        Line { tags: Vec::new(), body }
    }

    /// Tells a numeric with a text.
    pub(super) fn numeric(&mut self, number: u16, params: &[&str], text: &str, out: &mut Output) {
        let line = self.numeric_line(number, params, Some(text));
        self.push(line, out);
    }

    /// Tells a numeric that has no text.
    pub(super) fn numeric_bare(&mut self, number: u16, params: &[&str], out: &mut Output) {
        let line = self.numeric_line(number, params, None);
        self.push(line, out);
    }

    /// Begins a batch, for a client that reads batches; with the label, if it is the whole answer.
    pub(super) fn open_batch(
        &mut self,
        kind: &str,
        params: &[&str],
        out: &mut Output,
    ) -> Option<Box<str>> {
        if !self.has(Cap::Batch) {
            return None;
        }
        let id = format!("b{}", self.batch_number());
        let label = self.reply.take_label();
        let mut body = Vec::new();
        let writer = LineWriter::new(&mut body).source(&self.policy.server_name);
        let line = writer.command("BATCH").param(&format!("+{id}")).param(kind);
        params.iter().fold(line, |line, param| line.param(param)).end();
        let tags = label.map(|label| ("label", label.into())).into_iter().collect();
        self.push(Line { tags, body }, out);
        Some(id.into())
    }

    /// Tells a line within a batch.
    pub(super) fn push_in(&mut self, batch: Option<&str>, mut line: Line, out: &mut Output) {
        if let Some(batch) = batch {
            line.tags.insert(0, ("batch", batch.to_owned()));
        }
        self.push(line, out);
    }

    /// Ends a batch.
    pub(super) fn close_batch(&mut self, batch: Option<Box<str>>, out: &mut Output) {
        if let Some(id) = batch {
            self.server_line("BATCH", |line| line.param(&format!("-{id}")), out);
        }
    }

    /// Tells a failure that has no numeric (<https://ircv3.net/specs/extensions/standard-replies>).
    pub(super) fn fail(
        &mut self,
        command: &str,
        code: &str,
        context: &[&str],
        text: &str,
        out: &mut Output,
    ) {
        self.server_line(
            "FAIL",
            |line| {
                let line = line.param(command).param(code);
                context.iter().fold(line, |line, param| line.param(param)).trailing(text)
            },
            out,
        );
    }

    /// Tells something in words, by the server or one of its services.
    pub(super) fn notice(&mut self, from: Option<&str>, text: &str, out: &mut Output) {
        let mut body = Vec::new();
        let writer = LineWriter::new(&mut body);
        let writer = match from {
            Some(service) => writer.source_mask(service, service, &self.policy.server_name),
            None => writer.source(&self.policy.server_name),
        };
        writer.command("NOTICE").param(self.nick()).trailing(text).end();
        self.push(Line { tags: Vec::new(), body }, out);
    }

    /// Tells something at once, whatever command is being answered.
    pub(super) fn tell(line: &Line, out: &mut Output) {
        write(line, out);
    }
}
