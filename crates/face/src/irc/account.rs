//! Accounts: making one, and staying in the rooms with it.
//!
//! Spec: <https://ircv3.net/specs/extensions/account-registration>,
//! <https://github.com/ircv3/ircv3-specifications/pull/503> (persistence).

use chinwag_model::ask::{Ask, Checked};
use chinwag_model::intent::Intent;
use chinwag_model::message::Card;
use chinwag_model::name::NewName;
use chinwag_model::outcome::Refusal;
use chinwag_model::proof::Proof;
use chinwag_model::query::Query;
use chinwag_model::secret::{SECRET_BYTES_MAX, Secret};

use super::chat::{Chat, Door, Why};
use super::refusal::slowed;
use crate::output::Output;
use crate::proven::Proven;

impl Chat {
    pub(super) fn register(&mut self, params: &[&str], out: &mut Output) {
        let [account, email, password, ..] = params else { return };
        let fail = |chat: &mut Self, code: &str, text: &str, out: &mut Output| {
            chat.fail("REGISTER", code, &[account], text, out);
        };
        if !self.policy.registration {
            return fail(self, "DISALLOWED", "Registration is closed", out);
        }
        if self.me.is_none() && !self.policy.register_before_connect {
            let text = "Connect first, then register";
            return fail(self, "COMPLETE_CONNECTION_REQUIRED", text, out);
        }
        if !self.may_come(out) {
            return;
        }
        let nick = self.nick().to_owned();
        if nick == "*" {
            return fail(self, "NEED_NICK", "Give a nickname first", out);
        }
        if *account != "*" && !account.eq_ignore_ascii_case(&nick) {
            let text = "The account's name must be your nickname; give * or change it first";
            return fail(self, "ACCOUNT_NAME_MUST_BE_NICK", text, out);
        }
        if self.policy.register_needs_email && !self.policy.mail && !looks_like_address(email) {
            return fail(self, "INVALID_EMAIL", "A valid e-mail address is needed", out);
        }
        if self.me.as_ref().is_some_and(|me| me.card.badge.account.is_some()) {
            let text = "You have an account already";
            return fail(self, "ALREADY_AUTHENTICATED", text, out);
        }
        self.make_account(Door::Command, &nick, password, email, out);
    }

    /// Makes a nickname an account, or has it held until the address is verified.
    pub(super) fn make_account(
        &mut self,
        door: Door,
        nick: &str,
        password: &str,
        email: &str,
        out: &mut Output,
    ) {
        if self.policy.verifies() {
            return self.claim_for(door, nick, password, email, out);
        }
        self.hash_for(door, nick, password, out);
    }

    /// Wants a password hashed, to register a name with it.
    fn hash_for(&mut self, door: Door, nick: &str, password: &str, out: &mut Output) {
        if password.is_empty() || password.len() > SECRET_BYTES_MAX {
            return self.not_registered(door, "WEAK_PASSWORD", "Choose another password", out);
        }
        let Ok(name) = NewName::parse(nick) else {
            let text = "That name is the server's own; choose another one";
            return self.not_registered(door, "ACCOUNT_EXISTS", text, out);
        };
        let password = Secret::new(password.to_owned());
        let hash = Ask::HashFor { name: name.name().clone(), password };
        self.ask(hash, Why::HashFor(door, name));
    }

    /// A password of a new account is not hashed.
    pub(super) fn not_hashed(&mut self, door: Door, checked: &Checked, out: &mut Output) {
        let text = match checked {
            Checked::Limited { why, seconds } => slowed(*why, *seconds),
            _ => "That failed; try again".to_owned(),
        };
        self.not_registered(door, "TEMPORARILY_UNAVAILABLE", &text, out);
    }

    /// The password is hashed, or the name is an account already.
    pub(super) fn hashed_for(
        &mut self,
        door: Door,
        name: NewName,
        checked: &Checked,
        out: &mut Output,
    ) {
        let verifier = match checked {
            Checked::Hashed(verifier) => verifier.clone(),
            Checked::Wrong => {
                let exists = Refusal::AccountExists(name.name().clone());
                return self.refused_account(door, &exists, out);
            }
            checked => return self.not_hashed(door, checked, out),
        };
        if self.me.is_some() {
            return self.want(Intent::Register(name, verifier), Why::Register(door));
        }
        self.want(Intent::Create(name, verifier), Why::Register(door));
    }

    /// The account is made.
    pub(super) fn registered(
        &mut self,
        door: Door,
        command: &str,
        (who, proof): (&Card, Proof),
        out: &mut Output,
    ) {
        // An exchange that is going on was begun by somebody without an account.
        self.sasl = None;
        let account = who.name.shown().to_owned();
        match door {
            Door::Service => {
                let text = format!("Account {account} is registered; you are logged in.");
                self.notice(Some("NickServ"), &text, out);
            }
            _ => self.server_line(
                command,
                |line| line.param("SUCCESS").param(&account).trailing("Account registered"),
                out,
            ),
        }
        let nick = self.nick().to_owned();
        if let Some(intro) = &mut self.intro {
            intro.login = Some(Proven { account: who.name.clone(), proof, since: out.now });
        }
        self.logged_in(&nick, &account, out);
    }

    /// No account is made, by the core's word.
    pub(super) fn refused_account(&mut self, door: Door, refusal: &Refusal, out: &mut Output) {
        let (code, text) = match refusal {
            Refusal::AccountExists(_)
            | Refusal::Taken(_)
            | Refusal::AlreadyOnline(_)
            | Refusal::PasswordNeeded(_) => {
                ("ACCOUNT_EXISTS", "There is an account by that name already".to_owned())
            }
            Refusal::LooksLike { existing, .. } => {
                ("BAD_ACCOUNT_NAME", format!("That name looks like {existing}, which is taken"))
            }
            Refusal::NotMailed(why) => super::mail::not_mailed(why),
            Refusal::TooManyNew { seconds } => {
                ("TEMPORARILY_UNAVAILABLE", super::refusal::too_many_new(*seconds))
            }
            Refusal::TooMany => {
                ("TEMPORARILY_UNAVAILABLE", "Too many wait to be verified; try later".to_owned())
            }
            Refusal::NotStored(why) => {
                let why = super::refusal::not_stored(*why);
                ("TEMPORARILY_UNAVAILABLE", format!("Not stored, so not done: {why}"))
            }
            _ => ("TEMPORARILY_UNAVAILABLE", "That failed; try again".to_owned()),
        };
        self.not_registered(door, code, &text, out);
    }

    pub(super) fn not_registered(&mut self, door: Door, code: &str, text: &str, out: &mut Output) {
        if door == Door::Service {
            return self.notice(Some("NickServ"), &format!("{text}."), out);
        }
        let nick = self.nick().to_owned();
        self.fail("REGISTER", code, &[&nick], text, out);
    }

    pub(super) fn persistence(&mut self, params: &[&str], out: &mut Output) {
        if self.me.as_ref().is_none_or(|me| me.card.badge.account.is_none()) {
            let text = "An account is needed to stay";
            return self.fail("PERSISTENCE", "ACCOUNT_REQUIRED", &[], text, out);
        }
        let subcommand = params.first().map(|word| word.to_ascii_uppercase()).unwrap_or_default();
        let setting = params.get(1).map(|word| word.to_ascii_uppercase()).unwrap_or_default();
        match (subcommand.as_str(), setting.as_str()) {
            ("GET" | "", _) => self.ask(Ask::Query(Query::Stays), Why::Stay),
            ("SET", "ON") => self.want(Intent::Stay(Some(true)), Why::Stay),
            ("SET", "OFF") => self.want(Intent::Stay(Some(false)), Why::Stay),
            ("SET", "DEFAULT") => self.want(Intent::Stay(None), Why::Stay),
            _ => self.fail("PERSISTENCE", "INVALID_PARAMS", &[], "Invalid parameters", out),
        }
    }

    pub(super) fn stays(&mut self, stays: Option<bool>, out: &mut Output) {
        let client = match stays {
            Some(true) => "ON",
            Some(false) => "OFF",
            None => "DEFAULT",
        };
        let effective = if stays.unwrap_or(self.policy.always_on) { "ON" } else { "OFF" };
        self.server_line(
            "PERSISTENCE",
            |line| line.param("STATUS").param(client).param(effective),
            out,
        );
    }
}

/// Whether a text may be an e-mail address: something, a sign, and something.
fn looks_like_address(text: &str) -> bool {
    let parts = text.split_once('@');
    parts.is_some_and(|(user, host)| {
        !user.is_empty() && host.contains('.') && !host.starts_with('.') && !host.ends_with('.')
    })
}
