//! A client of line mode: what a person at `nc` reads.

use super::Heard;
use crate::truth::token;

/// Notices that refuse what was to be said.
const NO: [&str; 5] = [
    "<Not stored, so not sent",
    "<No user or group is called",
    "<That failed in the server",
    "<Whom you wrote to has gone",
    "<You may not speak",
];

/// The client's side of a connection.
#[derive(Debug)]
pub(crate) struct LineVoice {
    name: String,
    password: String,
    pub(super) unread: Vec<u8>,
    is_in: bool,
    /// Whether the past is told without having been asked for.
    is_told_past: bool,
}

impl LineVoice {
    pub(super) fn new(name: &str, password: &str) -> Self {
        let (name, password) = (name.to_owned(), password.to_owned());
        Self { name, password, unread: Vec::new(), is_in: false, is_told_past: false }
    }

    pub(super) fn hear(&mut self, bytes: &[u8], heard: &mut Vec<Heard>) {
        self.unread.extend_from_slice(bytes);
        while let Some(end) = self.unread.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.unread.drain(..=end).collect();
            self.line(String::from_utf8_lossy(&line).trim_end(), heard);
        }
        let typed = match self.unread.as_slice() {
            b"USERNAME: " => &self.name,
            b"PASSWORD: " | b"NEW PASSWORD: " => &self.password,
            _ => return,
        };
        heard.push(Heard::Reply(format!("{typed}\n")));
        self.unread.clear();
    }

    fn line(&mut self, line: &str, heard: &mut Vec<Heard>) {
        if line.starts_with("Welcome back, ") || line.contains("You are new here.") {
            self.is_in = true;
            heard.push(Heard::In);
        } else if !self.is_in && line.starts_with('<') {
            heard.push(Heard::Out);
        } else if line.ends_with(" messages while you were away:>") {
            self.is_told_past = true;
        } else if line == "<End of messages.>" {
            self.is_told_past = false;
        } else if let Some(number) = synced(line) {
            heard.push(Heard::Done(number));
        } else if line.starts_with("<Not known yet") {
            heard.push(Heard::Refused { label: None, is_sure: false });
        } else if NO.iter().any(|no| line.starts_with(no)) {
            heard.push(Heard::Refused { label: None, is_sure: true });
        } else if let Some((text, is_dated)) = said(line)
            && let Some(token) = token(text)
        {
            let is_read = is_dated && !self.is_told_past;
            heard.push(Heard::Said { token: token.to_owned(), id: None, is_read });
        }
    }
}

/// The number of a line that the server does not know: it answers in the order of the lines.
fn synced(line: &str) -> Option<u32> {
    let rest = line.strip_prefix("</sync")?;
    rest.split(' ').next()?.parse().ok()
}

/// What was said by a line, and whether it tells when.
fn said(line: &str) -> Option<(&str, bool)> {
    // 2026-11-21 14:03:05 and a blank stand before what was said earlier.
    let dated = line.get(20..).filter(|_| line.starts_with(|c: char| c.is_ascii_digit()));
    let body = dated.unwrap_or(line);
    let text = if let Some(rest) = body.strip_prefix('[') {
        rest.split_once("] ")?.1.split_once(": ")?.1
    } else if let Some(rest) = body.strip_prefix("<To ") {
        rest.split_once("> ")?.1
    } else if let Some(rest) = body.strip_prefix("<Message from ") {
        rest.split_once(": \"")?.1.trim_end_matches(['"', '>'])
    } else {
        return None;
    };
    Some((text, dated.is_some()))
}
