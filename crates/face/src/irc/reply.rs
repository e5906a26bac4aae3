//! What answers one command: plain, or with the label that the command had.
//!
//! Spec: <https://ircv3.net/specs/extensions/labeled-response>. An answer of one line has the label
//! itself, a longer one is a batch that has it, and where there is nothing to say `ACK` says so.

use chinwag_wire::irc::message::{LineWriter, escape_into};

use crate::output::Output;

/// A line of an answer: its tags, and the rest of it with its end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) tags: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
}

/// How the present command is answered.
#[derive(Debug, Default)]
pub(super) struct Reply {
    /// The label, until it was told.
    label: Option<Box<str>>,
    /// The first line of a labelled answer, until it is known whether another follows.
    first: Option<Box<Line>>,
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
    pub(super) fn open_batch(&mut self, source: &str, number: u32, out: &mut Output) {
        if self.batch.is_none()
            && let Some(label) = self.label.take()
        {
            let id = format!("r{number}");
            begin(&id, &label, source, out);
            self.batch = Some(id.into());
            if let Some(first) = self.first.take() {
                self.write(*first, out);
            }
        }
    }

    /// Tells a line.
    pub(super) fn push(&mut self, line: Line, source: &str, number: u32, out: &mut Output) {
        if self.label.is_some() {
            if self.first.is_none() {
                self.first = Some(Box::new(line));
                return;
            }
            self.open_batch(source, number, out);
        }
        self.write(line, out);
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
            Some(first) => {
                let mut line = *first;
                line.tags.insert(0, ("label", label.into()));
                write(&line, out);
            }
            None => {
                let writer = LineWriter::new(&mut out.bytes).tag("label", Some(&label));
                writer.source(source).command("ACK").end();
            }
        }
    }

    fn write(&self, mut line: Line, out: &mut Output) {
        let inner =
            line.tags.iter().any(|(key, _)| *key == "batch") || line.body.starts_with(b"@batch=");
        if let Some(batch) = &self.batch
            && !inner
        {
            line.tags.insert(0, ("batch", batch.to_string()));
        }
        write(&line, out);
    }

    /// The batch that is open.
    pub(super) fn batch(&self) -> Option<&str> {
        self.batch.as_deref()
    }
}

fn begin(id: &str, label: &str, source: &str, out: &mut Output) {
    let writer = LineWriter::new(&mut out.bytes).tag("label", Some(label)).source(source);
    writer.command("BATCH").param(&format!("+{id}")).param("labeled-response").end();
}

/// Tells a line as it is.
pub(super) fn write(line: &Line, out: &mut Output) {
    for (number, (key, value)) in line.tags.iter().enumerate() {
        out.bytes.push(if number == 0 { b'@' } else { b';' });
        out.bytes.extend_from_slice(key.as_bytes());
        if !value.is_empty() {
            out.bytes.push(b'=');
            escape_into(value, &mut out.bytes);
        }
    }
    match line.body.strip_prefix(b"@") {
        // It has tags of its own, to which these are added.
        Some(rest) if !line.tags.is_empty() => {
            out.bytes.push(b';');
            out.bytes.extend_from_slice(rest);
        }
        _ => {
            if !line.tags.is_empty() {
                out.bytes.push(b' ');
            }
            out.bytes.extend_from_slice(&line.body);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(label: Option<&str>, lines: &[&str]) -> String {
        let (mut reply, mut out) = (Reply::new(label.map(Box::from)), Output::default());
        for line in lines {
            let line = Line { tags: Vec::new(), body: format!("{line}\r\n").into_bytes() };
            reply.push(line, "srv", 7, &mut out);
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
    }
}
