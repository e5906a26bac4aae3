//! NickServ's `SET PASSWORD`: another password, and what is left of access to the account then.

use chinwag_model::ask::{Ask, Checked};
use chinwag_model::intent::Intent;
use chinwag_model::outcome::{Done, PasswordSet, Refusal};
use chinwag_model::proof::{Proof, Proves};
use chinwag_model::secret::Secret;

use super::certificate::hex;
use super::login::slowed;
use super::service;
use crate::irc::args::NICKSERV;
use crate::irc::chat::{Chat, Next, Told};
use crate::output::Output;

/// `SET PASSWORD OLD NEW`.
pub(super) fn set(chat: &mut Chat, old: &str, new: &str, out: &mut Output) {
    let Some(me) = &chat.me else { return };
    let Some(name) = me.card.badge.account.clone() else {
        return chat.notice(Some(NICKSERV), "You have no account.", out);
    };
    let check = Ask::Check { name, password: Secret::new(old.to_owned()) };
    chat.ask(check, OldPassword(Secret::new(new.to_owned())));
}

/// The old password is checked, to set this one.
#[derive(Debug)]
struct OldPassword(Secret);

impl Next for OldPassword {
    fn told(self: Box<Self>, told: Told<'_>, chat: &mut Chat, out: &mut Output) {
        match told {
            Told::Checked(Checked::Right(Proves::Account(proof))) => {
                chat.ask(Ask::Hash(self.0), NewPassword(*proof));
            }
            Told::Checked(Checked::Limited { why, seconds }) => {
                slowed(chat, *why, *seconds, out);
            }
            _ => chat.notice(Some(NICKSERV), "That is not your password.", out),
        }
    }
}

/// A new password is hashed; the old one proved this.
#[derive(Debug)]
struct NewPassword(Proof);

impl Next for NewPassword {
    fn told(self: Box<Self>, told: Told<'_>, chat: &mut Chat, out: &mut Output) {
        let verifier = match told {
            Told::Checked(Checked::Hashed(verifier)) => verifier,
            Told::Checked(Checked::Limited { why, seconds }) => {
                return slowed(chat, *why, *seconds, out);
            }
            _ => return chat.notice(Some(NICKSERV), "That failed; try again.", out),
        };
        let set = Intent::SetPassword { verifier: verifier.clone(), proof: Some(self.0) };
        chat.want(set, SetPassword);
    }
}

/// Another password is to be set.
#[derive(Debug)]
struct SetPassword;

impl Next for SetPassword {
    fn told(self: Box<Self>, told: Told<'_>, chat: &mut Chat, out: &mut Output) {
        match told {
            Told::Outcome(Ok(Done::PasswordSet(set))) => is_set(chat, set, out),
            Told::Outcome(Err(Refusal::PasswordNeeded(_))) => {
                let text = "Your password was changed elsewhere in this moment; nothing is changed \
                            here.";
                chat.notice(Some(NICKSERV), text, out);
            }
            Told::Outcome(Err(refusal)) => service::refused(chat, NICKSERV, refusal, out),
            other => chat.unexpected(other, out),
        }
    }
}

/// Another password is set. What else lets in whoever added it is listed, and how to remove it.
fn is_set(chat: &mut Chat, set: &PasswordSet, out: &mut Output) {
    let PasswordSet { ended, certificates, devices } = set;
    let text = match ended {
        0 => "Your password is changed.".to_owned(),
        1 => "Your password is changed, and your other connection is ended.".to_owned(),
        many => format!("Your password is changed, and your {many} other connections are ended."),
    };
    chat.notice(Some(NICKSERV), &text, out);
    if !certificates.is_empty() {
        let text = "These certificates log you in still. Remove what is not yours:";
        chat.notice(Some(NICKSERV), text, out);
    }
    for print in certificates {
        chat.notice(Some(NICKSERV), &format!("/msg NickServ CERT DEL {}", hex(print)), out);
    }
    if !devices.is_empty() {
        let text = "These devices are told still of what is said to you. Remove what is not yours:";
        chat.notice(Some(NICKSERV), text, out);
    }
    for endpoint in devices {
        let text = format!("/quote WEBPUSH UNREGISTER {}", endpoint.as_str());
        chat.notice(Some(NICKSERV), &text, out);
    }
}
