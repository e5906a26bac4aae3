//! What answers one command: plain, or with the label that the command had.
//!
//! Spec: <https://ircv3.net/specs/extensions/labeled-response>. An answer of one line has the label
//! itself, a longer one is a batch that has it, and where there is nothing to say `ACK` says so.

use chinwag_wire::irc::message::{LineWriter, escape_into};

use crate::output::Output;

/// The first line of a labelled answer, kept until it is known whether another follows.
#[derive(Debug)]
struct First {
    /// Whether it is part of a batch of its own.
    in_batch: bool,
    bytes: Vec<u8>,
}

/// How the present command is answered.
#[derive(Debug, Default)]
pub(super) struct Reply {
    /// The label, until it was told.
    label: Option<Box<str>>,
    first: Option<Box<First>>,
    /// The batch that is open.
    batch: Option<Box<str>>,
}

impl Reply {
    /// An answer to a command with this label, if it has one.
    pub(super) fn new(label: Option<Box<str>>) -> Self {
        Self { label, first: None, batch: None }
    }

    /// The label, if it was not told yet, for something that tells it itself.
    pub(super) fn take_label(&mut self) -> Option<Box<str>> {
        if self.first.is_some() || self.batch.is_some() {
            return None;
        }
        self.label.take()
    }

    /// The batch that lines told elsewhere belong to: with it, the answer is one of several lines.
    pub(super) fn open_batch(&mut self, source: &str, batch_next: &mut u32, out: &mut Output) {
        if self.batch.is_none()
            && let Some(label) = self.label.take()
        {
            let id = format!("r{}", next_number(batch_next));
            let writer = LineWriter::new(&mut out.bytes).tag("label", Some(&label)).source(source);
            writer.command("BATCH").param(&format!("+{id}")).param("labeled-response").end();
            match self.first.take() {
                Some(first) if first.in_batch => out.bytes.extend_from_slice(&first.bytes),
                Some(first) => write_tagged("batch", &id, &first.bytes, out),
                None => {}
            }
            self.batch = Some(id.into());
        }
    }

    /// The next line, begun with the tag of the batch that it is in: `own`, or that of the answer.
    ///
    /// It is written straight to the output, but for the first line of a labelled answer.
    pub(super) fn line<'o>(
        &'o mut self,
        own: Option<&str>,
        source: &str,
        batch_next: &mut u32,
        out: &'o mut Output,
    ) -> LineWriter<'o> {
        if self.label.is_some() {
            if self.first.is_none() {
                let first = First { in_batch: own.is_some(), bytes: Vec::new() };
                let first = self.first.insert(Box::new(first));
                return in_batch(LineWriter::new(&mut first.bytes), own);
            }
            self.open_batch(source, batch_next, out);
        }
        in_batch(LineWriter::new(&mut out.bytes), own.or(self.batch.as_deref()))
    }

    /// Tells a line that is encoded already, as the next one.
    pub(super) fn encoded(
        &mut self,
        line: &[u8],
        source: &str,
        batch_next: &mut u32,
        out: &mut Output,
    ) {
        if self.label.is_some() {
            if self.first.is_none() {
                let first = First { in_batch: false, bytes: line.to_vec() };
                self.first = Some(Box::new(first));
                return;
            }
            self.open_batch(source, batch_next, out);
        }
        match &self.batch {
            Some(batch) => write_tagged("batch", batch, line, out),
            None => out.bytes.extend_from_slice(line),
        }
    }

    /// Whether lines are told as they are: there is neither a label to be told nor a batch.
    pub(super) fn is_plain(&self) -> bool {
        self.label.is_none() && self.batch.is_none()
    }

    /// Everything is told.
    pub(super) fn end(&mut self, source: &str, out: &mut Output) {
        let Self { label, first, batch } = std::mem::take(self);
        if let Some(batch) = batch {
            let writer = LineWriter::new(&mut out.bytes).source(source).command("BATCH");
            writer.param(&format!("-{batch}")).end();
            return;
        }
        let Some(label) = label else { return };
        match first {
            Some(first) => write_tagged("label", &label, &first.bytes, out),
            None => {
                let writer = LineWriter::new(&mut out.bytes).tag("label", Some(&label));
                writer.source(source).command("ACK").end();
            }
        }
    }

    /// The batch that is open.
    pub(super) fn batch(&self) -> Option<&str> {
        self.batch.as_deref()
    }
}

/// A number for a batch.
pub(super) fn next_number(batch_next: &mut u32) -> u32 {
    *batch_next = batch_next.wrapping_add(1);
    *batch_next
}

fn in_batch<'o>(writer: LineWriter<'o>, batch: Option<&str>) -> LineWriter<'o> {
    match batch {
        Some(batch) => writer.tag("batch", Some(batch)),
        None => writer,
    }
}

/// Tells a line with a tag before those it has.
fn write_tagged(key: &str, value: &str, line: &[u8], out: &mut Output) {
    out.bytes.push(b'@');
    out.bytes.extend_from_slice(key.as_bytes());
    out.bytes.push(b'=');
    escape_into(value, &mut out.bytes);
    let (between, rest) = match line.strip_prefix(b"@") {
        Some(rest) => (b';', rest),
        None => (b' ', line),
    };
    out.bytes.push(between);
    out.bytes.extend_from_slice(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(label: Option<&str>, lines: &[&str]) -> String {
        let (mut reply, mut out) = (Reply::new(label.map(Box::from)), Output::default());
        let mut batch_next = 6;
        for line in lines {
            let (own, command) = match line.split_once('/') {
                Some((own, command)) => (Some(own), command),
                None => (None, *line),
            };
            reply.line(own, "srv", &mut batch_next, &mut out).command(command).end();
        }
        reply.end("srv", &mut out);
        String::from_utf8(out.bytes).unwrap().replace("\r\n", "\n")
    }

    #[test]
    fn an_answer_has_its_label_once() {
        assert_eq!(told(None, &["A", "B"]), "A\nB\n");
        assert_eq!(told(None, &[]), "");
        assert_eq!(told(Some("x"), &[]), "@label=x :srv ACK\n");
        assert_eq!(told(Some("x y"), &["A"]), "@label=x\\sy A\n");
        assert_eq!(
            told(Some("x"), &["A", "B"]),
            "@label=x :srv BATCH +r7 labeled-response\n@batch=r7 A\n@batch=r7 B\n:srv BATCH -r7\n"
        );
        assert_eq!(told(Some("x"), &["b1/A"]), "@label=x;batch=b1 A\n");
        assert_eq!(
            told(Some("x"), &["b1/A", "B", "b2/C"]),
            "@label=x :srv BATCH +r7 labeled-response\n@batch=b1 A\n@batch=r7 B\n@batch=b2 C\n\
             :srv BATCH -r7\n"
        );
    }
}
