//! `VERIFY`, and the codes that are mailed: to verify an address before an account is made, and to set
//! another password.
//!
//! Spec: <https://ircv3.net/specs/extensions/account-registration>.

use chinwag_model::ask::{Ask, Checked, CodeAsk};
use chinwag_model::intent::Claim as Claimed;
use chinwag_model::mail::MailAddress;
use chinwag_model::name::{Name, NewName};
use chinwag_model::outcome::{Done, Outcome, Refusal};
use chinwag_model::proof::Proves;
use chinwag_model::secret::{SECRET_BYTES_MAX, Secret};
use chinwag_wire::irc::message::Message;

use super::account::{not_hashed, not_mailed, not_registered, refused, registered};
use super::login::{has_logged_in, slowed};
use super::server_password::may_come;
use super::{Command, TooFew};
use crate::irc::args::{self, NICKSERV};
use crate::irc::chat::{Chat, Next, Told};
use crate::irc::refusal::not_stored;
use crate::irc::session::Door;
use crate::output::Output;

pub(super) const COMMANDS: &[Command] = &[Command {
    params: 2,
    early: true,
    too_few: TooFew::Fail,
    run: verify,
    ..Command::new("VERIFY", "<account> <code>", "Makes an account yours, by the mailed code.")
}];

/// Wants a name held until its address is verified.
pub(super) fn claim(
    chat: &mut Chat,
    door: Door,
    nick: &str,
    password: &str,
    email: &str,
    out: &mut Output,
) {
    let Ok(name) = NewName::parse(nick) else {
        let text = "That name is the server's own; choose another one";
        return not_registered(chat, door, "ACCOUNT_EXISTS", text, out);
    };
    let Ok(address) = MailAddress::parse(email) else {
        let text = "A valid e-mail address is needed; a code is mailed to it";
        return not_registered(chat, door, "INVALID_EMAIL", text, out);
    };
    if password.is_empty() || password.len() > SECRET_BYTES_MAX {
        return not_registered(chat, door, "WEAK_PASSWORD", "Choose another password", out);
    }
    let password = Secret::new(password.to_owned());
    let (claimed, to) = (name.name().clone(), address.clone());
    let claim = Ask::Claim { name: claimed, address: to, password };
    chat.ask(claim, Claim { door, name, address });
}

/// The password of a name is to be hashed, or is the one that the name is held with.
#[derive(Debug)]
struct Claim {
    door: Door,
    name: NewName,
    address: MailAddress,
}

impl Next for Claim {
    fn told(self: Box<Self>, told: Told<'_>, chat: &mut Chat, out: &mut Output) {
        let Self { door, name, address } = *self;
        let checked = match told {
            Told::Checked(checked) => checked,
            Told::Outcome(Err(refusal)) => return refused(chat, door, refusal, out),
            other => return chat.unexpected(other, out),
        };
        let claim = match checked {
            Checked::Hashed(verifier) => Claimed::New(verifier.clone()),
            Checked::Right(Proves::Held(entry)) => Claimed::Again(*entry),
            Checked::Wrong => {
                let text = "That name waits to be verified; for another code, give the password \
                        that it was registered with";
                return not_registered(chat, door, "ACCOUNT_EXISTS", text, out);
            }
            checked => return not_hashed(chat, door, checked, out),
        };
        let account = name.name().shown().into();
        let hold = CodeAsk::Hold { name, address, claim };
        chat.ask(Ask::Code(Box::new(hold)), Hold { door, account });
    }
}

/// A name is to be held until its address is verified.
#[derive(Debug)]
struct Hold {
    door: Door,
    account: Box<str>,
}

impl Next for Hold {
    fn told(self: Box<Self>, told: Told<'_>, chat: &mut Chat, out: &mut Output) {
        match told {
            Told::Outcome(outcome) => held(chat, self.door, &self.account, outcome, out),
            other => chat.unexpected(other, out),
        }
    }
}

fn held(chat: &mut Chat, door: Door, account: &str, outcome: &Outcome, out: &mut Output) {
    match outcome {
        Ok(Done::CodeSent) if door == Door::Service => {
            let text = format!(
                "A code is mailed to you. Say VERIFY {account} CODE within a day, and the \
                 account is yours."
            );
            chat.notice(Some(NICKSERV), &text, out);
        }
        Ok(Done::CodeSent) => chat.server_line(
            "REGISTER",
            |line| {
                let line = line.param("VERIFICATION_REQUIRED").param(account);
                line.trailing("A code is mailed to you; give it with VERIFY within a day")
            },
            out,
        ),
        Ok(_) => refused(chat, door, &Refusal::Internal, out),
        Err(refusal) => refused(chat, door, refusal, out),
    }
}

/// `VERIFY ACCOUNT CODE`.
fn verify(chat: &mut Chat, message: &Message<'_>, out: &mut Output) {
    let params = message.params();
    let [account, code, ..] = params else { return };
    if chat.me.is_none() && !chat.policy.register_before_connect {
        let text = "Connect first, then verify";
        return chat.fail("VERIFY", "COMPLETE_CONNECTION_REQUIRED", &[account], text, out);
    }
    verify_by(chat, Door::Command, account, code, out);
}

pub(super) fn verify_by(chat: &mut Chat, door: Door, account: &str, code: &str, out: &mut Output) {
    if chat.me.as_ref().is_some_and(|me| me.card.badge.account.is_some()) {
        let text = "You have an account already";
        return not_verified(chat, door, account, "ALREADY_AUTHENTICATED", text, out);
    }
    if !may_come(chat, out) {
        return;
    }
    let name = args::person(account).filter(|_| chat.policy.mail);
    let Some(name) = name.filter(|_| code.len() <= SECRET_BYTES_MAX) else {
        let text = "No account of that name waits to be verified";
        return not_verified(chat, door, account, "INVALID_CODE", text, out);
    };
    let verify = CodeAsk::Verify { account: name, code: Secret::new(code.to_owned()) };
    chat.ask(Ask::Code(Box::new(verify)), Verify { door, account: account.into() });
}

/// A code is given for an account.
#[derive(Debug)]
struct Verify {
    door: Door,
    account: Box<str>,
}

impl Next for Verify {
    fn told(self: Box<Self>, told: Told<'_>, chat: &mut Chat, out: &mut Output) {
        match told {
            Told::Outcome(outcome) => verified(chat, self.door, &self.account, outcome, out),
            other => chat.unexpected(other, out),
        }
    }
}

fn verified(chat: &mut Chat, door: Door, account: &str, outcome: &Outcome, out: &mut Output) {
    let (code, text) = match outcome {
        Ok(Done::Registered(card, proof)) => {
            if let Some(me) = &mut chat.me {
                me.card = card.clone();
                me.guest = false;
            }
            return registered(chat, door, "VERIFY", (card, *proof), out);
        }
        Ok(Done::LoggedIn(entered)) => {
            if door == Door::Command {
                chat.server_line(
                    "VERIFY",
                    |line| line.param("SUCCESS").param(account).trailing("Account registered"),
                    out,
                );
            }
            return has_logged_in(chat, door, entered, out);
        }
        Ok(Done::WrongCode { left: 0 }) => {
            ("INVALID_CODE", "Wrong code; register again for another one".to_owned())
        }
        Ok(Done::WrongCode { left }) => {
            ("INVALID_CODE", format!("Wrong code; it can be given {left} more times"))
        }
        Err(Refusal::NoSuchAccount(_)) => {
            ("INVALID_CODE", "No account of that name waits to be verified".to_owned())
        }
        Err(Refusal::AccountExists(_)) => {
            ("ALREADY_AUTHENTICATED", "You have an account already".to_owned())
        }
        Err(Refusal::NotMailed(why)) => not_mailed(why),
        Err(Refusal::NotStored(why)) => {
            let why = not_stored(*why);
            ("TEMPORARILY_UNAVAILABLE", format!("Not stored, so not done: {why}"))
        }
        _ => ("TEMPORARILY_UNAVAILABLE", "That failed; try again".to_owned()),
    };
    not_verified(chat, door, account, code, &text, out);
}

fn not_verified(
    chat: &mut Chat,
    door: Door,
    account: &str,
    code: &str,
    text: &str,
    out: &mut Output,
) {
    if door == Door::Service {
        return chat.notice(Some(NICKSERV), &format!("{text}."), out);
    }
    let account = args::person(account).map_or_else(|| "*".to_owned(), |a| a.to_string());
    chat.fail("VERIFY", code, &[&account], text, out);
}

/// NickServ's `RESETPASS ACCOUNT [CODE PASSWORD]`.
pub(super) fn reset_password(chat: &mut Chat, rest: &[&str], out: &mut Output) {
    if !chat.policy.mail {
        let text = "This server mails no codes. Ask its operator for another password.";
        return chat.notice(Some(NICKSERV), text, out);
    }
    let account = rest.first().and_then(|account| args::person(account));
    match (account, rest) {
        (Some(account), [_]) => {
            let ask = CodeAsk::AskReset { account };
            chat.ask(Ask::Code(Box::new(ask)), AskReset);
        }
        (Some(account), [_, code, password])
            if code.len() <= SECRET_BYTES_MAX && password.len() <= SECRET_BYTES_MAX =>
        {
            let code = Secret::new((*code).to_owned());
            let password = Secret::new((*password).to_owned());
            // The code is looked at first: a wrong one has nothing hashed.
            let (whose, given) = (account.clone(), code.clone());
            let hash = Ask::HashReset { account: whose, code: given, password };
            chat.ask(hash, HashReset { account, code });
        }
        _ => {
            let text = "RESETPASS ACCOUNT has a code mailed; RESETPASS ACCOUNT CODE PASSWORD \
                        sets the password.";
            chat.notice(Some(NICKSERV), text, out);
        }
    }
}

/// A code to reset a password is to be mailed. Whether an account has an address is nobody else's
/// business.
#[derive(Debug)]
struct AskReset;

impl Next for AskReset {
    fn told(self: Box<Self>, told: Told<'_>, chat: &mut Chat, out: &mut Output) {
        let Told::Outcome(outcome) = told else { return chat.unexpected(told, out) };
        let text = match outcome {
            Ok(_) | Err(Refusal::NoSuchAccount(_)) => {
                "If that account has a verified address, a code is mailed to it. Say RESETPASS \
             ACCOUNT CODE PASSWORD within an hour."
                    .to_owned()
            }
            Err(refusal) => in_words(refusal),
        };
        chat.notice(Some(NICKSERV), &text, out);
    }
}

/// The password is hashed that a code is to set.
#[derive(Debug)]
struct HashReset {
    account: Name,
    code: Secret,
}

impl Next for HashReset {
    fn told(self: Box<Self>, told: Told<'_>, chat: &mut Chat, out: &mut Output) {
        let verifier = match told {
            Told::Checked(Checked::Hashed(verifier)) => verifier,
            Told::Checked(Checked::Limited { why, seconds }) => {
                return slowed(chat, *why, *seconds, out);
            }
            Told::Outcome(outcome) => return reset(chat, outcome, out),
            _ => return chat.notice(Some(NICKSERV), "That failed; try again.", out),
        };
        let Self { account, code } = *self;
        let reset = CodeAsk::Reset { account, code, verifier: verifier.clone() };
        chat.ask(Ask::Code(Box::new(reset)), Reset);
    }
}

/// Another password is to be set by a code.
#[derive(Debug)]
struct Reset;

impl Next for Reset {
    fn told(self: Box<Self>, told: Told<'_>, chat: &mut Chat, out: &mut Output) {
        match told {
            Told::Outcome(outcome) => reset(chat, outcome, out),
            other => chat.unexpected(other, out),
        }
    }
}

/// Tells whether another password was set.
fn reset(chat: &mut Chat, outcome: &Outcome, out: &mut Output) {
    let text = match outcome {
        Ok(Done::PasswordSet(_)) => {
            "The password is changed; IDENTIFY with it. All connections that were logged in are \
             ended, and certificates and devices are removed."
                .to_owned()
        }
        Ok(Done::WrongCode { left: 0 }) => "Wrong code. Have another one mailed.".to_owned(),
        Ok(Done::WrongCode { left }) => {
            format!("Wrong code; it can be given {left} more times.")
        }
        Ok(_) => in_words(&Refusal::Internal),
        Err(Refusal::NoSuchAccount(_)) => {
            "No code holds for that account. Have one mailed with RESETPASS ACCOUNT.".to_owned()
        }
        Err(refusal) => in_words(refusal),
    };
    chat.notice(Some(NICKSERV), &text, out);
}

fn in_words(refusal: &Refusal) -> String {
    match refusal {
        Refusal::NotMailed(why) => format!("{}.", not_mailed(why).1),
        Refusal::NotStored(why) => {
            format!("Not stored, so not done: {}.", not_stored(*why))
        }
        _ => "That failed; try again.".to_owned(),
    }
}
