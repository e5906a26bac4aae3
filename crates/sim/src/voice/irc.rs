//! A client of IRC, with the capabilities that it was given.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chinwag_wire::irc::message::Message;

use super::Heard;
use crate::truth::token;

/// The client's side of a connection.
#[derive(Debug)]
pub(crate) struct IrcVoice {
    name: String,
    password: String,
    /// Whether it says to what an answer shall belong.
    pub(super) labels: bool,
    pub(super) unread: Vec<u8>,
    /// Batches of history that are open.
    batches: BTreeSet<String>,
    /// Histories that were asked for and did not come.
    asked: u32,
    /// Whether the batch that is open was asked for.
    is_read: bool,
}

impl IrcVoice {
    pub(super) fn new(caps: &str, name: &str, password: &str) -> (Self, String) {
        let voice = Self {
            name: name.to_owned(),
            password: password.to_owned(),
            labels: caps.contains("labeled-response"),
            unread: Vec::new(),
            batches: BTreeSet::new(),
            asked: 0,
            is_read: false,
        };
        let first = format!("CAP LS 302\r\nNICK {name}\r\nUSER u 0 * :Real\r\nCAP REQ :{caps}\r\n");
        (voice, first)
    }

    pub(super) fn expect_history(&mut self) {
        self.asked += 1;
    }

    pub(super) fn hear(&mut self, bytes: &[u8], heard: &mut Vec<Heard>) {
        self.unread.extend_from_slice(bytes);
        while let Some(end) = self.unread.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.unread.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line);
            if let Ok(message) = Message::parse(line.trim_end()) {
                self.message(&message, heard);
            }
        }
    }

    fn message(&mut self, message: &Message<'_>, heard: &mut Vec<Heard>) {
        let params = message.params();
        let param = |at: usize| params.get(at).copied().unwrap_or_default();
        let label = message.tag("label").map(|label| label.into_owned());
        let mut reply = |line: String| heard.push(Heard::Reply(format!("{line}\r\n")));
        match message.command() {
            "CAP" if param(1) == "ACK" => reply("AUTHENTICATE PLAIN".to_owned()),
            "AUTHENTICATE" => {
                let plain = format!("\0{}\0{}", self.name, self.password);
                reply(format!("AUTHENTICATE {}", STANDARD.encode(plain)));
            }
            "903" => reply("CAP END".to_owned()),
            "904" => reply(format!("REGISTER * * {}", self.password)),
            "REGISTER" if param(0) == "SUCCESS" => reply("CAP END".to_owned()),
            "001" => heard.push(Heard::In),
            "FAIL" if param(0) == "REGISTER" => heard.push(Heard::Out),
            "FAIL" if param(0) == "CHATHISTORY" => self.asked = self.asked.saturating_sub(1),
            "433" | "432" | "ERROR" => heard.push(Heard::Out),
            "FAIL" if param(0) == "PRIVMSG" => {
                heard.push(Heard::Refused { label, is_sure: param(1) != "UNSURE" });
            }
            // No such nick, no such channel, not to be said there, closed, failed.
            "401" | "403" | "404" | "477" => heard.push(Heard::Refused { label, is_sure: true }),
            "400" if param(1) == "PRIVMSG" => heard.push(Heard::Refused { label, is_sure: true }),
            "PONG" => {
                if let Ok(number) = param(1).parse() {
                    heard.push(Heard::Done(number));
                }
            }
            "BATCH" => self.batch(param(0), param(1)),
            "PRIVMSG" | "NOTICE" => {
                let Some(token) = token(param(1)) else { return };
                let batch = message.tag("batch");
                let is_past = batch.is_some_and(|batch| self.batches.contains(&*batch));
                let id = message.tag("msgid").map(|id| id.into_owned());
                let is_read = is_past && self.is_read;
                heard.push(Heard::Said { token: token.to_owned(), id, is_read });
            }
            _ => {}
        }
    }

    fn batch(&mut self, id: &str, kind: &str) {
        if let Some(id) = id.strip_prefix('+') {
            if kind == "chathistory" {
                self.is_read = self.asked > 0;
                self.asked = self.asked.saturating_sub(1);
                self.batches.insert(id.to_owned());
            }
        } else if let Some(id) = id.strip_prefix('-') {
            self.batches.remove(id);
        }
    }
}
