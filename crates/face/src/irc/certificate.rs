//! NickServ's `CERT`: certificates that prove an account; and what is left of access to an account once
//! another password is set.

use std::fmt::Write as _;

use chinwag_model::ask::Ask;
use chinwag_model::intent::Intent;
use chinwag_model::outcome::{Done, Outcome, PasswordSet, Refusal};
use chinwag_model::query::Query;

use super::args;
use super::chat::{Chat, Why};
use crate::output::Output;

const NICKSERV: &str = "NickServ";

impl Chat {
    pub(super) fn cert(&mut self, subcommand: &str, given: Option<&str>, out: &mut Output) {
        let own = self.about.certificate.as_deref().copied();
        match (subcommand, given, given.map_or(own, read_fingerprint)) {
            ("LIST", ..) => self.ask(Ask::Query(Query::Certificates), Why::Certificates),
            ("ADD", _, Some(fingerprint)) => {
                let shown = own == Some(fingerprint);
                let certify = Intent::Certify { fingerprint, on: true, shown };
                self.want(certify, Why::AddCertificate(fingerprint));
            }
            ("DEL", _, Some(fingerprint)) => {
                let certify = Intent::Certify { fingerprint, on: false, shown: false };
                let said = "This certificate logs you in no longer.";
                self.want(certify, Why::Service(NICKSERV, said.into()));
            }
            ("CONFIRM", Some(account), _) => match (args::person(account), own) {
                (Some(name), Some(fingerprint)) => {
                    let why = Why::ConfirmCertificate(name.shown().into());
                    self.want(Intent::ConfirmCertificate { account: name, fingerprint }, why);
                }
                (Some(_), None) => {
                    let text = "This connection has no certificate. Say it from one that is \
                                encrypted and shows the certificate.";
                    self.notice(Some(NICKSERV), text, out);
                }
                (None, _) => self.notice(Some(NICKSERV), "That is no account.", out),
            },
            ("CONFIRM", None, _) => {
                let text = "CERT CONFIRM ACCOUNT, from a connection with the certificate that \
                            ACCOUNT's owner has named with CERT ADD SHA256";
                self.notice(Some(NICKSERV), text, out);
            }
            _ => {
                let text = "CERT ADD SHA256, with the fingerprint of a certificate in 64 digits; \
                            or connect with one, and leave it out";
                self.notice(Some(NICKSERV), text, out);
            }
        }
    }

    /// A certificate is added, or waits for a connection that has it, or neither.
    pub(super) fn certificate_added(
        &mut self,
        print: &[u8; 32],
        outcome: &Outcome,
        out: &mut Output,
    ) {
        let text = match outcome {
            Ok(Done::CertificateProposed) => {
                let account = self.me.as_ref().and_then(|me| me.card.badge.account.clone());
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
            Err(refusal) => return self.service_refused(NICKSERV, refusal, out),
        };
        self.notice(Some(NICKSERV), &text, out);
    }

    /// The certificate of this connection proves the account from now on, or not.
    pub(super) fn certificate_confirmed(
        &mut self,
        account: &str,
        outcome: &Outcome,
        out: &mut Output,
    ) {
        let text = match outcome {
            Ok(_) => {
                format!("This certificate logs in to {account} from now on, by SASL EXTERNAL.")
            }
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
            Err(refusal) => return self.service_refused(NICKSERV, refusal, out),
        };
        self.notice(Some(NICKSERV), &text, out);
    }

    pub(super) fn certificates(&mut self, prints: &[[u8; 32]], out: &mut Output) {
        for print in prints {
            self.notice(Some(NICKSERV), &hex(print), out);
        }
        let text = format!("{} certificates log you in.", prints.len());
        self.notice(Some(NICKSERV), &text, out);
    }

    /// Another password is set. What else lets in whoever added it is listed, and how to remove it.
    pub(super) fn password_set(&mut self, set: &PasswordSet, out: &mut Output) {
        let PasswordSet { ended, certificates, devices } = set;
        let text = match ended {
            0 => "Your password is changed.".to_owned(),
            1 => "Your password is changed, and your other connection is ended.".to_owned(),
            many => {
                format!("Your password is changed, and your {many} other connections are ended.")
            }
        };
        self.notice(Some(NICKSERV), &text, out);
        if !certificates.is_empty() {
            let text = "These certificates log you in still. Remove what is not yours:";
            self.notice(Some(NICKSERV), text, out);
        }
        for print in certificates {
            let text = format!("/msg NickServ CERT DEL {}", hex(print));
            self.notice(Some(NICKSERV), &text, out);
        }
        if !devices.is_empty() {
            let text = "These devices are told still of what is said to you. Remove what is not \
                        yours:";
            self.notice(Some(NICKSERV), text, out);
        }
        for endpoint in devices {
            let text = format!("/quote WEBPUSH UNREGISTER {}", endpoint.as_str());
            self.notice(Some(NICKSERV), &text, out);
        }
    }

    /// Another password is not set.
    pub(super) fn password_refused(&mut self, refusal: &Refusal, out: &mut Output) {
        match refusal {
            Refusal::PasswordNeeded(_) => {
                let text = "Your password was changed elsewhere in this moment; nothing is changed \
                            here.";
                self.notice(Some(NICKSERV), text, out);
            }
            refusal => self.service_refused(NICKSERV, refusal, out),
        }
    }
}

fn hex(print: &[u8; 32]) -> String {
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
