//! NickServ's `CERT`: certificates that prove an account.

use std::fmt::Write as _;

use chinwag_model::intent::Intent;
use chinwag_model::outcome::{Done, Outcome, Refusal};
use chinwag_model::query::{Answer, Query};

use super::service::{self, Said};
use crate::irc::args::{self, NICKSERV};
use crate::irc::chat::{Chat, Next, Told};
use crate::output::Output;

/// `CERT SUBCOMMAND`, with what was given after it.
pub(super) fn cert(chat: &mut Chat, subcommand: &str, given: Option<&str>, out: &mut Output) {
    let own = chat.about.certificate.as_deref().copied();
    match (subcommand, given, given.map_or(own, read_fingerprint)) {
        ("LIST", ..) => chat.query(Query::Certificates, Certificates),
        ("ADD", _, Some(fingerprint)) => {
            let shown = own == Some(fingerprint);
            let certify = Intent::Certify { fingerprint, on: true, shown };
            chat.want(certify, Add(fingerprint));
        }
        ("DEL", _, Some(fingerprint)) => {
            let certify = Intent::Certify { fingerprint, on: false, shown: false };
            let said = "This certificate logs you in no longer.";
            chat.want(certify, Said(NICKSERV, said.into()));
        }
        ("CONFIRM", Some(account), _) => match (args::person(account), own) {
            (Some(name), Some(fingerprint)) => {
                let next = Confirm(name.shown().into());
                chat.want(Intent::ConfirmCertificate { account: name, fingerprint }, next);
            }
            (Some(_), None) => {
                let text = "This connection has no certificate. Say it from one that is \
                            encrypted and shows the certificate.";
                chat.notice(Some(NICKSERV), text, out);
            }
            (None, _) => chat.notice(Some(NICKSERV), "That is no account.", out),
        },
        ("CONFIRM", None, _) => {
            let text = "CERT CONFIRM ACCOUNT, from a connection with the certificate that \
                        ACCOUNT's owner has named with CERT ADD SHA256";
            chat.notice(Some(NICKSERV), text, out);
        }
        _ => {
            let text = "CERT ADD SHA256, with the fingerprint of a certificate in 64 digits; \
                        or connect with one, and leave it out";
            chat.notice(Some(NICKSERV), text, out);
        }
    }
}

/// A certificate is to be added, or proposed.
#[derive(Debug)]
struct Add([u8; 32]);

impl Next for Add {
    fn told(self: Box<Self>, told: Told<'_>, chat: &mut Chat, out: &mut Output) {
        match told {
            Told::Outcome(outcome) => added(chat, &self.0, outcome, out),
            other => chat.unexpected(other, out),
        }
    }
}

/// A certificate is added, or waits for a connection that has it, or neither.
fn added(chat: &mut Chat, print: &[u8; 32], outcome: &Outcome, out: &mut Output) {
    let text = match outcome {
        Ok(Done::CertificateProposed) => {
            let account = chat.me.as_ref().and_then(|me| me.card.badge.account.clone());
            let account = account.map_or_else(String::new, |account| account.to_string());
            format!(
                "To show that {} is yours, connect with that certificate within 10 minutes and \
                 say there: /msg NickServ CERT CONFIRM {account}",
                hex(print)
            )
        }
        Ok(_) => "This certificate logs you in from now on, by SASL EXTERNAL.".to_owned(),
        Err(Refusal::NotYours) => {
            "This certificate logs in to another account. Remove it there first, with CERT DEL."
                .to_owned()
        }
        Err(Refusal::TooMany) => {
            "You have as many certificates as one can have. Remove one first, with CERT DEL."
                .to_owned()
        }
        Err(refusal) => return service::refused(chat, NICKSERV, refusal, out),
    };
    chat.notice(Some(NICKSERV), &text, out);
}

/// The certificate of this connection is to prove this account.
#[derive(Debug)]
struct Confirm(Box<str>);

impl Next for Confirm {
    fn told(self: Box<Self>, told: Told<'_>, chat: &mut Chat, out: &mut Output) {
        match told {
            Told::Outcome(outcome) => confirmed(chat, &self.0, outcome, out),
            other => chat.unexpected(other, out),
        }
    }
}

/// The certificate of this connection proves the account from now on, or not.
fn confirmed(chat: &mut Chat, account: &str, outcome: &Outcome, out: &mut Output) {
    let text = match outcome {
        Ok(_) => format!("This certificate logs in to {account} from now on, by SASL EXTERNAL."),
        Err(Refusal::NoSuchAccount(_)) => format!(
            "{account} has not named your certificate of late. Its owner has to say CERT ADD \
             SHA256 with its fingerprint first."
        ),
        Err(Refusal::NotYours) => {
            "Your certificate logs in to another account. Remove it there first, with CERT DEL."
                .to_owned()
        }
        Err(Refusal::TooMany) => {
            format!("{account} has as many certificates as an account can have.")
        }
        Err(refusal) => return service::refused(chat, NICKSERV, refusal, out),
    };
    chat.notice(Some(NICKSERV), &text, out);
}

/// The certificates that log one in are asked for.
#[derive(Debug)]
struct Certificates;

impl Next for Certificates {
    fn told(self: Box<Self>, told: Told<'_>, chat: &mut Chat, out: &mut Output) {
        let Told::Answer(Answer::Certificates(prints)) = told else {
            return chat.unexpected(told, out);
        };
        for print in prints {
            chat.notice(Some(NICKSERV), &hex(print), out);
        }
        let text = format!("{} certificates log you in.", prints.len());
        chat.notice(Some(NICKSERV), &text, out);
    }
}

/// A fingerprint in hexadecimal digits.
pub(super) fn hex(print: &[u8; 32]) -> String {
    print.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// SHA-256 in hexadecimal digits, with or without colons.
fn read_fingerprint(text: &str) -> Option<[u8; 32]> {
    let digits: String = text.chars().filter(|c| *c != ':').collect();
    if digits.len() != 64 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut print = [0; 32];
    for (byte, at) in print.iter_mut().zip((0..64).step_by(2)) {
        *byte = u8::from_str_radix(digits.get(at..at + 2)?, 16).ok()?;
    }
    Some(print)
}
