//! `REGISTER`: making one's nickname an account.
//!
//! Spec: <https://ircv3.net/specs/extensions/account-registration>.

use chinwag_model::ask::{Ask, Checked};
use chinwag_model::intent::Intent;
use chinwag_model::name::NewName;
use chinwag_model::outcome::{Done, Refusal};
use chinwag_model::secret::{SECRET_BYTES_MAX, Secret};
use chinwag_wire::irc::message::Message;

use super::server_password::may_come;
use super::{Command, TooFew, account, mail};
use crate::irc::chat::{Chat, Next, Told};
use crate::irc::session::Door;
use crate::output::Output;

pub(super) const COMMANDS: &[Command] = &[Command {
    params: 3,
    early: true,
    too_few: TooFew::Fail,
    run: register,
    ..Command::new("REGISTER", "* <email or *> <password>", "Makes your nickname an account.")
}];

fn register(chat: &mut Chat, message: &Message<'_>, out: &mut Output) {
    let params = message.params();
    let [account, email, password, ..] = params else { return };
    let fail = |chat: &mut Chat, code: &str, text: &str, out: &mut Output| {
        chat.fail("REGISTER", code, &[account], text, out);
    };
    if !chat.policy.registration {
        return fail(chat, "DISALLOWED", "Registration is closed", out);
    }
    if chat.me.is_none() && !chat.policy.register_before_connect {
        let text = "Connect first, then register";
        return fail(chat, "COMPLETE_CONNECTION_REQUIRED", text, out);
    }
    if !may_come(chat, out) {
        return;
    }
    let nick = chat.nick().to_owned();
    if nick == "*" {
        return fail(chat, "NEED_NICK", "Give a nickname first", out);
    }
    if *account != "*" && !account.eq_ignore_ascii_case(&nick) {
        let text = "The account's name must be your nickname; give * or change it first";
        return fail(chat, "ACCOUNT_NAME_MUST_BE_NICK", text, out);
    }
    if chat.policy.register_needs_email && !chat.policy.mail && !looks_like_address(email) {
        return fail(chat, "INVALID_EMAIL", "A valid e-mail address is needed", out);
    }
    if chat.me.as_ref().is_some_and(|me| me.card.badge.account.is_some()) {
        let text = "You have an account already";
        return fail(chat, "ALREADY_AUTHENTICATED", text, out);
    }
    make_account(chat, Door::Command, &nick, password, email, out);
}

/// Makes a nickname an account, or has it held until the address is verified.
pub(super) fn make_account(
    chat: &mut Chat,
    door: Door,
    nick: &str,
    password: &str,
    email: &str,
    out: &mut Output,
) {
    if chat.policy.verifies() {
        return mail::claim(chat, door, nick, password, email, out);
    }
    hash_for(chat, door, nick, password, out);
}

/// Wants a password hashed, to register a name with it.
fn hash_for(chat: &mut Chat, door: Door, nick: &str, password: &str, out: &mut Output) {
    if password.is_empty() || password.len() > SECRET_BYTES_MAX {
        return account::not_registered(
            chat,
            door,
            "WEAK_PASSWORD",
            "Choose another password",
            out,
        );
    }
    let Ok(name) = NewName::parse(nick) else {
        let text = "That name is the server's own; choose another one";
        return account::not_registered(chat, door, "ACCOUNT_EXISTS", text, out);
    };
    let password = Secret::new(password.to_owned());
    let hash = Ask::HashFor { name: name.name().clone(), password };
    chat.ask(hash, Hash(door, name));
}

/// The password is hashed, or the name is an account already.
fn hashed(chat: &mut Chat, door: Door, name: NewName, checked: &Checked, out: &mut Output) {
    let verifier = match checked {
        Checked::Hashed(verifier) => verifier.clone(),
        Checked::Wrong => {
            let exists = Refusal::AccountExists(name.name().clone());
            return account::refused(chat, door, &exists, out);
        }
        checked => return account::not_hashed(chat, door, checked, out),
    };
    if chat.me.is_some() {
        return chat.want(Intent::Register(name, verifier), Register(door));
    }
    chat.want(Intent::Create(name, verifier), Register(door));
}

/// A password is hashed, to register a name with it.
#[derive(Debug)]
struct Hash(Door, NewName);

impl Next for Hash {
    fn told(self: Box<Self>, told: Told<'_>, chat: &mut Chat, out: &mut Output) {
        match told {
            Told::Checked(checked) => hashed(chat, self.0, self.1, checked, out),
            other => chat.unexpected(other, out),
        }
    }
}

/// A name is registered.
#[derive(Debug)]
struct Register(Door);

impl Next for Register {
    fn told(self: Box<Self>, told: Told<'_>, chat: &mut Chat, out: &mut Output) {
        match told {
            Told::Outcome(Ok(Done::Registered(card, proof))) => {
                if let Some(me) = &mut chat.me {
                    me.card = card.clone();
                    me.guest = false;
                }
                account::registered(chat, self.0, "REGISTER", (card, *proof), out);
            }
            Told::Outcome(Err(refusal)) => account::refused(chat, self.0, refusal, out),
            other => chat.unexpected(other, out),
        }
    }
}

/// Whether a text may be an e-mail address: something, a sign, and something.
fn looks_like_address(text: &str) -> bool {
    let parts = text.split_once('@');
    parts.is_some_and(|(user, host)| {
        !user.is_empty() && host.contains('.') && !host.starts_with('.') && !host.ends_with('.')
    })
}
