//! Coming in: capabilities, a name, perhaps a password, and `CAP END`.
//!
//! Spec: <https://modern.ircdocs.horse/#connection-registration>,
//! <https://ircv3.net/specs/extensions/capability-negotiation>.

use std::sync::Arc;

use chinwag_model::ask::{Ask, Checked, ProofOf};
use chinwag_model::intent::{Identity, Intent, Visitor};
use chinwag_model::name::NewName;
use chinwag_model::outcome::Refusal;
use chinwag_model::text::Text;

use super::args;
use super::caps::{CAPS, Cap, is_offered, listed};
use super::chat::{Chat, Why};
use super::refusal::slowed;
use crate::output::Output;
use crate::proven::Proven;

/// Bytes of capabilities on one line.
const LIST_BYTES_MAX: usize = 400;

/// The longest user name, in bytes.
const USER_BYTES_MAX: usize = 16;

/// The longest real name, in bytes.
pub(super) const REAL_NAME_BYTES_MAX: usize = 150;

/// What is known of a client before it comes in.
#[derive(Debug, Default)]
pub(super) struct Intro {
    pub(super) nick: Option<NewName>,
    pub(super) user: Option<Box<str>>,
    real_name: Box<str>,
    /// The client settles capabilities, and says when it is done.
    negotiating: bool,
    /// Whether the client has given the server's password.
    has_password: bool,
    /// The account that was proved.
    pub(super) login: Option<Proven>,
    pub(super) away: Option<Text>,
    /// Metadata that was set early.
    pub(super) metadata: Vec<(Box<str>, Text)>,
    /// Keys of metadata that the client wants to hear of.
    pub(super) keys: std::collections::BTreeSet<Box<str>>,
    /// Coming in is on its way.
    entering: bool,
}

impl Chat {
    pub(super) fn cap(&mut self, params: &[&str], out: &mut Output) {
        let subcommand = params.first().map(|word| word.to_ascii_uppercase()).unwrap_or_default();
        match subcommand.as_str() {
            "LS" => {
                let version: u32 = params.get(1).and_then(|v| v.parse().ok()).unwrap_or(301);
                self.negotiate();
                if version >= 302 {
                    self.cap_values = true;
                    let mut caps = self.caps;
                    caps.set(Cap::Notify, true);
                    self.set_caps(caps);
                }
                let (policy, values) = (Arc::clone(&self.policy), self.cap_values);
                // Who does not read several lines gets one, without what is still a draft.
                let caps = CAPS.iter().filter(|(name, _)| values || !name.starts_with("draft/"));
                let caps = caps.filter(|(_, cap)| is_offered(*cap, &policy));
                let words = caps.map(|(name, cap)| listed(name, *cap, &policy, values));
                // It is told, and nobody can ask for it.
                let sts = policy.sts.filter(|_| values).map(|sts| match self.about.secure {
                    true => format!("sts=duration={}", sts.seconds),
                    false => format!("sts=port={}", sts.port),
                });
                self.cap_list("LS", words.chain(sts).collect(), out);
            }
            "LIST" => {
                let words = self.caps.names().map(str::to_owned).collect();
                self.cap_list("LIST", words, out);
            }
            "REQ" => {
                self.negotiate();
                let list = params.get(1).copied().unwrap_or_default();
                let answer = match self.caps.request(list, &self.policy) {
                    Some(mut caps) => {
                        // Who reads values is told of changes, whether it wants to or not.
                        caps.set(Cap::Notify, caps.has(Cap::Notify) || self.cap_values);
                        self.set_caps(caps);
                        "ACK"
                    }
                    None => "NAK",
                };
                let nick = self.nick().to_owned();
                self.server_line(
                    "CAP",
                    |line| line.param(&nick).param(answer).trailing(list.trim_end()),
                    out,
                );
            }
            "END" => {
                if let Some(intro) = &mut self.intro {
                    intro.negotiating = false;
                }
            }
            _ => {
                let given = params.first().copied().unwrap_or_default().to_owned();
                self.numeric(410, &[&given], "Invalid CAP command", out);
            }
        }
    }

    fn negotiate(&mut self) {
        if let Some(intro) = &mut self.intro {
            intro.negotiating = true;
        }
    }

    /// Tells capabilities, in as many lines as it takes.
    fn cap_list(&mut self, subcommand: &str, words: Vec<String>, out: &mut Output) {
        let mut lines: Vec<String> = vec![String::new()];
        for word in words {
            match lines.last_mut() {
                Some(line) if line.len() + word.len() < LIST_BYTES_MAX => {
                    if !line.is_empty() {
                        line.push(' ');
                    }
                    line.push_str(&word);
                }
                _ => lines.push(word),
            }
        }
        let nick = self.nick().to_owned();
        let last = lines.len().saturating_sub(1);
        for (number, list) in lines.iter().enumerate() {
            self.server_line(
                "CAP",
                |line| {
                    let line = line.param(&nick).param(subcommand);
                    let line = if number < last { line.param("*") } else { line };
                    line.trailing(list)
                },
                out,
            );
        }
    }

    pub(super) fn pass(&mut self, params: &[&str], out: &mut Output) {
        if self.me.is_some() {
            return self.numeric(462, &[], "You may not reregister", out);
        }
        if let Some(wanted) = &self.policy.password {
            let given = params.first().copied().unwrap_or_default();
            let right = is_same(wanted.as_bytes(), given.as_bytes());
            let proof = Ask::Proof { of: ProofOf::Server, right };
            self.ask(proof, Why::ServerPassword(right));
        }
    }

    /// The server's password that a client gave is counted, or there were too many wrong ones.
    pub(super) fn password_counted(&mut self, right: bool, checked: &Checked, out: &mut Output) {
        match (checked, &mut self.intro) {
            (Checked::Counted, Some(intro)) if right => intro.has_password = true,
            (Checked::Limited { why, seconds }, _) => {
                self.wrong_password(&slowed(*why, *seconds), out);
            }
            _ => self.wrong_password("Password incorrect", out),
        }
    }

    /// Whether the client has given the server's password, where there is one. Without it the client
    /// can neither come in, nor log in or register before that: it is told so, and closed.
    pub(super) fn may_come(&mut self, out: &mut Output) -> bool {
        let given = self.intro.as_ref().is_none_or(|intro| intro.has_password);
        let may = self.me.is_some() || self.policy.password.is_none() || given;
        if !may {
            self.wrong_password("Password incorrect", out);
        }
        may
    }

    fn wrong_password(&mut self, text: &str, out: &mut Output) {
        self.numeric(464, &[], text, out);
        self.close(text, out);
    }

    pub(super) fn user(&mut self, params: &[&str], out: &mut Output) {
        let (user, real_name) = (params.first().copied(), params.get(3).copied());
        if real_name.is_none_or(str::is_empty) {
            return self.too_few("USER", out);
        }
        let Some(intro) = self.intro.as_mut().filter(|intro| intro.user.is_none()) else {
            return self.numeric(462, &[], "You may not reregister", out);
        };
        let plain = |c: &char| c.is_ascii_graphic() && !matches!(c, '!' | '@' | ':' | '*' | '?');
        let user: String = user.unwrap_or_default().chars().filter(plain).collect();
        let user = user.get(..user.len().min(USER_BYTES_MAX)).unwrap_or_default();
        // A tilde says that the client alone says so.
        let user = if user.is_empty() { "user" } else { user };
        intro.user = Some(format!("~{user}").into());
        let real_name = real_name.unwrap_or_default();
        let end = real_name.floor_char_boundary(REAL_NAME_BYTES_MAX);
        intro.real_name = real_name.get(..end).unwrap_or_default().into();
    }

    pub(super) fn nick_command(&mut self, params: &[&str], out: &mut Output) {
        let given = params.first().copied().unwrap_or_default();
        if given.is_empty() {
            return self.numeric(431, &[], "No nickname given", out);
        }
        let fits = given.chars().count() <= self.policy.limits.nick_length;
        let Some(name) = NewName::parse_nick(given).ok().filter(|_| fits) else {
            let shown = chinwag_model::name::quoted(given).replace([' ', ':'], "");
            let shown = if shown.is_empty() { "*" } else { &shown };
            return self.numeric(432, &[shown], "Erroneous nickname", out);
        };
        if self.me.is_some() {
            return self.want(Intent::Nick(name), Why::Nick(given.into()));
        }
        if let Some(intro) = &mut self.intro {
            intro.nick = Some(name);
        }
    }

    /// Comes in, if all that it takes is known.
    pub(super) fn come_in(&mut self, out: &mut Output) {
        if self.me.is_some() || self.is_over() {
            return;
        }
        let Some(intro) = &mut self.intro else { return };
        let (Some(_), Some(_)) = (&intro.nick, &intro.user) else { return };
        if intro.negotiating || intro.entering {
            return;
        }
        if self.sasl.take().is_some() {
            // Who goes on without it has given it up.
            self.numeric(906, &[], "SASL authentication aborted", out);
            let server = self.policy.server_name.clone();
            self.reply.end(&server, out);
        }
        let Some(intro) = &mut self.intro else { return };
        let (Some(nick), Some(user)) = (&intro.nick, &intro.user) else { return };
        if self.policy.password.is_some() && !intro.has_password {
            return self.wrong_password("Password incorrect", out);
        }
        if !self.policy.guests && intro.login.is_none() {
            let text = "You must log in with SASL to connect to this server";
            self.fail("*", "ACCOUNT_REQUIRED", &[], text, out);
            return self.close("An account is required", out);
        }
        let login = intro.login.clone();
        if login.as_ref().is_some_and(|proven| !proven.holds(out.now)) {
            let text = "You took too long to come in after logging in; connect again";
            self.fail("*", "ACCOUNT_REQUIRED", &[], text, out);
            return self.close("Your login is no longer valid", out);
        }
        let login = login.map(|proven| (proven.account, proven.proof));
        let visitor = Visitor {
            user: user.clone(),
            host: self.about.host.clone(),
            real_name: intro.real_name.clone(),
            flags: self.policy.default_flags,
            away: intro.away.clone(),
            outside: true,
            stays: self.policy.always_on,
            secure: self.about.secure,
        };
        let identity = Identity::Nick { name: nick.clone(), login };
        intro.entering = true;
        let enter = Intent::Enter(identity, Some(Box::new(visitor)));
        self.ask(Ask::Intent(enter), Why::Enter);
    }

    /// The name can't be had: another one is asked for.
    pub(super) fn not_entered(&mut self, refusal: &Refusal, out: &mut Output) {
        let nick = self.nick().to_owned();
        if let Some(intro) = &mut self.intro {
            intro.nick = None;
            intro.entering = false;
        }
        let name = nick.as_str();
        match refusal {
            Refusal::PasswordNeeded(_) => {
                let text = "Nickname belongs to an account; log in to use it";
                self.numeric(433, &[name], text, out);
            }
            Refusal::NoSuchAccount(_) => {
                if let Some(intro) = &mut self.intro {
                    intro.login = None;
                }
                self.close("Your login is no longer valid", out);
            }
            Refusal::TooManySessions(_) => self.close("Too many connections", out),
            Refusal::NotStored(why) => {
                let why = super::refusal::not_stored(*why);
                self.close(&format!("Cannot store anything: {why}"), out);
            }
            Refusal::LooksLike { existing, .. } => {
                let text = format!("Nickname looks like {existing}, which is registered");
                self.numeric(433, &[name], &text, out);
            }
            _ => self.numeric(433, &[name], "Nickname is already in use", out),
        }
    }

    pub(super) fn ping(&mut self, params: &[&str], out: &mut Output) {
        let Some(token) = params.first().filter(|token| !token.is_empty()) else {
            if params.is_empty() {
                return self.too_few("PING", out);
            }
            return self.numeric(409, &[], "No origin specified", out);
        };
        if self.me.is_some() {
            // What was asked before lies in every outbox before this is answered.
            let barrier = chinwag_model::query::Query::Barrier;
            self.ask(Ask::Query(barrier), Why::Pong((*token).into()));
        } else {
            self.pong(token, out);
        }
    }

    pub(super) fn pong(&mut self, token: &str, out: &mut Output) {
        let server = self.policy.server_name.clone();
        self.server_line("PONG", |line| line.param(&server).trailing(token), out);
    }

    pub(super) fn setname(&mut self, params: &[&str], out: &mut Output) {
        let name = params.first().copied().unwrap_or_default();
        if name.len() > REAL_NAME_BYTES_MAX {
            let text = "Real name is not valid";
            return self.fail("SETNAME", "INVALID_REALNAME", &[], text, out);
        }
        self.want(Intent::SetRealName(name.into()), Why::Act("SETNAME", "".into()));
    }

    pub(super) fn away(&mut self, params: &[&str], out: &mut Output) {
        // A star is a device that is unattended: its owner is away, and says nothing of it.
        let text = match params.first() {
            Some(&"*") => Text::parse("Away from the keyboard").ok(),
            other => args::words(other, self.policy.limits.away_length),
        };
        if self.me.is_some() {
            return self.want(Intent::SetAway(text), Why::Away);
        }
        if !self.has(Cap::PreAway) {
            return self.numeric(451, &[], "You have not registered", out);
        }
        if let Some(intro) = &mut self.intro {
            intro.away = text.clone();
        }
        self.told_away(text.as_ref(), out);
    }

    pub(super) fn told_away(&mut self, text: Option<&Text>, out: &mut Output) {
        match text {
            Some(_) => self.numeric(306, &[], "You have been marked as being away", out),
            None => self.numeric(305, &[], "You are no longer marked as being away", out),
        }
    }
}

/// Whether two are the same, in a time that does not tell where they differ.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0, |all, (a, b)| all | (a ^ b)) == 0
}
