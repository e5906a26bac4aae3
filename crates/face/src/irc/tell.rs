//! How a session is told things: lines and numerics, batches, failures.

use chinwag_wire::irc::message::{LineWriter, Message, ParamWriter};

use super::caps::Cap;
use super::chat::{Chat, nick_of};
use super::reply::{Reply, next_number};
use super::split::LINE_BYTES_MAX;
use crate::output::Output;

impl Chat {
    /// Whether the client reads labels.
    pub(super) fn reads_labels(&self) -> bool {
        self.has(Cap::LabeledResponse) && self.has(Cap::Batch)
    }

    /// The label of a command, for a client that reads labels.
    pub(super) fn label_of(&self, message: &Message<'_>) -> Option<Box<str>> {
        let reads = self.reads_labels();
        let label = message.tag("label").filter(|label| reads && !label.is_empty());
        label.filter(|label| label.len() <= 64).map(|label| label.into_owned().into())
    }

    /// The answer to a command with this label begins.
    pub(super) fn begin(&mut self, label: Option<Box<str>>) {
        self.reply = Reply::new(label);
    }

    /// Everything that answers the command is told.
    pub(super) fn end_reply(&mut self, out: &mut Output) {
        self.reply.end(&self.policy.server_name, out);
    }

    /// The next line of the present answer, begun with its tags: perhaps in a batch of its own. Beside it
    /// the server's name, and the client's.
    pub(super) fn line<'o>(
        &'o mut self,
        batch: Option<&str>,
        out: &'o mut Output,
    ) -> (LineWriter<'o>, &'o str, &'o str) {
        let nick = nick_of(self.me.as_deref(), self.intro.as_deref());
        let server = &self.policy.server_name;
        (self.reply.line(batch, server, &mut self.batch_next, out), server, nick)
    }

    /// Tells a line by the server: what `build` adds to its command.
    pub(super) fn server_line(
        &mut self,
        command: &str,
        build: impl FnOnce(ParamWriter<'_>) -> ParamWriter<'_>,
        out: &mut Output,
    ) {
        self.server_line_in(None, command, build, out);
    }

    /// Tells a line by the server, within a batch.
    pub(super) fn server_line_in(
        &mut self,
        batch: Option<&str>,
        command: &str,
        build: impl FnOnce(ParamWriter<'_>) -> ParamWriter<'_>,
        out: &mut Output,
    ) {
        let (line, server, _) = self.line(batch, out);
        build(line.source(server).command(command)).end();
    }

    /// Tells a numeric within a batch: its parameters behind the client's name, and perhaps a text.
    pub(super) fn numeric_in(
        &mut self,
        batch: Option<&str>,
        number: u16,
        params: &[&str],
        text: Option<&str>,
        out: &mut Output,
    ) {
        let (line, server, nick) = self.line(batch, out);
        write_numeric(line.source(server).numeric(number).param(nick), params, text);
    }

    /// Tells a numeric with a text at once, whatever command is being answered.
    pub(super) fn numeric_now(&self, number: u16, params: &[&str], text: &str, out: &mut Output) {
        let line = LineWriter::new(&mut out.bytes).source(&self.policy.server_name);
        write_numeric(line.numeric(number).param(self.nick()), params, Some(text));
    }

    /// Tells a numeric with a text.
    pub(super) fn numeric(&mut self, number: u16, params: &[&str], text: &str, out: &mut Output) {
        self.numeric_in(None, number, params, Some(text), out);
    }

    /// Tells a numeric that has no text.
    pub(super) fn numeric_bare(&mut self, number: u16, params: &[&str], out: &mut Output) {
        self.numeric_in(None, number, params, None, out);
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
        let id = format!("b{}", next_number(&mut self.batch_next));
        let label = self.reply.take_label();
        let (mut line, server, _) = self.line(None, out);
        if let Some(label) = &label {
            line = line.tag("label", Some(label));
        }
        let line = line.source(server).command("BATCH").param(&format!("+{id}")).param(kind);
        params.iter().fold(line, |line, param| line.param(param)).end();
        Some(id.into())
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
        self.fail_in(None, command, code, context, text, out);
    }

    /// Tells a failure within a batch.
    pub(super) fn fail_in(
        &mut self,
        batch: Option<&str>,
        command: &str,
        code: &str,
        context: &[&str],
        text: &str,
        out: &mut Output,
    ) {
        self.server_line_in(
            batch,
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
        let (line, server, nick) = self.line(None, out);
        let line = match from {
            Some(service) => line.source_mask(service, service, server),
            None => line.source(server),
        };
        line.command("NOTICE").param(nick).trailing(text).end();
    }

    /// A command has fewer parameters than it needs.
    pub(super) fn too_few(&mut self, command: &str, out: &mut Output) {
        self.numeric(461, &[command], "Not enough parameters", out);
    }
}

fn write_numeric(line: ParamWriter<'_>, params: &[&str], text: Option<&str>) {
    let line = params.iter().fold(line, |line, param| line.param(param));
    match text {
        Some(text) => line.trailing_within(text, LINE_BYTES_MAX).end(),
        None => line.end(),
    }
}
