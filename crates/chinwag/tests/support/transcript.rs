//! Plays a transcript: a script of several clients that states every byte that they receive.
//!
//! A transcript's lines are:
//!
//! ```text
//! # What this shows.
//! config: limits.line_bytes = 100     a key of the server's configuration, before all else
//! listen: unterminated_ms = 20        a key of its listener
//! alice> hello                        alice sends a line; she connects when first mentioned
//! alice< [lobby] Alice: hello         alice receives exactly this line next
//! alice bob< <User Carol is online.>  so do both of them
//! alice<| USERNAME:␠                  exactly this without a line end; ␠ is a blank at the end
//! alice<~                             any one line
//! alice<... Welcome                   lines are passed over up to one that begins so
//! alice+ Alice                        comes in under a name never seen, with what that is answered
//! alice= Alice                        comes in under a name seen before, for which nothing waits
//! alice/ connect                      connects, and says nothing
//! alice/ bytes "\xff\r\n"             sends bytes
//! alice/ gets "\xff\xfb\x01"          receives exactly these bytes next
//! alice/ silent                       has received nothing else
//! alice/ eof                          sends no more
//! alice/ reset                        breaks the connection off
//! alice/ closed                       receives nothing else before the server closes
//! alice/ gone                         loses the connection, whatever came before
//! alice/ irc CAP CAP                  comes in by IRC as alice with these capabilities, and passes
//!                                     over the welcome; `irc` alone asks for none
//! alice/ connect irc                  connects, and is to speak IRC
//! alice<~ :bob!*@* PRIVMSG #tea :hi   any one line, ended by CR LF, that fits: `*` stands for any text
//! alice<~~ :* 366 *                   lines are passed over up to one that fits
//! server/ stop                        is stopped and ends well; `restart` starts it again, too
//! server/ kill                        is killed, and started again
//! ```
//!
//! In what is received `{time}` stands for `2026-11-21 14:03:05` and `{n}` for a number; anywhere,
//! `{ab*3}` stands for `ababab`, and `{ctcp}` for the byte 1. In a line that fits, `{id=*}` is any text without a blank and without
//! `;`, and `{id}` is the same text from then on, in what anyone sends and receives. At its end nobody may have received anything that was not stated.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::client::{Client, greeting};
use super::fitting::{Line, Words, filled_in};
use super::server::{Server, Settings};

/// The folder of line mode's transcripts.
pub(crate) fn folder() -> PathBuf {
    folder_of("transcripts")
}

/// A folder of transcripts beside the tests.
pub(crate) fn folder_of(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

/// Plays line mode's transcript of this name.
pub(crate) fn play(name: &str) {
    play_from(&folder(), name);
}

/// Plays the transcript of this name in a folder.
pub(crate) fn play_from(folder: &Path, name: &str) {
    let path = folder.join(format!("{name}.txt"));
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()));
    let (settings, steps) = read(&text);
    let mut stage = Stage {
        server: settings.start(),
        clients: BTreeMap::new(),
        words: Words::from([("ctcp".to_owned(), "\u{1}".to_owned())]),
    };
    for (number, step) in steps {
        let at = format!("{name}.txt:{number}");
        println!("{at}: {step}");
        stage.step(&at, step);
    }
    stage.end();
}

/// The settings of a transcript, and its steps with their line numbers.
fn read(text: &str) -> (Settings, Vec<(usize, &str)>) {
    let mut settings = Settings::new();
    let mut steps = Vec::new();
    let setting = |rest: &str| {
        let (key, value) = rest.split_once('=').expect("a setting is KEY = VALUE");
        (key.trim().to_owned(), value.trim().to_owned())
    };
    for (at, line) in text.lines().enumerate() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(rest) = line.strip_prefix("config:") {
            let (key, value) = setting(rest);
            settings = settings.set(&key, value);
        } else if let Some(rest) = line.strip_prefix("listen:") {
            let (key, value) = setting(rest);
            settings = settings.listen(&key, value);
        } else {
            steps.push((at + 1, line));
        }
    }
    (settings, steps)
}

struct Stage {
    server: Server,
    clients: BTreeMap<String, Actor>,
    words: Words,
}

struct Actor {
    client: Client,
    /// Whether the server waits for a name.
    at_the_door: bool,
    irc: bool,
}

impl Stage {
    fn step(&mut self, at: &str, step: &str) {
        let sign = step.find(['>', '<', '+', '=', '/']).unwrap_or_else(|| panic!("{at}: no sign"));
        let (names, rest) = step.split_at(sign);
        let (sign, rest) = rest.split_at(1);
        if names == "server" {
            return self.server_does(rest.trim());
        }
        for name in names.split(' ') {
            if (sign, rest) == ("/", " reset") {
                self.clients.remove(name).expect("who resets is connected").client.reset();
                continue;
            }
            let over = ["closed", "gone"].contains(&rest.trim()) && sign == "/";
            let rest = filled_in(rest, &self.words);
            let mut found = Words::new();
            let actor = self.actor(name);
            actor.client.rename(&format!("{at}: {name}"));
            match rest.strip_prefix('~').filter(|rest| sign == "<" && !rest.is_empty()) {
                Some(wanted) => found = actor.receives_fitting(wanted),
                None if sign == "/" && rest.trim().starts_with("irc") => {
                    actor.comes_in_by_irc(name, rest.trim().trim_start_matches("irc").trim());
                }
                None => actor.does(sign, &rest),
            }
            self.words.extend(found);
            if over {
                self.clients.remove(name);
            }
        }
    }

    fn actor(&mut self, name: &str) -> &mut Actor {
        let connect = || {
            let client = Client::connect(&self.server);
            Actor { client, at_the_door: true, irc: false }
        };
        self.clients.entry(name.to_owned()).or_insert_with(connect)
    }

    fn server_does(&mut self, what: &str) {
        match what {
            "stop" => self.server.stop(),
            "restart" => {
                self.server.stop();
                self.server.start_again();
            }
            "kill" => {
                self.server.kill();
                self.server.start_again();
            }
            _ => panic!("a server does not {what:?}"),
        }
    }

    fn end(&mut self) {
        for (name, actor) in &mut self.clients {
            println!("at the end: {name}");
            actor.expect_silence();
        }
    }
}

impl Actor {
    fn does(&mut self, sign: &str, rest: &str) {
        let words = written_out(rest.strip_prefix(' ').unwrap_or(rest));
        match sign {
            ">" => self.client.send(&words),
            "+" => {
                self.client.come_in(&words);
                self.at_the_door = false;
            }
            "=" => {
                self.client.send(&words);
                let greeting = greeting();
                self.client.expect(&format!(
                    "{greeting}Welcome back, {words}.\n<User {words} is online.>\n"
                ));
                self.at_the_door = false;
            }
            "<" => self.receives(&written_out(rest)),
            _ => self.acts(&words),
        }
    }

    fn receives(&mut self, what: &str) {
        if let Some(prompt) = what.strip_prefix("| ") {
            self.client.expect(prompt);
            self.at_the_door |= prompt == "USERNAME: ";
        } else if let Some(beginning) = what.strip_prefix("... ") {
            self.client.skip_to(beginning);
        } else if what == "~" {
            self.client.line();
        } else {
            let line = what.strip_prefix(' ').unwrap_or(what);
            self.client.expect(&format!("{line}\n"));
            self.hears(line);
        }
    }

    /// One line of IRC that fits; with a `~` before it, those before are passed over.
    fn receives_fitting(&mut self, wanted: &str) -> Words {
        let (skips, wanted) = match wanted.strip_prefix('~') {
            Some(wanted) => (true, wanted),
            None => (false, wanted),
        };
        let line = Line::new(&written_out(wanted.strip_prefix(' ').unwrap_or(wanted)));
        loop {
            let got = self.client.line();
            match got.strip_suffix('\r').and_then(|got| line.fit(got)) {
                Some(words) => return words,
                None if skips => {}
                None => self.client.fail(&format!("expected {line}\ngot {got:?}")),
            }
        }
    }

    fn comes_in_by_irc(&mut self, nick: &str, capabilities: &str) {
        self.irc = true;
        if !capabilities.is_empty() {
            self.client.send(&format!("CAP REQ :{capabilities}"));
        }
        self.client.send(&format!("NICK {nick}\r\nUSER {nick} 0 * :{nick}\r"));
        if !capabilities.is_empty() {
            self.client.send("CAP END\r");
        }
        self.receives_fitting("~ :* 422 *");
        self.at_the_door = false;
    }

    /// Who is welcomed is in.
    fn hears(&mut self, text: &str) {
        self.at_the_door &= !text.contains("Welcome, ") && !text.contains("Welcome back, ");
    }

    fn acts(&mut self, what: &str) {
        match what.split_once(' ').unwrap_or((what, "")) {
            ("connect", "") => {}
            ("connect", "irc") => self.irc = true,
            ("bytes", text) => self.client.send_bytes(&unescaped(text)),
            ("gets", text) => {
                self.client.expect_bytes(&unescaped(text));
                self.hears(text);
            }
            ("silent", "") => self.expect_silence(),
            ("eof", "") => self.client.end_of_input(),
            ("closed", "") => self.client.expect_closed(),
            ("gone", "") => drop(self.client.expect_gone()),
            _ => self.client.fail(&format!("a client does not {what:?}")),
        }
    }

    fn expect_silence(&mut self) {
        if self.irc {
            self.client.send("PING :that-is-all");
            self.receives_fitting(" *:chat.test PONG chat.test :that-is-all");
        } else if self.at_the_door {
            self.client.expect_silence_at_the_door();
        } else {
            self.client.expect_silence();
        }
    }
}

/// `{ab*3}` written out, and the mark of a blank at the end.
fn written_out(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let repeated = after.split_once('}').and_then(|(inner, after)| {
            let (what, count) = inner.rsplit_once('*')?;
            Some((what.repeat(count.parse().ok()?), after))
        });
        out.push_str(before);
        match repeated {
            Some((what, after)) => {
                out.push_str(&what);
                rest = after;
            }
            None => {
                out.push('{');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    if let Some(text) = out.strip_suffix('␠') {
        return format!("{text} ");
    }
    out
}

/// The bytes of a text in quotes with Rust's escapes.
fn unescaped(quoted: &str) -> Vec<u8> {
    let text = quoted.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    let text = text.unwrap_or_else(|| panic!("not in quotes: {quoted}"));
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        bytes.extend(before.bytes());
        let (byte, length) = match after.chars().next() {
            Some('n') => (b'\n', 1),
            Some('r') => (b'\r', 1),
            Some('t') => (b'\t', 1),
            Some('0') => (0, 1),
            Some('"') => (b'"', 1),
            Some('\\') => (b'\\', 1),
            Some('x') => (u8::from_str_radix(&after[1..3], 16).expect("two hex digits"), 3),
            other => panic!("no such escape: {other:?}"),
        };
        bytes.push(byte);
        rest = &after[length..];
    }
    bytes.extend(rest.bytes());
    bytes
}
